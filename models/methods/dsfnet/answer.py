"""What both DSFNets, ours and the published, say of a face: one vocabulary of layers, scalars and alarms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import grid_sample, pad

from models.geometry.transforms import towards_camera
from models.methods.arguments import check_asked
from models.methods.dsfnet.alarms import alarms
from models.methods.dsfnet.decoded import Decoded, degrees, each
from models.methods.dsfnet.evidence import evidence, signs
from models.methods.dsfnet.likely_error import Likely, LikelyError
from models.methods.dsfnet.visible_surface import collisions, visible_surface
from models.metrics.errors import followed
from models.reconstruction import (
    IMAGE_SPACE,
    MODEL_SPACE,
    SEEN_ABOVE,
    STATE_SCALARS,
    Alarm,
    Array,
    Coefficients,
    Layer,
    MapLayer,
    MeshLayer,
    Reconstruction,
    Scalar,
    Space,
    State,
    Topology,
    frozen,
)

CONFIDENCE, MASK, REFINEMENT = "confidence", "visibility mask", "refinement"
SWITCHES: tuple[str, ...] = (IMAGE_SPACE, MODEL_SPACE, CONFIDENCE, MASK)
TELLING_MM = 0.2  # how far apart the branches must be to say which of them the fusion followed
UV_TOLERANCE = 0.06  # chart distance at which a vertex is half believed to be the one its pixel shows
SURFACE_SIDE = 128  # the visible surface has at most so many points a side


class Parts(NamedTuple):
    """Which parts of a method entered a computation, and which were left out; in display order."""

    took_part: tuple[str, ...]
    left_out: tuple[str, ...]

    @staticmethod
    def of(switches: Sequence[str], without: frozenset[str]) -> Parts:
        """Those of the switches that are on, and those that are off."""
        return Parts(
            tuple(name for name in switches if name not in without),
            tuple(name for name in switches if name in without),
        )


def check(
    name: str, switches: Sequence[str], size: int, crops: NDArray[np.uint8], without: frozenset[str]
) -> None:
    """ValueError for switches there are not, for nothing left on, for crops of another form."""
    check_asked(name, switches, size, crops, without)
    if {IMAGE_SPACE, MODEL_SPACE} <= without:
        raise ValueError("with both branches switched off there is no face; leave one on")


def states_by_rule(
    mask: Tensor, uv: Tensor, face: Tensor, vertex_uv: Tensor, triangles: Tensor, size: int
) -> Tensor:
    """[B, N, 3] states of a face by what the pixel under each vertex shows, for networks that tell no states.

    A vertex that faces away or lands on a pixel of another place of the face is turned away; one that lands
    on a pixel outside the mask is covered.

    Args:
        mask: [B, 1, M, M] in 0..1.
        uv: [B, 2, M, M].
        face: [B, N, 3] crop px, y down.
        vertex_uv: [N, 2] on the same chart.
        triangles: [T, 3].
        size: Side of the crop, px.
    """
    grid = _grid(face, size)
    maps = torch.cat((mask, uv * mask), 1)  # weighted, so that no value leaks over the rim
    under = grid_sample(maps, grid, align_corners=False)[:, :, 0].mT
    shown = under[..., 1:] / under[..., :1].clamp(min=1e-3)
    off_chart = (shown - vertex_uv).square().sum(-1) / UV_TOLERANCE**2
    upright = face * face.new_tensor((1.0, -1.0, 1.0))
    on_face = under[..., 0]
    same_place = torch.exp2(-off_chart) * on_face + (1 - on_face)  # a pixel outside the mask says no place
    unturned = towards_camera(upright, triangles) * same_place
    return torch.stack((unturned * on_face, 1 - unturned, unturned * (1 - on_face)), -1)


def agreeing(states: Tensor, mask: Tensor, face: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """States and mask that agree: what is seen shows as face, and what shows as face is seen.

    No vertex is surer to be seen than the surest pixel nearby is to show face; what is taken from it goes to
    the other two states as they stand to each other. Then no pixel that the face lies upon is surer to show
    it than the surest vertex nearby is to be seen: the states know their neighbours and the whole face.
    Pixels beside the face are left as they are, so that a face that was misplaced shows.

    Args:
        states: [B, N, 3].
        mask: [B, 1, M, M] in 0..1.
        face: [B, N, 3] crop px.
        size: Side of the crop, px.

    Returns:
        [B, N, 3] and [B, 1, M, M].
    """
    most = grid_sample(_widened(mask), _grid(face, size), mode="nearest", align_corners=False)[:, 0, 0]
    seen = states[..., State.SEEN].minimum(most)
    others = states[..., 1:] + 1e-6
    rest = (1 - seen)[..., None] * others / others.sum(-1, keepdim=True)
    side = mask.shape[-1]
    cells = ((face[..., :2] + 0.5) * (side / size)).floor().long()
    inside = ((cells >= 0) & (cells < side)).all(-1)
    flat = (cells[..., 1] * side + cells[..., 0]).clamp(0, side * side - 1)
    values = torch.where(inside, seen, -1.0)
    upon = torch.full((len(seen), side * side), -1.0, device=seen.device).scatter_reduce(
        1, flat, values, "amax"
    )
    upon = _widened(upon.unflatten(1, (1, side, side)))
    return torch.cat((seen[:, None], rest.mT), 1).mT, torch.where(upon >= 0, mask.minimum(upon), mask)


def _widened(maps: Tensor) -> Tensor:
    """[B, 1, M, M] the largest value of each cell and its four neighbours: about 1.5 cells around a place."""
    wide = pad(maps, (1, 1, 1, 1), value=-torch.inf)
    across = wide[..., 1:-1, :-2].maximum(wide[..., 1:-1, 2:])
    return maps.maximum(across).maximum(wide[..., :-2, 1:-1]).maximum(wide[..., 2:, 1:-1])


def _grid(face: Tensor, size: int) -> Tensor:
    """[B, 1, N, 2] where `grid_sample` finds the vertices [B, N, 3] (crop px) in a map of the crop."""
    return ((face[..., :2] + 0.5) * (2 / size) - 1)[:, None]


def reconstructions(
    decoded: Decoded,
    name: str,
    topology: Topology,
    parts: Parts,
    size: int,
    likely_error: LikelyError | None = None,
    bare: bool = False,
) -> list[Reconstruction]:
    """The answers, one per face, `bare` of layers; `decoded` holds batches of tensors on any device."""
    return [_reconstruction(d, name, topology, parts, size, likely_error, bare) for d in each(decoded)]


def _reconstruction(
    d: Decoded,
    name: str,
    topology: Topology,
    parts: Parts,
    size: int,
    likely_error: LikelyError | None,
    bare: bool,
) -> Reconstruction:
    is_face = d.mask > SEEN_ABOVE
    asked = None if likely_error is None or d.share is None else likely_error(signs(d, topology, size))
    return Reconstruction(
        method=name,
        space=Space.CROP,
        topology=topology,
        vertices=frozen(d.face),
        pose_deg=degrees(d.euler_rad),
        layers=() if bare else (*_image_space_layers(d, is_face, size), *_branches(d, topology)),
        scalars=tuple(_scalars(d)),
        took_part=parts.took_part,
        left_out=parts.left_out,
        alarms=tuple(_alarms(d, is_face, topology, size, asked)),
        mm_per_px=float(d.mm_per_px),
        likely_error=None if asked is None else asked.percent,
        landmark_states=frozen(
            topology.landmarks(d.states) if d.landmark_states is None else d.landmark_states
        ),
        likely_range=None if asked is None else (asked.low, asked.high),
        coefficients=tuple(_coefficients(d)),
    )


def _branches(d: Decoded, topology: Topology) -> Iterator[MeshLayer]:
    """Their meshes, those that took part."""
    branches = (
        (IMAGE_SPACE, d.image_space, d.image_euler_rad),
        (MODEL_SPACE, d.model_space, d.model_euler_rad),
    )
    for branch, mesh, euler_rad in branches:
        if mesh is not None:
            pose_deg = degrees(euler_rad)
            yield MeshLayer(
                branch, Space.CROP, frozen(mesh), topology.triangles, topology.uv, pose_deg=pose_deg
            )


def _coefficients(d: Decoded) -> Iterator[Coefficients]:
    """Of the two branches; the fused face has none: it is no face of the model any more."""
    for branch, values in ((IMAGE_SPACE, d.image_coefficients), (MODEL_SPACE, d.model_coefficients)):
        if values is not None:
            yield Coefficients(f"{branch} identity, then expression", frozen(values))


def _image_space_layers(d: Decoded, is_face: NDArray[np.bool_], size: int) -> Iterator[Layer]:
    """What the pixels said. The mask is told even where the branch is left out: visibility is read off it."""
    step = size / len(is_face)
    T_crop_map = np.array([[step, 0, (step - 1) / 2], [0, step, (step - 1) / 2], [0, 0, 1]], np.float64)

    def seen(name: str, values: Array, low: float, high: float, unit: str = "") -> MapLayer:
        shown = np.where(is_face if values.ndim == 2 else is_face[..., None], values, np.nan)
        return MapLayer(name, frozen(shown), T_crop_map, Space.CROP, low, high, unit)

    yield MapLayer("visible mask", frozen(d.mask), T_crop_map, Space.CROP)
    if d.image_space is None:
        return
    yield seen("uv", d.uv, 0.0, 1.0)
    yield seen("depth", d.depth, -size / 4, size / 2, "px")
    yield seen("confidence", d.confidence, 0.0, 1.0)
    every = max(1, len(is_face) // SURFACE_SIDE)
    thin = slice(None, None, every)
    uv, depth, confidence = (values[thin, thin] for values in (d.uv, d.depth, d.confidence))
    T_crop_thin = T_crop_map @ np.diag((every, every, 1.0))
    yield visible_surface(d.mask[thin, thin], uv, depth, confidence, T_crop_thin)


def _scalars(d: Decoded) -> Iterator[Scalar]:
    """What the answer admits per vertex."""
    for name, values in zip(STATE_SCALARS, d.states.T, strict=True):
        yield Scalar(name, frozen(values), 0.0, 1.0)
    if d.image_space is None or d.model_space is None:
        return
    apart = d.apart * d.mm_per_px
    yield Scalar("disagreement", frozen(apart), 0.0, 10.0, "mm")
    if d.share is not None:
        yield Scalar("image-space share", frozen(d.share), 0.0, 1.0)
    own = d.own * d.mm_per_px
    yield Scalar("own correction", frozen(own), 0.0, 10.0, "mm")
    alpha = followed(d.face, d.image_space, d.model_space, TELLING_MM / d.mm_per_px)
    yield Scalar("followed", frozen(np.where(own < apart, alpha, np.nan)), 0.0, 1.0)


def _alarms(
    d: Decoded, is_face: NDArray[np.bool_], topology: Topology, size: int, asked: Likely | None
) -> Iterator[Alarm]:
    """What a reader of the answer must know."""
    if d.image_space is not None and d.mask_was_empty:
        text = (
            "No pixel was recognised as visible face, so every pixel was used: do not trust the image space."
        )
        yield Alarm("empty-mask", text, is_face.size)
    if d.image_space is not None and (collided := collisions(is_face, d.uv)):
        text = f"{collided} pixels that lie far apart claim the same place of the face: they were averaged."
        yield Alarm("uv-collisions", text, collided)
    yield from alarms(evidence(d, topology, size, asked))
