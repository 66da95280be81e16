"""How torch comes to a window that goes on answering."""

from __future__ import annotations

import gc
import subprocess
import sys
from threading import Thread
from types import SimpleNamespace

import pytest

from viewer.app import models_work
from viewer.app.bring_torch import bring_torch

NOT_IMPORTED = SimpleNamespace(modules={})  # as `sys` looks before torch is there
LOADED = """
import sys
from pathlib import Path
from viewer.app.bring_torch import _load_library
_load_library()
assert "torch" not in sys.modules
assert "libtorch_cpu" in Path("/proc/self/maps").read_text()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the import itself loads it")
def test_the_library_is_there_before_torch_is_imported():
    subprocess.run([sys.executable, "-c", LOADED], check=True, timeout=120)


def test_what_was_imported_is_out_of_later_searches_for_garbage_and_these_go_on():
    gc.unfreeze()
    try:
        bring_torch.__wrapped__()
        assert gc.isenabled()
        assert gc.get_freeze_count() > 10_000
        assert len(gc.get_objects()) < 10_000
    finally:
        gc.unfreeze()


def test_where_searches_were_switched_off_they_stay_off():
    gc.disable()
    try:
        bring_torch.__wrapped__()
        assert not gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()


def test_torch_is_brought_only_once_the_window_is_painted(monkeypatch):
    happened = []
    monkeypatch.setattr(models_work, "FIRST_PAINT_S", 60.0)
    monkeypatch.setattr(models_work, "bring_torch", lambda: happened.append("brought"))
    monkeypatch.setattr(models_work, "sys", NOT_IMPORTED)
    work = models_work.models_work()
    asks = Thread(target=work.device, args=("cpu",))
    asks.start()
    happened.append("painted")
    work.painted()
    asks.join()
    assert happened == ["painted", "brought"]


def test_where_nobody_looks_at_the_window_torch_comes_all_the_same(monkeypatch):
    happened = []
    monkeypatch.setattr(models_work, "FIRST_PAINT_S", 0.0)
    monkeypatch.setattr(models_work, "bring_torch", lambda: happened.append("brought"))
    monkeypatch.setattr(models_work, "sys", NOT_IMPORTED)
    models_work.models_work().device("cpu")
    assert happened == ["brought"]
