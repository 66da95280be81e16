"""Where the landmarks of the average face belong: fits to many labelled faces, and what they leave."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.errors import InputError
from models.face_model.calibration import INNER_LIPS, Calibration, landmark_basis, placed, raw_placement
from models.face_model.head import Head
from models.geometry.arrays import Doubles
from models.geometry.landmarks import MIRROR

TRUSTED_PERCENT = 5.0  # pseudo-labels that differ more than this from the hand labels are left out
HELD_OUT = 10  # every tenth face is kept for measuring
NOISE_MM = 1.0  # of a landmark, against coefficients of one standard deviation
ROUNDS, STEPS = 5, 6


@dataclass(frozen=True, eq=False, slots=True)
class Fitted:
    """Faces in MODEL space and the model's answer to them.

    Attributes:
        faces: [F, 68, 3] mm, each scaled and moved onto its fit.
        coefficients: [F, C] standard deviations.
        shapes: [F, 68, 3] mm, the fits.
        scale: [F] mm per px.
    """

    faces: Doubles
    coefficients: Doubles
    shapes: Doubles
    scale: Doubles


def calibrate(head: Head, labels: Path) -> Calibration:
    """The calibration from `labels.npz`: landmarks with depth and rotations of many photographed faces.

    Each face is turned back by its own rotation and fitted (scale, place, regularised coefficients). What the
    fits leave, plus the mean identity they need, is where the average face is wrong: first its pitch, then,
    in a few rounds, each landmark. Left and right are averaged.
    """
    faces = frontal_faces(labels)
    training = np.delete(faces, np.s_[::HELD_OUT], axis=0)
    calibration = raw_placement(head)
    pitch = 0.0
    for _ in range(ROUNDS):
        mean, fitted = _fit_placed(head, calibration, training)
        missing = _missing(head, calibration, fitted)
        turn = _pitch_between(mean, mean + missing)
        pitch += np.rad2deg(turn)
        calibration = Calibration(pitch, np.zeros((68, 3)), "")
    for _ in range(ROUNDS):
        mean, fitted = _fit_placed(head, calibration, training)
        missing = _without_pose(mean, _missing(head, calibration, fitted))
        calibration = Calibration(pitch, _lips_closed(calibration.offsets_mm + missing), "")
    used = (
        f"{len(training)} faces of AFLW whose 3DDFA-V2 pseudo-labels lie within {TRUSTED_PERCENT} % "
        "of the hand labels"
    )
    return Calibration(round(pitch, 4), calibration.offsets_mm, f"Mean over {used}; see CARD.md.")


def frontal_faces(labels: Path) -> Doubles:
    """[F, 68, 3] px, y up: the trusted faces of `labels.npz`, each turned back by its own rotation."""
    if not labels.exists():
        raise InputError(f"{labels} is not there; --calibration takes the folder that holds labels.npz.")
    with np.load(labels, allow_pickle=False) as file:
        points, rotation = file["landmarks68_tddfa"], file["rotation_tddfa"]
        trusted = file["disagreement_percent"] < TRUSTED_PERCENT
    points = points[trusted].astype(np.float64) * (1, -1, 1)
    return np.einsum("fpi,fij->fpj", points, rotation[trusted].astype(np.float64))


def fit(faces: Doubles, mean: Doubles, basis: Doubles) -> Fitted:
    """Regularised fits of mean + coefficients . basis, each up to scale and place.

    Args:
        faces: [F, 68, 3] px, turned to the front.
        mean: [68, 3] mm.
        basis: [C, 68, 3] mm per standard deviation.
    """
    flat = basis.reshape(len(basis), -1)
    solve = np.linalg.solve(flat @ flat.T + NOISE_MM**2 * np.eye(len(flat)), flat)
    centred = faces - faces.mean(1, keepdims=True)
    shapes = np.broadcast_to(mean, faces.shape)
    for _ in range(STEPS):
        middle = shapes.mean(1, keepdims=True)
        scale = ((shapes - middle) * centred).sum((1, 2)) / (centred**2).sum((1, 2))
        placed_faces = scale[:, None, None] * centred + middle
        coefficients = (placed_faces - mean).reshape(len(faces), -1) @ solve.T
        shapes = mean + np.tensordot(coefficients, basis, 1)
    return Fitted(placed_faces, coefficients, shapes, scale)


def nme_percent(fitted: Fitted) -> Doubles:
    """[F] mean landmark error in the picture plane, % of sqrt(w h) of the landmarks' box."""
    size = np.sqrt(np.ptp(fitted.faces[..., :2], axis=1).prod(-1))
    return np.asarray(
        100 * np.linalg.norm(fitted.shapes[..., :2] - fitted.faces[..., :2], axis=-1).mean(1) / size
    )


def _fit_placed(head: Head, calibration: Calibration, faces: Doubles) -> tuple[Doubles, Fitted]:
    """The placed average face's landmarks [68, 3], and the fits."""
    place = placed(head, calibration)
    mean, basis = landmark_basis(head, place)
    return mean, fit(faces, mean, basis)


def _missing(head: Head, calibration: Calibration, fitted: Fitted) -> Doubles:
    """[68, 3] mm, symmetric: what should be added to the average face's landmarks."""
    _, basis = landmark_basis(head, placed(head, calibration))
    identities = len(head.identity.offsets)
    shift = (fitted.faces - fitted.shapes).mean(0)
    shift += np.tensordot(fitted.coefficients[:, :identities].mean(0), basis[:identities], 1)
    return (shift + shift[MIRROR] * (-1, 1, 1)) / 2


def _lips_closed(offsets: Doubles) -> Doubles:
    """`offsets` with one height and depth for both of two inner lip landmarks that touch."""
    out = offsets.copy()
    for upper, lower in INNER_LIPS:
        out[[upper, lower], 1:] = out[[upper, lower], 1:].mean(0)
    return out


def _pitch_between(source: Doubles, target: Doubles) -> float:
    """Turn about x, radians, that best carries `source` [P, 3] onto `target`, up to scale and place."""
    a, b = source - source.mean(0), target - target.mean(0)
    return float(np.arctan2((a[:, 1] * b[:, 2] - a[:, 2] * b[:, 1]).sum(), (a[:, 1:] * b[:, 1:]).sum()))


def _without_pose(points: Doubles, offsets: Doubles) -> Doubles:
    """`offsets` [P, 3] less their movement and growth of the whole; a turn is kept, it is the pitch's job."""
    arm = points - points.mean(0)
    still = offsets - offsets.mean(0)
    return still - arm * (arm * still).sum() / (arm * arm).sum()
