"""What a user can do with failure mining: run it, look through it, mark, take it along."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QTimer, Slot

from models.batch.rows import Row
from models.errors import InputError
from viewer.inference.session import Session
from viewer.inference.worker import Cancelled
from viewer.mining.ordering import shown_rows
from viewer.mining.series import mining
from viewer.mining.thumbnails import Thumbnails
from viewer.mining.written import FORMS, written
from viewer.sources.named import expanded, is_video
from viewer.sources.source import Frame, Source
from viewer.state.mining import (
    LONGEST_NOTE,
    NO_ROWS,
    Axes,
    Brush,
    Mark,
    Mining,
    Plan,
    Run,
    Sort,
    Verdict,
    View,
)
from viewer.state.notice import Notice, Severity
from viewer.state.running import Running
from viewer.state.setting import worded
from viewer.state.shown import Shown
from viewer.state.state import setting_of
from viewer.state.store import Store
from viewer.tasks.background import Background, SeriesProgress
from viewer.tasks.deadline import Deadline
from viewer.tasks.edits import Edits
from viewer.tasks.file_writer import FileWriter
from viewer.widgets.dialogs import DesktopServices

log = logging.getLogger(__name__)

PAUSE_MS = 300  # between two additions to the table
LIST_SUFFIXES = (".txt", ".lst", ".list")
BUSY = "A run is still under way. Cancel it first."
NOTHING = "There are no rows to write yet. Run failure mining first, or clear the filter."


class MiningCommands(QObject):
    """One run at a time, in the background; its rows, and what is looked at of them.

    Attributes:
        thumbnails: Pictures of the rows' faces.
    """

    def __init__(
        self,
        store: Store,
        session: Session,
        desktop: DesktopServices,
        edits: Edits,
        writer: FileWriter,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._session, self._desktop, self._edits = store, session, desktop, edits
        self._fresh: deque[Row] = deque()  # rows made and not yet in the table; the run's thread appends
        self._running: Running | None = None  # how far the run is, told to the Store with its next rows
        self._background = Background()
        self._background.progressed.connect(self._on_progressed)
        self._background.ended.connect(self._on_ended)
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self._take)
        self.thumbnails = Thumbnails(self)
        self._writer = writer
        self._opened: tuple[Run, Source] | None = None  # the run that is open, to move about in
        self._refused: Notice | None = None  # what the banner said of the last run that could not begin
        self._row = -1  # the row whose face is to be selected once its picture is answered
        session.answered.connect(self._on_answered)
        store.on(lambda state: state.frame, self._on_frame, self)

    def mine(self, paths: Sequence[str | Path]) -> None:
        """Answer for all pictures of folders, lists and files, or for a video, in the background."""
        try:
            if self._background.busy:
                raise InputError(BUSY)
            run = self._planned([Path(path).expanduser() for path in paths])
        except InputError as error:
            self._session.tell(error)
            self._refused = self._store.state.notice
            return
        if self._refused is not None and self._store.state.notice == self._refused:
            self._store.update(notice=None)
        self._fresh.clear()
        self._opened = None
        self._update(
            run=run,
            table=NO_ROWS,
            brush=None,
            current=-1,
            running=Running(run.name, 0, len(run.paths)),
            shows=self._mining.shows + 1,
        )
        log.info("Failure mining in %s with %s.", run.name, ", ".join(map(worded, run.settings)))
        wish = self._store.state.device_wish
        self._background.start(mining(run, self._session.work, self._fresh.extend, wish), 0)

    def mine_folder_dialog(self) -> None:
        """Ask for a folder and mine it."""
        if path := self._desktop.ask_folder():
            self.mine([path])

    def mine_file_dialog(self) -> None:
        """Ask for a video or a list of files and mine it."""
        if path := self._desktop.ask_open():
            self.mine([path])

    def cancel(self) -> None:
        """Stop the run; what it has so far stays."""
        self._background.cancel()

    def show(self) -> None:
        """Bring the dock to the front."""
        self._update(shows=self._mining.shows + 1)

    def plan(self, plan: Plan) -> None:
        """Ask like this the next time."""
        self._update(plan=plan)

    def filter(self, expression: str) -> None:
        """Show the rows for which this holds; all for an empty one."""
        self._update(filter=expression)

    def sort(self, sort: Sort) -> None:
        """Show the rows in this order."""
        self._update(sort=sort)

    def brush(self, brush: Brush | None) -> None:
        """Of the rows the filter leaves, show these; None for all."""
        self._update(brush=brush)

    def show_as(self, view: View) -> None:
        """Show the rows as a table, or as thumbnails."""
        self._update(view=view)

    def plot(self, axes: Axes) -> None:
        """Draw this beside the rows; a brush over another plot is taken back."""
        self._update(axes=axes, brush=None)

    def open_row(self, row: int) -> None:
        """Show the picture of a row in the panels, answered by its method, its face selected."""
        mined = self._mining
        if mined.run is None or not 0 <= row < len(mined.table) or row == mined.current:
            return
        self._update(current=row)
        setting = mined.run.settings[mined.table.whole("setting", row)]
        if setting != setting_of(self._store.state):
            switches = self._store.state.switches if setting.method == self._store.state.method else ()
            self._store.update(
                method=setting.method,
                weights=setting.weights,
                switches=switches,
                switched_off=setting.without,
            )
        self._row = row
        self._go_to(mined.run, mined.table.whole("picture", row))

    def mark(self, verdict: Verdict | None) -> None:
        """Mark the current row; the same mark again takes it back."""
        mined = self._mining
        if 0 <= mined.current < len(mined.table):
            known = mined.mark(mined.current)
            mark = replace(known, verdict=None if verdict is known.verdict else verdict)
            self._mark(
                "Mark answer" if mark.verdict is None else f"Mark answer as {mark.verdict.value}", mark
            )

    def note(self) -> None:
        """Ask for a note about the current row."""
        mined = self._mining
        if 0 <= mined.current < len(mined.table):
            known = mined.mark(mined.current)
            text = self._desktop.ask_notes("Note about this answer:", known.note)
            if text is not None:
                self.set_note(" ".join(text.split()))  # a line of the table

    def set_note(self, text: str) -> None:
        """Write a note on the current row; empty takes it away."""
        mined = self._mining
        if 0 <= mined.current < len(mined.table):
            self._mark("Note about answer", replace(mined.mark(mined.current), note=text[:LONGEST_NOTE]))

    def export(self, kind: str) -> None:
        """Write the rows shown, in their order, to a file the user names: one of `written.FORMS`."""
        mined = self._mining
        rows = shown_rows(mined).rows
        if not len(rows) or mined.run is None:
            self._session.tell(InputError(NOTHING))
            return
        form = FORMS[kind]
        name = f"{Path(mined.run.name).stem}-{form.stem}.{form.ending}"
        if path := self._desktop.ask_save(form.ending, name):
            inputs = mined.run.paths
            self._writer.write(
                path, lambda step: written(form, Path(path), mined, rows, inputs, step), self._on_written
            )

    def close(self, timeout_s: float = 10.0) -> bool:
        """End the run; False if it did not in time."""
        self._pause.stop()
        self._background.cancel()
        until = Deadline(timeout_s)
        ended = [self._background.close(until.left_s), self.thumbnails.close(until.left_s)]
        return all(ended)

    @property
    def _mining(self) -> Mining:
        return self._store.state.mining

    def _mark(self, text: str, mark: Mark) -> None:
        """Put another mark on the current row; whatever is looked at by then, it can be taken back."""
        mined = self._mining
        key, before = mined.table.key(mined.current), mined.mark(mined.current)
        self._edits.push(
            text,
            undo=lambda: self._store.update(mining=self._mining.with_mark(key, before)),
            redo=lambda: self._store.update(mining=self._mining.with_mark(key, mark)),
            about="marks",
        )

    def _update(self, **changes: object) -> None:
        self._store.update(mining=replace(self._mining, **changes))  # type: ignore[arg-type]

    def _planned(self, paths: Sequence[Path]) -> Run:
        state = self._store.state
        lists = [path for path in paths if path.suffix.lower() in LIST_SUFFIXES]
        files = expanded([path for path in paths if path not in lists], lists)
        settings = state.mining.plan.settings or (setting_of(state),)
        videos = [path for path in files if is_video(path)]
        if videos and len(files) > 1:
            raise InputError(f"{videos[0].name} is a video among other files. Mine it alone.")
        first = paths[0]
        name = first.resolve().name if len(paths) == 1 else f"{len(files)} pictures"
        return Run(name, files, bool(videos), settings, state.detector, state.mining.plan.draws)

    def _go_to(self, run: Run, index: int) -> None:
        """Move about in the run's own source, opened if another is in its place."""
        recording = self._session.recording
        if self._opened is None or self._opened[0] is not run or self._opened[1] is not recording:
            paths = [str(path) for path in run.paths]
            try:
                source = self._desktop.open_paths(paths)
            except InputError as error:
                self._session.tell(error)
                return
            self._session.begin(source, paths)
            self._opened = run, source
        if self._session.recording is not None:
            self._session.recording.seek(index)
            self._store.update(live=False, fps=0.0)

    def _on_frame(self, frame: Frame | None) -> None:
        """Another picture than that of the current row is shown: no row is current, none can be marked."""
        mined = self._mining
        if not 0 <= mined.current < len(mined.table) or frame is None:
            return
        of_run = self._opened is not None and self._opened[1] is self._session.recording
        there = frame.index == mined.table.whole("picture", mined.current)
        if not (of_run and (there or self._row == mined.current)):
            self._update(current=-1)

    @Slot(object)
    def _on_answered(self, shown: Shown) -> None:
        """Select the face of the row that was opened."""
        from models.metrics.errors import box_iou

        mined, row = self._mining, self._row
        if not 0 <= row < len(mined.table) or not shown.faces or self._opened is None:
            return
        if self._opened[1] is not self._session.recording:
            self._row = -1
            return
        box = mined.table.box(row)
        if shown.frame.index == mined.table.whole("picture", row) and box is not None:
            self._row = -1
            there = np.array([shown.frame.bare_box(face.box) for face in shown.faces])
            self._store.update(selected_face=int(box_iou(there, np.array(box)).argmax()))

    @Slot(object)
    def _on_progressed(self, progress: SeriesProgress) -> None:
        self._running = progress.value
        if not self._pause.isActive():
            self._pause.start()

    @Slot()
    def _take(self) -> None:
        """Put what is new into the table."""
        fresh = [self._fresh.popleft() for _ in range(len(self._fresh))]
        self._update(table=self._mining.table.extended(fresh), running=self._running)

    @Slot(object, object)
    def _on_ended(self, _value: object, error: Exception | None) -> None:
        self._pause.stop()
        self._running = None
        self._take()
        if error is not None and not isinstance(error, Cancelled):
            self._session.tell(error)

    def _on_written(self, path: str) -> None:
        log.info("Wrote %s.", path)
        self._store.update(notice=Notice(Severity.INFO, f"Wrote {path}."))
