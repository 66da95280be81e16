"""What a user can do with cameras: move them, link them, keep views by name."""

from __future__ import annotations

from PySide6.QtCore import QObject

from viewer.state.camera import Camera, Link, seen_from
from viewer.state.store import Store
from viewer.state.views import LONGEST_NAME, each, everywhere, moved, renamed_view, with_view, without_view
from viewer.widgets.dialogs import DesktopServices


class CameraCommands(QObject):
    """What a user can do to the cameras of the panels."""

    def __init__(self, store: Store, desktop: DesktopServices, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store, self._desktop = store, desktop

    def move(self, panel: str, camera: Camera) -> None:
        """Let a panel look this way, and with it what is linked to it."""
        self._store.update(**moved(self._store.state, panel, camera))

    def link(self, link: Link) -> None:
        """Turn panels together, wholly or not at all; linked anew, they follow the one moved last."""
        self._store.update(link=link)

    def look_from(self, view: str) -> None:
        """Go to one of STANDARD_VIEWS, with all panels."""
        self._store.update(**everywhere(seen_from(self._store.state.camera, view)))

    def reset(self) -> None:
        """As a new session looks at a face, with all panels."""
        self._store.update(**everywhere(Camera()))

    def fit(self) -> None:
        """Bring the whole face into the middle of every panel, turned as it is."""
        self._store.update(**each(self._store.state, zoom=1.0, pan=(0.0, 0.0)))

    def toggle_perspective(self) -> None:
        """Change between the orthographic and the perspective camera."""
        state = self._store.state
        self._store.update(**each(state, perspective=not state.camera.perspective))

    # ---- saved views ---------------------------------------------------------------------------------

    def save(self) -> None:
        """Keep the present view under a name the user gives; a view of that name is replaced."""
        views = self._store.state.views
        name = self._asked("Name of this view:", f"View {len(views) + 1}")
        if name:
            self._store.update(views=with_view(views, name, self._store.state.camera))

    def recall(self, index: int) -> None:
        """Go to a saved view by its position, with all panels."""
        cameras = list(self._store.state.views.values())
        if index < len(cameras):
            self._store.update(**everywhere(cameras[index]))

    def rename(self) -> None:
        """Give a saved view the user chooses another name."""
        old = self._desktop.ask_choice("Rename which view?", tuple(self._store.state.views))
        new = self._asked("New name:", old) if old in self._store.state.views else ""
        if new:
            self._store.update(views=renamed_view(self._store.state.views, old, new))

    def delete(self) -> None:
        """Forget a saved view the user chooses."""
        name = self._desktop.ask_choice("Delete which view?", tuple(self._store.state.views))
        if name in self._store.state.views:
            self._store.update(views=without_view(self._store.state.views, name))

    def _asked(self, question: str, suggestion: str) -> str:
        return self._desktop.ask_text(question, suggestion).strip()[:LONGEST_NAME]
