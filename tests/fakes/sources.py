"""Sources that deliver what a test tells them to, on the thread the test chooses."""

from __future__ import annotations

from threading import Thread

import numpy as np

from models.errors import InputError
from viewer.sources.source import Deliver, Fail, Frame


def picture(name: str = "photo.png", value: int = 90, width: int = 320, height: int = 240) -> Frame:
    """A plain frame."""
    image = np.full((height, width, 3), value, np.uint8)
    image.flags.writeable = False
    return Frame(image, name)


class FakeSource:
    """A live source: `send` delivers a frame from another thread, as a camera does."""

    def __init__(self, name: str = "camera 0", live: bool = True, first: Frame | None = None) -> None:
        self._name, self._live, self._first = name, live, first
        self._deliver: Deliver | None = None
        self._fail: Fail | None = None
        self.running = False

    @property
    def name(self) -> str:
        """What the test called it."""
        return self._name

    @property
    def live(self) -> bool:
        """Whether frames come by themselves."""
        return self._live

    def start(self, deliver: Deliver, fail: Fail) -> None:
        """Remember the callbacks; a first frame comes at once if there is one."""
        self._deliver, self._fail, self.running = deliver, fail, True
        if self._first is not None:
            self.send(self._first)

    def stop(self) -> None:
        """Deliver nothing any more."""
        self.running = False

    def send(self, frame: Frame) -> None:
        """Deliver from a thread of its own."""
        if self.running and self._deliver is not None:
            _elsewhere(self._deliver, frame)

    def break_down(self, error: InputError) -> None:
        """Fail from a thread of its own."""
        if self._fail is not None:
            _elsewhere(self._fail, error)


class FakeRecording(FakeSource):
    """A folder of pictures that plays when told to; it delivers on the caller's thread's behalf."""

    def __init__(self, name: str, frames: list[Frame]) -> None:
        super().__init__(name, live=False, first=frames[0])
        self._frames = frames
        self._index = 0
        self._playing = False
        self.paced: tuple[float, bool, tuple[int, int] | None] = (1.0, False, None)

    @property
    def playing(self) -> bool:
        """Whether `play` was called last."""
        return self._playing

    def play(self) -> None:
        """Say that it plays; the test sends the frames."""
        self._playing = True

    def pace(self, speed: float, loop: bool, span: tuple[int, int] | None) -> None:
        """Remember it."""
        self.paced = speed, loop, span

    def pause(self) -> None:
        """Hold."""
        self._playing = False

    def seek(self, index: int) -> None:
        """Deliver that frame."""
        self._index = min(max(index, 0), len(self._frames) - 1)
        self.send(self._frames[self._index])

    def step(self, by: int) -> None:
        """Pause, and deliver a neighbour."""
        self.pause()
        self.seek(self._index + by)


def _elsewhere(call: Deliver | Fail, value: Frame | InputError) -> None:
    thread = Thread(target=call, args=(value,))
    thread.start()
    thread.join()
