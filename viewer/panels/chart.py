"""Pictures over a face's chart: the mean face's coordinates as colours."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from models.face_model.ncc import mean_coordinates
from models.reconstruction import Topology

SIZE = 256  # px of a side


@lru_cache(maxsize=4)  # as many topologies as methods one compares
def mean_colours(topology: Topology) -> NDArray[np.uint8] | None:
    """The mean face's coordinates over the chart as red, green and blue, for PNCC.

    One colour is one place of the face, in every answer. Each pixel takes the vertex nearest on the chart,
    then neighbours are averaged.

    Returns:
        [SIZE, SIZE, 3], the first row at v = 0; None if the topology has no mean face.
    """
    shares = mean_coordinates(topology)
    if shares is None:
        return None
    column, row = np.clip(np.rint(topology.uv * SIZE - 0.5), 0, SIZE - 1).astype(np.intp).T
    free = np.ones((SIZE, SIZE), np.uint8)
    free[row, column] = 0
    _, nearest = cv2.distanceTransformWithLabels(free, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    of_label = np.zeros((int(nearest.max()) + 1, 3), np.float32)
    of_label[nearest[row, column]] = shares
    smooth = cv2.blur(of_label[nearest], (3, 3))
    picture = np.rint(smooth * 255).astype(np.uint8)
    picture.flags.writeable = False
    return picture
