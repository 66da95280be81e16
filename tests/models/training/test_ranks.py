"""Training in several processes, as torchrun starts them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def trained(folder: Path, *launcher: str) -> list[dict[str, list[float]]]:
    """What each rank saw, its share of every batch."""
    env = os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    words = [sys.executable, *launcher, "-m", "tests.fakes.ranks", str(folder)]
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(path.read_text()) for path in sorted(folder.glob("rank-*.json"))]


@pytest.mark.sockets
def test_two_processes_learn_as_one_does_from_the_same_batches(tmp_path):
    (alone,) = trained(tmp_path / "alone")
    first, second = trained(
        tmp_path / "two", "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"
    )
    assert len(alone["losses"]) > 10
    both = [(a + b) / 2 for a, b in zip(first["losses"], second["losses"], strict=True)]
    assert both == pytest.approx(alone["losses"], rel=1e-4)
    assert alone["losses"][-1] < alone["losses"][0] / 2
    assert first["weights"] == second["weights"] == pytest.approx(alone["weights"], rel=1e-4)
