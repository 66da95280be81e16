"""The run itself: a few pictures at a time, on the thread that takes from it. No Qt."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.batch.rows import UNTIMED, Makers, Row, Seen, Took, row
from models.catalogue import provenance
from models.errors import InputError
from models.metrics.errors import box_iou, nme_percent
from resources import program_version
from viewer.inference.worker import Work
from viewer.mining.waves import Answers, Pace, Read, Shared, answers_about, faces_of, read_waves
from viewer.readouts.errors import notice_of
from viewer.sources.folder import PictureReader
from viewer.sources.player import Reader
from viewer.sources.source import Frame
from viewer.state.device import AUTO
from viewer.state.history import UNKNOWN, Record, jitter_percent
from viewer.state.mining import (
    BOX_IOU,
    BOX_JITTER,
    CORRECTION,
    JITTER,
    NME,
    NO_ANSWER,
    OUTCOME,
    PICTURE,
    SETTING,
    SUSPICION,
    Run,
)
from viewer.state.running import Running
from viewer.state.setting import Setting

if TYPE_CHECKING:
    from models.ground_truth.record import GroundTruth
    from models.reconstruction import Reconstruction
    from models.reconstructor import Face, Reconstructor

LONGEST_STEP_S = 1.0  # so long a run that was cancelled goes on
ANSWERED, NO_FACE, PROBLEM = "answered", "no face", "problem"
SAME_FACE = 0.3  # least overlap of a face's boxes in two frames of a video
JITTER_SHIFT = 0.03  # of the box's size: standard deviation of the jittered boxes' shift
JITTER_SCALE = 0.05

Put = Callable[[Sequence[Row]], None]


def mining(
    run: Run, work: Work, put: Put, wish: str = AUTO, longest_s: float = LONGEST_STEP_S
) -> Iterator[Running]:
    """Goes through all pictures of a run, each once and in order, and tells how far it is after each.

    Some are read, looked at and answered together; it tells between these steps, too, so it can be ended.

    The methods are loaded first, and are its own, so that nobody in the window waits for them.

    Args:
        run: What is gone through.
        work: Who loads, looks and answers.
        put: Is given the rows of each picture: at least one for each method, whatever happens.
        wish: Where the methods are to run, as in State.device_wish.
        longest_s: How long it may take between two words of how far it is; more pictures go together then.

    Raises:
        UnmaskError: A method cannot be loaded, or the video not be opened.
    """
    device = work.device(wish)
    asked = [
        _Asked(number, setting, work.load(setting.method, setting.weights, device))
        for number, setting in enumerate(run.settings)
    ]
    reader = reader_of(run)
    with ThreadPoolExecutor(1) as thread:  # all that the reader is asked
        try:
            start, count, done = perf_counter(), thread.submit(reader.open).result(), 0
            pace = Pace(longest_s)
            for wave in read_waves(reader, count, thread, pace):
                for rows in _timed(_rows_of(run, wave, work, asked), pace):
                    if rows is not None:
                        put(rows)
                        done += 1
                    left_s = (perf_counter() - start) / done * (count - done) if done else None
                    yield Running(run.name, done, count, left_s)
        finally:
            thread.submit(reader.close).result()


def _rows_of(
    run: Run, wave: Sequence[Read], work: Work, asked: Sequence[_Asked]
) -> Iterator[list[Row] | None]:
    """The rows of each picture, in turn; None between the steps that all take together before."""
    looked = _looked_at(run, wave, work)
    answers = []
    for one in asked:
        yield None
        answers.append(_answered(looked, one, work))
    for number, picture in enumerate(looked):
        yield [
            made
            for one, told in zip(asked, answers, strict=True)
            for made in _asked_about(picture, one, told.get(number), run, work)
        ]


def _timed(steps: Iterator[list[Row] | None], pace: Pace) -> Iterator[list[Row] | None]:
    """The same; the pace is told the longest of the steps that all pictures take together."""
    longest_s, start = 0.0, perf_counter()
    for step in steps:
        if start:
            longest_s = max(longest_s, perf_counter() - start)
        yield step
        start = perf_counter() if step is None else 0.0
    pace.took(longest_s)


def reader_of(run: Run) -> Reader:
    """Who reads the run's pictures by index."""
    if not run.is_video:
        return PictureReader(run.paths)
    from viewer.sources.video import VideoReader  # PyAV takes a tenth of a second of the start

    return VideoReader(run.paths[0])


