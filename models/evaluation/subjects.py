"""Faces to put covers on: photos with true landmarks, and rendered faces of which everything is known."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.evaluation.rendered import RenderedFaces
from models.geometry.arrays import Box
from models.ground_truth.aflw2000 import LabelledFace
from models.reconstruction import Array, Topology


@dataclass(frozen=True, eq=False, slots=True)
class Known:
    """What only a renderer knows of a picture of S px.

    Attributes:
        mask: [S, S] bool, pixels that show the face.
        uv: [S, S, 2] chart, depth: [S, S] px towards the camera, where `mask`.
        vertices: [N, 3] image px.
        visible: [N] bool, vertices that can be seen.
        topology: Of the vertices.
    """

    mask: NDArray[np.bool_]
    uv: Array
    depth: Array
    vertices: Array
    visible: NDArray[np.bool_]
    topology: Topology

    @property
    def landmarks_visible(self) -> NDArray[np.bool_]:
        """[68]: points that lie on a triangle with a corner that can be seen."""
        return np.asarray(self.visible[self.topology.landmark_vertices].any(1))


@dataclass(frozen=True, eq=False, slots=True)
class Subject:
    """One face in one picture, with its truth.

    Attributes:
        name: Tells it from the others of its set, and seeds its covers.
        image: Reads [H, W, 3] RGB.
        landmarks: [68, 3] image px.
        pose_deg: Pitch, yaw, roll.
        box: Where to look if no one is asked to find it.
        known: What only a renderer knows; None for photos.
    """

    name: str
    image: Callable[[], NDArray[np.uint8]]
    landmarks: Array
    pose_deg: tuple[float, float, float]
    box: Box
    known: Known | None = None

    @property
    def seed(self) -> int:
        """The same for the same name."""
        return zlib.crc32(self.name.encode())


def photo_subjects(faces: Sequence[LabelledFace]) -> list[Subject]:
    """Labelled photos."""
    return [Subject(face.name, face.image, face.landmarks, face.pose_deg, face.box) for face in faces]


def rendered_subjects(faces: RenderedFaces) -> list[Subject]:
    """Rendered faces in their own squares; they must carry their charts and depths."""
    return [_rendered(faces, i) for i in range(len(faces.images))]


def _rendered(faces: RenderedFaces, i: int) -> Subject:
    if faces.uv is None or faces.depth is None:
        raise ValueError("rendered faces without uv and depth cannot tell how right a pixel is")
    image, mask = faces.images[i], faces.mask[i]
    times = image.shape[0] // mask.shape[0]

    def finer(cells: NDArray[np.generic]) -> NDArray[np.generic]:
        return cells.repeat(times, 0).repeat(times, 1)

    known = Known(
        mask=finer(mask).astype(bool),
        uv=finer(faces.uv[i]).astype(np.float32),
        depth=finer(faces.depth[i]).astype(np.float32),
        vertices=faces.vertices[i],
        visible=faces.visible[i],
        topology=faces.topology,
    )
    landmarks = faces.topology.landmarks(faces.vertices[i])
    pitch, yaw, roll = faces.pose_deg[i].tolist()
    (x0, y0), (x1, y1) = landmarks[:, :2].min(0).tolist(), landmarks[:, :2].max(0).tolist()
    return Subject(f"rendered {i}", lambda: image, landmarks, (pitch, yaw, roll), (x0, y0, x1, y1), known)
