"""How methods are asked and scored: views of an answer, yaw bins, means."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Doubles
from models.ground_truth.aflw2000 import LabelledFace
from models.metrics.errors import (
    box_iou,
    box_size,
    nme3d_percent,
    nme_percent,
    pose_is_scored,
    pose_mae_deg,
    signed_residual_percent,
)
from models.pipeline import reconstruct
from models.reconstruction import IMAGE_SPACE, MODEL_SPACE, Array, MeshLayer, Reconstruction
from models.reconstructor import Detector, Face, Reconstructor

BRANCHES = (IMAGE_SPACE, MODEL_SPACE)
YAW_EDGES_DEG = (30.0, 60.0)
BIN_NAMES = ("<=30", "30-60", ">60")
GROUPS = {
    "jaw": slice(0, 17),
    "brows": slice(17, 27),
    "nose": slice(27, 36),
    "eyes": slice(36, 48),
    "mouth": slice(48, 68),
}
FOUND_IOU = 0.3


@dataclass(frozen=True, slots=True)
class View:
    """One way to read a method: what to switch off, and which mesh of the answer to score.

    Attributes:
        name: Row title, e.g. "image space alone".
        without: Switches left out of the computation.
        layer: Name of the mesh layer to score; None for the answer itself.
    """

    name: str
    without: frozenset[str] = frozenset()
    layer: str | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Answers:
    """What one view said about all faces. Rows of lost faces are NaN.

    Attributes:
        view: The view.
        landmarks: [F, 68, 3] float64, image px.
        pose_deg: [F, 3] float64.
        ms: [F] float64, crop to answer; NaN for a layer, which costs nothing of its own.
    """

    view: View
    landmarks: Doubles
    pose_deg: Doubles
    ms: Doubles

    @property
    def found(self) -> NDArray[np.bool_]:
        """[F]: which faces were answered."""
        return np.asarray(np.isfinite(self.landmarks).all((1, 2)))


@dataclass(frozen=True, eq=False, slots=True)
class Score:
    """The figures of one view.

    Attributes:
        view: The view.
        nme: [F] 2D NME of 68 points, percent; NaN where lost.
        nme3d: [F] the same in 3D.
        bins: [3] mean NME by |yaw| <=30, 30-60, >60.
        counts: [3] faces in the bins, lost ones left out.
        pose_mae_deg: [3] pitch, yaw, roll; NaN for a layer, which has no pose of its own.
        residual: [68, 2] mean signed error, percent, upright face: x to the viewer's right, y to the chin.
        frontal_residual: The same over |yaw| <= 30.
        offset_px: [2] mean error of all points of all faces, image px: tells a pixel convention that is off.
        ms: Median time per face.
        lost: Faces without an answer.
    """

    view: View
    nme: Doubles
    nme3d: Doubles
    bins: Doubles
    counts: NDArray[np.int64]
    pose_mae_deg: Doubles
    residual: Doubles
    frontal_residual: Doubles
    offset_px: Doubles
    ms: float
    lost: int

    @property
    def mean(self) -> float:
        """Over images."""
        return _mean(self.nme)

    @property
    def median(self) -> float:
        """Over images."""
        return float(np.nanmedian(self.nme)) if np.isfinite(self.nme).any() else float("nan")

    @property
    def balanced(self) -> float:
        """Mean of the bin means, the "Mean" of most published tables."""
        return _mean(self.bins)


def views_of(method: Reconstructor) -> list[View]:
    """The whole answer; each branch alone; without each other part; the branches as layers of the whole."""
    if not set(BRANCHES) <= set(method.switches):
        return [View("answer"), *(View(f"without {part}", frozenset({part})) for part in method.switches)]
    image, model = BRANCHES
    return [
        View("fused"),
        View("image space alone", frozenset({model})),
        View("model space alone", frozenset({image})),
        *(View(f"without {part}", frozenset({part})) for part in method.switches if part not in BRANCHES),
        *(View(f"{branch} layer of fused", layer=branch) for branch in BRANCHES),
    ]


def ask(
    faces: Sequence[LabelledFace],
    method: Reconstructor,
    views: Sequence[View],
    detector: Detector | None = None,
) -> list[Answers]:
    """Every face through every view; views that differ only in the layer share one computation.

    Args:
        faces: The labelled photos, read one by one.
        method: The method under test.
        views: How to ask and read it.
        detector: Finds the box; None takes the box of the true landmarks. Of several detections the one that
            overlaps the true box most counts; below an IoU of 0.3 the face is lost.
    """
    count = len(faces)
    answers = [
        Answers(view, np.full((count, 68, 3), np.nan), np.full((count, 3), np.nan), np.full(count, np.nan))
        for view in views
    ]
    for i, labelled in enumerate(faces):
        image = labelled.image()
        face = Face(labelled.box) if detector is None else matching(detector(image), labelled.box)
        if face is None:
            continue
        for without in dict.fromkeys(view.without for view in views):
            start = time.perf_counter()
            (one,) = reconstruct(image, [face], method, without)
            ms = 1e3 * (time.perf_counter() - start)
            for answer in answers:
                if answer.view.without == without:
                    _enter(answer, i, one, ms)
    return answers


def matching(faces: Sequence[Face], box: tuple[float, float, float, float]) -> Face | None:
    """The detection that overlaps `box` most; None if none reaches an IoU of 0.3."""
    if not faces:
        return None
    overlap = box_iou(np.array([face.box for face in faces]), np.array(box))
    best = int(overlap.argmax())
    return faces[best] if overlap[best] >= FOUND_IOU else None


def score(faces: Sequence[LabelledFace], answers: Answers) -> Score:
    """The figures of the AFLW2000-3D protocol: NME by yaw bin, pose MAE, signed residuals."""
    truth = np.array([face.landmarks for face in faces], np.float64)
    pose = np.array([face.pose_deg for face in faces], np.float64)
    found = answers.found
    nme = nme_percent(answers.landmarks, truth)
    which = yaw_bin(pose[:, 1])
    residual = upright_residual_percent(answers.landmarks, truth, pose[:, 2])
    posed = found & np.isfinite(answers.pose_deg).all(-1)
    return Score(
        view=answers.view,
        nme=nme,
        nme3d=nme3d_percent(answers.landmarks, truth),
        bins=np.array([_mean(nme[which == i]) for i in range(3)]),
        counts=np.bincount(which[found], minlength=3),
        pose_mae_deg=pose_mae_deg(answers.pose_deg[posed], pose[posed]),
        residual=_mean_of_found(residual, found),
        frontal_residual=_mean_of_found(residual, found & (which == 0)),
        offset_px=_mean_of_found((answers.landmarks - truth)[..., :2].mean(1), found),
        ms=float(np.median(answers.ms[found])) if found.any() else float("nan"),
        lost=int((~found).sum()),
    )


def yaw_bin(yaw_deg: Doubles) -> NDArray[np.int64]:
    """[F] -> [F]: 0 for |yaw| <= 30, 1 up to 60, 2 beyond."""
    return np.digitize(np.abs(yaw_deg), YAW_EDGES_DEG, right=True)


def upright_residual_percent(predicted: Doubles, truth: Doubles, roll_deg: Doubles) -> Doubles:
    """Signed errors turned back by the true roll, so that y points to the chin of every face.

    Args:
        predicted: [F, 68, 3] image px.
        truth: [F, 68, 3] image px.
        roll_deg: [F], clockwise as seen.

    Returns:
        [F, 68, 2], percent of sqrt(w h).
    """
    cos, sin = np.cos(np.radians(roll_deg)), np.sin(np.radians(roll_deg))
    turn_back = np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], -2)
    return np.asarray(signed_residual_percent(predicted, truth) @ np.swapaxes(turn_back, -1, -2))


def paired(first: Doubles, second: Doubles) -> tuple[float, float]:
    """Mean of first - second over faces both answered, and the standard error of that mean."""
    difference = (first - second)[np.isfinite(first) & np.isfinite(second)]
    if len(difference) < 2:
        return _mean(difference), float("nan")
    return float(difference.mean()), float(difference.std(ddof=1) / np.sqrt(len(difference)))


def scored_poses(faces: Sequence[LabelledFace]) -> int:
    """How many faces count in the pose figures."""
    return int(pose_is_scored(np.array([face.pose_deg for face in faces])).sum())


def face_sizes_px(faces: Sequence[LabelledFace]) -> Doubles:
    """[F]: sqrt(w h) of the true landmarks."""
    return box_size(np.array([face.landmarks for face in faces]))


def _enter(answers: Answers, i: int, one: Reconstruction, ms: float) -> None:
    vertices = _vertices(one, answers.view.layer)
    if vertices is None:
        return
    answers.landmarks[i] = one.topology.landmarks(vertices)
    if answers.view.layer is None:
        answers.pose_deg[i] = one.pose_deg
        answers.ms[i] = ms


def _vertices(one: Reconstruction, layer_name: str | None) -> Array | None:
    if layer_name is None:
        return one.vertices
    for layer in one.layers:
        if isinstance(layer, MeshLayer) and layer.name == layer_name:
            return layer.vertices if len(layer.vertices) == len(one.vertices) else None
    return None


def _mean_of_found(values: Doubles, found: NDArray[np.bool_]) -> Doubles:
    return values[found].mean(0) if found.any() else np.full(values.shape[1:], np.nan)


def _mean(values: Doubles) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
