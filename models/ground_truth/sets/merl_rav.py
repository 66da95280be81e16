"""MERL-RAV (Kumar et al. 2020): 68 points by hand on AFLW, each visible, covered or turned away."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from models.errors import InputError
from models.ground_truth.labelled import Labelled, spread
from models.ground_truth.pictures import read_picture
from models.ground_truth.readers import FARTHEST_PX, read_pts_rows
from models.reconstruction import State, frozen

FOLDERS = ("frontal", "lefthalf", "left", "righthalf", "right")
ORGANISED, LABELS = "merl_rav_organized", "merl_rav_labels"


def merl_rav(folder: Path, limit: int | None = None, part: str = "testset") -> list[Labelled]:
    """Its faces as the set's own script lays them out: picture beside label.

    Args:
        folder: Holds merl_rav_organized/ (or is that): frontal, left, ... with testset and trainset in each.
        limit: Only this many, evenly spread.
        part: "testset" or "trainset".

    Raises:
        InputError: There are none, or a label is broken.
    """
    root = folder / ORGANISED if (folder / ORGANISED).is_dir() else folder
    labels = [path for name in FOLDERS for path in sorted((root / name / part).rglob("*.pts"))]
    if not labels:
        raise InputError(
            f"{folder} holds no MERL-RAV: expected {ORGANISED}/{FOLDERS[0]}/{part}/NAME.pts beside "
            f"NAME.jpg, as "
            "its own script writes them."
        )
    return [_labelled(path, root) for path in spread(labels, limit)]


def _labelled(path: Path, root: Path) -> Labelled:
    rows = np.array(read_pts_rows(path), np.float64)
    if rows.shape != (68, 2) or not np.isfinite(rows).all() or np.abs(rows).max() > FARTHEST_PX:
        raise InputError(f"{path.name} holds no 68 points of two numbers. Get it again.")
    away, covered = (rows == -1).all(1), (rows < 0).any(1)
    states = np.where(away, State.TURNED_AWAY, np.where(covered, State.COVERED, State.SEEN)).astype(np.uint8)
    points = np.where(away[:, None], np.nan, np.abs(rows) - 1)
    relative = path.relative_to(root)
    return Labelled(
        name=str(relative.with_suffix("").as_posix()),
        image=partial(read_picture, _photo(path)),
        points=frozen(points),
        states=states,
        subsets=(relative.parts[0],),
        by_hand=True,
    )


def _photo(label: Path) -> Path:
    """The picture beside a label, also where labels lie in a folder of their own within."""
    names = [label.with_suffix(".jpg"), label.parent.parent / f"{label.stem}.jpg"]
    found = next((path for path in names if path.is_file()), None)
    if found is None:
        raise InputError(f"{label} has no picture beside it. Run the set's own script on AFLW first.")
    return found
