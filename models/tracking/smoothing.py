"""Faces of a video held steady without lag: the picture tells how a face moved, the network where it is."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from models.geometry.arrays import Doubles
from models.geometry.transforms import euler_from_rotation, rotation_from_euler
from models.metrics.errors import box_size
from models.metrics.states import seen_landmarks
from models.reconstruction import Array, MeshLayer, Reconstruction, frozen
from models.tracking.motion import face_motion, similarity

CALM_S = 0.116  # what an answer says anew is believed this slowly while it trembles about its prediction
DRIFT_S = 0.065  # over which tremble averages out, and what is left is a change
TREMBLE_PERCENT = 0.4  # of the face's size: innovations up to here are noise
CHANGE_PERCENT = 1.6  # from here on they are believed at once
JAW = 17  # the first landmarks: on the outline, where the background is what moves
EVERY = 16  # vertices of which one enters the fit of the pose
Y_UP = np.array([1, -1, 1], np.float32)  # picture px to the axes poses are told in


@dataclass(frozen=True, eq=False, slots=True)
class Steady:
    """What one frame leaves to the next.

    Attributes:
        image: [H, W, 3] uint8 RGB, the frame.
        time_s: Of the frame.
        answer: As it was given out.
        drift: [N, 2] px: the running mean of what answers said against their prediction.
    """

    image: NDArray[np.uint8]
    time_s: float
    answer: Reconstruction
    drift: Array


def steadied(
    last: Steady | None, image: NDArray[np.uint8], time_s: float, answer: Reconstruction
) -> tuple[Steady, Reconstruction]:
    """An answer with its tremble taken out.

    The last answer is carried into this frame by the motion of the face's surface in the picture, and each
    vertex then goes a share k of the way to where the new answer has it:

        q = M p_last,  r = p_new - q,  p = q + k r,
        k = k_calm + (1 - k_calm) clip((max(|mean r|, |r| / 2) - tremble) / (change - tremble), 0, 1).

    As the motion is measured, not guessed from the past, a turning head is not held back: only what the
    affine map leaves over (an expression, a turn in depth) comes in over time, or at once where it is large.
    k_calm = 1 - exp(-dt / CALM_S) makes the share grow with the time between frames. Where the motion cannot
    be measured, the last answer is taken to have stayed.

    Completed branches move along with the fused face, so that their disagreement stays as reported; what was
    read off the pixels (maps, the visible surface) stays where the pixels are.

    Args:
        last: What this face's last frame left; None or another topology or computation begins anew.
        image: [H, W, 3] uint8 RGB.
        time_s: Later than that of `last`, else it begins anew.
        answer: In IMAGE space.

    Returns:
        What to give along with the next answer, and the answer; `steadied` says whether it was changed.
    """
    if last is None or not _goes_on(last, time_s, answer):
        return Steady(image, time_s, answer, frozen(np.zeros((len(answer.vertices), 2)))), answer
    elapsed_s = time_s - last.time_s
    predicted = _carried(last.answer.vertices, _motion(last, image, answer))
    news = answer.vertices - predicted
    drift = last.drift + _reached(elapsed_s, DRIFT_S) * (news[:, :2] - last.drift)
    share = _share(news[:, :2], drift, float(box_size(answer.landmarks)), _reached(elapsed_s, CALM_S))
    result = _moved(answer, frozen(predicted + share[:, None] * news))
    return Steady(image, time_s, result, frozen(drift)), result


def _goes_on(last: Steady, time_s: float, answer: Reconstruction) -> bool:
    before = last.answer
    return (
        time_s > last.time_s
        and before.topology is answer.topology
        and before.method == answer.method
        and before.took_part == answer.took_part
        and bool(np.isfinite(answer.vertices).all())
    )


def _motion(last: Steady, image: NDArray[np.uint8], answer: Reconstruction) -> Doubles:
    """[2, 3]: how the face moved; the identity where that cannot be seen."""
    points = last.answer.landmarks[JAW:, :2].astype(np.float64)
    points = points[_uncovered(last.answer)[JAW:]]
    both = np.concatenate((last.answer.landmarks[:, :2], answer.landmarks[:, :2])).astype(np.float64)
    (x0, y0), (x1, y1) = both.min(0).tolist(), both.max(0).tolist()
    motion = face_motion(last.image, image, points, (x0, y0, x1, y1))
    return np.eye(2, 3) if motion is None else motion


def _uncovered(answer: Reconstruction) -> NDArray[np.bool_]:
    """[68]: which landmarks were seen; all where the method does not say."""
    seen = seen_landmarks(answer)
    return np.ones(68, bool) if seen is None else seen


def _carried(vertices: Array, motion: Doubles) -> Array:
    """[N, 3]: x and y by the motion, z by its scale."""
    scale = math.sqrt(abs(float(np.linalg.det(motion[:, :2]))))
    plane = vertices[:, :2] @ motion[:, :2].T + motion[:, 2]
    return np.column_stack((plane, scale * vertices[:, 2])).astype(np.float32)


def _reached(elapsed_s: float, constant_s: float) -> float:
    """The share of a step that a first-order low-pass has taken after a time."""
    return -math.expm1(-elapsed_s / constant_s)


def _share(news: Array, drift: Array, size_px: float, calm: float) -> Array:
    """[N]: how far each vertex goes along with the new answer."""
    change = np.maximum(np.linalg.norm(drift, axis=1), np.linalg.norm(news, axis=1) / 2)
    percent = 100 * change / max(size_px, 1e-6)
    sure = ((percent - TREMBLE_PERCENT) / (CHANGE_PERCENT - TREMBLE_PERCENT)).clip(0, 1)
    return np.asarray(calm + (1 - calm) * sure, np.float32)


def _moved(answer: Reconstruction, vertices: Array) -> Reconstruction:
    """The answer with its vertices moved to `vertices`, and with them branches, pose and scale."""
    by = vertices - answer.vertices
    turned = similarity(answer.vertices[::EVERY] * Y_UP, vertices[::EVERY] * Y_UP)
    scale, rotation = (1.0, np.eye(3)) if turned is None else turned[:2]
    layers = tuple(
        replace(
            layer,
            vertices=frozen(layer.vertices + by),
            pose_deg=None if layer.pose_deg is None else _turned(layer.pose_deg, rotation),
        )
        if isinstance(layer, MeshLayer) and layer.triangles is answer.topology.triangles
        else layer
        for layer in answer.layers
    )
    return replace(
        answer,
        vertices=vertices,
        layers=layers,
        pose_deg=_turned(answer.pose_deg, rotation),
        mm_per_px=answer.mm_per_px / scale,
        steadied=True,
    )


def _turned(pose_deg: tuple[float, float, float], by: Doubles) -> tuple[float, float, float]:
    rotation = rotation_from_euler(torch.deg2rad(torch.tensor(pose_deg, dtype=torch.float64)))
    pitch, yaw, roll = torch.rad2deg(euler_from_rotation(torch.from_numpy(by) @ rotation)).tolist()
    return pitch, yaw, roll
