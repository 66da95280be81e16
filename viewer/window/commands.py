"""What a user can do with the window itself."""

from __future__ import annotations

from types import MappingProxyType

from PySide6.QtCore import QObject, Signal

from viewer.inference.session import Session
from viewer.state.store import Store
from viewer.widgets.dialogs import DesktopServices

WINDOW_WISHES = (
    *("palette", "about", "assets", "copy-log", "reset-layout", "quit", "shortcuts", "panels-help"),
    "preferences",
)


class WindowCommands(QObject):
    """What concerns the window itself.

    Signals:
        asked: Something only the window can do: one of WINDOW_WISHES.
    """

    asked = Signal(str)

    def __init__(
        self, store: Store, session: Session, desktop: DesktopServices, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._store, self._session, self._desktop = store, session, desktop

    def copy(self, text: str) -> None:
        """Put a text, e.g. the log, on the clipboard."""
        self._desktop.copy(text)

    def set_keys(self, name: str, keys: str) -> None:
        """Do an action by other keys, as QKeySequence reads them; empty for none."""
        self._store.update(keys=MappingProxyType({**self._store.state.keys, name: keys}))

    def ask(self, wish: str) -> None:
        """Something only the window can do: one of WINDOW_WISHES."""
        assert wish in WINDOW_WISHES, wish
        self.asked.emit(wish)

    def abandon(self) -> None:
        """Wait no longer for an answer that does not come."""
        self._session.abandon()

    def dismiss_notice(self) -> None:
        """The user has read the banner."""
        self._store.update(notice=None)
