"""DSFNet: where it looks, how its answer is decoded, and what it admits not to know."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.face_model.morphable import FaceModel
from models.face_model.sampled import chart_marks, sample_chart
from models.face_model.uv import PositionMapTable
from models.geometry.crops import crop_square
from models.geometry.transforms import Similarity, euler_from_rotation, weighted_procrustes
from models.geometry.units import MM_PER_UNIT
from models.methods.dsfnet.answer import REFINEMENT, SWITCHES, Parts, agreeing, check, reconstructions
from models.methods.dsfnet.decoded import Decoded, each
from models.methods.dsfnet.evidence import CROP_FACTOR, signs
from models.methods.dsfnet.likely_error import LikelyError
from models.methods.portable import FACES, LANDMARKS, Port, Portable, crops_port, vertices_port
from models.networks.blocks import fold_batch_norms
from models.networks.both_ways import perceive_both_ways
from models.networks.dual_space import (
    Completed,
    DualSpaceAnswer,
    DualSpaceNetwork,
    Form,
    Fused,
    Seen,
    Switches,
)
from models.networks.rounded import InBfloat16, exactly, multiplies_bfloat16
from models.networks.states import STATES
from models.reconstruction import Array, Reconstruction, frozen
from models.reconstructor import Face

ROUNDED = ("image", "dense.0", "sampled", "evidence", "fuse", "states.judge", "refine.read.patch")
"""Parts of the network that a machine which multiplies bfloat16 computes so: 0.015 px off in the mean.

