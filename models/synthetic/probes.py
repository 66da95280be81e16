"""Light of real places: `python -m models.synthetic.probes FILE` fits probes.npz with few numbers each.

FILE holds equirectangular maps of radiance, top row = zenith. What is brightest becomes a key light that
casts shadows; the rest becomes six soft lights along the axes, of the same irradiance (least squares).
"""

from __future__ import annotations

import argparse
from functools import cache
from pathlib import Path

import numpy as np
from scipy.optimize import nnls

import resources
from models.geometry.arrays import Floats, Rng
from models.synthetic.lighting import environment, sky_directions, unshadowed
from models.synthetic.scene import Light
from resources import face_model

AXES = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], np.float32)
KEY_CONE = np.cos(np.radians(20.0))  # what lies this close to the brightest spot can be key light
KEY_OVER = 4.0  # ... if it is so many times brighter than the mean
LICENCE = "CC0-1.0; fitted to environment maps of pmndrs/assets"


def fitted(radiance: Floats) -> Floats:
    """[25] key direction (3), key colour (3), softness (px of the shadow picture), six lobe colours (18).

    Args:
        radiance: [H, W, 3] linear.
    """
    directions, weight = _map_directions(*radiance.shape[:2])
    light = np.asarray(radiance, np.float64)
    grey = light.mean(2)
    peak = directions[np.unravel_index(int((grey * weight).argmax()), grey.shape)]
    key = (directions @ peak > KEY_CONE) & (grey > KEY_OVER * np.average(grey, weights=weight))
    energy = light * weight[..., None] / np.pi
    towards = (directions[key] * energy[key].mean(1, keepdims=True)).sum(0) + 1e-9 * peak
    towards /= np.linalg.norm(towards)
    spread = np.degrees(np.arccos((directions[key] @ towards).clip(-1, 1))).mean() if key.any() else 20.0
    normals, _ = sky_directions(150)
    rest = (energy * ~key[..., None]).reshape(-1, 3)
    irradiance = np.maximum(normals @ directions.reshape(-1, 3).T, 0) @ rest
    one = np.ones((1, 1), np.float32)
    lobes = np.stack([unshadowed(normals, environment(axis[None], one))[:, 0] for axis in AXES], 1)
    colours = np.stack([nnls(lobes.astype(np.float64), irradiance[:, c])[0] for c in range(3)], 1)
    softness = np.clip(spread / 3, 0.6, 6.0)
    return np.concatenate([towards, energy[key].sum(0), [softness], colours.ravel()]).astype(np.float32)


def _map_directions(height: int, width: int) -> tuple[Floats, Floats]:
    """[H, W, 3] unit directions of an equirectangular map, y up, and [H, W] solid angles."""
    polar = (np.arange(height) + 0.5) / height * np.pi
    around = (np.arange(width) + 0.5) / width * 2 * np.pi
    sine, cosine = np.sin(polar)[:, None], np.cos(polar)[:, None]
    unit = np.stack(np.broadcast_arrays(sine * np.sin(around), cosine, sine * np.cos(around)), -1)
    return unit, np.broadcast_to(sine * (np.pi / height) * (2 * np.pi / width), (height, width))


@cache
def _stored() -> Floats:
    """[probes, 25] as `fitted` makes them."""
    with np.load(face_model("lights.npz"), allow_pickle=False) as file:
        return np.asarray(file["lights"], np.float32)


def probe_light(rng: Rng) -> Light:
    """One of the places, turned about the upright axis, at an exposure by chance."""
    lights = _stored()
    row = lights[int(rng.integers(len(lights)))]
    angle = rng.uniform(-np.pi, np.pi)
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]], np.float32)
    colours = row[7:].reshape(6, 3)
    exposure = float(np.exp(rng.normal(0, 0.2))) / (colours.mean(1).sum() + 0.55 * row[3:6].mean())
    return Light(
        turn @ row[:3],
        row[3:6] * np.float32(exposure),
        float(row[6]),
        AXES @ turn.T,
        (colours * exposure).astype(np.float32),
    )


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m models.synthetic.probes", description=__doc__)
    parser.add_argument("file", type=Path, help="NAME -> [H, W, 3] radiance")
    parser.add_argument("--out", type=Path, default=None, help="default: resources/face_model/lights.npz")
    options = parser.parse_args()
    out = options.out or Path(resources.__file__).parent / "face_model" / "lights.npz"
    with np.load(options.file, allow_pickle=False) as maps:
        names = sorted(maps.files)
        lights = np.stack([fitted(maps[name].astype(np.float32)) for name in names])
    np.savez_compressed(out, lights=lights, names=np.array(names), licence=np.array(LICENCE))
    print(f"{out.name}: {len(names)} lights")


if __name__ == "__main__":
    main()
