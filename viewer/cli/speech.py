"""What a command says. Printing cannot fail the work: no console is too old, no pipe closed too early."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

from models.errors import UnmaskError
from resources import AssetError

INTERRUPTED = 130  # as shells count
TERMINATED = 143
FAILED = 1


class Terminated(BaseException):
    """The system asked the program to end (SIGTERM)."""


def say(text: str) -> None:
    """A line for whoever reads the results."""
    _print(text, "stdout")


def complain(text: str) -> None:
    """A line about what went wrong."""
    _print(text, "stderr")


def ended_well(command: Callable[[], int]) -> int:
    """The exit status of a command: its own, or that of whoever stopped it; never a traceback."""
    before = _on_terminate()
    try:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                with contextlib.suppress(ValueError, OSError):
                    stream.reconfigure(errors="backslashreplace")
        return command()
    except KeyboardInterrupt:
        complain("unmask: stopped. Files that were said to be written are whole.")
        return INTERRUPTED
    except Terminated:
        complain("unmask: asked to end. Files that were said to be written are whole.")
        return TERMINATED
    except BrokenPipeError:
        _mute("stdout")
        return FAILED
    except (UnmaskError, AssetError) as error:  # of the installation itself: nothing can be begun
        complain(f"unmask: {' '.join(str(error).split())}")
        return FAILED
    finally:
        _flush()
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def _print(text: str, name: str) -> None:
    stream = getattr(sys, name)
    if stream is None:
        return
    try:
        try:
            print(text, file=stream, flush=True)
        except UnicodeError:
            coded = text.encode(stream.encoding or "ascii", "backslashreplace")
            print(coded.decode(stream.encoding or "ascii"), file=stream, flush=True)
    except (OSError, ValueError):  # nobody reads any more
        _mute(name)


def _mute(name: str) -> None:
    """What is left in the stream's buffer goes nowhere; else Python would complain at its end."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, getattr(sys, name).fileno())
        os.close(nowhere)


def _flush() -> None:
    for name in ("stdout", "stderr"):
        try:
            if (stream := getattr(sys, name)) is not None:
                stream.flush()
        except (OSError, ValueError):
            _mute(name)


def _on_terminate() -> Callable[[int, FrameType | None], object] | int | None:
    def terminated(_number: int, _frame: FrameType | None) -> None:
        raise Terminated

    try:
        return signal.signal(signal.SIGTERM, terminated)
    except ValueError:  # not on the main thread
        return None
