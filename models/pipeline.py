"""From faces in a frame to answers in that frame: crop -> reconstruct -> back_project. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray

from models.errors import MethodError
from models.geometry.arrays import Box
from models.geometry.crops import about, check_image, untilted, warp_crop
from models.geometry.transforms import euler_from_rotation, rotation_from_euler
from models.metrics.states import state_alarms
from models.reconstruction import (
    STATE_SCALARS,
    Array,
    Layer,
    MeshLayer,
    Reconstruction,
    Scalar,
    Space,
    Timing,
    frozen,
)
from models.reconstructor import AnswersBare, Face, Reconstructor

FACES_AT_ONCE = 16
"""So many faces of several pictures go through a method together; more are hardly quicker."""


def reconstruct(
    image: NDArray[np.uint8],
    faces: Sequence[Face],
    method: Reconstructor,
    without: frozenset[str] = frozenset(),
) -> list[Reconstruction]:
    """What `method` sees of each face, in the frame's own pixels.

    All faces go through the method in one batch.

    Args:
        image: [H, W, 3] uint8 RGB, contiguous or not; it is not changed.
        faces: Where to look. None gives an empty list.
        method: The face alignment method.
        without: Switches of the method to leave out of the computation.

    Returns:
        One answer per face, in their order, in IMAGE space, with how long it took.

    Raises:
        ValueError: The image or a box cannot be used, or `without` names no switch of the method.
        MethodError: The method answers for another number of faces, in other shapes than it promised, or with
            numbers that are none.
    """
    _check_asked(image, faces)
    return _answered([(image, face) for face in faces], method, without)


def reconstruct_all(
    asked: Sequence[tuple[NDArray[np.uint8], Sequence[Face]]],
    method: Reconstructor,
    without: frozenset[str] = frozenset(),
    bare: bool = False,
) -> list[list[Reconstruction]]:
    """As `reconstruct`, of several pictures: their faces go through the method `FACES_AT_ONCE` at a time.

    Args:
        asked: Pictures [H, W, 3] uint8 RGB, each with its faces.
        method: The face alignment method.
        without: Switches of the method to leave out of the computation.
        bare: Nobody wants layers: a method that is quicker without leaves them out.

    Returns:
        For each picture one answer per face; `timing` is of the faces that went together.

    Raises:
        ValueError, MethodError: As `reconstruct`.
    """
    for image, faces in asked:
        _check_asked(image, faces)
    single = [(image, face) for image, faces in asked for face in faces]
    answers = (
        answer
        for start in range(0, len(single), FACES_AT_ONCE)
        for answer in _answered(single[start : start + FACES_AT_ONCE], method, without, bare)
    )
    return [[next(answers) for _ in faces] for _, faces in asked]


def _check_asked(image: NDArray[np.uint8], faces: Sequence[Face]) -> None:
    check_image(image)
    if image.size == 0:
        raise ValueError(f"the image has no pixels: its shape is {list(image.shape)}")
    for face in faces:
        _check_box(face.box)


def _answered(
    asked: Sequence[tuple[NDArray[np.uint8], Face]],
    method: Reconstructor,
    without: frozenset[str],
    bare: bool = False,
) -> list[Reconstruction]:
    """Answers about faces, each in its picture; all go through the method in one batch."""
    if not asked:
        return []
    start = perf_counter()
    transforms = [crop_of(method, face) for _, face in asked]
    crops = np.stack(
        [
            warp_crop(np.ascontiguousarray(image), T, method.size)
            for (image, _), T in zip(asked, transforms, strict=True)
        ]
    )
    cut = perf_counter()
    answer_all = method.bare if bare and isinstance(method, AnswersBare) else method
    answers = answer_all(crops, without)
    answered = perf_counter()
    if len(answers) != len(asked):
        raise MethodError(f"{method.name} was asked about {len(asked)} faces and answered for {len(answers)}")
    for answer in answers:
        _check_answer(answer, method)
    placed = [
        outside_the_picture(back_project(answer, T, face.box), image.shape[1], image.shape[0])
        for answer, T, (image, face) in zip(answers, transforms, asked, strict=True)
    ]
    total_ms = 1e3 * (perf_counter() - start)
    timing = Timing(1e3 * (cut - start), 1e3 * (answered - cut), total_ms, len(asked))
    return [
        replace(answer, alarms=(*answer.alarms, *state_alarms(answer)), timing=timing, turn_deg=face.turn_deg)
        for answer, (_, face) in zip(placed, asked, strict=True)
    ]


def back_project(answer: Reconstruction, T_image_crop: NDArray[np.float64], box: Box) -> Reconstruction:
    """An answer in crop space, carried into the frame it was cut from.

    x and y follow T_image_crop, z is stretched by its scale, whatever its turn. A crop that was turned in the
    picture turns the pose along: R_image = R_roll R_crop.

    Args:
        answer: In CROP space.
        T_image_crop: [3, 3], crop px -> image px: scale, turn in the plane and shift, no mirror.
        box: The face box in image px the answer is about.
    """
    scale, _ = scale_and_turn(T_image_crop)
    linear, shift = np.diag((0.0, 0.0, scale)), np.append(T_image_crop[:2, 2], 0.0)
    linear[:2, :2] = T_image_crop[:2, :2].T

    def move(points: Array) -> Array:
        return np.asarray(points @ linear + shift, np.float32)

    moved = answer.mapped(Space.IMAGE, move, T_image_crop)
    return replace(
        moved,
        layers=tuple(_turned(layer, T_image_crop) for layer in moved.layers),
        pose_deg=turned_pose(answer.pose_deg, T_image_crop),
        box=box,
        mm_per_px=answer.mm_per_px / scale,
    )


def outside_the_picture(answer: Reconstruction, width: int, height: int) -> Reconstruction:
    """The answer with what lies beyond the picture told so: turned away for sure, whatever the method says.

    Where there is such a part, a scalar "outside the picture" (0 or 1) marks it.

    Args:
        answer: In IMAGE space.
        width, height: Of the picture, px.
    """
    x, y = answer.vertices[:, 0], answer.vertices[:, 1]
    beyond = (x < -0.5) | (y < -0.5) | (x > width - 0.5) | (y > height - 0.5)
    if answer.states is None or not beyond.any():
        return answer
    certain = dict(zip(STATE_SCALARS, (0.0, 1.0, 0.0), strict=True))
    scalars = tuple(
        replace(scalar, values=frozen(np.where(beyond, certain[scalar.name], scalar.values)))
        if scalar.name in certain
        else scalar
        for scalar in answer.scalars
    )
    marks = None if answer.landmark_states is None else _beyond(answer, width, height)
    return replace(
        answer,
        landmark_states=marks,
        scalars=(*scalars, Scalar("outside the picture", frozen(beyond), 0.0, 1.0)),
    )


def _beyond(answer: Reconstruction, width: int, height: int) -> Array:
    """[68, 3] the landmarks' states, turned away for sure where they lie beyond the picture."""
    assert answer.landmark_states is not None
    x, y = answer.landmarks[:, 0], answer.landmarks[:, 1]
    beyond = (x < -0.5) | (y < -0.5) | (x > width - 0.5) | (y > height - 0.5)
    return frozen(np.where(beyond[:, None], (0.0, 1.0, 0.0), answer.landmark_states))


