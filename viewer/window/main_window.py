"""Where things are in the window. No logic: panels and docks are given, commands are called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QMainWindow,
    QMenu,
    QStatusBar,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from viewer.playback.commands import PlaybackCommands
from viewer.state.layout import PANEL_LAYOUTS
from viewer.widgets import theme
from viewer.widgets.dock_title import DockTitle
from viewer.widgets.parts import menu_button, spring
from viewer.window.action_table import ACTIONS, MENUS
from viewer.window.command_palette import CommandPalette
from viewer.window.menus import FileMenus

SMALLEST_SIZE = (640, 480)
ICONS_TELL = ("stop", "reset-view", "wire", "theme", "palette")
"""Buttons that do without words first where the toolbar has too little room; those of panel layouts last."""
BAR_PADDING = 24  # px around the toolbar's buttons that its size hint does not know of
ICON_ONLY, WITH_WORDS = Qt.ToolButtonStyle.ToolButtonIconOnly, Qt.ToolButtonStyle.ToolButtonTextBesideIcon


class MainWindow(QMainWindow):
    """Menus, toolbar, banner, panels, docks and status line."""

    def __init__(
        self,
        playback: PlaybackCommands,
        actions: Mapping[str, QAction],
        menus: FileMenus,
        on_close: Callable[[], object],
    ) -> None:
        super().__init__()
        self._playback, self._actions, self._on_close = playback, actions, on_close
        self._file_menus = menus
        self._before: tuple[QByteArray, Qt.WindowState] | None = None  # a presentation
        self.addActions(list(actions.values()))  # their keys work while the menu bar is hidden
        self.setWindowTitle("Unmask")
        self.setAcceptDrops(True)
        self.setMinimumSize(*SMALLEST_SIZE)
        self.setDockOptions(QMainWindow.DockOption.AnimatedDocks | QMainWindow.DockOption.AllowTabbedDocks)
        self._menus = {name: self.menuBar().addMenu(name) for name in MENUS}
        self._sample_button = menu_button(menus.samples, "Samples", "Open one of the bundled photos")
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        self._make_toolbar()
        self._fill_menus(
            {
                "camera": (menus.camera, menus.samples, menus.recent),
                "open-weights": (menus.method, menus.weights, menus.detector),
            }
        )

    def place(self, rows: Sequence[QWidget], stretched: QWidget, status: QStatusBar) -> None:
        """The middle of the window: `rows` from top to bottom, of which `stretched` takes the space."""
        middle = QWidget()
        middle.setObjectName("ground")
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for row in rows:
            column.addWidget(row, 1 if row is stretched else 0)
        self.setCentralWidget(middle)
        self.setStatusBar(status)

    def add_dock(self, name: str, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        """A side widget that can be moved, floated and closed; the View menu brings it back."""
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        dock.setWidget(widget)
        dock.setTitleBarWidget(DockTitle(dock))
        self.addDockWidget(area, dock)
        toggle = dock.toggleViewAction()
        toggle.setToolTip(f"Show or hide: {title}")
        self._menus["&View"].addAction(toggle)
        return dock

    def dress(self, colours: theme.Colours) -> None:
        """Icons in the theme's colour, where no action brings one."""
        self._sample_button.setIcon(theme.icon("sample", colours.text))
        if (more := self._bar.findChild(QToolButton, "qt_toolbar_ext_button")) is not None:
            more.setIcon(theme.icon("more", colours.text))  # the style's own is dark on dark
            more.setToolTip("What the window is too narrow for")

    def present(self, on: bool) -> None:
        """Only what is in the middle, on the whole screen; or everything again as it was before."""
        if on:
            self._before = self.saveState(), self.windowState()
            for widget in (self.menuBar(), self._bar, self.statusBar(), *self.findChildren(QDockWidget)):
                widget.hide()
            if (focused := self.focusWidget()) is not None:
                focused.clearFocus()  # no frame around a panel
            self.showFullScreen()
        elif self._before is not None:
            docks, state = self._before
            self._before = None
            self.setWindowState(state)
            self.menuBar().show()
            self.statusBar().show()
            self.restoreState(docks)

    def show_palette(self) -> None:
        """The command palette, in the upper middle of the window."""
        shown = CommandPalette(self._actions.values(), self)
        shown.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        place = self.mapToGlobal(self.rect().topLeft())
        shown.move(place.x() + (self.width() - shown.width()) // 2, place.y() + 90)
        shown.show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Words beside the toolbar's icons, as far as there is room for them."""
        super().resizeEvent(event)
        layouts = {f"layout-{row.name}" for row in PANEL_LAYOUTS}
        for bare in ((), ICONS_TELL, self._buttons.keys() - layouts, self._buttons.keys()):
            for name, button in self._buttons.items():
                button.setToolButtonStyle(ICON_ONLY if name in bare else WITH_WORDS)
            if (layout := self._bar.layout()) is not None:
                layout.invalidate()  # a button that had no room is hidden, and does not tell it
            if self._bar.sizeHint().width() + BAR_PADDING <= event.size().width():
                break

    def closeEvent(self, event: QCloseEvent) -> None:
        """Let whoever owns threads end them first."""
        self._on_close()
        super().closeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Anything with addresses may be dropped; whether it can be opened is said afterwards."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped; for a folder, ask what is to be done with it."""
        event.acceptProposedAction()
        urls = event.mimeData().urls()
        paths = [url.toLocalFile() for url in urls if url.isLocalFile()]
        if len(paths) == 1 and Path(paths[0]).is_dir():
            place = self.mapToGlobal(event.position().toPoint())
            self._file_menus.fill_dropped(paths[0]).popup(place)
        else:
            self._playback.open_several(paths)

    def _fill_menus(self, inside: Mapping[str, Sequence[QMenu]]) -> None:
        """All rows of ACTIONS; after some of them menus of their own, by the row's name."""
        group = dict.fromkeys(MENUS, "")
        for row in ACTIONS:
            menu = self._menus[row.menu]
            if row.group != group[row.menu] and not menu.isEmpty():
                menu.addSeparator()
            group[row.menu] = row.group
            menu.addAction(self._actions[row.name])
            for submenu in inside.get(row.name, ()):
                menu.addMenu(submenu)
        for menu in self._menus.values():
            menu.setToolTipsVisible(True)

    def _make_toolbar(self) -> None:
        bar = self._bar = QToolBar("Toolbar")
        bar.setObjectName("toolbar")
        bar.setMovable(False)
        bar.setIconSize(QSize(theme.ICON, theme.ICON))
        self._buttons = {"samples": self._sample_button}
        for name in (row.name for row in ACTIONS if row.toolbar):
            if name in ("draw-box", f"layout-{PANEL_LAYOUTS[0].name}", "reset-view"):
                bar.addSeparator()
            if name == "theme":
                bar.addWidget(spring())
            bar.addAction(self._actions[name])
            button = bar.widgetForAction(self._actions[name])
            assert isinstance(button, QToolButton)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # Qt leaves it out
            self._buttons[name] = button
            if name == "open":
                bar.addWidget(self._sample_button)
        self.addToolBar(bar)
