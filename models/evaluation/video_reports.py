"""Tremble and delay of followed faces as text to read and CSV to keep."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from models.detection.detectors import looking_twice
from models.evaluation.moving import FRAMES_PER_S, MOTIONS, moving_head
from models.evaluation.tables import Cells, table
from models.evaluation.video import CALM_PERCENT, Followed, clips, follow, moments
from models.geometry.arrays import Doubles
from models.metrics.errors import delay_frames, jitter_percent, nme_percent
from models.reconstructor import Reconstructor

CLIP_HEADER = (
    *("2nd difference, %", "frames", "picture", "last box", "crop kept", "steady", "delay", "of mouth"),
    *("off: raw", "steady", "lost", "re-found", "ms"),
)
MOVING_HEADER = (
    *("rendered", "frames", "truth", "last box", "crop kept", "steady", "NME: kept", "steady"),
    *("delay: kept", "steady", "ms"),
)


def video_report(folder: Path, method: Reconstructor, limit: int | None, csv_path: Path | None) -> str:
    """Follow the surest face of every clip and say how much it trembles, and what holding it steady costs."""
    detector = looking_twice()
    found = [follow(path.stem, moments(path, limit), method, detector) for path in clips(folder)]
    rows = [_clip_row(clip) for clip in found]
    for title, chosen in (
        (f"calm (picture <= {CALM_PERCENT} %)", [clip for clip in found if clip.calm]),
        ("others", [clip for clip in found if not clip.calm]),
    ):
        if chosen:
            rows.append(_mean_row(title, [_clip_row(clip) for clip in chosen]))
    if csv_path is not None:
        _write(csv_path, CLIP_HEADER, rows)
    return (
        f"{method.name}, {torch.get_num_threads()} threads. Mean |p(t+1) - 2 p(t) + p(t-1)| / sqrt(w h) of "
        "68 points;\npicture: of the face's motion in the picture itself; delay: frames after the raw track "
        "smoothed to both sides;\noff: from that track, %; ms: for holding steady\n\n"
        + table(CLIP_HEADER, rows)
    )


def moving_report(method: Reconstructor, count: int, csv_path: Path | None) -> str:
    """The same on rendered heads in motion, where the truth of every frame is known."""
    rows = [_moving_row(motion, method, count) for motion in MOTIONS]
    if csv_path is not None:
        _write(csv_path, MOVING_HEADER, rows)
    return (
        f"{method.name}, rendered heads at {FRAMES_PER_S:.0f} frames a second. 2nd difference and NME of 68 "
        "points in %,\ndelay in frames after the truth\n\n" + table(MOVING_HEADER, rows)
    )


def _clip_row(clip: Followed) -> Cells:
    return [
        *(clip.name, len(clip.raw), clip.carried, *clip.jitter, *clip.delays, *clip.off),
        *(clip.lost, clip.found_again, clip.steady_ms),
    ]


def _mean_row(title: str, rows: Sequence[Cells]) -> Cells:
    columns = np.array([row[1:] for row in rows], np.float64).T
    means = [float(c[np.isfinite(c)].mean()) if np.isfinite(c).any() else float("nan") for c in columns]
    counts = {0: columns[0], 9: columns[9], 10: columns[10]}
    return [title, *(int(counts[i].sum()) if i in counts else mean for i, mean in enumerate(means))]


def _moving_row(motion: str, method: Reconstructor, count: int) -> Cells:
    images, truth = moving_head(motion, count)
    frames = ((image, i / FRAMES_PER_S) for i, image in enumerate(images))
    run = follow(motion, frames, method, looking_twice())
    errors = [_known_mean(nme_percent(track, truth)) for track in (run.raw, run.steady)]
    delays = [delay_frames(truth.reshape(count, -1), t.reshape(count, -1)) for t in (run.raw, run.steady)]
    return [motion, count, jitter_percent(truth), *run.jitter, *errors, *delays, run.steady_ms]


def _known_mean(values: Doubles) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _write(path: Path, header: Sequence[str], rows: Sequence[Cells]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(
            [f"{value:.4f}" if isinstance(value, float) else value for value in row] for row in rows
        )
