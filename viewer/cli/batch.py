"""`unmask batch`: many pictures in, one table out; shard by shard, so that a run that was stopped goes on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from models.batch.cluster import on_cluster
from models.batch.engine import MethodEngine, Setting
from models.batch.executors import here, in_processes
from models.batch.plan import Plan, begin, planned
from models.batch.rows import Makers
from models.batch.shard import Done, Shard, Work
from models.batch.tables import check_form
from models.catalogue import Provenance, detector_lacks, provenance
from models.errors import MissingAssetError, UnmaskError
from models.loading import checked_device, load
from resources import program_version
from viewer.cli.options import Batch
from viewer.cli.parts import ARCHIVE_ENDINGS, part_of, read_part
from viewer.cli.run import left_out
from viewer.cli.speech import complain, say
from viewer.sources.named import expanded, is_video, lists_of

Execute = Callable[[Sequence[Shard]], Iterator[Done]]


def run_batch(asked: Batch) -> int:
    """Answer about every picture that no shard holds yet. Returns 1 if any could not be answered."""
    try:
        return _run(asked)
    except UnmaskError as error:
        complain(f"unmask: {error}")
        return 1


def _run(asked: Batch) -> int:
    check_form(asked.form)
    device = checked_device(asked.device)
    paths = expanded(asked.images, asked.lists, asked.recursive, ARCHIVE_ENDINGS)
    weights = provenance(asked.method, asked.weights)
    plan = planned(
        (part_of(path, is_video(path), asked.every) for path in paths),
        settings_of(asked, weights),
        asked.size,
    )
    _check(asked)
    begin(plan, asked.out, asked.resume, (*paths, *lists_of(asked.images, asked.lists)))
    work, execute = _work(asked, device, weights)
    left = [shard for shard in plan.shards if not work.file(shard).exists()]
    if len(left) < len(plan.shards):
        say(f"{len(plan.shards) - len(left)} of {len(plan.shards)} shards were there already.")
    problems = _told(execute(left), plan, left) if left else 0
    if problems:
        pictures = "1 picture" if problems == 1 else f"{problems} pictures"
        complain(f'{pictures} could not be answered about; the column "problem" says why.')
    return 1 if problems else 0


def _check(asked: Batch) -> None:
    """See that what shall answer is there, before a folder is made for it and processes are started.

    Raises:
        UnmaskError: As `models.loading.load` and `left_out`; or the finder of faces lacks its file.
    """
    left_out(load(asked.method, asked.weights, "cpu").switches, asked.without, None)
    if asked.box is None and (lacks := detector_lacks(asked.detector)):
        raise MissingAssetError(lacks)


def settings_of(asked: Batch, weights: Provenance) -> dict[str, Any]:
    """Of what was asked for, what changes the table, as JSON values."""
    return {
        "method": asked.method,
        "weights": weights.name,
        "weights_sha256": weights.sha256,
        "device": asked.device,
        "detector": "" if asked.box else asked.detector,
        "without": sorted(asked.without),
        "box": asked.box and list(asked.box),
        "every": asked.every,
        "format": asked.form,
        "meshes": asked.meshes,
        "evidence": asked.evidence,
    }


def _work(asked: Batch, device: str, weights: Provenance) -> tuple[Work, Execute]:
    """What is to be done with every shard, and who does it."""
    cores = len(os.sched_getaffinity(0))
    workers = asked.workers or (cores if device == "cpu" else 1)
    ours = workers > 1 and not asked.cluster and "OMP_NUM_THREADS" not in os.environ
    threads = max(1, cores // workers) if ours else 0
    setting = Setting(
        *(asked.method, asked.weights, device, asked.detector, asked.without, asked.box, threads),
        layers=asked.evidence,
    )
    work = Work(
        out=asked.out,
        read=partial(read_part, box=asked.box),
        open=partial(MethodEngine.loaded, setting),
        makers=Makers(program_version(), asked.method, weights, "" if asked.box else asked.detector),
        form=asked.form,
        meshes=asked.meshes,
        evidence=asked.evidence,
    )
    if asked.cluster:
        gpus = float(device.startswith("cuda"))
        return work, lambda left: on_cluster(left, work, asked.cluster, asked.workers, gpus)
    if workers == 1:
        return work, lambda left: here(left, work)
    return work, lambda left: in_processes(left, work, min(workers, len(left)))


def _told(doing: Iterator[Done], plan: Plan, left: Sequence[Shard]) -> int:
    """Say how far it is, shard by shard; returns how many pictures had a problem."""
    total = sum(map(len, plan.shards))
    pictures, faces, problems = total - sum(map(len, left)), 0, 0
    for done in doing:
        pictures, faces, problems = pictures + done.pictures, faces + done.faces, problems + done.problems
        say(f"{pictures} of {total} pictures, {faces} faces{f', {problems} problems' if problems else ''}")
    return problems
