"""What a user can do about who answers, and without what."""

from __future__ import annotations

from PySide6.QtCore import QObject

from viewer.methods.available import best_offer
from viewer.methods.commands import MethodCommands
from viewer.state.state import toggled
from viewer.state.store import Store
from viewer.widgets.dialogs import DesktopServices


class BranchCommands(QObject):
    """The method that answers, its weights, and the parts of its computation."""

    def __init__(
        self,
        store: Store,
        methods: MethodCommands,
        desktop: DesktopServices,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._methods, self._desktop = store, methods, desktop

    def toggle_branch(self, name: str) -> None:
        """Leave a part out of the computation, or take it in again; the answer is computed anew."""
        self._store.update(switched_off=toggled(self._store.state.switched_off, name))

    def toggle_branch_at(self, index: int) -> None:
        """`toggle_branch` by position."""
        if index < len(self._store.state.switches):
            self.toggle_branch(self._store.state.switches[index])

    def toggle_steady(self) -> None:
        """Smooth answers about a video over its frames, or give them as the method says them."""
        self._store.update(steady=not self._store.state.steady)

    def choose_method(self, method: str) -> None:
        """Let another method answer, with the first weights there are; else the present one stays."""
        if method != self._store.state.method:
            self._methods.put(0, best_offer(method).setting)

    def choose_weights(self, weights: str) -> None:
        """Use other weights: a name, or the path of a file; if they do not fit, the present ones stay."""
        self._store.update(weights=weights)

    def open_weights_dialog(self) -> None:
        """Ask for a weights file and use it."""
        if path := self._desktop.ask_file("weights"):
            self.choose_weights(path)
