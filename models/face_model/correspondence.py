"""Where the vertices of the open face lie on meshes of other face models.

As a command it measures them on the 256 x 256 UV layout that PRNet and DSFNet share, from a mean face in that
layout, and writes resources/face_model/bfm_uv_correspondence.npz.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import MissingAssetError, UnmaskError, WeightsError
from models.face_model.morphable import FaceModel
from models.face_model.registration import Places, Surface, brought_near, closest, drawn_over, likened
from models.file_formats import reading
from models.file_formats.numpy_file import read_arrays
from models.geometry.arrays import Bools, Doubles, Ints
from models.reconstruction import Correspondence, Topology

SIDE = 256  # cells of the UV layout
MM_PER_MAP_UNIT = 1 / 0.015  # of mean_shape_map.npy: BFM's micrometres x 1.5e-5
REACH_MM = 3.0  # how far beside a surface a place may come to lie and still be on it
REACH_CELLS = 1.5  # the same on a chart


@dataclass(frozen=True, eq=False, slots=True)
class ChartPlaces:
    """Where the open face's vertices lie on a chart of another face.

    Attributes:
        cells: [V, 2] (column, row) of the 256 x 256 layout; (0, 0) is the centre of its first cell.
        reached: [V] False where the other face ends before.
    """

    cells: Doubles
    reached: Bools

    @staticmethod
    def read(path: Path, vertices: int) -> ChartPlaces:
        """The places of that many vertices.

        Raises:
            MissingAssetError: There is no such file.
            WeightsError: It is of another open face.
        """
        if not path.is_file():
            raise MissingAssetError(f"The file {path} is not there. Install Unmask again.")
        with reading(path, "places on a chart"):
            held = read_arrays(path, ("cells", "reached"))
            places = ChartPlaces(np.asarray(held["cells"], np.float64), np.asarray(held["reached"], bool))
        if places.cells.shape != (vertices, 2) or places.reached.shape != (vertices,):
            raise WeightsError(f"{path.name} belongs to another version of the open face; measure it anew.")
        return places

    def on_grid(self, mask: NDArray[np.bool_]) -> Correspondence:
        """On the mesh whose vertices are the cells of a mask [256, 256], row by row, as PRNet lists them."""
        rows, columns = np.nonzero(mask)
        return self.on_chart(np.stack([columns, rows], 1).astype(np.float64), grid_triangles(mask), nearest=8)

    def on_chart(self, cells: Doubles, triangles: Ints, nearest: int = 24) -> Correspondence:
        """On a mesh whose vertices have known places [N, 2] (column, row) in the same layout, as BFM's.

        See `bfm_cells`. More than the `nearest` triangles need not be looked at where they are of one size.
        """

        def flat(points: Doubles) -> Doubles:
            return np.concatenate([points, np.zeros((len(points), 1))], 1)

        chart = Surface(flat(cells), np.asarray(triangles, np.int64))
        near = closest(flat(self.cells), chart, nearest)
        return _correspondence(near.corners, near.weights, self.reached & (near.distance <= REACH_CELLS))


def corresponding(
    open_face: FaceModel,
    mean: Doubles,
    triangles: Ints,
    landmarks: Doubles | None = None,
    keep: Path | None = None,
) -> Correspondence:
    """Where the open face's vertices lie on the mean face of another model, by drawing it over that.

    Some seconds of work; the answer is kept for the next time.

    Args:
        open_face: The open face.
        mean: [N, 3] mm, y up, z towards the viewer.
        triangles: [T, 3].
        landmarks: [68, 3] on that mean face, iBUG order; without them it starts from the tip of the nose.
        keep: Folder for the answer; None keeps nothing.
    """
    target = Surface(np.asarray(mean, np.float64), np.asarray(triangles, np.int64), landmarks)
    source = open_surface(open_face.topology)
    path = None if keep is None else keep / f"correspondence-{_key(source, target)}.npz"
    known = None if path is None else _kept(path, len(source.vertices), len(target.vertices))
    if known is None:
        near = _laid(open_face, source, brought_near(target, source))
        known = _correspondence(near.corners, near.weights, near.distance <= REACH_MM)
        if path is not None:
            _keep(path, known)
    return known


def open_surface(open_face: Topology) -> Surface:
    """The open mean face with its landmarks."""
    assert open_face.mean is not None
    mean = np.asarray(open_face.mean, np.float64)
    return Surface(
        mean,
        np.asarray(open_face.triangles, np.int64),
        np.asarray(open_face.landmarks(open_face.mean), np.float64),
    )


def grid_triangles(mask: NDArray[np.bool_]) -> Ints:
    """[T, 3]: two triangles per 2 x 2 cells of a mask, counter-clockwise with rows growing downwards.

    Where three of the four cells are in the mask it is the one triangle between them.
    """
    number = np.full(mask.shape, -1, np.int64)
    number[mask] = np.arange(int(mask.sum()))
    a, b = number[:-1, :-1].ravel(), number[:-1, 1:].ravel()  # a b
    c, d = number[1:, :-1].ravel(), number[1:, 1:].ravel()  # c d
    both = np.stack([np.stack([a, c, b], 1), np.stack([b, c, d], 1)], 1).reshape(-1, 3)
    spare = np.stack([np.stack([a, c, d], 1), np.stack([a, d, b], 1)], 1).reshape(-1, 3)
    lone = (np.stack([a, b, c, d], 1) < 0).sum(1) == 1
    triangles = np.concatenate([both, spare[np.repeat(lone, 2)]])
    return np.asarray(triangles[(triangles >= 0).all(1)])


def bfm_cells(uv: Doubles) -> Doubles:
    """[N, 2] (column, row) of BFM's vertices, from `BFM_UV.mat` [N, 2] in 0..1, v up."""
    return np.asarray(np.stack([uv[:, 0] * (SIDE - 1), (SIDE - 1) * (1 - uv[:, 1])], 1))


