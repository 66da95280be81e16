"""A picture of someone whose face was scanned, and the small files that say where a scan's landmarks are."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError, UnmaskError
from models.file_formats import read_bytes
from models.file_formats.numpy_file import read_array
from models.geometry.arrays import Box, Doubles
from models.ground_truth.readers import read_truth
from models.ground_truth.record import TrueMesh

MOST_BYTES = 4 << 20
SCANS = (".obj", ".ply")
_POINT = re.compile(r"<point\b[^>]*>")
_AXES = tuple(re.compile(rf'\b{axis}\s*=\s*"([^"]*)"') for axis in "xyz")


@dataclass(frozen=True, eq=False, slots=True)
class Scanned:
    """One picture, and a scan of the person's face.

    Attributes:
        name: Tells it from all others of the set.
        image: Reads [H, W, 3] RGB.
        scan: The mesh; landmarks: its seven points (see models.metrics.scans).
        box: Of the face, image px; None where nobody says.
        subsets: Parts of the set it belongs to.
        subject: Who it is.
    """

    name: str
    image: Callable[[], NDArray[np.uint8]]
    scan: Path
    landmarks: Path
    box: Box | None
    subsets: tuple[str, ...]
    subject: str


def read_scan(path: Path) -> TrueMesh:
    """The mesh of an .obj or .ply with triangles, in the unit of its file.

    Raises:
        InputError: It cannot be read, or is no surface.
    """
    mesh = read_truth(path).mesh
    if mesh is None or not len(mesh.triangles):
        raise InputError(f"{path.name} holds no surface. Get the scan again.")
    return mesh


def read_marks(path: Path, count: int = 7) -> Doubles:
    """[K, 3] points of a scan: MeshLab's .pp, .lnd and .txt (three numbers a line, a number before), .npy.

    Args:
        path: The file; its ending says what it is.
        count: So many there must be.

    Raises:
        InputError: It cannot be read, or holds another number of points.
    """
    try:
        if path.suffix == ".npy":
            points = np.asarray(read_array(path), np.float64)
        else:
            text = read_bytes(path, MOST_BYTES).decode("utf-8", "replace")
            points = np.array(_picked(text) if path.suffix == ".pp" else _lines(text), np.float64)
    except (UnmaskError, ValueError, TypeError) as error:
        raise InputError(f"{path.name} tells no landmarks of a scan ({error}). Get it again.") from error
    if points.shape != (count, 3) or not np.isfinite(points).all():
        raise InputError(f"{path.name} holds {list(points.shape)} numbers, not {count} points. Get it again.")
    return points


def scan_in(folder: Path) -> Path | None:
    """The first scan in a folder, by name; None without any."""
    found = [path for path in sorted(folder.glob("*")) if path.suffix.lower() in SCANS]
    return found[0] if found else None


def _picked(text: str) -> list[list[float]]:
    """The points of MeshLab's picked points, in file order."""
    found = []
    for tag in _POINT.findall(text):
        axes = [axis.search(tag) for axis in _AXES]
        if any(axis is None for axis in axes):
            raise ValueError("a point lacks a coordinate")
        found.append([float(axis[1]) for axis in axes if axis is not None])
    return found


def _lines(text: str) -> list[list[float]]:
    rows = [
        [float(word) for word in line.replace(",", " ").split()] for line in text.splitlines() if line.strip()
    ]
    return [row[-3:] for row in rows]
