"""What whoever presents can do: begin, go on, go back, let it run by itself, end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject

from models.errors import InputError
from viewer.inference.session import Session
from viewer.presentation.script import BUNDLED, read_presentation
from viewer.state.presentation import Presentation
from viewer.state.store import Store
from viewer.widgets.dialogs import DesktopServices


class PresentationCommands(QObject):
    """Which step of which presentation is shown; `viewer.app.presenting` brings about what it shows."""

    def __init__(
        self, store: Store, session: Session, desktop: DesktopServices, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._store, self._session, self._desktop = store, session, desktop

    def present(self, path: str | Path = BUNDLED) -> None:
        """Begin with the first step in that file; what is shown stays if it cannot be read."""
        try:
            presentation = read_presentation(Path(path))
        except InputError as error:
            self._session.tell(error)
            return
        self._store.update(presentation=presentation)

    def open_dialog(self) -> None:
        """Ask for a presentation and begin with it."""
        if path := self._desktop.ask_file("presentation"):
            self.present(path)

    def go(self, by: int) -> None:
        """To the step so many after this one; not beyond the first and last."""
        if shown := self._store.state.presentation:
            index = min(max(shown.index + by, 0), len(shown.steps) - 1)
            self._set(replace(shown, index=index))

    def go_round(self) -> None:
        """To the next step, or from the last to the first."""
        if shown := self._store.state.presentation:
            self._set(replace(shown, index=(shown.index + 1) % len(shown.steps)))

    def toggle_auto(self) -> None:
        """Let the steps follow by themselves, or wait at each."""
        if shown := self._store.state.presentation:
            self._set(replace(shown, auto=not shown.auto))

    def end(self) -> None:
        """Back to the window as it was."""
        self._set(None)

    def _set(self, presentation: Presentation | None) -> None:
        self._store.update(presentation=presentation)
