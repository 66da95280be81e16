"""`unmask render`: figures of faces and of cases, and videos of them, without a window."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.detection.detectors import detect
from models.errors import InputError, told
from models.export.figure import TOGGLED, Row, faces_figure, toggling, turning
from models.export.outputs import Outputs
from models.export.sheet import as_pixels
from models.export.video import VIDEO_SUFFIXES, video_bytes
from models.loading import checked_device, load
from models.occlusion.kinds import KINDS
from models.pipeline import reconstruct
from models.reconstruction import Reconstruction
from models.reconstructor import Face, Reconstructor
from viewer.cases.case_file import ENDING
from viewer.cases.locating import located, not_there
from viewer.cases.replaying import read_frame
from viewer.cases.restoring import read_whole
from viewer.cli.answering import Answering
from viewer.cli.case_answers import NO_INPUT, Askers, shown_then
from viewer.cli.clip import Clip, reader_of
from viewer.cli.inputs import check_box
from viewer.cli.options import Render
from viewer.cli.run import left_out
from viewer.cli.speech import complain, say
from viewer.export.covered import Covered, covered_rows
from viewer.sources.named import is_video
from viewer.sources.still import read_still
from viewer.widgets.figure_file import FIGURE_SUFFIXES, figure_file

Ask = Callable[[NDArray[np.uint8], Sequence[Face]], list[Reconstruction]]


@dataclass(frozen=True, eq=False, slots=True)
class Methods:
    """Who answers: the method whose branches are shown, and its peers."""

    first: Reconstructor
    peers: tuple[Reconstructor, ...]

    def __call__(self, image: NDArray[np.uint8], face: Face, without: frozenset[str]) -> list[Reconstruction]:
        """The first's answer about one face, then the peers'."""
        return [
            *reconstruct(image, [face], self.first, without),
            *(reconstruct(image, [face], peer)[0] for peer in self.peers),
        ]


def run_render(asked: Render) -> int:
    """Write the figure or video. Returns 1 if it failed."""
    try:
        outputs = Outputs(asked.paths, asked.overwrite)
        outputs.refuse([asked.out])
        outputs.write(asked.out, _rendered(asked))
    except Exception as error:
        complain(f"unmask: {told(error)}")
        return 1
    say(str(asked.out))
    return 0


def _rendered(asked: Render) -> bytes:
    suffix = asked.out.suffix.lower()
    if suffix not in (*FIGURE_SUFFIXES, *VIDEO_SUFFIXES):
        known = ", ".join((*FIGURE_SUFFIXES, *VIDEO_SUFFIXES))
        raise InputError(f"{asked.out.name} ends in none of {known}. Name such a file with --out.")
    for kind in asked.kinds:
        if kind not in KINDS:
            raise InputError(f"There is no occluder {kind!r}. --kind takes {', '.join(KINDS)}.")
    device = checked_device(asked.device)
    methods = Methods(
        load(asked.method, asked.weights, device), tuple(load(peer, device=device) for peer in asked.peers)
    )
    left_out(methods.first.switches, asked.without, None)
    if any(map(is_video, asked.paths)):
        return _clip(asked, methods.first, device, suffix)
    if suffix in VIDEO_SUFFIXES and asked.toggle:
        return _toggling(asked, methods, suffix)
    rows = [row for path in asked.paths for row in _rows_of(asked, methods, path)]
    if suffix in VIDEO_SUFFIXES:
        return turning(rows, asked.wish, suffix)
    return figure_file(faces_figure(rows, asked.wish), asked.out)


def _rows_of(asked: Render, methods: Methods, path: Path) -> Iterator[Row]:
    return _case_rows(asked, path) if path.name.endswith(ENDING) else _rows(asked, methods, path)


def _case_rows(asked: Render, path: Path) -> Iterator[Row]:
    """The row of a case: its picture under its occluders, answered by those who answered then."""
    case = read_whole(path)
    place = located(case, path)
    if case.input is None or place.input is None:
        raise InputError(NO_INPUT) if place.missing is None else not_there(place.missing, path)
    for sentence in place.told:
        complain(sentence)
    settings = [place.settings[then.who] for then in case.answers if then.who in place.settings]
    if not settings:
        raise InputError(f"{path.name} holds no answer that can be asked for here. Save it with one.")
    ask_of = Askers(checked_device(asked.device))
    shown = shown_then(case, read_frame(case.input, place.input), ask_of(settings[0]))
    if not shown.answers:
        raise InputError(f"{path.name} is about no face. Save a case that shows one.")
    face = min(case.selected_face, len(shown.answers) - 1)
    others = [ask_of(one)(shown.frame.image, [shown.faces[face]])[0] for one in settings[1:]]
    name = path.name.removesuffix(ENDING) if len(asked.paths) > 1 else ""
    yield Row(name, shown.frame.image, [shown.answers[face], *others])


def _toggling(asked: Render, methods: Methods, suffix: str) -> bytes:
    """The same faces with everything, then without each branch in turn, computed anew each time."""
    branches = [part for part in methods.first.switches if part in TOGGLED]
    if not branches or any(path.name.endswith(ENDING) for path in asked.paths):
        raise InputError("--toggle needs pictures and a method with branches to leave out, such as dsfnet.")

    def rows(part: str) -> list[Row]:
        fewer = replace(asked, without=asked.without | {part} if part else asked.without)
        return [row for path in asked.paths for row in _rows(fewer, methods, path)]

    return toggling(rows, branches, asked.wish, suffix, asked.frames_per_s)


def _rows(asked: Render, methods: Methods, path: Path) -> Iterator[Row]:
    """The row of a picture, and one for each occluder laid on its face."""
    frame = read_still(path)
    if asked.box is not None:
        check_box(asked.box, *frame.full_size)
    faces = detect(frame.image, asked.detector) if asked.box is None else [Face(frame.shown_box(asked.box))]
    if not faces:
        raise InputError(f"No face was found in {frame.name}. Give its place with --box x0,y0,x1,y1.")
    face, several = faces[0], len(asked.paths) > 1 or bool(asked.kinds)
    covered = Covered(frame.image, lambda image: methods(image, face, asked.without), asked.kinds, asked.seed)
    yield from covered_rows(covered, path.stem if several else "")


def _clip(asked: Render, method: Reconstructor, device: str, suffix: str) -> bytes:
    """Panels side by side, frame by frame; where there is no face, the frames before it go on."""
    if len(asked.paths) > 1 or suffix not in VIDEO_SUFFIXES:
        raise InputError(f"A video is rendered alone, to one of {', '.join(VIDEO_SUFFIXES)}.")
    ask = Answering(method, device, lambda: load(asked.method, asked.weights, "cpu"), asked.without)
    clip = Clip(ask, lambda image: detect(image, asked.detector), asked.box)
    reader = reader_of(asked.paths[0])
    sheets = (
        faces_figure([Row("", frame.image, answers[:1])], asked.wish)
        for frame, answers in clip.answers(reader)
        if answers
    )
    return video_bytes((as_pixels(sheet)[..., :3] for sheet in sheets), suffix, asked.frames_per_s)
