"""Cut-outs and backdrops kept in a folder, so that frames can be composed faster than heads are rendered."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from models.errors import InputError
from models.geometry.arrays import Floats
from models.synthetic.backdrop import draw_scenery
from models.synthetic.cutout import Cutout, cut_out
from models.synthetic.dataset import one_blas_thread
from models.synthetic.head import load_head

CUTOUT_PX, BACKDROP_PX = 224, 320
BACKDROP_STREAM = 78
AT_ONCE = 64  # rendered between two writes


@dataclass(frozen=True, eq=False, slots=True)
class Stock:
    """N cut-outs and M backdrops; the pictures stay on the disk until they are looked at.

    Attributes:
        rgba: [N, S, S, 4] uint8, straight alpha.
        kind: [N] see `cutout.Kind`.
        landmarks: [N, 68, 2] px.
        rotation: [N, 3, 3] model to camera, y up in both.
        seen: [N] share of the face that can be seen.
        backdrops: [M, 320, 320, 3] uint8.
    """

    rgba: NDArray[np.uint8]
    kind: NDArray[np.uint8]
    landmarks: Floats
    rotation: Floats
    seen: Floats
    backdrops: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.kind)

    @staticmethod
    def read(folder: Path) -> Stock:
        """The stock of a folder that `save` or `render_stock` filled.

        Raises:
            InputError: There is none.
        """
        if not (folder / "labels.npz").is_file():
            raise InputError(f"{folder} holds no stock of cut-outs: labels.npz is missing. Render it anew.")
        with np.load(folder / "labels.npz", allow_pickle=False) as labels:
            arrays = {name: labels[name] for name in ("kind", "landmarks", "rotation", "seen")}
        pictures = {
            name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            for name in ("rgba", "backdrops")
        }
        return Stock(**arrays, **pictures)


def save_labels(folder: Path, cutouts: list[Cutout]) -> None:
    """What is known of the cut-outs; written last, it marks a stock as whole."""
    np.savez(
        folder / "labels.npz",
        kind=np.array([c.kind for c in cutouts], np.uint8),
        landmarks=np.array([c.landmarks[:, :2] for c in cutouts], np.float32),
        rotation=np.array([c.rotation for c in cutouts], np.float32),
        seen=np.array([c.seen for c in cutouts], np.float32),
    )


def new_pictures(folder: Path, name: str, count: int, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """[count, *shape] uint8 on the disk, to be filled."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.npy"
    return np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(count, *shape))


def render_stock(folder: Path, seed: int, first: int, cutouts: int, backdrops: int, processes: int) -> Stock:
    """Fill a folder with cut-outs `first`, `first + 1`, ... of a seed, and with backdrops likewise."""
    rgba = new_pictures(folder, "rgba", cutouts, (CUTOUT_PX, CUTOUT_PX, 4))
    behind = new_pictures(folder, "backdrops", backdrops, (BACKDROP_PX, BACKDROP_PX, 3))
    context = get_context("spawn")
    labels: list[Cutout] = []
    with one_blas_thread(), ProcessPoolExecutor(processes, context, initializer=_quieten) as workers:
        indices = range(first, first + cutouts)
        for k, cutout in enumerate(workers.map(partial(_cutout, seed), indices, chunksize=AT_ONCE)):
            rgba[k] = cutout.rgba
            labels.append(cutout)
        indices = range(first, first + backdrops)
        for k, picture in enumerate(workers.map(partial(_backdrop, seed), indices, chunksize=AT_ONCE)):
            behind[k] = picture
    save_labels(folder, labels)
    return Stock.read(folder)


def _quieten() -> None:
    os.nice(5)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)


def _cutout(seed: int, index: int) -> Cutout:
    return cut_out(seed, index, load_head(), CUTOUT_PX)


def _backdrop(seed: int, index: int) -> NDArray[np.uint8]:
    """Without blots that look like people: in a frame they would count as no face."""
    light = draw_scenery(np.random.default_rng([seed, index, BACKDROP_STREAM]), BACKDROP_PX, people=0.0)
    return np.asarray(np.sqrt(light).clip(0, 1) * 255 + 0.5, np.uint8)
