"""The composition root: Qt's settings, error hooks, and who is told about whom. Knows everyone."""

from __future__ import annotations

import ctypes
import logging
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import (
    QCoreApplication,
    QMessageLogContext,
    QSettings,
    Qt,
    QTimer,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext, QSurfaceFormat
from PySide6.QtWidgets import QApplication

import resources
from models.catalogue import DETECTOR_NEEDS, USUAL_DETECTOR, detector_lacks, methods
from models.errors import InputError
from models.export.outputs import drop_unfinished
from viewer.app.assembly import FIRST_SIZE, Assembly, Panels
from viewer.app.models_work import models_work
from viewer.app.stopping import Stopping
from viewer.app.tour import Tour
from viewer.app.unattended import Unattended, outputs_of, planned_files
from viewer.cases.autosave import left_behind
from viewer.cli.options import Launch
from viewer.cli.speech import complain
from viewer.inference.worker import Work
from viewer.methods.available import best_offer, first_lineup, parts_of, usable
from viewer.state.layout import PANELS, STYLED, Kind, panel_layout, panel_row
from viewer.state.notice import Notice, Severity
from viewer.state.setting import Setting, no_such_part, worded
from viewer.state.settings import Settings
from viewer.state.state import State, with_recent
from viewer.state.style import Theme
from viewer.widgets import theme

log = logging.getLogger(__name__)

WHERE_FILES_ARE = "Compute > Weights and face models… says what is there and what is missing."
FOREIGN_QT = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR")
LOUDNESS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}

LEFT_BEHIND = "The last session ended without being closed."
LEFT_BEHIND_REMEDY = "What it showed can be opened from File > Recent."
SETTINGS_FRESH = "Defaults take their place; File > Preferences changes them."
SETTINGS_REMEDY = "Settings are not kept either. Let HOME or XDG_CONFIG_HOME name a folder of yours."
STATUS_BAD_WORDS = 2
STATUS_NO_DISPLAY = 2
NO_DISPLAY = (
    "unmask: there is no display to open a window on. Use `unmask run`, which needs none, "
    "or `xvfb-run -a unmask ...`."
)


def run(launch: Launch, work: Work | None = None, size: tuple[int, int] | None = None) -> int:
    """Open the window and stay until it is closed.

    Args:
        launch: What the command line asked for.
        work: The models' functions; the real ones if not given.
        size: Of the window, px; as it was left, if not given.

    Returns:
        The exit code: 0, 1 if files were asked for and could not be written, 2 if there is no display, or
        no such part as `launch` leaves out.
    """
    try:
        outputs_of(launch).refuse(planned_files(launch))
    except InputError as error:
        complain(f"unmask: {error}")
        return 1
    application = make_application()
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_for(launch, Path(folder))
        first = first_state(settings, launch)
        if problem := no_such_part(launch.without, known_parts(first, launch)):
            complain(f"unmask: {problem}")
            return STATUS_BAD_WORDS
        stopping = Stopping()
        assembly = Assembly(settings, first, work or models_work(), make_panels)
        code, all_ended = _session(application, assembly, launch, stopping, size)
    if not all_ended:
        leave(code)
    return code


def leave(code: int) -> None:
    """End the process though a thread is still at work: in the middle of torch it cannot be waited for."""
    drop_unfinished()
    for stream in filter(None, (sys.stdout, sys.stderr)):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def known_parts(first: State, launch: Launch) -> Sequence[str]:
    """What the first method can leave out; whatever is asked for, where only the loaded method knows."""
    parts = parts_of(first.method)
    return tuple(launch.without) if parts is None else parts


def settings_for(launch: Launch, folder: Path) -> Settings:
    """What was kept; an unattended session starts fresh, in `folder`, and leaves nothing to the next one."""
    own = QSettings(str(folder / "unmask.ini"), QSettings.Format.IniFormat) if launch.unattended else None
    return Settings(own)


def _session(
    application: QApplication,
    assembly: Assembly,
    launch: Launch,
    stopping: Stopping,
    size: tuple[int, int] | None,
) -> tuple[int, bool]:
    """The exit code, and whether all threads have ended."""
    install_hooks(assembly.report)
    stopping.ends(assembly.stop)
    if stopping.status is None:
        assembly.show(size or (FIRST_SIZE if launch.screenshot or launch.tour else None))
    unattended = unattended_of(assembly, launch)
    QTimer.singleShot(0, assembly, lambda: begin(assembly, launch))
    code = application.exec()
    all_ended = assembly.close()
    stopping.close()
    remove_hooks()
    if stopping.status is not None:
        return stopping.status, all_ended
    return code if unattended is None else unattended.code, all_ended


def unattended_of(assembly: Assembly, launch: Launch) -> Unattended | Tour | None:
    """What an unattended session is there for; None for a session with somebody at it."""
    if launch.tour is not None:
        return Tour(assembly.commands, assembly.store, launch.tour, assembly.window.close)
    return Unattended(assembly, launch) if launch.unattended else None