@dataclass(slots=True)
class _Asked:
    """One method of the run, and what it said of the last frames of a video, the newest last."""

    number: int
    setting: Setting
    method: Reconstructor
    before: deque[list[Record]] = field(default_factory=lambda: deque(maxlen=2))

    @property
    def without(self) -> frozenset[str]:
        """What is left out, of what this method can leave out."""
        return self.setting.without & frozenset(self.method.switches)


@dataclass(frozen=True, eq=False, slots=True)
class _Looked:
    """A picture in which faces were looked for; without a frame where that cannot be, and why."""

    index: int
    seen: Seen
    frame: Frame | None = None
    faces: Sequence[Face] = ()
    truth: GroundTruth | None = None
    took: Took = UNTIMED
    problem: str = ""


def _looked_at(run: Run, wave: Sequence[Read], work: Work) -> list[_Looked]:
    """The faces of each picture; whatever goes wrong is told instead."""
    frames = [read.frame for read in wave if read.frame is not None]
    found = iter(faces_of(frames, run.detector, work))
    return [_looked(run, read, None if read.frame is None else next(found)) for read in wave]


def _looked(run: Run, read: Read, found: Shared[Sequence[Face]] | None) -> _Looked:
    path = run.paths[0] if run.is_video else run.paths[read.index]
    seen = Seen(str(path), read.index if run.is_video else 0)
    error = read.error if found is None else found.error
    if read.frame is None or found is None or found.value is None:
        return _Looked(read.index, seen, problem="" if error is None else _sentence(error))
    frame, took = read.frame, Took(read.took_ms, found.each_ms)
    truth, complaint = _truth(frame)
    width, height = frame.full_size
    seen = replace(
        seen,
        time_s=frame.time_s if run.is_video else None,
        width_px=width,
        height_px=height,
        notices=(*frame.notices, *complaint),
    )
    return _Looked(read.index, seen, frame, found.value, truth, took)


def _answered(looked: Sequence[_Looked], one: _Asked, work: Work) -> dict[int, Shared[Answers]]:
    """Number of a picture -> what a method says of its faces."""
    numbers = [number for number, picture in enumerate(looked) if picture.frame is not None]
    pairs = [(frame, picture.faces) for picture in looked if (frame := picture.frame) is not None]
    return dict(zip(numbers, answers_about(pairs, one.method, one.without, work), strict=True))


def _asked_about(
    looked: _Looked, one: _Asked, told: Shared[Answers] | None, run: Run, work: Work
) -> list[Row]:
    """The rows of a picture by one method: at least one, whatever it said."""
    frame = looked.frame
    if frame is None or told is None:
        return [_without_answer(looked, one, run, looked.problem)]
    answers, problem = told.value or (), "" if told.error is None else _sentence(told.error)
    try:
        spreads = [_box_jitter(frame, face, one, run, work) for face in looked.faces] if answers else []
    except Exception as error:  # a full memory: the next picture is not to suffer
        answers, problem = (), _sentence(error)
    if not answers:
        one.before.append([])
        return [_without_answer(looked, one, run, problem)]
    took = replace(looked.took, answer_ms=told.each_ms)
    trembles = _trembles(frame, answers, one) if run.is_video else [UNKNOWN] * len(answers)
    rows = []
    judged = _judged(looked, answers)
    for number, (face, answer) in enumerate(zip(looked.faces, answers, strict=True)):
        made = row(answer, face, looked.seen, _makers(one.setting, run), number + 1, took)
        box = frame.file_box(answer.box or face.box)
        made |= dict(zip(("x0", "y0", "x1", "y1"), box, strict=True))
        made |= _own(answer, judged.get(number, {}), trembles[number], spreads[number])
        rows.append(made | {OUTCOME.name: ANSWERED, PICTURE.name: looked.index, SETTING.name: one.number})
    return rows


def _own(answer: Reconstruction, judged: Row, jitter: float, box_jitter: float) -> Row:
    """The columns that only this table has."""
    error = judged.get(NME.name, answer.likely_error)
    return {
        **judged,
        SUSPICION.name: error,
        CORRECTION.name: _mean(answer, "own correction"),
        JITTER.name: _finite(jitter),
        BOX_JITTER.name: _finite(box_jitter),
    }


