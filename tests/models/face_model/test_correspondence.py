from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.errors import MissingAssetError, WeightsError
from models.face_model import correspondence
from models.face_model.correspondence import (
    ChartPlaces,
    bfm_cells,
    corresponding,
    grid_triangles,
    open_surface,
)
from models.face_model.morphable import FaceModel
from models.face_model.registration import Surface, brought_near, closest
from models.face_model.uv import rasterise
from models.loading import load_face_model
from models.methods.bfm_uv import bfm_places
from models.metrics.correspondence import common, reached
from models.reconstruction import Correspondence, Reconstruction, Space, Topology

UV_DATA = Path(__file__).resolve().parents[4] / "shared/assets/dsfnet_uv_data"


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return load_face_model()


def some_face(model: FaceModel, seed: int = 0) -> np.ndarray:
    """[N, 3] mm: another person, laughing or so."""
    rng = torch.Generator().manual_seed(seed)
    identity = torch.randn(1, model.identity_count, generator=rng)
    bank = model.expression_bank
    return model.vertices(identity, bank[seed % len(bank)][None])[0].numpy()


def remeshed(topology: Topology) -> tuple[np.ndarray, np.ndarray]:
    """Another mesh of the same surface: every triangle cut into four, [N + E, N] weights and [4 T, 3]."""
    triangles = np.asarray(topology.triangles, np.int64)
    pairs = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), 1)
    edges, which = np.unique(pairs, axis=0, return_inverse=True)
    ab, bc, ca = (len(topology.uv) + which.reshape(-1, 3)).T
    a, b, c = triangles.T
    cut = np.concatenate([np.stack(t, 1) for t in ((a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca))])
    return edges, cut


def on_other(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    return np.concatenate([values, values[edges].mean(1)])


def answer(name: str, topology: Topology, vertices: np.ndarray, known: Correspondence) -> Reconstruction:
    other = replace(topology, name=name, open_face=known)
    return Reconstruction("test", Space.MODEL, other, vertices, (0.0, 0.0, 0.0))


def off_percent(there: np.ndarray, truth: np.ndarray, select: np.ndarray) -> float:
    """Mean distance, % of the face's height."""
    return float(100 * np.linalg.norm(there - truth, axis=1)[select].mean() / np.ptp(truth[:, 1]))


def test_a_shape_written_in_another_mesh_of_the_same_face_compares_to_a_hair(model: FaceModel):
    edges, cut = remeshed(model.topology)
    mean = on_other(model.mean.numpy().astype(np.float64), edges)
    placed = mean @ np.diag([0.9, 0.9, 0.9]) + [3.0, -40.0, 12.0]  # the file's own place and size
    marks = open_surface(model.topology).landmarks
    assert marks is not None
    known = corresponding(model, placed, cut, marks * 0.9 + [3.0, -40.0, 12.0])
    face = some_face(model)
    asked = answer("cut", model.topology, on_other(face, edges), known)
    there, on_it = common(asked), reached(asked.topology)
    assert there is not None
    assert on_it is not None
    assert on_it.all()
    assert off_percent(there, face, on_it) < 0.2


@pytest.mark.parametrize(("has_landmarks", "most_percent"), [(True, 1.0), (False, 1.6)])
def test_it_finds_its_way_over_a_person_no_coefficients_make(
    model: FaceModel, has_landmarks: bool, most_percent: float
):
    x, y, z = model.mean.numpy().astype(np.float64).T
    person = np.stack([1.05 * x, 0.96 * y + 2 * np.sin(x / 25), z + 3 * np.cos(y / 30)], 1)
    order = np.random.default_rng(0).permutation(len(person))  # nothing may hang on the numbers of vertices
    triangles = np.argsort(order)[np.asarray(model.topology.triangles)]
    marks = model.topology.landmarks(person.astype(np.float32)).astype(np.float64) if has_landmarks else None
    known = corresponding(model, person[order], triangles, marks)
    face = some_face(model, 1)
    asked = answer("person", model.topology, face[order], known)
    there, on_it = common(asked), reached(asked.topology)
    assert there is not None
    assert on_it is not None
    assert on_it.mean() > 0.97
    assert off_percent(there, face, on_it) < most_percent


def test_vertices_beyond_the_border_are_said_to_be_not_reached(model: FaceModel):
    surface = open_surface(model.topology)
    below = (surface.vertices[surface.triangles, 1] < 50).all(1)  # a face without its forehead
    known = corresponding(model, surface.vertices, surface.triangles[below], surface.landmarks)
    assert known.reached is not None
    assert known.reached[surface.vertices[:, 1] < 48].all()
    assert not known.reached[surface.vertices[:, 1] > 60].any()


def test_a_correspondence_is_worked_out_once_and_a_spoilt_file_again(
    model: FaceModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    surface = open_surface(model.topology)
    asked = []

    def moved(source: Surface, target: Surface) -> np.ndarray:
        asked.append(1)
        return source.vertices

    monkeypatch.setattr(correspondence, "drawn_over", moved)
    for times in (1, 1):
        corresponding(model, surface.vertices, surface.triangles, keep=tmp_path / "new")
        assert len(asked) == times
    (kept,) = (tmp_path / "new").iterdir()
    kept.write_bytes(b"spoilt")
    known = corresponding(model, surface.vertices, surface.triangles, keep=tmp_path / "new")
    assert len(asked) == 2
    assert known.corners.shape == known.weights.shape == (len(surface.vertices), 3)


def test_a_surface_is_laid_over_another_by_its_landmarks(model: FaceModel):
    still = open_surface(model.topology)
    assert still.landmarks is not None
    turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    moved = Surface(still.vertices @ turn * 1000 + 7, still.triangles, still.landmarks @ turn * 1000 + 7)
    np.testing.assert_allclose(brought_near(moved, still).vertices, still.vertices, atol=1e-4)


def test_the_closest_place_on_a_triangle_is_its_foot_or_its_edge():
    flat = Surface(np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]]), np.array([[0, 1, 2]]))
    near = closest(np.array([[0.2, 0.3, 5.0], [0.5, -2.0, 0.0], [-1.0, -1.0, 0.0]]), flat)
    np.testing.assert_allclose(near.positions, [[0.2, 0.3, 0], [0.5, 0, 0], [0, 0, 0]], atol=1e-12)
    np.testing.assert_allclose(near.weights, [[0.5, 0.2, 0.3], [0.5, 0.5, 0], [1, 0, 0]], atol=1e-12)
    np.testing.assert_allclose(near.distance, [5, 2, np.sqrt(2)])


