"""Turning, shifting and enlarging, without a window."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.reconstruction import Space
from tests.viewer.gl_fixtures import dome
from viewer.gl import trackball
from viewer.gl.framing import Framing, reach_of
from viewer.gl.normals import smooth_normals
from viewer.gl.picking import picked_vertex
from viewer.panels.chart import SIZE, mean_colours
from viewer.state.camera import Camera, turn

PLACES = st.tuples(st.floats(-0.9, 0.9), st.floats(-0.9, 0.9))


def on_screen(point, camera, width=300, height=200):
    return trackball.projected(np.array([point], np.float32), camera, width, height)[0]


def test_a_drag_back_to_where_it_began_turns_nothing():
    assert trackball.dragged(Camera(), (0.2, 0.1), (0.2, 0.1)) == Camera()


def test_what_is_gripped_follows_the_mouse():
    reach = trackball.BALL_RADIUS
    turned = trackball.dragged(Camera(), (0.0, 0.0), (0.4, 0.0))
    front = trackball.rotation_matrix(turned.rotation) @ [0, 0, reach]
    np.testing.assert_allclose(front[:2], [0.4, 0.0], atol=1e-6)


@given(PLACES, PLACES)
def test_a_drag_keeps_the_rotation_a_rotation(pressed, now):
    rotation = trackball.dragged(Camera(), pressed, now).rotation
    assert np.linalg.norm(rotation) == pytest.approx(1)


@given(st.tuples(st.floats(120, 2000), st.floats(120, 2000)))
def test_a_face_stands_over_the_legend_and_in_the_middle_where_there_is_room(size):
    middle, right, low, high = (
        on_screen(p, Camera(), *size) for p in ((0, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0))
    )
    assert middle[0] == pytest.approx(size[0] / 2)
    assert right[0] - middle[0] == pytest.approx(low[1] - middle[1])
    assert high[1] >= -1e-3
    assert low[1] <= size[1] - min(40, size[1] / 4) + 1e-3
    if size[1] > size[0] + 80:
        assert middle[1] == pytest.approx(size[1] / 2)
        assert right[0] - middle[0] == pytest.approx(size[0] / 2 / trackball.FIT, abs=1e-3)


@given(PLACES, st.floats(0.5, 3))
def test_zoom_keeps_what_is_under_the_mouse(at, factor):
    camera = trackball.shifted(Camera(zoom=1.5), (0.1, -0.2))
    under = [at[0] / camera.zoom * trackball.FIT, at[1] / camera.zoom * trackball.FIT, 0.0]
    under[0] -= camera.pan[0] * trackball.FACE_SIZE
    under[1] -= camera.pan[1] * trackball.FACE_SIZE
    before = on_screen(under, camera)
    after = on_screen(under, trackball.zoomed(camera, factor, at))
    np.testing.assert_allclose(before[:2], [150 + at[0] * 80, 80 - at[1] * 80], atol=1e-3)
    np.testing.assert_allclose(after[:2], before[:2], atol=1e-3)


@pytest.mark.parametrize("perspective", [False, True])
def test_up_is_up_right_is_right_and_near_is_near(perspective):
    camera = Camera(perspective=perspective)
    middle, right, up, near = (
        on_screen(p, camera) for p in ((0, 0, 0), (0.5, 0, 0), (0, 0.5, 0), (0, 0, 0.5))
    )
    np.testing.assert_allclose(middle[:2], [150, 80], atol=1e-6)  # 40 px are the legend's
    assert right[0] > middle[0] + 10
    assert up[1] < middle[1] - 10
    assert near[2] < middle[2]


@pytest.mark.parametrize("perspective", [False, True])
def test_near_and_far_hug_what_is_drawn_however_it_is_turned(perspective):
    reach = 1.2
    for turned in (Camera(), Camera(turn((1, 2, 0), 70), 3.0)):
        camera = replace(turned, perspective=perspective)
        towards = trackball.rotation_matrix(camera.rotation)[2]  # the viewer, in the face's axes
        matrix = trackball.projection_matrix(camera, 300, 200, reach) @ trackball.view_matrix(camera)
        for end, depth in ((reach, -1.0), (-reach, 1.0)):
            clip = matrix @ [*(towards * end), 1.0]
            assert clip[2] / clip[3] == pytest.approx(depth)


def test_the_reach_of_points_is_that_of_the_farthest_that_means_anything():
    cloud = np.array([[0, 3, 4], [1, 0, 0], [np.nan, 0, 0]], np.float32)
    assert reach_of(cloud, np.zeros((0, 3), np.float32)) == pytest.approx(5)
    assert reach_of() == 0


def test_perspective_and_orthographic_agree_in_the_plane_of_the_face():
    flat, deep = on_screen((0.4, 0.3, 0), Camera()), on_screen((0.4, 0.3, 0), Camera(perspective=True))
    np.testing.assert_allclose(flat[:2], deep[:2], atol=1e-4)


def test_the_whole_face_is_between_near_and_far_however_it_is_turned():
    for angle in range(0, 360, 30):
        for perspective in (False, True):
            camera = Camera(rotation=turn((1, 2, 0.5), angle), perspective=perspective)
            for point in np.concatenate([np.eye(3), -np.eye(3)]):
                assert -1 < on_screen(point, camera)[2] < 1


def test_a_face_in_pixels_is_turned_upright_without_being_mirrored():
    chin, brow, left = [100.0, 180.0, 0.0], [100.0, 20.0, 0.0], [40.0, 100.0, 10.0]
    points = np.array([chin, brow, left], np.float32)
    world = Framing.of(points).world(points, Space.IMAGE)
    assert world[0, 1] < world[1, 1]
    assert world[2, 0] < world[0, 0]
    assert np.linalg.norm(world, axis=1).max() == pytest.approx(1)


def test_a_face_of_nothing_or_nonsense_is_framed_trivially():
    assert Framing.of(np.zeros((0, 3), np.float32)) == Framing()
    assert Framing.of(np.full((5, 3), np.nan, np.float32)) == Framing()
    assert Framing.of(np.ones((5, 3), np.float32)).radius == 1


def test_normals_of_a_ball_point_outwards():
    trimesh = pytest.importorskip("trimesh")
    ball = trimesh.creation.icosphere(3)
    normals = smooth_normals(ball.vertices.astype(np.float32), ball.faces.astype(np.int32))
    np.testing.assert_allclose(normals, ball.vertices, atol=0.02)


def test_a_vertex_of_no_triangle_has_no_normal():
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [5, 5, 5]], np.float32)
    normals = smooth_normals(vertices, np.array([[0, 1, 2]], np.int32))
    np.testing.assert_allclose(normals, [[0, 0, 1]] * 3 + [[0, 0, 0]])
    assert not smooth_normals(vertices, np.zeros((0, 3), np.int32)).any()


@pytest.mark.parametrize("camera", [Camera(), Camera(turn((0, 1, 0), 25), 2.0, (0.1, 0.05), True)])
def test_the_vertex_under_the_mouse_is_picked_and_not_the_one_behind_it(camera):
    trimesh = pytest.importorskip("trimesh")
    ball = trimesh.creation.icosphere(3)
    positions = ball.vertices.astype(np.float32)
    size = (400.0, 300.0)
    screen = trackball.projected(positions, camera, *size)
    inside = (screen[:, :2] > 20).all(1) & (screen[:, :2] < [380, 280]).all(1)
    facing = positions @ trackball.rotation_matrix(camera.rotation)[2] > 0.4
    for vertex in np.flatnonzero(inside & facing)[::7]:
        at = (float(screen[vertex, 0]), float(screen[vertex, 1]))
        assert picked_vertex(positions, positions, camera, size, at) == vertex


def test_nothing_is_picked_beside_the_face():
    positions = np.array([[0, 0, 0]], np.float32)
    normals = np.array([[0, 0, 1]], np.float32)
    assert picked_vertex(positions, normals, Camera(), (300, 300), (20, 20)) is None
    assert picked_vertex(positions[:0], normals[:0], Camera(), (300, 300), (150, 150)) is None


def test_colours_of_the_mean_face_span_its_axes():
    face = dome.topology()
    colours = mean_colours(face)
    column, row = np.rint(face.uv * SIZE - 0.5).astype(int).clip(0, SIZE - 1).T
    wanted = np.stack([face.uv[:, 0], 1 - face.uv[:, 1], np.zeros(len(face.uv))], -1)
    assert np.abs(colours[row, column] / 255 - wanted).max() < 0.03
    assert mean_colours(face) is colours
    assert mean_colours(replace(face, mean=None)) is None
