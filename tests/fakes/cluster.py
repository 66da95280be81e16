"""A batch on a cluster of two nodes of this machine: a process falls sick, then a node is lost.

Usage: python -m tests.fakes.cluster FOLDER COUNT SIZE
"""

from __future__ import annotations

import os
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
NO_CLUSTER = 75  # exit status: EX_TEMPFAIL of sysexits.h


def opened(folder: Path, sick: Path) -> fake.FakeEngine:
    """An engine, and a file named like the node it was made on."""
    (folder / ray.get_runtime_context().get_node_id()).touch()
    return fake.loaded(sick)


def main(folder: Path, count: int, size: int) -> None:
    try:
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        lost = cluster.add_node(num_cpus=1)
    except Exception as error:  # Ray gives a node 30 s to start; a machine under full load takes longer
        print(error, file=sys.stderr)
        sys.exit(NO_CLUSTER)
    ray.init(cluster.address, log_to_driver=False)
    assert len([node for node in ray.nodes() if node["Alive"]]) == NODES
    gate, sick = folder / "gate", folder / "sick"
    os.mkfifo(gate)
    sick.touch()
    plan = fake.plan(count, size)
    begin(plan, folder / "out", resume=False)
    work = replace(
        fake.work(folder / "out"),
        read=partial(fake.read_past, gate=gate, free=size),
        open=partial(opened, folder, sick),
    )
    done = []
    for one in on_cluster(plan.shards, work, cluster.address, NODES):
        done.append(one)
        if len(done) == 2:  # the last wait at the gate, so both nodes are still at work
            assert (folder / lost.node_id).exists(), "the node that is to be lost has a process"
            cluster.remove_node(lost, allow_graceful=False)
            held = os.open(gate, os.O_RDWR)
    os.close(held)
    assert sorted(one.number for one in done) == [shard.number for shard in plan.shards]
    assert sick.with_suffix(".now").exists(), "a process was sick"
    print("alive", len([node for node in ray.nodes() if node["Alive"]]))
    ray.shutdown()
    cluster.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
