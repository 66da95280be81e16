"""DSFNet: where it looks, how its answer is decoded, and what it admits not to know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import grid_sample

from models.face_model.morphable import FaceModel
from models.face_model.sampled import sample_chart
from models.face_model.uv import PositionMapTable
from models.geometry import Similarity, euler_from_rotation, towards_camera, weighted_procrustes
from models.images import crop_square
from models.methods.visible_surface import collisions, visible_surface
from models.metrics import followed
from models.networks.blocks import fold_batch_norms
from models.networks.dual_space import (
    MM_PER_UNIT,
    DensePrediction,
    DualSpaceAnswer,
    DualSpaceNetwork,
    Form,
    Switches,
)
from models.reconstruction import (
    Alarm,
    Array,
    Layer,
    MapLayer,
    MeshLayer,
    Reconstruction,
    Scalar,
    Space,
    frozen,
)
from models.reconstructor import Face

CROP_FACTOR = 1.5  # side of the crop over the longer side of the box, as in DSFNet's data
IMAGE_SPACE, MODEL_SPACE, CONFIDENCE, MASK = "image space", "model space", "confidence", "visibility mask"
LITTLE_SEEN = 0.2  # share of vertices
TELLING_MM = 0.2  # how far apart the branches must be to say which of them the fusion followed
UV_TOLERANCE = 0.06  # chart distance at which a vertex is half believed to be the one its pixel shows


class _Decoded(NamedTuple):
    """The answer of B faces in crop px (without the leading B for one face). None: a branch was left out."""

    face: Any  # [B, N, 3]
    image_space: Any  # [B, N, 3]
    model_space: Any  # [B, N, 3]
    share: Any  # [B, N], of the image space in the fusion's blend
    visibility: Any  # [B, N]
    mask: Any  # [B, M, M]
    uv: Any  # [B, M, M, 2]
    depth: Any  # [B, M, M] px
    confidence: Any  # [B, M, M]
    euler_rad: Any  # [B, 3]
    image_euler_rad: Any  # [B, 3]
    model_euler_rad: Any  # [B, 3]
    mm_per_px: Any  # [B]
    mask_was_empty: Any  # [B]


def standardise(crops: Tensor) -> Tensor:
    """[B, 3, S, S] of 0..255 -> each channel of each crop with mean 0 and (almost) unit variance."""
    values = crops.float() / 255
    variance, mean = torch.var_mean(values, (2, 3), correction=0, keepdim=True)
    return (values - mean) / (variance + 0.001).sqrt()


def make_network(form: Form, face_model: FaceModel) -> DualSpaceNetwork:
    """An untrained network of that form on that face model."""
    table = PositionMapTable(face_model.topology, form.chart_size)
    return DualSpaceNetwork(form, sample_chart(face_model, table))


class DSFNet:
    """Dual space fusion: dense predictions for what is seen, a face model for what is not, and their fusion.

    Li, Jin et al., "DSFNet: Dual Space Fusion Network for Occlusion-Robust 3D Dense Face
    Alignment", CVPR 2023.
    """

    name = "dsfnet"
    switches: tuple[str, ...] = (IMAGE_SPACE, MODEL_SPACE, CONFIDENCE, MASK)

    def __init__(
        self,
        network: DualSpaceNetwork,
        face_model: FaceModel,
        device: str = "cpu",
        correction: Tensor | None = None,
    ) -> None:
        """Fold the network for inference.

        Args:
            network: In the form of its weights.
            face_model: What it was trained on.
            device: Where to run.
            correction: [N, 3] mm added to the mean face of every answer (training/correction.py).
        """
        self.size = network.form.size
        self.topology = face_model.topology
        self._device = torch.device(device)
        self._chart_size = network.form.chart_size
        self._network = fold_batch_norms(network).to(self._device)
        mean = face_model.mean if correction is None else face_model.mean + correction
        self._mean = (mean / MM_PER_UNIT).to(self._device)
        everywhere = mean.new_ones(1, len(mean))
        self._turn = weighted_procrustes(face_model.mean[None], mean[None], everywhere).rotation.to(
            self._device
        )
        self._table = PositionMapTable(face_model.topology, network.form.chart_size).to(self._device)
        self._uv = torch.tensor(face_model.topology.uv, device=self._device)
        self._triangles = torch.tensor(face_model.topology.triangles, device=self._device).long()

    def crop(self, face: Face) -> NDArray[np.float64]:
        """The square of 1.5 times the longer side of the box, about its centre."""
        return crop_square(face.box, CROP_FACTOR, self.size)

    def __call__(
        self, crops: NDArray[np.uint8], without: frozenset[str] = frozenset()
    ) -> list[Reconstruction]:
        """[F, S, S, 3] RGB -> F answers in crop space, computed without the switched-off parts."""
        self._check(crops, without)
        if not len(crops):
            return []
        switches = Switches(*(name not in without for name in self.switches))
        with torch.inference_mode():
            pixels = torch.from_numpy(np.ascontiguousarray(crops)).to(self._device).permute(0, 3, 1, 2)
            decoded = self._decode(self._network(standardise(pixels), switches))
        arrays = _Decoded(*(None if part is None else part.cpu().numpy() for part in decoded))
        took_part = tuple(name for name in self.switches if name not in without)
        return [
            self._reconstruction(_Decoded(*(None if a is None else a[k] for a in arrays)), took_part)
            for k in range(len(crops))
        ]

    def _check(self, crops: NDArray[np.uint8], without: frozenset[str]) -> None:
        if unknown := without - set(self.switches):
            raise ValueError(f"dsfnet has no switch {sorted(unknown)}; it has {list(self.switches)}")
        if {IMAGE_SPACE, MODEL_SPACE} <= without:
            raise ValueError("with both branches switched off there is no face; leave one on")
        if crops.dtype != np.uint8 or crops.ndim != 4 or crops.shape[1:] != (self.size, self.size, 3):
            raise ValueError(
                f"crops must be uint8 [F, {self.size}, {self.size}, 3], got {crops.dtype} {list(crops.shape)}"
            )

    def _decode(self, answer: DualSpaceAnswer) -> _Decoded:
        """Network units to crop px, charts to vertices; still tensors, still batched."""
        image, model, fused = answer.image_space, answer.model_space, answer.fused
        final = fused or image or model
        assert final is not None
        face = self._face(final.offset, final.placement)
        dense = answer.dense
        half = self.size / 2
        return _Decoded(
            face=face,
            image_space=None if image is None else self._face(image.offset, image.placement),
            model_space=None if model is None else self._face(model.offset, model.placement),
            share=None if fused is None else self._on_vertices(fused.share[..., None])[..., 0],
            visibility=self._visibility(dense, face),
            mask=torch.sigmoid(dense.mask[:, 0]),
            uv=dense.uv.movedim(1, -1),
            depth=dense.depth[:, 0] * half,
            confidence=torch.sigmoid(dense.confidence[:, 0]),
            euler_rad=self._euler(final.placement),
            image_euler_rad=None if image is None else self._euler(image.placement),
            model_euler_rad=None if model is None else self._euler(model.placement),
            mm_per_px=MM_PER_UNIT / (final.placement.scale * half),
            mask_was_empty=answer.seen.mask_was_empty,
        )

    def _euler(self, placement: Similarity) -> Tensor:
        """[B, 3] rad: pitch, yaw, roll of the placed face; a turn within the correction is the head's."""
        return euler_from_rotation(placement.rotation @ self._turn)

    def _on_vertices(self, chart: Tensor) -> Tensor:
        """[B, G * G, C] -> [B, N, C]."""
        side = self._chart_size
        return self._table.to_vertices(chart.mT.unflatten(2, (side, side)))

    def _face(self, offset: Tensor, placement: Similarity) -> Tensor:
        """[B, N, 3] crop px, y down: a shape offset over the chart, placed in the crop."""
        camera = placement.apply(self._mean + self._on_vertices(offset))
        half = self.size / 2
        centre = (self.size - 1) / 2
        return camera * camera.new_tensor((half, -half, half)) + camera.new_tensor((centre, centre, 0.0))

    def _visibility(self, dense: DensePrediction, face: Tensor) -> Tensor:
        """[B, N] in 0..1: whether the pixel under each vertex shows face, and that very place of the face.

        A vertex behind an occluder lands on a pixel outside the mask; one on the far side of the head faces
        away, or lands on a pixel that shows another place of the chart. (The predicted depth is too coarse to
        add anything: tolerances from 3 to 10 % of the crop only cost visible vertices.)

        Args:
            dense: What the heads say.
            face: [B, N, 3] crop px, y down.
        """
        grid = ((face[..., :2] + 0.5) * (2 / self.size) - 1)[:, None]
        mask = torch.sigmoid(dense.mask)
        maps = torch.cat((mask, dense.uv * mask), 1)  # weighted, so that no value leaks over the rim
        under = grid_sample(maps, grid, align_corners=False)[:, :, 0].mT
        shown = under[..., 1:] / under[..., :1].clamp(min=1e-3)
        off_chart = (shown - self._uv).square().sum(-1) / UV_TOLERANCE**2
        upright = face * face.new_tensor((1.0, -1.0, 1.0))
        towards = towards_camera(upright, self._triangles)
        return (2 * under[..., 0]).clamp(max=1) * torch.exp2(-off_chart) * towards

    def _reconstruction(self, d: _Decoded, took_part: tuple[str, ...]) -> Reconstruction:
        is_face = d.mask > 0.5
        layers = list(_image_space_layers(d, is_face, self.size))
        layers += [
            self._branch(name, mesh, euler_rad)
            for name, mesh, euler_rad in (
                (IMAGE_SPACE, d.image_space, d.image_euler_rad),
                (MODEL_SPACE, d.model_space, d.model_euler_rad),
            )
            if mesh is not None
        ]
        return Reconstruction(
            method=self.name,
            space=Space.CROP,
            topology=self.topology,
            vertices=frozen(d.face),
            pose_deg=_degrees(d.euler_rad),
            layers=tuple(layers),
            scalars=tuple(_scalars(d)),
            took_part=took_part,
            left_out=tuple(name for name in self.switches if name not in took_part),
            alarms=tuple(_alarms(d, is_face)),
            mm_per_px=float(d.mm_per_px),
        )

    def _branch(self, name: str, mesh: Array, euler_rad: Array) -> MeshLayer:
        top = self.topology
        return MeshLayer(name, Space.CROP, frozen(mesh), top.triangles, top.uv, pose_deg=_degrees(euler_rad))


