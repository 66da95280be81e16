"""The rest of the machine, as a test wants it: sources by path, answers to dialogs, what was exported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event

from PySide6.QtGui import QImage, QPixmap

from models.errors import InputError
from models.export.wish import Wish
from tests.fakes.sources import FakeSource, picture
from viewer.sources.cameras import CameraName
from viewer.sources.player import Reader
from viewer.sources.source import Source
from viewer.state.state import State
from viewer.state.webcam import Webcam
from viewer.tasks.file_writer import Step
from viewer.widgets.dialogs import Pasted, unwatched


class FakeDesktop:
    """Opens what the test put there; "broken" anywhere in a path cannot be opened."""

    def __init__(self, grab: Callable[[], QPixmap] | None = None) -> None:
        self.sources: dict[str, Source] = {}
        self.plugged: dict[int, Source] = {}
        self.webcams: list[Webcam] = []  # that were opened
        self.readers: dict[str, Reader] = {}
        self.clipboard = Pasted()
        self.chosen = ""
        self.typed = ""
        self.wish: Wish | None = None
        self.panels: tuple[str, ...] = ()
        self.exported: list[tuple[str, str]] = []
        self.copied = ""
        self.texts: dict[str, str] = {}
        self.disk = Event()  # cleared, it lets exports wait
        self.disk.set()

    def open_path(self, path: str) -> Source:
        """The source the test put there, or a plain picture."""
        if "broken" in path:
            raise InputError(f"{Path(path).name} is no picture. Open a JPEG or PNG.")
        return self.sources.get(path) or FakeSource(
            Path(path).name, live=False, first=picture(Path(path).name)
        )

    def open_paths(self, paths: Sequence[str]) -> Source:
        """The first of them."""
        return self.open_path(paths[0])

    def open_camera(self, webcam: Webcam) -> Source:
        """The camera the test put there."""
        self.webcams.append(webcam)
        if webcam.index not in self.plugged:
            raise InputError(f"There is no camera {webcam.index}. Plug one in.")
        return self.plugged[webcam.index]

    def cameras(self) -> Sequence[CameraName]:
        """Those the test put there."""
        return [CameraName(index, source.name) for index, source in self.plugged.items()]

    def pasted(self) -> Pasted:
        """What the user "copied"."""
        return self.clipboard

    def ask_open(self) -> str:
        """What the user "chose"."""
        return self.chosen

    def ask_folder(self) -> str:
        """What the user "chose"."""
        return self.chosen

    def ask_file(self, kind: str) -> str:
        """What the user "chose"."""
        return self.chosen

    def ask_missing(self, told: str) -> str:
        """What the user "chose"."""
        return self.chosen

    def ask_notes(self, question: str, notes: str) -> str | None:
        """What the user "typed"; None, if nothing."""
        return self.typed or None

    def ask_text(self, question: str, suggestion: str) -> str:
        """What the user "typed"; what was suggested, if nothing."""
        return self.typed or suggestion

    def ask_choice(self, question: str, choices: tuple[str, ...]) -> str:
        """What the user "chose"."""
        return self.chosen

    def ask_figure(self, panels: tuple[str, ...], usual: Wish) -> Wish | None:
        """What the user "wished for"."""
        self.panels = panels
        return self.wish

    def ask_save(self, kind: str, suggestion: str) -> str:
        """Where the user "wants" it."""
        return self.chosen and f"{self.chosen}/{suggestion}"

    def reader(self, video: Path) -> Reader:
        """The one the test put there."""
        return self.readers[str(video)]

    def export(self, kind: str, path: str, state: State, step: Step = unwatched) -> None:
        """Remember it, unless it is to stop; a path with "full" in it cannot be written."""
        assert self.disk.wait(10)
        step(0, 0)
        if "full" in path:
            raise OSError(28, "No space left on device", path)
        self.exported.append((kind, path))

    def picture(self) -> QImage:
        """Of nothing."""
        return QImage(1, 1, QImage.Format.Format_RGB32)

    def write_picture(self, picture: QImage, path: str, state: State) -> None:
        """As `export`."""
        self.export("png", path, state)

    def write_text(self, path: str, text: str) -> None:
        """Remember it."""
        if "full" in path:
            raise OSError(28, "No space left on device", path)
        self.texts[path] = text

    def copy(self, text: str) -> None:
        """Remember it."""
        self.copied = text
