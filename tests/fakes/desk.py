"""A session with its commands and without a window."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pytestqt.qtbot import QtBot

from tests.fakes.desktop import FakeDesktop
from tests.fakes.work import FakeWork
from viewer.app.commands import Commands
from viewer.inference.session import Session
from viewer.state.state import State
from viewer.state.store import Store


@dataclass
class Desk:
    """A session with everything that is asked of it, and every State it was in."""

    store: Store
    session: Session
    commands: Commands
    desktop: FakeDesktop
    work: FakeWork
    seen: list[State] = field(default_factory=list)

    @property
    def state(self) -> State:
        """What holds now."""
        return self.store.state


@contextmanager
def a_desk(
    qtbot: QtBot, first: State | None = None, work: FakeWork | None = None, path: str = "photo.png"
) -> Iterator[Desk]:
    """On which a picture was answered about."""
    work, desktop, store = work or FakeWork(), FakeDesktop(), Store(first)
    session = Session(store, work.work())
    commands = Commands(store, session, desktop)
    made = Desk(store, session, commands, desktop, work)
    store.changed.connect(lambda new, old: made.seen.append(new))
    with qtbot.waitSignal(session.answered):
        commands.playback.open(path)
    at_rest(qtbot, made)
    made.seen.clear()
    yield made
    work.gate.set()
    commands.close()
    assert session.close(5)


def at_rest(qtbot: QtBot, desk: Desk) -> None:
    """Wait until nothing is asked any more."""
    qtbot.waitUntil(lambda: not desk.state.busy and not desk.state.stale)