def _degrees(euler_rad: Array) -> tuple[float, float, float]:
    pitch, yaw, roll = np.degrees(euler_rad).tolist()
    return pitch, yaw, roll


def _image_space_layers(d: _Decoded, is_face: NDArray[np.bool_], size: int) -> Iterator[Layer]:
    """What the pixels said. The mask is told even where the branch is left out: visibility is read off it."""
    T_crop_map = np.array([[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1]], np.float64)

    def seen(name: str, values: Array, low: float, high: float, unit: str = "") -> MapLayer:
        shown = np.where(is_face if values.ndim == 2 else is_face[..., None], values, np.nan)
        return MapLayer(name, frozen(shown), T_crop_map, Space.CROP, low, high, unit)

    yield MapLayer("visible mask", frozen(d.mask), T_crop_map, Space.CROP)
    if d.image_space is None:
        return
    yield seen("uv", d.uv, 0.0, 1.0)
    yield seen("depth", d.depth, -size / 4, size / 2, "px")
    yield seen("confidence", d.confidence, 0.0, 1.0)
    yield visible_surface(is_face, d.uv, d.depth, d.confidence, T_crop_map)


def _scalars(d: _Decoded) -> Iterator[Scalar]:
    """What the answer admits per vertex."""
    yield Scalar("visibility", frozen(d.visibility), 0.0, 1.0)
    if d.share is not None:
        apart = np.linalg.norm(d.image_space - d.model_space, axis=1) * d.mm_per_px
        yield Scalar("disagreement", frozen(apart), 0.0, 10.0, "mm")
        yield Scalar("image-space share", frozen(d.share), 0.0, 1.0)
        least_px = TELLING_MM / d.mm_per_px
        alpha = followed(d.face, d.image_space, d.model_space, least_px)
        yield Scalar("followed", frozen(alpha), 0.0, 1.0)


def _alarms(d: _Decoded, is_face: NDArray[np.bool_]) -> Iterator[Alarm]:
    """What happened silently."""
    if d.image_space is not None and d.mask_was_empty:
        text = (
            "No pixel was recognised as visible face, so every pixel was used: do not trust the image space."
        )
        yield Alarm("empty-mask", text, is_face.size)
        return
    if d.image_space is not None and (collided := collisions(is_face, d.uv)):
        text = f"{collided} pixels that lie far apart claim the same place of the face: they were averaged."
        yield Alarm("uv-collisions", text, collided)
    seen = float((d.visibility > 0.5).mean())
    if seen < LITTLE_SEEN:
        text = f"Only {seen:.0%} of the face was seen; the rest is completed from the face model."
        yield Alarm("little-seen", text, int((d.visibility <= 0.5).sum()))
