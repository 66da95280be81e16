"""A part of a video as a video, with what was seen drawn over every frame."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.errors import InputError
from models.geometry.turning import UPRIGHT, Turn
from models.reconstruction import Reconstruction
from models.reconstructor import Face
from viewer.inference.tracker import Placed, Tracker
from viewer.inference.worker import Work
from viewer.sources.player import Reader, frames_per_s
from viewer.sources.source import Frame, turned
from viewer.state.setting import Setting
from viewer.state.shown import FoundBy, Search, Shown
from viewer.state.state import State, setting_of
from viewer.tasks.file_writer import Step

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False, slots=True)
class Clip:
    """What is written.

    Attributes:
        video: The file it is of.
        span: Indices of its first and its last frame.
        setting, detector, device: Who answers, who looks for faces, and where it is to run.
        boxes: Where the faces are in every frame; None looks for them.
        turn: How its frames are turned.
        steady: Answers are smoothed over the frames.
    """

    video: Path
    span: tuple[int, int]
    setting: Setting
    detector: str
    device: str
    boxes: tuple[Face, ...] | None
    steady: bool
    turn: Turn = UPRIGHT


def clip_of(state: State) -> Clip | None:
    """The open video between in and out point, as the window answers about it; None if no video is open."""
    frame = state.frame
    if frame is None or frame.count < 2 or frame.path is not None or len(state.opened) != 1:
        return None
    boxes = state.boxes if state.boxes_locked else None
    return Clip(
        Path(state.opened[0]),
        state.timeline.span(frame.count),
        setting_of(state),
        state.detector,
        state.device_wish,
        boxes,
        state.steady,
        frame.turn,
    )


def clip_video(clip: Clip, reader: Reader, work: Work, suffix: str, step: Step) -> bytes:
    """The file. Frames that cannot be read are left out, which the log says.

    Args:
        clip: What is written.
        reader: Of `clip.video`; it is opened and closed.
        work: Who loads, looks and answers; the method is loaded anew, so that nobody in the window waits.
        suffix: ".mp4" or ".webm".
        step: Is told how many frames are done.

    Raises:
        InputError: The video cannot be opened, or none of its frames be read.
    """
    from models.export.overlay import draw_overlay
    from models.export.video import VideoWriter  # brings torch and PyAV

    try:
        reader.open()
        writer = VideoWriter(suffix, frames_per_s(reader, 1))
        for frame, answers in _answered(clip, reader, work, step):
            writer.add(draw_overlay(frame.image, answers))
        return writer.done()
    finally:
        reader.close()


def _answered(
    clip: Clip, reader: Reader, work: Work, step: Step
) -> Iterator[tuple[Frame, Sequence[Reconstruction]]]:
    setting = clip.setting
    method = work.load(setting.method, setting.weights, work.device(clip.device))
    without = setting.without & frozenset(method.switches)
    tracker = Tracker(lambda image: work.detect(image, clip.detector))
    first, last = clip.span
    for index in range(first, last + 1):
        step(index - first, last - first + 1)
        try:
            frame = turned(reader.read(index), clip.turn)
        except InputError as error:
            log.warning("%s", error)
            tracker.forget()
            continue
        drawn = Placed(clip.boxes or (), Search(FoundBy.DRAWN))
        placed = tracker.find(frame, 0) if clip.boxes is None else drawn
        answers = work.reconstruct(frame.image, placed.faces, method, without) if placed.faces else ()
        faces, kept = tracker.settle(frame, 0, placed, answers, clip.steady)
        tracker.remember(Shown(frame, faces, kept, search=placed.search), 0)
        yield frame, kept
    step(last - first + 1, last - first + 1)
