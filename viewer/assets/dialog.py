"""The files methods run on, as a table: fetch them, add them, remove them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

from PySide6.QtCore import Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from models.errors import UnmaskError
from resources import brought_folder, fetching
from resources.keeping import FileRow, KeepError, State, remove, rows
from viewer.assets import cli
from viewer.assets.text import described, megabytes, readiness, size_of
from viewer.methods.terms import Terms
from viewer.state.running import Running
from viewer.tasks.background import Background, SeriesProgress
from viewer.widgets.progress import Progress
from viewer.widgets.theme import SPACE

SIZE = (940, 640)
COLUMNS = ("File", "Size", "Purpose", "Licence")
WIDTHS = (320, 120, 300)
BYTES_OF_MB = 10**6
GROUPS = {
    State.THERE: "There",
    State.FETCHABLE: "Can be fetched",
    State.TO_BRING: "To bring: get them from their makers, then add them here",
    State.SHIPS: "Ship with Unmask",
}


class Questions:
    """What the dialog asks, in Qt's own dialogs."""

    def agree(self, parent: QWidget, title: str, text: str, verb: str) -> bool:
        """Whether the user agrees to `text`; the button that does says `verb`."""
        box = QMessageBox(QMessageBox.Icon.Question, title, text, parent=parent)
        yes = box.addButton(verb, QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.exec()
        return box.clickedButton() is yes

    def files(self, parent: QWidget) -> list[str]:
        """Files the user chose."""
        return QFileDialog.getOpenFileNames(parent, "Add files of yours, whatever they are called")[0]

    def folder(self, parent: QWidget) -> str:
        """A folder the user chose; empty if none."""
        return QFileDialog.getExistingDirectory(parent, "Add all that a folder holds")


class AssetsDialog(QDialog):
    """Lists what there is and what each method lacks; one download or copy at a time, on another thread.

    Attributes:
        table: A row a file, in groups by where it stands.
        used: Which weights answer now, with SHA-256 and licence.
        said: What happened last.
        fetch, add, add_folder, remove, cancel: The buttons.
    """

    def __init__(
        self,
        parent: QWidget | None = None,
        questions: Questions | None = None,
        in_use: Callable[[], Sequence[Terms]] = tuple,
    ) -> None:
        super().__init__(parent)
        self._in_use = in_use
        self.setObjectName("assets")
        self.setWindowTitle("Weights and face models")
        self._questions = questions or Questions()
        self._rows: dict[str, FileRow] = {}
        self._background = Background()
        self._background.progressed.connect(self._on_progressed)
        self._background.ended.connect(self._on_ended)
        self.table = self._make_table()
        self._detail, self.said = _text("The chosen file"), _text("What happened")
        self.used = _text("Weights in use")
        self._methods, self._bar = _text("What each method lacks"), Progress("Progress", delay_ms=0)
        self._doing, self._since_s = "", 0.0
        self._replace = QCheckBox("Put another file of the same name aside, as .old")
        self._replace.setToolTip(
            "Else a file of the same name with another content is left and the new one refused."
        )
        self.fetch = _button("Fetch…", "Show the licence, then download the chosen file.", self._fetch)
        self.add = _button("Add files…", "Copy files of yours; they are known by content.", self._add)
        self.add_folder = _button("Add folder…", "Copy all that a folder holds.", self._add_folder)
        self.remove = _button(
            "Remove…", "Delete the chosen file from where such files are kept.", self._remove
        )
        self.cancel = _button("Cancel", "Stop; what came is kept to go on from.", self._stop)
        self._lay_out()
        self.resize(*SIZE)

    def showEvent(self, event: QShowEvent) -> None:
        """The files may have changed since."""
        super().showEvent(event)
        self.refresh()

    def end(self, timeout_s: float = 2.0) -> None:
        """Stop what is under way; nothing is reported any more. What came of a download is kept."""
        self._background.close(timeout_s)
        self.close()

    def tell_use(self) -> None:
        """Say anew which weights answer now, while somebody sees it."""
        if self.isVisible():
            files = self._in_use()
            self.used.setVisible(bool(files))
            self.used.setText("\n".join(("In use", *(f"{file.user}: {file.line}" for file in files))))

    @property
    def chosen(self) -> FileRow | None:
        """The file of the chosen row."""
        item = self.table.currentItem()
        return None if item is None else self._rows.get(item.text(0))

    def choose(self, name: str) -> None:
        """Choose a file by name, as a click would."""
        found = self.table.findItems(name, Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive)
        if found:
            self.table.setCurrentItem(found[0])

    def refresh(self) -> None:
        """Look again which files are there."""
        kept = self.chosen
        found = rows()
        self._rows = {row.name: row for row in found}
        self.table.clear()
        for state, title in GROUPS.items():
            self._add_group(title, [row for row in found if row.state is state], state is not State.SHIPS)
        ready = (f"{method}: {text}" for method, text in readiness().items())
        self._methods.setText("Official weights\n" + "\n".join(ready))
        if kept is not None:
            self.choose(kept.name)
        self._offer()
        self.tell_use()

    def _add_group(self, title: str, members: Sequence[FileRow], open_: bool) -> None:
        if not members:
            return
        group = QTreeWidgetItem([title])
        self.table.addTopLevelItem(group)
        group.setFirstColumnSpanned(True)
        group.setExpanded(open_)
        for row in members:
            size = f"{megabytes(row.begun)} of " if row.begun else ""
            words = (row.name, size + megabytes(size_of(row)), row.asset.purpose, row.asset.licence)
            item = QTreeWidgetItem(list(words))
            for column, word in enumerate(words):
                item.setToolTip(column, word)
            group.addChild(item)

    @Slot()
    def _offer(self) -> None:
        """What can be done with the chosen file."""
        row, free = self.chosen, not self._background.busy
        self.fetch.setEnabled(free and row is not None and row.state is State.FETCHABLE)
        self.remove.setEnabled(free and row is not None and row.state is State.THERE)
        for button in (self.add, self.add_folder, self._replace):
            button.setEnabled(free)
        self.cancel.setEnabled(not free)
        if row is None:
            self._detail.setText("Choose a file to read whose it is, on which terms, and how to get it.")
        else:
            how = f"\nHow: {row.asset.fetch}" if row.asset.fetch else ""
            self._detail.setText(
                f"Whose: {row.asset.origin}\nLicence: {row.asset.licence}{how}\nWhere: {row.path}"
            )

    def _fetch(self) -> None:
        row = self.chosen
        if row is not None and self._questions.agree(self, "Licence", described(row), "Accept and fetch"):
            self._start(cli.fetching(row, self._replace.isChecked()), f"Fetching {row.name} …")

    def _add(self) -> None:
        self.add_paths([Path(name) for name in self._questions.files(self)])

    def _add_folder(self) -> None:
        if folder := self._questions.folder(self):
            self.add_paths([Path(folder)])

    def add_paths(self, paths: Sequence[Path]) -> None:
        """Recognise files or folders and keep copies."""
        if paths:
            self._start(_added(paths, self._replace.isChecked()), "Looking what that is …")

    def _remove(self) -> None:
        row = self.chosen
        if row is None or not self._questions.agree(self, "Remove", f"Delete {row.path}?", "Delete"):
            return
        try:
            self.said.setText(f"{remove(row.name)} was removed.")
        except KeepError as error:
            self.said.setText(str(error))
        self.refresh()

    def _stop(self) -> None:
        self.said.setText("Stopping …")
        self._background.cancel()

    def _start(self, series: Iterator[Any], doing: str) -> None:
        self.said.setText(doing)
        self._doing, self._since_s = doing.rstrip(" …"), monotonic()
        self._bar.show_running(Running(self._doing, 0, 0), can_stop=False)  # a button below does
        self._background.start(series, 0)
        self._offer()

    @Slot(object)
    def _on_progressed(self, progress: SeriesProgress) -> None:
        value = progress.value
        if isinstance(value, fetching.Received) and value.total:
            self._bar.show_running(self._received(value), can_stop=False)

    def _received(self, value: fetching.Received) -> Running:
        """How far a download is, and how long it will take at the pace since it was begun."""
        spent_s = monotonic() - self._since_s
        left_s = spent_s / value.there * (value.total - value.there) if value.there else None
        there, total = (-(-count // BYTES_OF_MB) for count in (value.there, value.total))
        return Running(f"{self._doing}, MB", there, total, left_s)

    @Slot(object, object)
    def _on_ended(self, value: object, error: BaseException | None) -> None:
        self._bar.show_running(None)
        if error is not None:
            self.said.setText(str(error))
        elif isinstance(value, list):
            self.said.setText("\n".join(value))
        elif isinstance(value, fetching.Received) and value.there < value.total:
            self.said.setText(f"Stopped; {megabytes(value.there)} are kept. Fetch again to go on from there.")
        else:
            self.said.setText("It is there.")
        self.refresh()

    def _make_table(self) -> QTreeWidget:
        table = QTreeWidget()
        table.setAccessibleName("Files")
        table.setHeaderLabels(COLUMNS)
        table.setAlternatingRowColors(True)
        for column, width in enumerate(WIDTHS):
            table.setColumnWidth(column, width)
        table.currentItemChanged.connect(self._offer)
        return table

    def _lay_out(self) -> None:
        where = QPushButton("Open folder")
        where.setToolTip("Show the folder in the file manager.")
        where.clicked.connect(_open_folder)
        top, bottom = QHBoxLayout(), QHBoxLayout()
        top.addWidget(QLabel(f"Files you bring are kept in {brought_folder()}"), 1)
        top.addWidget(where)
        for button in (self.fetch, self.add, self.add_folder, self.remove):
            bottom.addWidget(button)
        bottom.addWidget(self._replace)
        bottom.addStretch(1)
        bottom.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setSpacing(SPACE)
        column.addLayout(top)
        column.addWidget(self.used)
        column.addWidget(self.table, 1)
        for widget in (self._detail, self._methods, self.said, self._bar):
            column.addWidget(widget)
        column.addLayout(bottom)


def _added(paths: Sequence[Path], replace: bool) -> Iterator[list[str]]:
    """What became of each path, a list that grows; a bad one does not stop the others."""
    said: list[str] = []
    for path in paths:
        try:
            for sentence in cli.adding(path, replace):
                said = [*said, sentence]
                yield said
        except (UnmaskError, KeepError) as error:
            said = [*said, str(error)]
            yield said


def _text(name: str) -> QLabel:
    label = QLabel()
    label.setAccessibleName(name)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _button(text: str, tooltip: str, verb: Callable[[], object]) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tooltip)
    button.setAutoDefault(False)
    button.clicked.connect(lambda _on: verb())
    return button


@Slot()
def _open_folder() -> None:
    folder = brought_folder()
    folder.mkdir(parents=True, exist_ok=True)
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
