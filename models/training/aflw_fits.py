"""Our face model fitted to the labelled crops of AFLW (see models/ground_truth/aflw.py)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.face_model.fitting import Fits, Noise, Points, fit
from models.face_model.morphable import FaceModel
from models.ground_truth.aflw import AS_LANDMARKS, TRUSTED_PERCENT, Labels

FITTED_PERCENT = 2.5  # faces that our model fits worse than this are left out
NOISE = Noise(landmark_mm=2.0, rotation_rad=0.05)
MIRROR21 = np.array([5, 4, 3, 2, 1, 0, 11, 10, 9, 8, 7, 6, 16, 15, 14, 13, 12, 19, 18, 17, 20])
HAND_MM = np.array(  # how far a hand label strays (measured)
    [4.2, 4, 3.6, 3.6, 4, 4.2, 2.8, 2.9, 2.6, 2.6, 2.9, 2.8, 9, 3.2, 3.5, 3.2, 9, 2.8, 2.7, 2.8, 4.4]
)
PLACED = 3.0  # how much more a landmark counts that people placed in this very photo
HAND_SHARE = 2.0  # weight of a hand label of 2.8 mm against a pseudo-label


def fit_labels(labels: Labels, face_model: FaceModel) -> Fits:
    """The face model fitted to pseudo-labels and hand labels together.

    The two conventions differ: where annotators click is not where the pseudo-labels' mesh has its vertex,
    and the hand labels lie about half a pixel to the right. Both are measured first, on fits to the
    pseudo-labels alone, so that hand labels only move what is particular to a face.
    """
    trusted = labels.disagreement_percent < TRUSTED_PERCENT
    placed = 1 + PLACED * labels.placed
    first = fit(face_model, labels.landmarks, placed, rotation=labels.rotation, noise=NOISE)
    offset_mm, shift_px = _habits21(labels, first, face_model, trusted)
    positions = labels.points21 - shift_px * labels.points21.new_tensor((1.0, 0.0))
    weights = labels.visible21 * torch.from_numpy(HAND_SHARE * (2.8 / HAND_MM) ** 2).float()
    weights = weights * torch.tensor([float(bool(marks)) for marks in AS_LANDMARKS])
    points = Points(positions, weights, _of_landmarks(), offset_mm)
    return fit(face_model, labels.landmarks, placed, points, labels.rotation, NOISE)


def usable(labels: Labels, error_percent: Tensor) -> NDArray[np.int64]:
    """Rows of the faces to train on: trusted, well fitted, not held out."""
    good = (labels.disagreement_percent < TRUSTED_PERCENT) & (error_percent < FITTED_PERCENT)
    return np.flatnonzero(good.numpy() & ~labels.held_out)


def cached_fits(labels: Labels, face_model: FaceModel, cache: Path) -> Fits:
    """`fit_labels`, or what it gave the last time for the same face model and the same labels."""
    wanted = _fingerprint(labels, face_model)
    if cache.exists():
        with np.load(cache, allow_pickle=False) as file:
            if str(file["fingerprint"]) == wanted:
                return Fits(*(torch.from_numpy(file[name]) for name in Fits._fields))
    fits = fit_labels(labels, face_model)
    cache.parent.mkdir(parents=True, exist_ok=True)
    arrays = {name: value.numpy() for name, value in zip(Fits._fields, fits, strict=True)}
    np.savez(cache, fingerprint=np.array(wanted), **arrays)  # type: ignore[arg-type]
    return fits


def _fingerprint(labels: Labels, face_model: FaceModel) -> str:
    """Changes with the shape of the face model, the labels and the rules above."""
    rules = repr((NOISE, PLACED, HAND_SHARE, HAND_MM.tolist(), TRUSTED_PERCENT, AS_LANDMARKS))
    digest = hashlib.sha256(rules.encode())
    for tensor in (face_model.landmarks(face_model.mean[None]), face_model.landmarks(face_model.basis)):
        digest.update(tensor.numpy().tobytes())
    for tensor in (labels.landmarks, labels.points21, labels.visible21, labels.placed):
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


def _of_landmarks() -> Tensor:
    rows = torch.zeros(21, 68)
    for row, marks in zip(rows, AS_LANDMARKS, strict=True):
        row[list(marks)] = 1 / max(len(marks), 1)
    return rows


def _habits21(labels: Labels, fits: Fits, face_model: FaceModel, trusted: Tensor) -> tuple[Tensor, float]:
    """How AFLW's hand labels differ from fits: [21, 3] mm and px to the right, see `habits`."""
    marks = face_model.landmarks(face_model.vertices(fits.identity, fits.expression))
    points = (_of_landmarks() @ marks) @ fits.rotation.mT
    scale = fits.camera[:, :1, None]
    expected = fits.camera[:, None, 1:3] + scale * points[..., :2] * points.new_tensor((1.0, -1.0))
    known = _of_landmarks().sum(1) > 0
    seen = (labels.visible21 > 0) & trusted[:, None] & known
    return habits(
        labels.points21 - expected, seen, torch.from_numpy(MIRROR21), fits.rotation, fits.camera[:, 0]
    )


def habits(
    missing: Tensor, seen: Tensor, mirror: Tensor, rotation: Tensor, px_per_mm: Tensor
) -> tuple[Tensor, float]:
    """How labels of another kind differ: [K, 3] mm in MODEL space (symmetric), and px to the right.

    Args:
        missing: [F, K, 2] px, y down: from what is expected to those labels.
        seen: [F, K] where there are any.
        mirror: [K] the same point on the other side of the face.
        rotation: [F, 3, 3] of the heads, y up.
        px_per_mm: [F] their scale.
    """
    scale = px_per_mm[:, None, None]
    offset, shift = torch.zeros(missing.shape[1], 3), 0.0
    for _ in range(4):
        off = (missing - missing.new_tensor((shift, 0.0))) / scale * missing.new_tensor((1.0, -1.0))
        for k in range(len(offset)):
            if bool(seen[:, k].any()):
                offset[k] = _offset(off[seen[:, k], k], rotation[seen[:, k]])
        offset = (offset + offset[mirror] * offset.new_tensor((-1.0, 1.0, 1.0))) / 2
        moved = (rotation[:, None] @ offset[..., None])[..., 0] * scale
        ahead = missing[..., 0] - moved[..., 0]
        shift = float(ahead[seen].median()) if bool(seen.any()) else 0.0
    return offset, shift


def _offset(missing_mm: Tensor, rotation: Tensor) -> Tensor:
    """[3] o for which the pictures [F, 2] of R o come nearest to what is missing, y up."""
    rows, values = rotation[:, :2].reshape(-1, 3), missing_mm.reshape(-1)
    ridge = 1e-2 * (len(rows) + 1) * torch.eye(3)
    return torch.linalg.solve(rows.mT @ rows + ridge, rows.mT @ values)
