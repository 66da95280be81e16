"""Florence 2D/3D faces (MICC, Bagdanov et al. 2011): textured scans of 53 people."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError, UnmaskError
from models.file_formats import read_bytes, reason_of
from models.file_formats.obj_file import LARGEST, read_texture_places
from models.geometry.arrays import Doubles
from models.ground_truth.pictures import read_picture
from models.ground_truth.record import TrueMesh
from models.ground_truth.scanned import read_marks, read_scan

PICTURES = (".bmp", ".jpg", ".png")
MARKS = (".pp", ".lnd", ".txt")
GREY = 150


@dataclass(frozen=True, eq=False, slots=True)
class Model:
    """One person's frontal scan.

    Attributes:
        subject: e.g. "subject_01"; scan: the .obj.
    """

    subject: str
    scan: Path

    def mesh(self) -> TrueMesh:
        """In mm, y up, z to the front; InputError if it cannot be read."""
        return read_scan(self.scan)

    def colours(self, vertices: int) -> NDArray[np.uint8]:
        """[P, 3] RGB at the vertices from the texture beside the scan; grey where there is none.

        Raises:
            InputError: Scan or texture is broken.
        """
        found = [path for path in sorted(self.scan.parent.iterdir()) if path.suffix.lower() in PICTURES]
        colours = np.full((vertices, 3), GREY, np.uint8)
        if not found:
            return colours
        try:
            places = read_texture_places(read_bytes(self.scan, LARGEST), vertices)
        except (UnmaskError, ValueError) as error:
            raise InputError(f"{self.scan.name} is damaged ({reason_of(error)}). Get it again.") from error
        texture = read_picture(found[0])
        high, wide = texture.shape[:2]
        known = np.isfinite(places).all(1)
        u, v = places[known].T
        columns, rows = (u * (wide - 1)).round().astype(int), ((1 - v) * (high - 1)).round().astype(int)
        colours[known] = texture[rows.clip(0, high - 1), columns.clip(0, wide - 1)]
        return colours

    def marks(self) -> Doubles | None:
        """[7, 3] landmarks from NAME.pp, .lnd or .txt beside the scan; None where nobody placed them."""
        found = next((p for p in map(self.scan.with_suffix, MARKS) if p.is_file()), None)
        return None if found is None else read_marks(found)


def florence(folder: Path) -> list[Model]:
    """The first frontal scan of each person.

    Args:
        folder: Holds subject_01/Model/frontal1/obj/NAME.obj with its texture beside, as distributed.

    Raises:
        InputError: There are none.
    """
    people = sorted(path for path in folder.glob("subject_*") if path.is_dir())
    models = [Model(person.name, scan) for person in people if (scan := _frontal(person)) is not None]
    if not models:
        raise InputError(
            f"{folder} holds no scans of Florence: expected subject_01/Model/frontal1/obj/NAME.obj."
        )
    return models


def _frontal(person: Path) -> Path | None:
    scans = sorted(person.rglob("*.obj"))
    frontal = [path for path in scans if any("frontal" in part.lower() for part in path.parts)]
    return next(iter(frontal or scans), None)
