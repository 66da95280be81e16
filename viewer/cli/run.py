"""`unmask run`: pictures and videos in, files out, no window. One that fails does not stop the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from models.catalogue import Provenance, provenance
from models.detection.detectors import detect
from models.errors import InputError, MethodError, UnmaskError, told
from models.export.kinds import (
    Subject,
    checked,
    face_endings,
    files_of_face,
    files_of_picture,
    picture_endings,
)
from models.export.outputs import Names, Outputs
from models.export.overlay import draw_overlay
from models.export.video import VideoWriter
from models.loading import checked_device, load
from models.metrics.states import STATE_NAMES, state_shares
from models.reconstruction import Reconstruction
from models.reconstructor import Face
from resources import program_version
from viewer.cli.answering import Answering
from viewer.cli.clip import COLUMNS, Clip, as_line, reader_of
from viewer.cli.inputs import check_box
from viewer.cli.options import Run
from viewer.cli.speech import complain, say
from viewer.readouts.verdict import likely_error_text
from viewer.sources.named import expanded, is_video, lists_of
from viewer.sources.player import Reader, frames_per_s
from viewer.sources.source import Frame
from viewer.sources.still import read_still
from viewer.state.setting import branches_of, no_such_part, nothing_left

NAMED = 8  # so many inputs the last line names


@dataclass(frozen=True, eq=False, slots=True)
class Plan:
    """What a run reads and writes, known before any work is done.

    Attributes:
        out: Where the files go.
        inputs: Every picture and video once, with the beginning of its files' paths.
        names: Gives further names in that folder.
        kinds: What is written of each picture.
        outputs: Writes, and refuses what must not be written over.
        promised: Names of files that are written or will be, lower case.
    """

    out: Path
    inputs: tuple[tuple[Path, Path], ...]
    names: Names
    outputs: Outputs
    kinds: tuple[str, ...]
    promised: set[str] = field(default_factory=set)

    def stem(self, wanted: str, endings: Sequence[str]) -> Path:
        """The beginning of files in the folder, none of which is there or will be there of another input."""

        def free(name: str) -> bool:
            paths = [_beside(self.out / name, ending) for ending in endings]
            return self.promised.isdisjoint(map(_folded, paths)) and self.outputs.free(paths)

        stem = self.out / self.names.take(wanted, free)
        self.promised.update(_folded(_beside(stem, ending)) for ending in endings)
        return stem


def run_run(asked: Run) -> int:
    """Answer for every picture and video; one line each. Returns 1 if any failed."""
    try:
        plan = planned(asked)
        device = checked_device(asked.device)
        method = load(asked.method, asked.weights, device)
        without = left_out(method.switches, asked.without, asked.branches)
    except UnmaskError as error:
        complain(f"unmask: {error}")
        return 1
    ask = Answering(method, device, lambda: load(asked.method, asked.weights, "cpu"), without)
    failed: list[Path] = []
    for path, stem in plan.inputs:
        try:
            other = (
                "" if stem.name == path.stem else f" (a file named {path.stem} is there, or that is too long)"
            )
            say(f"{path}: {run_one(asked, ask, path, stem, plan)}{other}")
        except (Exception, SystemExit) as error:  # whatever one picture does, the others are answered
            failed.append(path)
            complain(f"{path}: {told(error)}")
    if failed:
        more = f" and {len(failed) - NAMED} more" if len(failed) > NAMED else ""
        names = ", ".join(map(str, failed[:NAMED]))
        complain(
            f"{len(failed)} of {len(plan.inputs)} inputs failed; their files are missing: {names}{more}."
        )
    return 1 if failed else 0


def planned(asked: Run) -> Plan:
    """Which files come of which inputs.

    Raises:
        InputError: There is nothing to answer for, the folder is none, or there is no such kind of file.
    """
    paths = expanded(asked.images, asked.lists, asked.recursive)
    if asked.out.exists() and not asked.out.is_dir():
        raise InputError(f"{asked.out} is a file. Name a folder with --out.")
    names, outputs = Names(), Outputs((*paths, *lists_of(asked.images, asked.lists)), asked.overwrite)
    plan = Plan(asked.out, (), names, outputs, checked(asked.write))
    return replace(
        plan, inputs=tuple((path, plan.stem(path.stem, _endings(path, asked, plan))) for path in paths)
    )


def _endings(path: Path, asked: Run, plan: Plan) -> tuple[str, ...]:
    if is_video(path):
        return (".csv", ".mp4") if asked.video else (".csv",)
    return picture_endings(plan.kinds) + face_endings(plan.kinds)


def run_one(asked: Run, ask: Answering, path: Path, stem: Path, plan: Plan) -> str:
    """Answer for one picture or video, write its files, and say in a line what came out."""
    if is_video(path):
        return _run_video(asked, ask, path, stem, plan)
    frame = read_still(path)
    if asked.box is not None:
        check_box(asked.box, *frame.full_size)
    faces = detect(frame.image, asked.detector) if asked.box is None else [Face(frame.shown_box(asked.box))]
    if not faces:
        raise InputError(f"No face was found in {frame.name}. Give its place with --box x0,y0,x1,y1.")
    answers, notices = ask(frame.image, faces)
    written = write_all(stem, frame, answers, provenance(asked.method, asked.weights), plan)
    told_of = "; ".join([*map(_line, answers), *frame.notices, *notices])
    first = [path.name[len(stem.name) :] for path in written if path.name.startswith(stem.name)]
    of_first = picture_endings(plan.kinds) + face_endings(plan.kinds)
    return f"{told_of} -> {stem}{' '.join(ending for ending in first if ending in of_first)}"


def _run_video(asked: Run, ask: Answering, path: Path, stem: Path, plan: Plan) -> str:
    reader = reader_of(path)
    video = Annotated(reader, asked.every) if asked.video else None
    clip = Clip(ask, lambda image: detect(image, asked.detector), asked.box, video)
    count = 0
    with plan.outputs.growing(_beside(stem, ".csv")) as add:
        for count, row in enumerate(clip.rows(reader, asked.every), 1):
            add(as_line(COLUMNS) + as_line(row) if count == 1 else as_line(row))
        if not count:
            add(as_line(COLUMNS))
    if video is not None and video.frames:
        plan.outputs.write(_beside(stem, ".mp4"), video.done())
    if clip.problems:
        raise InputError(
            f"{len(clip.problems)} of {clip.frames} frames failed; the first: {clip.problems[0]} "
            f"The others are in {stem}.csv."
        )
    written = f"{stem}.csv" + (" .mp4" if video is not None else "")
    return "; ".join([f"{clip.frames} frames, {count} rows", *clip.notices]) + f" -> {written}"


class Annotated:
    """A video's answered frames with what was seen drawn over them, at the speed of the original.

    Args:
        reader: The original, open by the time the first frame comes.
        every: Each so-many-th frame comes.
    """

    def __init__(self, reader: Reader, every: int) -> None:
        self._reader, self._every = reader, every
        self._writer: VideoWriter | None = None
        self.frames = 0

    def __call__(self, frame: Frame, answers: Sequence[Reconstruction]) -> None:
        """Take a frame."""
        if self._writer is None:
            self._writer = VideoWriter(".mp4", frames_per_s(self._reader, self._every))
        self._writer.add(draw_overlay(frame.image, answers))
        self.frames += 1

    def done(self) -> bytes:
        """The file, after at least one frame."""
        assert self._writer is not None
        return self._writer.done()


def write_all(
    stem: Path, frame: Frame, answers: Sequence[Reconstruction], weights: Provenance, plan: Plan
) -> tuple[Path, ...]:
    """The files of one frame, of the plan's kinds: STEM and an ending about all faces and about the first.

    Those of further faces are STEM-2, STEM-3 and so on, or numbered on where that name is taken.
    """
    subject = Subject(frame.name, frame.image, answers, frame.full_size, program_version(), weights)
    paths = []

    def write(begin: Path, ending: str, data: bytes) -> None:
        paths.append(_beside(begin, ending))
        plan.outputs.write(paths[-1], data)

    for ending, data in files_of_picture(subject, plan.kinds).items():
        write(stem, ending, data)
    for number, answer in enumerate(answers, 1):
        begin = stem if number == 1 else plan.stem(f"{stem.name}-{number}", face_endings(plan.kinds))
        for ending, data in files_of_face(subject, answer, plan.kinds, begin.name):
            write(begin, ending, data)
    return tuple(paths)


def left_out(
    switches: Sequence[str], without: frozenset[str], branches: frozenset[str] | None
) -> frozenset[str]:
    """Which switches of a method to turn off.

    Raises:
        MethodError: A name that is no switch, or no branch, of this method; or no branch is left.
    """
    there = [branch.value for branch in branches_of(switches)]
    problem = no_such_part(without, switches) or no_such_part(branches or frozenset(), there, "--branches")
    if problem:
        raise MethodError(problem)
    left = without if branches is None else without | set(there) - branches
    if nothing_left(switches, left):
        raise MethodError(f"Without {' and '.join(there)} there is no face. Leave one of them on.")
    return left


def _folded(path: Path) -> str:
    return path.name.casefold()


def _beside(stem: Path, ending: str) -> Path:
    """`with_suffix` would cut a name at its last dot."""
    return stem.with_name(stem.name + ending)


def _line(answer: Reconstruction) -> str:
    pitch, yaw, roll = answer.pose_deg
    shares, error = state_shares(answer), likely_error_text(answer)
    told = "" if shares is None else "".join(f", {shares[s]:.0%} {name}" for s, name in STATE_NAMES.items())
    told += f", {error}" if error else ""
    alarms = "".join(f", {alarm.code}" for alarm in answer.alarms)
    return f"pitch {pitch:.1f} yaw {yaw:.1f} roll {roll:.1f} deg{told}{alarms}"
