"""Which vertex is under the mouse: all vertices are projected at once, which takes about a millisecond."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from viewer.gl import trackball
from viewer.state.camera import Camera

RADIUS_PX = 12.0
CANDIDATES = 32
SKIN, STEEPEST = 0.06, 2.5
"""How much deeper than a vertex beside it one of the same surface may lie: face radii, and as much again for
each face radius between the two on the screen."""


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
    screen = trackball.projected(positions, camera, *size, kept_px)[:, :2]
    off = np.hypot(screen[:, 0] - at[0], screen[:, 1] - at[1])
    viewer = trackball.rotation_matrix(camera.rotation)[2]
    near = np.flatnonzero((off < RADIUS_PX) & (normals @ viewer > 0))
    if len(near) == 0:
        return None
    closest = near[np.argsort(off[near])[:CANDIDATES]]
    _, half_px = trackball.stage(*size, kept_px)
    places, depths = screen[closest] * trackball.FIT / (half_px * camera.zoom), -(positions[closest] @ viewer)
    apart = np.linalg.norm(places[:, None] - places, axis=-1)
    hidden = (depths[:, None] - depths > SKIN + STEEPEST * apart).any(1)
    return int(
        closest[np.argmin(hidden)]
    )  # the first that nothing hides; of all, the frontmost has nothing before it
