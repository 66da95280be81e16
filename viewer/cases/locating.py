"""Where the files of a case are on this machine, and what is not as it was when it was saved. No Qt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from models.catalogue import detector_lacks, detector_provenance, methods, provenance
from models.errors import InputError
from resources.needs import DETECTOR_NEEDS, is_path
from resources.provenance import at_hand
from viewer.cases.case import Case, Input, Kind, MediaFile, Who
from viewer.cases.media import Found, absolute, find, holds
from viewer.methods.available import best_offer, usable
from viewer.sources.folder import pictures_in
from viewer.state.setting import Setting

SHORT = 12  # digits of a hash, as people compare them


@dataclass(frozen=True, slots=True)
class Opened:
    """What to open for a frame of a case.

    Attributes:
        paths: One path, or several pictures.
        index: Which of its frames.
        file: The file the frame is in.
    """

    paths: tuple[Path, ...]
    index: int
    file: Path


@dataclass(frozen=True, eq=False, slots=True)
class Located:
    """A case with all its files found, as far as they are there.

    Attributes:
        case: As it was read.
        path: Its file.
        input: What to open; None for nothing, or if it is not there.
        missing: The file of the input that is not there; None if it is, or there is none.
        pinned: What to open for each pinned answer; None where it is not there.
        truth: Ground truth; None for none.
        settings: Who of the case -> who answers here; without those that nobody here can answer for.
        told: What is otherwise than when the case was saved, a sentence each.
    """

    case: Case
    path: Path
    input: Opened | None = None
    missing: MediaFile | None = None
    pinned: tuple[Opened | None, ...] = ()
    truth: Path | None = None
    settings: Mapping[Who, Setting] = field(default_factory=dict)
    told: tuple[str, ...] = ()


def located(case: Case, path: Path, given: Path | None = None) -> Located:
    """Where everything is.

    Args:
        case: As `path` holds it.
        path: The case file.
        given: Where the user says that the input is; None: where the case says, or beside it.
    """
    folder, told = path.parent, list[str]()
    found = None if case.input is None else _input(case.input, folder, told, given)
    settings = {who: setting for who in _everyone(case) if (setting := _setting(who, folder, told))}
    truth = None if case.truth is None else _file(case.truth, folder, "ground truth", told)
    _tell_detector(case, told)
    pinned = tuple(_input(pin.input, folder, told) for pin in case.pinned)
    told += [
        f"The pinned answer about {Path(pin.input.file.path).name or 'a camera'} is left out: "
        "its file is not there."
        for pin, place in zip(case.pinned, pinned, strict=True)
        if place is None
    ]
    missing = None if case.input is None or found is not None else case.input.file
    return Located(case, path, found, missing, pinned, truth, settings, tuple(dict.fromkeys(told)))


def not_there(file: MediaFile, case: Path) -> InputError:
    """What to say of an input that is nowhere."""
    return InputError(
        f"{case.name} is about {file.path}, which is not there. "
        f"Put {Path(file.path).name} beside the case file."
    )


def detector_of(case: Case) -> str | None:
    """Who is to look for faces; None if the case's own cannot here."""
    return case.detector if case.detector in DETECTOR_NEEDS and not detector_lacks(case.detector) else None


def _everyone(case: Case) -> Iterator[Who]:
    yield case.who
    yield from case.lineup
    yield from (side.who for side in (case.comparison.a, case.comparison.b) if side.who is not None)
    yield from (pin.who for pin in case.pinned)
    yield from (answers.who for answers in case.answers)


def _input(source: Input, folder: Path, told: list[str], given: Path | None = None) -> Opened | None:
    if given is not None:
        if not holds(given, source.file):
            told.append(_other_content(given.name, source.file))
        return Opened((given,), source.index if source.kind is Kind.VIDEO else 0, given)
    found = _found(source.file, folder, "", told)
    if found.path is None:
        return None
    match source.kind:
        case Kind.FOLDER:
            return _in_folder(source, found, folder)
        case Kind.PICTURES:
            return _among_pictures(source, found.path, folder, told)
        case _:
            return Opened((found.path,), source.index, found.path)


