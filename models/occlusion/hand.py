"""A hand with its forearm, seen from the back, in several poses before a face."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from models.geometry.arrays import Floats, Rng
from models.occlusion.canvas import Canvas, Window
from models.occlusion.face_frame import FaceFrame
from models.occlusion.relief import Relief, lamp
from models.occlusion.textures import cloth_colour, skin_colour, smooth_noise

Place = Callable[[Floats], Floats]
UNIT_MM = 140.0  # a face's landmarks span about that much
# Of a right hand seen from the back, thumb to the left; mm, the wrist at (0, 0), fingers up (y < 0).
KNUCKLES = ((-26, -90), (-8, -95), (10, -91), (27, -82))
FINGERS_MM = ((43, 26, 21), (47, 30, 22), (43, 28, 22), (34, 20, 19))
KNUCKLE_RADII_MM = (11.5, 11.5, 11.0, 9.8)
THUMB = ((-18, -22), (-44, -50), (-58, -80), (-65, -106))
THUMB_RADII_MM = (16.0, 13.0, 10.5, 8.5)


@dataclass(frozen=True, eq=False, slots=True)
class Gesture:
    """How a hand is held.

    Attributes:
        at: [2] where its `grip` lies, face units.
        grip_mm: How far from the wrist that is.
        direction: Where the fingers point: 0 up, positive to the right, radians.
        thumb: -1: on the left of a hand that points up, 1: on the right.
        curls: [4] bend of each finger's joints, radians.
        spread: Angle between neighbouring fingers, radians.
    """

    at: Floats
    grip_mm: float
    direction: float
    thumb: int
    curls: Floats
    spread: float


def hand(frame: FaceFrame, rng: Rng) -> Canvas:
    """Over the mouth, over one half, over the eyes, under the chin, or spread over the face."""
    canvas, gesture = Canvas(1.6), _gesture(frame, rng)
    relief, size = Relief(canvas), float(rng.uniform(0.92, 1.12))
    cos, sin = np.cos(gesture.direction), np.sin(gesture.direction)
    turn = np.array([[cos, -sin], [sin, cos]])
    flip = np.array([-gesture.thumb, 1.0])

    def place(mm: Floats) -> Floats:
        """[..., 3] hand mm -> face units."""
        flat = (np.asarray(mm)[..., :2] + (0, gesture.grip_mm)) * flip @ turn.T
        return np.concatenate(
            [gesture.at + flat * size / UNIT_MM, np.asarray(mm)[..., 2:] * size / UNIT_MM], -1
        )

    tips = _build(relief, gesture, place, size / UNIT_MM)
    arm_from = np.array([0, 62.0, 0])
    skin, light = skin_colour(rng), lamp(rng)
    shade = relief.light(light, 0.42)
    canvas.paint(relief.mask, _skin(rng, skin, shade))
    for tip, before in tips:
        _nail(canvas, place(tip), place(before), skin, size)
    if rng.random() < 0.6:
        _sleeve(canvas, place, arm_from, rng, light, size)
    return canvas


def _gesture(frame: FaceFrame, rng: Rng) -> Gesture:
    p = frame.points
    side = int(rng.choice([-1, 1]))  # the forearm comes from there
    loose = rng.uniform(0.0, 0.35) + rng.uniform(-0.06, 0.06, 4)
    wobble = rng.uniform(-0.05, 0.05, 2)
    mouth, eyes, cheek = (
        p[48:].mean(0),
        p[36:48].mean(0),
        p[36 if side < 0 else 45] * 0.6 + p[48 if side < 0 else 54] * 0.4,
    )
    match rng.choice(["mouth", "half", "eyes", "chin", "spread"], p=[0.3, 0.22, 0.14, 0.14, 0.2]):
        case "mouth":
            return Gesture(mouth + wobble, 92, -side * rng.uniform(0.8, 1.6), side, loose, 0.03)
        case "half":
            thumb = int(rng.choice([-1, 1]))
            return Gesture(
                cheek + wobble, 85, -side * rng.uniform(-0.25, 0.45), thumb, loose, rng.uniform(0.02, 0.1)
            )
        case "eyes":
            return Gesture(eyes + wobble / 2, 100, -side * rng.uniform(1.0, 1.7), -side, loose, 0.03)
        case "chin":
            jaw = p[8] * 0.5 + p[4 if side < 0 else 12] * 0.5
            fist = rng.uniform(0.9, 1.3) + rng.uniform(-0.1, 0.1, 4)
            return Gesture(jaw + wobble, 95, -side * rng.uniform(0.1, 0.8), side, fist, 0.02)
        case _:
            nose = p[27:36].mean(0)
            return Gesture(
                nose + wobble, 98, -side * rng.uniform(0.2, 1.0), side, loose, rng.uniform(0.1, 0.2)
            )


def _build(relief: Relief, g: Gesture, place: Place, scale: float) -> list[tuple[Floats, Floats]]:
    """Adds the hand; fingertips and the joints before them, hand mm, of the fingers whose nails show."""

    def cone(a: Floats, b: Floats, ra: float, rb: float, soft: float = 0) -> None:
        relief.cone(place(a), place(b), ra * scale, rb * scale, soft * scale)

    cone(np.array([0, 420.0, -10]), np.array([0, 90.0, -2]), 44, 34, 0)
    cone(np.array([0, 90.0, -2]), np.array([0, 0.0, 0]), 34, 25, 12)
    for (x, y), radius in zip(KNUCKLES, KNUCKLE_RADII_MM, strict=True):
        cone(np.array([0.45 * x, -2.0, 2]), np.array([x, y, 6.0]), 17, radius + 2.5, 16)
    cone(np.array([-14.0, -40, 0]), np.array([14.0, -45, 0]), 24, 22, 16)
    tips = []
    for k, ((x, y), lengths, radius) in enumerate(zip(KNUCKLES, FINGERS_MM, KNUCKLE_RADII_MM, strict=True)):
        angle = (k - 1.4) * g.spread
        joint, bend, thin = np.array([x, y, 6.0]), 0.0, radius
        for bone, length in enumerate(lengths):
            bend += g.curls[k] * (0.8, 1.0, 0.7)[bone]
            step = length * np.array(
                [np.sin(angle) * np.cos(bend), -np.cos(angle) * np.cos(bend), -np.sin(bend)]
            )
            cone(joint, joint + step, thin, thin * 0.88, 2.5 if bone else 9)
            before, joint, thin = joint, joint + step, thin * 0.88
        if bend < 0.9:
            tips.append((joint, before))
    away = 0.5 * min(g.spread * 3, 0.5)
    joints = [np.array([x - away * -y * 0.4, y, 2.0]) for x, y in THUMB]
    for k in range(3):
        cone(joints[k], joints[k + 1], THUMB_RADII_MM[k], THUMB_RADII_MM[k + 1], 12 if k == 0 else 3)
    return [*tips, (joints[3], joints[2])]


def _skin(rng: Rng, skin: Floats, shade: Floats) -> Callable[[Window], Floats]:
    """Shadows on skin are warmer than its lights."""
    side = len(shade)
    blotch = 1 + 0.05 * smooth_noise(rng, (side, side), (side // 14, side // 14))
    levels = np.linspace(0, 1.2, 256)[:, None] ** np.array([0.75, 1.0, 1.12])
    table = np.asarray(skin * levels * 1.06, np.float32)

    def colours(window: Window) -> Floats:
        lit = shade[window] * blotch[window] * (255 / 1.2)
        return table[np.rint(lit).clip(0, 255).astype(np.int32)]

    return colours


def _nail(canvas: Canvas, tip: Floats, before: Floats, skin: Floats, size: float) -> None:
    along = tip[:2] - before[:2]
    length = float(np.linalg.norm(along))
    if length < 0.05:
        return
    along, across = along / length, np.array([-along[1], along[0]]) / length
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    long, wide = 7.0 * size / UNIT_MM, 4.8 * size / UNIT_MM
    rim = np.cos(angle)[:, None] * along * long + np.sin(angle)[:, None] * across * wide
    middle = tip[:2] + along * 1.0 * size / UNIT_MM
    canvas.polygon(middle + rim * 1.12, skin * (0.72, 0.62, 0.6), 0.5)
    canvas.polygon(middle + rim, skin * 0.75 + np.array([64, 48, 46]), 0.75)


def _sleeve(canvas: Canvas, place: Place, start: Floats, rng: Rng, light: Floats, size: float) -> None:
    relief, scale = Relief(canvas), size / UNIT_MM
    reach = start + np.array([0, rng.uniform(-25, 60), 0])
    relief.cone(place(np.array([0, 430.0, 0])), place(reach), 62 * scale, 45 * scale)
    shade = relief.light(light, 0.35)
    wrinkles = 1 + 0.12 * smooth_noise(rng, shape=(canvas.side, canvas.side), cells=(30, 30))
    cut = reach + np.array([(-70, 0, 0), (70, 0, 0), (70, 420, 0), (-70, 420, 0)])
    keep = canvas.outline(place(cut)[:, :2])
    colour = cloth_colour(rng).astype(np.float32)
    canvas.paint(cv2.min(relief.mask, keep), lambda part: colour * (shade[part] * wrinkles[part])[..., None])
