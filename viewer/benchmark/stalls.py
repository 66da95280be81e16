"""The longest hold of the window's thread in each of the things a user does."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QPoint, QPointF, Qt, QTimer, Slot
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

import resources
from viewer.app import startup
from viewer.app.assembly import FIRST_SIZE, Assembly
from viewer.app.idle import Idle, answered_or_failed
from viewer.app.models_work import models_work
from viewer.benchmark.day import AnsweringDesktop
from viewer.benchmark.holds import Hold, Holds
from viewer.cli.options import Launch
from viewer.cli.speech import say
from viewer.panels.photo_view import PhotoView
from viewer.state.layout import OCCLUSION, PANEL_LAYOUTS
from viewer.state.occlusion import FIRST_DRAG
from viewer.state.state import State
from viewer.state.style import Look

PATIENCE_S = 300
STEP_MS = 30  # between the steps of a drag or of a wheel
STEPS = 20


@dataclass(frozen=True, slots=True)
class Act:
    """One thing a user does.

    Attributes:
        name: What its line says.
        go: Does it, or a step of it.
        steps: How often, STEP_MS apart.
    """

    name: str
    go: Callable[[], object]
    steps: int = 1


def acts(assembly: Assembly, following: Path) -> Iterator[Act]:
    """In their order; each is made when the one before is over. `following` is the next picture."""
    commands, actions = assembly.commands, assembly.actions
    yield Act("first answer", lambda: None)
    for name in ("mesh", "uv", "mesh"):
        yield Act(f"overlay {name}", partial(commands.display.toggle_overlay, name))
        if name == "mesh":
            yield Act("zoom with the mesh", _wheel(assembly), STEPS)
            yield Act("mesh look", partial(commands.display.set_mesh_look, Look.VISIBILITY))
    for layout in PANEL_LAYOUTS[1:]:
        yield Act(f"layout {layout.name}", actions[f"layout-{layout.name}"].trigger)
    yield Act("layout x-ray again", actions["layout-x-ray"].trigger)
    yield Act("layout branches again", actions["layout-branches"].trigger)
    yield Act("theme", actions["theme"].trigger)
    yield Act("theme back", actions["theme"].trigger)
    yield Act("window as PNG", actions["export-png"].trigger)
    yield Act("branch off", actions["branch-1"].trigger)
    yield Act("branch on", actions["branch-1"].trigger)
    for method in ("prnet", "dsfnet"):
        yield Act(f"method {method}", partial(commands.branches.choose_method, method))
    yield Act("next picture", partial(commands.playback.open, following))
    yield Act(f"layout {OCCLUSION} again", actions[f"layout-{OCCLUSION}"].trigger)
    yield Act("occluder", actions["occluder-mask"].trigger)
    yield Act("occluder dragged", _drag(assembly), STEPS)


def _wheel(assembly: Assembly) -> Callable[[], object]:
    """Turns the wheel over the photo by a step."""

    def turn() -> None:
        view = next(v for v in assembly.window.findChildren(PhotoView) if v.isVisible())
        middle = QPointF(view.rect().center())
        none, no_button = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.NoButton
        at = QPointF(view.mapToGlobal(middle))
        event = QWheelEvent(
            middle, at, QPoint(), QPoint(0, 120), no_button, none, Qt.ScrollPhase.NoScrollPhase, False
        )
        QApplication.sendEvent(view, event)

    return turn


def _drag(assembly: Assembly) -> Callable[[], object]:
    """Moves the selected occluder by some px."""

    def move() -> None:
        layer = assembly.store.state.occlusion.layer
        if layer is not None:
            T = np.array([[1.0, 0, 3], [0, 1, 2], [0, 0, 1]])
            assembly.commands.occlusion.place(T @ layer.occluder.T_image_occluder, FIRST_DRAG)

    return move


class Walk(QObject):
    """Does one act after the other, each once the window is at rest; closes the window.

    Attributes:
        holds: What was done -> the longest hold of it.
    """

    def __init__(self, assembly: Assembly, acts: Iterator[Act], why: bool = False) -> None:
        super().__init__(assembly)
        self._assembly, self._left = assembly, acts
        self.holds: dict[str, Hold] = {}
        self._pulse = Holds(self, why)
        self._act, self._steps = Act("", lambda: None), 0
        self._step = QTimer(self, interval=STEP_MS)
        self._step.timeout.connect(self._go)
        self._rest = Idle(assembly.store, self._at_rest, self)
        self._rest.settled.connect(self._next)
        self._begin()

    def _at_rest(self, state: State) -> bool:
        return not self._step.isActive() and answered_or_failed(state) and state.writing is None

    def _begin(self) -> None:
        self._act = next(self._left)
        self._steps = self._act.steps
        self._pulse.begin()
        self._step.start()

    @Slot()
    def _go(self) -> None:
        self._act.go()
        self._steps -= 1
        if not self._steps:
            self._step.stop()
            self._rest.look(self._assembly.store.state)

    @Slot()
    def _next(self) -> None:
        self.holds[_unused(self._act.name, self.holds)] = self._pulse.longest
        try:
            self._begin()
        except StopIteration:
            self._rest.stop()
            self._pulse.end()
            self._assembly.window.close()


def _unused(name: str, taken: dict[str, Hold]) -> str:
    """The name, or with a number if it is taken."""
    return next(one for index in count(1) if (one := name if index == 1 else f"{name} {index}") not in taken)


def stalls_report(picture: Path | None, rounds: int, why: bool = False) -> str:
    """A line an act: the longest hold of each round, its processor time; acts by the worst first with `why`.

    Each round is a process of its own, for only the first answer of a process loads its method.
    """
    told = [_child(picture, why) for _ in range(rounds)]
    lines = [f"{'longest hold of the window, ms':32}{'worst':>8}{'its cpu':>9}   of each round (cpu)"]
    for name in told[0]:
        holds = [round_[name] for round_ in told]
        worst = max(holds, key=lambda hold: hold.wall_ms)
        each = "  ".join(f"{hold.wall_ms:.0f} ({hold.cpu_ms:.0f})" for hold in holds)
        lines.append(f"{name:32}{worst.wall_ms:8.0f}{worst.cpu_ms:9.0f}   {each}")
        lines += [worst.why] if worst.why else []
    return "\n".join(lines)


def _child(picture: Path | None, why: bool) -> dict[str, Hold]:
    """What was done -> its longest hold, of a window of its own."""
    words = ["stalls", "--once", *(["--why"] if why else []), *([] if picture is None else [str(picture)])]
    command = [sys.executable, "-m", "viewer.benchmark", *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=True)
    return {name: Hold(**hold) for name, hold in json.loads(done.stdout.splitlines()[-1]).items()}


def walk_and_tell(picture: Path | None, why: bool) -> None:
    """The window with fresh settings; prints the longest hold of each act, as JSON."""
    samples = resources.samples()
    first = samples[0] if picture is None else picture
    with tempfile.TemporaryDirectory() as kept:
        launch = Launch(screenshot=Path(kept) / "never written.png", paths=(first,))  # unattended
        startup.make_application()
        settings = startup.settings_for(launch, Path(kept))
        assembly = Assembly(
            settings,
            startup.first_state(settings, launch),
            models_work(),
            startup.make_panels,
            lambda grab: AnsweringDesktop(grab, Path(kept), Path(kept)),
        )
        startup.install_hooks(assembly.report)
        assembly.show(FIRST_SIZE)
        QTimer.singleShot(0, assembly, lambda: startup.begin(assembly, launch))
        walk = Walk(assembly, acts(assembly, samples[-1]), why)
        QApplication.exec()
        assembly.close()
        startup.remove_hooks()
    say(json.dumps({name: asdict(hold) for name, hold in walk.holds.items()}))
