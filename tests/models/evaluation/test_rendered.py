"""Scoring on rendered faces, by methods whose error is known beforehand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from models.evaluation.rendered import RenderedFaces, score_rendered
from models.evaluation.scoring import View
from models.evaluation.tables import rendered_table
from models.metrics.errors import box_size
from models.reconstruction import Correspondence, MapLayer, Reconstruction, Space, Topology, frozen

COUNT, SIDE, CELLS, VERTICES = 20, 64, 32, 90
TOPOLOGY = Topology(
    name="cloud",
    triangles=np.array([[0, 1, 2]], np.int32),
    uv=np.zeros((VERTICES, 2), np.float32),
    landmark_vertices=np.repeat(np.arange(68, dtype=np.int32)[:, None], 3, 1),
    landmark_weights=np.tile(np.array([1, 0, 0], np.float32), (68, 1)),
    mirror=np.arange(VERTICES, dtype=np.int32),
    regions=np.zeros(VERTICES, np.uint8),
    region_names=("face",),
)


@pytest.fixture
def faces() -> RenderedFaces:
    """Random truths; picture i has the brightness i, so that a fake method can tell them apart."""
    rng = np.random.default_rng(0)
    mask = np.zeros((COUNT, CELLS, CELLS), bool)
    mask[:, 8:24, 8:24] = True
    return RenderedFaces(
        topology=TOPOLOGY,
        images=np.tile(np.arange(COUNT, dtype=np.uint8)[:, None, None, None], (1, SIDE, SIDE, 3)),
        vertices=rng.uniform(10, 54, (COUNT, VERTICES, 3)).astype(np.float32),
        pose_deg=rng.uniform(-80, 80, (COUNT, 3)),
        mask=mask,
        visible=rng.random((COUNT, VERTICES)) < 0.6,
    )


class Oracle:
    """Answers the truth; without "sight" the hidden vertices lie 3 px too near, the mask is narrower."""

    name = "oracle"
    topology = TOPOLOGY
    switches = ("sight",)

    def __init__(self, faces: RenderedFaces, size: int = SIDE) -> None:
        self.faces = faces
        self.size = size
        self.batches: list[int] = []

    def crop(self, face):
        raise AssertionError("rendered faces are crops already")

    def __call__(self, crops: np.ndarray, without: frozenset[str] = frozenset()) -> list[Reconstruction]:
        assert crops.shape[1:] == (self.size, self.size, 3)
        self.batches.append(len(crops))
        return [
            self._answer(int(crop[self.size // 2, self.size // 2, 0]), "sight" in without) for crop in crops
        ]

    def _answer(self, i: int, blind: bool) -> Reconstruction:
        scale = self.size / SIDE
        vertices = self.faces.vertices[i].astype(np.float64)
        if blind:
            vertices = vertices + [0, 0, 3] * ~self.faces.visible[i][:, None]
        mask = self.faces.mask[i].astype(float)
        if blind:
            mask[:, 23] = 0
        half = scale * 0.5 - 0.5  # (0, 0) is the centre of a pixel, at either size
        return Reconstruction(
            method=self.name,
            space=Space.CROP,
            topology=TOPOLOGY,
            vertices=frozen(vertices * scale + np.array([half, half, 0])),
            pose_deg=tuple((self.faces.pose_deg[i] + blind * np.array([1, 2, 3])).tolist()),
            layers=(MapLayer("visible mask", frozen(mask), np.eye(3), Space.CROP),),
        )


@pytest.mark.parametrize("size", [SIDE, 2 * SIDE, SIDE // 2])
def test_the_truth_has_no_error_at_any_size_of_crop(faces, size):
    (best,) = score_rendered(faces, Oracle(faces, size), [View("answer")])
    figures = [best.landmarks, best.dense, best.dense3d, best.visible, best.hidden, *best.pose_mae_deg]
    assert figures == pytest.approx([0] * 8, abs=1e-4)
    assert best.mask_iou == 1


def test_hidden_vertices_are_scored_apart_from_seen_ones(faces):
    scored = score_rendered(faces, Oracle(faces), [View("blind", frozenset({"sight"}))])[0]
    sizes = np.array([box_size(vertices) for vertices in faces.vertices])
    share = (~faces.visible).mean(-1)  # the common offset in depth is nobody's error
    assert scored.landmarks == pytest.approx(0, abs=1e-4)  # only depth is wrong
    assert scored.dense == pytest.approx(0, abs=1e-4)
    assert scored.visible == pytest.approx((300 * share / sizes).mean(), rel=1e-4)
    assert scored.hidden == pytest.approx((300 * (1 - share) / sizes).mean(), rel=1e-4)
    assert scored.dense3d == pytest.approx((600 * share * (1 - share) / sizes).mean(), rel=1e-4)
    assert scored.pose_mae_deg == pytest.approx([1, 2, 3])
    assert scored.mask_iou == pytest.approx(15 / 16)


def test_faces_go_through_in_batches(faces):
    method = Oracle(faces)
    score_rendered(faces, method, [View("answer")])
    assert sum(method.batches) == COUNT
    assert max(method.batches) <= 16


def test_a_method_of_a_known_other_mesh_is_scored_at_the_vertices_that_reaches(faces):
    """Its vertices stand in another order, each 5 px off; of the true ones it lacks the last ten."""
    order = np.random.default_rng(3).permutation(VERTICES)
    corners = np.repeat(np.argsort(order).astype(np.int32)[:, None], 3, 1)
    weights = np.tile(np.array([1, 0, 0], np.float32), (VERTICES, 1))
    known = Correspondence(corners, weights, np.arange(VERTICES) < VERTICES - 10)

    class Shuffled(Oracle):
        topology = replace(TOPOLOGY, name="shuffled", open_face=known, landmark_vertices=corners[:68])

        def _answer(self, i: int, blind: bool) -> Reconstruction:
            whole = super()._answer(i, blind)
            moved = whole.vertices + np.array([3, 4, 0], np.float32)
            moved[-10:] += 1000
            return replace(whole, topology=self.topology, vertices=frozen(moved[order]))

    (scored,) = score_rendered(faces, Shuffled(faces), [View("answer")])
    sizes = np.array([box_size(vertices) for vertices in faces.vertices])
    wanted = pytest.approx(float((500 / sizes).mean()), rel=1e-4)
    assert [scored.dense, scored.dense3d, scored.visible, scored.hidden] == [wanted] * 4


def test_a_method_of_an_unknown_mesh_is_scored_by_its_landmarks_alone(faces):
    class Sparse(Oracle):
        def _answer(self, i: int, blind: bool) -> Reconstruction:
            whole = super()._answer(i, blind)
            return Reconstruction(
                method="sparse",
                space=Space.CROP,
                topology=replace(TOPOLOGY, uv=TOPOLOGY.uv[:68]),
                vertices=frozen(whole.vertices[:68] + np.array([3, 4, 0], np.float32)),
                pose_deg=whole.pose_deg,
            )

    (scored,) = score_rendered(faces, Sparse(faces), [View("answer")])
    sizes = np.array([box_size(vertices[:68]) for vertices in faces.vertices])
    assert scored.landmarks == pytest.approx(float((500 / sizes).mean()), rel=1e-4)
    assert math.isnan(scored.dense)
    assert math.isnan(scored.mask_iou)
    assert "-" in rendered_table([scored]).splitlines()[-1]
