"""A scene: everything one synthetic photo of a face is, drawn from a seed and an index."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from models.synthetic.head import Head
from models.synthetic.surfaces import Colour, linear

Floats = NDArray[np.floating]
Rng = np.random.Generator


class Stream(IntEnum):
    """Independent streams of chance: a change to one part of a scene leaves the others as they were."""

    POSE = 0
    SHAPE = 1
    LIGHT = 2
    SKIN = 3
    HAIR = 4
    OCCLUDERS = 5
    BACKDROP = 6
    PHOTO = 7
    DETAIL = 8
    BORDER = 9


@dataclass(frozen=True, slots=True)
class Pose:
    """Angles in radians, AFLW2000 convention; the torso's are its own."""

    pitch: float
    yaw: float
    roll: float
    torso_pitch: float
    torso_yaw: float
    torso_roll: float


@dataclass(frozen=True, slots=True)
class Framing:
    """Where the camera stands and what it crops.

    Attributes:
        distance_mm: Model origin to camera; None for scaled orthographic.
        margin: Side of the crop over the larger side of the landmarks' box.
        shift: Of the crop, in sides.
    """

    distance_mm: float | None
    margin: float
    shift: tuple[float, float]


@dataclass(frozen=True, eq=False, slots=True)
class Light:
    """Attributes: key [3] direction in camera space; lobes around it (directions, colours) [L, 3]."""

    key: Floats
    key_colour: Floats
    softness: float
    directions: Floats
    colours: Floats


@dataclass(frozen=True, slots=True)
class Complexion:
    """The colours of a face (linear light) and how strongly each feature shows, mostly 0..1."""

    skin: Colour
    lip: Colour
    brow: Colour
    beard: Colour
    iris: Colour
    teeth: Colour
    eye_shadow: Colour
    lip_strength: float
    lip_gloss: float
    lip_grow_mm: float
    brow_strength: float
    brow_width_mm: float
    brow_grain: float
    blush: float
    redness: float
    flush: float
    under_eye: float
    freckles: float
    mottle: float
    relief: float
    crease: float
    oil: float
    beard_amount: float
    beard_grain: float
    moustache: float
    eye_shadow_strength: float
    liner_mm: float
    lash: float
    pupil_mm: float
    gaze_mm: tuple[float, float]
    offset: tuple[float, float]


class HairStyle(IntEnum):
    """How the head is covered."""

    BALD = 0
    BUZZ = 1
    SHORT = 2
    FRINGE = 3
    LONG = 4
    CURLY = 5
    TIED = 6


@dataclass(frozen=True, slots=True)
class Hair:
    """Attributes: length_mm, wave and stiffness of strands; part: side (-1..1) from which hair falls."""

    style: HairStyle
    colour: Colour
    second: Colour
    length_mm: float
    wave: float
    fringe: float
    part: float
    strands: int
    seed: int


class Occluder(IntEnum):
    """What may stand between the camera and the face."""

    HAND = 0
    MASK = 1
    SUNGLASSES = 2
    GLASSES = 3
    STRANDS = 4
    SCARF = 5
    CUP = 6
    PHONE = 7
    MICROPHONE = 8
    BOARD = 9
    BLOB = 10
    HAT = 11
    HOOD = 12
    BALL = 13
    OTHER_HEAD = 14


@dataclass(frozen=True, eq=False, slots=True)
class Scene:
    """One synthetic photo before it is drawn.

    Attributes:
        identity: [60]; expression: [E] standard deviations.
        occluders: Each with a seed of its own.
    """

    seed: int
    index: int
    pose: Pose
    framing: Framing
    identity: Floats
    expression: Floats
    light: Light
    complexion: Complexion
    hair: Hair
    occluders: tuple[tuple[Occluder, int], ...]

    def rng(self, stream: Stream) -> Rng:
        """A fresh stream of chance of this scene."""
        return stream_of(self.seed, self.index, stream)


def stream_of(seed: int, index: int, stream: Stream) -> Rng:
    """The stream of one part of one scene."""
    return np.random.Generator(np.random.PCG64([seed, index, int(stream)]))


def draw_scene(seed: int, index: int, head: Head) -> Scene:
    """The scene of that index; the same for all time, whatever else is drawn."""
    pose = _pose(stream_of(seed, index, Stream.POSE))
    shape_rng = stream_of(seed, index, Stream.SHAPE)
    skin_rng = stream_of(seed, index, Stream.SKIN)
    tone = _tone(skin_rng)
    hair = _hair(stream_of(seed, index, Stream.HAIR), tone)
    return Scene(
        seed,
        index,
        pose,
        _framing(stream_of(seed, index, Stream.PHOTO)),
        _identity(shape_rng, len(head.identity)),
        _expression(shape_rng, head.expression_bank),
        _light(stream_of(seed, index, Stream.LIGHT)),
        _complexion(skin_rng, tone, hair),
        hair,
        _occluders(stream_of(seed, index, Stream.OCCLUDERS), hair),
    )


