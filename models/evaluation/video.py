"""Faces followed through clips: what the network says frame by frame, and what is left when held steady."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from models.errors import InputError
from models.geometry.arrays import Doubles, Photo
from models.metrics.errors import box_size, delay_frames, jitter_percent
from models.pipeline import reconstruct
from models.reconstruction import Reconstruction
from models.reconstructor import Detector, Face, Reconstructor
from models.tracking.boxes import followed, span
from models.tracking.motion import face_motion
from models.tracking.smoothing import Steady, steadied

Moment = tuple[Photo, float]

SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v")
INNER = slice(17, 68)
LIPS = (62, 66)  # upper and lower, in the middle
LEAST_OPENING = 1.0  # percent of the face: spread of a mouth that moves
CALM_PERCENT = 0.25


@dataclass(frozen=True, eq=False, slots=True)
class Followed:
    """One face through T frames; rows of frames in which it was lost are NaN.

    Attributes:
        name: Of the clip.
        last_box: [T, 68, 2] px, each crop around the landmarks of the last answer.
        raw: Likewise, the crop kept where the face stays in it.
        steady: Likewise, and held steady.
        carried: The second difference of the motion of the picture at the landmarks, percent of the face.
        found_again: How often faces had to be looked for after the first time.
        steady_ms: Median time that holding steady took.
    """

    name: str
    last_box: Doubles
    raw: Doubles
    steady: Doubles
    carried: float
    found_again: int
    steady_ms: float

    @property
    def lost(self) -> int:
        """Frames without a face."""
        return int(np.isnan(self.raw[:, 0, 0]).sum())

    @property
    def calm(self) -> bool:
        """Whether the face in the picture itself hardly speeds up or slows down."""
        return self.carried <= CALM_PERCENT

    @property
    def jitter(self) -> tuple[float, float, float]:
        """Percent: last box, crop kept, held steady."""
        return jitter_percent(self.last_box), jitter_percent(self.raw), jitter_percent(self.steady)

    @property
    def delays(self) -> tuple[float, float]:
        """Frames by which the steady face comes after the raw one, smoothed to both sides; face and mouth."""
        before, after = smoothed(self.raw), self.steady
        opening = _opening(before)
        shares = _known(100 * opening / box_size(before))
        moves = len(shares) > 0 and float(shares.std()) >= LEAST_OPENING
        mouth = delay_frames(opening[:, None], _opening(after)[:, None]) if moves else float("nan")
        return delay_frames(_flat(before), _flat(after)), mouth

    @property
    def off(self) -> tuple[float, float]:
        """Mean distance of raw and steady landmarks from the raw ones smoothed to both sides, percent."""
        middle = smoothed(self.raw)
        size = box_size(middle)[:, None]
        raw, steady = (
            _known(100 * np.linalg.norm(track - middle, axis=-1) / size) for track in (self.raw, self.steady)
        )
        return _mean(raw), _mean(steady)


def clips(folder: Path) -> list[Path]:
    """The videos of a folder, by name; a file counts as a folder of one.

    Raises:
        InputError: There is none.
    """
    if folder.is_file():
        return [folder]
    found = sorted(path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES)
    if not found:
        raise InputError(f"{folder} holds no video. Name a folder with {', '.join(SUFFIXES)} files.")
    return found


def moments(path: Path, limit: int | None = None) -> Iterator[Moment]:
    """Frames of a video, RGB, with their times in seconds.

    Raises:
        InputError: It cannot be read.
    """
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise InputError(f"{path.name} has no picture. Name a video.")
            for index, frame in enumerate(container.decode(video=0)):
                if limit is not None and index >= limit:
                    return
                yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8), float(frame.time or 0.0)
    except (OSError, ValueError, av.error.FFmpegError) as error:
        raise InputError(f"{path.name} is not a video that can be read ({error}).") from error


def follow(name: str, frames: Iterable[Moment], method: Reconstructor, detector: Detector) -> Followed:
    """The surest face of a clip, followed by two crop rules side by side and held steady on the second."""
    jumpy, kept = _Walk(method, detector, keep=False), _Walk(method, detector, keep=True)
    state: Steady | None = None
    rows: list[tuple[Doubles, Doubles, Doubles]] = []
    motions: list[Doubles] = []
    took: list[float] = []
    before: tuple[Photo, Reconstruction] | None = None
    for image, time_s in frames:
        answer, other = kept.next(image), jumpy.next(image)
        result = None
        if answer is not None:
            start = time.perf_counter()
            state, result = steadied(state, image, time_s, answer)
            took.append(1e3 * (time.perf_counter() - start))
        else:
            state = None
        rows.append((_points(other), _points(answer), _points(result)))
        motions.append(_displacement(before, image))
        before = None if answer is None else (image, answer)
    tracks = np.array(rows).reshape(-1, 3, 68, 2)
    carried = _second_difference(np.array(motions).reshape(-1, 68, 2), tracks[:, 1])
    middle = float(np.median(took)) if took else float("nan")
    return Followed(name, tracks[:, 0], tracks[:, 1], tracks[:, 2], carried, max(kept.looks - 1, 0), middle)


class _Walk:
    """One face, frame after frame; counts how often it was looked for."""

    def __init__(self, method: Reconstructor, detector: Detector, keep: bool) -> None:
        self._method, self._detector, self._keep = method, detector, keep
        self._next: list[Face] = []
        self.looks = 0

    def next(self, image: Photo) -> Reconstruction | None:
        faces = self._next
        if not faces:
            faces = self._detector(image)[:1]
            self.looks += 1
        answers = reconstruct(image, faces, self._method)
        self._next = followed(answers, image.shape[1], image.shape[0])
        if self._next and not self._keep:
            self._next = [span(answers[0])]
        return answers[0] if answers else None


def smoothed(track: Doubles) -> Doubles:
    """[T, K, 2]: each point averaged with its neighbours in time, weights 1 4 6 4 1: no delay."""
    padded = np.concatenate((track[:1], track[:1], track, track[-1:], track[-1:]))
    weights = np.array([1, 4, 6, 4, 1]) / 16
    return np.asarray(sum(w * padded[i : i + len(track)] for i, w in enumerate(weights.tolist())))


def _points(answer: Reconstruction | None) -> Doubles:
    return np.full((68, 2), np.nan) if answer is None else answer.landmarks[:, :2].astype(np.float64)


def _displacement(before: tuple[Photo, Reconstruction] | None, image: Photo) -> Doubles:
    """[68, 2] px: how the picture moved at the landmarks; NaN where unknown."""
    if before is None:
        return np.full((68, 2), np.nan)
    points = _points(before[1])
    motion = face_motion(before[0], image, points[INNER], span(before[1]).box)
    return np.full((68, 2), np.nan) if motion is None else points @ motion[:, :2].T + motion[:, 2] - points


def _second_difference(motions: Doubles, track: Doubles) -> float:
    """Percent of the face: mean change of the motion from frame to frame."""
    each = np.linalg.norm(np.diff(motions, axis=0), axis=-1).mean(-1) / box_size(track[1:])
    return 100 * _mean(_known(each))


def _known(values: Doubles) -> Doubles:
    return np.asarray(values[np.isfinite(values)])


def _mean(values: Doubles) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _opening(track: Doubles) -> Doubles:
    """[T] px: how far the mouth is open."""
    return np.asarray(np.linalg.norm(track[:, LIPS[0]] - track[:, LIPS[1]], axis=-1))


def _flat(track: Doubles) -> Doubles:
    return track.reshape(len(track), -1)
