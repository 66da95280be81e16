"""A batch on a cluster of two nodes of this machine: a process falls sick, then a node is lost.

Usage: python -m tests.fakes.cluster FOLDER COUNT SIZE
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import ray
from ray.cluster_utils import Cluster

from models.batch.cluster import on_cluster
from models.batch.plan import begin
from tests.fakes import batch as fake

NODES = 2


def node() -> dict[str, int]:
    """One core, and ports that are known: a node whose agents are slow to tell theirs would give up."""
    names = ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port")
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in (*names, "runtime_env_agent_port")]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        ports = [one.getsockname()[1] for one in sockets]
    return dict(zip((*names, "runtime_env_agent_port"), ports, strict=True)) | {"num_cpus": 1}


def main(folder: Path, count: int, size: int) -> None:
    cluster = Cluster(initialize_head=True, head_node_args={"include_dashboard": False, **node()})
    lost = cluster.add_node(**node())
    ray.init(cluster.address, log_to_driver=False)
    assert len([node for node in ray.nodes() if node["Alive"]]) == NODES
    gate, sick = folder / "gate", folder / "sick"
    os.mkfifo(gate)
    sick.touch()
    plan = fake.plan(count, size)
    begin(plan, folder / "out", resume=False)
    work = replace(fake.work(folder / "out", sick=sick), read=partial(fake.read_past, gate=gate, free=size))
    done = []
    for one in on_cluster(plan.shards, work, cluster.address, NODES):
        done.append(one)
        if len(done) == 2:  # the last wait at the gate, so both nodes are still at work
            cluster.remove_node(lost, allow_graceful=False)
            opened = os.open(gate, os.O_RDWR)
    os.close(opened)
    assert sorted(one.number for one in done) == [shard.number for shard in plan.shards]
    assert sick.with_suffix(".now").exists(), "a process was sick"
    print("alive", len([node for node in ray.nodes() if node["Alive"]]))
    ray.shutdown()
    cluster.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