def begin(assembly: Assembly, launch: Launch) -> None:
    """What the session does first: load the method and open what was asked for, or left, or a sample."""
    if (notice := assembly.store.state.notice) is not None:
        log.warning("%s %s", notice.cause, notice.remedy)
    _check_parts(assembly, launch)
    assembly.session.start()
    left = None if launch.unattended else keep_session(assembly)
    playback = assembly.commands.playback
    if launch.camera is not None:
        playback.open_camera(launch.camera)
    elif launch.paths:
        playback.open_several([str(path) for path in launch.paths])
    elif left is not None:
        assembly.commands.cases.restore(left)
        return
    elif samples := resources.samples()[:1]:
        playback.open(samples[0])
    if left is not None:
        tell(assembly, Notice(Severity.INFO, LEFT_BEHIND, LEFT_BEHIND_REMEDY, lasts=True))


def _check_parts(assembly: Assembly, launch: Launch) -> None:
    """Once the first method is loaded, say what is no part of it, e.g. of weights without refinement."""

    def loaded(switches: tuple[str, ...]) -> None:
        asked = launch.without & assembly.store.state.switched_off  # none of it once there is another method
        if switches and (problem := no_such_part(asked, switches)):
            tell(assembly, Notice(Severity.WARNING, problem, lasts=True))

    assembly.store.on(lambda state: state.switches, loaded, assembly)


def keep_session(assembly: Assembly) -> Path | None:
    """From now on, keep what is shown against a crash.

    Returns:
        The case of the last session that was not closed; None if all were. It is among the recent files.
    """
    folder = assembly.autosave.path.parent
    left = left_behind(folder)
    recent = assembly.store.state.recent
    for path in reversed(left.files):
        recent = with_recent(recent, str(path))
    assembly.store.update(recent=recent)
    if left.damaged:
        names = ", ".join(path.name for path in left.damaged)
        cause = f"What the last session left is damaged; it is kept as {names} in {folder}."
        tell(assembly, Notice(Severity.WARNING, cause, lasts=True))
    if reason := assembly.autosave.start():
        cause = f"What is shown cannot be kept against a crash: {folder} cannot be written to ({reason})."
        tell(assembly, Notice(Severity.INFO, cause, SETTINGS_REMEDY, lasts=True))
    return left.files[0] if left.files else None


def tell(assembly: Assembly, notice: Notice) -> None:
    """Say it in banner and log."""
    log.warning("%s %s", notice.cause, notice.remedy)
    assembly.store.update(notice=notice)


def first_state(settings: Settings, launch: Launch) -> State:
    """What a session starts with: what was kept of the last one, and above that what was asked for.

    The banner says what of the last session cannot be used any more, and what takes its place.
    """
    fresh = State(styles={name: panel_row(name).style for name in STYLED}, lineup=first_lineup())
    kept = settings.restored(fresh)
    first = answering(kept, launch)
    return replace(
        kept,
        panel_layout=panel_layout(launch.panel_layout or kept.panel_layout).name,
        method=first.method,
        weights=first.weights,
        detector=looking(kept, launch),
        lineup=tuple(filter(usable, kept.lineup)),
        notice=unreadable(settings) or given_up(kept, launch),
        switched_off=launch.without,
        device_wish=launch.device or kept.device_wish,
        theme=kept.theme if launch.theme is None else Theme[launch.theme.upper()],
    )


def answering(kept: State, launch: Launch) -> Setting:
    """Who answers at first: who was asked for, else who did in the last session and still can, else ours.

    Weights that are asked for alone are those of the last session's method while that is installed, whether
    its own are there or not. `given_up` says where somebody else answers than asked for or last.
    """
    if launch.method is not None:
        return Setting(launch.method, launch.weights or best_offer(launch.method).setting.weights)
    last, ours = Setting(kept.method, kept.weights), Setting(State().method, State().weights)
    if launch.weights:
        return Setting(last.method if last.method in methods() else ours.method, launch.weights)
    return last if usable(last) else ours


def looking(kept: State, launch: Launch) -> str:
    """Who looks for faces: who was asked to, else who did in the last session and still can, else ours."""
    if launch.detector is not None:
        return launch.detector
    return kept.detector if _looks(kept.detector) else USUAL_DETECTOR


def given_up(kept: State, launch: Launch) -> Notice | None:
    """What was chosen in the last session and cannot be used any more; None while all can."""
    told: list[str] = []
    last, first = Setting(kept.method, kept.weights), answering(kept, launch)
    if launch.method is None and first != Setting(last.method, launch.weights or last.weights):
        told.append(f"{worded(last)} (instead: {worded(first)})")
    if launch.detector is None and not _looks(kept.detector):
        told.append(f"the detector {kept.detector} (instead: {USUAL_DETECTOR})")
    told += [worded(setting) for setting in kept.lineup if not usable(setting)]
    if not told:
        return None
    cause = f"Chosen in the last session, but not there any more: {'; '.join(told)}."
    return Notice(Severity.WARNING, cause, WHERE_FILES_ARE, lasts=True)


