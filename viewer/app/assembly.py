"""Who is told about whom: makes store, session, commands, panels, docks and window, and ends them again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QPixmap
from PySide6.QtOpenGLWidgets import QOpenGLWidget
from PySide6.QtWidgets import QDialog, QDockWidget, QMessageBox, QWidget

from viewer.app.commands import Commands
from viewer.app.dressing import Dressing
from viewer.app.presenting import Presenting
from viewer.cases.autosave import Autosave
from viewer.compare.bar import CompareBar
from viewer.compare.presenter import ComparePresenter, PhotoPair, SurfacePair
from viewer.display.dock import LayersDock
from viewer.ground_truth.dock import MetricsDock
from viewer.inference.session import Session
from viewer.inference.worker import Work
from viewer.inspector.dock import InspectorDock
from viewer.methods.bar import MethodsBar
from viewer.methods.presenter import MethodsPresenter, MethodSurface
from viewer.methods.terms import in_use, who_answers
from viewer.mining.dock import MiningDock
from viewer.occlusion.dock import OcclusionDock
from viewer.occlusion.presenter import CoveredPhoto, OcclusionPresenter
from viewer.playback.history_dock import HistoryDock
from viewer.playback.transport_bar import TransportBar
from viewer.preferences.dialog import PreferencesDialog
from viewer.presentation.bar import PresentationBar
from viewer.state.layout import OCCLUSION, panels_shown
from viewer.state.panel_help import help_on
from viewer.state.setting import METHODS
from viewer.state.settings import Settings
from viewer.state.state import State
from viewer.state.store import Store
from viewer.tasks.deadline import Deadline
from viewer.widgets import theme
from viewer.widgets.dialogs import Desktop, DesktopServices
from viewer.window.about import AboutDialog, about
from viewer.window.action_table import ACTIONS, make_actions
from viewer.window.banner import Banner
from viewer.window.legend_room import LegendRoom, WithLegend
from viewer.window.log_dock import LogDock, LogHandler, LogModel, LogRelay
from viewer.window.main_window import MainWindow
from viewer.window.maps_presenter import MapsGrid, MapsPresenter
from viewer.window.menus import FileMenus
from viewer.window.panel_area import PanelArea
from viewer.window.panel_presenter import PanelPresenter, PictureView, SurfacePanel
from viewer.window.shortcuts_dialog import ShortcutsDialog
from viewer.window.status import Status

if TYPE_CHECKING:
    from viewer.assets.dialog import AssetsDialog

log = logging.getLogger(__name__)

FIRST_SIZE = (1600, 1000)
SESSIONS = "sessions"  # the folder, beside the settings, of what is kept against a crash
SIDE = Qt.DockWidgetArea.RightDockWidgetArea
SIDE_WIDTH = 300
HISTORY_HEIGHT = 140
HEIGHTS = (450, 440)  # of layers and inspector, px, or in that ratio
OCCLUSION_HEIGHT = 720
LOW = 820  # px of height under which docks share one place
CLOSE_TIMEOUT_S = 1.0  # for all threads together, then for a source that hangs
WRITING_TIMEOUT_S = 1.8  # for files that are being written; whoever asked to end waits 3 s in all


class Photo(PictureView, CoveredPhoto, Protocol):
    """As `viewer.panels.photo_panel.PhotoPanel`."""


class Surface(SurfacePanel, MethodSurface, WithLegend, Protocol):
    """As `viewer.panels.panel.Panel`."""


class Pair(SurfacePair, WithLegend, Protocol):
    """As `viewer.panels.wipe_panel.WipePanel`."""


@dataclass(frozen=True, slots=True)
class Panels:
    """The widgets that draw.

    Attributes:
        photo: The photo with what is drawn over it.
        surfaces: Panel name -> the GL panel.
        photo_wipe, wipe: A against B, on the photo and in 3D.
        maps: What an answer says of every pixel.
        widgets: All of them, by the panel's name.
    """

    photo: Photo
    surfaces: Mapping[str, Surface]
    photo_wipe: PhotoPair
    wipe: Pair
    maps: MapsGrid
    widgets: Mapping[str, QWidget]


class Assembly(QObject):
    """One window with all that belongs to it."""

    _uncaught = Signal(object)

    def __init__(
        self,
        settings: Settings,
        first: State,
        work: Work,
        make_panels: Callable[[], Panels],
        make_desktop: Callable[[Callable[[], QPixmap]], DesktopServices] = Desktop,
    ) -> None:
        super().__init__()
        theme.apply(first.theme)  # before there are widgets
        self._settings = settings
        self._relay = LogRelay()
        self._handler = LogHandler(self._relay)
        self.log = LogModel(self._relay, self)
        logging.getLogger().addHandler(self._handler)
        logging.getLogger("viewer").setLevel(logging.INFO)
        self.store = Store(first, self)
        self.session = Session(self.store, work, self)
        self.commands = Commands(self.store, self.session, make_desktop(self.grab), self)
        self.actions = make_actions(self, self.commands, self.store)
        commands = self.commands
        menus = FileMenus(self.store, commands.playback, commands.branches, commands.faces, commands.mining)
        self.window = MainWindow(self.commands.playback, self.actions, menus, self.close)
        self.autosave = Autosave(self.store, settings.folder / SESSIONS, parent=self)
        self._assets: AssetsDialog | None = None  # made when asked for
        panels = self._panels = make_panels()
        self._furnish(panels)
        for view in self.window.findChildren(QOpenGLWidget):
            view.frameSwapped.connect(work.painted)
        self.session.prepare_by(self._panel_presenter.prepare)
        self._closed, self._all_ended = False, True
        self._uncaught.connect(self._tell_uncaught)
        self._telling = False
        self.commands.window.asked.connect(self._on_asked)
        self._panel_layout = ""
        self._presenting = Presenting(self.store, self.commands, self.window)
        self._dressing = Dressing(self.window, self)
        self.store.on(lambda state: state.theme, self._dressing.dress)
        self.store.on(panels_shown, lambda rows: self._area.show_only([row.name for row in rows]), self)
        self.store.on(lambda state: state.panel_layout, self._bring_docks)
        self.store.on(has_clip, self._bring_history)
        self.store.on(lambda state: state.source_name, self._name_window)
        self.store.on(lambda state: state.mining.shows, self._bring_mining)

    def show(self, size: tuple[int, int] | None = None) -> None:
        """Show the window: of a size if one is given, else as it was left, else as large as fits."""
        if size is None and self._settings.restore_layout(self.window):
            self.window.show()
            return
        self.window.resize(*_fitting(size or FIRST_SIZE))
        self._arrange_docks()
        self.window.show()

    def grab(self) -> QPixmap:
        """A picture of the whole window, OpenGL panels included; what was left for later is done before."""
        self._dressing.finish()
        self._panel_presenter.finish()
        for photo in (self._panels.photo, self._panels.photo_wipe):
            photo.complete()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
        return self.window.grab()

    def report(self, error: BaseException) -> None:
        """Show an error nobody caught; from any thread."""
        self._uncaught.emit(error)

    @Slot(object)
    def _tell_uncaught(self, error: BaseException) -> None:
        """Show an error nobody caught; one that the telling itself causes is only logged: else no end."""
        if self._telling:
            log.critical("While an error was shown: %s", error, exc_info=error)
            return
        self._telling = True
        try:
            self.session.tell(error)
        finally:
            self._telling = False

    def stop(self) -> None:
        """Close the window, also from under a dialog, and end the application."""
        self.window.close()
        QCoreApplication.quit()

    @Slot()
    def close(self) -> bool:
        """Keep what outlives the session and end all threads. Harmless when done twice.

        Returns:
            False if some did not end in time and are left behind.
        """
        if self._closed:
            return self._all_ended
        self._closed = True
        soon, late = Deadline(CLOSE_TIMEOUT_S), Deadline(WRITING_TIMEOUT_S)
        self.commands.presentation.end()  # the user's own layout and switches are kept, not a step's
        self._settings.keep_layout(self.window)
        self._settings.keep(self.store.state)
        self._settings.sync()
        if self._assets is not None:
            self._assets.end(soon.left_s)
        self._panel_presenter.stop()
        self.session.cancel()
        ended = self.autosave.close(soon.left_s)
        if not self.commands.close(soon.left_s, late.left_s):
            ended = False
            log.warning("What was under way did not end in time; it is left behind.")
        if not self.session.close(max(0.1, soon.left_s)):
            ended = False
            log.warning("The method did not end in time; it is left behind.")
        logging.getLogger().removeHandler(self._handler)
        self._all_ended = ended
        return ended

    def _furnish(self, panels: Panels) -> None:
        commands = self.commands
        area = self._area = PanelArea(panels.widgets)
        bar = CompareBar(self.store, commands.compare, self.actions)
        banner = Banner(self.store, commands.window, commands.faces, self.actions["draw-box"])
        methods = MethodsBar(self.store, commands.methods, self.actions)
        transport = TransportBar(self.store, commands.playback, commands.timeline, self.actions)
        area.lay_over(banner)
        presented = PresentationBar(self.store, self.actions)
        status = Status(self.store, commands.stop)
        self.window.place([bar, methods, area, transport, presented], area, status)
        self._docks = self._make_docks()
        self._legend_room = LegendRoom(self.store, {**panels.surfaces, "wipe": panels.wipe}, self)
        self._panel_presenter = PanelPresenter(
            self.store,
            commands.faces,
            commands.inspector,
            commands.cameras,
            commands.display,
            panels.photo,
            panels.surfaces,
            self,
        )
        self._maps_presenter = MapsPresenter(self.store, panels.maps, self)
        self._methods_presenter = MethodsPresenter(self.store, commands.methods, panels.surfaces, self)
        self._occlusion_presenter = OcclusionPresenter(self.store, commands.occlusion, panels.photo, self)
        self._compare_presenter = ComparePresenter(
            self.store,
            commands.compare,
            commands.inspector,
            commands.cameras,
            commands.display,
            panels.photo_wipe,
            panels.wipe,
            self,
        )

    def _make_docks(self) -> dict[str, QDockWidget]:
        commands = self.commands
        right, bottom = SIDE, Qt.DockWidgetArea.BottomDockWidgetArea
        docks = {
            "layers": self.window.add_dock(
                "layers",
                "Layers",
                LayersDock(self.store, commands.display, commands.branches),
                right,
            ),
            "inspector": self.window.add_dock(
                "inspector", "Inspector", InspectorDock(self.store, commands.faces), right
            ),
            "metrics": self.window.add_dock(
                "metrics", "Metrics", MetricsDock(self.store, commands.ground_truth, commands.display), right
            ),
            "occlusion": self.window.add_dock(
                "occlusion",
                "Occlusion",
                OcclusionDock(self.store, commands.occlusion, commands.trials, self.actions),
                right,
            ),
            "history": self.window.add_dock(
                "history", "History", HistoryDock(self.store, commands.playback), bottom
            ),
            "mining": self.window.add_dock(
                "mining", "Failure mining", MiningDock(self.store, commands.mining, self.actions), bottom
            ),
            "log": self.window.add_dock("log", "Log", LogDock(self.log, commands.window), bottom),
        }
        docks["mining"].hide()  # until somebody mines: it wants much room
        return docks

    def _arrange_docks(self) -> None:
        """As a new session has them: side by side with the panels, sharing one place where it is low."""
        layers, inspector, metrics, occlusion, history, logged, mining = (
            self._docks[name]
            for name in ("layers", "inspector", "metrics", "occlusion", "history", "log", "mining")
        )
        low = self.window.height() < LOW
        for dock in self._docks.values():
            dock.setFloating(False)
            below = dock in (history, logged, mining)
            area = Qt.DockWidgetArea.BottomDockWidgetArea if below else SIDE
            self.window.removeDockWidget(dock)  # else docks that share a place go on sharing it
            self.window.addDockWidget(area, dock)
            dock.show()
        self.window.tabifyDockWidget(logged, history)
        self.window.tabifyDockWidget(logged, mining)
        mining.setVisible(self.store.state.mining.run is not None)
        logged.hide()
        history.hide()
        if low:
            self.window.tabifyDockWidget(layers, inspector)
            self.window.tabifyDockWidget(inspector, metrics)
            self.window.tabifyDockWidget(metrics, occlusion)
            layers.raise_()
        else:
            self.window.splitDockWidget(layers, inspector, Qt.Orientation.Vertical)
            self.window.tabifyDockWidget(inspector, metrics)
            self.window.tabifyDockWidget(layers, occlusion)
            layers.raise_()
            inspector.raise_()
            self.window.resizeDocks([layers, inspector], HEIGHTS, Qt.Orientation.Vertical)
        self.window.resizeDocks([layers], [SIDE_WIDTH], Qt.Orientation.Horizontal)
        self._bring_history(has_clip(self.store.state))
        self._bring_docks(self.store.state.panel_layout)

    def _show_assets(self) -> None:
        if self._assets is None:
            from viewer.assets.dialog import (
                AssetsDialog,  # downloads need ssl, which no start has to wait for
            )

            dialog = self._assets = AssetsDialog(self.window, in_use=lambda: in_use(self.store.state))
            self.store.on(who_answers, lambda _who: dialog.tell_use(), dialog)
        self._assets.show()
        self._assets.raise_()

    def _bring_docks(self, panel_layout: str) -> None:
        """In front what belongs to the panels in sight."""
        before, self._panel_layout = self._panel_layout, panel_layout
        if self.store.state.presentation is not None:
            return
        if panel_layout == OCCLUSION:
            self._bring_occlusion()
        elif before == OCCLUSION:
            pair = [self._docks["occlusion"], self._docks["inspector"]]
            self.window.resizeDocks(pair, HEIGHTS, Qt.Orientation.Vertical)
            self._docks["layers"].raise_()
        if panel_layout == METHODS:
            self._docks["metrics"].raise_()

    def _bring_history(self, clip: bool) -> None:
        """The history under the panels when a clip is opened, where there is height for it.

        Never before the rows of a run, from which pictures are opened, nor while something is presented.
        """
        state = self.store.state
        undisturbed = state.mining.run is None and state.presentation is None
        if clip and undisturbed and self.window.height() >= LOW:
            self._docks["history"].show()
            self._docks["history"].raise_()
            self.window.resizeDocks([self._docks["history"]], [HISTORY_HEIGHT], Qt.Orientation.Vertical)

    def _bring_mining(self, shows: int) -> None:
        """The table in front, with nearly half of the height: it is walked through, the panels follow."""
        if shows:
            mining = self._docks["mining"]
            mining.show()
            mining.raise_()
            self.window.resizeDocks([mining], [round(0.45 * self.window.height())], Qt.Orientation.Vertical)

    def _bring_occlusion(self) -> None:
        """The lab's dock in front, with most of the height: it is worked with, the inspector only read."""
        occlusion, below = self._docks["occlusion"], self._docks["inspector"]
        occlusion.show()
        occlusion.raise_()
        self.window.resizeDocks([occlusion, below], [OCCLUSION_HEIGHT, 100], Qt.Orientation.Vertical)

    def _name_window(self, source: str) -> None:
        self.window.setWindowTitle(f"{source} – Unmask" if source else "Unmask")

    @Slot(str)
    def _on_asked(self, wish: str) -> None:
        match wish:
            case "palette":
                self.window.show_palette()
            case "copy-log":
                self.commands.window.copy(self.log.text())
            case "reset-layout":
                self._arrange_docks()
            case "quit":
                self.window.close()
            case "about":
                self._show_about()
            case "assets":
                self._show_assets()
            case "preferences":
                self._open(PreferencesDialog(self.store, self.commands.preferences, self.window))
            case "shortcuts":
                self._open(ShortcutsDialog(ACTIONS, self.actions, self.commands.window, self.window))
            case "panels-help":
                self._show_panels_help()

    def _show_about(self) -> None:
        sections = about(self.store.state, in_use(self.store.state))
        self._open(AboutDialog(sections, self.commands.window.copy, self.window))

    def _show_panels_help(self) -> None:
        told = "".join(
            f"<p><b>{escape(title)}</b><br>{escape(text)}</p>" for title, text in help_on(self.store.state)
        )
        box = QMessageBox(QMessageBox.Icon.NoIcon, "What am I looking at?", told, parent=self.window)
        box.setTextFormat(Qt.TextFormat.RichText)
        self._open(box)

    def _open(self, dialog: QDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()  # not exec: nothing waits for it


def has_clip(state: State) -> bool:
    """Whether what is open has more than one frame."""
    return state.frame is not None and state.frame.count != 1


def _fitting(size: tuple[int, int]) -> tuple[int, int]:
    """`size`, or less where the screen is smaller."""
    screen = QGuiApplication.primaryScreen().availableGeometry()
    return min(size[0], screen.width()), min(size[1], screen.height())
