"""A frame of a case read and answered again, whoever asks: the window for what was pinned, or a command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.geometry.rescaling import moved
from models.reconstruction import Reconstruction, frozen
from models.reconstructor import Face
from viewer.cases.case import Answers, Case, Input, Kind, PinnedRecord
from viewer.cases.locating import Opened
from viewer.cases.media import Files
from viewer.cases.numbers import answers_of
from viewer.cases.restoring import faces_of, layers_of
from viewer.cases.saving import looked_at
from viewer.cases.scaling import to_shown
from viewer.inference.occlusion import Detect, covered
from viewer.inference.request import Occluders, others_of
from viewer.sources.source import Frame, turned
from viewer.sources.still import read_still
from viewer.state.comparison import Pinned
from viewer.state.setting import Setting
from viewer.state.shown import Shown
from viewer.state.state import State, setting_of

AskAll = Callable[[NDArray[np.uint8], Sequence[Face]], Sequence[Reconstruction]]
AskOne = Callable[[NDArray[np.uint8], Face], Reconstruction]


def read_frame(source: Input, opened: Opened) -> Frame:
    """The frame of a case, as its source would deliver it.

    Raises:
        InputError: It cannot be read.
    """
    if source.kind is not Kind.VIDEO:
        return turned(replace(read_still(opened.file), index=opened.index), source.turn)
    from viewer.sources.video import VideoReader

    reader = VideoReader(opened.file)
    try:
        reader.open()
        return turned(reader.read(opened.index), source.turn)
    finally:
        reader.close()


def shown_again(
    frame: Frame, faces: Sequence[Face], occluders: Occluders | None, ask: AskAll, detect: Detect
) -> Shown:
    """What is answered about faces of a frame, with occluders on it if there are any."""
    answers = tuple(ask(frame.image, faces)) if faces else ()
    bare = Shown(frame, tuple(faces), answers)
    return bare if occluders is None or not answers else covered(bare, occluders, ask, detect)


def occluders_of_case(case: Case, frame: Frame) -> Occluders | None:
    """What lies on the frame, in its px; None for nothing."""
    assert case.input is not None
    T = to_shown(case.input.size_px, frame)
    layers = tuple(layer for layer in layers_of(case.occluders.layers, T) if layer.shown)
    points = case.occluders.anchor_px
    anchor = frozen(moved(np.array(points), T)) if points else None
    face = 0 if anchor is None else case.selected_face
    return Occluders(layers, anchor, face, case.occluders.anew) if layers else None


def pinned_again(
    record: PinnedRecord, opened: Opened, setting: Setting, paths: Sequence[str], ask: AskAll
) -> Pinned:
    """A pinned answer, asked for anew.

    Raises:
        InputError: Its frame cannot be read.
    """
    frame = read_frame(record.input, opened)
    T = to_shown(record.input.size_px, frame)
    faces, layers = faces_of(record.faces, T), layers_of(record.occluders, T)
    occluders = Occluders(layers) if layers else None
    shown = shown_again(frame, faces, occluders, ask, lambda _image: list(faces))
    return Pinned(shown, min(record.face, max(len(shown.answers) - 1, 0)), setting, tuple(paths))


def figures(state: State, files: Files, asker: Callable[[Setting], AskOne]) -> tuple[Answers, ...]:
    """What is shown, in figures: first the answer, then those of others who answer too.

    They are those of the frame alone, so that whoever opens it can have them again: an answer that was
    smoothed over frames before is asked for anew. None while what is shown does not answer what is asked.
    """
    shown = state.shown
    if shown is None or state.stale or not shown.answers:
        return ()
    others = {one: shown.others[one] for one in others_of(state) if one in shown.others}
    found = []
    for setting, answers in ((setting_of(state), shown.answers), *others.items()):
        if any(answer.steadied for answer in answers):
            ask = asker(setting)
            answers = tuple(ask(shown.frame.image, face) for face in looked_at(shown))
        found.append(answers_of(files.who(setting), shown.frame, answers))
    return tuple(found)


def pin_figures(pin: Pinned, files: Files) -> Answers:
    """What a pinned answer was, in figures."""
    return answers_of(files.who(pin.setting), pin.shown.frame, pin.shown.answers)
