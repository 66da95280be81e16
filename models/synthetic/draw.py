"""A seed and an index to a scene: pose, framing, shape, light and what covers the face, by chance."""

from __future__ import annotations

import numpy as np

from models.geometry.arrays import Floats, Rng
from models.synthetic.camera import euler, rotation
from models.synthetic.head import Head
from models.synthetic.people import draw_complexion, draw_hair, skin_tone
from models.synthetic.probes import probe_light
from models.synthetic.scene import Framing, Hair, Light, Occluder, Pose, Scene, Stream, stream_of

REAL_LIGHT = 0.4  # share of scenes lit as a real place is


def draw_scene(seed: int, index: int, head: Head) -> Scene:
    """The scene of that index; the same for all time, whatever else is drawn."""
    pose = _pose(stream_of(seed, index, Stream.POSE))
    shape_rng = stream_of(seed, index, Stream.SHAPE)
    skin_rng = stream_of(seed, index, Stream.SKIN)
    tone = skin_tone(skin_rng)
    hair = draw_hair(stream_of(seed, index, Stream.HAIR), tone)
    return Scene(
        seed,
        index,
        pose,
        _framing(stream_of(seed, index, Stream.PHOTO)),
        _identity(shape_rng, len(head.identity)),
        _expression(shape_rng, head.expression_bank),
        _any_light(stream_of(seed, index, Stream.LIGHT)),
        draw_complexion(skin_rng, tone, hair),
        hair,
        _occluders(stream_of(seed, index, Stream.OCCLUDERS), hair),
    )


def _pose(rng: Rng) -> Pose:
    """A head that turns on its neck, then nods and tilts, before a camera that is itself raised and rolled.

    Drawn as what happens, not as Euler angles: a profile that nods is turned in the picture, and near 90
    degrees of yaw neither pitch nor roll alone can say that.
    """
    band = rng.random()
    low, high = (0, 32) if band < 0.36 else (28, 64) if band < 0.66 else (60, 94)
    yaw = rng.uniform(low, high) * rng.choice([-1, 1])
    nod = rng.normal(-4, 13) if rng.random() < 0.88 else rng.uniform(-40, 40)
    tilt, raised = rng.normal(0, 5), rng.normal(-2, 7)
    rolled = rng.normal(0, 11) if rng.random() < 0.88 else rng.uniform(-60, 60)
    parts = ((0, 0, rolled), (raised, 0, 0), (0, yaw, 0), (nod, 0, 0), (0, 0, tilt))
    turn = np.linalg.multi_dot([rotation(*np.radians(part)).astype(np.float64) for part in parts])
    torso_yaw = yaw * rng.uniform(0.1, 1.0) + rng.normal(0, 12)
    torso = (raised + nod * rng.uniform(0, 0.4), torso_yaw, rolled * rng.uniform(0.3, 1.0))
    return Pose(*euler(turn), *(float(np.radians(a)) for a in torso))


def _framing(rng: Rng) -> Framing:
    distance = None if rng.random() < 0.2 else float(np.exp(rng.uniform(np.log(350), np.log(3000))))
    margin = 1.5 * float(rng.uniform(0.85, 1.18))
    return Framing(distance, margin, (float(rng.uniform(-0.08, 0.08)), float(rng.uniform(-0.08, 0.08))))


def _identity(rng: Rng, count: int) -> Floats:
    return (rng.normal(size=count) * (1.3 if rng.random() < 0.2 else 1.0)).astype(np.float32)


def _expression(rng: Rng, bank: Floats) -> Floats:
    """At rest, or one of the bank's expressions, weaker or stronger, often with some chance added."""
    noise = rng.normal(size=bank.shape[1])
    if rng.random() < 0.14:
        return np.asarray(noise * rng.uniform(0, 0.15), np.float32)
    strength = rng.uniform(0.4, 1.2)
    chosen = bank[int(rng.integers(len(bank)))] * strength
    return np.asarray(chosen + noise * float(rng.choice([0.0, 0.15, 0.4])), np.float32)


