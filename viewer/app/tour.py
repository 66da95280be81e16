"""A session that goes through all panel layouts with something in each, and takes a picture of every one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Slot

from viewer.app.commands import Commands
from viewer.app.idle import Idle, answered_or_failed
from viewer.readouts.lineup import standing
from viewer.state.comparison import A_B
from viewer.state.layout import OCCLUSION
from viewer.state.occlusion import Plan
from viewer.state.setting import METHODS
from viewer.state.state import State, line
from viewer.state.store import Store
from viewer.state.style import Look

LONGEST_STOP_MS = 180_000
SWEEP_STEPS = 8


def _answered(state: State) -> bool:
    return state.answer is not None


def _covered(state: State) -> bool:
    return state.shown is not None and state.shown.occluded is not None


def _swept(state: State) -> bool:
    return state.occlusion.swept is not None and state.occlusion.running is None


def _all_answered(state: State) -> bool:
    places = [standing(state, slot) for slot in range(len(line(state)))]
    return all(place is not None and (place.answer is not None or place.trouble) for place in places)


@dataclass(frozen=True, slots=True)
class Stop:
    """One picture.

    Attributes:
        name: Of its file.
        go: What is done first.
        ready: Whether there is something to see.
    """

    name: str
    go: Callable[[Commands], None]
    ready: Callable[[State], bool] = _answered


def _panel_layout(name: str) -> Callable[[Commands], None]:
    return lambda commands: commands.display.set_panel_layout(name)


def _cover(commands: Commands) -> None:
    commands.display.set_panel_layout(OCCLUSION)
    commands.occlusion.add("mask")


def _sweep(commands: Commands) -> None:
    commands.occlusion.clear()
    commands.trials.plan(replace(Plan(), steps=SWEEP_STEPS))
    commands.trials.sweep()


STOPS = (
    Stop("branches", _panel_layout("branches")),
    Stop("x-ray", _panel_layout("x-ray")),
    Stop("a-b", _panel_layout(A_B)),
    Stop("lab-covered", _cover, _covered),
    Stop("lab-swept", _sweep, _swept),
    Stop("maps", _panel_layout("maps")),
    Stop("methods", _panel_layout(METHODS), _all_answered),
    Stop(
        "methods-difference",
        lambda commands: commands.display.set_look_everywhere(Look.TO_FIRST),
        _all_answered,
    ),
    Stop("methods-other-theme", lambda commands: commands.display.toggle_theme(), _all_answered),
)


class Tour(QObject):
    """Stops at each of STOPS until it is at rest, writes DIR/NAME.png, and ends the session.

    Attributes:
        code: 0 once every picture was written; 1 until then, and where a stop came to nothing.
    """

    def __init__(self, commands: Commands, store: Store, folder: Path, end: Callable[[], object]) -> None:
        super().__init__(commands)
        self._commands, self._store, self._folder, self._end = commands, store, folder, end
        self._left, self._gone, self._failed = list(STOPS), False, False
        self.code = 1
        self._settled = Idle(store, self._is_ready, self)
        self._settled.settled.connect(self._next)
        self._patience = QTimer(self, singleShot=True, interval=LONGEST_STOP_MS)
        self._patience.timeout.connect(self._give_up)
        self._patience.start()

    def _is_ready(self, state: State) -> bool:
        waits_for = self._left[0].ready if self._gone and self._left else None
        return answered_or_failed(state) and (waits_for is None or waits_for(state))

    @Slot()
    def _next(self) -> None:
        """The first time: the first answer is there, or there will be none."""
        if self._gone:
            self._take(self._left.pop(0))
        elif self._store.state.answer is None:
            print("There is no face to show. Give a photo with a face.")
            self._failed, self._left = True, []
        elif trouble := self._no_folder():
            print(f"{self._folder} cannot be made ({trouble}). Choose another folder.")
            self._failed, self._left = True, []
        self._go()

    def _no_folder(self) -> str:
        """Makes the folder; why it could not be made, or nothing."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            return error.strerror or str(error)
        return ""

    def _go(self) -> None:
        if not self._left:
            self._settled.stop()
            self._patience.stop()
            self.code = int(self._failed)
            self._end()
            return
        self._gone = True
        self._patience.start()
        self._left[0].go(self._commands)
        self._settled.look(self._store.state)

    def _take(self, stop: Stop) -> None:
        path = self._folder / f"{stop.name}.png"
        if self._commands.export.export_now("png", str(path)):
            print(path)
        else:
            self._failed = True
        self._commands.window.dismiss_notice()

    @Slot()
    def _give_up(self) -> None:
        """A stop that does not come to rest is left out."""
        print(f"{self._left[0].name if self._gone else 'The photo'} took too long and was left out.")
        self._failed = True
        self._left = self._left[1:] if self._gone else []
        self._go()
