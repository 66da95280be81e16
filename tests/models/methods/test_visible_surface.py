import numpy as np

from models.methods.dsfnet.visible_surface import collisions, visible_surface

SIDE = 32
T = np.array([[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1.0]])


def flat_face():
    line = (np.arange(SIDE) + 0.5) / SIDE
    uv = np.stack(np.meshgrid(line, line), -1).astype(np.float32)
    one = np.ones((SIDE, SIDE), np.float32)
    return one > 0, uv, 0 * one, one


def test_a_whole_grid_becomes_two_triangles_a_square():
    surface = visible_surface(*flat_face(), T)
    assert len(surface.triangles) == 2 * (SIDE - 1) ** 2
    assert surface.vertices.shape == (SIDE**2, 3)


def test_vertices_are_the_pixel_centres_in_crop_px():
    surface = visible_surface(*flat_face(), T)
    assert surface.vertices[0].tolist() == [0.5, 0.5, 0]
    assert surface.vertices[1].tolist() == [2.5, 0.5, 0]


def test_triangles_face_the_camera():
    surface = visible_surface(*flat_face(), T)
    corner = surface.vertices[surface.triangles] * [1, -1, 1]  # y up
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    assert (normal[:, 2] > 0).all()


def test_no_triangle_bridges_a_jump_of_depth():
    is_face, uv, depth, confidence = flat_face()
    depth[:, SIDE // 2 :] = 60
    surface = visible_surface(is_face, uv, depth, confidence, T)
    depths = surface.vertices[surface.triangles][..., 2]
    assert (np.ptp(depths, axis=1) == 0).all()
    assert len(surface.triangles) == 2 * (SIDE - 1) * (SIDE - 2)


def test_hidden_pixels_are_not_part_of_the_surface():
    is_face, uv, depth, confidence = flat_face()
    is_face[:, :10] = False
    surface = visible_surface(is_face, uv, depth, confidence, T)
    assert len(surface.vertices) == SIDE * (SIDE - 10)
    assert surface.vertices[:, 0].min() == 20.5


def test_nothing_seen_is_an_empty_surface():
    is_face, uv, depth, confidence = flat_face()
    surface = visible_surface(is_face & False, uv, depth, confidence, T)
    assert surface.vertices.shape == (0, 3)
    assert surface.triangles.shape == (0, 3)


def test_two_far_pixels_of_one_place_collide_and_neighbours_do_not():
    is_face, uv, _, _ = flat_face()
    assert collisions(is_face, uv) == 0
    uv[0, 0] = uv[31, 31]
    assert collisions(is_face, uv) == 2
