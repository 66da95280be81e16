"""What both DSFNets, ours and the published, say of a face: one vocabulary of layers, scalars and alarms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import grid_sample

from models.geometry.transforms import towards_camera
from models.methods.arguments import check_asked
from models.methods.dsfnet.visible_surface import collisions, visible_surface
from models.metrics.errors import followed
from models.reconstruction import (
    Alarm,
    Array,
    Layer,
    MapLayer,
    MeshLayer,
    Reconstruction,
    Scalar,
    Space,
    Topology,
    frozen,
)

IMAGE_SPACE, MODEL_SPACE, CONFIDENCE, MASK = "image space", "model space", "confidence", "visibility mask"
SWITCHES: tuple[str, ...] = (IMAGE_SPACE, MODEL_SPACE, CONFIDENCE, MASK)
LITTLE_SEEN = 0.2  # share of vertices
TELLING_MM = 0.2  # how far apart the branches must be to say which of them the fusion followed
UV_TOLERANCE = 0.06  # chart distance at which a vertex is half believed to be the one its pixel shows
SURFACE_SIDE = 128  # the visible surface has at most so many points a side


class Decoded(NamedTuple):
    """The answer of B faces in crop px (without the leading B for one face). None: a branch was left out."""

    face: Any  # [B, N, 3]
    image_space: Any  # [B, N, 3]
    model_space: Any  # [B, N, 3]
    share: Any  # [B, N], of the image space in the fusion's blend
    visibility: Any  # [B, N]
    mask: Any  # [B, M, M]
    uv: Any  # [B, M, M, 2]
    depth: Any  # [B, M, M] px
    confidence: Any  # [B, M, M]
    euler_rad: Any  # [B, 3]
    image_euler_rad: Any  # [B, 3]
    model_euler_rad: Any  # [B, 3]
    mm_per_px: Any  # [B]
    mask_was_empty: Any  # [B]


def check(name: str, size: int, crops: NDArray[np.uint8], without: frozenset[str]) -> None:
    """ValueError for switches there are not, for nothing left on, for crops of another form."""
    check_asked(name, SWITCHES, size, crops, without)
    if {IMAGE_SPACE, MODEL_SPACE} <= without:
        raise ValueError("with both branches switched off there is no face; leave one on")


def vertex_visibility(
    mask: Tensor, uv: Tensor, face: Tensor, vertex_uv: Tensor, triangles: Tensor, size: int
) -> Tensor:
    """[B, N] in 0..1: whether the pixel under each vertex shows face, and that very place of the face.

    A vertex behind an occluder lands on a pixel outside the mask; one on the far side of the head faces
    away, or lands on a pixel that shows another place of the chart. (The predicted depth is too coarse to
    add anything: tolerances from 3 to 10 % of the crop only cost visible vertices.)

    Args:
        mask: [B, 1, M, M] in 0..1.
        uv: [B, 2, M, M].
        face: [B, N, 3] crop px, y down.
        vertex_uv: [N, 2] on the same chart.
        triangles: [T, 3].
        size: Side of the crop, px.
    """
    grid = ((face[..., :2] + 0.5) * (2 / size) - 1)[:, None]
    maps = torch.cat((mask, uv * mask), 1)  # weighted, so that no value leaks over the rim
    under = grid_sample(maps, grid, align_corners=False)[:, :, 0].mT
    shown = under[..., 1:] / under[..., :1].clamp(min=1e-3)
    off_chart = (shown - vertex_uv).square().sum(-1) / UV_TOLERANCE**2
    upright = face * face.new_tensor((1.0, -1.0, 1.0))
    towards = towards_camera(upright, triangles)
    return (2 * under[..., 0]).clamp(max=1) * torch.exp2(-off_chart) * towards


def reconstructions(
    decoded: Decoded, name: str, topology: Topology, took_part: Sequence[str], size: int
) -> list[Reconstruction]:
    """The answers, one per face; `decoded` holds batches of tensors on any device."""
    arrays = Decoded(*(None if part is None else part.cpu().numpy() for part in decoded))
    return [
        _reconstruction(
            Decoded(*(None if a is None else a[k] for a in arrays)), name, topology, tuple(took_part), size
        )
        for k in range(len(arrays.face))
    ]


def _reconstruction(
    d: Decoded, name: str, topology: Topology, took_part: tuple[str, ...], size: int
) -> Reconstruction:
    is_face = d.mask > 0.5
    layers = list(_image_space_layers(d, is_face, size))
    branches = (
        (IMAGE_SPACE, d.image_space, d.image_euler_rad),
        (MODEL_SPACE, d.model_space, d.model_euler_rad),
    )
    for branch, mesh, euler_rad in branches:
        if mesh is not None:
            pose_deg = _degrees(euler_rad)
            layers.append(
                MeshLayer(
                    branch, Space.CROP, frozen(mesh), topology.triangles, topology.uv, pose_deg=pose_deg
                )
            )
    return Reconstruction(
        method=name,
        space=Space.CROP,
        topology=topology,
        vertices=frozen(d.face),
        pose_deg=_degrees(d.euler_rad),
        layers=tuple(layers),
        scalars=tuple(_scalars(d)),
        took_part=took_part,
        left_out=tuple(name for name in SWITCHES if name not in took_part),
        alarms=tuple(_alarms(d, is_face)),
        mm_per_px=float(d.mm_per_px),
    )


def _degrees(euler_rad: Array) -> tuple[float, float, float]:
    pitch, yaw, roll = np.degrees(euler_rad).tolist()
    return pitch, yaw, roll


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
    yield visible_surface(is_face[thin, thin], uv, depth, confidence, T_crop_thin)


def _scalars(d: Decoded) -> Iterator[Scalar]:
    """What the answer admits per vertex."""
    yield Scalar("visibility", frozen(d.visibility), 0.0, 1.0)
    if d.image_space is None or d.model_space is None:
        return
    apart = np.linalg.norm(d.image_space - d.model_space, axis=1) * d.mm_per_px
    yield Scalar("disagreement", frozen(apart), 0.0, 10.0, "mm")
    if d.share is not None:
        yield Scalar("image-space share", frozen(d.share), 0.0, 1.0)
    alpha = followed(d.face, d.image_space, d.model_space, TELLING_MM / d.mm_per_px)
    yield Scalar("followed", frozen(alpha), 0.0, 1.0)


def _alarms(d: Decoded, is_face: NDArray[np.bool_]) -> Iterator[Alarm]:
    """What happened silently."""
    if d.image_space is not None and d.mask_was_empty:
        text = (
            "No pixel was recognised as visible face, so every pixel was used: do not trust the image space."
        )
        yield Alarm("empty-mask", text, is_face.size)
        return
    if d.image_space is not None and (collided := collisions(is_face, d.uv)):
        text = f"{collided} pixels that lie far apart claim the same place of the face: they were averaged."
        yield Alarm("uv-collisions", text, collided)
    seen = float((d.visibility > 0.5).mean())
    if seen < LITTLE_SEEN:
        text = f"Only {seen:.0%} of the face was seen; the rest is completed from the face model."
        yield Alarm("little-seen", text, int((d.visibility <= 0.5).sum()))
