"""The head around a face: it follows pose and expression, joins the face, and is lit softly."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from models.face_model.morphable import FaceModel
from models.face_model.whole_head import WholeHead
from models.loading import load_face_model, load_whole_head


@pytest.fixture(scope="module")
def head() -> WholeHead:
    return load_whole_head()


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return load_face_model()


def turned(points):
    a, b = np.radians((25, -40))
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    return (1.7 * points @ (x @ y).T + (300, -200, 50)).astype(np.float32)


def test_the_mean_face_gets_the_mean_head_wherever_it_is(head):
    count = len(head.topology.uv)
    around = head.around(turned(head.mean[:count]))
    np.testing.assert_allclose(around, turned(head.mean[count:]), atol=0.2)


def open_mouthed(model):
    expression = model.expression_bank[
        (model.expression_bank @ model.expression[:, model.contacts].diff(dim=2)[:, :, 0, 1].mean(1)).argmin()
    ]
    return (model.mean + (expression[:, None, None] * model.expression).sum(0)).numpy()


def test_what_is_in_the_mouth_stays_behind_cheeks_that_the_model_cannot_say(head, model):
    face = open_mouthed(model)
    corners = face[model.topology.landmark_vertices[[48, 54], 0]] + ((-8, 0, 0), (8, 0, 0))
    for corner in corners:
        face[:, 2] -= 14 * np.exp(-np.square(face - corner).sum(1) / (2 * 7**2))
    around = head.around(face)
    vertices = np.unique(
        head.triangles[np.isin(head.part, [head.part_names.index(n) for n in ("mouth", "teeth")])]
    )
    inside = around[vertices[vertices >= len(face)] - len(face)]
    _, nearest = cKDTree(face[:, :2]).query(inside[:, :2])
    assert (face[nearest, 2] - inside[:, 2]).min() > 1


def test_an_open_mouth_takes_the_lower_teeth_along(head, model):
    face = open_mouthed(model)
    moved = head.around(face) - head.rest
    teeth = np.unique(head.triangles[head.part == head.part_names.index("teeth")]) - len(face)
    assert moved[teeth, 1].min() < -10
    assert abs(moved[head.rest[:, 1].argmax()]).max() < 3


def test_what_the_model_cannot_say_at_the_border_is_carried_on_and_fades(head):
    count = len(head.topology.uv)
    face = head.mean[:count].copy()
    bump = np.exp(-np.square(face - (60, -40, 0)).sum(1) / (2 * 25**2))
    face[:, 0] += 8 * bump
    moved = np.linalg.norm(head.around(face) - head.rest, axis=1)
    at_border = head.triangles[(head.triangles < count).any(1)]
    edges = np.concatenate([at_border[:, [0, 1]], at_border[:, [1, 2]], at_border[:, [2, 0]]])
    edges = edges[(edges[:, 0] < count) & (edges[:, 1] >= count)]
    face_moved = np.linalg.norm(face - head.mean[:count], axis=1)
    assert np.abs(face_moved[edges[:, 0]] - moved[edges[:, 1] - count]).max() < 3
    assert moved[head.rest[:, 2].argmin()] < 2


def test_nostrils_and_the_line_between_the_lips_see_less_sky_than_the_cheeks(head):
    ambient, topology = head.face_shade[:, 0], head.topology
    lips = topology.landmark_vertices[60:68].ravel()
    cheeks = topology.regions == topology.region_names.index("cheeks")
    assert ambient[lips].mean() < 0.5 < 0.8 < np.median(ambient[cheeks])


def test_the_strip_at_the_border_is_narrow(head):
    assert 0.02 < (head.face_shade[:, 1] < 0.5).mean() < 0.07


def test_shade_of_another_head_is_refused(model):
    with pytest.raises(ValueError, match="vertices"):
        WholeHead(model, np.ones(3, np.float32))
