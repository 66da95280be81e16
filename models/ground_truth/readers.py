"""Ground truth from files: AFLW2000 .mat and .gt.npz, iBUG .pts, JSON landmarks, OBJ and PLY meshes.

Files are strangers': nothing in them is executed, what they unpack to is bounded before it is unpacked, and
whatever is wrong with them becomes an InputError of two sentences.

JSON holds one object; all but `landmarks` may be left out:

    {"landmarks": [[x, y], ...],        68 of them, or [x, y, z]; iBUG order, px, y down, z to the camera
     "visible": [true, ...],            68
     "pose_deg": [pitch, yaw, roll],    AFLW2000 convention
     "image_size": [width, height],     px; checked against the picture
     "first_pixel": 0}                  1 if the top-left pixel's centre is (1, 1)
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError, UnmaskError
from models.file_formats import read_bytes, reason_of
from models.file_formats.matlab_file import variables
from models.file_formats.numpy_file import arrays_in
from models.file_formats.obj_file import read_obj
from models.file_formats.picture_formats import SUFFIXES, upright_size
from models.geometry.arrays import Box
from models.geometry.rescaling import Size, moved, rescaling
from models.ground_truth.record import GroundTruth, TrueMesh, box_of
from models.reconstruction import Array, frozen

BESIDE = (".gt.npz", ".mat", ".pts", ".gt.json", ".gt.obj", ".gt.ply")
"""How the truth about NAME.jpg is called, best first; plain .json, .obj and .ply may be answers."""

MOST_BYTES = 64_000_000
MOST_UNPACKED = 64_000_000
MOST_JSON, MOST_TEXT = 4_000_000, 6_000_000  # bytes; a mesh as text becomes seventy times as much
FARTHEST_PX = 1e6
FROM_ONE = "counted from 1, as MATLAB does: 1 px taken from x and y"
FROM_ZERO = "counted from 0: as in the file"


def beside(photo: Path) -> Path | None:
    """The file of ground truth that lies next to a picture and bears its name; None if there is none."""
    candidates = (photo.with_name(photo.stem + suffix) for suffix in BESIDE)
    return next((path for path in candidates if path.is_file()), None)


def photo_beside(truth: Path) -> Path | None:
    """The picture that lies next to a file of truth and bears its name; None if there is none."""
    stem = next(
        (truth.name.removesuffix(ending) for ending in BESIDE if truth.name.endswith(ending)), truth.stem
    )
    candidates = (truth.with_name(stem + suffix) for suffix in sorted(SUFFIXES))
    return next((path for path in candidates if path.is_file()), None)


def read_truth(path: Path, size: Size | None = None, file_size: Size | None = None) -> GroundTruth:
    """The truth in a file, in px of the picture as it is shown.

    Args:
        path: Its ending says what it is.
        size: Width and height of the picture as shown, px: the truth must lie in it.
        file_size: Those of the picture's file, upright, in whose px the truth is written; None asks the
            picture beside the truth, and takes `size` where there is none of the same shape.

    Raises:
        InputError: It cannot be read, or does not fit the picture; says why, and what to do.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{path.name} is no ground truth. Open one of these: {', '.join(READERS)}.")
    try:
        written = file_size or _size_beside(path, size)
        truth = reader(path.name, _bytes(path), written)
    except InputError:
        raise
    except Exception as error:  # a damaged file breaks a reader in any way
        raise InputError(
            f"{path.name} is damaged or not what its ending says ({reason_of(error)}). "
            "Get it again, or open another."
        ) from error
    if written is not None and truth.landmarks is not None:
        _check_inside(path.name, box_of(truth.landmarks), written)
    if size is not None and written is not None and size != written:
        truth = _as_shown(truth, written, size)
    return replace(truth, size=size)


def _size_beside(truth: Path, shown: Size | None) -> Size | None:
    """The size of the picture beside, if it is shown at another size but of the same shape; else `shown`."""
    photo = None if shown is None else photo_beside(truth)
    found = None if photo is None else upright_size(photo)
    if shown is None or found is None:
        return shown
    shrink = max(found) / max(shown)
    same_shape = abs(min(found) - shrink * min(shown)) <= shrink
    same_turn = (found[0] >= found[1]) == (shown[0] >= shown[1]) or found[0] == found[1]
    return found if shrink > 1 and same_shape and same_turn else shown


