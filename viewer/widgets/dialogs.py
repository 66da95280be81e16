"""What commands need of the desktop: dialogs, files, cameras, the clipboard."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QByteArray, QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QGuiApplication, QImage, QImageWriter, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QInputDialog, QMessageBox

from models.catalogue import provenance
from models.errors import InputError
from models.export.outputs import Outputs
from models.export.wish import Wish
from models.file_formats.picture_formats import SUFFIXES
from models.reconstruction import FUSED
from resources import program_version
from viewer.sources import VIDEO_SUFFIXES, open_path, open_paths
from viewer.sources.cameras import CameraName, cameras
from viewer.sources.player import Reader
from viewer.sources.source import Source
from viewer.sources.still import SHOWN_SIDE_PX, SMALLER
from viewer.state.state import State
from viewer.state.webcam import Webcam
from viewer.tasks.file_writer import Step
from viewer.widgets.figure_dialog import FigureDialog
from viewer.widgets.figure_file import drawn

if TYPE_CHECKING:
    from models.face_model.whole_head import WholeHead
    from models.reconstruction import Reconstruction

YES = QMessageBox.StandardButton.Yes
MOST_PASTED = 1000  # lines of text that are looked at for paths
BRANCH = "branch."
"""Before the name of a surface: that one's mesh."""
MESHES = "Mesh with texture (*.glb);;Mesh and texture beside (*.obj);;Mesh with every number (*.ply)"
KINDS = {
    "ply": ("Mesh (*.ply)", ".ply"),
    "glb": ("Mesh with texture (*.glb)", ".glb"),
    "obj": ("Mesh and texture beside (*.obj)", ".obj"),
    "head.ply": ("Mesh (*.ply)", ".head.ply"),
    "head.glb": ("Mesh with texture (*.glb)", ".head.glb"),
    "json": ("Answer (*.json)", ".json"),
    "landmarks": ("Landmarks (*.pts)", "-landmarks.pts"),
    "uv": ("Picture (*.png)", "-uv.png"),
    "maps": ("Picture (*.png)", "-depth.png"),
    "overlay": ("Picture (*.png)", "-overlay.png"),
    "dense": ("Picture (*.png)", "-dense.png"),
    "pose": ("Picture (*.png)", "-pose.png"),
    "figure": ("Figure (*.svg *.pdf *.png)", "-figure.svg"),
    "views": ("Figure (*.svg *.pdf *.png)", "-views.svg"),
    "occluders": ("Figure (*.svg *.pdf *.png)", "-occluders.svg"),
    "clip": ("Video (*.mp4 *.webm)", "-seen.mp4"),
    "turn": ("Video (*.mp4 *.webm)", "-turning.mp4"),
    "toggle": ("Video (*.mp4 *.webm)", "-branches.mp4"),
    "html": ("Page (*.html)", ".html"),
    "png": ("Picture (*.png)", ".png"),
    "csv": ("Table (*.csv)", ".csv"),
    "case.json": ("Case (*.case.json)", ".case.json"),
    "parquet": ("Table (*.parquet)", ".parquet"),
    "pdf": ("Document (*.pdf)", ".pdf"),
}
"""What a dialog calls a kind of file, and how the suggested name ends."""
OF_SEVERAL_FILES = ("obj", "landmarks", "uv", "maps")
FILES = {
    "truth": ("Open ground truth", "Ground truth (*.mat *.pts *.json *.npz *.obj *.ply)"),
    "weights": ("Open weights", "Weights (*.safetensors)"),
    "case": ("Open a case", "Cases (*.case.json *.json)"),
    "presentation": ("Present from a file", "Presentations (*.presentation.json *.json)"),
}
"""What a dialog that opens a file is called, and what it lists."""
WISHES = {
    "figure": Wish(width=2400, height=800),
    "views": Wish("views", width=2400, height=800),
    "turn": Wish(width=1280, height=480),
}
"""How large figures are, unless somebody wishes for another size."""


@dataclass(frozen=True, eq=False, slots=True)
class Pasted:
    """What was on the clipboard.

    Attributes:
        image: [H, W, 3] RGB, read-only; None for no picture.
        paths: Files it names.
    """

    image: NDArray[np.uint8] | None = None
    paths: tuple[str, ...] = ()


