"""How a mouse turns, shifts and enlarges a face: pure functions on Camera. No Qt, no GL.

Screen points are in units of half the side of the square the face stands in (see `stage`): (0, 0) is its
centre, x right, y up.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from viewer.state.camera import Camera, Quaternion, product

Point = tuple[float, float]

BALL_RADIUS = 0.85  # of the ball one turns, in screen units
FIT = 1.16  # world (face radii) from the centre to the border of the stage, at zoom 1: room for the skull
KEPT_PX = 40.0  # free at the bottom at least, for a legend
MOST_KEPT = 0.45  # of a view's height
FACE_SIZE = 2.0  # one face size in face radii: the unit of Camera.pan
LENS_DISTANCE = 4.2  # of a perspective camera, in face radii
SHOWN_RADII = 3.0  # face radii from the centre: what a view shows unless it knows how far its content reaches
NEAREST = 0.2  # face radii before a perspective camera
ZOOM_RANGE = (0.2, 40.0)


def stage(width: float, height: float, kept_px: float = KEPT_PX) -> tuple[Point, float]:
    """The largest square over the legend, `kept_px` high, of a view of that size.

    Returns:
        Its centre (x, y from the top) and half its side, px.
    """
    room = height - min(kept_px, MOST_KEPT * height)
    half = min(width, room) / 2
    return (width / 2, min(height / 2, room - half)), half


def dragged(camera: Camera, pressed: Point, now: Point) -> Camera:
    """The ball was gripped at `pressed` and pulled to `now`; `camera` is how it stood when gripped."""
    a, b = _on_ball(pressed), _on_ball(now)
    axis = np.cross(a, b)
    sine, cosine = float(np.linalg.norm(axis)), float(a @ b)
    if sine < 1e-9:
        return camera
    half = math.atan2(sine, cosine) / 2
    x, y, z = (float(part) for part in axis / sine * math.sin(half))
    return replace(camera, rotation=product((math.cos(half), x, y, z), camera.rotation))


def _on_ball(point: Point) -> NDArray[np.float64]:
    """Onto a ball that runs out into a hyperbola, so that the rim has no jump (Bell's trackball)."""
    x, y = point[0] / BALL_RADIUS, point[1] / BALL_RADIUS
    square = x * x + y * y
    z = math.sqrt(1 - square) if square < 0.5 else 0.5 / math.sqrt(square)
    on = np.array([x, y, z])
    return np.asarray(on / np.linalg.norm(on))


def shifted(camera: Camera, by: Point) -> Camera:
    """Moved by a screen distance."""
    scale = FIT / camera.zoom / FACE_SIZE
    return replace(camera, pan=(camera.pan[0] + by[0] * scale, camera.pan[1] + by[1] * scale))


def zoomed(camera: Camera, factor: float, at: Point) -> Camera:
    """Enlarged by `factor`; what is under `at` stays there."""
    zoom = min(max(camera.zoom * factor, ZOOM_RANGE[0]), ZOOM_RANGE[1])
    change = (1 / zoom - 1 / camera.zoom) * FIT / FACE_SIZE
    return replace(camera, zoom=zoom, pan=(camera.pan[0] + at[0] * change, camera.pan[1] + at[1] * change))


def rotation_matrix(q: Quaternion) -> NDArray[np.float64]:
    """[3, 3] of a unit quaternion (w, x, y, z)."""
    w, x, y, z = q
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def view_matrix(camera: Camera) -> NDArray[np.float64]:
    """[4, 4]: world to eye, the face turned about its centre."""
    matrix = np.eye(4)
    matrix[:3, :3] = rotation_matrix(camera.rotation)
    matrix[2, 3] = -LENS_DISTANCE
    return matrix


def projection_matrix(
    camera: Camera, width: float, height: float, reach: float = SHOWN_RADII, kept_px: float = KEPT_PX
) -> NDArray[np.float64]:
    """[4, 4]: eye to clip space. Near and far hug the content, so that overlaid surfaces do not fight.

    Args:
        camera: How the face is seen.
        width, height: Of the view, px.
        reach: Of the content from the face's centre, however it is turned, in face radii.
        kept_px: As of `stage`.
    """
    (_, middle), half = stage(width, height, kept_px)
    scale_x, scale_y = 2 * half / width, 2 * half / height
    near, far = max(LENS_DISTANCE - reach, NEAREST), LENS_DISTANCE + reach
    enlarged = camera.zoom / FIT
    matrix = np.zeros((4, 4))
    if camera.perspective:
        matrix[0, 0], matrix[1, 1] = enlarged * LENS_DISTANCE * scale_x, enlarged * LENS_DISTANCE * scale_y
        matrix[2, 2], matrix[2, 3] = -(far + near) / (far - near), -2 * far * near / (far - near)
        matrix[3, 2] = -1
    else:
        matrix[0, 0], matrix[1, 1] = enlarged * scale_x, enlarged * scale_y
        matrix[2, 2], matrix[2, 3] = -2 / (far - near), -(far + near) / (far - near)
        matrix[3, 3] = 1
    shift = np.eye(4)
    shift[0, 3] = camera.pan[0] * FACE_SIZE * enlarged * scale_x
    shift[1, 3] = camera.pan[1] * FACE_SIZE * enlarged * scale_y + 1 - 2 * middle / height
    return np.asarray(shift @ matrix)


def projected(
    positions: NDArray[np.float32], camera: Camera, width: float, height: float, kept_px: float = KEPT_PX
) -> NDArray[np.float64]:
    """[N, 3]: where world points come to lie: widget x, y (origin top left) and depth, nearer is smaller."""
    matrix = projection_matrix(camera, width, height, kept_px=kept_px) @ view_matrix(camera)
    clip = positions @ matrix[:, :3].T + matrix[:, 3]
    ndc = clip[:, :3] / clip[:, 3:]
    return np.stack([(ndc[:, 0] + 1) * width / 2, (1 - ndc[:, 1]) * height / 2, ndc[:, 2]], axis=1)
