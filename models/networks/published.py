"""DSFNet as published, from crop to fused face on the UV chart; differentiable.

Li, Jin et al., "DSFNet: Dual Space Fusion Network for Occlusion-Robust 3D Dense Face Alignment", CVPR 2023.
The state dict is that of the published checkpoint: 972 entries. Units: see published_geometry.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from models.geometry.transforms import Similarity, nearest_orthogonal
from models.networks.dual_space import Switches
from models.networks.hrnet import HighResolutionNetwork, Sight
from models.networks.published_fusion import CompletionNetwork, PublishedFusion
from models.networks.published_geometry import (
    PX_PER_UNIT,
    SHAPE_UNITS_PER_MM,
    Draws,
    Observed,
    Parity,
    even_indices,
    observe,
    pick,
    rebuild,
)

CAMERA_MEAN = (  # of the original's training faces: micrometres to px of a 256 px crop, row by row
    *(9.46855698e-4, -1.8166175e-5, -1.90654214e-5, 129.716286),
    *(-1.70941182e-5, -1.16374731e-3, 9.80010077e-5, 100.798236),
    *(2.0477034e-5, 7.35584376e-5, 9.53255586e-4, 60.9017688),
)
CAMERA_DEVIATION = (
    *(3.42156564e-4, 2.6994632e-4, 6.49916044e-4, 36.7246019),
    *(2.61398601e-4, 1.32405441e-4, 2.43921249e-4, 21.7876958),
    *(6.53387047e-4, 2.43128242e-4, 3.30166423e-4, 31.648897),
)
MICROMETRES = 1000.0 / SHAPE_UNITS_PER_MM  # per shape unit


@dataclass(frozen=True, slots=True)
class PublishedForm:
    """Sizes: crop and chart of `size` px, and how many coefficients the face model has."""

    size: int = 256
    shapes: int = 199
    expressions: int = 29

    def __post_init__(self) -> None:
        numbers = (self.size, self.shapes, self.expressions)
        if not all(type(number) is int and 0 < number <= 512 for number in numbers) or self.size % 32:
            raise ValueError(
                f"sizes must be whole numbers from 1 to 512, the crop's a multiple of 32: {numbers}"
            )


class PublishedChart(NamedTuple):
    """A face model on the S x S cells of its chart.

    Attributes:
        mean: [3, S, S] shape units.
        basis: [I + E, 3 * S * S] shape units per standard deviation, laid out as `mean`.
        face: [S, S] bool: the cells that are part of the answer.
        nose: Row and column of landmark 30, the tip of the nose.
    """

    mean: Tensor
    basis: Tensor
    face: Tensor
    nose: tuple[int, int]


class Whole(NamedTuple):
    """A whole face from one branch.

    Attributes:
        offset: [B, 3, S * S]: shape minus mean, shape units.
        face: [B, 3, S * S] position-map units.
        placement: From shape to picture; of the model space its nearest similarity.
    """

    offset: Tensor
    face: Tensor
    placement: Similarity


class PublishedAnswer(NamedTuple):
    """All of the answer; a switched-off branch is None, and then so are `fused` and `kpt`.

    Attributes:
        kpt: [B, 3, S, S] where the U-Net wants each cell, position-map units.
    """

    sight: Sight
    observed: Observed
    image_space: Whole | None
    model_space: Whole | None
    fused: Whole | None
    kpt: Tensor | None


class _Mean(nn.Module):
    """Where the published checkpoint keeps its mean face."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.mean_posmap_tensor = nn.Parameter(torch.zeros(3, size, size), requires_grad=False)


