"""A scene: everything one synthetic photo of a face is. Drawn from a seed and an index in draw.py."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from models.geometry.arrays import Floats, Rng
from models.synthetic.surfaces import Colour


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
    """Attributes: length_mm, wave and stiffness of strands; part: side (-1..1) from which hair falls.

    `bangs` and `curtains`: how dense (0..1) locks hang over the brows and along the cheeks; `piece`: the name
    of a modelled style, or "" for ribbons.
    """

    style: HairStyle
    colour: Colour
    second: Colour
    length_mm: float
    wave: float
    fringe: float
    part: float
    strands: int
    seed: int
    bangs: float = 0.0
    curtains: float = 0.0
    piece: str = ""


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
    RESTING_HAND = 15
    INSTRUMENT = 16
    SHAWL = 17


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