def test_a_mask_becomes_triangles_that_face_outwards_and_meet():
    mask = np.array([[1, 1, 0], [1, 1, 1], [0, 0, 0]], bool)
    triangles = grid_triangles(mask)
    assert len(triangles) == 3
    rows, columns = np.nonzero(mask)
    a, b, c = (np.stack([columns, -rows], 1)[triangles[:, k]] for k in range(3))
    area = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    assert (area == 1).all()


def test_values_on_the_layout_come_back_at_the_vertices_places(model: FaceModel):
    places = bfm_places()
    mask = np.zeros((256, 256), bool)
    mask[5:200, 10:246] = True
    known = places.on_grid(mask)
    rows, columns = np.nonzero(mask)
    there = known(np.stack([columns, rows], 1).astype(np.float32))
    assert known.reached is not None
    within = ((places.cells >= [10, 5]) & (places.cells <= [245, 199])).all(1)
    np.testing.assert_allclose(there[within], places.cells[within], atol=1e-3)
    assert not known.reached[(places.cells[:, 1] > 203)].any()
    assert known.reached.sum() > 0.8 * len(known.reached)


def test_a_shape_written_on_the_layout_compares_to_a_hair(model: FaceModel):
    face, places = some_face(model, 2), bfm_places()
    triangles = np.asarray(model.topology.triangles, np.int64)
    inside, owner, weights = rasterise(places.cells, triangles, 256)
    mask = np.zeros((256, 256), bool)
    mask.flat[inside] = True
    on_cells = (weights[..., None] * face[triangles[owner]]).sum(1).astype(np.float32)
    known = places.on_grid(mask)
    assert known.reached is not None
    assert known.reached.mean() > 0.95
    assert off_percent(known(on_cells), face, known.reached) < 0.2


def test_bfm_vertices_and_cells_of_one_layout_agree(model: FaceModel):
    mask = np.ones((256, 256), bool)
    rows, columns = np.nonzero(mask)
    uv = np.stack([columns / 255, 1 - rows / 255], 1)
    np.testing.assert_allclose(bfm_cells(uv), np.stack([columns, rows], 1), atol=1e-9)


def test_places_of_another_open_face_are_refused(tmp_path: Path):
    path = tmp_path / "places.npz"
    with pytest.raises(MissingAssetError, match=r"places\.npz"):
        ChartPlaces.read(path, 3)
    np.savez(path, cells=np.zeros((4, 2)), reached=np.ones(4, bool))
    with pytest.raises(WeightsError, match="another version"):
        ChartPlaces.read(path, 3)
    path.write_bytes(b"no")
    with pytest.raises(WeightsError, match=r"places\.npz"):
        ChartPlaces.read(path, 3)


def test_the_layouts_landmarks_are_the_open_faces(model: FaceModel):
    """Rows and columns as PRNet and DSFNet publish them for nose, corners of eyes and mouth."""
    published = {27: (59, 128), 30: (96, 128), 36: (67, 78), 39: (68, 102), 42: (65, 153), 45: (69, 177)}
    published |= {48: (142, 108), 54: (142, 146)}
    lies = model.topology.landmarks(bfm_places().cells.astype(np.float32))
    for number, (row, column) in published.items():
        assert np.hypot(lies[number, 0] - column, lies[number, 1] - row) < 3.0, number


@pytest.mark.shared
def test_the_shipped_places_are_those_measured_on_the_mean_face_of_the_layout(model: FaceModel):
    if not UV_DATA.is_dir():
        pytest.skip("needs ../shared/assets")
    mean_map = np.load(UV_DATA / "mean_shape_map.npy").astype(np.float64) * correspondence.MM_PER_MAP_UNIT
    there = bfm_places().on_grid(np.ones((256, 256), bool))(mean_map.reshape(-1, 3).astype(np.float32))
    surface = Surface(there.astype(np.float64), np.zeros((0, 3), int))
    moved = brought_near(
        Surface(surface.vertices, surface.triangles, model.topology.landmarks(there).astype(np.float64)),
        open_surface(model.topology),
    )
    on_it = bfm_places().reached
    assert off_percent(moved.vertices, model.mean.numpy(), on_it) < 2.0  # two mean faces, not one