def measured_places(open_face: FaceModel, mean_map: Doubles, landmarks: Doubles) -> ChartPlaces:
    """The open face's places on a UV layout, from a mean face there.

    Args:
        open_face: The open face.
        mean_map: [256, 256, 3] mm, y up.
        landmarks: [68, 2] (column, row).
    """
    everywhere = np.ones(mean_map.shape[:2], bool)
    rows, columns = np.nonzero(everywhere)
    column, row = landmarks.astype(np.int64).T
    points = mean_map.reshape(-1, 3).astype(np.float64)
    target = Surface(points, grid_triangles(everywhere), mean_map[row, column].astype(np.float64))
    source = open_surface(open_face.topology)
    near = _laid(open_face, source, brought_near(target, source))
    cells = (near.weights[..., None] * np.stack([columns, rows], 1)[near.corners]).sum(1)
    return ChartPlaces(cells, near.distance <= REACH_MM)


def _laid(open_face: FaceModel, source: Surface, target: Surface) -> Places:
    """Where the open face's vertices lie on a face it already covers roughly."""
    like = likened(source, open_face.identity.numpy().astype(np.float64), target)
    return closest(drawn_over(like, target), target)


def _correspondence(corners: Ints, weights: Doubles, reached: Bools) -> Correspondence:
    arrays = corners.astype(np.int32), weights.astype(np.float32), reached.copy()
    for array in arrays:
        array.flags.writeable = False
    return Correspondence(*arrays)


def _key(source: Surface, target: Surface) -> str:
    """Of everything the answer depends on."""
    text = hashlib.sha256(b"1")
    for array in (source.vertices, source.triangles, target.vertices, target.triangles):
        text.update(np.ascontiguousarray(array).tobytes())
    if target.landmarks is not None:
        text.update(np.ascontiguousarray(target.landmarks).tobytes())
    return text.hexdigest()[:16]


def _kept(path: Path, count: int, others: int) -> Correspondence | None:
    """What was kept; None where there is nothing, or nothing usable."""
    try:
        with reading(path, "a correspondence"):
            held = read_arrays(path)
            corners, weights, reached = held["corners"], held["weights"], held["reached"]
    except UnmaskError:
        return None
    fits = corners.shape == weights.shape == (count, 3) and reached.shape == (count,)
    return (
        _correspondence(corners, weights, reached)
        if fits and corners.min() >= 0 and corners.max() < others
        else None
    )


def _keep(path: Path, known: Correspondence) -> None:
    """Written beside and put in place at once; a folder one may not write to keeps nothing."""
    assert known.reached is not None
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            np.savez_compressed(file, corners=known.corners, weights=known.weights, reached=known.reached)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the UV layout and write it."""
    parser = argparse.ArgumentParser(prog="python -m models.face_model.correspondence", description=__doc__)
    parser.add_argument("mean_shape_map", type=Path, help=".npy [256, 256, 3] of DSFNet's release")
    parser.add_argument("uv_kpt_ind", type=Path, help=".txt: columns and rows of the 68 landmarks")
    parser.add_argument("--face-model", type=Path, required=True, help="open_face.npz")
    parser.add_argument("--out", type=Path, required=True, help="bfm_uv_correspondence.npz")
    chosen = parser.parse_args(arguments)
    mean_map = np.load(chosen.mean_shape_map, allow_pickle=False).astype(np.float64) * MM_PER_MAP_UNIT
    landmarks = np.loadtxt(chosen.uv_kpt_ind).T
    places = measured_places(FaceModel.read(chosen.face_model), mean_map, landmarks)
    np.savez_compressed(chosen.out, cells=places.cells.astype(np.float32), reached=places.reached)
    print(f"{int(places.reached.sum())} of {len(places.reached)} vertices lie on the layout.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