def _as_shown(truth: GroundTruth, written: Size, shown: Size) -> GroundTruth:
    if truth.landmarks is None:
        return truth
    landmarks = moved(truth.landmarks, rescaling(written, shown))
    return replace(
        truth,
        landmarks=frozen(landmarks),
        convention=f"{truth.convention}; scaled from {written[0]} x {written[1]} px as the picture is",
    )


def _bytes(path: Path) -> bytes:
    try:
        return read_bytes(path, MOST_BYTES)
    except UnmaskError as error:
        raise InputError(str(error)) from error


def _check_inside(name: str, box: Box, size: Size) -> None:
    width, height = size
    x0, y0, x1, y1 = box
    seen = max(0.0, min(x1, width) - max(x0, 0)) * max(0.0, min(y1, height) - max(y0, 0))
    if seen < 0.25 * (x1 - x0) * (y1 - y0):
        raise InputError(
            f"{name} lies outside this picture of {width} x {height} px: its points span x {x0:.0f} to "
            f"{x1:.0f}, y {y0:.0f} to {y1:.0f}. It belongs to another picture, or to one of another size."
        )


def _landmarks(name: str, values: Any, shift_px: float) -> Array:
    """[68, 2 or 3], finite and of a size pictures have, with x and y counted from 0."""
    points = np.array(values, np.float64)
    if points.ndim != 2 or points.shape[0] != 68 or points.shape[1] not in (2, 3):
        raise InputError(
            f"{name} holds points of shape {list(points.shape)}, not 68 with 2 or 3 coordinates. "
            "Only the 68 landmarks of iBUG can be compared."
        )
    if not np.isfinite(points).all() or np.abs(points).max() > FARTHEST_PX:
        raise InputError(f"{name} holds points that are not finite or beyond a million px. Mend it.")
    if (np.ptp(points[:, :2], axis=0) == 0).any():
        raise InputError(f"{name} holds 68 points on one line. It is empty or damaged; get it again.")
    points[:, :2] -= shift_px
    return frozen(points)


def _pose(name: str, values: Any) -> tuple[float, float, float]:
    pose = np.array(values, np.float64).ravel()
    if pose.shape != (3,) or not np.isfinite(pose).all():
        raise InputError(f"{name} holds no pose of three finite angles. Mend it, or leave the pose out.")
    pitch, yaw, roll = pose.tolist()
    return pitch, yaw, roll


def _read_npz(name: str, data: bytes, _size: Size | None) -> GroundTruth:
    """AFLW2000 as `models.evaluation` keeps it: lm68 [68, 3] as published, euler_deg [3]."""
    arrays = arrays_in(io.BytesIO(data), MOST_UNPACKED)
    if missing := {"lm68", "euler_deg"} - set(arrays):
        raise InputError(f"{name} lacks {', '.join(sorted(missing))}; it has {', '.join(arrays)[:200]}.")
    landmarks, pose = arrays["lm68"], arrays["euler_deg"]
    return GroundTruth(name, FROM_ONE, _landmarks(name, landmarks, shift_px=1), pose_deg=_pose(name, pose))


def _read_mat(name: str, data: bytes, _size: Size | None) -> GroundTruth:
    """AFLW2000 and 300W-LP: pt3d_68 [3, 68] or pt2d [2, 68], Pose_Para [1, 7] in radians."""
    if data.startswith(b"\x89HDF"):
        raise InputError(f"{name} is a MATLAB file of version 7.3. Save it with -v7.")
    arrays = variables(data, MOST_UNPACKED, ("pt3d_68", "pt2d", "Pose_Para"))
    points = arrays.get("pt3d_68", arrays.get("pt2d"))
    if points is None:
        raise InputError(f"{name} holds neither pt3d_68 nor pt2d of 68 points. Open a .mat of AFLW2000.")
    pose = arrays.get("Pose_Para")
    return GroundTruth(
        name,
        FROM_ONE,
        _landmarks(name, np.asarray(points).T, shift_px=1),
        pose_deg=None if pose is None else _pose(name, np.degrees(np.asarray(pose, np.float64).ravel()[:3])),
    )


def _read_pts(name: str, data: bytes, _size: Size | None) -> GroundTruth:
    return GroundTruth(name, FROM_ONE, _landmarks(name, pts_rows(name, data), shift_px=1))


def read_pts_rows(path: Path) -> list[list[float]]:
    """The numbers of a .pts file as they stand, line by line.

    Raises:
        InputError: It cannot be read, or is none.
    """
    data = _bytes(path)
    try:
        return pts_rows(path.name, data)
    except ValueError as error:
        raise InputError(f"{path.name} is damaged ({reason_of(error)}). Get it again.") from error


