"""Brings about what each step of a presentation shows, and puts the window back afterwards."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, QTimer

from models.geometry.turning import UPRIGHT, Turn
from viewer.app.commands import Commands
from viewer.state.notice import Notice, Severity
from viewer.state.presentation import Presentation, Step
from viewer.state.state import State
from viewer.state.store import Store
from viewer.window.main_window import MainWindow

METHOD = "dsfnet"  # whose parts the steps switch off
OVERLAYS = frozenset({"box"})
CAMERA_STOPPED = "The camera was stopped for the presentation. Open it again with Camera."


class Presenting(QObject):
    """Follows the presentation of the State: opens, occludes, switches; at the end all is as it was."""

    def __init__(self, store: Store, commands: Commands, window: MainWindow) -> None:
        super().__init__(window)
        self._store, self._commands, self._window = store, commands, window
        self._before: State | None = None  # what was shown when the presentation began
        self._step: Step | None = None
        self._laid: tuple[str, ...] = ()  # kinds asked for over the picture that is open
        self._missing: tuple[str, ...] = ()  # kinds still to be asked for
        self._back: State | None = None  # what was shown before, while its picture is opened again
        self._ended_at = 0  # the source that was open when that began
        self._patience = QTimer(self, singleShot=True)
        self._patience.timeout.connect(commands.presentation.go_round)
        store.on(lambda state: state.presentation, self._follow, self)
        store.on(lambda state: state, self._go_on, self)

    def _follow(self, presentation: Presentation | None) -> None:
        self._patience.stop()
        if presentation is None:
            if self._before is not None:
                self._end(self._before)
            return
        if self._before is None:
            self._before, self._back = self._back or self._store.state, None
            self._window.present(True)
        if presentation.step is not self._step:
            self._step = presentation.step
            self._show(presentation.step)
        if presentation.auto:
            self._patience.start(round(1000 * presentation.step.seconds))

    def _show(self, step: Step) -> None:
        state = self._store.state
        if state.method != METHOD:
            self._store.update(method=METHOD, weights="open")
        self._store.update(
            switched_off=step.switched_off, panel_layout=step.panel_layout, overlays=OVERLAYS, notice=None
        )
        if state.opened != (step.picture,) or _turn(state) != UPRIGHT:
            self._laid = ()
            self._commands.playback.open(step.picture)
        elif self._laid != step.occluders[: len(self._laid)]:
            self._laid = ()
            self._commands.occlusion.clear()
        self._missing = step.occluders[len(self._laid) :]

    def _go_on(self, state: State) -> None:
        """The next occluder, once its face was found; and what was there before, once it is open again."""
        if self._back is not None and state.source != self._ended_at:
            self._come_back(self._back, state)
        step = self._step
        if step is None or not _shows(state, (step.picture,)) or state.answer is None:
            return
        if not self._missing:
            if state.occlusion.selected >= 0 and self._laid:
                self._commands.occlusion.select(-1)  # no handles: they are for the lab
            return
        if len(state.occlusion.stack.layers) == len(self._laid):
            kind, *later = self._missing
            self._laid, self._missing = (*self._laid, kind), tuple(later)
            self._commands.occlusion.add(kind)

    def _come_back(self, before: State, state: State) -> None:
        if state.opened != before.opened:
            self._back = None  # the user went elsewhere
        elif _shows(state, before.opened) and (turn := _turn(before)) != _turn(state):
            self._commands.playback.turn_as(turn)
        elif _shows(state, before.opened):
            self._back = None
            self._put_back(before)

    def _end(self, before: State) -> None:
        self._before, self._step, self._missing, self._laid = None, None, (), ()
        self._store.update(
            switched_off=before.switched_off,
            panel_layout=before.panel_layout,
            overlays=before.overlays,
            method=before.method,
            weights=before.weights,
            recent=before.recent,
        )
        self._window.present(False)  # after the panels, which bring docks of their own
        if before.opened:
            self._back, self._ended_at = before, self._store.state.source
            self._commands.playback.open_several(before.opened)
            if before.frame is not None:
                self._commands.playback.seek(before.frame.index)
            self._store.update(recent=before.recent)
        elif before.frame is not None and before.frame.path is None and before.frame.count == 1:
            self._back, self._ended_at = before, self._store.state.source
            self._commands.playback.open_pasted(before.frame.turn.inverse.image(before.frame.image))
        elif before.live:
            self._store.update(notice=Notice(Severity.INFO, CAMERA_STOPPED))

    def _put_back(self, before: State) -> None:
        occlusion = replace(self._store.state.occlusion, stack=before.occlusion.stack)
        self._store.update(
            boxes=before.boxes,
            truth=before.truth,
            case=before.case,
            notes=before.notes,
            selected_face=before.selected_face,
            occlusion=occlusion,
        )


def _turn(state: State) -> Turn:
    """How the picture is turned."""
    return UPRIGHT if state.frame is None else state.frame.turn


def _shows(state: State, opened: tuple[str, ...]) -> bool:
    """Whether the frame shown is the newest one of what lies there."""
    if state.opened != opened or state.shown is None:
        return False
    return state.frame is not None and state.shown.bare is state.frame
