"""`unmask replay`: asks again what a case asked, without a window, and tells where the answers differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from models.catalogue import provenance
from models.detection.detectors import detect
from models.errors import InputError, told
from models.export.files import write_answers, write_picture
from models.export.outputs import Outputs
from models.export.overlay import draw_overlay
from models.loading import checked_device
from models.reconstruction import Reconstruction
from resources import program_version
from viewer.cases.case import Case, Kind, Who
from viewer.cases.case_file import ENDING
from viewer.cases.locating import Located, detector_of, located, not_there
from viewer.cases.numbers import answers_of, differences, face_differences, input_differences
from viewer.cases.replaying import pinned_again, read_frame
from viewer.cases.restoring import read_whole
from viewer.cases.saving import boxes_told
from viewer.cases.scaling import to_file
from viewer.cli.case_answers import NO_INPUT, Askers, shown_then
from viewer.cli.options import Replay
from viewer.cli.speech import complain, say
from viewer.sources.source import Frame
from viewer.state.setting import Setting
from viewer.state.shown import FoundBy, Shown

NOTHING_TO_COMPARE = "the case holds no figures to compare with; it was saved before there was an answer"


def run_replay(asked: Replay) -> int:
    """Answer again, write the answers and say what differs.

    Returns:
        0 if every figure and picture is as the case has it; 1 if any is not, or cannot be told.
    """
    try:
        found = list(replay(asked))
    except (Exception, SystemExit) as error:  # a method may fail in any way
        complain(f"unmask: {told(error)}")
        return 1
    for line in found:
        say(f"{asked.case}: {line}")
    if found:
        return 1
    say(f"{asked.case}: the same")
    return 0


def replay(asked: Replay) -> Iterator[str]:
    """What differs, a sentence each; the files are written on the way.

    Raises:
        UnmaskError: The case, its input or a method cannot be used, or a file would be written over.
    """
    case = read_whole(asked.case)
    place = located(case, asked.case)
    if case.input is None or place.input is None:
        raise InputError(NO_INPUT) if place.missing is None else not_there(place.missing, asked.case)
    for sentence in place.told:
        complain(sentence)
    outputs = _outputs(asked, place)
    ask_of = Askers(checked_device(asked.device))
    frame = read_frame(case.input, place.input)
    yield from input_differences(case.input, frame)
    yield from _search(case, frame)
    if not case.answers:
        yield NOTHING_TO_COMPARE
    shown: Shown | None = None
    for number, then in enumerate(case.answers):
        setting = place.settings.get(then.who)
        if setting is None:
            yield f"{_named(then.who)}: cannot answer here"
            continue
        ask = ask_of(setting)
        if shown is None:
            shown = shown_then(case, frame, ask)
            answers = shown.answers
        else:
            answers = tuple(ask(shown.frame.image, shown.faces))
        now = answers_of(then.who, shown.frame, answers)
        _write(_stem(asked, number), shown.frame, answers, setting, outputs)
        yield from (f"{_named(then.who)}: {text}" for text in differences(then, now))
    yield from _pinned(asked, place, ask_of, outputs)


def _search(case: Case, frame: Frame) -> Iterator[str]:
    """Whether faces are found where they were, unless they were drawn or followed through a video."""
    detector = detector_of(case)
    assert case.input is not None
    still = case.input.kind is not Kind.VIDEO
    if still and case.boxes is None and case.found is FoundBy.DETECTED and detector is not None:
        found = boxes_told(detect(frame.image, detector), to_file(frame))
        yield from face_differences(case.faces, found)


def _pinned(asked: Replay, place: Located, ask_of: Askers, outputs: Outputs) -> Iterator[str]:
    for number, (record, opened) in enumerate(zip(place.case.pinned, place.pinned, strict=True), 1):
        setting, then = place.settings.get(record.who), record.answers
        if opened is None or setting is None or then is None:
            yield f"pinned answer {number}: cannot be asked for again"
            continue
        pin = pinned_again(record, opened, setting, (), ask_of(setting))
        now = answers_of(then.who, pin.shown.frame, pin.shown.answers)
        _write(_pinned_stem(asked, number - 1), pin.shown.frame, pin.shown.answers, setting, outputs)
        yield from (f"pinned answer {number}: {text}" for text in differences(then, now))


def _write(
    stem: Path, frame: Frame, answers: Sequence[Reconstruction], setting: Setting, outputs: Outputs
) -> None:
    """STEM.json and STEM.png about all faces."""
    weights = provenance(setting.method, setting.weights)
    json, png = _files(stem)
    size, version = frame.shown_size, program_version()
    write_answers(json, answers, frame.name, size, version, weights, outputs.write, frame.full_size)
    write_picture(png, draw_overlay(frame.image, answers), outputs.write)


def _outputs(asked: Replay, place: Located) -> Outputs:
    """Who writes; InputError if a file would be written over."""
    inputs = [asked.case, *(opened.file for opened in (place.input, *place.pinned) if opened is not None)]
    outputs = Outputs(inputs, asked.overwrite)
    stems = [_stem(asked, number) for number in range(len(place.case.answers))]
    stems += [_pinned_stem(asked, number) for number in range(len(place.case.pinned))]
    outputs.refuse(path for stem in stems for path in _files(stem))
    return outputs


def _stem(asked: Replay, number: int) -> Path:
    name = asked.case.name.removesuffix(ENDING)
    return asked.out / (name if number == 0 else f"{name}-{number + 1}")


def _pinned_stem(asked: Replay, number: int) -> Path:
    return asked.out / f"{asked.case.name.removesuffix(ENDING)}-pinned-{number + 1}"


def _files(stem: Path) -> tuple[Path, Path]:
    return stem.with_name(f"{stem.name}.json"), stem.with_name(f"{stem.name}.png")


def _named(who: Who) -> str:
    return " ".join(
        (who.method, Path(who.weights).name, *(f"without {part}" for part in sorted(who.without)))
    )