def unreadable(settings: Settings) -> Notice | None:
    """What of the kept settings could not be read; None if all could."""
    if not settings.problems:
        return None
    return Notice(Severity.WARNING, " ".join(settings.problems), SETTINGS_FRESH, lasts=True)


def _looks(detector: str) -> bool:
    """Whether it is a detector and has what it needs."""
    return detector in DETECTOR_NEEDS and not detector_lacks(detector)


def make_panels() -> Panels:
    """The panels of PANELS: the photo, and the GL views in their order."""
    from viewer.gl.turns import Turns
    from viewer.panels.maps_panel import MapsPanel
    from viewer.panels.panel import Panel  # OpenGL is chosen by now
    from viewer.panels.photo_panel import PhotoPanel
    from viewer.panels.photo_wipe_panel import PhotoWipePanel
    from viewer.panels.wipe_panel import WipePanel

    turns = Turns()
    photo, photo_wipe = PhotoPanel(panel_row("photo")), PhotoWipePanel(panel_row("photo-wipe"))
    surfaces = {row.name: Panel(row, turns=turns) for row in PANELS if row.kind is Kind.SURFACE}
    wipe, maps = WipePanel(panel_row("wipe"), turns=turns), MapsPanel(panel_row("maps"))
    widgets = {"photo": photo, **surfaces, "photo-wipe": photo_wipe, "wipe": wipe, "maps": maps}
    return Panels(photo, surfaces, photo_wipe, wipe, maps, widgets)


def make_application() -> QApplication:
    """The application object, or the one there is; what Qt must know before it comes first."""
    present = QApplication.instance()
    if isinstance(present, QApplication):
        return present
    for name in FOREIGN_QT:
        os.environ.pop(name, None)  # OpenCV points them at its own Qt 5
    qInstallMessageHandler(_without_display)
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    QSurfaceFormat.setDefaultFormat(surface_format())
    application = QApplication(sys.argv[:1])
    qInstallMessageHandler(None)
    _follow_qt()
    application.setApplicationName("unmask")
    application.setOrganizationName("unmask")
    application.setApplicationDisplayName("Unmask")
    QGuiApplication.setDesktopFileName("unmask")
    theme.first_dress(application)
    return application


def surface_format() -> QSurfaceFormat:
    """What every panel's context is like: one both old and new drivers give, with a depth buffer."""
    result = QSurfaceFormat()
    result.setDepthBufferSize(24)
    return result


def install_hooks(report: Callable[[BaseException], None]) -> None:
    """What nobody caught goes to the log and the banner; the session goes on."""

    def caught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QCoreApplication.quit()
        else:
            report(error.with_traceback(trace))

    def caught_in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            report(args.exc_value)

    def spoken(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        logging.getLogger("qt").log(LOUDNESS[kind], text)

    sys.excepthook = caught
    threading.excepthook = caught_in_thread
    qInstallMessageHandler(spoken)


def remove_hooks() -> None:
    """As Python and Qt had them."""
    sys.excepthook = sys.__excepthook__
    threading.excepthook = threading.__excepthook__
    qInstallMessageHandler(None)


def _without_display(kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
    """Qt would end the process by force: say what to do, and end it before."""
    if kind is QtMsgType.QtFatalMsg:
        complain(NO_DISPLAY)
        os._exit(STATUS_NO_DISPLAY)
    if not text.startswith(("qt.qpa.xcb:", "qt.qpa.plugin:", "could not", "Could not", "From 6.")):
        logging.getLogger("qt").log(LOUDNESS[kind], text)


def _follow_qt() -> None:
    """PyOpenGL must look for contexts where Qt makes them; by itself it goes by WAYLAND_DISPLAY."""
    if sys.platform.startswith("linux") and "PYOPENGL_PLATFORM" not in os.environ:
        os.environ["PYOPENGL_PLATFORM"] = "egl" if _draws_by_egl() else "glx"


def _draws_by_egl() -> bool:
    """Whether a context that Qt makes here is one of EGL: where GLX is missing, Qt takes EGL unasked."""
    surface, context = QOffscreenSurface(), QOpenGLContext()
    surface.create()
    if not (context.create() and context.makeCurrent(surface)):
        return QGuiApplication.platformName() != "xcb"
    try:
        current = ctypes.CDLL("libEGL.so.1").eglGetCurrentContext
        current.restype = ctypes.c_void_p
        return current() is not None
    except (OSError, AttributeError):  # no such library: then it is not in use
        return False
    finally:
        context.doneCurrent()
