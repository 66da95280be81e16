"""What a user can do with cases: save what is shown, open it again, write notes about it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from models.errors import InputError
from models.export.outputs import Outputs
from models.geometry.turning import UPRIGHT
from models.reconstruction import Reconstruction
from models.reconstructor import Face
from viewer.cases.case import LONGEST_NOTES
from viewer.cases.case_file import ENDING, write_file
from viewer.cases.locating import Located, located, not_there
from viewer.cases.mined import MINED, MOST_ROWS
from viewer.cases.restoring import comparison_of, frame_changes, read_whole, view_changes
from viewer.cases.saving import FilesBeside, case_of, pinned_in
from viewer.inference.session import Session
from viewer.inference.worker import Asker, Cancelled
from viewer.readouts.answer import probed
from viewer.sources.source import Frame
from viewer.state.comparison import Comparison, Pinned
from viewer.state.notice import Notice, Severity
from viewer.state.setting import Setting
from viewer.state.shown import Shown
from viewer.state.state import Changes, State, setting_of, with_recent
from viewer.state.store import Store
from viewer.tasks.deadline import Deadline
from viewer.tasks.file_writer import FileWriter, Step
from viewer.tasks.latest_only import LatestOnly
from viewer.widgets.dialogs import DesktopServices

log = logging.getLogger(__name__)

NOTHING = "There is nothing to save yet. Open a photo, a video or a folder first."
RESTORED = "The last session ended without being closed. This is what it showed."
NAMED = 3  # so many differences the banner names; the log has all
LONG_BYTES = 100_000_000  # of media, from which on it is told how much was read


@dataclass(frozen=True, eq=False, slots=True)
class Reading:
    """A case to be read.

    Attributes:
        path: Its file.
        given: Where the user says that its input is; None while nobody was asked.
        restored: It is what a session left that was not closed.
    """

    path: Path
    given: Path | None = None
    restored: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class _Opening:
    """A case of which more is to be shown once its source has delivered."""

    source: int
    located: Located
    reading: Reading


@dataclass(frozen=True, eq=False, slots=True)
class _Again:
    """What the case held, and what there is to compare it with: asked for off the GUI thread."""

    opening: _Opening
    state: State
    asker: Callable[[Setting], Asker]
    before: Comparison


class CaseCommands(QObject):
    """Case files, from the File menu or dropped on the window.

    Signals:
        saved: The path of a case that was written.
        opened: The case at this path is shown again, pinned answers included.
    """

    saved = Signal(str)
    opened = Signal(str)

    def __init__(
        self,
        store: Store,
        session: Session,
        desktop: DesktopServices,
        writer: FileWriter,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._session, self._desktop, self._writer = store, session, desktop, writer
        self._reader = LatestOnly(_read)
        self._reader.done.connect(self._on_read)
        self._reader.failed.connect(self._on_failed)
        self._asking = LatestOnly(_asked_again)
        self._asking.done.connect(self._on_again)
        self._asking.failed.connect(self._on_failed)
        self._frame_of: _Opening | None = None  # whose frame is still to come
        self._answer_of: tuple[_Opening, Frame] | None = None  # whose answer is
        store.on(lambda state: state.frame, self._on_frame, self)
        session.answered.connect(self._on_answered)

    def save(self) -> None:
        """Write the case to where it was saved last, or to a file the user names."""
        if case := self._store.state.case:
            self.save_to(case)
        else:
            self.save_as()

    def save_as(self) -> None:
        """Write the case to a file the user names."""
        state = self._store.state
        if state.shown is None:
            self._session.tell(InputError(NOTHING))
            return
        stem = Path(state.source_name).stem or "unmask"
        if path := self._desktop.ask_save("case.json", f"{stem}{ENDING}"):
            self.save_to(path)

    def save_to(self, path: str) -> None:
        """Write the case there; `saved` follows."""
        state, asker = self._store.state, self._session.asker
        if state.shown is None:
            self._session.tell(InputError(NOTHING))
            return
        self._writer.write(path, lambda step: save(state, Path(path), asker, step), self._on_written)

    def open(self, path: str | Path) -> None:
        """Show again what a case file holds; `opened` follows. What is shown stays if that fails."""
        self._reader.submit(Reading(Path(path).expanduser().absolute()))

    def open_dialog(self) -> None:
        """Ask for a case file and open it."""
        if path := self._desktop.ask_file("case"):
            self.open(path)

    def restore(self, path: Path) -> None:
        """`open` what a session left that was not closed."""
        self._reader.submit(Reading(path, restored=True))

    def edit_notes(self) -> None:
        """Let the user write about the case."""
        notes = self._desktop.ask_notes("Notes, kept in the case file:", self._store.state.notes)
        if notes is not None:
            self._store.update(notes=notes[:LONGEST_NOTES])

    def close(self, timeout_s: float = 10.0) -> bool:
        """False if the reading of a case did not end in time."""
        until = Deadline(timeout_s)
        ended = [self._reader.close(until.left_s), self._asking.close(until.left_s)]
        return all(ended)

    def _on_written(self, path: str) -> None:
        log.info("Wrote %s.", path)
        state = self._store.state
        notice = Notice(Severity.INFO, f"Saved the case as {path}.")
        self._store.update(case=path, recent=with_recent(state.recent, path), notice=notice)
        self.saved.emit(path)

    @Slot(object, object)
    def _on_read(self, reading: Reading, found: Located) -> None:
        if found.missing is not None:
            self._ask_for(reading, found)
            return
        recent = self._store.state.recent
        changes: Changes = {} if reading.restored else {"recent": with_recent(recent, str(reading.path))}
        if found.input is None:
            self._store.update(**(changes | view_changes(found, self._store.state)))
            self._store.update(notes=found.case.notes, case=_case_path(reading, found))
            self._tell(reading, found.told)
            self.opened.emit(str(reading.path))
            return
        paths = [str(path) for path in found.input.paths]
        try:
            source = self._desktop.open_path(paths[0]) if len(paths) == 1 else self._desktop.open_paths(paths)
        except InputError as error:
            self._session.tell(error)
            return
        number = self._session.begin(source, paths, found.case.input.turn if found.case.input else UPRIGHT)
        self._frame_of, self._answer_of = _Opening(number, found, reading), None
        if found.input.index and self._session.recording is not None:
            self._session.recording.seek(found.input.index)
        self._store.update(**(changes | view_changes(found, self._store.state)))

    def _ask_for(self, reading: Reading, found: Located) -> None:
        """The input is not there: let the user say where it is, once."""
        assert found.missing is not None
        error = not_there(found.missing, reading.path)
        given = "" if reading.given or reading.restored else self._desktop.ask_missing(str(error))
        if given:
            self._reader.submit(Reading(reading.path, Path(given)))
        else:
            self._session.tell(error)

    def _on_frame(self, frame: Frame | None) -> None:
        """The frame of the case that is being opened may have come."""
        opening, state = self._frame_of, self._store.state
        if opening is None or frame is None or state.source < opening.source:
            return
        assert opening.located.input is not None
        if state.source > opening.source:
            self._frame_of = None  # something else was opened meanwhile
        elif frame.index == opening.located.input.index:
            self._frame_of, self._answer_of = None, (opening, frame)
            self._store.update(**frame_changes(opening.located, state, frame))
            self._store.update(case=_case_path(opening.reading, opening.located))
            self._tell(opening.reading, opening.located.told)

    @Slot(object)
    def _on_answered(self, shown: Shown) -> None:
        if self._answer_of is None or self._store.state.stale:
            return
        opening, frame = self._answer_of
        if self._store.state.frame is not frame:
            self._answer_of = None  # the user went on
        if shown.bare is not frame:
            return  # an answer about the frame before was on its way
        self._answer_of = None
        self._select(opening, shown)
        state = self._store.state
        self._asking.submit(_Again(opening, state, self._session.asker, state.comparison))

    def _select(self, opening: _Opening, shown: Shown) -> None:
        case = opening.located.case
        if not shown.answers:
            return
        selected = min(case.selected_face, len(shown.answers) - 1)
        answer, vertex = shown.answers[selected], case.probe_vertex
        known = vertex is not None and vertex < len(answer.vertices)
        probe = probed(answer, vertex) if vertex is not None and known else None
        self._store.update(selected_face=selected, probe=probe)

    @Slot(object, object)
    def _on_again(self, again: _Again, found: tuple[tuple[str, ...], tuple[Pinned | None, ...]]) -> None:
        different, pins = found
        state, opening = self._store.state, again.opening
        if state.source != opening.source:
            return
        if any(pins) and state.comparison is again.before:
            here = opening.located
            self._store.update(comparison=comparison_of(here.case, here.settings, pins))
        if different:
            cause = f"The answers differ from those the case was saved with: {different[0]}."
            self._tell(opening.reading, (*opening.located.told, cause), different[1:])
        self.opened.emit(str(opening.reading.path))

    @Slot(object, object)
    def _on_failed(self, _job: object, error: BaseException) -> None:
        if not isinstance(error, Cancelled):
            self._session.tell(error)

    def _tell(self, reading: Reading, told: tuple[str, ...], more: tuple[str, ...] = ()) -> None:
        """Say in banner and log what is otherwise than it was; nothing if all is as it was."""
        for sentence in (*told, *more):
            log.warning(sentence)
        said = ((RESTORED,) if reading.restored else ()) + told
        if said:
            severity = Severity.WARNING if told else Severity.INFO
            rest = f" And {len(more)} more: see the log." if more else ""
            self._store.update(notice=Notice(severity, said[0], " ".join(said[1:]) + rest))


def save(state: State, path: Path, asker: Callable[[Setting], Asker], step: Step) -> None:
    """Write what is shown as a case file.

    Args:
        state: What is shown; `state.shown` is not None.
        path: Where to.
        asker: Who answers about a frame of a video alone.
        step: Hears how much of the media was read, where that takes long, and may end it.

    Raises:
        InputError: It cannot be written there, or a file it rests on cannot be read.
    """
    from viewer.cases.replaying import figures, pin_figures  # brings OpenCV

    assert state.shown is not None
    paths = [*map(Path, state.opened), *(pin.shown.bare.path for pin in pinned_in(state))]
    frame, truth = state.shown.bare.path, None if state.truth is None else state.truth.path
    inputs = [one for one in (*paths, frame, truth) if one is not None]
    outputs = Outputs(inputs, overwrite=True)
    outputs.refuse([path])
    files = FilesBeside(path, outputs.write, _reading(inputs, step))
    pins = tuple(pin_figures(pin, files) for pin in pinned_in(state))
    case = case_of(state, files, figures(state, files, asker), pins)
    step(0, 0)
    if (aside := write_file(path, case, outputs.write)) is not None:
        log.warning("%s was damaged. It is kept as %s.", path, aside.name)
    if state.mining.run is not None and MINED not in case.sections:
        log.warning(
            "What was mined is too long for a case and not in it: more than %d rows. Export it as a table.",
            MOST_ROWS,
        )
    if not case.answers:
        log.info("%s holds no answers, for there were none yet.", path.name)


def _reading(inputs: Sequence[Path], step: Step) -> Callable[[int], None]:
    """Adds up what was read of the files, and tells `step`; of little that is soon read it tells nothing."""
    total = sum(path.stat().st_size for path in set(inputs) if path.is_file())
    read = 0

    def told(count: int) -> None:
        nonlocal read
        read = min(read + count, total)
        if total >= LONG_BYTES:
            step(read, total)

    return told


def _each(ask: Asker, image: NDArray[np.uint8], faces: Sequence[Face]) -> list[Reconstruction]:
    return [ask(image, face) for face in faces]


def _read(reading: Reading) -> Located:
    return located(read_whole(reading.path), reading.path, reading.given)


def _case_path(reading: Reading, found: Located) -> str:
    """Which file the case is to be saved to next."""
    if not reading.restored:
        return str(reading.path)
    return found.case.saved_as


def _asked_again(again: _Again) -> tuple[tuple[str, ...], tuple[Pinned | None, ...]]:
    """What differs from the answers of the case, and its pinned answers."""
    from viewer.cases.numbers import differences, input_differences
    from viewer.cases.replaying import figures, pinned_again

    found, case = again.opening.located, again.opening.located.case
    shown = again.state.shown
    assert shown is not None
    different: list[str] = []
    if case.answers and case.input is not None:
        different += input_differences(case.input, shown.bare)
        now = figures(again.state, FilesBeside(found.path, None), again.asker)
        if now and found.settings.get(case.answers[0].who) == setting_of(again.state):
            different += differences(case.answers[0], now[0])
    pins: list[Pinned | None] = []
    for record, place in zip(case.pinned, found.pinned, strict=True):
        setting = found.settings.get(record.who)
        if place is None or setting is None:
            pins.append(None)
            continue
        ask = again.asker(setting)
        paths = [str(path) for path in place.paths]
        pin = pinned_again(record, place, setting, paths, partial(_each, ask))
        pins.append(pin if pin.shown.answers else None)
    return tuple(different), tuple(pins)