def _without_answer(looked: _Looked, one: _Asked, run: Run, problem: str) -> Row:
    """The row of a picture without a face, or of one that could not be answered."""
    made = row(None, None, looked.seen, _makers(one.setting, run), problem=problem)
    return made | {
        "left_out": sorted(one.setting.without),
        SUSPICION.name: NO_ANSWER,
        OUTCOME.name: PROBLEM if problem else NO_FACE,
        PICTURE.name: looked.index,
        SETTING.name: one.number,
    }


def _makers(setting: Setting, run: Run) -> Makers:
    weights = provenance(setting.method, setting.weights)
    return Makers(program_version(), setting.method, weights, run.detector)


def _truth(frame: Frame) -> tuple[GroundTruth | None, tuple[str, ...]]:
    """The truth beside a picture, and why it cannot be used."""
    from models.ground_truth.readers import beside, read_truth

    path = None if frame.path is None else beside(frame.path)
    if path is None:
        return None, ()
    try:
        return read_truth(path, frame.shown_size, frame.full_size), ()
    except InputError as error:
        return None, (str(error),)


def _judged(looked: _Looked, answers: Sequence[Reconstruction]) -> dict[int, Row]:
    """Number of the answer the truth is about -> its error and overlap."""
    from models.metrics.ground_truth_errors import concerned, judged

    truth = looked.truth
    number = None if truth is None else concerned(answers, truth)
    if truth is None or number is None:
        return {}
    landmarks = truth.landmarks
    if landmarks is None:  # a mesh of the method's own topology holds them
        landmarks = judged(answers[number], truth, number).landmarks
    if landmarks is None:
        return {}
    low, high = landmarks[:, :2].min(0), landmarks[:, :2].max(0)
    error = float(nme_percent(answers[number].landmarks[:, :2], landmarks[:, :2]))
    overlap = float(box_iou(np.array(looked.faces[number].box), np.array([*low, *high])))
    return {number: {NME.name: error, BOX_IOU.name: overlap}}


def _box_jitter(frame: Frame, face: Face, one: _Asked, run: Run, work: Work) -> float:
    """How much the answer depends on where the box was, % of the face; NaN where nobody asked."""
    if not run.draws:
        return UNKNOWN
    from models.robustness.jitter import Jitter, jittering

    x0, y0, x1, y1 = face.box
    jitter = Jitter(run.draws, JITTER_SHIFT * math.sqrt((x1 - x0) * (y1 - y0)), JITTER_SCALE)

    def ask(image: NDArray[np.uint8], other: Face) -> Reconstruction:
        return work.reconstruct(image, (other,), one.method, one.without)[0]

    *_, spread = jittering(jitter, frame.image, face.box, ask)
    return UNKNOWN if spread is None else spread.mean_percent


def _trembles(frame: Frame, answers: Sequence[Reconstruction], one: _Asked) -> list[float]:
    """How much each face of a video trembles; a face is the one before that overlaps it most."""
    records = [
        Record(frame.index, frame.time_s, 0, landmarks=answer.landmarks[:, :2], took_part=answer.took_part)
        for answer in answers
    ]
    found = []
    for record in records:
        middle = _nearest(record, one.before[-1]) if len(one.before) == 2 else None
        first = None if middle is None else _nearest(middle, one.before[0])
        if first is None or middle is None:
            found.append(UNKNOWN)
        else:
            found.append(jitter_percent((first, middle, record)))
    one.before.append(records)
    return found


def _nearest(record: Record, others: Sequence[Record]) -> Record | None:
    """The face of another frame that overlaps a face most; None if none does."""
    if not others:
        return None
    overlap = box_iou(np.array([_span(other) for other in others]), np.array(_span(record)))
    best = int(overlap.argmax())
    return others[best] if overlap[best] >= SAME_FACE else None


def _span(record: Record) -> list[float]:
    return [*record.landmarks.min(0).tolist(), *record.landmarks.max(0).tolist()]


def _mean(answer: Reconstruction, name: str) -> float | None:
    scalar = next((scalar for scalar in answer.scalars if scalar.name == name), None)
    return None if scalar is None else _finite(float(np.mean(scalar.values)))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _sentence(error: BaseException) -> str:
    return notice_of(error).cause
