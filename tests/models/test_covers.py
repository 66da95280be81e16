"""What covers rendered faces: hair that sits on any head, fringes, glasses; and real light."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.synthetic.draw import draw_scene
from models.synthetic.hair import hair_meshes
from models.synthetic.hairpiece import load_hair_piece, style_names
from models.synthetic.head import load_head
from models.synthetic.lighting import environment, sky_directions, unshadowed
from models.synthetic.probes import AXES, fitted
from models.synthetic.render import render
from models.synthetic.scene import HairStyle, Occluder
from resources import manifest

DOWN = np.array([0, -1, 0], np.float32)
BROWS, JAW_ENDS = [18, 19, 20, 23, 24, 25], [0, 16]


@pytest.fixture(scope="module")
def head():
    return load_head()


def frontal(head, index=0, **hair):
    """A face at rest that looks into the camera, nothing before it but the hair asked for."""
    scene = draw_scene(4, index, head)
    bare = replace(scene.hair, style=HairStyle.BALD, bangs=0.0, curtains=0.0, piece="")
    return replace(
        scene, occluders=(), hair=replace(bare, **hair), identity=scene.identity * 0,
        expression=scene.expression * 0, pose=replace(scene.pose, pitch=0.0, yaw=0.0, roll=0.0),
    )  # fmt: skip


def seen_near(head, scene, landmarks):
    """Mean share of seen vertices within 7 mm of each of the landmarks."""
    marks = head.landmarks(head.mean)[landmarks]
    near = np.linalg.norm(head.mean[: head.face_count] - marks[:, None], axis=2) < 7
    visibility = render(scene, head).labels.visibility
    return float(np.mean([visibility[row].mean() for row in near]))


def test_a_fringe_hides_the_brows_and_curtains_the_ends_of_the_jaw(head):
    free = [frontal(head, index) for index in range(6)]
    styled = [replace(s, hair=replace(s.hair, style=HairStyle.SHORT, length_mm=16.0)) for s in free]
    for points, name in ((BROWS, "bangs"), (JAW_ENDS, "curtains")):
        dense = [replace(s, hair=replace(s.hair, **{name: 1.0})) for s in styled]
        without, with_locks = (
            np.mean([seen_near(head, s, points) for s in group]) for group in (free, dense)
        )
        assert without > 0.5
        assert with_locks < 0.7 * without, name


@pytest.mark.parametrize("name", style_names())
def test_a_hair_piece_follows_a_wide_head_and_stays_on_it(name, head):
    piece = load_hair_piece(name, head)
    np.testing.assert_allclose(piece.on(head, head.mean), piece.vertices, atol=1e-3)
    wide = head.mean * np.array([1.2, 1.0, 1.0], np.float32)
    there = piece.on(head, wide)
    near = (piece.vertices[:, 1] > 0) & (np.abs(piece.vertices[:, 0]) > 50)  # beside the skull
    growth = np.abs(there[near, 0]) / np.abs(piece.vertices[near, 0])
    assert 1.08 < float(np.median(growth)) < 1.25
    assert float(np.abs(there[:, 1:] - piece.vertices[:, 1:]).max()) < 1e-3


def test_hair_does_not_move_when_the_mouth_opens(head):
    jaw_open = np.zeros(len(head.expression), np.float32)
    jaw_open[0] = 3.0
    open_mouth = head.vertices(np.zeros(len(head.identity), np.float32), jaw_open)
    for name in style_names():
        piece = load_hair_piece(name, head)
        assert np.abs(piece.on(head, open_mouth) - piece.vertices).max() < 2.0


@pytest.mark.parametrize("name", style_names())
def test_every_style_covers_the_skull_and_leaves_the_middle_of_the_face(name, head):
    scene = frontal(head, 2, style=HairStyle.SHORT, piece=name)
    (mesh,) = hair_meshes(scene.hair, head, head.mean, DOWN)
    assert mesh.triangles.max() < len(mesh.vertices) == len(mesh.uv)
    assert np.isfinite(mesh.vertices).all()
    assert mesh.vertices[:, 1].max() > head.mean[:, 1].max() - 12
    assert (mesh.uv[:, 1] < 1).all()
    assert (mesh.uv[:, 1] >= 0).all()
    assert seen_near(head, scene, [30, 33, 51, 57]) > 0.5


def test_clear_lenses_leave_the_cheek_seen_while_frames_and_dark_lenses_hide_what_is_beneath(head):
    hidden = {Occluder.GLASSES: 0.0, Occluder.SUNGLASSES: 0.0}
    lids = [36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47]
    for seed in range(5):
        free = frontal(head, seed)
        plain = render(free, head).labels.mask.sum()
        before = seen_near(head, free, lids)
        for kind in hidden:
            worn = replace(free, occluders=((kind, seed),))
            assert render(worn, head).labels.mask.sum() < plain
            hidden[kind] += (before - seen_near(head, worn, lids)) / before / 5
    assert hidden[Occluder.GLASSES] < 0.2
    assert hidden[Occluder.SUNGLASSES] > 0.6


def test_the_light_of_a_place_is_what_was_fitted():
    """A map of one even colour with a small sun: the sun is the key light, the rest comes from all around."""
    radiance = np.full((64, 128, 3), 0.5, np.float32)
    radiance[20, 40] = (900.0, 800.0, 700.0)
    row = fitted(radiance)
    polar, around = 20.5 / 64 * np.pi, 40.5 / 128 * 2 * np.pi
    sun = [np.sin(polar) * np.sin(around), np.cos(polar), np.sin(polar) * np.cos(around)]
    np.testing.assert_allclose(row[:3], sun, atol=1e-3)
    solid_angle = np.sin(polar) * np.pi / 64 * 2 * np.pi / 128
    np.testing.assert_allclose(row[3:6], np.array([900, 800, 700]) * solid_angle / np.pi, rtol=1e-3)
    normals, _ = sky_directions(50)
    around_it = unshadowed(normals, environment(AXES, row[7:].reshape(6, 3)))
    np.testing.assert_allclose(around_it, 0.5, atol=0.03)


def test_the_manifest_names_hair_and_lights_and_their_licence():
    rows = {asset.path: asset for asset in manifest()}
    for path in ("face_model/hair.npz", "face_model/lights.npz"):
        assert rows[path].licence == "CC0-1.0"
        assert rows[path].size < 2_000_000
