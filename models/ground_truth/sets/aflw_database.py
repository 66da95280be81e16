"""AFLW as distributed (Koestinger et al. 2011): aflw.sqlite and its pictures; the visible of 21 points."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np

from models.errors import InputError
from models.ground_truth.labelled import Labelled, spread
from models.ground_truth.pictures import inside, read_picture
from models.reconstruction import frozen

DATABASE = "aflw.sqlite"
POINTS = 21
MOST_ROWS = 2_000_000
QUERY = """SELECT f.face_id, i.filepath, r.x, r.y, r.w, r.h, p.pitch, p.yaw, p.roll
FROM Faces f JOIN FaceImages i ON i.file_id = f.file_id JOIN FaceRect r ON r.face_id = f.face_id
JOIN FacePose p ON p.face_id = f.face_id ORDER BY f.face_id"""


def aflw_database(folder: Path, limit: int | None = None) -> list[Labelled]:
    """Its faces, pixels counted from 1 as its tools do; `points` are [21, 2], in the order of AS_LANDMARKS.

    Args:
        folder: Holds aflw.sqlite (or data/aflw.sqlite) and the pictures, as the database names them, in the
            folder of the database or in flickr/ beside it.
        limit: Only this many, evenly spread.

    Raises:
        InputError: There is no such database, or it is damaged.
    """
    path = next((p for p in (folder / DATABASE, folder / "data" / DATABASE) if p.is_file()), None)
    if path is None:
        raise InputError(f"{folder} holds no {DATABASE}. Give the folder aflw/data of the set.")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            faces = database.execute(QUERY).fetchmany(MOST_ROWS)
            chosen = spread(faces, limit)
            points = dict(_points(database, {int(face[0]) for face in chosen}))
        return [_labelled(path.parent, face, points) for face in chosen if int(face[0]) in points]
    except (sqlite3.Error, ValueError, TypeError, OverflowError) as error:
        raise InputError(f"{path.name} is no database of AFLW ({error}). Get it again.") from error


def _points(database: sqlite3.Connection, wanted: set[int]) -> Iterator[tuple[int, np.ndarray]]:
    found: dict[int, np.ndarray] = {}
    rows = database.execute("SELECT face_id, feature_id, x, y FROM FeatureCoords")
    for face, feature, x, y in rows:
        if int(face) in wanted and 1 <= int(feature) <= POINTS:
            found.setdefault(int(face), np.full((POINTS, 2), np.nan))[int(feature) - 1] = float(x), float(y)
    yield from found.items()


def _labelled(folder: Path, face: tuple[object, ...], points: dict[int, np.ndarray]) -> Labelled:
    number, file, *numbers = face
    x, y, w, h, pitch, yaw, roll = map(float, numbers)  # type: ignore[arg-type]
    return Labelled(
        name=str(number),
        image=partial(read_picture, _picture(folder, str(file))),
        points=frozen(points[int(str(number))] - 1),
        pose_deg=(float(np.degrees(pitch)), float(np.degrees(yaw)), float(np.degrees(roll))),
        given_box=(x - 1, y - 1, x - 1 + w, y - 1 + h),
        by_hand=True,
    )


def _picture(folder: Path, file: str) -> Path:
    direct = inside(folder, file)
    return direct if direct.is_file() else inside(folder / "flickr", file)
