"""Stirling ESRC 3D as the FG 2018 challenge uses it (Feng et al. 2018): pictures of two qualities."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from models.errors import InputError
from models.ground_truth.labelled import spread
from models.ground_truth.pictures import read_picture
from models.ground_truth.scanned import SCANS, Scanned

QUALITIES = ("HQ", "LQ")
PICTURES = (".jpg", ".jpeg", ".png", ".bmp")
_SUBJECT = re.compile(r"([FM]\d+[AB]?)", re.IGNORECASE)


def stirling(folder: Path, limit: int | None = None) -> list[Scanned]:
    """Its pictures in HQ/ and LQ/, at any depth, each with the scan of the person in its name.

    Args:
        folder: Holds HQ/ and LQ/ with pictures such as F1001_02.jpg, scans such as F1001_N.obj at any depth
            (F_3D_N/, M_3D_N/), and annotations/ with F1001_N.lnd, seven points each, as the challenge
            gives them.
        limit: Only this many, evenly spread.

    Raises:
        InputError: Something is missing.
    """
    marks = {_subject(path): path for path in sorted(folder.rglob("*.lnd"))}
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    scans = {path.stem.lower(): path for path in files if path.suffix.lower() in SCANS}
    photos = [
        path for path in files if path.suffix.lower() in PICTURES and _quality(path, folder) is not None
    ]
    if not marks or not scans or not photos:
        raise InputError(
            f"{folder} holds no Stirling: expected HQ/, LQ/, scans NAME.obj and NAME.lnd of each."
        )
    return [_scanned(path, folder, marks, scans) for path in spread(photos, limit)]


def _scanned(photo: Path, folder: Path, marks: dict[str, Path], scans: dict[str, Path]) -> Scanned:
    subject, quality = _subject(photo), _quality(photo, folder)
    own = marks.get(subject)
    scan = None if own is None else scans.get(own.stem.lower())
    if own is None or scan is None or quality is None:
        raise InputError(f"{photo.name} is of {subject or 'nobody'}, of whom no scan with an .lnd is there.")
    return Scanned(
        name=photo.relative_to(folder).with_suffix("").as_posix(),
        image=partial(read_picture, photo),
        scan=scan,
        landmarks=own,
        box=None,
        subsets=(quality,),
        subject=subject,
    )


def _subject(path: Path) -> str:
    found = _SUBJECT.match(path.stem)
    return "" if found is None else found[1].lower()


def _quality(path: Path, folder: Path) -> str | None:
    parts = {part.upper() for part in path.relative_to(folder).parts[:-1]}
    return next((quality for quality in QUALITIES if quality in parts), None)
