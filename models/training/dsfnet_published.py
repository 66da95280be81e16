"""Training DSFNet at its published size, on rendered faces and the open face model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from models.face_model.morphable import FaceModel
from models.face_model.uv import PositionMapTable
from models.methods.dsfnet.method import standardise
from models.methods.dsfnet.published import open_chart
from models.networks.published import CAMERA_DEVIATION, CAMERA_MEAN, PublishedDSFNet
from models.networks.published_geometry import PX_PER_UNIT, SHAPE_UNITS_PER_MM
from models.synthetic.camera import project
from models.synthetic.dataset import CROP_PX, FaceBatch, MakeRow, Pool, rendered_row
from models.training.augment import mirrored, vary_colours
from models.training.dsfnet import FIRST_DRAW, on_device
from models.training.published_losses import PublishedTruth, published_loss
from models.training.recipes import PublishedRecipe

IMPORTANT = ("eyes", "nose", "lips")
LANDMARK, FEATURE, REST = 16.0, 12.0, 3.0
NOSE_TIP = 30


class PublishedTask:
    """Network, data and loss of one recipe; see loop.Task.

    Pictures are rendered at 128 px and enlarged; the true mask stands for the predicted one, as published.
    """

    def __init__(
        self,
        recipe: PublishedRecipe,
        face_model: FaceModel,
        device: str = "cpu",
        make: MakeRow = rendered_row,
    ) -> None:
        self.recipe, self._make = recipe, make
        self.device = torch.device(device)
        torch.manual_seed(recipe.seed)
        size = recipe.form.size
        network = PublishedDSFNet(recipe.form, open_chart(face_model, size))
        _start_camera(network.hrnet, size / 256)
        self.network: nn.Module = network
        self._face_model = face_model.to(device)
        self._table = PositionMapTable(face_model.topology, size).to(device)
        self._face = self._table.mask.float()
        self._importance = _importance(face_model, size).to(device)

    def batches(self, rank: int, steps: int) -> Iterator[FaceBatch]:
        """Endless random batches from a pool of faces that keeps being renewed."""
        recipe = self.recipe
        seed = recipe.seed + 1000 * rank
        first = 10_000_000 + steps * recipe.batch  # those below are kept for tests
        with Pool(seed, recipe.pool, recipe.workers, first, recipe.uses, nice=8, make=self._make) as pool:
            rng = np.random.default_rng([seed, steps])
            for batch in pool.batches(recipe.batch, rng, min(FIRST_DRAW, recipe.pool)):
                yield on_device(batch, self.device)

    def loss(self, network: nn.Module, batch: FaceBatch) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted sum of `published_loss` and its terms."""
        size = self.recipe.form.size
        with torch.no_grad():
            if torch.rand(()) < 0.5:
                batch = mirrored(batch, self._face_model)
            truth = published_truth(batch, self._face_model, self._table)
            crops = interpolate(vary_colours(batch.images), size=size, mode="bilinear", align_corners=False)
            crops = standardise(crops).to(memory_format=torch.channels_last)
            mask = interpolate(truth.seen, size=size)
        with torch.autocast(self.device.type, torch.bfloat16):
            answer = network(crops, mask=mask)
        return published_loss(answer, truth, self._importance, self._face, self.recipe.loss)


def published_truth(batch: FaceBatch, face_model: FaceModel, table: PositionMapTable) -> PublishedTruth:
    """What a batch of 128 px faces looks like to a network whose crops have the table's side."""
    larger = table.size / CROP_PX
    shape = face_model.vertices(batch.identity, batch.expression)
    crop = project(shape, batch.rotation, batch.camera)
    nose = torch.tensor(face_model.topology.landmark_vertices[NOSE_TIP], device=crop.device).long()
    tip = (crop[:, nose, 2] * crop.new_tensor(face_model.topology.landmark_weights[NOSE_TIP])).sum(1)
    flat = (crop[..., :2] + 0.5) * larger - 0.5
    face = torch.cat((flat, (crop[..., 2:] - tip[:, None, None]) * larger), -1)
    seen = batch.mask[:, None].float()
    depth = (batch.depth[:, None].float() - tip[:, None, None, None]) * larger / PX_PER_UNIT
    return PublishedTruth(
        seen=seen,
        grid=(2 * batch.uv.float() - 1) * seen,
        depth=depth * seen,
        shape=batch.identity,
        expression=batch.expression,
        camera=_camera(batch, larger),
        offset=table.to_map((shape - face_model.mean) * SHAPE_UNITS_PER_MM),
        kpt=table.to_map(face / PX_PER_UNIT),
    )


def _camera(batch: FaceBatch, larger: float) -> Tensor:
    """[B, 12]: the camera at the model's origin, without perspective; its depth offset is the mean one."""
    s, tx, ty, _ = batch.camera.unbind(-1)
    flip = batch.rotation.new_tensor((1.0, -1.0, 1.0))[:, None]
    linear = (s * larger / 1000)[:, None, None] * flip * batch.rotation
    far = torch.full_like(tx, CAMERA_MEAN[11] * larger * CROP_PX / 256)
    shift = torch.stack(((tx + 0.5) * larger - 0.5, (ty + 0.5) * larger - 0.5, far), -1)
    return torch.cat((linear, shift[..., None]), -1).flatten(1)


def _importance(face_model: FaceModel, size: int) -> Tensor:
    """[S, S] how much each cell counts: landmarks, then eyes, nose and mouth, then the rest."""
    topology = face_model.topology
    table = PositionMapTable(topology, size)
    names = [topology.region_names.index(name) for name in IMPORTANT]
    feature = torch.from_numpy(np.isin(topology.regions, names)).float()
    weights = torch.where(table.to_map(feature[None, :, None])[0, 0] > 0.5, FEATURE, REST)
    uv = (topology.landmark_weights[..., None] * topology.uv[topology.landmark_vertices]).sum(1)
    column, row = torch.from_numpy(uv * size).long().clamp(0, size - 1).unbind(-1)
    weights[row, column] = LANDMARK
    return weights


def _start_camera(hrnet: nn.Module, scale: float) -> None:
    """Begin at the mean camera of the original's training, with its spread."""
    norm = hrnet.get_submodule("fc_Tm_bn")
    assert isinstance(norm, nn.BatchNorm1d)
    norm.bias.data.copy_(scale * torch.tensor(CAMERA_MEAN))
    norm.weight.data.copy_(scale * torch.tensor(CAMERA_DEVIATION))
