"""One answer held against the truth: errors per landmark and per vertex, and what looks wrong with the truth.

Landmarks are compared as they lie in the picture. A mesh of the answer's own topology is compared vertex by
vertex, any other by the distance to its surface, after the alignment the judgement names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Doubles
from models.geometry.landmarks import MIRROR
from models.ground_truth.record import GroundTruth, box_of
from models.metrics.errors import box_iou, box_size
from models.metrics.states import seen_landmarks
from models.metrics.surface_distance import Aligned, aligned, distance_to_surface
from models.reconstruction import (
    BRANCHES,
    FUSED,
    IMAGE_SPACE,
    Array,
    Layer,
    MeshLayer,
    Reconstruction,
    Scalar,
    frozen,
)

ERROR = "error"
COLOURED_WITHIN = 0.3  # of sqrt(w h): how far from a landmark the face may be coloured by its error
TOP = 0.08  # of sqrt(w h): the error at the upper end of the colours


@dataclass(frozen=True, eq=False, slots=True)
class BranchError:
    """How far one branch of an answer is from the truth.

    Attributes:
        branch: One of BRANCHES.
        landmarks: [68, 3] float32, the branch's own, image px.
        vertex_px: [N] float32, error per vertex, image px; NaN where the truth says nothing.
        dense: Whether `vertex_px` was measured at each vertex, and not spread from the landmarks.
    """

    branch: str
    landmarks: Array
    vertex_px: Array
    dense: bool


@dataclass(frozen=True, eq=False, slots=True)
class Lacking:
    """How landmarks would move if their face took over a part of the truth, image px, turned as the truth.

    Attributes:
        shape: [68, 3] with the true identity.
        expression: [68, 3] with the true expression.
    """

    shape: Doubles
    expression: Doubles


@dataclass(frozen=True, eq=False, slots=True)
class Judgement:
    """One answer against the truth about it.

    Attributes:
        truth: As it was read.
        face: Which of the frame's answers it is about.
        landmarks: [68, 3] float32, the true landmarks, image px, z as the answer's own on the mean, or the
            answer's z where the truth has none; None if the truth has no landmarks.
        has_depth: Whether their z is the truth's.
        surface: The true mesh placed in the picture; None without one.
        visible: [68] which landmarks count as seen; None if nobody says.
        visible_by: Who says so.
        branches: One per branch the answer has, the fused face first.
        pose_error_deg: |pitch|, |yaw|, |roll| of the difference; None if the truth has no pose.
        warning: What looks wrong with the truth; empty if nothing does.
        mm_per_px: Of the answer.
        lacking: What the answer's landmarks lack of the true shape and expression; None if nobody told these
            apart, as for a truth without depth.
    """

    truth: GroundTruth
    face: int
    landmarks: Array | None
    has_depth: bool
    surface: Aligned | None
    visible: NDArray[np.bool_] | None
    visible_by: str
    branches: tuple[BranchError, ...]
    pose_error_deg: tuple[float, float, float] | None
    warning: str
    mm_per_px: float
    lacking: Lacking | None = None

    @property
    def top_px(self) -> float:
        """The error at the upper end of the colours, px: one share of the face on all photos."""
        return TOP * float(box_size(self.measured))

    @property
    def measured(self) -> Array:
        """[K, 3]: the true points whose size errors are divided by: the landmarks, else the surface."""
        if self.landmarks is not None:
            return self.landmarks
        assert self.surface is not None
        return self.surface.vertices


def with_errors(answer: Reconstruction, judgement: Judgement) -> Reconstruction:
    """The same answer, its vertices and those of its layers knowing their error."""
    error = _scalar(judgement, 0)
    layers = tuple(_layer_with_error(layer, answer, judgement) for layer in answer.layers)
    return replace(answer, scalars=(*answer.scalars, error), layers=layers)


def concerned(answers: Sequence[Reconstruction], truth: GroundTruth) -> int | None:
    """Which answer the truth is about: the one whose landmarks' box overlaps its own most; None without any.

    Where none overlaps it is the first: its error then says how far off it is.
    """
    if not answers:
        return None
    if truth.box is None:
        return 0
    overlap = box_iou(np.array([box_of(answer.landmarks) for answer in answers]), np.array(truth.box))
    return int(overlap.argmax())


def judged(answer: Reconstruction, truth: GroundTruth, face: int = 0) -> Judgement:
    """Hold an answer in image space against the truth about it."""
    mesh = None if truth.mesh is None else aligned(answer, truth.mesh, truth.size)
    landmarks = truth.landmarks
    if landmarks is None and mesh is not None and mesh.same_topology:
        landmarks = answer.topology.landmarks(mesh.vertices)
    placed = None if landmarks is None else _with_depth(landmarks, answer.landmarks)
    visible, by = _visible(answer, truth)
    return Judgement(
        truth=truth,
        face=face,
        landmarks=placed,
        has_depth=landmarks is not None and landmarks.shape[1] == 3,
        surface=mesh,
        visible=visible,
        visible_by=by,
        branches=tuple(_branch_errors(answer, placed, mesh)),
        pose_error_deg=_pose_error(answer, truth),
        warning=_warning(answer, placed, mesh, truth.size),
        mm_per_px=answer.mm_per_px,
    )


def suspicion(predicted: Array, truth: Array, size: tuple[int, int] | None) -> str:
    """What looks wrong with true landmarks [68, >= 2], seen from an answer [68, >= 2]; empty if nothing does.

    Flipped: turning y (or x, with left and right landmarks exchanged) about the middle of the picture, or of
    the points where its size is not known, brings the truth at least three times closer. One pixel off: all
    points are shifted by the same +-1 px in x and y, within the scatter. Shifted: the mean shift is beyond
    4 % of the face and twice the scatter about it.
    """
    residual = np.asarray(predicted[:, :2] - truth[:, :2], np.float64)
    face = float(box_size(truth))
    here = float(np.linalg.norm(residual, axis=1).mean())
    low, high = truth[:, :2].min(0), truth[:, :2].max(0)
    middle = low + high if size is None else np.array(size, np.float64) - 1
    for axis, sentence in ((1, "y looks flipped: it seems to grow upwards"), (0, "x looks mirrored")):
        there = _mean_distance(predicted, _turned(truth, axis, float(middle[axis])))
        if here > 0.1 * face and 3 * there < here:
            return f"The truth's {sentence}. The errors below are not the answer's."
    mean = residual.mean(0)
    scatter = float(np.linalg.norm(residual - mean, axis=1).mean())
    if (np.abs(np.abs(mean) - 1) < 0.25).all() and scatter < 0.5:
        x, y = -np.sign(mean)
        return f"The truth looks off by one pixel ({x:+.0f}, {y:+.0f}): are its pixels counted from 1 or 0?"
    shift = float(np.linalg.norm(mean))
    if shift > 0.04 * face and shift > 2 * scatter:
        x, y = -mean
        return f"The truth looks shifted by ({x:+.0f}, {y:+.0f}) px: is it of another crop of this picture?"
    return ""


def spread(values: Doubles, at: Array, vertices: Array, reach: float) -> Array:
    """Values known at some points, over a mesh: the mean of the near ones, weighted by 1 / distance squared.

    Args:
        values: [K].
        at: [K, 3], where they are known.
        vertices: [N, 3], the same space.
        reach: The farthest a vertex may be from the nearest of them to get a value.

    Returns:
        [N] float32; NaN out of reach.
    """
    squared = (
        np.square(vertices).sum(1)[:, None]
        + np.square(at).sum(1)
        - 2 * np.asarray(vertices) @ np.asarray(at).T
    )
    squared = squared.clip(0)
    weights = 1 / (squared + (1e-2 * reach) ** 2)
    mean = weights @ values / weights.sum(1)
    return frozen(np.where(squared.min(1) <= reach**2, mean, np.nan))


def _mean_distance(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    return float(np.linalg.norm(first[:, :2] - second[:, :2], axis=1).mean())


def _turned(points: Array, axis: int, middle: float) -> NDArray[np.floating]:
    """Mirrored: x or y becomes `middle` minus itself; with x, left and right landmarks change names."""
    turned = np.array(points[:, :2], np.float64)
    turned[:, axis] = middle - turned[:, axis]
    return turned[MIRROR] if axis == 0 else turned


def _with_depth(true: Array, own: Array) -> Array:
    """[68, 3]: z of the answer's mean depth, since depth is known up to an offset; the answer's z if none."""
    z = own[:, 2] if true.shape[1] == 2 else true[:, 2] - true[:, 2].mean() + own[:, 2].mean()
    return frozen(np.column_stack([true[:, :2], z]))


def _visible(answer: Reconstruction, truth: GroundTruth) -> tuple[NDArray[np.bool_] | None, str]:
    if truth.visible is not None:
        return truth.visible, "by the truth"
    seen = seen_landmarks(answer)
    return (None, "") if seen is None else (seen, "by the answer")


def _pose_error(answer: Reconstruction, truth: GroundTruth) -> tuple[float, float, float] | None:
    if truth.pose_deg is None:
        return None
    pitch, yaw, roll = (abs(a - b) for a, b in zip(answer.pose_deg, truth.pose_deg, strict=True))
    return pitch, yaw, roll


def _warning(
    answer: Reconstruction, landmarks: Array | None, mesh: Aligned | None, size: tuple[int, int] | None
) -> str:
    if mesh is not None and mesh.poor:
        return "The true mesh could not be aligned with the answer. The errors below say little."
    return "" if landmarks is None else suspicion(answer.landmarks, landmarks, size)


def _branch_errors(
    answer: Reconstruction, landmarks: Array | None, mesh: Aligned | None
) -> Sequence[BranchError]:
    meshes = [(FUSED, answer.vertices)]
    meshes += [
        (layer.name, layer.vertices)
        for layer in answer.layers
        if isinstance(layer, MeshLayer) and layer.name in BRANCHES and layer.space is answer.space
    ]
    return [_branch_error(name, vertices, answer, landmarks, mesh) for name, vertices in meshes]


def _branch_error(
    name: str, vertices: Array, answer: Reconstruction, landmarks: Array | None, mesh: Aligned | None
) -> BranchError:
    own = answer.topology.landmarks(vertices)
    if mesh is not None:
        return BranchError(name, own, mesh.distance(vertices), dense=True)
    assert landmarks is not None
    return BranchError(name, own, _spread_from_landmarks(own, landmarks, vertices), dense=False)


def _scalar(judgement: Judgement, branch: int) -> Scalar:
    return Scalar(ERROR, judgement.branches[branch].vertex_px, 0.0, judgement.top_px, "px")


def _layer_with_error(layer: Layer, answer: Reconstruction, judgement: Judgement) -> Layer:
    """A mesh layer with its error; one of other vertices than the face's holds the image space's pixels."""
    if not isinstance(layer, MeshLayer) or layer.space is not answer.space or not len(layer.vertices):
        return layer
    names = [branch.branch for branch in judgement.branches]
    if layer.name in names:
        error = _scalar(judgement, names.index(layer.name))
    else:
        branch = judgement.branches[names.index(IMAGE_SPACE) if IMAGE_SPACE in names else 0]
        error = replace(_scalar(judgement, 0), values=_error_on(layer.vertices, branch, judgement))
    return replace(layer, scalars=(*layer.scalars, error))


def _error_on(vertices: Array, branch: BranchError, judgement: Judgement) -> Array:
    """[P, 3] -> [P]: the error of points that are no vertices of the face."""
    if judgement.surface is not None:
        surface = judgement.surface
        return frozen(distance_to_surface(vertices, surface.vertices, surface.triangles))
    assert judgement.landmarks is not None
    return _spread_from_landmarks(branch.landmarks, judgement.landmarks, vertices)


def _spread_from_landmarks(own: Array, true: Array, vertices: Array) -> Array:
    """[N]: the distances of the landmarks in the picture, spread over vertices [N, 3]."""
    distance = np.linalg.norm(np.asarray(own[:, :2], np.float64) - true[:, :2], axis=1)
    return spread(distance, own, vertices, COLOURED_WITHIN * float(box_size(true)))
