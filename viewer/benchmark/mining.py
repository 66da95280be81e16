"""Whether 10^5 rows of failure mining scroll, sort and filter without holding the window up."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter, thread_time
from types import MappingProxyType

import numpy as np
from PySide6.QtWidgets import QApplication, QScrollBar

from models.reconstructor import Reconstructor
from viewer.app.commands import Commands
from viewer.app.startup import make_application
from viewer.inference.session import Session
from viewer.inference.worker import Work
from viewer.mining.dock import MiningDock
from viewer.state.mining import NUMBERS, TEXTS, Axes, Brush, Mining, Plot, Run, Sort, Table, View
from viewer.state.setting import Setting
from viewer.state.state import State
from viewer.state.store import Store
from viewer.widgets import theme
from viewer.widgets.dialogs import Desktop
from viewer.window.action_table import make_actions

FRAMES = 120
SIZE = (1300, 420)
FRESH = 50  # rows that come in at once while a run is under way


def mining_report(rows: int) -> str:
    """The table as text: frames per second while scrolling, and how long everything else holds the thread."""
    application = make_application()
    store = Store(State())
    session = Session(store, _no_work())
    commands = Commands(store, session, Desktop(lambda: dock.grab()))
    dock = MiningDock(store, commands.mining, make_actions(commands, commands, store))
    theme.apply(store.state.theme)
    dock.resize(*SIZE)
    dock.show()
    try:
        lines = [f"{rows:,} rows, {SIZE[0]} x {SIZE[1]} px, {application.platformName()}"]
        lines += _measured(store, dock, rows)
    finally:
        commands.close()
        session.close()
        dock.close()
    return "\n".join(lines)


def _measured(store: Store, dock: MiningDock, rows: int) -> list[str]:
    def change(**changes: object) -> Callable[[], None]:
        return lambda: store.update(mining=replace(store.state.mining, **changes))  # type: ignore[arg-type]

    mined = _mined(rows)
    lines = [_held("first rows", change(run=mined.run, table=mined.table))]
    lines += [_scrolled("table", dock.table.verticalScrollBar())]
    lines += [_held("thumbnails", change(view=View.GRID))]
    lines += [_scrolled("thumbnails", dock.grid.verticalScrollBar())]
    back = change(view=View.TABLE)
    back()
    longer = mined.table.extended([{"input": "/faces/new.png", "suspicion": 3.0, "picture": 1}] * FRESH)
    return [
        *lines,
        _held(f"{FRESH} more rows", change(table=longer)),
        _held("sort by a number", change(sort=Sort("yaw_deg"))),
        _held("sort by a text", change(sort=Sort("alarms", False))),
        _held("sort by name", change(sort=Sort("input", False))),
        _held("filter", change(filter='nme > 5 and (covered >= 20 or alarms ~ "empty")')),
        _held("filter by names", change(filter="face_777")),
        _held("all rows again", change(filter="")),
        _held("scatter", change(axes=Axes(Plot.SCATTER, "likely_error_percent", "nme_percent"))),
        _held("brush", change(brush=Brush("likely_error_percent", 2, 9, "nme_percent", 2, 9))),
        _held("clear brush", change(brush=None)),
    ]


def _held(what: str, change: Callable[[], None]) -> str:
    """How long the GUI thread is away for a change, and for the drawing that follows."""
    first, second = _Taken(change), _Taken(QApplication.processEvents)
    return f"{what:<21} change {first}   drawing {second}"


def _scrolled(what: str, view: QScrollBar) -> str:
    """Frames per second while the whole length is gone through in equal steps."""
    frames = []
    for value in np.linspace(view.minimum(), view.maximum(), FRAMES).astype(int).tolist():
        view.setValue(value)
        frames.append(_Taken(QApplication.processEvents))
    busy, wall = (
        statistics.mean(times) for times in zip(*((f.busy_s, f.wall_s) for f in frames), strict=True)
    )
    worst = max(frames, key=lambda frame: frame.busy_s)
    return f"{what + ' scrolling':<21} {1 / wall:4.0f} fps ({1 / busy:.0f} if alone)   slowest frame {worst}"


class _Taken:
    """How long something took: by the clock, and of it the thread's own work, whatever else runs here."""

    def __init__(self, what: Callable[[], object]) -> None:
        start, busy = perf_counter(), thread_time()
        what()
        self.busy_s, self.wall_s = thread_time() - busy, perf_counter() - start

    def __str__(self) -> str:
        return f"{1e3 * self.wall_s:6.1f} ms ({1e3 * self.busy_s:5.1f} busy)"


def _mined(rows: int) -> Mining:
    """Rows that look like a run's, seeded; their pictures are nowhere."""
    random = np.random.default_rng(0)
    numbers = {name: random.gamma(2.0, 2.0, rows) for name in NUMBERS}
    numbers["picture"] = np.arange(rows, dtype=np.float64)
    numbers |= {name: np.zeros(rows) for name in ("setting", "frame", "face", "x0", "y0")}
    numbers |= {name: np.full(rows, 100.0) for name in ("x1", "y1")}
    numbers["yaw_deg"] = random.normal(0, 30, rows)
    texts: dict[str, tuple[str, ...]] = {name: ("",) * rows for name in TEXTS}
    paths = tuple(f"/faces/face_{index:06d}.jpg" for index in range(rows))
    alarms = ("", "empty-mask", "uv-collisions", "far-turned")
    picked = random.integers(0, len(alarms), rows).tolist()
    texts |= {"input": paths, "alarms": tuple(alarms[one] for one in picked), "outcome": ("answered",) * rows}
    texts["method"] = ("dsfnet",) * rows
    run = Run("faces", tuple(map(Path, paths)), False, (Setting("dsfnet", "open"),), "finder")
    return Mining(run=run, table=Table(MappingProxyType(numbers), MappingProxyType(texts)))


def _no_work() -> Work:
    def load(name: str, weights: str, device: str) -> Reconstructor:
        raise ValueError("this benchmark asks no method")

    return Work(load, lambda _image, _by: [], lambda *_: [], lambda _wish: "cpu")
