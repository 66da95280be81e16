"""300-W as distributed (Sagonas et al. 2013) with HELEN, LFPW, iBUG: a .pts of 68 points beside a picture."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from models.errors import InputError
from models.ground_truth.labelled import Labelled, spread
from models.ground_truth.pictures import read_picture
from models.ground_truth.readers import read_truth

PICTURES = (".jpg", ".png", ".jpeg", ".bmp")
TRAINING = {"trainset", "afw"}  # what methods trained on 300-W have seen
COMMON, CHALLENGING, FULL = "common", "challenging", "full"


def ibug(folder: Path, limit: int | None = None) -> list[Labelled]:
    """Its test faces, in the order of their paths; the training part only where there is nothing else.

    Args:
        folder: Any folder with NAME.pts beside NAME.jpg or NAME.png in it or below.
        limit: Only this many, evenly spread.

    Raises:
        InputError: There are none, a label is broken or has no picture.
    """
    labels = sorted(path for path in folder.rglob("*.pts") if path.is_file())
    tests = [path for path in labels if not TRAINING & {part.lower() for part in _parts(path, folder)}]
    if not labels:
        raise InputError(
            f"{folder} holds no .pts: expected NAME.pts beside NAME.jpg or NAME.png, at any depth."
        )
    return [_labelled(path, folder) for path in spread(tests or labels, limit)]


def _labelled(path: Path, folder: Path) -> Labelled:
    photo = next((p for p in map(path.with_suffix, PICTURES) if p.is_file()), None)
    if photo is None:
        raise InputError(f"{path} has no picture: expected {path.stem}.jpg or .png beside it.")
    points = read_truth(path).landmarks
    assert points is not None
    return Labelled(
        name=path.relative_to(folder).with_suffix("").as_posix(),
        image=partial(read_picture, photo),
        points=points,
        subsets=_subsets([part.lower() for part in _parts(path, folder)]),
        by_hand=True,
    )


def _parts(path: Path, folder: Path) -> tuple[str, ...]:
    """Names of the folders a label lies in, the given one included."""
    return (folder.resolve().name, *path.relative_to(folder).parts[:-1])


def _subsets(parts: list[str]) -> tuple[str, ...]:
    """Those of the benchmark: common is HELEN's and LFPW's test sets, challenging is iBUG, full is both."""
    if "ibug" in parts:
        return CHALLENGING, FULL
    own = next((part for part in parts if part in ("helen", "lfpw")), None)
    if own is not None and "trainset" not in parts:
        return own, COMMON, FULL
    return tuple(part for part in parts if part in ("01_indoor", "02_outdoor", "afw", "helen", "lfpw"))
