"""The numbers that colour a face, in the order the shader reads them."""

from __future__ import annotations

from enum import IntEnum


class Paint(IntEnum):
    """Where each number of a face's colouring stands in the shader's list; colours take three places."""

    SKIN = 0
    LIP = 3
    LIP_GLOSS = 6
    BROW = 7
    BROW_STRENGTH = 10
    BROW_WIDTH = 11
    BLUSH = 12
    RED = 13
    UNDER_EYE = 14
    FRECKLES = 15
    MOTTLE = 16
    RELIEF = 17
    BEARD_AMOUNT = 18
    BEARD_GRAIN = 19
    BEARD = 20
    MOUSTACHE_AMOUNT = 23
    SCALP_AMOUNT = 24
    HAIR = 25
    CREASE = 28
    OIL = 29
    LINER = 30
    SHADOW = 31
    SHADOW_AMOUNT = 34
    OFFSET = 35
    LIP_GROW = 37
    IRIS = 38
    GAZE = 41
    PUPIL = 43
    TEETH = 44
    LIP_STRENGTH = 47
    FLUSH = 48
    BROW_GRAIN = 49
    IRIS_RADIUS = 50
    LASH = 51
    COUNT = 52
