"""What people look like, by chance: skin, hair and the colours of a face."""

from __future__ import annotations

import numpy as np

from models.geometry.arrays import Floats, Rng
from models.synthetic.scene import Complexion, Hair, HairStyle
from models.synthetic.surfaces import Colour, linear

_TONES = (
    (248, 222, 205),
    (238, 200, 176),
    (224, 178, 146),
    (198, 146, 110),
    (160, 108, 76),
    (112, 72, 50),
    (66, 44, 34),
)


def skin_tone(rng: Rng) -> float:
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
_PIECES = {
    "afro01": 0.5, "bob01": 1.6, "bob02": 1.6, "braid01": 0.6, "long01": 1.2, "ponytail01": 0.8,
    "short01": 1.0, "short02": 1.2, "short03": 1.6, "short04": 0.8,
}  # fmt: skip
_DARK_HAIRED = 2  # from this skin tone on, most hair is dark


def draw_hair(rng: Rng, tone: float) -> Hair:
    """Hair that goes with a skin tone."""
    colours, weights = zip(*_HAIRS, strict=True)
    weight = np.array(weights)
    if tone > _DARK_HAIRED + rng.normal(0.5, 0.5):
        weight[3:] *= 0.15
    pick = int(rng.choice(len(colours), p=weight / weight.sum()))
    base = np.array(linear(*colours[pick])) * np.exp(rng.normal(0, 0.15, 3))
    if rng.random() < 0.03:
        base = rng.uniform(0.02, 0.6, 3)
    second = base * rng.uniform(1.4, 2.6) + 0.004
    style = HairStyle(rng.choice(7, p=[0.05, 0.08, 0.27, 0.16, 0.26, 0.09, 0.09]))
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
        *_locks(rng, style),
        _piece(rng),
    )


def _locks(rng: Rng, style: HairStyle) -> tuple[float, float]:
    """How dense fringe and curtains are; most people have neither."""
    bangs, curtains = rng.random(), rng.random()
    long = style in (HairStyle.LONG, HairStyle.CURLY)
    return (
        float(rng.uniform(0.1, 1.0)) if bangs < 0.42 else 0.0,
        float(rng.uniform(0.1, 1.0)) if curtains < (0.9 if long else 0.5) else 0.0,
    )


def _piece(rng: Rng) -> str:
    """A modelled style half of the time."""
    name = str(rng.choice(list(_PIECES), p=np.array(list(_PIECES.values())) / sum(_PIECES.values())))
    return name if rng.random() < 0.55 else ""


_IRISES = (
    (40, 24, 16),
    (66, 40, 22),
    (92, 66, 36),
    (92, 104, 70),
    (92, 122, 146),
    (122, 150, 172),
    (110, 116, 118),
)


def draw_complexion(rng: Rng, tone: float, hair: Hair) -> Complexion:
    """The colours of a face of that tone, with or without make-up and beard."""
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
