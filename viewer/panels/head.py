"""The head around a face, made ready to be drawn. No Qt, no GL."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.reconstruction import MeshLayer, Reconstruction, Space
from viewer.gl.framing import Framing
from viewer.gl.mesh_item import VALUES, Surface
from viewer.gl.normals import smooth_normals

if TYPE_CHECKING:
    from models.face_model.whole_head import WholeHead


def around(
    face: Surface, mesh: MeshLayer, answer: Reconstruction, framing: Framing, wanted: bool
) -> tuple[Surface, Surface | None]:
    """A face softly lit, and the head around it; the face as it was where its mesh is not the open face.

    Args:
        face: As drawn.
        mesh: What it shows of the answer.
        answer: Whose topology it has.
        framing: Where it was put.
        wanted: Whether a head is drawn; if not, the face ends in a smooth line all the same.
    """
    head = _head_for(answer, mesh)
    if head is None:
        return face, None
    if not wanted:
        return replace(face, shade=head.face_shade), None
    rest = head.around(face.positions)
    positions = np.concatenate([face.positions, rest])
    normals = smooth_normals(positions, head.all_triangles)
    up = 1.0 if mesh.space is Space.MODEL else -1.0
    pixels = rest[:, :2] * (framing.radius, up * framing.radius) + framing.centre[:2]
    count = len(face.positions)
    surrounding = Surface(
        positions=positions,
        normals=normals,
        triangles=head.triangles,
        uv=head.places,
        pixels=np.concatenate([face.pixels, pixels]).astype(np.float32),
        states=_seen_inside(head, face.states),
        values=_no_values(len(positions)),
        shade=head.shade,
    )
    return replace(face, normals=normals[:count], shade=head.face_shade), surrounding


def _head_for(answer: Reconstruction, mesh: MeshLayer) -> WholeHead | None:
    """The head that fits a mesh of an answer; None where there is none."""
    from models.loading import load_whole_head  # brings torch: the answer's method has brought it

    head = load_whole_head()
    fits = head.fits(answer.topology) and len(mesh.vertices) == len(answer.topology.uv)
    return head if fits and np.isfinite(mesh.vertices).all() else None


def _seen_inside(head: WholeHead, states: NDArray[np.float32]) -> NDArray[np.float32]:
    """[N + M, 3] as the shader takes them for what is no part of the answer.

    How much of the photo is laid on it: on eyes and mouth as much as was seen of the lids and lips around
    them, on the rest nothing. How much lighter than the rest it is. Nothing.
    """
    told = np.zeros((len(head.mean), 3), np.float32)
    for vertices, around_it in head.inside:
        told[vertices, 0] = states[around_it, 0].mean()
    told[:, 1] = head.lightness
    return told


@lru_cache(maxsize=2)
def _no_values(count: int) -> NDArray[np.float32]:
    return np.zeros((count, VALUES), np.float32)
