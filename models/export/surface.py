"""The surfaces of an answer by name, as what is written and drawn: mesh, states, and the photo's colours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Doubles, Floats, Photo
from models.geometry.rescaling import AS_SHOWN, moved, moved_box
from models.reconstruction import (
    BRANCHES,
    FUSED,
    SEEN_ABOVE,
    STATE_SCALARS,
    Array,
    MeshLayer,
    Reconstruction,
    Space,
    State,
    frozen,
    most_likely,
)

UNSEEN_GREY = 128
HATCH_GREYS = (96, 160)
"""What no one saw has no colour: one grey where it is turned away, stripes of two where it is covered."""
STRIPES = 32  # across a face


def branches(answer: Reconstruction) -> tuple[str, ...]:
    """The whole faces an answer holds, its own first."""
    there = {layer.name for layer in answer.layers if isinstance(layer, MeshLayer) and len(layer.vertices)}
    return tuple(name for name in BRANCHES if name == FUSED or name in there)


def in_file_px(answer: Reconstruction, T_file_image: Doubles) -> Reconstruction:
    """An answer in IMAGE space in px of the picture's file instead of the frame.

    `T_file_image` [3, 3] carries px of the frame to px of the file and does not turn.
    """
    if np.array_equal(T_file_image, AS_SHOWN):
        return answer
    grown = answer.mapped(Space.IMAGE, lambda points: frozen(moved(points, T_file_image)), T_file_image)
    box = None if answer.box is None else moved_box(answer.box, T_file_image)
    return replace(grown, box=box, mm_per_px=answer.mm_per_px / float(T_file_image[0, 0]))


def surface_of(answer: Reconstruction, name: str = FUSED) -> MeshLayer:
    """A surface of an answer in IMAGE space, with the scalars that are told of its vertices.

    A branch has the vertices of the answer, so what is told of those (also their states) is told of its own.

    Raises:
        ValueError: There is no such surface, or it does not lie in image space.
    """
    if answer.space is not Space.IMAGE:
        raise ValueError("only an answer in image space is exported; see pipeline.back_project")
    if name == FUSED:
        topology = answer.topology
        return MeshLayer(
            FUSED,
            answer.space,
            answer.vertices,
            topology.triangles,
            topology.uv,
            answer.scalars,
            answer.pose_deg,
        )
    meshes = [layer for layer in answer.layers if isinstance(layer, MeshLayer) and len(layer.vertices)]
    for layer in meshes:
        if layer.name == name and layer.space is Space.IMAGE:
            shared = answer.scalars if len(layer.vertices) == len(answer.vertices) else ()
            own = {scalar.name for scalar in layer.scalars}
            return replace(layer, scalars=(*layer.scalars, *(s for s in shared if s.name not in own)))
    raise ValueError(f"this answer has no surface {name!r}; it has {[FUSED, *(m.name for m in meshes)]}")


def states_of(surface: MeshLayer) -> Array | None:
    """[N, 3] P(seen), P(turned away), P(covered); None where nobody says."""
    known = {scalar.name: scalar.values for scalar in surface.scalars}
    if any(name not in known for name in STATE_SCALARS):
        return None
    return np.stack([known[name] for name in STATE_SCALARS], 1)


def told_of(surface: MeshLayer) -> Array | None:
    """As `states_of`; where only P(seen) is told, all else counts as turned away, for a plain grey."""
    states = states_of(surface)
    if states is not None:
        return states
    told = _p_seen(surface)
    return None if told is None else np.stack([told, 1 - told, np.zeros_like(told)], 1)


def seen_of(surface: MeshLayer) -> NDArray[np.bool_] | None:
    """[N] which vertices were seen; None where nobody says. P(seen) alone is enough for that."""
    told = _p_seen(surface)
    return None if told is None else np.asarray(told > SEEN_ABOVE)


def _p_seen(surface: MeshLayer) -> Array | None:
    return next((s.values for s in surface.scalars if s.name == STATE_SCALARS[State.SEEN]), None)


def normals_of(surface: MeshLayer) -> Array:
    """[N, 3] of length one: x right, y up, z towards the camera."""
    import torch  # the window draws overlays, and does not wait for torch

    from models.geometry.transforms import vertex_normals

    upright = surface.vertices.astype(np.float32) * np.array([1, -1, 1], np.float32)
    triangles = torch.from_numpy(np.array(surface.triangles)).long()
    return np.asarray(vertex_normals(torch.from_numpy(upright)[None], triangles)[0].numpy())


def in_picture(places: Floats, image: Photo) -> NDArray[np.bool_]:
    """[P] which places (x, y, ...) [P, 2 or more] of the frame lie in it."""
    height, width = image.shape[:2]
    x, y = places[:, 0], places[:, 1]
    with np.errstate(invalid="ignore"):
        return (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)


def photo_at(image: Photo, places: Floats) -> Photo:
    """[P, 3]: bilinear between pixel centres; the outermost half pixel repeats the border."""
    height, width = image.shape[:2]
    x, y = places[:, 0].clip(0, width - 1), places[:, 1].clip(0, height - 1)
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    right, below = np.minimum(x0 + 1, width - 1) - x0, width * (np.minimum(y0 + 1, height - 1) - y0)
    a, b = ((far - near).astype(np.float32)[:, None] for far, near in ((x, x0), (y, y0)))
    flat, first = image.reshape(-1, 3), y0 * width + x0
    top = flat.take(first, axis=0) * (1 - a) + flat.take(first + right, axis=0) * a
    bottom = flat.take(first + below, axis=0) * (1 - a) + flat.take(first + below + right, axis=0) * a
    return np.rint(top * (1 - b) + bottom * b).astype(np.uint8)


def unseen_colours(states: NDArray[np.uint8], hatched: NDArray[np.bool_]) -> Photo:
    """[P, 3]: grey, striped where something was covered.

    Args:
        states: [P] a `State`.
        hatched: [P] whether the place lies in the first kind of stripe.
    """
    greys = np.where(states == State.COVERED, np.where(hatched, *HATCH_GREYS), UNSEEN_GREY)
    return np.repeat(greys.astype(np.uint8)[:, None], 3, 1)


def vertex_colours(surface: MeshLayer, image: Photo) -> Photo:
    """[N, 3]: the photo at each vertex that was seen and lies in it, grey elsewhere."""
    inside, seen = in_picture(surface.vertices, image), seen_of(surface)
    known = inside if seen is None else inside & seen
    colours = np.full((len(surface.vertices), 3), UNSEEN_GREY, np.uint8)
    colours[known] = photo_at(image, surface.vertices[known])
    return colours


def place_colours(surface: MeshLayer, image: Photo, places: Floats, states: Array | None) -> Photo:
    """[P, 3]: the photo at places of a surface that were seen, grey elsewhere, striped where covered.

    Args:
        surface: What the places lie on.
        image: [H, W, 3] the frame.
        places: [P, 3] px of the frame.
        states: [P, 3] as `told_of`, carried to the places; None where nobody says: all counts as seen.
    """
    inside = in_picture(places, image)
    most = np.zeros(len(places), np.uint8) if states is None else most_likely(states)
    most[~inside & (most == State.SEEN)] = State.TURNED_AWAY
    side = float(np.nanmax(np.ptp(surface.vertices[:, :2], axis=0)))
    hatched, covered = np.zeros(len(places), np.bool_), most == State.COVERED
    with np.errstate(invalid="ignore"):
        hatched[covered] = places[covered, :2].sum(1) * (STRIPES / max(side, 1e-6)) % 2 < 1
    colours = unseen_colours(most, hatched)
    known = most == State.SEEN
    colours[known] = photo_at(image, places[known])
    return colours
