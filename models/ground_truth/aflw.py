"""Labelled face crops (AFLW: 21 points by hand, 68 pseudo-labels): a folder of crops.tar and labels.npz."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.errors import InputError, UnmaskError
from models.file_formats.numpy_file import read_arrays

HELD_OUT = 10  # every tenth face is kept for measuring
TRUSTED_PERCENT = 6.0  # pseudo-labels that differ more than this from the hand labels are not to be trusted
LARGEST_BYTES = 1 << 20  # of one picture
LABELS = {
    "name": (),
    "points21": (21, 2),
    "visible21": (21,),
    "landmarks68_tddfa": (68, 3),
    "rotation_tddfa": (3, 3),
    "disagreement_percent": (),
}
PLACED = "placed68"  # may be missing: nobody placed any of the 68 by hand
# AFLW's 21 points as means of iBUG landmarks (none for ears).
AS_LANDMARKS: tuple[tuple[int, ...], ...] = (
    (17,), (19,), (21,), (22,), (24,), (26,),
    (36,), (36, 37, 38, 39, 40, 41), (39,), (42,), (42, 43, 44, 45, 46, 47), (45,),
    (), (31,), (30,), (35,), (), (48,), (62, 66), (54,), (8,),
)  # fmt: skip


@dataclass(frozen=True, eq=False, slots=True)
class Labels:
    """What is known of F crops, in crop px (y down).

    Attributes:
        folder: Holds crops.tar and labels.npz.
        name: [F]; points21: [F, 21, 2]; visible21: [F, 21] bool.
        landmarks: [F, 68, 3] pseudo-labels; rotation: [F, 3, 3] likewise, y up.
        disagreement_percent: [F] between the two.
        placed: [F, 68] 0..1, how far each of `landmarks` was placed by people in that very photo.
    """

    folder: Path
    name: NDArray[np.str_]
    points21: Tensor
    visible21: Tensor
    landmarks: Tensor
    rotation: Tensor
    disagreement_percent: Tensor
    placed: Tensor

    @property
    def held_out(self) -> NDArray[np.bool_]:
        """[F] True for the faces kept for measuring."""
        return np.arange(len(self.name)) % HELD_OUT == 0


def read_labels(folder: Path) -> Labels:
    """The labels of a folder.

    Raises:
        InputError: A file or an array is missing or misshapen.
    """
    path = folder / "labels.npz"
    try:
        arrays = read_arrays(path, (*LABELS, PLACED))
    except UnmaskError as error:
        raise InputError(f"{error} Give the folder of crops.tar and labels.npz.") from error
    count = len(arrays.get("name", ()))
    arrays.setdefault(PLACED, np.zeros((count, 68)))
    shapes = LABELS | {PLACED: (68,)}
    wrong = [k for k, shape in shapes.items() if k not in arrays or arrays[k].shape != (count, *shape)]
    if wrong or not count:
        raise InputError(f"{path}: {', '.join(wrong) or 'everything'} is missing or misshapen.")
    return Labels(
        folder,
        arrays["name"].astype(str),
        *(torch.from_numpy(arrays[k].astype(np.float32)) for k in list(shapes)[1:]),
    )


class Crops:
    """The pictures of crops.tar, read one by one."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "crops.tar"
        try:
            with tarfile.open(self._path) as tar:
                self._places = {
                    Path(member.name).stem: (member.offset_data, member.size)
                    for member in tar
                    if member.isfile()
                }
        except (OSError, tarfile.TarError) as error:
            raise InputError(f"{self._path} cannot be read ({error}).") from error

    def read(self, name: str) -> NDArray[np.uint8]:
        """[H, W, 3] RGB of the face of that name."""
        offset, size = self._places.get(name, (0, 0))
        if not 0 < size <= LARGEST_BYTES:
            raise InputError(f"{self._path} holds no picture {name!r} of a sensible size.")
        with self._path.open("rb") as file:
            file.seek(offset)
            data = file.read(size)
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        if picture is None:
            raise InputError(f"{name} in {self._path} is no readable picture.")
        return np.ascontiguousarray(picture[..., ::-1])
