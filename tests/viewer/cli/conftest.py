"""Small textures: what commands do with their files does not hang on their size."""

from __future__ import annotations

import pytest

from models.export import maps


@pytest.fixture(autouse=True)
def small_textures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole ones take most of the time of a run; tests/models/export writes those."""
    monkeypatch.setattr(maps, "TEXTURE_PX", 64)
