from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.loading import load_face_model
from models.metrics.correspondence import (
    both_reach,
    common,
    comparable,
    counterpart,
    on_open_face,
    onto_vertices,
    open_vertex,
    vertex_of,
)
from models.reconstruction import Correspondence, Reconstruction, Space, Topology


@pytest.fixture(scope="module")
def open_face() -> Topology:
    return load_face_model().topology


def shuffled(topology: Topology, seed: int = 0) -> tuple[Topology, np.ndarray]:
    """The same face with its vertices in another order, and where each old vertex went."""
    order = np.random.default_rng(seed).permutation(len(topology.uv))
    place = np.argsort(order).astype(np.int32)
    corners = np.repeat(place[:, None], 3, 1)
    weights = np.tile(np.float32([1, 0, 0]), (len(place), 1))
    assert topology.mean is not None
    other = replace(
        topology,
        name="shuffled",
        triangles=place[topology.triangles],
        landmark_vertices=place[topology.landmark_vertices],
        uv=topology.uv[order],
        mean=topology.mean[order],
        open_face=Correspondence(corners, weights),
    )
    return other, order


def answer(topology: Topology, vertices: np.ndarray) -> Reconstruction:
    return Reconstruction("test", Space.IMAGE, topology, vertices, (0.0, 0.0, 0.0))


def test_an_answer_on_the_open_face_is_its_own_common_face(open_face: Topology):
    assert open_face.mean is not None
    asked = answer(open_face, open_face.mean)
    assert common(asked) is asked.vertices
    assert open_vertex(open_face, 17) == 17
    assert vertex_of(open_face, 17) == 17


def test_another_order_of_vertices_comes_back_in_the_open_faces_order(open_face: Topology):
    other, order = shuffled(open_face)
    face = np.random.default_rng(1).normal(size=(len(order), 3)).astype(np.float32)
    there = common(answer(other, face[order]))
    assert there is not None
    np.testing.assert_array_equal(there, face)
    np.testing.assert_array_equal(on_open_face(other, face[order, 0]), face[:, 0])


def test_answers_of_two_meshes_compare_on_the_open_face(open_face: Topology):
    other, order = shuffled(open_face)
    face = np.random.default_rng(1).normal(size=(len(order), 3)).astype(np.float32)
    pair = comparable(answer(other, face[order]), answer(open_face, face + 1))
    assert pair is not None
    np.testing.assert_allclose(pair[1] - pair[0], 1, atol=1e-6)


def test_answers_of_one_mesh_compare_on_it_even_if_nobody_knows_it(open_face: Topology):
    unknown = replace(open_face, name="somebody's")
    pair = comparable(answer(unknown, open_face.uv), answer(replace(unknown), open_face.uv + 1))
    assert pair is not None
    assert common(answer(unknown, open_face.uv)) is None
    assert comparable(answer(unknown, open_face.uv), answer(open_face, open_face.uv)) is None
    assert open_vertex(unknown, 0) is None
    assert vertex_of(unknown, 0) is None


@pytest.mark.parametrize("has_mean", [True, False])
def test_a_picked_vertex_is_found_on_the_other_mesh_and_back(open_face: Topology, has_mean: bool):
    other, order = shuffled(open_face)
    if not has_mean:
        other = replace(other, mean=None)
    for vertex in (0, 100, 2000):
        there = vertex_of(other, vertex)
        assert there is not None
        assert order[there] == vertex
        back = open_vertex(other, there)
        assert back is not None
        np.testing.assert_allclose(open_face.uv[back], open_face.uv[vertex], atol=1e-6)


def test_a_picked_vertex_the_open_face_does_not_reach_is_none(open_face: Topology):
    other, _ = shuffled(open_face)
    assert other.mean is not None
    far = np.append(other.mean, np.float32([[0, -400, 0]]), axis=0)
    assert open_vertex(replace(other, mean=far), len(far) - 1) is None


def test_a_vertex_and_what_is_known_there_are_found_on_another_mesh(open_face: Topology) -> None:
    other, order = shuffled(open_face)
    for vertex in (0, 700, len(order) - 1):
        place = counterpart(other, vertex, open_face)
        assert place == order[vertex]
        assert counterpart(open_face, place, other) == vertex
        assert counterpart(other, vertex, other) == vertex
    values = np.arange(len(order), dtype=np.float32)
    np.testing.assert_array_equal(onto_vertices(other, values), values[order])
    known = other.open_face
    assert known is not None
    half = np.arange(len(order)) % 2 == 0
    cut = replace(other, open_face=replace(known, reached=half))
    assert counterpart(open_face, 2, cut) == counterpart(open_face, 2, other)
    assert counterpart(open_face, 3, cut) is None, "there is no such place on it"
    assert set(np.unique(onto_vertices(cut, values) % 2)) == {0.0}, "what it does not reach, it has not"
    strange = replace(other, open_face=None)
    assert counterpart(strange, 3, open_face) is None
    assert np.isnan(onto_vertices(strange, values)).all()


def test_only_where_both_meshes_reach_do_their_vertices_speak_of_one_place(open_face: Topology):
    other, _ = shuffled(open_face)
    assert other.open_face is not None
    known = np.arange(len(open_face.uv)) % 3 > 0
    short = replace(other, open_face=replace(other.open_face, reached=known))
    for pair in ((short, open_face), (open_face, short), (short, replace(other, name="whole"))):
        both = both_reach(*pair)
        assert both is not None
        np.testing.assert_array_equal(both, known)
    itself = both_reach(short, short)
    assert itself is not None
    assert itself.all()
    assert both_reach(short, replace(open_face, name="somebody's")) is None
