"""What commands need of the desktop: dialogs, files, cameras, the clipboard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QBuffer
from PySide6.QtGui import QGuiApplication, QPixmap
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog

from models.catalogue import provenance
from models.errors import InputError
from models.export.outputs import Outputs
from resources import program_version
from viewer.sources import open_path, open_paths
from viewer.sources.source import Source
from viewer.state.state import State

if TYPE_CHECKING:
    from models.face_model.whole_head import WholeHead
    from models.reconstruction import Reconstruction

KINDS = {
    "ply": "Mesh (*.ply)",
    "glb": "Mesh with colours (*.glb)",
    "head.ply": "Mesh (*.ply)",
    "head.glb": "Mesh with colours (*.glb)",
    "json": "Answer (*.json)",
    "png": "Picture (*.png)",
    "csv": "Table (*.csv)",
}


class DesktopServices(Protocol):
    """What commands need of the desktop: questions to the user, files, cameras, the clipboard."""

    def open_path(self, path: str) -> Source:
        """The source at `path`; InputError if there is none."""

    def open_paths(self, paths: Sequence[str]) -> Source:
        """Several pictures as one source; InputError if they are not."""

    def open_camera(self, index: int) -> Source:
        """The camera of that index."""

    def ask_open(self) -> str:
        """A path the user chose; empty if they did not."""

    def ask_folder(self) -> str:
        """A folder the user chose; empty if they did not."""

    def ask_truth(self) -> str:
        """A file of ground truth the user chose; empty if they did not."""

    def ask_weights(self) -> str:
        """A weights file the user chose; empty if they did not."""

    def ask_text(self, question: str, suggestion: str) -> str:
        """A few words the user typed; empty if they changed their mind."""

    def ask_choice(self, question: str, choices: tuple[str, ...]) -> str:
        """The one of `choices` the user picked; empty if none."""

    def ask_save(self, kind: str, suggestion: str) -> str:
        """Where to write an export of that kind; empty if the user changed their mind."""

    def export(self, kind: str, path: str, state: State) -> None:
        """Write the selected answer, or the window ("png"), to `path`. InputError or OSError if it cannot be.

        Called on another thread than the window's for anything but "png".
        """

    def write_text(self, path: str, text: str) -> None:
        """Write a small file; InputError or OSError if it cannot be."""

    def copy(self, text: str) -> None:
        """Put `text` on the clipboard."""


class Desktop:
    """Asks the user in Qt's dialogs and works on real files."""

    def __init__(self, grab: Callable[[], QPixmap]) -> None:
        self._grab = grab

    def open_path(self, path: str) -> Source:
        """A picture, a video or a folder."""
        return open_path(path)

    def open_paths(self, paths: Sequence[str]) -> Source:
        """Several pictures."""
        return open_paths(paths)

    def open_camera(self, index: int) -> Source:
        """A webcam. OpenCV is only needed, and only loaded, for it."""
        from viewer.sources.webcam import Webcam

        return Webcam(index)

    def ask_open(self) -> str:
        """A picture or video the user chose; empty if none."""
        return QFileDialog.getOpenFileName(QApplication.activeWindow(), "Open a picture or video")[0]

    def ask_folder(self) -> str:
        """A folder the user chose; empty if none."""
        return QFileDialog.getExistingDirectory(QApplication.activeWindow(), "Open a folder of pictures")

    def ask_truth(self) -> str:
        """A file of ground truth the user chose; empty if none."""
        kinds = "Ground truth (*.mat *.pts *.json *.npz *.obj *.ply)"
        return QFileDialog.getOpenFileName(QApplication.activeWindow(), "Open ground truth", filter=kinds)[0]

    def ask_weights(self) -> str:
        """A weights file the user chose; empty if none."""
        return QFileDialog.getOpenFileName(
            QApplication.activeWindow(), "Open weights", filter="Weights (*.safetensors)"
        )[0]

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

    def ask_save(self, kind: str, suggestion: str) -> str:
        """Where to write; the ending is added where the user left it out."""
        path = QFileDialog.getSaveFileName(QApplication.activeWindow(), "Export", suggestion, KINDS[kind])[0]
        ending = f".{kind.rpartition('.')[2]}"
        return path if not path or Path(path).suffix.lower() == ending else f"{path}{ending}"

    def export(self, kind: str, path: str, state: State) -> None:
        """Write the window ("png"), the selected answer's mesh ("ply", "glb"; with "head." before it:
        a head around it) or all answers ("json").
        """
        if kind == "png":
            _outputs(state).write(Path(path), _png(self._grab()))
            return
        from models.export import files, mesh  # brings torch and trimesh; the window must not wait for them

        if state.shown is None or state.answer is None:
            raise InputError("There is no face to export yet. Open a photo with a face first.")
        frame, write = state.shown.frame, _outputs(state).write
        if kind == "json":
            weights = provenance(state.method, state.weights)
            answers, size, version = state.shown.answers, frame.shown_size, program_version()
            files.write_answers(
                Path(path), answers, frame.name, size, version, weights, write, frame.full_size
            )
        else:
            head = _head(kind, state.answer)
            mesh.write_mesh(
                Path(path), state.answer, frame.image, write, head, T_file_image=frame.T_file_shown
            )

    def write_text(self, path: str, text: str) -> None:
        """As UTF-8."""
        from models.export.outputs import write_whole

        write_whole(Path(path), text.encode())

    def copy(self, text: str) -> None:
        """Onto the clipboard."""
        QGuiApplication.clipboard().setText(text)


def _outputs(state: State) -> Outputs:
    """The user has named the file and agreed to replace it; what is open is not replaced all the same."""
    paths = (
        None if state.frame is None else state.frame.path,
        None if state.truth is None else state.truth.path,
        *map(Path, state.recent[:1]),
    )
    return Outputs([path for path in paths if path is not None], overwrite=True)


def _png(picture: QPixmap) -> bytes:
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    if picture.isNull() or not picture.save(buffer, "PNG"):
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
