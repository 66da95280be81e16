"""Another theme for everything there is, in some turns of the event loop."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from viewer.state.style import Theme
from viewer.widgets import theme
from viewer.window.main_window import MainWindow


class Dressing(QObject):
    """Takes the old style sheet off, in the next turn puts the new one on, then lets all be drawn.

    Qt needs about as long for each as the window may be away, and twice as long for both where one sheet
    replaces another at once.
    """

    def __init__(self, window: MainWindow, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._window = window
        self._chosen: Theme | None = None  # what is to be put on
        self._still: list[QWidget] = []
        self._next = QTimer(self, singleShot=True)
        self._next.timeout.connect(self._go_on)

    def dress(self, chosen: Theme) -> None:
        """Change to that theme; at once where nobody sees it."""
        self._window.dress(theme.colours(chosen))
        if self._chosen is None and theme.is_worn(chosen):
            return
        if self._chosen is None:
            self._hold_still()
            theme.take_off()
        self._chosen = chosen
        if self._still:
            self._next.start()
        else:
            self.finish()

    def finish(self) -> None:
        """Do at once what is still to be done."""
        while self._chosen is not None or self._still:
            self._go_on()
        self._next.stop()

    @Slot()
    def _go_on(self) -> None:
        chosen, self._chosen = self._chosen, None
        if chosen is not None:
            theme.apply(chosen)
            self._next.start()
            return
        still, self._still = self._still, []
        for widget in filter(isValid, still):
            widget.setUpdatesEnabled(True)

    def _hold_still(self) -> None:
        shown = (widget for widget in QApplication.topLevelWidgets() if widget.isVisible())
        still = [widget for widget in shown if widget.updatesEnabled()]
        self._still += still
        for widget in still:
            widget.setUpdatesEnabled(False)
