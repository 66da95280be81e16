"""How far an answer is from the truth, or two answers from each other: pure numpy.

Points are [..., K, D] in any pixel space, errors come back without the last two axes. Shares are in percent.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Doubles

MAX_SCORED_ANGLE_DEG = 99.0


def box_size(points: NDArray[np.floating]) -> Doubles:
    """The size a face is measured by: sqrt(w h) of the box around its points in x and y.

    Args:
        points: [..., K, D >= 2], px; usually the 68 true landmarks.

    Returns:
        [...], px.
    """
    width, height = np.moveaxis(np.ptp(np.asarray(points, np.float64)[..., :2], axis=-2), -1, 0)
    return np.asarray(np.sqrt(width * height))


def nme_percent(
    predicted: NDArray[np.floating],
    truth: NDArray[np.floating],
    select: NDArray[np.bool_] | None = None,
    size: Callable[[NDArray[np.floating]], Doubles] = box_size,
) -> Doubles:
    """Normalised mean error in the picture plane.

    100 * mean_k |p_k - g_k| / sqrt(w h), x and y only, w and h of the box around *all* true points, so that
    the figures of two subsets share one scale and their weighted mean is the figure of the whole.

    Args:
        predicted: [..., K, D >= 2].
        truth: [..., K, D >= 2], same unit.
        select: [..., K] bool, the points to score (e.g. the visible ones); None for all.
        size: What the error is divided by, from the true points; see models.metrics.normalisers.

    Returns:
        [...], percent; NaN where `select` picks nothing.
    """
    distance = np.linalg.norm(_difference(predicted, truth)[..., :2], axis=-1)
    return 100 * _mean_over_points(distance, select) / size(truth)


def nme3d_percent(
    predicted: NDArray[np.floating],
    truth: NDArray[np.floating],
    select: NDArray[np.bool_] | None = None,
    size: Callable[[NDArray[np.floating]], Doubles] = box_size,
) -> Doubles:
    """Normalised mean error in space; depth is only defined up to an offset, so that is taken out.

    As `nme_percent` with x, y, z after subtracting from each list its own mean z (the protocol of SADRNet and
    DSFNet), over all points even where some are selected: a hidden half that lies too deep is an error.

    Args:
        predicted: [..., K, 3].
        truth: [..., K, 3], same unit; z of the same sign.
        select: [..., K] bool, the points to score; None for all.
        size: As in `nme_percent`.

    Returns:
        [...], percent; NaN where `select` picks nothing.
    """
    difference = _difference(predicted, truth)
    difference[..., 2] -= difference[..., 2].mean(-1, keepdims=True)
    distance = np.linalg.norm(difference[..., :3], axis=-1)
    return 100 * _mean_over_points(distance, select) / size(truth)


def signed_residual_percent(predicted: NDArray[np.floating], truth: NDArray[np.floating]) -> Doubles:
    """Which way each point is off: 100 * (p_k - g_k) / sqrt(w h).

    A mean over many faces that is not near zero is a bias (of the landmark definition, usually), not noise.

    Args:
        predicted: [..., K, D >= 2].
        truth: [..., K, D >= 2].

    Returns:
        [..., K, 2]: x to the right, y down, percent.
    """
    return 100 * _difference(predicted, truth)[..., :2] / box_size(truth)[..., None, None]


def pose_is_scored(truth_deg: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which faces count in pose figures: those with no |angle| above 99 degrees, as all published ones do.

    Args:
        truth_deg: [..., 3].

    Returns:
        [...] bool.
    """
    return np.asarray((np.abs(truth_deg) <= MAX_SCORED_ANGLE_DEG).all(-1))


def pose_mae_deg(predicted_deg: NDArray[np.floating], truth_deg: NDArray[np.floating]) -> Doubles:
    """Mean absolute error of pitch, yaw and roll over the faces that `pose_is_scored`, without wrap-around.

    Args:
        predicted_deg: [F, 3].
        truth_deg: [F, 3], same convention.

    Returns:
        [3], degrees; NaN where no face counts. The published "MAE" is the mean of the three.
    """
    scored = pose_is_scored(truth_deg)
    if not scored.any():
        return np.full(3, np.nan)
    return np.asarray(np.abs(_difference(predicted_deg, truth_deg)[scored]).mean(0))


