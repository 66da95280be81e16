"""Photos with ground truth, as the protocols want them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError, UnmaskError
from models.file_formats.matlab_file import read_matlab
from models.file_formats.numpy_file import read_arrays
from models.geometry.arrays import Doubles
from models.ground_truth.labelled import spread
from models.ground_truth.pictures import read_picture
from models.ground_truth.readers import read_truth
from models.reconstruction import Array

NOTHING = "none seen"


@dataclass(frozen=True, eq=False, slots=True)
class LabelledFace:
    """One photo, one face, its truth.

    Attributes:
        path: The photo.
        landmarks: [68, 3] float32, iBUG order, image px, 0-based, y down, z towards the camera from an
            arbitrary zero.
        pose_deg: Pitch, yaw, roll, AFLW2000 convention.
        truth: The file that says so; None if nobody asks it again.
    """

    path: Path
    landmarks: Array
    pose_deg: tuple[float, float, float]
    truth: Path | None = None

    @property
    def name(self) -> str:
        """The file name without its ending."""
        return self.path.stem

    @property
    def box(self) -> tuple[float, float, float, float]:
        """(x0, y0, x1, y1): what the true landmarks span, px."""
        (x0, y0), (x1, y1) = self.landmarks[:, :2].min(0).tolist(), self.landmarks[:, :2].max(0).tolist()
        return x0, y0, x1, y1

    def image(self) -> NDArray[np.uint8]:
        """[H, W, 3] RGB, read anew."""
        return read_picture(self.path)


@dataclass(frozen=True, eq=False, slots=True)
class Parameters:
    """The fitted BFM face of a photo: with V = mean + shape + expression in micrometres and y up,
    p = scale R(pose) V + shift in px from 1, y up from below the picture.

    Attributes:
        pose: [7] pitch, yaw, roll (rad), shift x, y, z (px), scale (px per micrometre).
        shape: [199]; expression: [29] coefficients of face3d's BFM.mat.
    """

    pose: Doubles
    shape: Doubles
    expression: Doubles


def aflw2000(folder: Path, limit: int | None = None) -> list[LabelledFace]:
    """AFLW2000-3D with its original 68 points (`pt3d_68`), in the order of the file names.

    The published arrays count pixels from 1, as MATLAB does: the points rebuilt from Pose_Para, Shape_Para
    and Exp_Para, which are y up, fit the stored ones at y = H + 1 - y_up and not at H - y_up (y + y_up
    averages 450.84 +- 0.05 over 106 images of H = 450, with a truncated basis). So 1 is taken from x and y;
    z is kept.

    Args:
        folder: Holds NAME.jpg beside NAME.mat as published (pt3d_68, Pose_Para), or beside NAME.gt.npz with
            `lm68` [68, 3] (pt3d_68 as published) and `euler_deg` [3] (degrees of Pose_Para[:3]).
        limit: Only this many, evenly spread over the sorted names.

    Raises:
        InputError: There is no such pair in the folder, or a truth file lacks an array.
    """
    truths = sorted(folder.glob("*.gt.npz")) or sorted(folder.glob("*.mat"))
    if not truths:
        raise InputError(
            f"{folder} holds no AFLW2000-3D truth: expected NAME.jpg beside NAME.mat, or beside NAME.gt.npz "
            "(lm68, euler_deg)"
        )
    return [_read(truth) for truth in spread(truths, limit)]


def read_parameters(truth: Path) -> Parameters:
    """The fitted face of a truth file.

    Raises:
        InputError: It does not tell it.
    """
    kept = {"pose_para": 7, "shape_para": 199, "exp_para": 29}
    try:
        if truth.suffix == ".mat":
            held = {name.lower(): value for name, value in read_matlab(truth).items()}
        else:
            held = read_arrays(truth, kept)
    except UnmaskError as error:
        raise InputError(f"{truth.name} tells no fitted face: {error}") from error
    arrays = []
    for name, count in kept.items():
        values = np.asarray(held.get(name, ()), np.float64).ravel()
        if values.shape != (count,) or not np.isfinite(values).all():
            raise InputError(f"{truth.name} tells no fitted face: {name} is not {count} finite numbers.")
        arrays.append(values)
    return Parameters(*arrays)


def naturally_occluded(folder: Path) -> frozenset[str] | None:
    """Names of the photos in which something lies before the face by itself; None if no list says.

    Args:
        folder: As for `aflw2000`. The list is `index.json` beside the folder: entries with `file`
            ("FOLDER/NAME.jpg") and `occlusion` ("none seen", or what there is).

    Raises:
        InputError: The list is no such JSON.
    """
    index = folder.resolve().parent / "index.json"
    if not index.is_file():
        return None
    try:
        entries = json.loads(index.read_text(encoding="utf-8"))
        own = [entry for entry in entries if Path(entry["file"]).parent.name == folder.resolve().name]
        return frozenset(Path(e["file"]).stem for e in own if e.get("occlusion", NOTHING) != NOTHING)
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise InputError(
            f"{index} is no list of photos with `file` and `occlusion` ({error!r}); repair it or move it away"
        ) from error


def _read(truth: Path) -> LabelledFace:
    photo = truth.with_name(truth.name.removesuffix(".gt.npz").removesuffix(".mat") + ".jpg")
    if not photo.is_file():
        raise InputError(f"{truth} has no photo: expected {photo.name} beside it")
    known = read_truth(truth)
    if known.landmarks is None or known.landmarks.shape[1] != 3 or known.pose_deg is None:
        raise InputError(f"{truth} lacks depth or pose: the points are [68, 3], the pose three angles")
    return LabelledFace(photo, known.landmarks, known.pose_deg, truth)
