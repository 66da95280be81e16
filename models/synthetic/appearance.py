"""The colours of one head: what the shader is told."""

from __future__ import annotations

import numpy as np

from models.geometry.arrays import Floats
from models.synthetic.paint import Paint
from models.synthetic.scene import Complexion, Hair, HairStyle, Scene
from models.synthetic.surfaces import CLOSED, TWO_SIDED, Kind, Surface

_KINDS = {
    "face": Kind.SKIN,
    "skin": Kind.SKIN,
    "neck": Kind.SKIN,
    "mouth": Kind.MOUTH,
    "socket": Kind.MOUTH,
    "eye": Kind.EYE,
    "teeth": Kind.TEETH,
    "tongue": Kind.TONGUE,
}


def part_surfaces(names: tuple[str, ...], scene: Scene) -> list[Surface]:
    """A surface per part of the head."""
    lash = Surface(Kind.MATTER, (0.01, 0.008, 0.007), cutout=TWO_SIDED)
    return [Surface(_KINDS[n], cutout=CLOSED) if n in _KINDS else lash for n in names]


def paint_list(face: Complexion, hair: Hair) -> Floats:
    """[Paint.COUNT] the shader's numbers."""
    scalp = {HairStyle.BALD: 0.12, HairStyle.BUZZ: 0.85}.get(hair.style, 1.3)
    values: dict[Paint, float | tuple[float, ...]] = {
        Paint.SKIN: face.skin,
        Paint.LIP: face.lip,
        Paint.LIP_GLOSS: face.lip_gloss,
        Paint.BROW: face.brow,
        Paint.BROW_STRENGTH: face.brow_strength,
        Paint.BROW_WIDTH: face.brow_width_mm,
        Paint.BLUSH: face.blush,
        Paint.RED: face.redness,
        Paint.UNDER_EYE: face.under_eye,
        Paint.FRECKLES: face.freckles,
        Paint.MOTTLE: face.mottle,
        Paint.RELIEF: face.relief,
        Paint.BEARD_AMOUNT: face.beard_amount,
        Paint.BEARD_GRAIN: face.beard_grain,
        Paint.BEARD: face.beard,
        Paint.MOUSTACHE_AMOUNT: face.moustache,
        Paint.SCALP_AMOUNT: scalp,
        Paint.HAIR: hair.colour,
        Paint.CREASE: face.crease,
        Paint.OIL: face.oil,
        Paint.LINER: face.liner_mm,
        Paint.SHADOW: face.eye_shadow,
        Paint.SHADOW_AMOUNT: face.eye_shadow_strength,
        Paint.OFFSET: face.offset,
        Paint.LIP_GROW: face.lip_grow_mm,
        Paint.IRIS: face.iris,
        Paint.GAZE: face.gaze_mm,
        Paint.PUPIL: face.pupil_mm,
        Paint.TEETH: face.teeth,
        Paint.LIP_STRENGTH: face.lip_strength,
        Paint.FLUSH: face.flush,
        Paint.BROW_GRAIN: face.brow_grain,
        Paint.IRIS_RADIUS: 5.9,
        Paint.LASH: face.lash,
    }
    out = np.zeros(int(Paint.COUNT), np.float32)
    for place, value in values.items():
        numbers = np.atleast_1d(np.asarray(value, np.float32))
        out[place : place + len(numbers)] = numbers
    return out
