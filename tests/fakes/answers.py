"""An answer about a made-up photo, for what is written of answers."""

from __future__ import annotations

import numpy as np

from models.reconstruction import Alarm, Reconstruction
from models.reconstructor import Face
from tests.fakes.reconstructor import FakeReconstructor, fake_reconstruct

WIDTH, HEIGHT = 220, 200


def photo() -> np.ndarray:
    """[H, W, 3]: red = x, green = y, so that a colour says where it was taken from."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return np.stack([x, y, np.full_like(x, 7)], -1).astype(np.uint8)


def answer(alarms: tuple[Alarm, ...] = ()) -> Reconstruction:
    """One face, without its confidence."""
    faces = [Face((40.0, 30.0, 160.0, 170.0))]
    return fake_reconstruct(photo(), faces, FakeReconstructor(alarms=alarms), frozenset({"confidence"}))[0]