def pts_rows(name: str, data: bytes) -> list[list[float]]:
    """iBUG: "version: 1", "n_points: 68", then one "x y" a line between braces; counted from 1."""
    text = data.decode("ascii", "replace")
    body = re.search(r"\{([^{}]*)\}", text)
    if body is None:
        raise InputError(f"{name} has no list of points between braces. It is no .pts file of iBUG.")
    rows = [[float(word) for word in line.split()] for line in body[1].splitlines() if line.strip()]
    said = re.search(r"n_points:\s*(\d{1,6})", text)
    if said is not None and int(said[1]) != len(rows):
        raise InputError(f"{name} announces {said[1]} points and holds {len(rows)}. Get it again.")
    if len({len(row) for row in rows}) != 1:
        raise InputError(f"{name} has lines of different length. Each point is a line: x y.")
    return rows


def _read_json(name: str, data: bytes, size: Size | None) -> GroundTruth:
    if len(data) > MOST_JSON:
        raise InputError(f"{name} has {len(data) / 1e6:.0f} MB; 68 landmarks need a few kB. Open another.")
    held = json.loads(data)
    if not isinstance(held, dict) or "landmarks" not in held:
        raise InputError(f'{name} holds no "landmarks". Write {{"landmarks": [[x, y], ...]}} with 68 points.')
    _check_size(name, held, size)
    first = held.get("first_pixel", 0)
    if first not in (0, 1):
        raise InputError(f'{name}: "first_pixel" is 0 or 1, not {str(first)[:20]}. Mend it.')
    visible, pose = held.get("visible"), held.get("pose_deg")
    if visible is not None and (
        not isinstance(visible, list) or len(visible) != 68 or not all(type(v) is bool for v in visible)
    ):
        raise InputError(f'{name}: "visible" is a list of 68 times true or false. Mend it, or leave it out.')
    return GroundTruth(
        name,
        FROM_ONE.replace(", as MATLAB does", "") if first else FROM_ZERO,
        _landmarks(name, held["landmarks"], shift_px=float(first)),
        visible=None if visible is None else np.array(visible, np.bool_),
        pose_deg=None if pose is None else _pose(name, pose),
    )


def _check_size(name: str, held: Mapping[str, Any], size: Size | None) -> None:
    said = held.get("image_size")
    if said is None or size is None:
        return
    if list(said) != list(size):
        raise InputError(
            f"{name} is about a picture of {str(said)[:40]} px, and this one has {list(size)}. "
            "Open the picture it was made for, or scale its points."
        )


def _read_mesh(name: str, data: bytes, kind: str) -> GroundTruth:
    vertices, corners = read_obj(data) if kind == "obj" else _read_ply(data)
    triangles = np.asarray(corners, np.int32)
    if vertices.ndim != 2 or len(vertices) < 4 or vertices.shape[1] != 3 or not np.isfinite(vertices).all():
        raise InputError(f"{name} holds no surface of finite points. Open a mesh as OBJ or PLY.")
    if triangles.size and not (triangles.min() >= 0 and triangles.max() < len(vertices)):
        raise InputError(f"{name} has triangles between points it does not hold. Get it again.")
    triangles.flags.writeable = False
    return GroundTruth(
        name, "mesh, as in the file", mesh=TrueMesh(frozen(vertices), triangles.reshape(-1, 3))
    )


def _read_ply(data: bytes) -> tuple[NDArray[Any], NDArray[Any]]:
    """Points and triangles of a .ply, as they are; not yet checked."""
    import trimesh  # slow to load

    if len(data) > MOST_TEXT and b"format ascii" in data[:200]:
        raise ValueError(f"as text it has more than {MOST_TEXT / 1e6:.0f} MB; save it as binary")
    loaded = trimesh.load(
        io.BytesIO(data), file_type="ply", process=False, maintain_order=True, skip_materials=True
    )
    vertices = np.asarray(getattr(loaded, "vertices", np.zeros((0, 3))), np.float64)
    return vertices, np.asarray(getattr(loaded, "faces", np.zeros((0, 3), np.int64)))


READERS: Mapping[str, Callable[[str, bytes, Size | None], GroundTruth]] = {
    ".npz": _read_npz,
    ".mat": _read_mat,
    ".pts": _read_pts,
    ".json": _read_json,
    ".obj": lambda name, data, _size: _read_mesh(name, data, "obj"),
    ".ply": lambda name, data, _size: _read_mesh(name, data, "ply"),
}