def _turned(layer: Layer, T_image_crop: NDArray[np.float64]) -> Layer:
    if isinstance(layer, MeshLayer) and layer.pose_deg is not None and layer.space is Space.IMAGE:
        return replace(layer, pose_deg=turned_pose(layer.pose_deg, T_image_crop))
    return layer


def turned_pose(
    pose_deg: tuple[float, float, float], T_image_crop: NDArray[np.float64]
) -> tuple[float, float, float]:
    """The pose in the frame of a face whose pose in the crop is `pose_deg` (pitch, yaw, roll).

    A turn by `a` in the picture (y down) is one by -a about the viewing axis where y is up and z comes to the
    viewer. An upright crop leaves the pose as it is, to the last bit.
    """
    _, angle = scale_and_turn(T_image_crop)
    if angle == 0:
        return pose_deg
    roll = rotation_from_euler(torch.tensor([0.0, 0.0, angle], dtype=torch.float64))
    rotation = rotation_from_euler(torch.deg2rad(torch.tensor(pose_deg, dtype=torch.float64)))
    pitch, yaw, roll_deg = torch.rad2deg(euler_from_rotation(roll @ rotation)).tolist()
    return pitch, yaw, roll_deg


def scale_and_turn(T: NDArray[np.float64]) -> tuple[float, float]:
    """Image px per crop px, and the angle (radians, x towards y: clockwise as seen) of a crop."""
    scale = math.sqrt(max(float(np.linalg.det(T[:2, :2])), 0.0))
    return scale, math.atan2(float(T[1, 0]), float(T[0, 0]))


def _check_answer(answer: Reconstruction, method: Reconstructor) -> None:
    """What does not hold here is the method's mistake, and nothing may be drawn or exported of it."""
    vertices, triangles = np.asarray(answer.vertices), answer.topology.triangles
    if vertices.ndim != 2 or vertices.shape[1] != 3 or not len(vertices):
        raise MethodError(f"{method.name} answered with vertices of the shape {list(vertices.shape)}")
    if len(triangles) and int(np.max(triangles)) >= len(vertices):
        raise MethodError(f"{method.name} answered with {len(vertices)} vertices, too few for its triangles")
    for scalar in answer.scalars:
        if len(scalar.values) != len(vertices):
            raise MethodError(
                f"{method.name} answered with {len(scalar.values)} values of {scalar.name} "
                f"for {len(vertices)} vertices"
            )
    numbers = (vertices, answer.landmarks, answer.pose_deg, answer.mm_per_px)
    if not all(np.isfinite(np.asarray(part)).all() for part in numbers):
        raise MethodError(
            f"{method.name} answered with numbers that are not finite. Try another box, method or device."
        )


def _check_box(box: Box) -> None:
    x0, y0, x1, y1 = box
    if not (all(math.isfinite(edge) for edge in box) and x0 < x1 and y0 < y1):
        raise ValueError(f"a face box is (x0, y0, x1, y1) with x0 < x1 and y0 < y1, not {box}")


def crop_of(method: Reconstructor, face: Face) -> NDArray[np.float64]:
    """T_image_crop [3, 3]: the square the method wants of a face, turned about the box's centre with it.

    The method's own rule is asked about the box as it would be were the face upright.

    Raises:
        MethodError: The method gives no scaled and turned square.
    """
    angle = math.radians(face.turn_deg)
    upright = face if angle == 0 else replace(face, box=untilted(face.box, angle), turn_deg=0.0)
    T = np.asarray(method.crop(upright), np.float64)
    if T.shape != (3, 3) or not np.isfinite(T).all():
        raise MethodError(f"{method.name} gives no usable crop for the box {face.box}: {T.tolist()}")
    scale, own_angle = scale_and_turn(T)
    cos, sin = scale * math.cos(own_angle), scale * math.sin(own_angle)
    wanted = np.array([[cos, -sin, T[0, 2]], [sin, cos, T[1, 2]], [0, 0, 1]])
    if scale == 0 or not np.allclose(T, wanted, rtol=1e-5, atol=1e-5 * scale):
        raise MethodError(f"the crop of {method.name} is no scaled and turned square: {T.tolist()}")
    return T if angle == 0 else about(face.box, angle) @ T
