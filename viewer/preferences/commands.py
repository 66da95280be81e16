"""What a user can do about where methods run."""

from __future__ import annotations

from PySide6.QtCore import QObject

from viewer.faces.commands import FaceCommands
from viewer.methods.commands import MethodCommands
from viewer.state.device import AUTO, MOST_THREADS
from viewer.state.setting import Setting
from viewer.state.state import State
from viewer.state.store import Store
from viewer.state.style import Theme


class PreferenceCommands(QObject):
    """Device, threads, theme, and who looks and answers; each holds at once and outlives the session."""

    def __init__(
        self, store: Store, faces: FaceCommands, methods: MethodCommands, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._store, self._faces, self._methods = store, faces, methods

    def choose_device(self, name: str) -> None:
        """Let methods run there: the name of a device, or AUTO; what is shown is answered again."""
        self._store.update(device_wish=name)

    def choose_threads(self, count: int) -> None:
        """Let the computation take so many threads of the CPU; 0 leaves it to torch."""
        self._store.update(threads=min(max(count, 0), MOST_THREADS))

    def choose_theme(self, theme: Theme) -> None:
        """Dress the window in these colours."""
        self._store.update(theme=theme)

    def choose_detector(self, name: str) -> None:
        """Let another one look for faces."""
        if name != self._store.state.detector:
            self._faces.choose_detector(name)

    def choose_method(self, setting: Setting) -> None:
        """Let another method, or other weights, answer."""
        self._methods.put(0, setting)

    def restore_defaults(self) -> None:
        """All of these as a first session has them."""
        first = State()
        self.choose_device(AUTO)
        self.choose_threads(first.threads)
        self.choose_theme(first.theme)
        self.choose_detector(first.detector)
        self.choose_method(Setting(first.method, first.weights))
