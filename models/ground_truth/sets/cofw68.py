"""COFW-68 (Ghiasi and Fowlkes 2015): 68 points on the test pictures of COFW, each visible or occluded."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError, UnmaskError
from models.file_formats.hdf5_file import read_cell
from models.file_formats.matlab_file import read_matlab
from models.geometry.arrays import Box
from models.ground_truth.labelled import Labelled, spread
from models.reconstruction import State, frozen

LABELS, BOXES = "test_annotations", "cofw68_test_bboxes.mat"
PICTURES = ("COFW_test_color.mat", "COFW_test.mat")
CELLS = "IsT"


def cofw68(folder: Path, limit: int | None = None) -> list[Labelled]:
    """Its faces, in the order of their numbers; occluded points count as covered. Pixels count from 1.

    Args:
        folder: Holds test_annotations/N_points.mat (Points [68, 2], Occ [68]), cofw68_test_bboxes.mat
            (bboxes [F, 4]: x, y, width, height) and COFW_test_color.mat (IsT, MATLAB 7.3), as the benchmark
            lays them out; or is the folder above.
        limit: Only this many, evenly spread.

    Raises:
        InputError: Something is missing or broken.
    """
    root = folder if (folder / LABELS).is_dir() else folder / "COFW68_Data"
    labels = sorted((root / LABELS).glob("*_points.mat"), key=_number)
    pictures = next((root / name for name in PICTURES if (root / name).is_file()), None)
    if not labels or pictures is None:
        raise InputError(
            f"{folder} holds no COFW-68: expected {LABELS}/N_points.mat, {BOXES} and {PICTURES[0]} of COFW."
        )
    boxes = _boxes(root / BOXES)
    return [_labelled(path, pictures, boxes) for path in spread(labels, limit)]


def _number(path: Path) -> int:
    digits = path.name.removesuffix("_points.mat")
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def _boxes(path: Path) -> NDArray[np.float64]:
    try:
        boxes = np.asarray(read_matlab(path).get("bboxes", ()), np.float64)
    except UnmaskError as error:
        raise InputError(str(error)) from error
    if boxes.ndim != 2 or boxes.shape[1] != 4 or not np.isfinite(boxes).all():
        raise InputError(f"{path.name} holds no bboxes of four numbers each. Get it again.")
    return boxes


def _labelled(path: Path, pictures: Path, boxes: NDArray[np.float64]) -> Labelled:
    number = _number(path)
    try:
        held = read_matlab(path)
    except UnmaskError as error:
        raise InputError(str(error)) from error
    points, occluded = (np.asarray(held.get(key, ()), np.float64) for key in ("Points", "Occ"))
    if points.shape != (68, 2) or occluded.size != 68 or not np.isfinite(points).all():
        raise InputError(f"{path.name} holds no 68 Points with Occ. Get it again.")
    if not 1 <= number <= len(boxes):
        raise InputError(f"{path.name} has no box: {BOXES} holds {len(boxes)}. Get both from one version.")
    states = np.where(occluded.ravel() > 0, State.COVERED, State.SEEN).astype(np.uint8)
    return Labelled(
        name=str(number),
        image=partial(_picture, pictures, number - 1),
        points=frozen(points - 1),
        states=states,
        given_box=_box(boxes[number - 1]),
        by_hand=True,
    )


def _box(box: NDArray[np.float64]) -> Box:
    x, y, width, height = box.tolist()
    return x - 1, y - 1, x - 1 + width, y - 1 + height


def _picture(path: Path, index: int) -> NDArray[np.uint8]:
    """[H, W, 3] RGB of one cell; MATLAB's [3, W, H] or [W, H] in the file."""
    try:
        cell = read_cell(path, CELLS, index)
    except UnmaskError as error:
        raise InputError(str(error)) from error
    if cell.dtype != np.uint8 or cell.ndim not in (2, 3) or (cell.ndim == 3 and cell.shape[0] not in (1, 3)):
        raise InputError(f"{path.name}: {CELLS} holds no picture at {index + 1}. Get it again.")
    turned = cell.T if cell.ndim == 2 else cell.transpose(2, 1, 0)
    three = turned[..., None] if turned.ndim == 2 else turned
    return np.ascontiguousarray(np.broadcast_to(three, (*three.shape[:2], 3)))
