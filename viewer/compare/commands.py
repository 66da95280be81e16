"""What a user can do with A and B: what is compared, where the line is, which of the two is in front."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication, QStyle

from models.errors import InputError
from viewer.inference.session import Session
from viewer.readouts.difference import pinned_of
from viewer.state.comparison import A_B, Comparison, Mode, Side
from viewer.state.setting import Setting
from viewer.state.state import State
from viewer.state.store import Store
from viewer.widgets.dialogs import DesktopServices

BLINK_MS = 600  # slower than three flashes a second, which can harm


class CompareCommands(QObject):
    """What a user can do with A and B. Which answers they need follows from the State."""

    def __init__(
        self, store: Store, session: Session, desktop: DesktopServices, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._store, self._session, self._desktop = store, session, desktop
        self._beat = QTimer(self, interval=BLINK_MS)
        self._beat.timeout.connect(self.flip)
        store.on(_blinks, self._blink)

    def choose(self, name: str, side: Side) -> None:
        """Compare something else as "a" or "b"."""
        self._change(a=side) if name == "a" else self._change(b=side)

    def choose_weights(self, name: str) -> None:
        """Ask for a weights file and compare what it answers."""
        if path := self._desktop.ask_file("weights"):
            self.choose(name, Side(setting=Setting(self._store.state.method, path)))

    def pin(self) -> None:
        """Keep the answer shown, with its frame, as A, and compare the present one with it."""
        pinned = pinned_of(self._store.state)
        if pinned is None:
            self._session.tell(InputError("There is no face to pin yet. Open a photo with a face first."))
            return
        self._change(a=Side(pinned=pinned), b=Side())
        self._store.update(panel_layout=A_B)

    def swap(self) -> None:
        """A becomes B and B becomes A."""
        self._change(a=self._comparison.b, b=self._comparison.a)

    def set_wipe(self, share: float) -> None:
        """Put the line between A and B there: a share of a panel's width, 0..1."""
        self._change(wipe=min(max(share, 0.0), 1.0), mode=Mode.WIPE)

    def set_mode(self, mode: Mode) -> None:
        """Wipe or blink."""
        self._change(mode=mode, b_in_front=False)

    def toggle_blink(self) -> None:
        """Blink, or wipe again."""
        self.set_mode(Mode.WIPE if self._comparison.mode is Mode.BLINK else Mode.BLINK)

    @Slot()
    def flip(self) -> None:
        """Show the other of the two, whole."""
        front = not self._comparison.b_in_front if self._comparison.mode is Mode.BLINK else True
        self._change(mode=Mode.BLINK, b_in_front=front)

    def flip_by_hand(self) -> None:
        """`flip`, and leave it at that: the timer begins anew."""
        self.flip()
        if self._beat.isActive():
            self._beat.start()

    @property
    def blinking(self) -> bool:
        """Whether A and B take turns by themselves now."""
        return self._beat.isActive()

    @property
    def _comparison(self) -> Comparison:
        return self._store.state.comparison

    def _change(self, **changes: object) -> None:
        self._store.update(comparison=replace(self._comparison, **changes))  # type: ignore[arg-type]

    def _blink(self, blinks: bool) -> None:
        """Blinking goes by itself while it can be seen, unless the desktop asks for no movement."""
        if blinks and moves():
            self._beat.start()
        else:
            self._beat.stop()


def _blinks(state: State) -> bool:
    return state.comparison.mode is Mode.BLINK and state.panel_layout == A_B


def moves() -> bool:
    """Whether the desktop lets things move by themselves."""
    return QApplication.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration) > 0
