"""Training DSFNet on rendered faces, or on any others made row by row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

import numpy as np
import torch
from torch import Tensor, nn

from models.face_model.morphable import FaceModel
from models.face_model.sampled import landmark_weights
from models.face_model.uv import PositionMapTable
from models.geometry.units import MM_PER_UNIT
from models.methods.dsfnet.method import make_network, standardise
from models.networks.dual_space import DensePrediction, DualSpaceAnswer, DualSpaceNetwork
from models.synthetic.dataset import FaceBatch, MakeRow, Pool, rendered_row
from models.training.augment import mirrored, vary_colours
from models.training.losses import Landmarks, dsfnet_loss, make_target, states_loss
from models.training.recipes import DSFNetRecipe

STATES = "states"
FIRST_DRAW = 1024  # samples to wait for, so that the first batches differ


class DSFNetTask:
    """Network, data and loss of one recipe; see loop.Task."""

    def __init__(
        self,
        recipe: DSFNetRecipe,
        face_model: FaceModel,
        device: str = "cpu",
        make: MakeRow = rendered_row,
    ) -> None:
        self.recipe = recipe
        self._make = make
        self.device = torch.device(device)
        torch.manual_seed(recipe.seed)
        self.network: nn.Module = make_network(recipe.form, face_model)
        self._face_model = face_model.to(device)
        table = PositionMapTable(face_model.topology, recipe.form.chart_size)
        self._inside = table.mask.flatten().float().to(device)
        mean = torch.from_numpy(face_model.topology.landmarks(face_model.mean.cpu().numpy())) / MM_PER_UNIT
        self._landmarks = Landmarks(mean.to(device), landmark_weights(face_model, table).to(device))
        self._table = table.to(device)
        if recipe.only not in ("", STATES):
            raise ValueError(f"only {STATES!r} can be trained alone, not {recipe.only!r}")
        if recipe.only:
            self.network.requires_grad_(False)
            for part in self._trained():
                part.requires_grad_(True)

    def batches(self, rank: int, steps: int) -> Iterator[FaceBatch]:
        """Endless random batches from a pool of faces that keeps being renewed."""
        recipe = self.recipe
        seed = recipe.seed + 1000 * rank
        first = 10_000_000 + steps * recipe.batch  # those below are kept for tests
        with Pool(seed, recipe.pool, recipe.workers, first, recipe.uses, nice=8, make=self._make) as pool:
            for batch in pool.batches(recipe.batch, np.random.default_rng([seed, steps]), FIRST_DRAW):
                yield on_device(batch, self.device)

    def loss(self, network: nn.Module, batch: FaceBatch) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted sum of `losses.dsfnet_loss` and its terms."""
        with torch.no_grad():
            if torch.rand(()) < 0.5:
                batch = mirrored(batch, self._face_model)
            target = make_target(batch, self._face_model, self._table)
            crops = standardise(vary_colours(batch.images)).to(memory_format=torch.channels_last)
        if self.recipe.only:
            return states_loss(self._states_alone(crops), target, self._landmarks, self.recipe.loss)
        with torch.autocast(self.device.type, torch.bfloat16):
            answer = network(crops)
        return dsfnet_loss(answer, target, self._landmarks, self._inside, self.recipe.loss)

    def _trained(self) -> tuple[nn.Module, ...]:
        """The parts of the network that `only` leaves to be trained."""
        network = self.network
        assert isinstance(network, DualSpaceNetwork)
        return network.evidence, network.states, network.dense

    def _states_alone(self, crops: Tensor) -> DualSpaceAnswer:
        """The answer with gradients for the trained parts only; norms of the others stay as they are."""
        network = self.network
        assert isinstance(network, DualSpaceNetwork)
        network.eval()
        for part in self._trained():
            part.train()
        with torch.autocast(self.device.type, torch.bfloat16):
            percept = network.perceive(crops)
            dense = DensePrediction(*(part.detach() for part in percept.dense))
            return network.conclude(percept._replace(dense=dense))._replace(dense=percept.dense)


def on_device(batch: FaceBatch, device: torch.device) -> FaceBatch:
    """The same batch with every tensor on a device."""
    return FaceBatch(**{field.name: getattr(batch, field.name).to(device) for field in fields(batch)})
