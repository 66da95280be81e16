import numpy as np
import pytest

from models.methods.dsfnet.visible_surface import DEPTH_STEP, SNAP, collisions, visible_surface

SIDE = 32
T = np.array([[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1.0]])


def flat_face():
    line = (np.arange(SIDE) + 0.5) / SIDE
    uv = np.stack(np.meshgrid(line, line), -1).astype(np.float32)
    one = np.ones((SIDE, SIDE), np.float32)
    return one.copy(), uv, 0 * one, one


def disc(radius=9.3, soft=1.5, middle=(15.2, 14.6)):
    """A round mask with a soft rim; what the maps say outside it is noise."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    distance = np.hypot(columns - middle[0], rows - middle[1])
    mask = (1 / (1 + np.exp((distance - radius) / soft))).astype(np.float32)
    _, uv, depth, confidence = flat_face()
    noise = np.random.default_rng(0)
    depth = (depth + 0.6 * columns).astype(np.float32)
    outside = mask <= 0.5
    uv[outside], depth[outside] = noise.random((outside.sum(), 2)), noise.normal(0, 90, outside.sum())
    return mask, uv, depth, confidence


def in_cells(surface):
    return (surface.vertices[:, :2] - T[:2, 2]) / T[0, 0]


def linear(mask, places):
    """The mask at places [P, 2] of its grid, linearly interpolated."""
    x, y = places.T
    x0, y0 = np.floor(x).astype(int).clip(0, SIDE - 2), np.floor(y).astype(int).clip(0, SIDE - 2)
    a, b = x - x0, y - y0
    upper = mask[y0, x0] * (1 - a) + mask[y0, x0 + 1] * a
    lower = mask[y0 + 1, x0] * (1 - a) + mask[y0 + 1, x0 + 1] * a
    return upper * (1 - b) + lower * b


def areas(corners):
    """Of flat triangles [T, 3, 2]."""
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) / 2


def border(triangles):
    """Vertices on edges that only one triangle has."""
    edges = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), 1)
    found, count = np.unique(edges, axis=0, return_counts=True)
    return np.unique(found[count == 1])


def test_the_border_of_the_surface_lies_on_the_contour_of_the_mask():
    mask, *maps = disc()
    surface = visible_surface(mask, *maps, T)
    rim = in_cells(surface)[border(surface.triangles)]
    assert len(rim) > 60
    np.testing.assert_allclose(linear(mask, rim), 0.5, atol=0.03)  # so near a cut is the cell itself
    radius = np.hypot(*(rim - (15.2, 14.6)).T)
    assert np.ptp(radius) < 0.2, "a circle is drawn as a circle, without stairs"


def test_no_triangle_lies_where_no_face_is():
    mask, *maps = disc(soft=0.4)
    surface = visible_surface(mask, *maps, T)
    corners = in_cells(surface)[surface.triangles]
    weights = np.random.default_rng(1).dirichlet((1, 1, 1), 20)
    inside = (weights[:, None, :, None] * corners).sum(2).reshape(-1, 2)
    assert np.hypot(*(inside - (15.2, 14.6)).T).max() < 9.3 + 0.5
    covered = areas(corners).sum()
    assert covered == pytest.approx(np.pi * 9.3**2, rel=0.03), "and all of the face is covered"


def test_corners_on_the_contour_go_on_from_the_inside_and_hear_nothing_of_the_outside():
    mask, uv, depth, confidence = disc()
    surface = visible_surface(mask, uv, depth, confidence, T)
    x, y = in_cells(surface)[np.unique(surface.triangles)].T
    used = surface.vertices[np.unique(surface.triangles)]
    np.testing.assert_allclose(used[:, 2], 0.6 * x, atol=0.6)
    chart = surface.uv[np.unique(surface.triangles)]
    np.testing.assert_allclose(chart, np.stack((x + 0.5, y + 0.5), -1) / SIDE, atol=1 / SIDE)


def test_there_are_no_slivers_and_no_curtains():
    mask, uv, depth, confidence = disc()
    depth[:, 16:] += 40
    surface = visible_surface(mask, uv, depth, confidence, T)
    corners = surface.vertices[surface.triangles]
    assert np.ptp(corners[..., 2], axis=1).max() < 2 * DEPTH_STEP, "crop px are two to a cell"
    assert areas(in_cells(surface)[surface.triangles]).min() >= SNAP**2 / 2


@pytest.mark.parametrize("seed", range(4))
def test_cuts_of_any_mask_share_corners_and_face_the_camera(seed):
    mask = np.random.default_rng(seed).random((SIDE, SIDE)).astype(np.float32)
    _, *maps = flat_face()
    surface = visible_surface(mask, *maps, T)
    assert len(np.unique(surface.vertices, axis=0)) == len(surface.vertices)
    corner = surface.vertices[surface.triangles] * [1, -1, 1]
    assert (np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])[:, 2] > 0).all()
    places = in_cells(surface)
    on_lines = (np.abs(places - places.round()) < 1e-5).any(1)  # along a diagonal it is not linear
    assert (linear(mask, places)[on_lines] > 0.5 - 1e-4).all()


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
    mask, uv, depth, confidence = flat_face()
    depth[:, SIDE // 2 :] = 60
    surface = visible_surface(mask, uv, depth, confidence, T)
    depths = surface.vertices[surface.triangles][..., 2]
    assert (np.ptp(depths, axis=1) == 0).all()
    assert len(surface.triangles) == 2 * (SIDE - 1) * (SIDE - 2)


def test_hidden_pixels_are_not_part_of_the_surface():
    mask, uv, depth, confidence = flat_face()
    mask[:, :10] = 0
    surface = visible_surface(mask, uv, depth, confidence, T)
    assert in_cells(surface)[:, 0].min() == pytest.approx(9.5), "halfway between the last cells"


def test_nothing_seen_is_an_empty_surface():
    mask, uv, depth, confidence = flat_face()
    surface = visible_surface(0 * mask, uv, depth, confidence, T)
    assert surface.vertices.shape == (0, 3)
    assert surface.triangles.shape == (0, 3)


def test_two_far_pixels_of_one_place_collide_and_neighbours_do_not():
    mask, uv, _, _ = flat_face()
    is_face = mask > 0
    assert collisions(is_face, uv) == 0
    uv[0, 0] = uv[31, 31]
    assert collisions(is_face, uv) == 2
