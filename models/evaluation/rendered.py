"""Methods scored on rendered faces, where every vertex and every visible pixel is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from models.evaluation.scoring import View
from models.face_model.morphable import FaceModel
from models.geometry.arrays import Doubles
from models.geometry.crops import crop_square, warp_crop
from models.geometry.transforms import euler_from_rotation
from models.metrics.correspondence import common, reached
from models.metrics.errors import box_size, iou, nme3d_percent, nme_percent, pose_mae_deg
from models.pipeline import back_project
from models.reconstruction import MapLayer, Reconstruction, Topology
from models.reconstructor import Reconstructor

CHUNK = 16


@dataclass(frozen=True, eq=False, slots=True)
class RenderedFaces:
    """Crops and their truth, in crop px (y down, z towards the camera).

    Attributes:
        topology: Of `vertices`.
        images: [F, S, S, 3] uint8 RGB.
        vertices: [F, N, 3] float32.
        pose_deg: [F, 3] pitch, yaw, roll.
        mask: [F, M, M] bool, cells that show uncovered face.
        visible: [F, N] bool, vertices that can be seen.
        uv: [F, M, M, 2] chart, depth: [F, M, M] crop px, where `mask`; None if no one needs them.
        states: [F, N] uint8: 0 seen, 1 turned away, 2 covered, 255 unknown; None if nobody says.
        mm_per_px: [F] at the middle of the head; None if nobody says.
    """

    topology: Topology
    images: NDArray[np.uint8]
    vertices: NDArray[np.float32]
    pose_deg: Doubles
    mask: NDArray[np.bool_]
    visible: NDArray[np.bool_]
    uv: NDArray[np.float32] | None = None
    depth: NDArray[np.float32] | None = None
    states: NDArray[np.uint8] | None = None
    mm_per_px: Doubles | None = None


@dataclass(frozen=True, eq=False, slots=True)
class RenderedScore:
    """Figures of one view over all faces.

    Attributes:
        view: The view.
        landmarks, dense, dense3d: Mean NME in percent of 68 points (2D), of all vertices in 2D and in 3D. The
            dense ones are measured by the box around all vertices. A method of another mesh is measured at
            the true vertices that lie on that, and NaN if nobody knows where they lie.
        visible, hidden: Mean dense 3D NME of the vertices that can be seen, and of the others.
        pose_mae_deg: [3] pitch, yaw, roll.
        mask_iou: Mean overlap of the visible-face masks; NaN if the method shows none.
    """

    view: View
    landmarks: float
    dense: float
    dense3d: float
    visible: float
    hidden: float
    pose_mae_deg: Doubles
    mask_iou: float


def rendered_faces(seed: int, count: int, face_model: FaceModel) -> RenderedFaces:
    """The first `count` synthetic faces of a seed. Training must not have used that seed."""
    from models.synthetic.camera import project  # only here: rendering needs the [train] extra
    from models.synthetic.dataset import batch

    faces = batch(seed, range(count))
    shape = face_model.vertices(faces.identity, faces.expression)
    return RenderedFaces(
        topology=face_model.topology,
        images=faces.images.permute(0, 2, 3, 1).contiguous().numpy(),
        vertices=project(shape, faces.rotation, faces.camera).numpy(),
        pose_deg=torch.rad2deg(euler_from_rotation(faces.rotation.double())).numpy(),
        mask=faces.mask.numpy() > 0.5,
        visible=faces.visibility.numpy() > 0.5,
        uv=faces.uv.float().movedim(1, -1).numpy(),
        depth=faces.depth.float().numpy(),
        states=faces.states.numpy(),
        mm_per_px=1 / faces.camera[:, 0].double().numpy(),
    )


def score_rendered(faces: RenderedFaces, method: Reconstructor, views: Sequence[View]) -> list[RenderedScore]:
    """Every face through every view; the method sees the whole rendered square, scaled to its size."""
    return [_score(faces, _answers(faces.images, method, view.without), view) for view in views]


def _answers(
    images: NDArray[np.uint8], method: Reconstructor, without: frozenset[str]
) -> list[Reconstruction]:
    whole, T = _whole(images.shape[1], method.size)
    crops = (
        images if images.shape[1] == method.size else np.stack([warp_crop(i, T, method.size) for i in images])
    )
    parts = [method(crops[i : i + CHUNK], without) for i in range(0, len(crops), CHUNK)]
    return [back_project(answer, T, whole) for part in parts for answer in part]


def ask_about_square(image: NDArray[np.uint8], method: Reconstructor) -> Reconstruction:
    """What the method says of a picture [S, S, 3] that is a crop already, in its px."""
    whole, T = _whole(image.shape[0], method.size)
    crop = image if image.shape[0] == method.size else warp_crop(image, T, method.size)
    return back_project(method(crop[None])[0], T, whole)


def _whole(side: int, size: int) -> tuple[tuple[float, float, float, float], NDArray[np.float64]]:
    """The box around all of a square picture, and the T_image_crop that shows just that."""
    whole = (-0.5, -0.5, side - 0.5, side - 0.5)
    return whole, crop_square(whole, 1.0, size)


def _score(faces: RenderedFaces, answers: Sequence[Reconstruction], view: View) -> RenderedScore:
    landmarks = np.stack([answer.landmarks for answer in answers])
    truth = np.stack([faces.topology.landmarks(vertices) for vertices in faces.vertices])
    dense = dense3d = visible = hidden = np.full(1, np.nan)
    on_it = comparable_vertices(answers[0].topology, faces.topology)
    if on_it is not None:
        there = faces.vertices[:, on_it]
        mine = np.stack([at_true_vertices(answer)[on_it] for answer in answers])
        size = box_size(faces.vertices)
        dense, dense3d = (error(mine, there, size=lambda _: size) for error in (nme_percent, nme3d_percent))
        seen = faces.visible[:, on_it]
        visible, hidden = (nme3d_percent(mine, there, of, lambda _: size) for of in (seen, ~seen))
    return RenderedScore(
        view=view,
        landmarks=float(nme_percent(landmarks, truth).mean()),
        dense=float(dense.mean()),
        dense3d=float(dense3d.mean()),
        visible=_known_mean(visible),
        hidden=_known_mean(hidden),
        pose_mae_deg=pose_mae_deg(np.array([answer.pose_deg for answer in answers]), faces.pose_deg),
        mask_iou=mask_iou(answers, faces.mask),
    )


def comparable_vertices(topology: Topology, true: Topology) -> NDArray[np.bool_] | None:
    """[V] which of the true vertices the meshes of a topology tell of; None if nobody knows."""
    if topology.open_face is not None and len(topology.open_face.corners) == len(true.uv):
        return reached(topology)
    same = topology.open_face is None and len(topology.uv) == len(true.uv)
    return np.ones(len(true.uv), bool) if same else None


def at_true_vertices(answer: Reconstruction) -> NDArray[np.float32]:
    """[V, 3] the answer at the true vertices."""
    found = common(answer)
    return answer.vertices if found is None else found


def mask_iou(answers: Sequence[Reconstruction], truth: NDArray[np.bool_]) -> float:
    """Mean IoU of mask > 0.5, both at the finer of the two resolutions."""
    overlaps = []
    for answer, mask in zip(answers, truth, strict=True):
        layers = [a for a in answer.layers if isinstance(a, MapLayer) and a.name == "visible mask"]
        if not layers:
            return float("nan")
        side = max(mask.shape[0], layers[0].values.shape[0])
        seen = cv2.resize(layers[0].values, (side, side), interpolation=cv2.INTER_LINEAR) > 0.5
        there = cv2.resize(mask.astype(np.uint8), (side, side), interpolation=cv2.INTER_NEAREST) > 0
        overlaps.append(iou(seen, there))
    return float(np.mean(overlaps))


def _known_mean(values: Doubles) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
