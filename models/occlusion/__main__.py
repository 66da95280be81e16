"""`python -m models.occlusion OUT.png [PHOTO]`: a sheet of all kinds of occluders to look at."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.detection.detectors import detect
from models.occlusion.kinds import KINDS, occluder
from models.occlusion.occluder import lay

SIDE_PX = 240


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the sheet; 0, or 1 with a sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python -m models.occlusion", description=__doc__)
    parser.add_argument("out", type=Path, help="PNG to write")
    parser.add_argument("photo", type=Path, nargs="?", help="a photo of one face (default: a plain sketch)")
    parser.add_argument("--seeds", type=int, default=6, help="how many of each kind")
    chosen = parser.parse_args(arguments)
    picture, landmarks = _sketch(), sketched_landmarks()
    if chosen.photo is not None:
        read = cv2.imread(str(chosen.photo), cv2.IMREAD_COLOR)
        faces = [] if read is None else detect(np.ascontiguousarray(read[..., ::-1]))
        if read is None or not faces:
            print(f"error: {chosen.photo} shows no face that is found; choose another", file=sys.stderr)
            return 1
        picture, landmarks = _cut(np.ascontiguousarray(read[..., ::-1]), faces[0].box)
    rows = [
        np.concatenate(
            [lay(picture, [occluder(kind, landmarks, seed)])[0] for seed in range(chosen.seeds)], 1
        )
        for kind in KINDS
    ]
    if not cv2.imwrite(str(chosen.out), np.concatenate(rows)[..., ::-1]):
        print(f"error: cannot write {chosen.out}; choose a .png in a folder that exists", file=sys.stderr)
        return 1
    print(chosen.out)
    return 0


def sketched_landmarks() -> NDArray[np.float64]:
    """[68, 2]: a plain frontal face, px, in a picture of `SIDE_PX`."""
    angle = np.linspace(np.pi, 0, 17)
    jaw = np.stack([0.50 * np.cos(angle), -0.12 + 0.62 * np.sin(angle) ** 0.8], 1)
    brow = np.stack([np.linspace(-0.40, -0.10, 5), -0.32 + 0.10 * np.linspace(-1, 1, 5) ** 2 * 0.6], 1)
    bridge = np.stack([np.zeros(4), np.linspace(-0.18, 0.08, 4)], 1)
    nostrils = np.stack([np.linspace(-0.09, 0.09, 5), np.array([0.13, 0.145, 0.15, 0.145, 0.13])], 1)
    around = np.array([(-1, 0), (-0.4, -0.35), (0.4, -0.35), (1, 0), (0.4, 0.35), (-0.4, 0.35)])
    eye = np.array([-0.235, -0.18]) + 0.095 * around
    lips = np.linspace(np.pi, -np.pi, 12, endpoint=False)
    outer = np.stack([0.19 * np.cos(lips), 0.28 - 0.07 * np.sin(lips)], 1)
    inner_angle = np.linspace(np.pi, -np.pi, 8, endpoint=False)
    inner = np.stack([0.15 * np.cos(inner_angle), 0.28 - 0.02 * np.sin(inner_angle)], 1)
    mirror = np.array([-1.0, 1.0])
    other_eye = (eye * mirror)[[3, 2, 1, 0, 5, 4]]
    face = np.concatenate([jaw, brow, brow[::-1] * mirror, bridge, nostrils, eye, other_eye, outer, inner])
    return np.asarray(face * SIDE_PX * 0.55 + SIDE_PX / 2)


def _sketch() -> NDArray[np.uint8]:
    picture = np.full((SIDE_PX, SIDE_PX, 3), 200, np.uint8)
    for point in sketched_landmarks():
        cv2.circle(picture, tuple(np.rint(point).astype(int).tolist()), 2, (60, 60, 60), -1, cv2.LINE_AA)
    return picture


def _cut(
    picture: NDArray[np.uint8], box: tuple[float, float, float, float]
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The square around a face, and the sketched landmarks stretched over its box."""
    x0, y0, x1, y1 = box
    scale = SIDE_PX / (1.7 * max(x1 - x0, y1 - y0))
    T = np.array([[scale, 0, SIDE_PX / 2], [0, scale, SIDE_PX / 2]])
    T[:, 2] -= scale * np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    sketch = sketched_landmarks()
    low, size = sketch.min(0), np.ptp(sketch, axis=0)
    points = (sketch - low) / size * np.array([x1 - x0, y1 - y0]) * scale
    points += T[:, 2] + scale * np.array([x0, y0])
    return np.asarray(cv2.warpAffine(picture, T, (SIDE_PX, SIDE_PX), flags=cv2.INTER_AREA), np.uint8), points


if __name__ == "__main__":
    raise SystemExit(main())
