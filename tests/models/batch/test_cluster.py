"""A batch on a cluster: processes and nodes are lost, rows are not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.batch import cluster
from models.batch.executors import here
from models.batch.plan import begin
from models.batch.rows import REPEATING
from models.batch.tables import read_rows
from models.errors import InputError
from tests.fakes import batch as fake

NO_CLUSTER = 75  # as tests.fakes.cluster ends where Ray does not start
ROOT = Path(__file__).resolve().parents[3]
COUNT, SIZE = 64, 8


def table(out: Path) -> list[list[object]]:
    return [[cells[name] for name in REPEATING] for cells in read_rows(out / "table")]


@pytest.mark.sockets
def test_a_node_removed_and_a_process_ended_in_mid_run_leave_the_same_table(tmp_path):
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'unmask[cluster]'")
    plan = fake.plan(COUNT, SIZE)
    begin(plan, tmp_path / "whole", resume=False)
    list(here(plan.shards, fake.work(tmp_path / "whole")))
    done = subprocess.run(
        [sys.executable, "-m", "tests.fakes.cluster", str(tmp_path), str(COUNT), str(SIZE)],
        cwd=ROOT,
        env=os.environ
        | {
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_raylet_start_wait_time_s": "40",
        },
        capture_output=True,
        text=True,
        timeout=170,
    )
    if done.returncode == NO_CLUSTER:
        pytest.skip("Ray could not start two nodes in time: this machine is too busy")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "alive 1" in done.stdout.splitlines(), done.stdout[-3000:]  # among what Ray says of what it lost
    assert table(tmp_path / "out") == table(tmp_path / "whole")


def test_without_ray_one_is_told_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"unmask\[cluster\]"):
        next(cluster.on_cluster(fake.plan(8, 8).shards, fake.work(tmp_path)))
