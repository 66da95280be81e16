"""The one history of edits that can be undone, whatever they are about."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QUndoCommand, QUndoStack

from viewer.state.store import Store

MOST_EDITS = 100
Do = Callable[[], object]


class Edit(QUndoCommand):
    """One edit; those of one drag of one thing become one."""

    def __init__(self, text: str, undo: Do, redo: Do, about: str, drag: int, thing: object) -> None:
        super().__init__(text)
        self._undo, self._redo = undo, redo
        self.about = about
        self._drag, self._thing = drag, thing

    def id(self) -> int:
        """Qt merges commands of one number."""
        return self._drag or -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        """The other follows this one; QUndoStack asks."""
        if not isinstance(other, Edit) or (other.about, other._thing) != (self.about, self._thing):
            return False
        self._redo = other._redo
        return True

    def undo(self) -> None:
        """Back; nothing if what it was about is gone."""
        if not self.isObsolete():
            self._undo()

    def redo(self) -> None:
        """Again; Qt calls it also the first time."""
        if not self.isObsolete():
            self._redo()


class Edits(QObject):
    """Keeps `State.undo` and `State.redo` true: what would be undone and redone next."""

    def __init__(self, store: Store, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._stack = QUndoStack(self)
        self._stack.setUndoLimit(MOST_EDITS)
        self._stack.undoTextChanged.connect(self._on_undo_text)
        self._stack.redoTextChanged.connect(self._on_redo_text)

    def push(self, text: str, *, undo: Do, redo: Do, about: str, drag: int = 0, thing: object = None) -> None:
        """Do an edit now, and let it be undone.

        Args:
            text: What the user reads, e.g. "Move the cup".
            undo, redo: Bring back what was before it, and what it makes.
            about: What it concerns; see `forget`.
            drag: Edits of one number, above 0, about one thing become one.
            thing: What is dragged.
        """
        self._stack.push(Edit(text, undo, redo, about, drag, thing))

    def undo(self) -> None:
        """Take back the last edit."""
        self._stack.undo()
        self._drop_obsolete()

    def give_up(self, drag: int) -> None:
        """Take back a drag that its user gave up, if it is the last edit; it is not to be redone."""
        place = self._stack.index()
        edit = self._stack.command(place - 1) if place else None
        if isinstance(edit, Edit) and edit.id() == drag:
            self._stack.undo()
            edit.setObsolete(True)
            self._drop_obsolete()

    def redo(self) -> None:
        """Do again what was taken back."""
        self._stack.redo()
        self._drop_obsolete()

    def forget(self, about: str) -> None:
        """What these edits were about is gone: they are no more to be undone or redone."""
        for place in range(self._stack.count()):
            edit = self._stack.command(place)
            if isinstance(edit, Edit) and edit.about == about:
                edit.setObsolete(True)
        self._drop_obsolete()

    def _drop_obsolete(self) -> None:
        """Qt deletes an obsolete edit when its turn comes; its turn is now, where it is the next one."""
        while (place := self._stack.index()) > 0 and self._stack.command(place - 1).isObsolete():
            self._stack.undo()
        while (place := self._stack.index()) < self._stack.count() and self._stack.command(
            place
        ).isObsolete():
            self._stack.redo()

    @Slot(str)
    def _on_undo_text(self, text: str) -> None:
        self._store.update(undo=text)

    @Slot(str)
    def _on_redo_text(self, text: str) -> None:
        self._store.update(redo=text)
