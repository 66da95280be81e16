"""The holes of the face, and what closes them."""

from __future__ import annotations

import numpy as np
import pytest

from models.face_model.holes import border_loops, closing_triangles
from models.loading import load_face_model


@pytest.fixture(scope="module")
def face():
    model = load_face_model()
    return model.mean.numpy(), np.asarray(model.topology.triangles, np.int64)


def test_the_open_face_has_a_rim_and_three_holes(face):
    _, triangles = face
    assert len(border_loops(triangles)) == 4


def test_closed_it_has_its_rim_alone(face):
    vertices, triangles = face
    closed = np.concatenate([triangles, closing_triangles(vertices, triangles)])
    loops = border_loops(closed)
    assert len(loops) == 1
    assert np.ptp(vertices[loops[0]], axis=0).max() > 150  # mm


def test_what_closes_an_eye_faces_the_viewer(face):
    vertices, triangles = face
    closing = closing_triangles(vertices, triangles)
    a, b, c = (vertices[closing[:, k]] for k in range(3))
    normals = np.cross(b - a, c - a)
    eyes = a[:, 1] > -20
    assert eyes.any()
    assert normals[eyes, 2].sum() > 0


def test_a_square_hole_is_closed_by_two_triangles_turned_like_the_rest():
    grid = np.array([[x, y, 0.0] for y in range(4) for x in range(4)])
    cells = [(r, c) for r in range(3) for c in range(3) if (r, c) != (1, 1)]
    triangles = np.array(
        [
            t
            for r, c in cells
            for t in ((4 * r + c, 4 * r + c + 1, 4 * r + c + 5), (4 * r + c, 4 * r + c + 5, 4 * r + c + 4))
        ]
    )
    closing = closing_triangles(grid, triangles)
    assert len(closing) == 2
    assert set(closing.ravel()) == {5, 6, 9, 10}
    a, b, c = (grid[closing[:, k]] for k in range(3))
    assert (np.cross(b - a, c - a)[:, 2] > 0).all()
    assert len(border_loops(np.concatenate([triangles, closing]))) == 1