What the image network gives stays rounded on its way to the others.
"""
COEFFICIENTS = "float32, of the face model, standard deviations, identity first"


def standardise(crops: Tensor) -> Tensor:
    """[B, 3, S, S] of 0..255 -> each channel of each crop with mean 0 and (almost) unit variance."""
    values = crops.float() / 255
    variance, mean = torch.var_mean(values, (2, 3), correction=0, keepdim=True)
    return (values - mean) / (variance + 0.001).sqrt()


def make_network(
    form: Form, face_model: FaceModel, correction: Tensor | None = None, counted: bool = True
) -> DualSpaceNetwork:
    """An untrained network of that form on that face model.

    Args:
        form: How large.
        face_model: Its chart and landmarks.
        correction: [N, 3] mm that answers add to the mean face; a network that reads landmarks looks there.
        counted: See `chart_marks`.
    """
    table = PositionMapTable(face_model.topology, form.chart_size)
    chart = sample_chart(face_model, table)
    marks = chart_marks(face_model, table, chart, correction, counted) if form.refining else None
    return DualSpaceNetwork(form, chart, marks)


class _Glance(NamedTuple):
    """What one crop tells before anything is aligned; see `DSFNet.portable`."""

    mask: Tensor
    uv: Tensor
    depth: Tensor
    confidence: Tensor
    coefficients: Tensor
    face: Tensor
    landmarks: Tensor


class DSFNet:
    """Dual space fusion: dense predictions for what is seen, a face model for what is not, and their fusion.

    Li, Jin et al., "DSFNet: Dual Space Fusion Network for Occlusion-Robust 3D Dense Face
    Alignment", CVPR 2023. Unlike the original it looks at each crop twice, straight and in the mirror, and
    refines each face by landmarks read around it (networks/refining.py) where its weights can.
    """

    name = "dsfnet"

    def __init__(
        self,
        network: DualSpaceNetwork,
        face_model: FaceModel,
        device: str = "cpu",
        correction: Tensor | None = None,
        likely_error: LikelyError | None = None,
        by_hand: Tensor | None = None,
    ) -> None:
        """Fold the network for inference.

        Args:
            network: In the form of its weights.
            face_model: What it was trained on.
            device: Where to run.
            correction: [N, 3] mm added to the mean face of every answer (training/correction.py).
            likely_error: What tells its error from an answer (training/likely_error.py).
            by_hand: [68, 3] mm from its landmarks to where people place them (training/by_hand.py).
        """
        self.size = network.form.size
        self.switches: tuple[str, ...] = SWITCHES if network.refine is None else (*SWITCHES, REFINEMENT)
        self.topology = face_model.topology
        self._device = torch.device(device)
        self._chart_size = network.form.chart_size
        self._network = network
        self._likely_error = likely_error
        self._by_hand = None if by_hand is None else frozen(by_hand.cpu().numpy())
        fold_batch_norms(network).to(self._device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if multiplies_bfloat16(self._device):
            parts = dict(network.named_modules())
            for name in parts.keys() & set(ROUNDED):
                network.set_submodule(name, InBfloat16(parts[name], back=name != "image"))
        self._symmetric = face_model.symmetric.to(self._device)
        mean = face_model.mean if correction is None else face_model.mean + correction
        self._mean = (mean / MM_PER_UNIT).to(self._device)
        everywhere = mean.new_ones(1, len(mean))
        self._turn = weighted_procrustes(face_model.mean[None], mean[None], everywhere).rotation.to(
            self._device
        )
        self._corners = torch.tensor(face_model.topology.landmark_vertices, device=self._device).long()
        self._weights = torch.tensor(face_model.topology.landmark_weights, device=self._device)
        self._table = PositionMapTable(face_model.topology, network.form.chart_size).to(self._device)

    def crop(self, face: Face) -> NDArray[np.float64]:
        """The square of 1.5 times the longer side of the box, about its centre."""
        return crop_square(face.box, CROP_FACTOR, self.size)

    def __call__(
        self, crops: NDArray[np.uint8], without: frozenset[str] = frozenset()
    ) -> list[Reconstruction]:
        """[F, S, S, 3] RGB -> F answers in crop space, computed without the switched-off parts."""
        return self._answers(crops, without, bare=False)

    def bare(self, crops: NDArray[np.uint8], without: frozenset[str] = frozenset()) -> list[Reconstruction]:
        """As a call, the answers without layers: 2 of 4 ms a face less after the network."""
        return self._answers(crops, without, bare=True)

    def with_signs(self, crops: NDArray[np.uint8]) -> tuple[list[Reconstruction], list[Array]]:
        """The answers, and of each what tells its error (see `likely_error.SIGNS`)."""
        check(self.name, self.switches, self.size, crops, frozenset())
        decoded = self._decoded(crops, frozenset())
        told = [signs(d, self.topology, self.size) for d in each(decoded)]
        return self._told(decoded, frozenset()), told

    def glance(self, crops: NDArray[np.uint8]) -> Array:
        """[F, S, S, 3] RGB -> [F, 68, 3] crop px: landmarks of the model space alone, at less cost."""
        check(self.name, self.switches, self.size, crops, frozenset())
        with torch.inference_mode():
            pixels = torch.from_numpy(np.ascontiguousarray(crops)).to(self._device)
            return self._glanced(self._network, pixels).landmarks.cpu().numpy()

    def portable(self) -> Portable:
        """Both looks: the dense predictions of the image space, and the model space placed."""
        network = deepcopy(self._network)
        exactly(network)

        def run(crops: Tensor) -> tuple[Tensor, ...]:
            return self._glanced(network, crops)

        side = (FACES, self.size // 2, self.size // 2)
        return Portable(
            network=network,
            run=run,
            size=self.size,
            takes=crops_port(self.size, f"its side is the longer side of the box times {CROP_FACTOR}"),
            gives=(
                Port("visible_mask", side, "float32, 0..1, how likely a pixel is visible face"),
                Port("uv", (*side, 2), "float32, 0..1, where on the chart of the face it lies"),
                Port("depth", side, "float32, towards the camera, px of the crop"),
                Port("confidence", side, "float32, 0..1, in place and depth"),
                Port("coefficients", (FACES, len(self._symmetric)), COEFFICIENTS),
                vertices_port(self.topology, "the face of the model space alone"),
                LANDMARKS,
            ),
            lacks="Image space completed, fusion, refinement and states are not in it: they need alignment.",
        )

    def _glanced(self, network: DualSpaceNetwork, crops: Tensor) -> _Glance:
        """What needs no alignment, of crops [F, S, S, 3] uint8."""
        pixels = standardise(crops.permute(0, 3, 1, 2))
        percept, _ = perceive_both_ways(network, pixels, self._symmetric)
        model, dense = network.model_space(percept.numbers.float()), percept.dense
        face = self._face(model.offset, model.placement)
        return _Glance(
            mask=torch.sigmoid(dense.mask[:, 0]),
            uv=dense.uv.movedim(1, -1),
            depth=dense.depth[:, 0] * (self.size / 2),
            confidence=torch.sigmoid(dense.confidence[:, 0]),
            coefficients=model.coefficients,
            face=face,
            landmarks=(face[:, self._corners] * self._weights[..., None]).sum(2),
        )

    def visible_masks(self, crops: NDArray[np.uint8]) -> Array:
        """[F, S, S, 3] RGB -> [F, S / 2, S / 2] 0..1: the mask of one look, without the rest of an answer."""
        with torch.inference_mode():
            pixels = torch.from_numpy(np.ascontiguousarray(crops)).to(self._device).permute(0, 3, 1, 2)
            return torch.sigmoid(self._network.perceive(standardise(pixels)).dense.mask)[:, 0].cpu().numpy()

    def _answers(self, crops: NDArray[np.uint8], without: frozenset[str], bare: bool) -> list[Reconstruction]:
        check(self.name, self.switches, self.size, crops, without)
        return self._told(self._decoded(crops, without), without, bare) if len(crops) else []

    def _decoded(self, crops: NDArray[np.uint8], without: frozenset[str]) -> Decoded:
        switches = Switches(*(name not in without for name in self.switches))
        with torch.inference_mode():
            pixels = torch.from_numpy(np.ascontiguousarray(crops)).to(self._device).permute(0, 3, 1, 2)
            percept, apart = perceive_both_ways(self._network, standardise(pixels), self._symmetric)
            return self._decode(self._network.conclude(percept, switches), apart)

    def _told(self, decoded: Decoded, without: frozenset[str], bare: bool = False) -> list[Reconstruction]:
        parts = Parts.of(self.switches, without)
        told = reconstructions(decoded, self.name, self.topology, parts, self.size, self._likely_error, bare)
        return [replace(answer, to_hand_mm=self._by_hand) for answer in told]

    def _decode(self, answer: DualSpaceAnswer, looks_apart: Tensor) -> Decoded:
        """Network units to crop px, charts to vertices; still tensors, still batched."""
        image, model, fused = answer.image_space, answer.model_space, answer.fused
        final = fused or image or model
        assert final is not None
        face, *branches = self._faces([part for part in (final, image, model) if part is not None])
        of_model = None if model is None else branches.pop()
        of_image = None if image is None else branches.pop()
        dense = answer.dense
        half = self.size / 2
        told = self._told_on_vertices(answer)
        states, mask = agreeing(
            torch.softmax(told[:, :STATES], 1).mT, torch.sigmoid(dense.mask), face, self.size
        )
        return Decoded(
            face=face,
            image_space=of_image,
            model_space=of_model,
            share=None if fused is None else told[:, -1],
            states=states,
            mask=mask[:, 0],
            uv=dense.uv.movedim(1, -1),
            depth=dense.depth[:, 0] * half,
            confidence=torch.sigmoid(dense.confidence[:, 0]),
            euler_rad=self._euler(final.placement),
            image_euler_rad=None if image is None else self._euler(image.placement),
            model_euler_rad=None if model is None else self._euler(model.placement),
            mm_per_px=MM_PER_UNIT / (final.placement.scale * half),
            mask_was_empty=answer.seen.mask_was_empty,
            stray=half * _stray(answer.seen, final.face),
            looks_apart=looks_apart,
            landmark_states=self._landmark_states(told[:, STATES : 2 * STATES]),
            image_coefficients=None if image is None else image.coefficients,
            model_coefficients=None if model is None else model.coefficients,
        )

    def _told_on_vertices(self, answer: DualSpaceAnswer) -> Tensor:
        """[B, 7, N] of each vertex: logits of its states, then of a landmark's there, then the share.

        Without the fusion there is no share.
        """
        maps = [answer.states, answer.landmark_states]
        if answer.fused is not None:
            maps.append(answer.fused.share.unflatten(1, (1, *answer.states.shape[2:])))
        cells = torch.cat(maps, 1).contiguous(memory_format=torch.channels_last)  # summed row by row
        return self._table.to_vertices(cells).mT.contiguous()  # a long last axis is quick

    def _landmark_states(self, logits: Tensor) -> Tensor:
        """[B, 3, N] of the vertices -> [B, 68, 3] probabilities."""
        return torch.softmax((logits[..., self._corners] * self._weights).sum(-1), 1).mT

    def _euler(self, placement: Similarity) -> Tensor:
        """[B, 3] rad: pitch, yaw, roll of the placed face; a turn within the correction is the head's."""
        return euler_from_rotation(placement.rotation @ self._turn)

    def _on_vertices(self, chart: Tensor) -> Tensor:
        """[B, G * G, C] -> [B, N, C]."""
        side = self._chart_size
        return self._table.to_vertices(chart.mT.unflatten(2, (side, side)))

    def _faces(self, parts: Sequence[Completed | Fused]) -> Sequence[Tensor]:
        """Each as `_face`, all at once."""
        placements = (torch.cat(values) for values in zip(*(part.placement for part in parts), strict=True))
        faces = self._face(torch.cat([part.offset for part in parts]), Similarity(*placements))
        return faces.chunk(len(parts))

    def _face(self, offset: Tensor, placement: Similarity) -> Tensor:
        """[B, N, 3] crop px, y down: a shape offset over the chart, placed in the crop."""
        camera = placement.apply(self._mean + self._on_vertices(offset))
        half = self.size / 2
        centre = (self.size - 1) / 2
        return camera * camera.new_tensor((half, -half, half)) + camera.new_tensor((centre, centre, 0.0))


def _stray(seen: Seen, face: Tensor) -> Tensor:
    """[B] weighted mean distance of what was seen from the face [B, G * G, 3], both camera coordinates."""
    distance = (seen.positions - face).norm(dim=-1)
    return (seen.weights * distance).sum(1) / seen.weights.sum(1).clamp(min=1e-6)
