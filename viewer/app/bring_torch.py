"""Imports torch beside a window that must go on answering."""

from __future__ import annotations

import ctypes
import gc
import importlib.util
import os
import sys
from functools import cache
from pathlib import Path


@cache
def bring_torch() -> None:
    """Import torch and what reads weights, on this thread; once, however often it is asked for.

    An import holds the interpreter's lock while the system loads a library, and every search for garbage
    holds it for as long as there are objects: together seconds in which the window would hear no key. So
    torch's library is loaded without that lock, and what was imported stays out of all later searches: it
    lives as long as the process.
    """
    if "torch" not in sys.modules:
        _load_library()
    searched = gc.isenabled()
    gc.disable()
    try:
        from models import loading, pipeline  # noqa: F401
        from models.detection import detectors  # noqa: F401

        gc.freeze()
    finally:
        if searched:
            gc.enable()


def _load_library() -> None:
    """Load what torch consists of; where that fails, the import does it, and says what is wrong."""
    found = importlib.util.find_spec("torch")
    if sys.platform != "linux" or found is None or found.origin is None:
        return
    library = Path(found.origin).parent / "lib" / "libtorch.so"
    dlopen = ctypes.CDLL(None).dlopen  # called like any function: without the lock, which CDLL(library) holds
    dlopen.argtypes, dlopen.restype = [ctypes.c_char_p, ctypes.c_int], ctypes.c_void_p
    dlopen(os.fsencode(library), os.RTLD_NOW)
