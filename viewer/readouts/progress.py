"""How far something is that takes a while, and how long it will still take. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from viewer.state.running import Running
from viewer.state.state import State

SOON_S = 100.0  # less is told in seconds


class Kind(Enum):
    """What can be cancelled."""

    FILE = "file"
    MINING = "mining"
    TRIAL = "trial"
    METHOD = "method"


@dataclass(frozen=True, slots=True)
class Task:
    """What is under way.

    Attributes:
        kind: Whose it is.
        running: How far it is.
        can_stop: Whether it can be cancelled.
    """

    kind: Kind
    running: Running
    can_stop: bool = True


def task_of(state: State) -> Task | None:
    """What the window is waiting for; of several things that which the user asked for by name."""
    if (writing := state.writing) is not None:
        return Task(Kind.FILE, writing, writing.stops)
    if (mining := state.mining.running) is not None:
        return Task(Kind.MINING, replace(mining, title=f"Failure mining in {mining.title}"))
    if (trial := state.occlusion.running) is not None:
        return Task(Kind.TRIAL, trial)
    if state.busy and not state.live:
        return Task(Kind.METHOD, Running("", 0, 0))  # what it is stands beside it
    return None


def progress_text(running: Running) -> str:
    """How far something is of which it is known how much there is to do, and how long it will still take."""
    told = f"{running.done:,} of {running.total:,}"
    return told if running.left_s is None else f"{told}, {time_text(running.left_s)} left"


def time_text(seconds: float) -> str:
    """A time in seconds, minutes, or hours and minutes."""
    if seconds < SOON_S:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