def geodesic_deg(first: NDArray[np.floating], second: NDArray[np.floating]) -> Doubles:
    """The angle of the one turn that carries one rotation onto the other.

    |R - S|_F = 2 sqrt(2) sin(angle / 2); with the sine the small angles are exact, unlike with arccos(trace).

    Args:
        first: [..., 3, 3] rotations.
        second: [..., 3, 3] rotations.

    Returns:
        [...], degrees in 0..180.
    """
    chord = np.linalg.norm(_difference(first, second), axis=(-2, -1))
    return np.asarray(np.degrees(2 * np.arcsin(np.clip(chord / np.sqrt(8), 0, 1))))


def disagreement(first: NDArray[np.floating], second: NDArray[np.floating]) -> Doubles:
    """How far two answers of one topology lie apart, point by point.

    Args:
        first: [..., N, D], one space.
        second: [..., N, D], the same space.

    Returns:
        [..., N], the unit of the points.
    """
    return np.asarray(np.linalg.norm(_difference(first, second), axis=-1))


def followed(
    fused: NDArray[np.floating], first: NDArray[np.floating], second: NDArray[np.floating], least: float
) -> Doubles:
    """Which of two answers their fusion followed, point by point.

    alpha = <F - S, I - S> / |I - S|^2: 1 where the fused point F lies on the first answer I, 0 where it lies
    on the second S, below 0 or above 1 where it lies beyond them.

    Args:
        fused, first, second: [..., N, D], one space.
        least: How far apart the two must be for the question to have an answer, in the unit of the points.

    Returns:
        [..., N]; NaN where the two lie closer together than `least`.
    """
    apart = _difference(first, second)
    square = np.einsum("...d,...d->...", apart, apart)
    along = np.einsum("...d,...d->...", _difference(fused, second), apart)
    tells = (square >= least**2) & (square > 0)
    return np.asarray(np.divide(along, square, out=np.full(square.shape, np.nan), where=tells))


def jitter_percent(track: NDArray[np.floating]) -> float:
    """How much a followed face trembles, in its own size.

    100 * mean_t mean_k |p_k(t+1) - 2 p_k(t) + p_k(t-1)| / sqrt(w h), x and y only, w and h of the box around
    the points of frame t. Steady motion of any speed gives zero; what the face itself speeds up or slows down
    counts; white noise of standard deviation s per axis gives 100 s sqrt(6) sqrt(pi / 2) / sqrt(w h).

    Args:
        track: [T, K, D >= 2], the same points in consecutive frames; a frame of NaN (a lost face) takes the
            three differences it is part of out of the mean.

    Returns:
        Percent per frame squared; NaN where no three frames follow each other.
    """
    points = np.asarray(track, np.float64)[..., :2]
    if len(points) < 3:
        return float("nan")
    each = 100 * np.linalg.norm(np.diff(points, n=2, axis=0), axis=-1).mean(-1) / box_size(points[1:-1])
    known = each[np.isfinite(each)]
    return float(known.mean()) if len(known) else float("nan")


def delay_frames(reference: NDArray[np.floating], track: NDArray[np.floating], most: float = 4.0) -> float:
    """By how many frames `track` comes after `reference`.

    The shift d in -most..most, to a twentieth of a frame, that minimises the mean square of
    (track(t) - reference(t - d)) about its mean; the reference is interpolated linearly.

    Args:
        reference: [T, C], channels of one trajectory.
        track: [T, C], the same channels.
        most: Frames.

    Returns:
        Frames, positive where the track lags; NaN where too few frames are known.
    """
    known = np.isfinite(reference).all(1) & np.isfinite(track).all(1)
    times = np.arange(len(track), dtype=np.float64)
    inner = known & (times >= most) & (times < len(track) - most)
    if inner.sum() < 3 * most:
        return float("nan")
    shifts = np.linspace(-most, most, round(40 * most) + 1)

    def off(shift: float) -> float:
        moved = [np.interp(times[inner] - shift, times[known], channel[known]) for channel in reference.T]
        return float((track[inner] - np.stack(moved, 1)).var(0).sum())

    return float(shifts[int(np.argmin([off(shift) for shift in shifts.tolist()]))])