class PublishedDSFNet(nn.Module):
    """Crops in, both spaces and their fusion out.

    `chart.basis` and `chart.face` are not part of the state dict; `chart.mean` is, as in the checkpoint.
    """

    basis: Tensor
    face: Tensor

    def __init__(self, form: PublishedForm, chart: PublishedChart) -> None:
        super().__init__()
        self.form = form
        self.hrnet: nn.Module = HighResolutionNetwork(form.size, form.shapes, form.expressions)
        self.unet: nn.Module = PublishedFusion()
        self.pointnet: nn.Module = CompletionNetwork(form.shapes, form.expressions)
        self.rebuilder = _Mean(form.size)
        self.rebuilder.mean_posmap_tensor.data.copy_(chart.mean)
        self.register_buffer("basis", chart.basis, persistent=False)
        self.register_buffer("face", chart.face.flatten(), persistent=False)
        self._nose = chart.nose[0] * form.size + chart.nose[1]

    def forward(
        self,
        crops: Tensor,
        switches: Switches = Switches(),  # noqa: B008
        parity: Parity = None,
        draws: Draws | None = None,
        mask: Tensor | None = None,
    ) -> PublishedAnswer:
        """Look, complete, fuse.

        Args:
            crops: [B, 3, S, S] standardised.
            switches: What takes part.
            parity: How the original rounds, see published_geometry.
            draws: Which points the original's fits use; None: all.
            mask: [B, 1, S, S] in 0..1 instead of the predicted one, as the original trained.
        """
        sight = Sight(*(part.float() for part in self.hrnet(crops)))
        seen = sight if mask is None else sight._replace(seen=torch.cat((mask, sight.seen[:, 1:]), 1))
        with torch.autocast(crops.device.type, enabled=False):
            observed = observe(seen, parity, switches.visibility_mask)
            if not switches.confidence:
                observed = observed._replace(confidence=torch.ones_like(observed.confidence))
            image, model = self._branches(sight, observed, switches, parity, draws)
        if image is None or model is None:
            return PublishedAnswer(sight, observed, image, model, None, None)
        maps = torch.cat((image.face, model.face, image.offset, model.offset), 1)
        offset, kpt = self.unet(maps.unflatten(2, crops.shape[2:]), sight.feature)
        with torch.autocast(crops.device.type, enabled=False):
            fused = self._place(offset.float(), kpt.float(), observed, draws)
        return PublishedAnswer(sight, observed, image, model, fused, kpt.float())

    def _branches(
        self, sight: Sight, observed: Observed, switches: Switches, parity: Parity, draws: Draws | None
    ) -> tuple[Whole | None, Whole | None]:
        """Image space and model space, with one product with the basis for both."""
        coefficients = []
        if switches.image_space:
            coefficients.append(self._complete(observed, parity, draws))
        if switches.model_space:
            coefficients.append(torch.cat((sight.shape, sight.expression), 1))
        offsets = self._offsets(torch.cat(coefficients)).chunk(len(coefficients))
        image = self._image_space(offsets[0], observed, parity, draws) if switches.image_space else None
        return image, self._model_space(offsets[-1], sight.camera) if switches.model_space else None

    @property
    def mean(self) -> Tensor:
        """[1, 3, S * S] shape units."""
        return self.rebuilder.mean_posmap_tensor.flatten(1)[None]

    def _offsets(self, coefficients: Tensor) -> Tensor:
        """[B, I + E] -> [B, 3, S * S] shape units."""
        moved = coefficients.to(self.basis.dtype) @ self.basis
        return moved.float().unflatten(1, (3, -1))

    def _present(self, observed: Observed, parity: Parity) -> Tensor:
        """[B, S * S] bool: cells a fit to the picture uses; the original asks the sum of its numbers."""
        seen = observed.positions.sum(1) != 0 if parity else observed.present
        return seen & self.face

    def _complete(self, observed: Observed, parity: Parity, draws: Draws | None) -> Tensor:
        """[B, I + E]: bring what was seen upright, ask the PointNet for the rest."""
        mean = self.mean.expand(len(observed.positions), -1, -1)
        present = self._present(observed, parity)
        upright, _ = rebuild(observed.positions, mean, observed.confidence, present, draws)
        present = observed.present & self.face
        indices = even_indices(present) if draws is None else draws.indices(present)
        side = self.form.size
        place_on_chart = torch.stack((indices // side, indices % side), 1) * (2 / side) - 1
        points = torch.cat((pick(upright, indices), pick(observed.confidence[:, None], indices)), 1)
        points = torch.cat((points, place_on_chart), 1) * present.any(1)[:, None, None]
        return torch.cat(self.pointnet(points), 1).float()

    def _image_space(self, offset: Tensor, observed: Observed, parity: Parity, draws: Draws | None) -> Whole:
        present = self._present(observed, parity)
        face, placement = rebuild(offset + self.mean, observed.positions, observed.confidence, present, draws)
        return Whole(offset, face, placement)

    def _model_space(self, offset: Tensor, camera: Tensor) -> Whole:
        """Through the regressed 3 x 4 camera, micrometres to crop px; the nose's tip gets depth 0."""
        matrix = camera.unflatten(1, (3, 4))
        linear, shift = matrix[:, :, :3] * (MICROMETRES / PX_PER_UNIT), matrix[:, :, 3] / PX_PER_UNIT
        face = torch.baddbmm(shift[..., None], linear, offset + self.mean)
        depth = face[:, 2:, self._nose]
        face = torch.cat((face[:, :2], face[:, 2:] - depth[..., None]), 1)
        scale = linear.square().sum((1, 2)).div(3).sqrt()
        shift = torch.cat((shift[:, :2], shift[:, 2:] - depth), 1)
        return Whole(offset, face, Similarity(scale, nearest_orthogonal(linear), shift))

    def _place(self, offset: Tensor, kpt: Tensor, observed: Observed, draws: Draws | None) -> Whole:
        """The fused shape where the U-Net wants it."""
        flat, target = offset.flatten(2), kpt.flatten(2)
        present = (target.sum(1) != 0) & self.face
        face, placement = rebuild(flat + self.mean, target, observed.confidence, present, draws)
        return Whole(flat, face, placement)


def upright(placement: Similarity) -> Tensor:
    """[B, 3, 3]: the head's rotation, y up in both spaces, of a mirrored placement."""
    return placement.rotation * placement.rotation.new_tensor((1.0, -1.0, 1.0))[:, None]
