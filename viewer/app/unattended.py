"""A session that only writes files: waits for the first answer, writes, and closes the window."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

import resources
from models.errors import InputError
from models.export.outputs import Outputs
from viewer.app.assembly import Assembly
from viewer.app.idle import Idle, answered_or_failed
from viewer.cli.options import Launch
from viewer.cli.speech import complain, say
from viewer.state.state import State


class Unattended(QObject):
    """Writes what a Launch asks for once nothing changes any more, prints the paths, and ends the session.

    Attributes:
        code: 0 once everything was written and there was an answer to write; 1 until then.
    """

    def __init__(self, assembly: Assembly, launch: Launch) -> None:
        super().__init__(assembly)
        self._assembly, self._launch, self._outputs = assembly, launch, outputs_of(launch)
        self.code = 1
        self._settled = Idle(assembly.store, answered_or_failed, self)
        self._settled.settled.connect(self._run)

    @Slot()
    def _run(self) -> None:
        self._settled.stop()
        state = self._assembly.store.state
        if state.answer is None and state.notice is not None:
            say(f"{state.notice.cause} {state.notice.remedy}")
        named = state.source_name
        wanted = files_of(self._launch, named) if named else planned_files(self._launch)
        missing = [path for path in wanted if not self._write(path, state)]
        if missing:
            complain(f"unmask: not written: {', '.join(map(str, missing))}")
        self.code = 0 if state.answer is not None and not missing else 1
        self._assembly.window.close()

    def _write(self, path: Path, state: State) -> bool:
        kind = "png" if path == self._launch.screenshot else path.suffix[1:]
        if kind != "png" and state.answer is None:
            return False
        try:
            self._outputs.refuse([path])
            path.parent.mkdir(parents=True, exist_ok=True)
        except (InputError, OSError) as error:
            complain(f"unmask: {error}")
            return False
        if kind == "png" and (problem := undrawn(self._assembly.window)):
            complain(f"unmask: {path} was not written: a panel could not be drawn ({problem}).")
            return False
        if not self._assembly.commands.export.export_now(kind, str(path)):
            return False
        say(str(path))
        return True


def undrawn(window: QWidget) -> str:
    """Why a panel in sight shows nothing; empty if all are drawn."""
    from viewer.gl.face_view import FaceView, problem_of  # OpenGL is chosen by now

    problems = (problem_of(view) for view in window.findChildren(FaceView) if view.isVisible())
    return next(filter(None, problems), "")


def outputs_of(launch: Launch) -> Outputs:
    """What a session may write: nothing over what it opens, nor over what an opened folder holds."""
    return Outputs((file for path in launch.paths for file in (path, *_inside(path))), launch.overwrite)


def _inside(folder: Path) -> list[Path]:
    """What a folder holds; nothing if it is none, or cannot be read: opening it says so."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def planned_files(launch: Launch) -> tuple[Path, ...]:
    """The files a session will write, as far as that is known before anything is opened."""
    if len(launch.paths) == 1:
        return files_of(launch, launch.paths[0].resolve().name)
    samples = resources.samples()[:1] if not launch.paths and launch.camera is None else ()
    return files_of(launch, samples[0].name) if samples else files_of(replace(launch, export=None), "")


def files_of(launch: Launch, source_name: str) -> tuple[Path, ...]:
    """The files a session writes about a source of that name."""
    files = [] if launch.screenshot is None else [launch.screenshot]
    if launch.export is not None:
        stem = Path(source_name).stem
        files += [launch.export / f"{stem}.{kind}" for kind in ("ply", "glb", "json")]
    return tuple(files)
