"""NoW (Sanyal et al. 2019): pictures of people in four challenges, and a scan of each."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from models.errors import InputError, UnmaskError
from models.file_formats import read_bytes
from models.file_formats.pickle_file import read_pickled
from models.geometry.arrays import Box
from models.ground_truth.labelled import spread
from models.ground_truth.pictures import inside, read_picture
from models.ground_truth.scanned import Scanned, scan_in

LIST, PICTURES, BOXES = "imagepathsvalidation.txt", "iphone_pictures", "detected_face"
SCANS, MARKS = "scans", "scans_lmks_onlypp"
MOST_BYTES = 4 << 20
EDGES = ("left", "top", "right", "bottom")


def now(folder: Path, limit: int | None = None) -> list[Scanned]:
    """The pictures of its validation list.

    Args:
        folder: final_release_version of the set, with scans/ and scans_lmks_onlypp/ of the validation and
            imagepathsvalidation.txt in it or above.
        limit: Only this many, evenly spread.

    Raises:
        InputError: Something is missing.
    """
    root = folder if (folder / PICTURES).is_dir() else folder / "final_release_version"
    listed = next((p for p in (root / LIST, root.parent / LIST) if p.is_file()), None)
    if listed is None or not (root / PICTURES).is_dir():
        raise InputError(f"{folder} holds no NoW: expected {LIST}, {PICTURES}/, {SCANS}/ and {MARKS}/ in it.")
    try:
        lines = read_bytes(listed, MOST_BYTES).decode("utf-8", "replace").split()
    except UnmaskError as error:
        raise InputError(str(error)) from error
    return [_scanned(root, line) for line in spread(lines, limit)]


def _scanned(root: Path, line: str) -> Scanned:
    parts = Path(line).parts
    if len(parts) != 3:
        raise InputError(f"{LIST} names {line[:80]!r}, which is no SUBJECT/CHALLENGE/PICTURE. Get it again.")
    subject, challenge, _ = parts
    photo = inside(root / PICTURES, line)
    scan, marks = (_in_either(root, name, subject) for name in (SCANS, MARKS))
    return Scanned(
        name=str(Path(line).with_suffix("").as_posix()),
        image=partial(read_picture, photo),
        scan=scan,
        landmarks=marks,
        box=_box(inside(root / BOXES, line).with_suffix(".npy")),
        subsets=(challenge,),
        subject=subject,
    )


def _in_either(root: Path, name: str, subject: str) -> Path:
    """The one file about a person, in the folder of that name in the set or above it."""
    for folder in (root / name / subject, root.parent / name / subject):
        found = scan_in(folder) if name == SCANS else next(iter(sorted(folder.glob("*.pp"))), None)
        if found is not None:
            return found
    raise InputError(f"{root / name} holds nothing of {subject}: expected its scan and landmarks.")


def _box(path: Path) -> Box | None:
    """The box the set gives for a picture; None where it gives none."""
    if not path.is_file():
        return None
    try:
        held: Any = read_pickled(path)
        x0, y0, x1, y1 = (float(held[edge]) for edge in EDGES)
    except (UnmaskError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path.name} tells no box of a face ({error}). Get it again.") from error
    if not (x0 < x1 and y0 < y1):
        raise InputError(f"{path.name} tells an empty box. Get it again.")
    return x0, y0, x1, y1