def _in_folder(source: Input, found: Found, folder: Path) -> Opened:
    """The folder, if the picture still lies in it; else the picture alone."""
    assert found.path is not None
    place = absolute(source.folder, folder)
    try:
        pictures = pictures_in(place)
    except InputError:
        return Opened((found.path,), 0, found.path)
    index = next((at for at, path in enumerate(pictures) if path.samefile(found.path)), None)
    if index is None:
        return Opened((found.path,), 0, found.path)
    return Opened((place,), index, pictures[index])


def _among_pictures(source: Input, picture: Path, folder: Path, told: list[str]) -> Opened:
    there = [picture if file == source.file else _found(file, folder, "", told).path for file in source.files]
    paths = tuple(path for path in there if path is not None)
    if len(paths) < len(there):
        told.append(f"{len(there) - len(paths)} of {len(there)} pictures are not there any more.")
    return Opened(paths, paths.index(picture), picture)


def _file(file: MediaFile, folder: Path, what: str, told: list[str]) -> Path | None:
    path = _found(file, folder, what, told).path
    if path is None:
        told.append(f"The {what} {file.path} is not there, so it is left out.")
    return path


def _found(file: MediaFile, folder: Path, what: str, told: list[str]) -> Found:
    found = find(file, folder)
    if found.path is not None and not found.same:
        told.append(_other_content(f"{what} {found.path.name}".strip(), file))
    return found


def _other_content(name: str, file: MediaFile) -> str:
    return f"{name} has changed since the case was saved (then SHA-256 {file.sha256[:SHORT]}...)."


def _setting(who: Who, folder: Path, told: list[str]) -> Setting | None:
    """Who answers here in the place of `who`; None for nobody."""
    if who.method not in methods():
        told.append(f"The method {who.method} is not installed here, so its answers are left out.")
        return None
    by_path = is_path(who.weights)
    weights = str(absolute(who.weights, folder)) if by_path else who.weights
    there = provenance(who.method, weights).sha256
    if who.sha256 and there != who.sha256 and (other := _weights_of_hash(who, folder)):
        return Setting(who.method, other, who.without)
    if there or (not by_path and usable(Setting(who.method, weights))):
        if who.sha256 and there != who.sha256:
            told.append(
                f"{who.method} answers with other weights {who.weights} than when the case was saved: "
                f"SHA-256 {there[:SHORT] or 'unknown'}..., then {who.sha256[:SHORT]}...."
            )
        return Setting(who.method, weights, who.without)
    return _instead(who, told)


def _instead(who: Who, told: list[str]) -> Setting | None:
    usual = best_offer(who.method)
    if not usual.ready or usual.setting.weights == who.weights:
        told.append(f"{who.method} cannot answer: its weights {who.weights} are not there.")
        return None
    told.append(
        f"The weights {who.weights} of {who.method} are not there; "
        f"{usual.setting.weights} answer in their place."
    )
    return Setting(who.method, usual.setting.weights, who.without)


def _weights_of_hash(who: Who, folder: Path) -> str:
    """A file of that very content, among those of this program and beside the case; empty for none."""
    for known in at_hand():
        if known.sha256 == who.sha256:
            return known.path
    candidates = [*folder.glob("*.safetensors")] if folder.is_dir() else []
    for path in sorted(candidates):
        if provenance(who.method, str(path)).sha256 == who.sha256:
            return str(path)
    return ""


def _tell_detector(case: Case, told: list[str]) -> None:
    if detector_of(case) is None:
        told.append(f"The detector {case.detector} is not there, so another looks for faces.")
        return
    found = detector_provenance(case.detector)
    there = "" if found is None else found.sha256
    if case.detector_sha256 and there != case.detector_sha256:
        told.append(
            f"The detector {case.detector} has other weights than when the case was saved: "
            f"SHA-256 {there[:SHORT] or 'unknown'}..., then {case.detector_sha256[:SHORT]}...."
        )
