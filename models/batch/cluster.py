"""A batch on several machines: Ray Data hands out its shards, watches over processes and tries again."""

from __future__ import annotations

import logging
import os
import pickle
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from models.batch.executors import SICK
from models.batch.shard import Done, Shard, SickError, Work, answer_shard
from models.errors import InputError, MethodError, UnmaskError, told

LOCAL = "local"
MISSING = "A cluster needs Ray, which is not installed. Run pip install 'unmask[cluster]'."
RETRIES = 32  # of a shard whose process or machine was lost; the loss of one machine takes several
LONGEST = 300  # characters of what Ray says


class Answerer:
    """What each process of the cluster keeps: the engine, loaded once."""

    def __init__(self, work: Work) -> None:
        self._work, self._engine = work, work.open()

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[int]]:
        """Shards in, what was done out; a process whose model answers no more ends, and Ray restarts it."""
        try:
            done = [
                answer_shard(pickle.loads(shard), self._work, self._engine)  # of our own making
                for shard in batch["shard"]
            ]
        except SickError:
            os._exit(SICK)
        return {name: [getattr(one, name) for one in done] for name in Done.__slots__}


def on_cluster(
    shards: Sequence[Shard], work: Work, address: str = LOCAL, workers: int = 0, gpus: float = 0
) -> Iterator[Done]:
    """On the machines of a Ray cluster; as they are done, in any order.

    All of them must see the inputs and `work.out` under the same paths, and have this version of Unmask. What
    a lost machine had not finished is done by another one; what it had written stands.

    Args:
        shards: What is to be done.
        work: How.
        address: "local" starts Ray on this machine; else as `ray.init` takes it, e.g. "ray://head:10001".
        workers: Processes in all, at most; 0 as many as the cluster has cores, or GPUs where each needs one.
        gpus: Of each process.

    Raises:
        InputError: Ray is not installed, or no cluster answers there.
        MethodError: A shard lost its process or machine more often than it is tried again.
        UnmaskError: The method cannot be loaded, or the folder cannot be written to.
    """
    ray = _begun(address)
    ray.data.DataContext.get_current().enable_progress_bars = False
    most = workers or max(1, int(ray.cluster_resources().get("GPU" if gpus else "CPU", 1)))
    items = [{"shard": pickle.dumps(shard)} for shard in shards]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # until Ray has another name for `_retried`
        table = ray.data.from_items(items, override_num_blocks=len(items)).map_batches(
            Answerer,
            fn_constructor_args=(work,),
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=most),
            num_cpus=1,
            num_gpus=gpus,
            ray_remote_args_fn=_retried,
        )
    try:
        for cells in table.iter_rows():
            yield Done(**{name: int(cells[name]) for name in Done.__slots__})
    except ray.exceptions.RayError as error:
        cause = getattr(error, "cause", None)
        if isinstance(cause, UnmaskError):
            raise cause from error
        raise MethodError(f"The cluster gave up ({told(error)[-LONGEST:]}). Go on with --resume.") from error


def _retried() -> dict[str, int]:
    """How often Ray tries a shard and starts a process anew."""
    return {"max_restarts": -1, "max_task_retries": RETRIES}


def _begun(address: str) -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise InputError(MISSING) from error
    logging.getLogger("ray.data").setLevel(logging.WARNING)
    if not ray.is_initialized():
        try:
            ray.init(
                None if address == LOCAL else address,
                include_dashboard=False if address == LOCAL else None,
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise InputError(f"No Ray cluster answers at {address} ({error}). Check its address.") from error
    return ray
