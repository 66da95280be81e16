"""Which vertex is under the mouse: all vertices are projected at once, which takes about a millisecond."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from viewer.gl import trackball
from viewer.state.camera import Camera

RADIUS_PX = 12.0


def picked_vertex(
    positions: NDArray[np.float32],
    normals: NDArray[np.float32],
    camera: Camera,
    size: tuple[float, float],
    at: tuple[float, float],
    kept_px: float = trackball.KEPT_PX,
) -> int | None:
    """The nearest of the vertices around `at` that face the viewer; None if there is none.

    Args:
        positions, normals: [N, 3], world.
        camera: How they are seen.
        size: Width and height of the view, logical px.
        at: x, y in the view, logical px.
        kept_px: Height that the view keeps for a legend, logical px.
    """
    if len(positions) == 0:
        return None
    screen = trackball.projected(positions, camera, *size, kept_px)
    off = np.hypot(screen[:, 0] - at[0], screen[:, 1] - at[1])
    facing = normals @ trackball.rotation_matrix(camera.rotation)[2] > 0
    near = np.flatnonzero((off < RADIUS_PX) & facing)
    if len(near) == 0:
        return None
    closest = near[np.argsort(off[near])[:32]]
    front = closest[screen[closest, 2] <= screen[closest, 2].min() + _SKIN]
    return int(front[np.argmin(off[front])])


_SKIN = 0.02  # of the depth range: how much deeper a vertex of the same surface may lie
