"""REALY (Chai et al. 2022): pictures of 100 people, four regions of a scan and 85 points of each."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from models.errors import InputError, UnmaskError
from models.file_formats import read_bytes
from models.geometry.arrays import Doubles, Ints
from models.ground_truth.labelled import spread
from models.ground_truth.pictures import read_picture
from models.ground_truth.readers import read_truth
from models.ground_truth.record import TrueMesh
from models.ground_truth.scanned import read_scan

KEYPOINTS = 85  # the first 68 are iBUG's
REGIONS = ("nose", "mouth", "forehead", "cheek")
POINTS, SCANS, SCALES = "REALY_HIFI3D_keypoints", "REALY_scan_region", "metrical_scale.txt"
PICTURES = (".jpg", ".png")
MOST_BYTES = 4 << 20
FRONTAL, SIDE = "frontal", "side"
_NAME = re.compile(r"(\d{1,4})(?:_.+)?")


@dataclass(frozen=True, eq=False, slots=True)
class Person:
    """One picture of someone.

    Attributes:
        photo: The picture; view: FRONTAL or SIDE; number: of the person, from 1.
        root: Where the benchmark's data lie.
    """

    photo: Path
    view: str
    number: int
    root: Path

    @property
    def keypoints(self) -> Doubles:
        """[85, 3] of the scan; InputError if they cannot be read."""
        mesh = read_truth(self.root / POINTS / f"{self.number}.obj").mesh
        if mesh is None or len(mesh.vertices) != KEYPOINTS:
            raise InputError(f"{POINTS}/{self.number}.obj holds no {KEYPOINTS} points. Get it again.")
        return np.asarray(mesh.vertices, np.float64)

    @property
    def regions(self) -> dict[str, TrueMesh]:
        """Of the scan, by name; InputError if one cannot be read."""
        return {name: read_scan(self.root / SCANS / str(self.number) / f"{name}.obj") for name in REGIONS}

    @property
    def mm(self) -> float:
        """What one unit of the scan is."""
        scales = _scales(self.root / SCALES)
        if not 1 <= self.number <= len(scales):
            raise InputError(f"{SCALES} has no line {self.number}. Get it again.")
        return float(scales[self.number - 1])


def realy(folder: Path, limit: int | None = None) -> list[Person]:
    """The frontal pictures, then those of the side set.

    Args:
        folder: Holds REALY_HIFI3D_keypoints, REALY_scan_region and metrical_scale.txt (or data/ of it) and
            at any depth pictures NUMBER.jpg (frontal) and NUMBER_VIEW.jpg (side).
        limit: Only this many, evenly spread.

    Raises:
        InputError: Something is missing.
    """
    root = folder if (folder / SCANS).is_dir() else folder / "data"
    people = [_person(path, root) for path in sorted(folder.rglob("*")) if path.suffix.lower() in PICTURES]
    known = [person for person in people if person is not None]
    if not known or not (root / SCANS).is_dir() or not (root / SCALES).is_file():
        raise InputError(f"{folder} holds no REALY: expected {POINTS}/, {SCANS}/, {SCALES} and its pictures.")
    return spread(sorted(known, key=lambda person: (person.view, person.number, person.photo.stem)), limit)


def read_photo(person: Person) -> partial[np.ndarray]:
    """What reads the picture."""
    return partial(read_picture, person.photo)


def read_barycentric(root: Path, vertices: int, triangles: int) -> tuple[Ints, Doubles] | None:
    """Corners [85, 3] and weights [85, 3] of the keypoints on a mesh of so many vertices and triangles.

    The benchmark gives them per topology: NAME.txt, a JSON list of [triangle, b0, b1], beside NAME.obj.

    Returns:
        None where no template of that form is there.

    Raises:
        InputError: A file is broken.
    """
    for path in sorted(root.glob("*.txt")):
        template = path.with_suffix(".obj")
        if path.name == SCALES or not template.is_file():
            continue
        corners = _template(template)
        if corners is not None and (int(corners.max()) + 1, len(corners)) == (vertices, triangles):
            return _weights(path, corners)
    return None


@lru_cache(maxsize=8)
def _template(path: Path) -> Ints | None:
    mesh = read_truth(path).mesh
    return None if mesh is None or not len(mesh.triangles) else mesh.triangles.astype(np.int64)


def _weights(path: Path, triangles: Ints) -> tuple[Ints, Doubles]:
    try:
        table = np.array(json.loads(read_bytes(path, MOST_BYTES)), np.float64)
        if table.shape != (KEYPOINTS, 3) or not np.isfinite(table).all():
            raise ValueError(f"it is {list(table.shape)}, not {KEYPOINTS} x 3")
        weights = np.column_stack([table[:, 1:], 1 - table[:, 1:].sum(1)])
        return triangles[table[:, 0].astype(np.int64)], weights
    except (UnmaskError, ValueError, IndexError, TypeError, RecursionError) as error:
        raise InputError(f"{path.name} tells no keypoints ({error}). Get it again.") from error


@lru_cache(maxsize=4)
def _scales(path: Path) -> Doubles:
    try:
        return np.array([float(word) for word in read_bytes(path, MOST_BYTES).split()], np.float64)
    except (UnmaskError, ValueError) as error:
        raise InputError(f"{path.name} is no list of numbers ({error}). Get it again.") from error


def _person(path: Path, root: Path) -> Person | None:
    found = _NAME.fullmatch(path.stem)
    if found is None:
        return None
    return Person(path, FRONTAL if found[1] == path.stem else SIDE, int(found[1]), root)