def _pose(rng: Rng) -> Pose:
    band = rng.random()
    if band < 0.43:
        yaw = rng.uniform(0, 32)
    elif band < 0.795:
        yaw = rng.uniform(28, 62)
    else:
        yaw = rng.uniform(60, 92)
    yaw *= rng.choice([-1, 1])
    pitch = float(np.clip(rng.normal(-2, 14), -42, 42)) if rng.random() < 0.85 else rng.uniform(-42, 42)
    roll = float(np.clip(rng.normal(0, 13), -60, 60)) if rng.random() < 0.88 else rng.uniform(-60, 60)
    torso_yaw = yaw * rng.uniform(0.1, 1.0) + rng.normal(0, 12)
    torso = (pitch * rng.uniform(0, 0.6) + rng.normal(0, 5), torso_yaw, roll * rng.uniform(0.1, 0.9))
    return Pose(*(float(np.radians(a)) for a in (pitch, yaw, roll, *torso)))


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
    strength = rng.uniform(0.35, 1.05)
    chosen = bank[int(rng.integers(len(bank)))] * strength
    return np.asarray(chosen + noise * float(rng.choice([0.0, 0.15, 0.4])), np.float32)


def _towards(azimuth: float, elevation: float) -> Floats:
    """Unit direction in camera space; azimuth 0 = from the camera, to the right positive."""
    c = np.cos(elevation)
    return np.array([c * np.sin(azimuth), np.sin(elevation), c * np.cos(azimuth)], np.float32)


def _warmth(rng: Rng, spread: float) -> Floats:
    t, g = rng.normal(0, spread), rng.normal(0, spread * 0.25)
    return np.array([np.exp(t + g), np.exp(-g), np.exp(-t + g)], np.float32)


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


_TONES = (
    (248, 222, 205),
    (238, 200, 176),
    (224, 178, 146),
    (198, 146, 110),
    (160, 108, 76),
    (112, 72, 50),
    (66, 44, 34),
)


def _tone(rng: Rng) -> float:
    """0 = very pale .. 6 = very dark."""
    return float(rng.beta(1.15, 1.5) * 6)


def _tone_colour(tone: float) -> Floats:
    low = min(int(tone), 5)
    share = tone - low
    pair = [np.array(linear(*_TONES[k])) for k in (low, low + 1)]
    return np.asarray(pair[0] * (1 - share) + pair[1] * share)


def skin_colour(rng: Rng, tone: float) -> Colour:
    """A skin of that tone, linear."""
    tint = np.exp(rng.normal(0, [0.07, 0.05, 0.08]))
    red, green, blue = (_tone_colour(tone) * tint).clip(0.004, 0.95)
    return float(red), float(green), float(blue)


_HAIRS = (
    ((14, 12, 12), 0.36),
    ((34, 24, 20), 0.24),
    ((66, 44, 30), 0.14),
    ((112, 78, 50), 0.08),
    ((178, 140, 92), 0.06),
    ((216, 190, 146), 0.04),
    ((130, 60, 32), 0.03),
    ((150, 148, 146), 0.03),
    ((222, 220, 216), 0.02),
)
_DARK_HAIRED = 2  # from this skin tone on, most hair is dark


def _hair(rng: Rng, tone: float) -> Hair:
    colours, weights = zip(*_HAIRS, strict=True)
    weight = np.array(weights)
    if tone > _DARK_HAIRED + rng.normal(0.5, 0.5):
        weight[3:] *= 0.15
    pick = int(rng.choice(len(colours), p=weight / weight.sum()))
    base = np.array(linear(*colours[pick])) * np.exp(rng.normal(0, 0.15, 3))
    if rng.random() < 0.03:
        base = rng.uniform(0.02, 0.6, 3)
    second = base * rng.uniform(1.4, 2.6) + 0.004
    style = HairStyle(rng.choice(7, p=[0.07, 0.14, 0.25, 0.14, 0.22, 0.08, 0.10]))
    length = {
        HairStyle.SHORT: rng.uniform(15, 50),
        HairStyle.FRINGE: rng.uniform(35, 75),
        HairStyle.LONG: rng.uniform(110, 330),
        HairStyle.CURLY: rng.uniform(30, 140),
        HairStyle.TIED: rng.uniform(15, 30),
    }.get(style, 4.0)
    return Hair(
        style,
        tuple(base.clip(0.002, 0.9).tolist()),
        tuple(second.clip(0.004, 0.95).tolist()),
        float(length),
        float(rng.uniform(0.3, 1.0) if style == HairStyle.CURLY else rng.uniform(0, 0.3)),
        float(rng.uniform(0, 1)),
        float(rng.choice([-1, 1]) * rng.uniform(0.1, 1.0)),
        int(rng.integers(90, 190)),
        int(rng.integers(2**31)),
    )


_IRISES = (
    (40, 24, 16),
    (66, 40, 22),
    (92, 66, 36),
    (92, 104, 70),
    (92, 122, 146),
    (122, 150, 172),
    (110, 116, 118),
)


