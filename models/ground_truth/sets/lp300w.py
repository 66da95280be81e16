"""300W-LP as published (Zhu et al. 2016): AFW, HELEN, IBUG, LFPW and their mirror images in *_Flip."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from models.errors import InputError
from models.ground_truth.labelled import Labelled, spread
from models.ground_truth.pictures import read_picture
from models.ground_truth.readers import read_truth

FOLDERS = tuple(name + flip for name in ("AFW", "HELEN", "IBUG", "LFPW") for flip in ("", "_Flip"))


def find_faces(folder: Path) -> list[list[Path]]:
    """The pictures of each face, by rising k.

    Raises:
        InputError: There are none.
    """
    found: dict[tuple[str, str], list[tuple[int, Path]]] = {}
    for part in FOLDERS:
        for path in (folder / part).glob("*.jpg"):
            name, _, turn = path.stem.rpartition("_")
            if name and turn.isascii() and turn.isdigit() and path.is_file():
                found.setdefault((part, name), []).append((int(turn), path))
    if not found:
        raise InputError(
            f"{folder} holds no pictures of 300W-LP. Give the folder of {', '.join(FOLDERS)} with NAME_0.jpg "
            "beside NAME_0.mat in them; some of these folders will do."
        )
    return [[path for _, path in sorted(found[key])] for key in sorted(found)]


def lp300w(folder: Path, limit: int | None = None) -> list[Labelled]:
    """Its pictures with pt2d (68 points, px counted from 1) and Pose_Para; the mirrored ones left out.

    Args:
        folder: As for `find_faces`.
        limit: Only this many, evenly spread.

    Raises:
        InputError: There are none, or a .mat is missing or broken.
    """
    paths = [path for face in find_faces(folder) for path in face if not path.parent.name.endswith("_Flip")]
    if not paths:
        raise InputError(f"{folder} holds only mirrored pictures of 300W-LP. Give that of AFW, HELEN ...")
    return [_labelled(path) for path in spread(paths, limit)]


def _labelled(path: Path) -> Labelled:
    truth = read_truth(path.with_suffix(".mat"))
    if truth.landmarks is None or truth.pose_deg is None:
        raise InputError(f"{path.stem}.mat holds no pt2d of 68 points or no Pose_Para. Get it again.")
    return Labelled(
        name=f"{path.parent.name}/{path.stem}",
        image=partial(read_picture, path),
        points=truth.landmarks,
        pose_deg=truth.pose_deg,
        subsets=(path.parent.name,),
        subject=f"{path.parent.name}/{path.stem.rpartition('_')[0]}",
    )
