"""A surface over its chart and over the frame, against what is known of its vertices and planes."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from models.export.maps import NOTHING, SEEN, UNSEEN, chart_files, chart_maps, frame_files, frame_maps
from models.export.surface import HATCH_GREYS, UNSEEN_GREY, branches, surface_of
from models.reconstruction import SEEN_ABOVE, MeshLayer, Reconstruction, Space, State, frozen, most_likely
from tests.fakes.answers import HEIGHT, WIDTH, answer, photo

SIDE = 128


def with_mean() -> Reconstruction:
    mean = frozen(answer().vertices * np.float32([1, -1, 1]))
    return replace(answer(), topology=replace(answer().topology, mean=mean))


def ramp() -> tuple[MeshLayer, np.ndarray]:
    """A tilted square, z = 3 + x / 2, and a small one hidden behind it."""
    corners = np.array([(10, 20), (60, 20), (60, 70), (10, 70)], np.float32)
    front = np.column_stack([corners, 3 + corners[:, 0] / 2])
    behind = np.column_stack([(corners - 35) / 3 + 35, np.full(4, -50)])
    triangles = np.array([(0, 2, 1), (0, 3, 2), (4, 6, 5), (4, 7, 6)], np.int32)
    return MeshLayer("fused", Space.IMAGE, frozen(np.concatenate([front, behind])), triangles), corners


def test_depth_is_that_of_the_nearest_surface_and_told_nowhere_else():
    surface, _ = ramp()
    maps = frame_maps(surface, answer().topology, 80, 90)
    rows, columns = np.mgrid[20:71, 10:61]
    np.testing.assert_allclose(maps.depth[20:71, 10:61], 3 + columns / 2, atol=1e-4)
    assert np.isfinite(maps.depth).sum() == rows.size
    np.testing.assert_array_equal(maps.mask > NOTHING, np.isfinite(maps.depth))


def test_normals_point_to_the_camera_with_y_up():
    surface, corners = ramp()
    front = replace(surface, vertices=surface.vertices[:4], triangles=surface.triangles[:2])
    normal = frame_maps(front, answer().topology, 80, 90).normals[40, 30]
    np.testing.assert_allclose(normal, np.array([-0.5, 0, 1]) / np.hypot(0.5, 1), atol=1e-5)
    down = replace(front, vertices=frozen(np.column_stack([corners, corners[:, 1] / 2])))
    normal = frame_maps(down, answer().topology, 80, 90).normals[40, 30]
    np.testing.assert_allclose(normal, np.array([0, 0.5, 1]) / np.hypot(0.5, 1), atol=1e-5)


def test_pncc_has_the_colour_of_the_mean_faces_place_under_each_pixel():
    told = with_mean()
    maps = frame_maps(surface_of(told), told.topology, WIDTH, HEIGHT)
    mean = told.topology.mean
    wanted = (mean - mean.min(0)) / np.ptp(mean, axis=0)
    inner = np.flatnonzero(np.abs(told.topology.uv - 0.5).max(1) < 0.3)
    for vertex in inner[::9]:
        x, y = np.rint(told.vertices[vertex, :2]).astype(int)
        assert np.abs(maps.pncc[y, x] - wanted[vertex]).max() < 0.03
    assert frame_maps(surface_of(answer()), answer().topology, 9, 9).pncc is None, "no mean face"


def test_the_mask_tells_what_was_seen_from_what_was_completed():
    told = answer()
    maps = frame_maps(surface_of(told), told.topology, WIDTH, HEIGHT)
    assert set(np.unique(maps.mask)) == {NOTHING, UNSEEN, SEEN}
    there = maps.mask > NOTHING
    np.testing.assert_array_equal(maps.mask[there] == SEEN, maps.states[there][:, State.SEEN] > SEEN_ABOVE)
    assert np.isnan(maps.states[~there]).all()
    silent = frame_maps(surface_of(replace(told, scalars=())), told.topology, WIDTH, HEIGHT)
    assert silent.states is None
    assert set(np.unique(silent.mask)) == {NOTHING, SEEN}


def test_the_position_map_leads_back_to_the_vertices():
    told = answer()
    maps = chart_maps(surface_of(told), photo(), SIDE)
    inner = np.abs(told.topology.uv - 0.5).max(1) < 0.45
    columns, rows = (told.topology.uv[inner] * SIDE).astype(int).T
    apart = np.linalg.norm(maps.position[rows, columns] - told.vertices[inner], axis=1)
    assert apart.max() < 3, "half a cell of the chart is about a px of this face"
    assert np.isnan(maps.position[~maps.chart]).all()


def test_the_texture_takes_its_colour_from_where_the_position_map_points():
    maps = chart_maps(surface_of(answer()), photo(), SIDE)
    seen = maps.seen & maps.chart
    assert np.abs(maps.texture[seen][:, :2] - maps.position[seen][:, :2]).max() <= 1
    state = most_likely(maps.states[maps.chart & ~maps.seen])
    greys = maps.texture[maps.chart & ~maps.seen]
    assert (greys[state == State.TURNED_AWAY] == UNSEEN_GREY).all()
    assert set(greys[state == State.COVERED].ravel()) == set(HATCH_GREYS)


def test_what_lies_beyond_the_photo_has_no_colour_in_the_texture():
    away = surface_of(replace(answer(), vertices=frozen(answer().vertices + np.float32([150, 0, 0]))))
    maps = chart_maps(away, photo(), SIDE)
    beyond = maps.chart & (maps.position[..., 0] > WIDTH)
    assert beyond.any()
    assert set(maps.texture[beyond].ravel()) <= {UNSEEN_GREY, *HATCH_GREYS}


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def test_files_over_the_chart_can_be_read_and_mark_what_was_seen():
    maps = chart_maps(surface_of(answer()), photo(), SIDE)
    files = chart_files(maps)
    texture = np.asarray(opened(files["-uv.png"]))
    np.testing.assert_array_equal(texture[..., 3] == 255, maps.seen & maps.chart)
    with np.load(io.BytesIO(files["-uv.npz"]), allow_pickle=False) as numbers:
        np.testing.assert_array_equal(numbers["position_px"], maps.position)
        assert numbers["state_names"].tolist() == ["seen", "turned away", "covered"]


def test_files_over_the_frame_can_be_read_and_depth_says_its_range():
    told = with_mean()
    maps = frame_maps(surface_of(told), told.topology, WIDTH, HEIGHT)
    files = frame_files(maps)
    assert set(files) == {
        *("-mask.png", "-depth.png", "-normals.png", "-pncc.png", "-states.png", "-maps.npz")
    }
    picture = opened(files["-depth.png"])
    notes, depth = json.loads(picture.text["depth_px"]), np.asarray(picture).astype(float)
    there = maps.mask > NOTHING
    assert (depth[~there] == 0).all()
    low, high = notes["1"], notes["65535"]
    np.testing.assert_allclose(low + (depth[there] - 1) / 65534 * (high - low), maps.depth[there], atol=0.01)
    assert opened(files["-states.png"]).mode == "RGBA"


def test_a_surface_is_asked_for_by_name_and_branches_are_told():
    assert branches(answer()) == ("fused", "image space", "model space")
    told = answer()
    assert surface_of(told, "model space").scalars == told.scalars
    with pytest.raises(ValueError, match="image space"):
        surface_of(replace(answer(), space=Space.CROP))
