"""Fits the face model to landmarks: many faces at once, regularised, seen without perspective."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from models.face_model.morphable import FaceModel
from models.geometry.landmarks import JAW
from models.geometry.transforms import nearest_rotation, weighted_procrustes

CHUNK = 256  # faces at once: bounds the memory
DEPTH_SHARE = 0.4  # how much a landmark's depth counts against its place in the picture
SLIDE_SHARE = 0.35  # how much a jaw landmark counts along the contour, where nobody can tell its place
STEPS = 8
LOOSE = 1e-6  # a prior so weak that it only keeps unseen unknowns (such as the depth of 2D points) finite


class Points(NamedTuple):
    """Labelled places besides the 68 landmarks, such as AFLW's 21.

    Attributes:
        positions: [B, K, 2] px, y down.
        weights: [B, K]; 0 = not labelled.
        of_landmarks: [K, 68] each as a mean of landmarks (rows sum to one) ...
        offset_mm: [K, 3] ... and how far from there, in MODEL space of the mean face.
    """

    positions: Tensor
    weights: Tensor
    of_landmarks: Tensor
    offset_mm: Tensor


class Noise(NamedTuple):
    """How far labels are believed, against coefficients of one standard deviation.

    Attributes:
        landmark_mm: Of a landmark of weight 1.
        rotation_rad: Of the rotation given beforehand.
    """

    landmark_mm: float = 1.5
    rotation_rad: float = 0.05


class Fits(NamedTuple):
    """B fitted faces.

    Attributes:
        identity: [B, I]; expression: [B, E] standard deviations.
        rotation: [B, 3, 3] model to camera, y up in both.
        camera: [B, 4] s (px per mm), tx, ty (px), 0: scaled orthographic, see `synthetic.camera.project`.
        error_percent: [B] mean distance of the 68 in the picture, % of sqrt(w h) of their labelled box.
    """

    identity: Tensor
    expression: Tensor
    rotation: Tensor
    camera: Tensor
    error_percent: Tensor


class _Problem(NamedTuple):
    """Everything one chunk needs, in px with y up.

    Attributes:
        mean: [P, 3]; basis: [C, P, 3] mm of 68 + K points.
        target: [B, P, 3]; root: [B, P, 3, 3] roots of the points' certainties.
        rotation: [B, 3, 3] or None, given beforehand.
    """

    mean: Tensor
    basis: Tensor
    target: Tensor
    root: Tensor
    rotation: Tensor | None


class _State(NamedTuple):
    """The unknowns: coefficients [B, C], rotation [B, 3, 3], scale [B] px per mm, translation [B, 3] px."""

    coefficients: Tensor
    rotation: Tensor
    scale: Tensor
    translation: Tensor


def fit(
    face_model: FaceModel,
    landmarks: Tensor,
    weights: Tensor | None = None,
    points: Points | None = None,
    rotation: Tensor | None = None,
    noise: Noise | None = None,
) -> Fits:
    """The most likely faces behind landmarks, by Gauss-Newton steps on all unknowns at once.

    Minimises sum_n w_n |A_n (x_n - s R (m_n + B_n c) - t)|^2 / (s noise)^2 + |c|^2 (+ the squared angle to a
    rotation known beforehand, over its noise). A_n lets depth count less, and jaw landmarks slide along the
    contour.

    Args:
        face_model: Gives landmarks m_n and their movements B_n.
        landmarks: [B, 68, 2 or 3] px, x right, y down, z (if there is one) towards the camera.
        weights: [B, 68] >= 0; default: ones.
        points: Further labelled places.
        rotation: [B, 3, 3] known beforehand.
        noise: Of labels.

    Raises:
        ValueError: Landmarks of another shape, or not finite.
    """
    if landmarks.shape[1:] not in ((68, 2), (68, 3)) or not bool(landmarks.isfinite().all()):
        raise ValueError(f"landmarks must be finite [B, 68, 2 or 3], got {list(landmarks.shape)}")
    weights = torch.ones_like(landmarks[..., 0]) if weights is None else weights
    noise = noise or Noise()
    parts = []
    for rows in torch.arange(len(landmarks)).split(CHUNK):
        some = (
            None
            if points is None
            else points._replace(positions=points.positions[rows], weights=points.weights[rows])
        )
        problem = _problem(
            face_model, landmarks[rows], weights[rows], some, None if rotation is None else rotation[rows]
        )
        parts.append(_solve(problem, face_model.identity_count, noise))
    return Fits(*(torch.cat(column) for column in zip(*parts, strict=True)))


def _problem(
    face_model: FaceModel, landmarks: Tensor, weights: Tensor, points: Points | None, rotation: Tensor | None
) -> _Problem:
    mean, basis = face_model.landmarks(face_model.mean[None])[0], face_model.landmarks(face_model.basis)
    count, _, dimensions = landmarks.shape
    up = landmarks * landmarks.new_tensor((1.0, -1.0, 1.0)[:dimensions])
    target = torch.cat((up, up.new_zeros(count, 68, 3 - dimensions)), 2)
    certainty = target.new_tensor((1.0, 1.0, DEPTH_SHARE if dimensions == 3 else 0.0))
    root = torch.diag(certainty).repeat(count, 68, 1, 1)
    root[:, JAW] = root[:, JAW] @ _sliding(target[:, JAW])
    root = root * weights.sqrt()[..., None, None]
    if points is not None:
        mean = torch.cat((mean, points.of_landmarks @ mean + points.offset_mm))
        basis = torch.cat((basis, points.of_landmarks @ basis), 1)
        flat = torch.diag(target.new_tensor((1.0, 1.0, 0.0)))
        root = torch.cat((root, points.weights.sqrt()[..., None, None] * flat), 1)
        there = points.positions.where(points.weights[..., None] > 0, 0.0) * target.new_tensor((1.0, -1.0))
        target = torch.cat((target, torch.cat((there, torch.zeros_like(there[..., :1])), 2)), 1)
    return _Problem(mean, basis, target, root, rotation)


def _sliding(jaw: Tensor) -> Tensor:
    """[B, 17, 3] -> [B, 17, 3, 3] that shortens residuals along the contour to SLIDE_SHARE."""
    ends = torch.cat((jaw[:, :1], jaw, jaw[:, -1:]), 1)
    along = torch.nn.functional.normalize(ends[:, 2:] - ends[:, :-2], dim=-1)
    return torch.eye(3).to(jaw) - (1 - SLIDE_SHARE) * along[..., None] * along[..., None, :]


def _solve(problem: _Problem, identities: int, noise: Noise) -> Fits:
    state = _start(problem)
    for _ in range(STEPS):
        state = _step(state, problem, noise)
    points = _shape(state, problem) @ state.rotation.mT
    placed = state.scale[:, None, None] * points[:, :68] + state.translation[:, None]
    labelled = problem.target[:, :68, :2]
    size = (labelled.amax(1) - labelled.amin(1)).prod(-1).sqrt()
    error = (placed[..., :2] - labelled).norm(dim=-1).mean(1) / size
    x, y, _ = state.translation.unbind(-1)
    camera = torch.stack((state.scale, x, -y, torch.zeros_like(x)), -1)
    coefficients = state.coefficients
    return Fits(
        coefficients[:, :identities], coefficients[:, identities:], state.rotation, camera, 100 * error
    )


def _shape(state: _State, problem: _Problem) -> Tensor:
    """[B, P, 3] mm, MODEL space."""
    return problem.mean + torch.tensordot(state.coefficients, problem.basis, 1)


def _start(problem: _Problem) -> _State:
    """The mean face, turned and scaled onto the landmarks."""
    count = len(problem.target)
    mean, target = problem.mean[:68].expand(count, -1, -1), problem.target[:, :68]
    certainty = problem.root[:, :68].square().sum(2)  # [B, 68, 3]
    weights = certainty[..., 0]
    if not bool(certainty[..., 2].any()):  # the depth that a turned plane of pictures would have
        target = torch.cat((target[..., :2], _guessed_depth(mean, target, weights)), 2)
    similarity = weighted_procrustes(mean, target, weights)
    coefficients = target.new_zeros(count, len(problem.basis))
    return _State(coefficients, similarity.rotation, similarity.scale, similarity.translation)


def _guessed_depth(mean: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """[B, 68, 1] depths that go with pictured landmarks, by the affine camera that fits them best."""
    w = (weights / weights.sum(1, keepdim=True))[..., None]
    x, y = mean - (w * mean).sum(1, keepdim=True), target - (w * target).sum(1, keepdim=True)
    affine = (w * y).mT @ x @ torch.linalg.inv((w * x).mT @ x)  # [B, 3, 3], last row zero
    rows = affine[:, :2]
    scale = rows.norm(dim=-1).mean(1)[:, None]
    third = torch.nn.functional.normalize(torch.linalg.cross(rows[:, 0], rows[:, 1]), dim=-1) * scale
    rotation = nearest_rotation(torch.cat((rows, third[:, None]), 1))
    return scale[..., None] * (x @ rotation[:, 2, :, None])


def _step(state: _State, problem: _Problem, noise: Noise) -> _State:
    """One Gauss-Newton step. Unknowns: coefficients, turn [3] rad, growth [1], translation [3] mm."""
    shape, rotation = _shape(state, problem), state.rotation
    points = shape @ rotation.mT
    residual = (problem.target - state.translation[:, None]) / state.scale[:, None, None] - points
    count, places, _ = points.shape
    moved = torch.einsum("bij,cpj->bpic", rotation, problem.basis)
    eye = torch.eye(3).to(points).expand(count, places, 3, 3)
    jacobian = torch.cat((moved, -_cross(points), points[..., None], eye), 3)
    root = problem.root / noise.landmark_mm
    jacobian = (root @ jacobian).flatten(1, 2)
    residual = (root @ residual[..., None]).flatten(1)
    normal = jacobian.mT @ jacobian
    gradient = (jacobian.mT @ residual[..., None])[..., 0]
    size = len(problem.basis)
    prior = torch.full((size + 7,), LOOSE).to(points)
    prior[:size] = 1.0
    normal = normal + torch.diag(prior)
    gradient[:, :size] -= state.coefficients
    if problem.rotation is not None:
        normal[:, range(size, size + 3), range(size, size + 3)] += 1 / noise.rotation_rad**2
        gradient[:, size : size + 3] += _turn_between(rotation, problem.rotation) / noise.rotation_rad**2
    change = torch.cholesky_solve(gradient[..., None], torch.linalg.cholesky(normal))[..., 0]
    turn = torch.linalg.matrix_exp(_cross(change[:, size : size + 3]))
    return _State(
        state.coefficients + change[:, :size],
        turn @ rotation,
        state.scale * torch.exp(change[:, size + 3].clamp(-0.5, 0.5)),
        state.translation + state.scale[:, None] * change[:, size + 4 :],
    )


def _cross(vector: Tensor) -> Tensor:
    """[..., 3] -> [..., 3, 3]: the matrix that multiplies like the cross product with `vector`."""
    x, y, z = vector.unbind(-1)
    zero = torch.zeros_like(x)
    return torch.stack((zero, -z, y, z, zero, -x, -y, x, zero), -1).unflatten(-1, (3, 3))


def _turn_between(source: Tensor, target: Tensor) -> Tensor:
    """[B, 3] axis times sine of the angle of the turn that carries `source` onto `target`."""
    turn = target @ source.mT
    return 0.5 * torch.stack(
        (turn[:, 2, 1] - turn[:, 1, 2], turn[:, 0, 2] - turn[:, 2, 0], turn[:, 1, 0] - turn[:, 0, 1]), -1
    )