def _towards(azimuth: float, elevation: float) -> Floats:
    """Unit direction in camera space; azimuth 0 = from the camera, to the right positive."""
    c = np.cos(elevation)
    return np.array([c * np.sin(azimuth), np.sin(elevation), c * np.cos(azimuth)], np.float32)


def _warmth(rng: Rng, spread: float) -> Floats:
    t, g = rng.normal(0, spread), rng.normal(0, spread * 0.25)
    return np.array([np.exp(t + g), np.exp(-g), np.exp(-t + g)], np.float32)


def _any_light(rng: Rng) -> Light:
    """The light of a real place, or one made up."""
    made_up = _light(rng)
    return probe_light(rng) if rng.random() < REAL_LIGHT else made_up


def _light(rng: Rng) -> Light:
    kind = rng.random()
    azimuth, elevation = rng.normal(0, 0.9), np.clip(rng.normal(0.55, 0.4), -0.5, 1.45)
    softness, contrast = float(rng.uniform(1.0, 6.0)), float(np.exp(rng.normal(0.35, 0.75)))
    if kind < 0.14:  # flash
        azimuth, elevation, softness = rng.normal(0, 0.12), rng.uniform(-0.02, 0.25), 0.7
        contrast = float(rng.uniform(1.5, 5))
    elif kind < 0.30:  # sun, or a hard lamp from the side
        azimuth, softness, contrast = rng.normal(0, 1.1), 0.6, float(rng.uniform(2, 7))
    elif kind < 0.36:  # from behind
        azimuth, contrast = np.pi + rng.normal(0, 0.7), float(rng.uniform(0.8, 3))
    elif kind < 0.52:  # overcast, or a bright room
        contrast = float(rng.uniform(0.05, 0.4))
    key = _towards(float(azimuth), float(elevation))
    key_colour = _warmth(rng, 0.10 if rng.random() < 0.8 else 0.3) * contrast
    lobes = [_towards(rng.uniform(-np.pi, np.pi), rng.uniform(-0.4, 0.9)) for _ in range(3)]
    directions = np.stack([*lobes, [0, 1, 0], [0, -1, 0], [0, 0, 1]]).astype(np.float32)
    strengths = np.array([*rng.uniform(0.05, 0.5, 3), rng.uniform(0.1, 0.6), rng.uniform(0.02, 0.2), 0.15])
    colours = np.stack([_warmth(rng, 0.12) * s for s in strengths])
    colours *= 0.5 / colours.mean(1).sum()
    total = 0.5 + 0.55 * contrast
    return Light(key, key_colour / total, softness, directions, (colours / total).astype(np.float32))


_CHANCES = (
    (Occluder.HAND, 0.10),
    (Occluder.MASK, 0.09),
    (Occluder.SUNGLASSES, 0.11),
    (Occluder.GLASSES, 0.15),
    (Occluder.STRANDS, 0.07),
    (Occluder.SCARF, 0.03),
    (Occluder.CUP, 0.025),
    (Occluder.PHONE, 0.025),
    (Occluder.MICROPHONE, 0.025),
    (Occluder.BOARD, 0.08),
    (Occluder.BLOB, 0.03),
    (Occluder.HAT, 0.10),
    (Occluder.HOOD, 0.035),
    (Occluder.BALL, 0.015),
    (Occluder.OTHER_HEAD, 0.02),
    (Occluder.RESTING_HAND, 0.08),
    (Occluder.INSTRUMENT, 0.045),
    (Occluder.SHAWL, 0.03),
)


def _occluders(rng: Rng, hair: Hair) -> tuple[tuple[Occluder, int], ...]:
    chosen = [(kind, int(rng.integers(2**31))) for kind, chance in _CHANCES if rng.random() < chance]
    kinds = {kind for kind, _ in chosen}
    if Occluder.SUNGLASSES in kinds:
        chosen = [(kind, seed) for kind, seed in chosen if kind != Occluder.GLASSES]
    if Occluder.HOOD in kinds or Occluder.SHAWL in kinds:
        chosen = [(kind, seed) for kind, seed in chosen if kind != Occluder.HAT]
    return tuple(chosen)
