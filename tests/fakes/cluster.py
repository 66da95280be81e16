"""A batch on a cluster of two nodes of this machine: a process falls sick, then a node is lost.

Usage: python -m tests.fakes.cluster FOLDER COUNT SIZE
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import ray
from ray.cluster_utils import Cluster
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from models.batch.cluster import CORES, on_cluster
from models.batch.plan import begin
from models.batch.shard import Part, Picture
from tests.fakes import batch as fake

NODES = 2
NO_CLUSTER = 75  # exit status: EX_TEMPFAIL of sysexits.h


class Guest:
    """Takes room on a node."""


def read_past(part: Part, gate: Path, waiting: Path, free: int) -> Iterator[Picture]:
    """As `fake.read`, but from picture `free` of the second video on only once the gate is held open.

    Gate and waiting are FIFOs; who waits at the one writes its node into the other.
    """
    if part.path.name == "b.mp4" and part.start >= free:
        with waiting.open("w") as line:
            print(ray.get_runtime_context().get_node_id(), file=line)
        gate.open("rb").close()
    yield from fake.read(part)


def two_nodes() -> tuple[Cluster, Any, Any]:
    """A cluster, the node that is to be lost, and a guest that leaves room for one process beside that node.

    So at least one of the two processes is always on the node that is to be lost.
    """
    try:
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        lost = cluster.add_node(num_cpus=1)
    except Exception as error:  # Ray gives a node 30 s to start; a machine under full load takes longer
        print(error, file=sys.stderr)
        sys.exit(NO_CLUSTER)
    ray.init(cluster.address, log_to_driver=False)
    there = NodeAffinitySchedulingStrategy(cluster.head_node.node_id, soft=False)
    guest = ray.remote(Guest).options(num_cpus=1 - CORES, scheduling_strategy=there).remote()
    ray.get(guest.__ray_ready__.remote())
    return cluster, lost, guest


def main(folder: Path, count: int, size: int) -> None:
    cluster, lost, guest = two_nodes()
    assert len([node for node in ray.nodes() if node["Alive"]]) == NODES
    gate, waiting, sick = folder / "gate", folder / "waiting", folder / "sick"
    os.mkfifo(gate)
    os.mkfifo(waiting)
    sick.touch()
    plan = fake.plan(count, size)
    begin(plan, folder / "out", resume=False)
    work = replace(
        fake.work(folder / "out", sick=sick),
        read=partial(read_past, gate=gate, waiting=waiting, free=size),
    )
    done = []
    with os.fdopen(os.open(waiting, os.O_RDWR)) as at_work:
        for one in on_cluster(plan.shards, work, cluster.address, NODES):
            done.append(one)
            if len(done) == 2:
                while at_work.readline().strip() != lost.node_id:
                    pass
                cluster.remove_node(lost, allow_graceful=False)
                ray.kill(guest)
                held = os.open(gate, os.O_RDWR)
    os.close(held)
    assert sorted(one.number for one in done) == [shard.number for shard in plan.shards]
    assert sick.with_suffix(".now").exists(), "a process was sick"
    print("alive", len([node for node in ray.nodes() if node["Alive"]]))
    ray.shutdown()
    cluster.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
