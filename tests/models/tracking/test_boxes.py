"""Faces followed by the meshes of the last frame, and given up when they are gone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.reconstruction import Alarm, Reconstruction, Space, frozen
from models.reconstructor import Face
from models.tracking.boxes import followed, jumped, reconciled
from tests.fakes.marks import LANDMARKS_ONLY


def answer(box: tuple[float, ...], asked: tuple[float, ...] | None = None, *alarms: str) -> Reconstruction:
    """An answer whose landmarks span `box`; it was asked about the box `asked`."""
    x0, y0, x1, y1 = box
    points = np.random.default_rng(0).uniform((x0, y0, -9), (x1, y1, 9), (68, 3))
    points[0], points[1] = (x0, y0, 0), (x1, y1, 0)
    return Reconstruction(
        method="fake",
        space=Space.IMAGE,
        topology=LANDMARKS_ONLY,
        vertices=frozen(points),
        pose_deg=(0, 0, 0),
        alarms=tuple(Alarm(code, "text") for code in alarms),
        box=box if asked is None else asked,
    )


def test_the_next_box_is_what_the_landmarks_span():
    (face,) = followed([answer((110, 60, 190, 150), (100, 50, 180, 140))], 640, 480)
    assert face.box == pytest.approx((110, 60, 190, 150))


def test_a_face_is_followed_in_a_crop_turned_as_before():
    lying = replace(answer((100, 50, 180, 140)), turn_deg=90.0)
    (face,) = followed([lying], 640, 480)
    assert face.turn_deg == 90


def test_a_new_look_that_finds_another_turn_is_believed():
    before, now = Face((100, 50, 180, 140), turn_deg=90.0), Face((101, 50, 181, 140))
    assert reconciled([before], [now]) == [now]
    assert reconciled([before], [replace(now, turn_deg=90.0)]) == [before]


def test_nobody_is_followed_from_nothing():
    assert followed([], 640, 480) == []


@pytest.mark.parametrize("code", ["empty-mask", "little-seen"])
def test_a_face_hardly_seen_is_given_up(code):
    assert followed([answer((100, 50, 180, 140), None, code)], 640, 480) == []
    assert len(followed([answer((100, 50, 180, 140), None, "uv-collisions")], 640, 480)) == 1


@pytest.mark.parametrize(
    ("box", "kept"),
    [
        ((-30, 50, 70, 150), 1),
        ((-60, 50, 40, 150), 0),
        ((600, 50, 700, 150), 0),
        ((100, 440, 200, 540), 0),
        ((700, 50, 800, 150), 0),
        ((100, 50, 110, 150), 0),
    ],
)
def test_a_face_that_leaves_the_frame_or_collapses_is_given_up(box, kept):
    assert len(followed([answer(box)], 640, 480)) == kept


@pytest.mark.parametrize(("side", "kept"), [(100, 1), (150, 1), (170, 0), (70, 1), (55, 0)])
def test_a_box_that_jumps_in_size_is_not_believed(side, kept):
    grown = answer((200, 200, 200 + side, 200 + side), (200, 200, 300, 300))
    assert len(followed([grown], 640, 480)) == kept


def test_two_meshes_on_one_face_become_one():
    close, apart = answer((105, 52, 183, 141)), answer((300, 50, 380, 140))
    faces = followed([answer((100, 50, 180, 140)), close, apart], 640, 480)
    assert [face.box[0] for face in faces] == pytest.approx([100, 300])


def test_a_mesh_gone_astray_is_given_up():
    lost = answer((100, 50, 180, 140))
    broken = Reconstruction("fake", Space.IMAGE, LANDMARKS_ONLY, frozen(lost.vertices * np.nan), (0, 0, 0))
    assert followed([broken], 640, 480) == []


def scene(seed: int) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 255, (6, 8), np.uint8)
    return np.repeat(np.kron(coarse, np.ones((40, 40), np.uint8))[..., None], 3, -1)


def test_a_cut_is_a_jump_and_motion_noise_or_light_is_none():
    before = scene(0)
    noise = np.random.default_rng(1).integers(-20, 20, before.shape)
    assert jumped(before, scene(1))
    assert jumped(before, before[:-1])
    assert not jumped(before, np.roll(before, 6, axis=1))
    assert not jumped(before, np.clip(before + noise, 0, 255).astype(np.uint8))
    assert not jumped(before, (before * 0.5 + 40).astype(np.uint8))


def test_a_plain_frame_jumps_only_where_its_brightness_does():
    dark, light = np.full((90, 120, 3), 20, np.uint8), np.full((90, 120, 3), 200, np.uint8)
    assert jumped(dark, light)
    assert not jumped(dark, dark + np.uint8(5))


def test_a_new_look_corrects_keeps_and_adds_faces():
    on_it, drifted = Face((100, 100, 200, 200)), Face((300, 100, 400, 200))
    covered = Face((500, 100, 600, 200))
    near, beside, new = Face((102, 100, 202, 200)), Face((350, 100, 450, 200)), Face((10, 10, 60, 60))
    assert reconciled([on_it, drifted, covered], [new, beside, near]) == [on_it, beside, covered, new]
    assert reconciled([], [new]) == [new]
    assert reconciled([covered], []) == [covered]