def _complexion(rng: Rng, tone: float, hair: Hair) -> Complexion:
    skin = np.array(skin_colour(rng, tone))
    make_up = rng.random() < 0.3
    male = not make_up and rng.random() < 0.62
    lip = skin * np.array([0.80, 0.48, 0.50]) * rng.uniform(0.75, 1.1)
    if make_up and rng.random() < 0.6:
        lip = np.array(linear(*rng.uniform([120, 10, 20], [225, 110, 120])))
    beard_kind = rng.choice(5, p=[0.38, 0.22, 0.12, 0.16, 0.12]) if male else 0
    beard = {0: 0.0, 1: rng.uniform(0.12, 0.5), 2: 0.0, 3: rng.uniform(0.7, 1.3), 4: rng.uniform(0.3, 1.0)}[
        int(beard_kind)
    ]
    moustache = rng.uniform(0.5, 1.1) if beard_kind in (2, 3) else beard * rng.uniform(0.5, 1.0)
    hair_colour = np.array(hair.colour)
    grey = np.array([0.22, 0.21, 0.2]) * rng.uniform(0.3, 1.6)
    iris = _IRISES[int(rng.integers(7)) if tone < 2.2 else int(rng.integers(2))]
    tooth = np.array([0.68, 0.62, 0.54]) * rng.uniform(0.7, 1.2) * np.array([1, 1, rng.uniform(0.75, 1.1)])
    age = rng.beta(1, 1.7)
    return Complexion(
        tuple(skin.tolist()),
        tuple(lip.clip(0.004, 0.9).tolist()),
        tuple(np.minimum(hair_colour * rng.uniform(0.4, 1.0) + 0.003, skin * 0.55).tolist()),
        tuple(
            (hair_colour * rng.uniform(0.7, 1.3) if rng.random() < 0.8 else grey).clip(0.002, 0.7).tolist()
        ),
        linear(*iris),
        tuple(tooth.clip(0.05, 0.8).tolist()),
        tuple(rng.uniform(0.01, 0.25, 3).tolist()),
        float(rng.uniform(0.45, 1.0)),
        float(rng.uniform(0.05, 0.6 if make_up else 0.25)),
        float(rng.normal(0, 0.5)),
        float(rng.uniform(0.7, 1.1)),
        float(rng.uniform(3.2, 5.8) if male else rng.uniform(2.2, 4.4)),
        float(rng.uniform(0.1, 0.7)),
        float(rng.uniform(0, 0.7) if make_up else rng.uniform(0, 0.35)),
        float(rng.uniform(0, 0.5)),
        float(rng.uniform(0, 0.35)),
        float(rng.uniform(0, 0.7)),
        float(rng.uniform(0, 0.9) if rng.random() < 0.2 else rng.uniform(0, 0.1)),
        float(rng.uniform(0.3, 1.3)),
        float(rng.uniform(0.05, 0.32) + 0.15 * age),
        float(age),
        float(rng.gamma(2.0, 0.06) + 0.02),
        float(beard),
        float(rng.uniform(0.4, 1.2)),
        float(moustache),
        float(rng.uniform(0.2, 0.8) if make_up and rng.random() < 0.6 else 0),
        float(rng.uniform(1.8, 3.2) if make_up else rng.uniform(1.0, 2.2)),
        float(rng.uniform(0.8, 1.0) if make_up else rng.uniform(0.4, 0.9)),
        float(rng.uniform(1.2, 2.8)),
        (float(np.clip(rng.normal(0, 2.2), -5, 5)), float(np.clip(rng.normal(0, 1.2), -3, 3))),
        (float(rng.random()), float(rng.random())),
    )


_CHANCES = (
    (Occluder.HAND, 0.13),
    (Occluder.MASK, 0.06),
    (Occluder.SUNGLASSES, 0.065),
    (Occluder.GLASSES, 0.10),
    (Occluder.STRANDS, 0.05),
    (Occluder.SCARF, 0.03),
    (Occluder.CUP, 0.025),
    (Occluder.PHONE, 0.025),
    (Occluder.MICROPHONE, 0.025),
    (Occluder.BOARD, 0.065),
    (Occluder.BLOB, 0.05),
    (Occluder.HAT, 0.10),
    (Occluder.HOOD, 0.03),
    (Occluder.BALL, 0.015),
    (Occluder.OTHER_HEAD, 0.02),
)


def _occluders(rng: Rng, hair: Hair) -> tuple[tuple[Occluder, int], ...]:
    chosen = [(kind, int(rng.integers(2**31))) for kind, chance in _CHANCES if rng.random() < chance]
    kinds = {kind for kind, _ in chosen}
    if Occluder.SUNGLASSES in kinds:
        chosen = [(kind, seed) for kind, seed in chosen if kind != Occluder.GLASSES]
    if Occluder.HOOD in kinds:
        chosen = [(kind, seed) for kind, seed in chosen if kind != Occluder.HAT]
    return tuple(chosen)
