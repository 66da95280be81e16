"""All methods under one protocol."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import resources
from models.evaluation import side_by_side
from models.evaluation.scoring import View, ask, score
from models.evaluation.tables import markdown
from models.ground_truth.aflw2000 import aflw2000
from models.loading import load


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two photos of nothing with random truths; nothing was brought; two methods are installed."""
    monkeypatch.setenv("UNMASK_ASSETS", str(tmp_path / "brought"))
    installed = side_by_side.methods()
    monkeypatch.setattr(side_by_side, "methods", lambda: {k: installed[k] for k in ("dsfnet", "tddfa")})
    rng = np.random.default_rng(1)
    for i in range(2):
        points = rng.uniform((40, 50, -30), (160, 150, 30), (68, 3)) + 1
        np.savez(tmp_path / f"{i}.gt.npz", lm68=points.astype(np.float32), euler_deg=np.zeros(3))
        Image.fromarray(rng.integers(0, 255, (180, 200, 3), np.uint8)).save(tmp_path / f"{i}.jpg")
    return tmp_path


def test_each_set_of_weights_at_hand_has_a_row_and_what_is_missing_is_named(folder: Path) -> None:
    told = side_by_side.side_by_side_report(folder, None, "cpu", ("mask",), markdown)
    rows = [line.split(" | ") for line in told.splitlines() if line.startswith("| dsfnet, ")]
    assert [row[0] for row in rows] == ["| dsfnet, open", "| dsfnet, research"]
    assert "tddfa official: mb1_120x120.pth" in told
    faces = aflw2000(folder)
    (answers,) = ask(faces, load("dsfnet", "research"), [View("fused")])
    assert rows[1][4] == f"{score(faces, answers).mean:.2f}"
    assert rows[1][5] != rows[1][4]  # under a mask
    megabytes = resources.weights("dsfnet-research").stat().st_size / 1e6
    assert float(rows[1][-1].strip(" |")) == pytest.approx(megabytes, abs=0.006)
