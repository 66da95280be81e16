"""Who runs the shards of a batch: this process, or several of this machine (several machines: `cluster`)."""

from __future__ import annotations

import multiprocessing
import multiprocessing.process
import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from models.batch.shard import Done, Engine, Shard, SickError, Work, answer_shard
from models.errors import MethodError

SICK = 70  # exit status of a process whose model answers no more: EX_SOFTWARE of sysexits.h
TRIES = 3  # processes that may end and leave nothing done

_held: tuple[Work, Engine | None] | None = None  # of a worker process: loaded once


def here(shards: Sequence[Shard], work: Work) -> Iterator[Done]:
    """Shard after shard in this process.

    Raises:
        MethodError: The method answers no more.
        UnmaskError: The method cannot be loaded, or the folder cannot be written to.
    """
    engine = work.open()
    for shard in shards:
        try:
            yield answer_shard(shard, work, engine)
        except SickError as error:
            raise MethodError(f"{error}. Go on with --resume.") from error


def in_processes(shards: Sequence[Shard], work: Work, workers: int) -> Iterator[Done]:
    """In so many processes of this machine; as they are done, in any order.

    A process that ends itself, or is ended, is replaced, and its shard tried again after all others.

    Raises:
        MethodError: Processes ended `TRIES` times and no shard was done between.
        UnmaskError: The method cannot be loaded, or the folder cannot be written to.
    """
    left = {shard.number: shard for shard in shards}
    ended: Counter[int] = Counter()
    in_vain = 0
    while left:
        running: dict[Future[Done], int] = {}
        order = sorted(left.values(), key=lambda shard: (ended[shard.number], shard.number))
        try:
            for done in _pooled(order, work, workers, running):
                del left[done.number]
                in_vain = 0
                yield done
        except BrokenProcessPool as error:
            ended.update(running.values())
            in_vain += 1
            if in_vain == TRIES:
                raise MethodError(_blamed(left[order[0].number])) from error


def _blamed(shard: Shard) -> str:
    first = shard.parts[0]
    return (
        f"The process that answers about {first.path}, picture {first.start + 1} and those after it, ended "
        f"{TRIES} times. Use fewer --workers if memory is short; go on with --resume."
    )


def _pooled(
    shards: Sequence[Shard], work: Work, workers: int, running: dict[Future[Done], int]
) -> Iterator[Done]:
    """One pool's life; `running` holds the shards that are in the hands of a process."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["models.batch.engine"])
    others = set(multiprocessing.active_children())
    with ProcessPoolExecutor(workers, context, _begin, (work,)) as pool:
        try:
            for shard in shards:
                running[pool.submit(_run, shard)] = shard.number
                if len(running) == workers:
                    yield from _over(running)
            while running:
                yield from _over(running)
        except BaseException:  # stopped: what is running may be lost, what is written is whole
            for process in set(multiprocessing.active_children()) - others:
                process.terminate()
            raise


def _over(running: dict[Future[Done], int]) -> Iterator[Done]:
    """Wait for one or more, and forget them."""
    over, _ = wait(running, return_when=FIRST_COMPLETED)
    for future in over:
        done = future.result()
        del running[future]
        yield done


def _begin(work: Work) -> None:
    """See that a worker leaves interrupts to who asked, and does not outlive it."""
    global _held
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    _held = work, None


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(SICK)


def _run(shard: Shard) -> Done:
    global _held
    assert _held is not None
    work, engine = _held
    if engine is None:
        engine = work.open()  # not in `_begin`: what it raises there would not be told
        _held = work, engine
    try:
        return answer_shard(shard, work, engine)
    except SickError:
        os._exit(SICK)  # another process may do better
