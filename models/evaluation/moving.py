"""Rendered heads in motion: every frame's landmarks are known, so tremble, error and delay are told apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Doubles

FRAMES_PER_S = 30.0
SIDE_PX = 256
MARGIN = 2.2
SEED = 987_654_321
MOTIONS = ("calm", "nodding", "fast turn")


def moving_head(motion: str, count: int, index: int = 0) -> tuple[list[NDArray[np.uint8]], Doubles]:
    """A rendered head in one of MOTIONS at 30 frames a second, without anything in front of it.

    calm: sways by half a degree and 0.4 % of the picture. nodding: pitch +-15 degrees, once a second. fast
    turn: yaw from -40 to 40 degrees in a third of a second and back. The mouth opens and closes in all.

    Args:
        motion: One of MOTIONS.
        count: Frames.
        index: Which head.

    Returns:
        Frames [256, 256, 3] RGB, and true landmarks [T, 68, 2], px.
    """
    from models.synthetic.draw import draw_scene  # only here: rendering needs the [train] extra
    from models.synthetic.head import load_head
    from models.synthetic.render import render

    head = load_head()
    scene = draw_scene(SEED, index, head)
    half = scene.expression[:] * 0.5
    images, truth = [], []
    for pitch_deg, yaw_deg, shift, mouth in _script(motion, count):
        pose = replace(scene.pose, pitch=np.radians(pitch_deg), yaw=np.radians(yaw_deg), roll=0.0)
        framing = replace(scene.framing, margin=MARGIN, shift=(shift, shift / 2))
        now = replace(scene, pose=pose, framing=framing, occluders=(), expression=half * mouth)
        sample = render(now, head, SIDE_PX)
        images.append(sample.image)
        truth.append(sample.landmarks[:, :2])
    return images, np.array(truth, np.float64)


def _script(motion: str, count: int) -> Iterator[tuple[float, float, float, float]]:
    """Pitch and yaw in degrees, shift in sides, expression 0..2, frame by frame."""
    for t in (np.arange(count) / FRAMES_PER_S).tolist():
        mouth = 1 + np.sin(2 * np.pi * 1.1 * t)
        sway = 0.004 * np.sin(2 * np.pi * 0.4 * t)
        match motion:
            case "calm":
                yield 0.5 * np.sin(2 * np.pi * 0.5 * t), 0.5 * np.sin(2 * np.pi * 0.3 * t), sway, mouth
            case "nodding":
                yield 15 * np.sin(2 * np.pi * t), 0.0, sway, mouth
            case "fast turn":
                turned = np.clip(
                    6 * abs((t % 2) - 1) - 3, -0.5, 0.5
                )  # from side to side in a third of a second
                yield 0.0, 40 * np.sin(np.pi * turned), sway, mouth
            case _:
                raise ValueError(f"no motion {motion!r}; there are {MOTIONS}")
