"""What DSFNet's networks say of faces, decoded to crop px, before it becomes an answer."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from models.reconstruction import Array


class Decoded(NamedTuple):
    """The answer of B faces in crop px (without the leading B for one face). None: a branch was left out."""

    face: Any  # [B, N, 3]
    image_space: Any  # [B, N, 3]
    model_space: Any  # [B, N, 3]
    share: Any  # [B, N], of the image space in the fusion's blend
    states: Any  # [B, N, 3] probabilities of seen, turned away, covered
    mask: Any  # [B, M, M]
    uv: Any  # [B, M, M, 2]
    depth: Any  # [B, M, M] px
    confidence: Any  # [B, M, M]
    euler_rad: Any  # [B, 3]
    image_euler_rad: Any  # [B, 3]
    model_euler_rad: Any  # [B, 3]
    mm_per_px: Any  # [B]
    mask_was_empty: Any  # [B]
    stray: Any = None  # [B] px: mean distance of what the pixels saw from the face
    looks_apart: Any = None  # [B, 3], see `perceive_both_ways`
    landmark_states: Any = None  # [B, 68, 3]; None: as the surface's
    image_coefficients: Any = None  # [B, K], identity first
    model_coefficients: Any = None  # [B, K]
    apart: Any = None  # [N] px between the branches; only of one face with both
    own: Any = None  # [N] px, see `own_correction`; likewise


def each(decoded: Decoded) -> list[Decoded]:
    """Batches of tensors on any device -> arrays of each face, its branches and own correction measured."""
    arrays = [None if part is None else part.cpu().numpy() for part in decoded]
    faces = (
        Decoded(*(None if array is None else array[k] for array in arrays)) for k in range(len(decoded.face))
    )
    return [d if d.image_space is None or d.model_space is None else _measured(d) for d in faces]


def _measured(d: Decoded) -> Decoded:
    apart = d.image_space - d.model_space
    return d._replace(apart=np.sqrt(_dots(apart, apart)), own=own_correction(d))


def own_correction(d: Decoded) -> Array:
    """[N] px: how far the fused face lies from the nearest place between the two branches: its own work."""
    apart, fused = d.image_space - d.model_space, d.face - d.model_space
    along = _dots(fused, apart) / np.maximum(_dots(apart, apart), 1e-12)
    off = fused - along.clip(0, 1)[:, None] * apart
    return np.asarray(np.sqrt(_dots(off, off)), np.float32)


def _dots(a: Array, b: Array) -> Array:
    """[N, 3], [N, 3] -> [N]: several times faster than a sum over so short an axis."""
    return np.asarray(np.einsum("nk,nk->n", a, b))


def degrees(euler_rad: Array) -> tuple[float, float, float]:
    """Pitch, yaw, roll of angles in radians."""
    pitch, yaw, roll = np.degrees(euler_rad).tolist()
    return pitch, yaw, roll
