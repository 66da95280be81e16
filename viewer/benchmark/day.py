"""A day with the window: pictures are mined, one is looked into, covered, kept, exported and presented."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from PySide6.QtCore import QObject, QProcess, QTimer
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication, QDockWidget

from viewer.app import startup
from viewer.app.assembly import FIRST_SIZE, Assembly
from viewer.app.idle import answered_or_failed
from viewer.app.models_work import models_work
from viewer.benchmark.holds import Holds
from viewer.cli.options import Launch
from viewer.cli.speech import say
from viewer.ground_truth.dock import MetricsDock
from viewer.inference.worker import Work
from viewer.mining.ordering import shown_rows
from viewer.readouts.failure import failure_of
from viewer.state.state import State
from viewer.widgets.dialogs import Desktop, ending_of

BEAT_MS = 20  # how often it is looked whether a step is done
LONGEST_STEP_S = 300.0
STALL_MS = 100  # a window that answers later than this is felt to hang
EXPORTS = {"figure": "export-figure", "glb": "export-glb", "html": "export-html", "turn": "export-turn"}


class AnsweringDesktop(Desktop):
    """Desktop services whose dialogs are answered at once: files go to one folder, under one name."""

    def __init__(self, grab: Callable[[], QPixmap], mined: Path, out: Path) -> None:
        super().__init__(grab)
        self._mined, self._out = mined, out

    def ask_folder(self) -> str:
        """The folder that is mined."""
        return str(self._mined)

    def ask_save(self, kind: str, suggestion: str) -> str:
        """In the folder of results."""
        return str(self._out / f"day{ending_of(kind)}")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is done.

    Attributes:
        name: What the line printed about it says.
        go: Does it.
        done: Whether it has come to its end.
        files: What must be there then, and not be empty.
    """

    name: str
    go: Callable[[], object]
    done: Callable[[State], bool]
    files: tuple[Path, ...] = ()


class Errands(QObject):
    """What is done in a day, as a user would do it.

    Attributes:
        replay: `unmask replay` at work.
    """

    def __init__(self, assembly: Assembly, out: Path) -> None:
        super().__init__(assembly)
        self._assembly, self._out = assembly, out
        self._commands, self._actions = assembly.commands, assembly.actions
        self.replay = QProcess(self)

    def steps(self) -> Iterator[Step]:
        """In their order; each is made when the one before is over."""
        yield Step("first answer", lambda: None, lambda state: _at_rest(state) and state.answer is not None)
        yield Step("failures of the folder found", self._actions["mine-folder"].trigger, _mined)
        yield Step("worst face opened", self._open_worst, _row_shown)
        yield Step("its error explained", self._show_why, lambda state: _at_rest(state) and self._explained())
        yield Step("covered with a mask", self._cover, _covered)
        case = self._out / f"day{ending_of('case.json')}"
        yield Step("case saved", self._actions["save-case"].trigger, _written, (case,))
        again = self._out / "again"
        answers = (again / "day.json", again / "day.png")
        yield Step(
            "case replayed without a window", lambda: self._start_replay(case), self._replayed, answers
        )
        for kind, action in EXPORTS.items():
            path = self._out / f"day{ending_of(kind)}"
            yield Step(f"{path.suffix[1:]} exported", self._actions[action].trigger, _written, (path,))
        opened = self._assembly.store.state.opened
        yield Step("presented", self._actions["present"].trigger, lambda state: _presents(state, 0))
        yield Step("next step presented", self._actions["present-next"].trigger, lambda s: _presents(s, 1))
        end = self._actions["present-end"].trigger
        yield Step("presentation ended", end, lambda state: _back(state, opened))

    def _open_worst(self) -> None:
        mining = self._assembly.store.state.mining
        self._commands.mining.open_row(int(shown_rows(mining).rows[0]))

    def _show_why(self) -> None:
        metrics = self._assembly.window.findChild(MetricsDock)
        assert metrics is not None
        metrics.tabs.setCurrentIndex(1)
        dock = metrics.parentWidget()
        assert isinstance(dock, QDockWidget)
        dock.raise_()

    def _explained(self) -> bool:
        """Where there is truth, why the answer is off; else there is nothing to explain."""
        state = self._assembly.store.state
        return state.judgement is None or failure_of(state) is not None

    def _cover(self) -> None:
        self._actions["layout-lab"].trigger()
        self._actions["occluder-mask"].trigger()

    def _start_replay(self, case: Path) -> None:
        words = ["-m", "viewer", "replay", str(case), "--out", str(self._out / "again")]
        self.replay.start(sys.executable, words)

    def _replayed(self, _state: State) -> bool:
        """Whether it has ended; ValueError if it found a difference."""
        if self.replay.state() is not QProcess.ProcessState.NotRunning:
            return False
        if code := self.replay.exitCode():
            told = (self.replay.readAllStandardOutput(), self.replay.readAllStandardError())
            words = " ".join(bytes(part.data()).decode(errors="replace").strip() for part in told)
            raise ValueError(f"unmask replay returned {code}. {words}")
        return True


