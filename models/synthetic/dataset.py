"""Batches of faces: rendered anew on demand, or streamed from processes that keep a pool fresh."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from multiprocessing import get_context
from multiprocessing.shared_memory import SharedMemory
from types import TracebackType
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.synthetic.draw import draw_scene
from models.synthetic.head import Head, load_head
from models.synthetic.render import render
from models.synthetic.scene import Scene

CROP_PX = 128


@dataclass(frozen=True, eq=False, slots=True)
class FaceBatch:
    """B faces: crops of S px and label maps of M = S / 2 cells.

    Attributes:
        images: [B, 3, S, S] uint8 RGB.
        mask: [B, M, M] uint8, 1 where one sees the face, its eyes and open mouth (see `labels.Labels`);
            255 where nobody knows.
        uv: [B, 2, M, M] float16 (u, v) of the face chart where mask is 1, else 0.
        depth: [B, M, M] float16 crop px towards the camera from the model origin; 0 outside the mask.
        identity: [B, 60] float32; expression: [B, E] float32.
        rotation: [B, 3, 3] float32, model to camera (y up in both), R = Rx(-pitch) Ry(-yaw) Rz(-roll).
        camera: [B, 4] float32: s (crop px per mm at the model origin), tx, ty (crop px of the model origin),
            q (inverse distance, 1/mm; 0 = scaled orthographic). See `camera.project`.
        visibility: [B, N] uint8 per face vertex: neither turned away, hidden, covered nor outside the crop.
        states: [B, N] uint8, a `labels.State` of the surface around each face vertex; 255 where nobody knows.
        landmark_states: [B, 68] uint8 likewise of the landmarks, as people would tell it.
        placed: [B, 68, 2] float32 crop px of landmarks that people placed; NaN where the face's own hold.
    """

    images: Tensor
    mask: Tensor
    uv: Tensor
    depth: Tensor
    identity: Tensor
    expression: Tensor
    rotation: Tensor
    camera: Tensor
    visibility: Tensor
    states: Tensor
    landmark_states: Tensor
    placed: Tensor

    def __len__(self) -> int:
        return len(self.images)


Rows = dict[str, NDArray[Any]]
MakeRow = Callable[[int, int, int], Rows]  # seed, index, side of the crop in px -> one face of a `FaceBatch`


def batch(seed: int, indices: Sequence[int], size: int = CROP_PX) -> FaceBatch:
    """The samples of those indices; each is the same in whatever company it is asked for."""
    return stacked([rendered_row(seed, index, size) for index in indices])


def stacked(rows: Sequence[Rows]) -> FaceBatch:
    """Faces as a batch."""
    names = [field.name for field in fields(FaceBatch)]
    return FaceBatch(**{name: torch.from_numpy(np.stack([row[name] for row in rows])) for name in names})


def rendered_row(seed: int, index: int, size: int) -> Rows:
    """One synthetic face."""
    head = load_head()
    return row_of(draw_scene(seed, index, head), head, size)


def row_of(scene: Scene, head: Head, size: int) -> Rows:
    """One face of a `FaceBatch`, rendered."""
    sample = render(scene, head, size)
    return {
        "images": np.ascontiguousarray(sample.image.transpose(2, 0, 1)),
        "mask": sample.labels.mask,
        "uv": sample.labels.uv,
        "depth": sample.labels.depth,
        "identity": scene.identity,
        "expression": scene.expression,
        "rotation": sample.rotation,
        "camera": sample.camera,
        "visibility": sample.labels.visibility,
        "states": sample.labels.states,
        "landmark_states": sample.labels.landmark_states,
        "placed": np.full((68, 2), np.nan, np.float32),
    }


class Pool:
    """Processes that keep a bounded pool of samples fresh in shared memory, for random batches.

    Samples carry the indices `first`, `first + 1`, ... of one seed; the oldest make room for new ones. Which
    of them meet in a batch depends on the machine's speed: use `batch` where that matters.
    """

    def __init__(
        self,
        seed: int,
        capacity: int = 4096,
        processes: int = 2,
        first: int = 0,
        uses: float = 1.0,
        size: int = CROP_PX,
        nice: int = 5,
        make: MakeRow = rendered_row,
    ) -> None:
        """Start making samples.

        Args:
            seed: Of all scenes.
            capacity: How many samples are kept (about 90 kB each).
            processes: How many render.
            first: Index of the first sample; a resumed run goes on with `first=produced` of the one before.
            uses: Renderers wait while samples have been drawn fewer times than this on average: above 1 for
                when the trainer should get more of the CPU.
            size: Of the crops, px.
            nice: How far renderers stand back behind other processes.
            make: Gives one sample; sent to the processes, so it must pickle.
        """
        if capacity < processes or processes < 1:
            raise ValueError(f"a pool of {capacity} samples cannot be shared by {processes} processes")
        self.capacity, self._processes, self._first = capacity, processes, first
        self._layout = _Layout.of(make(seed, first, size), capacity, processes)
        self._memory = SharedMemory(create=True, size=self._layout.total)
        self._views = self._layout.views(self._memory)
        self._views["counts"][:] = 0
        self._views["versions"][:] = 0
        context = get_context("spawn")
        arguments = (self._memory.name, self._layout, seed, first, size, uses, nice, make)
        self._workers = [
            context.Process(target=_fill, args=(worker, *arguments), daemon=True)
            for worker in range(processes)
        ]
        with one_blas_thread():
            for process in self._workers:
                process.start()

    @property
    def produced(self) -> int:
        """How many samples have been rendered since the start, plus `first`."""
        return self._first + int(self._views["counts"][: self._processes].sum())

    def filled(self) -> int:
        """How many samples lie in the pool."""
        return int((self._views["versions"] > 0).sum())

    def draw(self, count: int, rng: np.random.Generator, at_least: int = 1) -> FaceBatch:
        """A random batch; waits until the pool holds `at_least` samples."""
        while self.filled() < max(at_least, 1):
            self._check()
            time.sleep(0.02)
        parts: list[Rows] = []
        names = [field.name for field in fields(FaceBatch)]
        while len(parts) < count:
            self._check()
            for slot in rng.choice(np.flatnonzero(self._views["versions"] > 0), count - len(parts)):
                row = self._read(int(slot), names)
                if row is not None:
                    parts.append(row)
        self._views["counts"][self._processes] += count
        return stacked(parts)

    def batches(self, count: int, rng: np.random.Generator, at_least: int = 1) -> Iterator[FaceBatch]:
        """Random batches without end."""
        while True:
            yield self.draw(count, rng, at_least)

    def close(self) -> None:
        """Stop the processes and free the memory."""
        for process in self._workers:
            process.terminate()
        for process in self._workers:
            process.join()
        self._views = {}
        self._memory.close()
        self._memory.unlink()

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self, slot: int, names: list[str]) -> Rows | None:
        """A copy of a slot; None if a renderer wrote it meanwhile (an odd version is being written)."""
        versions = self._views["versions"]
        before = int(versions[slot])
        if before % 2:
            return None
        row = {name: self._views[name][slot].copy() for name in names}
        return row if int(versions[slot]) == before else None

    def _check(self) -> None:
        for process in self._workers:
            if process.exitcode is not None:
                raise RuntimeError(
                    f"a process that makes samples ended by itself (exit code {process.exitcode})"
                )


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Processes started meanwhile use one BLAS thread: a second one only spins, their products are small."""
    name = "OPENBLAS_NUM_THREADS"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where each array lies in the shared memory: name -> (offset, shape, dtype)."""

    places: dict[str, tuple[int, tuple[int, ...], str]]
    total: int

    @staticmethod
    def of(row: Rows, capacity: int, processes: int) -> _Layout:
        shapes = {name: ((capacity, *value.shape), value.dtype.str) for name, value in row.items()}
        shapes |= {"versions": ((capacity,), "<i8"), "counts": ((processes + 1,), "<i8")}
        places, offset = {}, 0
        for name, (shape, kind) in shapes.items():
            places[name] = (offset, shape, kind)
            offset += -(-int(np.prod(shape)) * np.dtype(kind).itemsize // 64) * 64
        return _Layout(places, offset)

    def views(self, memory: SharedMemory) -> Rows:
        return {
            name: np.ndarray(shape, kind, memory.buf, offset)
            for name, (offset, shape, kind) in self.places.items()
        }


def _fill(
    worker: int,
    name: str,
    layout: _Layout,
    seed: int,
    first: int,
    size: int,
    uses: float,
    nice: int,
    make: MakeRow,
) -> None:
    """Make samples for ever into the slots of one worker: every `processes`-th."""
    os.nice(nice)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    parent = os.getppid()
    memory = SharedMemory(name=name)
    views = layout.views(memory)
    counts, versions = views["counts"], views["versions"]
    processes, capacity = len(counts) - 1, len(versions)
    turn = 0
    while os.getppid() == parent:
        ahead = counts[:processes].sum() - capacity
        if ahead >= 0 and counts[processes] < uses * (ahead + 1):
            time.sleep(0.004)
            continue
        number = worker + turn * processes
        slots = (capacity - worker + processes - 1) // processes
        slot = worker + (turn % slots) * processes
        row = make(seed, first + number, size)
        versions[slot] += 1
        for key, value in row.items():
            views[key][slot] = value
        counts[worker] += 1
        versions[slot] += 1
        turn += 1
