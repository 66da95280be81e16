"""The dock of failure mining: start and progress, filter, rows as table or thumbnails, a plot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from viewer.methods.available import offers
from viewer.mining.commands import MiningCommands
from viewer.mining.models import FaceGrid, FaceTable
from viewer.mining.ordering import Shown, shown_rows
from viewer.mining.plots import FacePlot
from viewer.mining.views import GridView, MarkKeys, TableView
from viewer.state.mining import Mining, View
from viewer.state.running import Running
from viewer.state.setting import Setting, worded
from viewer.state.state import State, setting_of
from viewer.state.store import Store
from viewer.state.style import Theme
from viewer.widgets import theme
from viewer.widgets.parts import menu_button, note, summary
from viewer.widgets.progress import Progress
from viewer.widgets.theme import SPACE

DRAWS = (0, 4, 8, 16)
TYPING_MS = 200
SOON_S = 100.0
PLOT_FROM = 640  # px of width
EXAMPLE = 'Filter, e.g. nme > 5 and (covered >= 20 or alarms ~ "empty") and not mark = good'
NOTHING = (
    "Answer for all pictures of a folder, a list or a video in the background, and see the worst first. "
    "Start with Run, or drop a folder on the window."
)


class MiningDock(QWidget):
    """Keeps its parts true to State.mining; computes which rows are shown once for all of them."""

    def __init__(
        self,
        store: Store,
        commands: MiningCommands,
        actions: Mapping[str, QAction],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._commands = store, commands
        self._faces, self._tiles = FaceTable(self), FaceGrid(commands.thumbnails, self)
        self.table, self.grid, self.plot = TableView(self._faces), GridView(self._tiles), FacePlot()
        self.filter = QLineEdit()
        self._trouble, self._summary, self._nothing = note(""), summary(), note(NOTHING)
        self._progress = Progress("Failure mining", delay_ms=0)
        self._clear, self._switch = QPushButton("All rows"), QPushButton("")
        self._stack, self._split = QStackedWidget(), QSplitter(Qt.Orientation.Horizontal)
        self._typed = QTimer(self, singleShot=True, interval=TYPING_MS)
        self._keys = MarkKeys(self)
        self._shown: Shown | None = None
        self._lay_out(actions)
        self._connect()
        store.on(_rows_depend_on, self._show_rows, self)
        store.on(lambda state: state.mining.running, self._show_running, self)
        store.on(lambda state: state.mining.view, self._show_view, self)
        store.on(lambda state: state.mining.current, self._show_current, self)
        store.on(lambda state: state.theme, self._dress, self)

    @property
    def shown(self) -> Shown:
        """The rows that are shown."""
        assert self._shown is not None
        return self._shown

    def _lay_out(self, actions: Mapping[str, QAction]) -> None:
        self.filter.setPlaceholderText(EXAMPLE)
        self.filter.setAccessibleName("Filter")
        self.filter.setClearButtonEnabled(True)
        self.filter.setMinimumWidth(80)
        self._clear.setToolTip("Take the brush back: show all rows that the filter leaves")
        self._progress.button.setToolTip("Stop the run; the rows it has so far stay")
        first = QHBoxLayout()
        self._run = menu_button(self._run_menu(actions), "Run", "Start a run, and choose who answers")
        export = menu_button(
            _menu(actions, EXPORTS),
            "Export",
            "Write the rows shown, a contact sheet, or curves of their errors",
        )
        widgets: tuple[QWidget, ...] = (
            self._run,
            self._progress,
            self._summary,
            self._clear,
            self._switch,
            export,
        )
        for widget in widgets:
            first.addWidget(widget, 1 if widget in (self._summary, self._progress) else 0)
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.grid)
        self._stack.setMinimumWidth(160)
        self._split.addWidget(self._stack)
        self._split.addWidget(self.plot)
        self._split.setSizes([900, 300])
        self._split.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self._split.setStretchFactor(0, 1)
        self._split.setMinimumWidth(100)  # the plot goes where there is no room for it
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE, SPACE // 2, SPACE, SPACE // 2)
        column.setSpacing(SPACE // 2)
        column.addLayout(first)
        column.addWidget(self.filter)
        column.addWidget(self._trouble)
        column.addWidget(self._nothing)
        column.addWidget(self._split, 1)
        self.setMinimumHeight(120)

    def _connect(self) -> None:
        commands = self._commands
        self.filter.textEdited.connect(lambda _text: self._typed.start())
        self.filter.textChanged.connect(lambda text: None if text else self._typed.start(0))
        self.filter.returnPressed.connect(lambda: self._typed.start(0))
        self._typed.timeout.connect(lambda: commands.filter(self.filter.text()))
        self._progress.cancelled.connect(commands.cancel)
        self._switch.clicked.connect(self._switch_view)
        self._clear.clicked.connect(lambda: commands.brush(None))
        self.table.chosen.connect(commands.open_row)
        self.grid.chosen.connect(commands.open_row)
        self.table.sorted_by.connect(commands.sort)
        self.grid.scrolled.connect(commands.thumbnails.forget_wishes)
        self.plot.chosen.connect(commands.plot)
        self.plot.brushed.connect(commands.brush)
        self._keys.verdict.connect(commands.mark)
        self._keys.note.connect(commands.note)
        for view in (self.table, self.grid):
            view.installEventFilter(self._keys)

    def _run_menu(self, actions: Mapping[str, QAction]) -> QMenu:
        menu = _menu(actions, ("mine-folder", "mine-file"))
        methods, jitter = menu.addMenu("Who answers"), menu.addMenu("Box jitter")
        methods.aboutToShow.connect(lambda: self._fill_methods(methods))
        jitter.aboutToShow.connect(lambda: self._fill_jitter(jitter))
        return menu

    def _fill_methods(self, menu: QMenu) -> None:
        """Every method with its weights; those ticked answer in the next run."""
        menu.clear()
        state = self._store.state
        chosen = state.mining.plan.settings or (setting_of(state),)
        known = {offer.setting: offer for offer in offers()}
        for setting in dict.fromkeys((*chosen, *known)):
            action = menu.addAction(worded(setting))
            action.setCheckable(True)
            action.setChecked(setting in chosen)
            offer = known.get(setting)
            action.setEnabled(setting in chosen or offer is None or offer.ready)
            if offer is not None:
                action.setToolTip(offer.meaning)
            action.triggered.connect(lambda on, who=setting: self._plan_setting(who, on))
        menu.setToolTipsVisible(True)

    def _plan_setting(self, setting: Setting, on: bool) -> None:
        state = self._store.state
        chosen = state.mining.plan.settings or (setting_of(state),)
        others = tuple(one for one in chosen if one != setting)
        settings = (*others, setting) if on else others
        self._commands.plan(replace(state.mining.plan, settings=settings))

    def _fill_jitter(self, menu: QMenu) -> None:
        """How many jittered boxes each face is asked about."""
        menu.clear()
        group, plan = QActionGroup(menu), self._store.state.mining.plan
        for draws in DRAWS:
            text = f"{draws} boxes for each face, {draws + 1} answers more" if draws else "Off"
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(draws == plan.draws)
            group.addAction(action)
            action.triggered.connect(
                lambda _on, count=draws: self._commands.plan(
                    replace(self._store.state.mining.plan, draws=count)
                )
            )

    def _show_rows(self, _changed: object) -> None:
        mining = self._store.state.mining
        self._shown = shown_rows(mining)
        empty = mining.run is None
        self._nothing.setVisible(empty)
        self._split.setVisible(not empty)
        self.filter.setVisible(not empty)
        if self.filter.text() != mining.filter and not self._typed.isActive():
            self.filter.setText(mining.filter)
        self._trouble.setText(self._shown.trouble)
        self._trouble.setVisible(bool(self._shown.trouble))
        self._faces.show(mining, self._shown.rows)
        self._tiles.show(mining, self._shown.rows)
        self.table.show_sort(mining.sort)
        self.table.show_columns(frozenset() if mining.run is None else mining.run.lacks())
        self._draw_plot()
        self._clear.setVisible(mining.brush is not None)
        self._show_summary(mining)
        self._show_current(mining.current)

    def _draw_plot(self) -> None:
        if self._shown is not None:
            self.plot.show_rows(self._store.state.mining, self._shown.filtered)

    def _show_summary(self, mining: Mining) -> None:
        text = told(mining, self.shown)
        self._summary.setText(text)
        self._summary.setToolTip(text)

    def _show_running(self, running: Running | None) -> None:
        self._run.setVisible(running is None)
        titled = running and replace(running, title="" if running.total else "Loading")
        self._progress.show_running(titled)

    def _show_view(self, view: View) -> None:
        other = View.GRID if view is View.TABLE else View.TABLE
        self._switch.setText(other.value.capitalize())
        self._switch.setToolTip(f"Show the rows as {other.value}")
        self._stack.setCurrentWidget(self.table if view is View.TABLE else self.grid)

    def _switch_view(self) -> None:
        grid = self._store.state.mining.view is View.GRID
        self._commands.show_as(View.TABLE if grid else View.GRID)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The plot only where there is room for it beside the rows."""
        super().resizeEvent(event)
        self.plot.setVisible(event.size().width() >= PLOT_FROM)
        self._draw_plot()

    def _show_current(self, row: int) -> None:
        self.table.show_current(row)
        self.grid.show_current(row)
        self.plot.show_current(self._store.state.mining)

    def _dress(self, chosen: Theme) -> None:
        colours = theme.colours(chosen)
        self._faces.dress(
            theme.mixed(colours.error, colours.text, 0.0), theme.mixed(colours.muted, colours.text, 0.0)
        )
        self.grid.tiles.dress(colours)
        self.plot.dress(colours)
        self._draw_plot()


EXPORTS = (
    *("mine-csv", "mine-parquet", "mine-sheet-png", "mine-sheet-pdf"),
    *("mine-curve-png", "mine-curve-pdf", "mine-covered-png", "mine-covered-pdf"),
)


def _rows_depend_on(state: State) -> tuple[object, ...]:
    """What the rows, their order and their cells depend on."""
    mining = state.mining
    return mining.run, mining.table, mining.filter, mining.sort, mining.brush, mining.axes, mining.marks


def _menu(actions: Mapping[str, QAction], names: tuple[str, ...]) -> QMenu:
    menu = QMenu()
    menu.setToolTipsVisible(True)
    for name in names:
        menu.addAction(actions[name])
    return menu


def told(mining: Mining, shown: Shown) -> str:
    """How many rows there are, how many are shown, and how many pictures have no answer."""
    count, seen = len(mining.table), len(shown.rows)
    if mining.run is None:
        return ""
    words = [f"{count:,} rows" if seen == count else f"{seen:,} of {count:,} rows"]
    for outcome, what in (("no face", "without a face"), ("problem", "with a problem")):
        if number := mining.table.texts["outcome"].count(outcome):
            words.append(f"{number:,} {what}")
    return f"{mining.run.name}: {', '.join(words)}"
