"""Settings of their own for every test, one kind of application object, and no thread left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings, Qt
from PySide6.QtGui import QSurfaceFormat
from PySide6.QtWidgets import QApplication

from models.export import maps
from viewer.app.startup import surface_format


@pytest.fixture(scope="session")
def qapp_cls() -> type[QApplication]:
    """The application as `viewer.app.startup` makes it: contexts that share, before the first window."""
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    QSurfaceFormat.setDefaultFormat(surface_format())
    return QApplication


@pytest.fixture(scope="session", autouse=True)
def torch_is_there() -> None:
    """Before a test waits for an answer: on a busy machine the import alone takes longer than a wait."""
    import_module("torch.nn.functional")


@pytest.fixture(scope="session", autouse=True)
def small_textures() -> Iterator[None]:
    """Whole ones take most of the time of a run that writes meshes; tests/models/export writes those."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(maps, "TEXTURE_PX", 64)
        yield


@pytest.fixture(autouse=True)
def windows_before_are_gone() -> None:
    """Closed windows are deleted by an event loop that no test returns to; else each new one restyles all."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture(autouse=True)
def settings_elsewhere(tmp_path: Path) -> None:
    """No test reads or writes what the developer's own sessions left."""
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    """Whatever a test starts, it ends."""
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before and thread.is_alive()]
    assert not left, f"threads still run: {[thread.name for thread in left]}"
