"""What a person would say of a rendered face: its mask and the states of its vertices and landmarks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.reconstruction import State
from models.synthetic.draw import draw_scene
from models.synthetic.head import load_head
from models.synthetic.render import render
from models.synthetic.scene import Framing, Hair, HairStyle, Occluder, Pose

EYES, MOUTH, JAW = slice(36, 48), slice(48, 68), slice(0, 17)


@pytest.fixture(scope="module")
def head():
    return load_head()


@pytest.fixture(scope="module")
def plain(head):
    """A frontal bald face at rest with nothing before it."""
    scene = draw_scene(4, 4, head)
    hair = replace(scene.hair, style=HairStyle.BALD)
    assert isinstance(hair, Hair)
    return replace(
        scene,
        pose=Pose(0, 0, 0, 0, 0, 0),
        framing=Framing(800.0, 1.5, (0.0, 0.0)),
        hair=hair,
        expression=np.zeros_like(scene.expression),
        complexion=replace(scene.complexion, beard_amount=0.0),
        occluders=(),
    )


def test_open_eyes_and_a_closed_mouth_are_seen(head, plain):
    labels = render(plain, head).labels
    assert (labels.landmark_states[17:] == State.SEEN).all()


def test_the_outline_of_the_jaw_is_seen_on_a_frontal_face(head, plain):
    labels = render(plain, head).labels
    assert (labels.landmark_states[JAW] == State.SEEN).mean() > 0.85


def test_the_mask_has_no_holes_at_eyes(head, plain):
    sample = render(plain, head)
    for eye in (slice(36, 42), slice(42, 48)):
        column, row = ((sample.landmarks[eye, :2].mean(0) + 0.5) / 2 - 0.5).round().astype(int)
        assert sample.labels.mask[row, column] == 1
        assert 0.3 < sample.labels.uv[1, row, column] < 0.6


def test_an_open_mouth_is_face_and_its_chart_lies_between_the_lips(head, plain):
    wide = plain.expression.copy()
    lips = [62, 66]
    gaps = []
    for k in range(len(wide)):
        one = np.zeros_like(wide)
        one[k] = 2.0
        marks = head.landmarks(head.vertices(plain.identity, one))
        gaps.append(marks[lips[0], 1] - marks[lips[1], 1])
    wide[int(np.argmax(gaps))] = 3.0
    sample = render(replace(plain, expression=wide), head)
    middle = sample.landmarks[lips, :2].mean(0)
    column, row = ((middle + 0.5) / 2 - 0.5).round().astype(int)
    assert sample.landmarks[66, 1] - sample.landmarks[62, 1] > 4  # px: it is open
    assert sample.labels.mask[row, column] == 1
    lip_v = head.uv[head.landmark_vertices[lips, 0], 1].astype(float)
    assert lip_v.min() - 0.03 < float(sample.labels.uv[1, row, column]) < lip_v.max() + 0.03


def test_the_far_side_of_a_profile_is_turned_away(head, plain):
    labels = render(replace(plain, pose=Pose(0, np.radians(85), 0, 0, 0, 0)), head).labels
    sides = [labels.landmark_states[[36, 39, 48]], labels.landmark_states[[45, 42, 54]]]
    hidden = [(side == State.TURNED_AWAY).mean() for side in sides]
    assert max(hidden) == 1
    assert min(hidden) == 0
    assert (labels.states == State.COVERED).mean() < 0.03  # by a shoulder


def test_a_mask_covers_the_mouth_and_leaves_the_eyes(head, plain):
    labels = render(replace(plain, occluders=((Occluder.MASK, 3),)), head).labels
    assert (labels.landmark_states[MOUTH] == State.COVERED).all()
    assert (labels.landmark_states[EYES] == State.SEEN).all()


def test_dark_lenses_cover_and_clear_ones_do_not(head, plain):
    dark, clear = (
        [render(replace(plain, occluders=((kind, seed),)), head).labels for seed in range(4)]
        for kind in (Occluder.SUNGLASSES, Occluder.GLASSES)
    )
    assert np.mean([labels.landmark_states[EYES] == State.COVERED for labels in dark]) > 0.7
    assert np.mean([labels.landmark_states[EYES] == State.SEEN for labels in clear]) > 0.9


def test_a_beard_belongs_to_the_face(head, plain):
    bearded = replace(plain, complexion=replace(plain.complexion, beard_amount=1.0))
    with_beard, without = render(bearded, head), render(plain, head)
    assert (with_beard.image != without.image).any()
    np.testing.assert_array_equal(with_beard.labels.mask, without.labels.mask)
    np.testing.assert_array_equal(with_beard.labels.states, without.labels.states)


def test_what_lies_outside_the_picture_counts_as_turned_away(head, plain):
    shifted = replace(plain, framing=Framing(800.0, 1.5, (0.6, 0.0)))
    labels = render(shifted, head).labels
    assert (labels.landmark_states == State.TURNED_AWAY).any()
    assert not (labels.landmark_states == State.COVERED).any()