def pasted_of(data: QMimeData) -> Pasted:
    """Files before a picture: file managers add a picture of the icon.

    Raises:
        InputError: The picture is too large.
    """
    if paths := tuple(url.toLocalFile() for url in data.urls() if url.isLocalFile()):
        return Pasted(paths=paths)
    if data.hasImage():
        image = QImage(data.imageData())
        if not image.isNull():
            return Pasted(rgb_of(image))
    return Pasted(paths=tuple(filter(None, map(_path_in, data.text().splitlines()[:MOST_PASTED]))))


def rgb_of(image: QImage) -> NDArray[np.uint8]:
    """[H, W, 3] RGB, read-only; what is clear lies on white.

    Raises:
        InputError: It is larger than pictures of files are shown.
    """
    if max(image.width(), image.height()) > SHOWN_SIDE_PX:
        raise InputError(f"The picture on the clipboard is too large. {SMALLER}")
    paper = QImage(image.size(), QImage.Format.Format_RGB888)
    paper.fill(Qt.GlobalColor.white)
    painter = QPainter(paper)
    painter.drawImage(QPoint(0, 0), image)
    painter.end()
    rows = np.asarray(paper.constBits(), np.uint8).reshape(paper.height(), paper.bytesPerLine())
    rgb = rows[:, : 3 * paper.width()].reshape(paper.height(), paper.width(), 3).copy()
    rgb.flags.writeable = False
    return rgb


def _path_in(line: str) -> str:
    """The file a line of text names, if there is one of that name; else empty."""
    text = line.strip().strip("'\"")
    if text.startswith("file:"):
        text = QUrl(text).toLocalFile()
    try:
        return text if text and Path(text).expanduser().exists() else ""
    except (OSError, ValueError):
        return ""


def openable() -> str:
    """What the dialog that opens files lists, one kind below the other."""
    kinds = {"Pictures": SUFFIXES, "Videos": VIDEO_SUFFIXES, "Cases": (".case.json",)}
    patterns = {name: " ".join(f"*{suffix}" for suffix in sorted(of)) for name, of in kinds.items()}
    every = " ".join(patterns.values())
    rows = {"Pictures, videos and cases": every, **patterns, "All files": "*"}
    return ";;".join(f"{name} ({pattern})" for name, pattern in rows.items())


def unwatched(_done: int, _total: int) -> None:
    """For whoever does not want to know how far a file is."""


def ending_of(kind: str) -> str:
    """How the name ends that is suggested for a kind."""
    if kind.startswith(BRANCH):
        return f"-{kind.removeprefix(BRANCH).replace(' ', '-')}.glb"
    return KINDS[kind][1]


class DesktopServices(Protocol):
    """What commands need of the desktop: questions to the user, files, cameras, the clipboard."""

    def open_path(self, path: str) -> Source:
        """The source at `path`; InputError if there is none."""

    def open_paths(self, paths: Sequence[str]) -> Source:
        """Several pictures as one source; InputError if they are not."""

    def open_camera(self, webcam: Webcam) -> Source:
        """That camera."""

    def cameras(self) -> Sequence[CameraName]:
        """Those there are."""

    def pasted(self) -> Pasted:
        """What is on the clipboard; InputError if it cannot be used."""

    def ask_open(self) -> str:
        """A path the user chose; empty if they did not."""

    def ask_folder(self) -> str:
        """A folder the user chose; empty if they did not."""

    def ask_file(self, kind: str) -> str:
        """A file of one of FILES the user chose; empty if they did not."""

    def ask_missing(self, told: str) -> str:
        """Where a file is that is not where it was; empty if the user does not know."""

    def ask_notes(self, question: str, notes: str) -> str | None:
        """Text of several lines, from `notes` on; None if the user changed their mind."""

    def ask_text(self, question: str, suggestion: str) -> str:
        """A few words the user typed; empty if they changed their mind."""

    def ask_choice(self, question: str, choices: tuple[str, ...]) -> str:
        """The one of `choices` the user picked; empty if none."""

    def ask_figure(self, panels: tuple[str, ...], usual: Wish) -> Wish | None:
        """Which of a figure's panels, how large; None if the user changed their mind."""

    def ask_save(self, kind: str, suggestion: str) -> str:
        """Where to write an export of that kind; empty if the user changed their mind."""

    def reader(self, video: Path) -> Reader:
        """The frames of a video by index, not opened yet."""

    def export(self, kind: str, path: str, state: State, step: Step = unwatched) -> None:
        """Write the selected answer to `path`; from any thread. InputError or OSError if it cannot be."""

    def picture(self) -> QImage:
        """The whole window as it looks now; on its own thread."""

    def write_picture(self, picture: QImage, path: str, state: State) -> None:
        """Write it as PNG; from any thread. InputError or OSError if it cannot be."""

    def write_text(self, path: str, text: str) -> None:
        """Write a small file; InputError or OSError if it cannot be."""

    def copy(self, text: str) -> None:
        """Put `text` on the clipboard."""


