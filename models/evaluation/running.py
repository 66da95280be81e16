"""A method asked about every face of a protocol: in turn, with progress, from where it was left."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.errors import UnmaskError
from models.evaluation.journal import Journal
from models.evaluation.protocol import NAN, Row, Sample
from models.evaluation.rendered import ask_about_square
from models.evaluation.scoring import matching
from models.pipeline import outside_the_picture, reconstruct
from models.reconstruction import Reconstruction
from models.reconstructor import Detector, Face, Reconstructor

EVERY_S = 2.0  # between two lines of progress

Say = Callable[[str], None]
Clock = Callable[[], float]


def run(
    samples: Sequence[Sample],
    method: Reconstructor,
    journal: Journal,
    detector: Detector,
    always_detect: bool = False,
    say: Say = lambda _line: None,
    clock: Clock = time.monotonic,
) -> list[Row]:
    """The rows of all samples, in their order; those in the journal are not asked about again.

    A face that cannot be read or measured becomes a row that says why; the others go on.

    Args:
        samples: Of a protocol.
        method: Under test.
        journal: Keeps each row at once.
        detector: Finds the faces whose box nobody knows; with `always_detect` all of them.
        always_detect: As a user would: boxes come from the detector, and it may miss a face.
        say: Hears how far it is and how long the rest will take, every other second.
        clock: Seconds.
    """
    known = journal.rows()
    rows = [known.get(sample.name) for sample in samples]
    left = [i for i, row in enumerate(rows) if row is None]
    start = told = clock()
    if len(left) < len(samples):
        say(f"{len(samples) - len(left)} of {len(samples)} faces were measured before")
    for done, i in enumerate(left, 1):
        row = rows[i] = _measured(samples[i], method, detector, always_detect)
        journal.put(row)
        now = clock()
        if now - told >= EVERY_S or done == len(left):
            told = now
            say(_progress(len(samples) - len(left) + done, len(samples), now - start, done))
    return [row for row in rows if row is not None]


def _progress(done: int, count: int, seconds: float, measured: int) -> str:
    each = seconds / measured
    return f"{done} of {count} faces, {each:.2f} s each, {_duration(each * (count - done))} left"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _measured(sample: Sample, method: Reconstructor, detector: Detector, always_detect: bool) -> Row:
    try:
        image = sample.image()
        start = time.perf_counter()
        answer = _asked(sample, image, method, detector, always_detect)
        ms = 1e3 * (time.perf_counter() - start)
        if answer is None:
            return _row(sample)
        measured = sample.measure(answer)
    except UnmaskError as error:
        return _row(sample, str(error))
    arrays = {"landmarks": answer.landmarks[:, :2], **measured.arrays}
    ms = ms if answer.timing is None else answer.timing.total_ms
    return replace(_row(sample), found=True, ms=ms, values=measured.values, arrays=arrays)


def _asked(
    sample: Sample,
    image: NDArray[np.uint8],
    method: Reconstructor,
    detector: Detector,
    always_detect: bool,
) -> Reconstruction | None:
    """The answer in image px; None if the finder saw no face where one is."""
    if sample.square:
        height, width = image.shape[:2]
        return outside_the_picture(ask_about_square(image, method), width, height)
    if sample.box is not None and not always_detect:
        face: Face | None = Face(sample.box)
    else:
        face = _found(detector(image), sample)
    return None if face is None else reconstruct(image, [face], method)[0]


def _found(faces: Sequence[Face], sample: Sample) -> Face | None:
    """The detection at the true box; where nobody knows that, the largest."""
    if sample.box is not None:
        return matching(faces, sample.box)
    return max(
        faces, key=lambda face: (face.box[2] - face.box[0]) * (face.box[3] - face.box[1]), default=None
    )


def _row(sample: Sample, problem: str = "") -> Row:
    """Of a face without an answer."""
    return Row(
        name=sample.name,
        yaw_deg=sample.yaw_deg,
        covered=sample.covered,
        subsets=sample.subsets,
        subject=sample.subject or sample.name,
        found=False,
        ms=NAN,
        values={},
        arrays={},
        problem=problem,
    )