def reconstruction_error(
    predicted: NDArray[np.floating], truth: NDArray[np.floating], length: float
) -> float:
    """Mean distance after a similarity of known correspondence, as SADRNet and DSFNet have it.

    The scale is sum |G_i - G_0| / sum |P_i - P_0|, distances to the first point; the rotation is that of
    least squares over all points (Kabsch 1976, mirrors not ruled out, as there), the shift that of the means.

    Args:
        predicted: [N, 3]; truth: [N, 3], point by point.
        length: What the mean distance is divided by, e.g. the 3D distance of the outer eye corners.

    Returns:
        A share of `length`.
    """
    p, g = np.asarray(predicted, np.float64), np.asarray(truth, np.float64)
    scale = np.linalg.norm(g - g[0], axis=1).sum() / np.linalg.norm(p - p[0], axis=1).sum()
    p = scale * p
    u, _, vt = np.linalg.svd((g - g.mean(0)).T @ (p - p.mean(0)))
    moved = (p - p.mean(0)) @ (u @ vt).T + g.mean(0)
    return float(np.linalg.norm(moved - g, axis=1).mean() / length)


def failure_share(errors: NDArray[np.floating], limit: float) -> float:
    """Share of the errors above a limit, those not known (lost faces) included; NaN of none."""
    values = np.asarray(errors, np.float64)
    return float((~(values <= limit)).mean()) if values.size else float("nan")


def area_under_curve(errors: NDArray[np.floating], limit: float) -> float:
    """Area under the cumulative error curve from 0 to a limit, as a share of the whole: 1 at best.

    The integral of the share of errors <= x over x in 0..limit, divided by limit; in closed form
    1 - mean(min(e, limit)) / limit. An error not known (a lost face) counts as beyond the limit.

    Args:
        errors: [F].
        limit: Above 0, the unit of the errors.

    Returns:
        0..1; NaN of none.
    """
    values = np.asarray(errors, np.float64)
    if not values.size:
        return float("nan")
    return float(1 - np.where(np.isfinite(values), values, np.inf).clip(0, limit).mean() / limit)


def iou(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """Intersection over union of two masks of one shape; 1 where both are empty."""
    if first.shape != second.shape:
        raise ValueError(f"masks must have one shape, not {first.shape} and {second.shape}")
    union = int((first | second).sum())
    return float((first & second).sum() / union) if union else 1.0


def box_iou(first: NDArray[np.floating], second: NDArray[np.floating]) -> Doubles:
    """Intersection over union of boxes (x0, y0, x1, y1).

    Args:
        first: [..., 4].
        second: [..., 4]; the leading axes broadcast, so [A, 1, 4] and [1, B, 4] give all pairs.

    Returns:
        [...], 0..1; 0 where both are empty.
    """
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    overlap = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    shared = overlap.clip(0).prod(-1)
    union = _area(a) + _area(b) - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(union), where=union > 0))


def _area(box: Doubles) -> Doubles:
    return np.asarray((box[..., 2:] - box[..., :2]).clip(0).prod(-1))


def _difference(predicted: NDArray[np.floating], truth: NDArray[np.floating]) -> Doubles:
    if predicted.shape != truth.shape:
        raise ValueError(f"answer and truth must have one shape, not {predicted.shape} and {truth.shape}")
    return np.asarray(predicted, np.float64) - np.asarray(truth, np.float64)


def _mean_over_points(values: Doubles, select: NDArray[np.bool_] | None) -> Doubles:
    """[..., K] -> [...]: the mean over the selected points; NaN where there are none."""
    if select is None:
        return np.asarray(values.mean(-1))
    picked = np.broadcast_to(select, values.shape)
    count = picked.sum(-1).astype(np.float64)
    total = np.where(picked, values, 0.0).sum(-1)
    return np.asarray(np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0))
