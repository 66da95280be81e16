"""Better pseudo-labels: `python -m models.training.relabel FOLDER --by METHOD=WEIGHTS:VIEWS ... --out OUT`.

Methods that err differently are nearer the truth together than each: their answers to so many shifted and
mirrored views of each crop are averaged, each method counting the same, and take the place of the 68
pseudo-labels and their rotation. Hand labels stay as they are. What a method said is kept in OUT, so that
a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import logging
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from models.errors import InputError, UnmaskError
from models.geometry.arrays import Box, Floats
from models.geometry.crops import warp_crop
from models.geometry.landmarks import MIRROR
from models.geometry.transforms import nearest_rotation, rotation_from_euler
from models.ground_truth import aflw
from models.loading import load
from models.pipeline import back_project
from models.reconstructor import Face, Reconstructor

LOG = logging.getLogger(__name__)
BATCH = 32
PART = 1024  # crops between two writes
STRAY = 0.05  # of the box: how far, and how much larger or smaller, a view lies off it at most
ASKED = re.compile(r"([\w-]+)=(.+):([1-9]\d?)")
FLIP = np.diag([-1.0, 1.0, 1.0])


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask and write; 0, or 1 with a sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python -m models.training.relabel", description=__doc__)
    parser.add_argument("folder", type=Path, help="crops.tar and labels.npz, see models/ground_truth/aflw.py")
    parser.add_argument("--by", nargs="+", required=True, metavar="METHOD=WEIGHTS:VIEWS")
    parser.add_argument("--out", type=Path, required=True, help="folder of the new labels")
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stdout)
    torch.set_num_threads(chosen.threads)
    try:
        relabel(chosen.folder, chosen.by, chosen.out)
    except UnmaskError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def relabel(folder: Path, by: Sequence[str], out: Path) -> None:
    """Write OUT/labels.npz, all arrays as in FOLDER but landmarks68_tddfa and rotation_tddfa.

    Raises:
        InputError: The folder cannot be read, or is OUT itself, or `by` is not of that form.
    """
    if out.resolve() == folder.resolve():
        raise InputError(f"--out must be another folder than {folder}: its labels are kept.")
    labels = aflw.read_labels(folder)
    said = []
    for asked in by:
        if (parts := ASKED.fullmatch(asked)) is None:
            raise InputError(f"{asked!r} must be METHOD=WEIGHTS:VIEWS, as in dsfnet=research:2.")
        name, weights, views = parts.groups()
        kept = out / re.sub(r"[^\w.]+", "-", asked)
        said.append(_asked(labels, load(name, weights), int(views), kept))
    landmarks = np.mean([marks for marks, _ in said], 0)
    rotation = nearest_rotation(torch.from_numpy(np.mean([turn for _, turn in said], 0))).numpy()
    with np.load(folder / "labels.npz", allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    arrays |= {
        "landmarks68_tddfa": landmarks.astype(np.float32),
        "rotation_tddfa": rotation.astype(np.float32),
    }
    np.savez(out / "labels.npz", **arrays)
    link = out / "crops.tar"
    if not link.exists():
        link.symlink_to((folder / "crops.tar").resolve())


def _asked(labels: aflw.Labels, method: Reconstructor, views: int, kept: Path) -> tuple[Floats, Floats]:
    """Mean landmarks [F, 68, 3] crop px and rotation [F, 3, 3]; parts already in the folder are read."""
    kept.mkdir(parents=True, exist_ok=True)
    crops, parts = aflw.Crops(labels.folder), []
    for first in range(0, len(labels.name), PART):
        path = kept / f"{first:06d}.npz"
        if not path.exists():
            rows = range(first, min(first + PART, len(labels.name)))
            marks, turns = _part(labels, crops, method, views, rows)
            partial = path.with_suffix(".partial.npz")
            np.savez(partial, landmarks=marks, rotation=turns)
            partial.replace(path)
            LOG.info("%s: %d of %d", kept.name, rows.stop, len(labels.name))
        with np.load(path, allow_pickle=False) as file:
            parts.append((file["landmarks"], file["rotation"]))
    marks, turns = (np.concatenate(column) for column in zip(*parts, strict=True))
    return marks, turns


def _part(
    labels: aflw.Labels, crops: aflw.Crops, method: Reconstructor, views: int, rows: range
) -> tuple[Floats, Floats]:
    marks, turns = np.zeros((len(rows), 68, 3)), np.zeros((len(rows), 3, 3))
    for start in range(0, len(rows), BATCH):
        some = rows[start : start + BATCH]
        pictures = [crops.read(str(labels.name[row])) for row in some]
        boxes = [_box(labels, row) for row in some]
        for view in range(views):
            rng = np.random.default_rng([view, some[0]])
            seen, turned = _look(method, pictures, boxes, view % 2 == 1, STRAY * (view > 1), rng)
            marks[start : start + BATCH] += seen / views
            turns[start : start + BATCH] += turned / views
    return marks, nearest_rotation(torch.from_numpy(turns)).numpy()


def _look(
    method: Reconstructor,
    pictures: Sequence[NDArray[np.uint8]],
    boxes: Sequence[Box],
    mirrored: bool,
    stray: float,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """One view of each picture: landmarks [B, 68, 3] px, z from their mean, and rotations [B, 3, 3]."""
    transforms, squares, looked = [], [], []
    for picture, box in zip(pictures, boxes, strict=True):
        if mirrored:
            picture, box = np.ascontiguousarray(picture[:, ::-1]), _mirrored(box, picture.shape[1])
        box = _strayed(box, rng.uniform(-stray, stray, 3))
        transforms.append(method.crop(Face(box)))
        looked.append(box)
        squares.append(warp_crop(picture, transforms[-1], method.size))
    answers = method(np.stack(squares), frozenset())
    marks, turns = [], []
    for picture, answer, T, box in zip(pictures, answers, transforms, looked, strict=True):
        placed = back_project(answer, T, box)
        points = placed.landmarks.astype(np.float64)
        points[:, 2] -= points[:, 2].mean()
        turn = rotation_from_euler(torch.tensor(placed.pose_deg).double().deg2rad()).numpy()
        if mirrored:
            points = points[MIRROR]
            points[:, 0] = picture.shape[1] - 1 - points[:, 0]
            turn = FLIP @ turn @ FLIP
        marks.append(points)
        turns.append(turn)
    return np.stack(marks), np.stack(turns)


def _box(labels: aflw.Labels, row: int) -> Box:
    low, high = labels.landmarks[row, :, :2].amin(0), labels.landmarks[row, :, :2].amax(0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _mirrored(box: Box, width: int) -> Box:
    return width - 1 - box[2], box[1], width - 1 - box[0], box[3]


def _strayed(box: Box, by: Floats) -> Box:
    """The box moved by shares of its sides, and grown by one."""
    x0, y0, x1, y1 = box
    wide, high = x1 - x0, y1 - y0
    x, y = (x0 + x1) / 2 + by[0] * wide, (y0 + y1) / 2 + by[1] * high
    wide, high = wide * (1 + by[2]) / 2, high * (1 + by[2]) / 2
    return float(x - wide), float(y - high), float(x + wide), float(y + high)


if __name__ == "__main__":
    sys.exit(main())