class Desktop:
    """Asks the user in Qt's dialogs and works on real files."""

    def __init__(self, grab: Callable[[], QPixmap]) -> None:
        self._grab = grab
        self._agreed: dict[str, tuple[Path, ...]] = {}  # by what was named, what else may be replaced

    def open_path(self, path: str) -> Source:
        """A picture, a video or a folder."""
        return open_path(path)

    def open_paths(self, paths: Sequence[str]) -> Source:
        """Several pictures."""
        return open_paths(paths)

    def open_camera(self, webcam: Webcam) -> Source:
        """A webcam. OpenCV is only needed, and only loaded, for it."""
        from viewer.sources import webcam as sources

        return sources.Webcam(webcam.index, size=webcam.size)

    def cameras(self) -> Sequence[CameraName]:
        """As the system names them."""
        return cameras()

    def pasted(self) -> Pasted:
        """A picture, files, or a path as text."""
        return pasted_of(QGuiApplication.clipboard().mimeData())

    def ask_open(self) -> str:
        """A picture, video or case the user chose; empty if none."""
        title = "Open a picture or video"
        return QFileDialog.getOpenFileName(QApplication.activeWindow(), title, filter=openable())[0]

    def ask_folder(self) -> str:
        """A folder the user chose; empty if none."""
        return QFileDialog.getExistingDirectory(QApplication.activeWindow(), "Open a folder of pictures")

    def ask_file(self, kind: str) -> str:
        """One the dialog lists for that kind; empty if none."""
        title, listed = FILES[kind]
        return QFileDialog.getOpenFileName(QApplication.activeWindow(), title, filter=listed)[0]

    def ask_missing(self, told: str) -> str:
        """The file, in a dialog whose title says what is missing."""
        return QFileDialog.getOpenFileName(QApplication.activeWindow(), told)[0]

    def ask_notes(self, question: str, notes: str) -> str | None:
        """Text of several lines; None if the user changed their mind."""
        text, agreed = QInputDialog.getMultiLineText(QApplication.activeWindow(), "Unmask", question, notes)
        return text if agreed else None

    def ask_text(self, question: str, suggestion: str) -> str:
        """A few words; empty if the user changed their mind."""
        text, agreed = QInputDialog.getText(QApplication.activeWindow(), "Unmask", question, text=suggestion)
        return text if agreed else ""

    def ask_choice(self, question: str, choices: tuple[str, ...]) -> str:
        """One of `choices`; empty if the user changed their mind."""
        text, agreed = QInputDialog.getItem(
            QApplication.activeWindow(), "Unmask", question, choices, editable=False
        )
        return text if agreed else ""

    def ask_figure(self, panels: tuple[str, ...], usual: Wish) -> Wish | None:
        """What the dialog's fields say in the end; None if the user changed their mind."""
        dialog = FigureDialog(panels, usual, QApplication.activeWindow())
        agreed = dialog.exec() == QDialog.DialogCode.Accepted
        dialog.deleteLater()
        return dialog.wish() if agreed else None

    def ask_save(self, kind: str, suggestion: str) -> str:
        """Where to write; an ending that was left out is added. Empty if the user changed their mind.

        Files that are there are replaced only if the user agrees, also those beside the named one.
        """
        told, parent = MESHES if kind.startswith(BRANCH) else KINDS[kind][0], QApplication.activeWindow()
        several = kind in OF_SEVERAL_FILES or kind.startswith(BRANCH)
        options = QFileDialog.Option.DontConfirmOverwrite if several else QFileDialog.Option(0)
        typed, chosen = QFileDialog.getSaveFileName(parent, "Export", suggestion, told, "", options)
        if not typed:
            return ""
        path = typed if typed.lower().endswith(_endings(told)) else _ended(typed, chosen or told)
        named = [Path(path)] if several or path != typed else []  # else the dialog has asked about it
        beside = _beside(kind, Path(path)) if several else ()
        there = [one.name for one in (*named, *beside) if one.exists()]
        if there and QMessageBox.question(parent, "Unmask", _replacing(there)) is not YES:
            return ""
        self._agreed[path] = tuple(one for one in beside if one.name in there)
        return path

    def reader(self, video: Path) -> Reader:
        """By PyAV, which is only needed, and only loaded, for it."""
        from viewer.sources.video import VideoReader

        return VideoReader(video)

    def export(self, kind: str, path: str, state: State, step: Step = unwatched) -> None:
        """Write a kind of models.export.kinds, or a mesh of the selected answer: with "head." before it and
        a head around it, or with "branch." before the name of a surface.
        """
        from models.export import kinds, mesh  # bring torch and scipy; the window must not wait for them

        agreed = self._agreed.pop(path, ())
        if state.shown is None or state.answer is None:
            raise InputError("There is no face to export yet. Open a photo with a face first.")
        frame, answer, outputs = state.shown.frame, state.answer, _outputs(state)
        beside = _outputs(state, overwrite=False, agreed=agreed)
        weights, version = provenance(state.method, state.weights), program_version()
        subject = kinds.Subject(
            frame.name, frame.image, state.shown.answers, frame.full_size, version, weights
        )
        if kind in kinds.KINDS:
            kinds.write_kind(subject, answer, kind, Path(path), outputs, beside, partial(step, 0, 0))
            return
        where = Path(path)
        if kind in WISHES:
            data = drawn(state, WISHES[kind], where, step)
            step(0, 0)
            outputs.write(where, data)
            return
        name = kind.removeprefix(BRANCH) if kind.startswith(BRANCH) else FUSED
        files = mesh.mesh_files(
            where.suffix, answer, frame.image, _head(kind, answer), name, where.stem, frame.T_file_shown
        )
        suffix = where.suffix.lower()
        kinds.write_first(files, suffix, where, where.stem, outputs, beside, partial(step, 0, 0))

    def picture(self) -> QImage:
        """Its panels and what lies over them included."""
        return self._grab().toImage()

    def write_picture(self, picture: QImage, path: str, state: State) -> None:
        """Never over what is open."""
        _outputs(state).write(Path(path), _png(picture))

    def write_text(self, path: str, text: str) -> None:
        """As UTF-8."""
        from models.export.outputs import write_whole

        write_whole(Path(path), text.encode())

    def copy(self, text: str) -> None:
        """Onto the clipboard."""
        QGuiApplication.clipboard().setText(text)


