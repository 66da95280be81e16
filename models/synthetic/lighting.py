"""Light: spherical harmonics of the second order for the surroundings, one key light that casts shadows."""

from __future__ import annotations

import numpy as np

from models.geometry.arrays import Floats


def spherical_harmonics(directions: Floats) -> Floats:
    """[..., 9] real harmonics of unit directions [..., 3] (bands 0, 1, 2)."""
    x, y, z = directions[..., 0], directions[..., 1], directions[..., 2]
    one = np.ones_like(x)
    return np.stack(
        [
            0.282095 * one,
            0.488603 * y,
            0.488603 * z,
            0.488603 * x,
            1.092548 * x * y,
            1.092548 * y * z,
            0.315392 * (3 * z * z - 1),
            1.092548 * x * z,
            0.546274 * (x * x - y * y),
        ],
        -1,
    ).astype(np.float32)


def sky_directions(count: int) -> tuple[Floats, float]:
    """`count` directions spread evenly over the sphere, and the solid angle of each over pi."""
    k = np.arange(count) + 0.5
    z = 1 - 2 * k / count
    angle = np.pi * (1 + 5**0.5) * k
    r = np.sqrt(1 - z * z)
    directions = np.stack([r * np.cos(angle), r * np.sin(angle), z], -1).astype(np.float32)
    return directions, 4.0 / count


def environment(directions: Floats, colours: Floats) -> Floats:
    """[9, 3] harmonics of an environment of distant soft lights.

    A light of colour c from direction d, spread as (1 + cos) / 2, has the coefficients c Y(d) times a factor
    that falls with the band.

    Args:
        directions: [L, 3] unit; colours: [L, 3], radiance averaged over the sphere.
    """
    falloff = np.array([1, 1 / 3, 1 / 3, 1 / 3, 0.05, 0.05, 0.05, 0.05, 0.05], np.float32) * 4 * np.pi
    y = spherical_harmonics(directions) * falloff
    return np.asarray(y.T @ colours, np.float32)


def unshadowed(normals: Floats, light: Floats) -> Floats:
    """[P, 3] irradiance over pi of surfaces that see the whole hemisphere (Ramamoorthi, Hanrahan 2001)."""
    bands = np.array([1] + [2 / 3] * 3 + [1 / 4] * 5, np.float32)
    return np.asarray((spherical_harmonics(normals) * bands) @ light, np.float32).clip(0, None)
