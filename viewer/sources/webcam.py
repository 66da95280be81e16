"""A camera: read without a pause on a thread of its own, so that no picture is older than it must be."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.geometry.rescaling import Size
from viewer.sources.source import Deliver, Fail, Frame, PausedError

JOIN_S = 1.0
RETRY_S = 1.0  # between two tries to open a camera that was unplugged
READ_MS = 1000  # what a driver may take for one picture, where it lets itself be told
MISSES = 10  # reads in a row without a picture before the camera counts as gone


class Capture(Protocol):
    """What is used of cv2.VideoCapture."""

    def isOpened(self) -> bool:
        """Whether the camera could be opened."""

    def set(self, prop: int, value: float) -> bool:
        """Ask for a setting."""

    def read(self) -> tuple[bool, NDArray[np.uint8] | None]:
        """Wait for the next picture, [H, W, 3] BGR."""

    def release(self) -> None:
        """Let go of the camera."""


class Webcam:
    """A live Source. It never waits for its listener, who keeps the newest frame and lets others go."""

    live = True

    def __init__(
        self,
        index: int,
        open_capture: Callable[[int], Capture] | None = None,
        size: Size | None = None,
        retry_s: float = RETRY_S,
    ) -> None:
        self.name = f"camera {index}"
        self._index, self._size, self._retry_s = index, size, retry_s
        self._open = open_capture or open_device
        self._began_s, self._frames = 0.0, 0  # since it was started, however often it was unplugged
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    def start(self, deliver: Deliver, fail: Fail) -> None:
        """Open the camera and read it."""
        self.stop()
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(deliver, fail, self._stopping), name=self.name, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Let go of the camera; a driver that hangs is abandoned after a while."""
        self._stopping.set()
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join(JOIN_S)

    def _run(self, deliver: Deliver, fail: Fail, stopping: threading.Event) -> None:
        """Read on, also once it is plugged in again; one that was never there is told and given up."""
        self._began_s, self._frames, told = time.monotonic(), 0, False
        while not stopping.is_set():
            there = self._read_while_there(deliver, stopping)
            if stopping.is_set():
                return
            if not there and not self._frames:
                fail(InputError(why_not_opened(self._index)))
                return
            if there or not told:
                fail(PausedError(self._gone()))
                told = True
            stopping.wait(self._retry_s)

    def _read_while_there(self, deliver: Deliver, stopping: threading.Event) -> bool:
        """Whether it could be opened; then it was read until it was gone."""
        capture = self._open(self._index)
        try:
            if not capture.isOpened():
                return False
            capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
            capture.set(cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_MS)
            if self._size is not None:
                capture.set(cv2.CAP_PROP_FRAME_WIDTH, self._size[0])
                capture.set(cv2.CAP_PROP_FRAME_HEIGHT, self._size[1])
            self._read_on(capture, deliver, stopping)
        except cv2.error:
            return True  # as if it had been unplugged
        finally:
            capture.release()
        return True

    def _read_on(self, capture: Capture, deliver: Deliver, stopping: threading.Event) -> None:
        misses = 0
        while not stopping.is_set():
            read, picture = capture.read()
            if not read or picture is None or picture.size == 0:
                misses += 1
                if misses >= MISSES:
                    return
                stopping.wait(0.02)
                continue
            misses = 0
            image = _rgb(picture)
            if not stopping.is_set():
                since_s, notices = time.monotonic() - self._began_s, self._about(image)
                deliver(Frame(image, self.name, since_s, self._frames, count=0, notices=notices))
            self._frames += 1

    def _about(self, image: NDArray[np.uint8]) -> tuple[str, ...]:
        """That the camera gives pictures of another size than was asked of it."""
        height, width = image.shape[:2]
        if self._size is None or (width, height) == self._size:
            return ()
        asked = f"{self._size[0]} × {self._size[1]}"
        return (f"Camera {self._index} gives {width} × {height} px, not {asked}.",)

    def _gone(self) -> str:
        return (
            f"Camera {self._index} delivers no more pictures; it may have been unplugged. "
            "Plug it in again: it then goes on by itself."
        )


class Absent:
    """A Capture of a camera that is not there."""

    def isOpened(self) -> bool:
        """It is not."""
        return False

    def set(self, prop: int, value: float) -> bool:
        """There is nothing to set."""
        return False

    def read(self) -> tuple[bool, NDArray[np.uint8] | None]:
        """No picture."""
        return False, None

    def release(self) -> None:
        """Nothing is held."""


def open_device(index: int) -> Capture:
    """The camera by its system's own driver; OpenCV's others only add noise where there is none."""
    if sys.platform == "linux" and not Path(f"/dev/video{index}").exists():
        return Absent()  # OpenCV would complain on the terminal, whenever it is tried again
    driver = cv2.CAP_V4L2 if sys.platform == "linux" else cv2.CAP_ANY
    capture: Capture = cv2.VideoCapture(index, driver)
    return capture


def why_not_opened(index: int, devices: Path = Path("/dev")) -> str:
    """What keeps a camera from opening, as far as the system tells, and what to do."""
    if sys.platform == "linux":
        device = devices / f"video{index}"
        others = sorted(path.name.removeprefix("video") for path in devices.glob("video[0-9]*"))
        if not device.exists():
            there = f"or choose one of these: {', '.join(others)}" if others else "and try again"
            return f"There is no camera {index} (no {device}). Plug one in, {there}."
        if not os.access(device, os.R_OK | os.W_OK):
            return (
                f"Camera {index} may not be used by you. Add yourself to the group that owns {device}, "
                "usually video, and log in again."
            )
    return (
        f"Camera {index} cannot be opened. Close other programs that use it, check that it is plugged in "
        "and that this program may use cameras, then try again."
    )


def _rgb(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """BGR, BGRA or grey to read-only RGB."""
    if picture.ndim == 2 or picture.shape[2] == 1:
        image = cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)
    else:
        image = cv2.cvtColor(picture, cv2.COLOR_BGRA2RGB if picture.shape[2] == 4 else cv2.COLOR_BGR2RGB)
    rgb = np.asarray(image, np.uint8)
    rgb.flags.writeable = False
    return rgb
