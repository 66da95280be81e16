"""What covers do to a method: every face clean and under every kind, each answer read three ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from models.evaluation.calibration import Reliability, pixel_quality
from models.evaluation.scoring import matching
from models.evaluation.subjects import Known, Subject
from models.geometry.arrays import Doubles
from models.geometry.transforms import rotation_from_euler
from models.metrics.errors import geodesic_deg, iou, nme_percent, pose_is_scored
from models.occlusion.kinds import occluder
from models.occlusion.occluder import lay
from models.occlusion.sweeps import covered_share, face_area
from models.pipeline import reconstruct
from models.reconstruction import BRANCHES, Array, MapLayer, MeshLayer, Reconstruction
from models.reconstructor import Face, Reconstructor

CLEAN = "clean"
READINGS = BRANCHES
SEEN = 0.5  # a pixel or vertex of at least this is called visible; so much cover hides a point
FAILED_NME = 10.0  # percent

Ask = Callable[[NDArray[np.uint8], Face], Reconstruction]
Find = Callable[[NDArray[np.uint8]], Sequence[Face]]


@dataclass(frozen=True, eq=False, slots=True)
class Measured:
    """One face under one kind of cover. What is not known, or not answered, is NaN.

    Attributes:
        subject, kind: Which.
        yaw_deg: Of the truth.
        covered: Share of the face's outline under the cover, 0..1.
        found: Whether the face was looked at: a finder may miss it.
        nme, nme_seen, nme_hidden: [3] by `READINGS`: percent, over all 68 points, over those that can be seen
            and over the others. On photos only the cover counts as hiding; on rendered faces what is turned
            away or was covered before is hidden too.
        pose_error_deg: [3, 3] absolute, pitch, yaw, roll; NaN beyond 99 degrees.
        geodesic_deg: [3], likewise.
        called_visible: Share of the covered pixels of the face that the method calls visible.
        mask_iou: Of the visible-face masks; rendered faces only.
        confidence: Mean over the pixels called visible.
        visibility: Of vertices, against the renderer.
        rightness: Confidence of the pixels that show face, against how right they are.
    """

    subject: str
    kind: str
    yaw_deg: float
    covered: float
    found: bool
    nme: Doubles
    nme_seen: Doubles
    nme_hidden: Doubles
    pose_error_deg: Doubles
    geodesic_deg: Doubles
    called_visible: float
    mask_iou: float
    confidence: float
    visibility: Reliability
    rightness: Reliability


def trials(
    subjects: Sequence[Subject],
    method: Reconstructor,
    kinds: Sequence[str],
    find: Find | None = None,
    ask: Ask | None = None,
) -> Iterator[Measured]:
    """Every subject clean and under every kind; covers depend on the subject's name and the kind alone.

    Args:
        subjects: Whom to cover.
        method: The method under test, asked once per picture.
        kinds: Of `models.occlusion.kinds.KINDS`.
        find: Finds the face in the covered picture; None looks at the true box.
        ask: How to ask; None: `pipeline.reconstruct` about the box.
    """
    for subject in subjects:
        clean = subject.image()
        for kind in (CLEAN, *kinds):
            occluders = [] if kind == CLEAN else [occluder(kind, subject.landmarks, subject.seed)]
            picture, hidden = lay(clean, occluders)
            face = Face(subject.box) if find is None else matching(find(picture), subject.box)
            if face is None:
                yield lost(subject, kind, hidden)
            elif ask is None:
                yield measure(subject, kind, hidden, reconstruct(picture, [face], method)[0])
            else:
                yield measure(subject, kind, hidden, ask(picture, face))


def measure(subject: Subject, kind: str, hidden: NDArray[np.float32], answer: Reconstruction) -> Measured:
    """Compare an answer in image px with the truth, given what the cover hides [H, W]."""
    readings = [_reading(answer, name) for name in READINGS]
    points = np.stack([points for points, _ in readings])
    truth = np.broadcast_to(subject.landmarks, points.shape)
    seen = _not_under(hidden, subject.landmarks)
    if subject.known is not None:
        seen = seen & subject.known.landmarks_visible
    select = np.broadcast_to(seen, points.shape[:2])
    pose_error, geodesic = _pose_errors(np.array([pose for _, pose in readings]), subject.pose_deg)
    mask = _on_picture(answer, "visible mask", hidden.shape)
    confidence = _on_picture(answer, "confidence", hidden.shape)
    sees = mask >= SEEN  # NaN: beyond the crop
    return Measured(
        subject=subject.name,
        kind=kind,
        yaw_deg=subject.pose_deg[1],
        covered=covered_share(hidden, _face_pixels(subject, hidden.shape)),
        found=True,
        nme=nme_percent(points, truth),
        nme_seen=nme_percent(points, truth, select),
        nme_hidden=nme_percent(points, truth, ~select),
        pose_error_deg=pose_error,
        geodesic_deg=geodesic,
        called_visible=_called_visible(mask, _face_pixels(subject, hidden.shape) & (hidden > SEEN)),
        mask_iou=_mask_iou(subject, mask, hidden),
        confidence=float(np.nanmean(confidence[sees])) if np.isfinite(confidence[sees]).any() else np.nan,
        visibility=_visibility(subject.known, answer, hidden),
        rightness=_rightness(subject.known, answer, mask, confidence, hidden),
    )


def lost(subject: Subject, kind: str, hidden: NDArray[np.float32]) -> Measured:
    """A face that the finder missed."""
    three, nan = np.full(len(READINGS), np.nan), float("nan")
    return Measured(
        subject=subject.name,
        kind=kind,
        yaw_deg=subject.pose_deg[1],
        covered=covered_share(hidden, _face_pixels(subject, hidden.shape)),
        found=False,
        nme=three,
        nme_seen=three,
        nme_hidden=three,
        pose_error_deg=np.full((len(READINGS), 3), np.nan),
        geodesic_deg=three,
        called_visible=nan,
        mask_iou=nan,
        confidence=nan,
        visibility=Reliability.none(),
        rightness=Reliability.none(),
    )


def _reading(answer: Reconstruction, name: str) -> tuple[Array, tuple[float, float, float]]:
    """[68, 3] and pose: the answer itself for "fused", else the whole face among its layers; NaN if none."""
    nothing = (np.nan, np.nan, np.nan)
    if name == READINGS[0]:
        return answer.landmarks, answer.pose_deg
    for layer in answer.layers:
        if (
            isinstance(layer, MeshLayer)
            and layer.name == name
            and len(layer.vertices) == len(answer.vertices)
        ):
            return answer.topology.landmarks(layer.vertices), layer.pose_deg or nothing
    return np.full((68, 3), np.nan, np.float32), nothing


def _pose_errors(poses_deg: Doubles, truth_deg: tuple[float, float, float]) -> tuple[Doubles, Doubles]:
    """[V, 3] absolute errors and [V] geodesic ones; NaN for a truth that is not scored."""
    truth = np.asarray(truth_deg, np.float64)
    if not pose_is_scored(truth):
        return np.full(poses_deg.shape, np.nan), np.full(len(poses_deg), np.nan)
    given, wanted = (rotation_from_euler(torch.deg2rad(torch.tensor(p))).numpy() for p in (poses_deg, truth))
    return np.abs(poses_deg - truth), geodesic_deg(given, np.broadcast_to(wanted, given.shape))


def _not_under(hidden: NDArray[np.float32], points: NDArray[np.floating]) -> NDArray[np.bool_]:
    """[P]: whether a point [P, D >= 2] lies on a pixel that no cover hides; beyond the picture none does."""
    x, y = np.rint(points[:, :2]).astype(int).T
    height, width = hidden.shape
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    under = hidden[y.clip(0, height - 1), x.clip(0, width - 1)] > SEEN
    return np.asarray(~(inside & under))


def _face_pixels(subject: Subject, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    return face_area(subject.landmarks, *shape) if subject.known is None else subject.known.mask


def _on_picture(answer: Reconstruction, name: str, shape: tuple[int, ...]) -> Array:
    """[H, W] or [H, W, C]: a map of the answer over the whole picture; NaN where it says nothing."""
    for layer in answer.layers:
        if isinstance(layer, MapLayer) and layer.name == name:
            return np.asarray(
                cv2.warpAffine(
                    layer.values,
                    layer.T_image_map[:2],
                    shape[1::-1],
                    flags=cv2.INTER_LINEAR if name == "visible mask" else cv2.INTER_NEAREST,
                    borderMode=cv2.BORDER_CONSTANT,
                    borderValue=(np.nan,) * 4,
                ),
                np.float32,
            )
    return np.full(shape, np.nan, np.float32)


def _called_visible(mask: Array, covered: NDArray[np.bool_]) -> float:
    known = covered.any() and np.isfinite(mask).any()
    return float((mask[covered] >= SEEN).mean()) if known else float("nan")


def _mask_iou(subject: Subject, mask: Array, hidden: NDArray[np.float32]) -> float:
    if subject.known is None or not np.isfinite(mask).any():
        return float("nan")
    return iou(mask >= SEEN, subject.known.mask & (hidden <= SEEN))


def _visibility(known: Known | None, answer: Reconstruction, hidden: NDArray[np.float32]) -> Reliability:
    told = next((s.values for s in answer.scalars if s.name == "visibility"), None)
    if known is None or told is None or len(told) != len(known.visible):
        return Reliability.none()
    return Reliability.of(told, known.visible & _not_under(hidden, known.vertices))


def _rightness(
    known: Known | None,
    answer: Reconstruction,
    mask: Array,
    confidence: Array,
    hidden: NDArray[np.float32],
) -> Reliability:
    if known is None:
        return Reliability.none()
    uv, depth = (_on_picture(answer, name, hidden.shape) for name in ("uv", "depth"))
    there = known.mask & (hidden <= SEEN) & (mask >= SEEN) & np.isfinite(confidence) & np.isfinite(depth)
    if uv.ndim != 3 or not there.any():
        return Reliability.none()
    uv_error = np.linalg.norm(uv[there] - known.uv[there], axis=-1)
    depth_error = np.abs(depth[there] - known.depth[there]) / (hidden.shape[0] / 2)
    return Reliability.of(confidence[there], pixel_quality(uv_error, depth_error))
