"""Faces kept in a folder: each scene in several views, for any training to draw from again.

They are rendered here, or photographs that `models.training.lp300w` labelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.errors import InputError
from models.geometry.arrays import Floats
from models.synthetic.dataset import CROP_PX, Rows, one_blas_thread
from models.synthetic.draw import draw_scene
from models.synthetic.head import load_head
from models.synthetic.render import render

VIEWS = 3
OTHER_VIEW = 40_000_000  # a scene's further views borrow pose, frame and covers from indices this far up
AT_ONCE = 32  # scenes rendered between two writes
PHOTOGRAPHED = "photographs.json"  # a folder with this file holds photographs: nothing is rendered into it
_KINDS: dict[str, type[np.generic]] = {
    "images": np.uint8,
    "identity": np.float32,
    "expression": np.float32,
    "rotation": np.float32,
    "camera": np.float32,
    "visibility": np.uint8,
}


@dataclass(frozen=True, eq=False, slots=True)
class Views:
    """B scenes in V views: the same face, expression, skin and light; other pose, crop and covers.

    Attributes:
        images: [B, V, 3, S, S] uint8 RGB.
        identity, expression: [B, V, 60], [B, V, E] the same in every view of a scene.
        rotation: [B, V, 3, 3]; camera: [B, V, 4]: as in `dataset.FaceBatch`.
        visibility: [B, V, N] bool per face vertex.
    """

    images: Tensor
    identity: Tensor
    expression: Tensor
    rotation: Tensor
    camera: Tensor
    visibility: Tensor

    def __len__(self) -> int:
        return len(self.images)


class Bank:
    """The views of a folder that `ready_bank` filled; the pictures stay on the disk until they are drawn."""

    def __init__(self, folder: Path) -> None:
        """Open it.

        Raises:
            InputError: There is none.
        """
        try:
            self._arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in _KINDS}
            written = int((folder / "written").read_text())
        except (OSError, ValueError) as error:
            raise InputError(f"{folder} holds no bank of faces ({error}). Render it anew.") from error
        self._folder, self._count = folder, written
        if not written:
            raise InputError(f"{folder} holds no whole scene yet. Wait, or render it anew.")

    def __len__(self) -> int:
        """Scenes that are whole; more appear while a renderer is at work."""
        self._count = max(self._count, int((self._folder / "written").read_text() or 0))
        return self._count

    def draw(self, count: int, rng: np.random.Generator) -> Views:
        """Scenes by chance, all their views."""
        return self.at(np.sort(rng.integers(len(self), size=count)))

    def at(self, rows: NDArray[np.integer]) -> Views:
        """The scenes of those numbers."""
        taken = {name: np.ascontiguousarray(values[rows]) for name, values in self._arrays.items()}
        bits = np.unpackbits(taken.pop("visibility"), axis=-1, count=load_head().face_count)
        tensors = {name: torch.from_numpy(values) for name, values in taken.items()}
        return Views(**tensors, visibility=torch.from_numpy(bits).bool())


def ready_bank(folder: Path, seed: int, first: int, count: int, processes: int = 2) -> Bank:
    """The bank of a folder, rendered or completed first where it holds fewer scenes than `count`.

    A bank of photographs is taken as it is.
    """
    if (folder / PHOTOGRAPHED).exists():
        return Bank(folder)
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / "written"
    written = int(note.read_text()) if note.exists() else 0
    if written < count:
        make = partial(_row, seed)
        with (
            one_blas_thread(),
            ProcessPoolExecutor(processes, get_context("spawn"), initializer=_quieten) as workers,
        ):
            for start in range(written, count, AT_ONCE):
                stop = min(start + AT_ONCE, count)
                rows = list(workers.map(make, range(first + start, first + stop)))
                write_scenes(folder, rows, start, count)
    return Bank(folder)


def write_scenes(folder: Path, rows: Sequence[Rows], start: int, room: int) -> None:
    """Scenes from number `start` on, into files that have room for `room`.

    Args:
        folder: Of the bank.
        rows: Of each scene the arrays of `Views` without B, visibility packed in bits along N.
        start: How many whole scenes come before them.
        room: Scenes the files are made, or enlarged, for.
    """
    arrays = _arrays(folder, rows[0], room)
    for k, row in enumerate(rows, start):
        for name, values in row.items():
            arrays[name][k] = values
    partial_note = folder / "written.partial"
    partial_note.write_text(str(start + len(rows)))
    partial_note.replace(folder / "written")


def _quieten() -> None:
    cv2.setNumThreads(1)
    torch.set_num_threads(1)


def _row(seed: int, index: int) -> Rows:
    """The views of one scene, each array with V first; visibility in bits."""
    head = load_head()
    scene = draw_scene(seed, index, head)
    views = []
    for view in range(VIEWS):
        other = draw_scene(seed, OTHER_VIEW + VIEWS * index + view, head) if view else scene
        seen = replace(scene, pose=other.pose, framing=other.framing, occluders=other.occluders)
        sample = render(seen, head, CROP_PX)
        views.append(
            {
                "images": sample.image.transpose(2, 0, 1),
                "identity": scene.identity,
                "expression": scene.expression,
                "rotation": sample.rotation,
                "camera": sample.camera,
                "visibility": np.packbits(sample.labels.visibility.astype(bool)),
            }
        )
    return {name: np.stack([view[name] for view in views]) for name in _KINDS}


def _arrays(folder: Path, row: Rows, count: int) -> dict[str, Floats]:
    """Files to write to, of `count` scenes; those there are kept, and enlarged if they are too small."""
    arrays: dict[str, Floats] = {}
    for name, kind in _KINDS.items():
        path, shape = folder / f"{name}.npy", (count, *row[name].shape)
        old = np.load(path, mmap_mode="r") if path.exists() else None
        if old is not None and len(old) >= count:
            arrays[name] = np.load(path, mmap_mode="r+")
            continue
        larger = folder / f"{name}.larger.npy"
        arrays[name] = np.lib.format.open_memmap(larger, "w+", kind, shape)
        if old is not None:
            arrays[name][: len(old)] = old
        larger.replace(path)
    return arrays
