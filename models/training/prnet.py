"""Training PRNet's position map on a bank of rendered faces."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from models.face_model.morphable import FaceModel
from models.face_model.uv import PositionMapTable
from models.networks.position_net import PositionNetworkInTraining
from models.synthetic.bank import Bank
from models.training.position_maps import Mapped, Samples, cell_weights, position_loss
from models.training.recipes import PRNetRecipe


class PRNetTask:
    """Network, data and loss of one recipe; see loop.Task."""

    def __init__(self, recipe: PRNetRecipe, face_model: FaceModel, bank: Bank, device: str = "cpu") -> None:
        self.recipe = recipe
        self.device = torch.device(device)
        torch.manual_seed(recipe.seed)
        self.network: nn.Module = PositionNetworkInTraining(recipe.form)
        for module in self.network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = recipe.momentum
        table = PositionMapTable(face_model.topology, recipe.form.size)
        self._weights = cell_weights(face_model.topology, table).to(self.device)
        self._samples = Samples(recipe, face_model, table, bank)

    def batches(self, rank: int, steps: int) -> Iterator[Mapped]:
        """Endless samples by chance."""
        self._samples.seed(self.recipe.seed, rank, steps)
        while True:
            yield self._samples.draw()

    def loss(self, network: nn.Module, batch: Mapped) -> tuple[Tensor, dict[str, Tensor]]:
        """`position_loss` and that of the landmark branch.

        For the log also the mean distance in percent of the side, all cells alike.
        """
        pictures, truth = batch.pictures.to(self.device), batch.positions.to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16):
            answer, landmarks = network(pictures)
        recipe = self.recipe
        map_loss = position_loss(answer, truth, self._weights, recipe.depth, recipe.squared)
        off = landmarks - batch.landmarks.to(self.device)
        beside = recipe.landmarks * (off.square().sum(-1) + 1e-8).sqrt().mean()
        alike = (self._weights > 0).float()
        apart = position_loss(answer[:, :2].detach(), truth[:, :2], alike, 1.0, False)
        told = {"map": map_loss.detach(), "landmarks": beside.detach(), "flat distance": 50 * apart}
        return map_loss + beside, told