def _endings(told: str) -> tuple[str, ...]:
    """Those a dialog's filter names: ".svg", ".case.json"."""
    return tuple(re.findall(r"\*((?:\.\w+)+)", told))


def _ended(typed: str, told: str) -> str:
    """With the filter's first ending; what the name has of its end is not said twice."""
    ending = _endings(told)[0]
    return f"{typed.removesuffix(Path(ending).suffix)}{ending}"


def _replacing(names: Sequence[str]) -> str:
    """The question whether files of these names may be replaced."""
    *others, last = names
    if not others:
        return f"{last} already exists. Replace it?"
    return f"{', '.join(others)} and {last} already exist. Replace them?"


def _beside(kind: str, path: Path) -> tuple[Path, ...]:
    """What belongs to an export that the user named."""
    from models.export.kinds import files_beside  # brings torch; there is an answer, so it is there

    return files_beside(path.suffix[1:].lower() if kind.startswith(BRANCH) else kind, path)


def _outputs(state: State, overwrite: bool = True, agreed: Sequence[Path] = ()) -> Outputs:
    """The user has named the file and agreed to replace it; what is open is not replaced all the same."""
    paths = (
        None if state.frame is None else state.frame.path,
        None if state.truth is None else state.truth.path,
        *map(Path, state.recent[:1]),
    )
    return Outputs([path for path in paths if path is not None], overwrite, agreed)


def _png(picture: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    if not QImageWriter(buffer, QByteArray(b"png")).write(picture):
        raise InputError("The window could not be drawn. Close other programs, or make it smaller.")
    return bytes(buffer.data().data())


def _head(kind: str, answer: Reconstruction) -> WholeHead | None:
    """What an export of that kind puts around an answer; InputError where its mesh has no head."""
    if not kind.startswith("head."):
        return None
    from models.loading import load_whole_head

    head = load_whole_head()
    if not head.fits(answer.topology):
        raise InputError("The mesh of this method has no head. Export the face alone.")
    return head
