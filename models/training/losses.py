"""DSFNet's losses, each a mean over what it concerns (spec: image space, model space and fused terms)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from models.face_model.morphable import FaceModel
from models.face_model.uv import PositionMapTable
from models.geometry.transforms import Similarity
from models.geometry.units import MM_PER_UNIT
from models.networks.dual_space import (
    DensePrediction,
    DualSpaceAnswer,
    Faces,
)
from models.networks.refining import UNIT, Reading
from models.synthetic.camera import project
from models.synthetic.dataset import FaceBatch
from models.synthetic.labels import UNKNOWN
from models.training.recipes import LossWeights

UPPER, LOWER = [61, 62, 63, 37, 38, 43, 44], [67, 66, 65, 41, 40, 47, 46]  # of inner lips and lids


class Target(NamedTuple):
    """The truth in the network's own units: half crop sides (y up) and 100 mm.

    Attributes:
        mask: [B, M, M] 0 or 1.
        uv: [B, 2, M, M], depth [B, M, M]: where mask.
        coefficients: [B, I + E].
        rotation: [B, 3, 3], model to camera, y up.
        offset: [B, G * G, 3].
        face: [B, G * G, 3], camera coordinates.
        landmarks: [B, 68, 3], camera coordinates; x and y as people placed them, where they did.
        mask_known: [B, M, M] 1 where `mask` holds.
        states: [B, G * G] and landmark_states: [B, 68] int64, a `State`; `UNKNOWN` where nobody knows,
            and outside the face.
    """

    mask: Tensor
    uv: Tensor
    depth: Tensor
    coefficients: Tensor
    rotation: Tensor
    offset: Tensor
    face: Tensor
    landmarks: Tensor
    mask_known: Tensor
    states: Tensor
    landmark_states: Tensor


class Landmarks(NamedTuple):
    """Reads the 68 landmarks of a shape.

    Attributes:
        mean: [68, 3] of the mean shape, 100 mm.
        weights: [68, G * G] over the chart.
    """

    mean: Tensor
    weights: Tensor

    def of(self, offset: Tensor, placement: Similarity) -> Tensor:
        """[B, 68, 3] camera coordinates."""
        count = len(offset)
        moved = self.weights @ offset.movedim(0, 1).flatten(1)  # one product for the whole batch
        return placement.apply(self.mean + moved.unflatten(1, (count, 3)).movedim(1, 0))


def make_target(batch: FaceBatch, face_model: FaceModel, table: PositionMapTable) -> Target:
    """Everything the losses compare with, from the exact parameters of a batch of synthetic faces."""
    size = batch.images.shape[-1]
    shape = face_model.vertices(batch.identity, batch.expression)
    crop = project(shape, batch.rotation, batch.camera)
    half = size / 2
    camera = torch.stack(
        ((crop[..., 0] - (size - 1) / 2) / half, ((size - 1) / 2 - crop[..., 1]) / half, crop[..., 2] / half),
        -1,
    )
    topology = face_model.topology
    corners = torch.tensor(topology.landmark_vertices, device=camera.device).long()
    weights = torch.tensor(topology.landmark_weights, device=camera.device)
    marks = (camera[:, corners] * weights[..., None]).sum(2)
    by_hand = (batch.placed - (size - 1) / 2) * batch.placed.new_tensor((1.0, -1.0)) / half
    flat = torch.where(by_hand.isnan(), marks[..., :2], by_hand)
    return Target(
        mask=(batch.mask == 1).float(),
        uv=batch.uv.float(),
        depth=batch.depth.float() / half,
        coefficients=torch.cat((batch.identity, batch.expression), 1),
        rotation=batch.rotation,
        offset=table.to_map((shape - face_model.mean) / MM_PER_UNIT).flatten(2).mT,
        face=table.to_map(camera).flatten(2).mT,
        landmarks=torch.cat((flat, marks[..., 2:]), -1),
        mask_known=(batch.mask != UNKNOWN).float(),
        states=_cell_states(batch.states, table),
        landmark_states=batch.landmark_states.long(),
    )


def _cell_states(states: Tensor, table: PositionMapTable) -> Tensor:
    """[B, N] -> [B, G * G]: of the vertex nearest to the middle of each cell."""
    cells, nearest = table.nearest_vertices()
    out = torch.full((len(states), table.size**2), UNKNOWN, device=states.device)
    return out.index_copy(1, cells, states[:, nearest].long())


def dsfnet_loss(
    answer: DualSpaceAnswer,
    target: Target,
    landmarks: Landmarks,
    inside: Tensor,
    w: LossWeights,
) -> tuple[Tensor, dict[str, Tensor]]:
    """The weighted sum, and its terms by name (detached, for the log).

    Args:
        answer: Of a network in training.
        target: The truth.
        landmarks: How to read them off a shape.
        inside: [G * G], 1 where a cell belongs to the face.
        w: How much each term counts.
    """
    image, model, fused = answer.image_space, answer.model_space, answer.fused
    assert image is not None
    assert model is not None
    assert fused is not None
    terms = _dense_terms(answer.dense, target, w) | states_terms(answer, target, landmarks, w)
    for name, weight, face in (("is", 1.0, image), ("ms", 1.0, model), ("fused", w.fused, fused)):
        parts = _face_terms(face.offset, face.placement, face.face, target, landmarks, inside, w)
        terms |= {f"{name} {part}": weight * term for part, term in parts.items()}
    for name, branch in (("is", image), ("ms", model)):
        error = (branch.coefficients - target.coefficients).square().mean()
        terms[f"{name} coefficients"] = w.coefficients * error
    terms["fused targets"] = w.fused * w.position * over(inside, _face_distance(fused.targets, target.face))
    return _summed(terms)


def states_loss(
    answer: DualSpaceAnswer, target: Target, landmarks: Landmarks, w: LossWeights
) -> tuple[Tensor, dict[str, Tensor]]:
    """The part of `dsfnet_loss` that concerns pixels and states alone."""
    return _summed(_dense_terms(answer.dense, target, w) | states_terms(answer, target, landmarks, w))


def refinement_loss(
    faces: Faces,
    reading: Reading,
    target: Target,
    landmarks: Landmarks,
    inside: Tensor,
    mean: Tensor,
    w: LossWeights,
) -> tuple[Tensor, dict[str, Tensor]]:
    """How far a reading lies from the landmarks, for what they claim, and refined faces from the truth.

    Args:
        faces: All three, refined.
        reading: What was read of all three together.
        target: The truth.
        landmarks: How to read them off a shape, its mean corrected.
        inside: [G * G], 1 where a cell belongs to the face.
        mean: [G * G, 3] the corrected mean face, 100 mm.
        w: How much each term counts.
    """
    truth = target.landmarks[..., :2].repeat(3, 1, 1)
    off = _distance(reading.points, truth) / UNIT
    apart = reading.points[:, LOWER] - reading.points[:, UPPER]
    terms = {
        "reading": (off * (-reading.log_size).exp() + 2 * reading.log_size).mean(),
        "read gaps": w.gaps * _distance(apart, truth[:, LOWER] - truth[:, UPPER]).mean(),
    }
    for name, face in zip(("is", "ms", "fused"), faces[1:], strict=True):
        assert face is not None
        whole = face.placement.apply(mean + face.offset)
        parts = _face_terms(face.offset, face.placement, whole, target, landmarks, inside, w)
        parts["offset"] = 0.25 * parts["offset"]
        terms |= {f"{name} {part}": term for part, term in parts.items()}
    return _summed(terms)


def _summed(terms: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
    return torch.stack(list(terms.values())).sum(), {name: term.detach() for name, term in terms.items()}


def states_terms(
    answer: DualSpaceAnswer, target: Target, landmarks: Landmarks, w: LossWeights
) -> dict[str, Tensor]:
    """Cross entropy of the states in cells and at landmarks."""
    in_cells = answer.states.flatten(2)
    at_landmarks = answer.landmark_states.flatten(2) @ landmarks.weights.mT
    return {
        "states": w.states * cross_entropy(in_cells, target.states, ignore_index=UNKNOWN),
        "landmark states": w.landmark_states
        * cross_entropy(at_landmarks, target.landmark_states, ignore_index=UNKNOWN),
    }


def over(weights: Tensor, values: Tensor) -> Tensor:
    """Mean of `values` [B, ...] where `weights` (broadcast) say so; zero if nowhere."""
    weights = weights.expand_as(values)
    return (weights * values).sum() / weights.sum().clamp(min=1e-6)


def confidence_target(uv_error: Tensor, depth_error: Tensor) -> Tensor:
    """sqrt(exp(-e_uv / 0.05) exp(-e_depth / 0.05)): one where the pixel is right, none where it is far off.

    Errors in the units of the original: UV in -1..1, depth in half crop sides.
    """
    return torch.exp(-(uv_error + depth_error) / 0.1)


def _distance(a: Tensor, b: Tensor) -> Tensor:
    return ((a - b).square().sum(-1) + 1e-8).sqrt()


def _face_distance(a: Tensor, b: Tensor) -> Tensor:
    """Distance with depth counted half: a single photo tells x and y better."""
    return _distance(a * a.new_tensor((1.0, 1.0, 0.5)), b * b.new_tensor((1.0, 1.0, 0.5)))


def gaps(landmarks: Tensor) -> Tensor:
    """[B, 68, 3] -> [B, 7, 2]: how far mouth and eyes are open in the picture, lower minus upper point."""
    return landmarks[:, LOWER, :2] - landmarks[:, UPPER, :2]


def _dense_terms(dense: DensePrediction, target: Target, w: LossWeights) -> dict[str, Tensor]:
    uv_error = _distance(dense.uv.movedim(1, -1), target.uv.movedim(1, -1))
    depth_error = (dense.depth[:, 0] - target.depth).abs()
    wanted = confidence_target(2 * uv_error.detach(), depth_error.detach()) * target.mask
    return {
        "mask": w.mask
        * over(
            target.mask_known,
            binary_cross_entropy_with_logits(dense.mask[:, 0], target.mask, reduction="none"),
        ),
        "uv": w.uv * over(target.mask, uv_error),
        "depth": w.depth * over(target.mask, depth_error),
        "confidence": w.confidence * binary_cross_entropy_with_logits(dense.confidence[:, 0], wanted),
    }


def _face_terms(
    offset: Tensor,
    placement: Similarity,
    face: Tensor,
    target: Target,
    landmarks: Landmarks,
    inside: Tensor,
    w: LossWeights,
) -> dict[str, Tensor]:
    points = landmarks.of(offset, placement)
    return {
        "position": w.position * over(inside, _face_distance(face, target.face)),
        "offset": w.offset * over(inside, _distance(offset, target.offset)),
        "landmarks": w.landmarks * _distance(points[..., :2], target.landmarks[..., :2]).mean(),
        "gaps": w.gaps * _distance(gaps(points), gaps(target.landmarks)).mean(),
        "rotation": w.rotation * _distance(placement.rotation, target.rotation).mean(),
    }