class Day(QObject):
    """Takes one step after the other, waits for the State of each and prints a line; closes the window.

    Attributes:
        code: 0 once every step has come to its end with its files; 1 until then.
    """

    def __init__(self, assembly: Assembly, steps: Iterator[Step]) -> None:
        super().__init__(assembly)
        self._assembly, self._left = assembly, steps
        self.code = 1
        self._step = next(self._left)
        self._began = perf_counter()
        self._pulse = Holds(self)
        self._beat = QTimer(self, interval=BEAT_MS)
        self._beat.timeout.connect(self._look)
        self._beat.start()
        self._step.go()

    def _look(self) -> None:
        now = perf_counter()
        try:
            done = self._step.done(self._assembly.store.state)
        except ValueError as error:
            self._end(f"{self._step.name}: {error}")
            return
        if done:
            self._tell(now - self._began)
        elif now - self._began > LONGEST_STEP_S:
            self._end(f"{self._step.name}: took longer than {LONGEST_STEP_S:.0f} s")

    def _tell(self, seconds: float) -> None:
        """The line about the step that is over; then the next one, or the end."""
        longest_ms = self._pulse.longest.wall_ms
        stall = f", window stalled {longest_ms:.0f} ms" if longest_ms > STALL_MS else ""
        say(f"{seconds:7.2f} s  {self._step.name}{stall}")
        if trouble := self._trouble():
            self._end(f"{self._step.name}: {trouble}")
            return
        following = next(self._left, None)
        if following is None:
            self.code = 0
            self._end("")
            return
        self._step, self._began = following, perf_counter()
        self._pulse.begin()
        following.go()

    def _trouble(self) -> str:
        notice = self._assembly.store.state.notice
        if notice is not None and notice.severity.value == "error":
            return f"{notice.cause} {notice.remedy}"
        missing = [path for path in self._step.files if not (path.is_file() and path.stat().st_size)]
        return f"missing or empty: {', '.join(map(str, missing))}" if missing else ""

    def _end(self, trouble: str) -> None:
        self._beat.stop()
        self._pulse.end()
        if trouble:
            say(trouble)
        self._assembly.window.close()


def _at_rest(state: State) -> bool:
    return answered_or_failed(state) and state.writing is None


def _mined(state: State) -> bool:
    return state.mining.run is not None and state.mining.running is None and len(state.mining.table) > 0


def _row_shown(state: State) -> bool:
    mining, frame = state.mining, state.frame
    if mining.run is None or mining.current < 0 or frame is None or frame.path is None or not _at_rest(state):
        return False
    wanted = mining.run.paths[mining.table.whole("picture", mining.current)]
    return frame.path == wanted and state.answer is not None


def _covered(state: State) -> bool:
    return _at_rest(state) and state.shown is not None and state.shown.occluded is not None


def _written(state: State) -> bool:
    """Whether the file asked for is written, or was given up."""
    told = state.notice.cause if state.notice is not None else ""
    return state.writing is None and not told.startswith("Writing")


def _presents(state: State, number: int) -> bool:
    showing = state.presentation
    if showing is None or showing.index != number or not _at_rest(state):
        return False
    occluders = len(state.occlusion.stack.layers)
    return state.opened == (showing.step.picture,) and occluders == len(showing.step.occluders)


def _back(state: State, opened: tuple[str, ...]) -> bool:
    return state.presentation is None and state.opened == opened and _at_rest(state)


def live_a_day(folder: Path, out: Path, work: Work | None = None) -> int:
    """Go through it on the pictures of `folder`; files go to `out`.

    Returns:
        0 if every step came to its end, with its files; else 1.
    """
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as kept:
        launch = Launch(screenshot=Path(kept) / "never written.png")  # unattended: nothing is left behind
        startup.make_application()
        settings = startup.settings_for(launch, Path(kept))
        assembly = Assembly(
            settings,
            startup.first_state(settings, launch),
            work or models_work(),
            startup.make_panels,
            lambda grab: AnsweringDesktop(grab, folder, out),
        )
        startup.install_hooks(assembly.report)
        assembly.show(FIRST_SIZE)
        QTimer.singleShot(0, assembly, lambda: startup.begin(assembly, launch))
        errands = Errands(assembly, out)
        day = Day(assembly, errands.steps())
        began = perf_counter()
        QApplication.exec()
        errands.replay.kill()
        ended = assembly.close()
        startup.remove_hooks()
    say(f"{perf_counter() - began:7.2f} s  in all" + ("" if ended else "; a thread did not end"))
    return day.code or int(not ended)
