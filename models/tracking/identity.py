"""Who is who from frame to frame: faces are told apart by where they were going and by their shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.metrics.errors import box_size
from models.reconstruction import Array, Reconstruction
from models.tracking.motion import similarity

MEMORY_S = 1.5  # a face lost for longer is forgotten
STEP = 0.6  # face sizes from where it is expected at which a face may be found
STEP_PER_S = 1.0  # more of them for each second nobody saw it
LARGEST_GROWTH = 2.0
SHAPE_WEIGHT = 10.0  # face sizes of distance that weigh as much as a wholly different shape
SPEED_S = 0.15  # over which speed is averaged
SHAPE_S = 1.0  # over which shape is


@dataclass(frozen=True, eq=False, slots=True)
class Track:
    """One face over time.

    Attributes:
        identity: From 1, never given twice.
        centre: [2] px, the mean of its landmarks when it was last seen.
        velocity: [2] px per second.
        size_px: sqrt(w h) of the box around its landmarks.
        shape: [68, 3] landmarks about their mean, in sizes; a running mean of aligned answers.
        seen_s: When it was last seen.
    """

    identity: int
    centre: NDArray[np.float64]
    velocity: NDArray[np.float64]
    size_px: float
    shape: NDArray[np.float64]
    seen_s: float

    def expected(self, time_s: float) -> NDArray[np.float64]:
        """[2] px: where it is then if it went on as it did."""
        return np.asarray(self.centre + self.velocity * (time_s - self.seen_s))


@dataclass(frozen=True, eq=False, slots=True)
class Roster:
    """The faces known: those in the last frame and those lost a moment ago.

    Attributes:
        tracks: In the order of their identities.
        issued: How many identities were given so far.
    """

    tracks: tuple[Track, ...] = ()
    issued: int = 0

    def missing(self, time_s: float) -> int:
        """How many remembered faces were not seen in the frame of that time."""
        return sum(track.seen_s < time_s for track in self.tracks)

    def forgotten(self) -> Roster:
        """Nobody known, e.g. after a cut; identities are not given again."""
        return Roster((), self.issued)


def identified(
    roster: Roster, answers: Sequence[Reconstruction], time_s: float
) -> tuple[Roster, tuple[int, ...]]:
    """Give each answer of a frame its identity.

    Every pair of a known face and an answer within reach costs

        |centre - expected centre| / size + SHAPE_WEIGHT * rms(aligned landmarks - known shape) / size,

    and the cheapest pairs are joined first. Where two faces cross, each thus keeps going its way, whichever
    crop found it. An answer without a partner is a new face.

    Args:
        roster: Of the frames before.
        answers: Of this frame in IMAGE space, about different faces.
        time_s: Of this frame, not before the last.

    Returns:
        The roster for the next frame, and one identity per answer.
    """
    known = [track for track in roster.tracks if time_s - track.seen_s <= MEMORY_S]
    marks = [answer.landmarks for answer in answers]
    pairs = sorted(
        (cost, t, a)
        for t, track in enumerate(known)
        for a, points in enumerate(marks)
        if math.isfinite(cost := _cost(track, points, time_s))
    )
    partner: dict[int, int] = {}
    for _, t, a in pairs:
        if t not in partner.values() and a not in partner:
            partner[a] = t
    issued = roster.issued
    tracks = {track.identity: track for track in known}
    identities = []
    for a, points in enumerate(marks):
        if a in partner:
            track = _seen_again(known[partner[a]], points, time_s)
        else:
            issued += 1
            track = _new(issued, points, time_s)
        tracks[track.identity] = track
        identities.append(track.identity)
    return Roster(tuple(tracks[i] for i in sorted(tracks)), issued), tuple(identities)


def _new(identity: int, points: Array, time_s: float) -> Track:
    size = _size(points)
    return Track(identity, _centre(points), np.zeros(2), size, _about_mean(points) / size, time_s)


def _cost(track: Track, points: Array, time_s: float) -> float:
    """In face sizes; infinite where it cannot be this face."""
    size = _size(points)
    growth = max(size, track.size_px) / min(size, track.size_px)
    away = float(np.linalg.norm(_centre(points) - track.expected(time_s))) / max(size, track.size_px)
    reach = STEP + STEP_PER_S * (time_s - track.seen_s)
    if not (growth <= LARGEST_GROWTH and away <= reach):  # neither where a mesh went astray: NaN
        return math.inf
    off = _aligned(points, track.shape) - track.shape
    return away + SHAPE_WEIGHT * float(np.sqrt(np.square(off).sum(1).mean()))


def _seen_again(track: Track, points: Array, time_s: float) -> Track:
    elapsed_s = time_s - track.seen_s
    centre, size = _centre(points), _size(points)
    velocity = track.velocity
    if elapsed_s > 0:
        velocity = velocity + _reached(elapsed_s, SPEED_S) * ((centre - track.centre) / elapsed_s - velocity)
    shape = track.shape + _reached(elapsed_s, SHAPE_S) * (_aligned(points, track.shape) - track.shape)
    return replace(track, centre=centre, velocity=velocity, size_px=size, shape=shape, seen_s=time_s)


def _reached(elapsed_s: float, constant_s: float) -> float:
    return -math.expm1(-elapsed_s / constant_s)


def _aligned(points: Array, shape: NDArray[np.float64]) -> NDArray[np.float64]:
    """[68, 3]: landmarks carried onto a shape by the best similarity; as they are where none fits."""
    source = _about_mean(points)
    found = similarity(source, shape)
    if found is None:
        return source / _size(points)
    scale, rotation, translation = found
    return np.asarray(scale * source @ rotation.T + translation)


def _about_mean(points: Array) -> NDArray[np.float64]:
    values = points.astype(np.float64)
    return np.asarray(values - values.mean(0))


def _centre(points: Array) -> NDArray[np.float64]:
    return np.asarray(points[:, :2].astype(np.float64).mean(0))


def _size(points: Array) -> float:
    return max(float(box_size(points)), 1e-6)
