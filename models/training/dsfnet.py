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
from models.networks.dual_space import DensePrediction, DualSpaceAnswer, DualSpaceNetwork, Faces
from models.networks.refining import Reading
from models.synthetic.dataset import FaceBatch, MakeRow, Pool, rendered_row
from models.training.augment import mirrored, vary_colours
from models.training.losses import Landmarks, Target, dsfnet_loss, make_target, refinement_loss, states_loss
from models.training.recipes import DSFNetRecipe

STATES, REFINEMENT = "states", "refinement"
REFINING = 96  # width of a refinement that is trained for the first time
FIRST_DRAW = 1024  # samples to wait for, so that the first batches differ


class DSFNetTask:
    """Network, data and loss of one recipe; see loop.Task."""

    def __init__(
        self,
        recipe: DSFNetRecipe,
        face_model: FaceModel,
        device: str = "cpu",
        make: MakeRow = rendered_row,
        correction: Tensor | None = None,
    ) -> None:
        """A new network, of which all is trained or a part.

        Args:
            recipe: The run's.
            face_model: Its faces.
            device: Where to train.
            make: Makes samples.
            correction: [N, 3] mm that answers of these weights add to the mean face; for a refinement alone.
        """
        self.recipe = recipe
        self._make = make
        self.device = torch.device(device)
        torch.manual_seed(recipe.seed)
        self.network: nn.Module = make_network(recipe.form, face_model, correction)
        self._face_model = face_model.to(device)
        table = PositionMapTable(face_model.topology, recipe.form.chart_size)
        self._inside = table.mask.flatten().float().to(device)
        whole = face_model.mean if correction is None else face_model.mean + correction
        mean = torch.from_numpy(face_model.topology.landmarks(whole.cpu().numpy())) / MM_PER_UNIT
        self._landmarks = Landmarks(mean.float().to(device), landmark_weights(face_model, table).to(device))
        self._mean = table.to_map(whole[None]).flatten(2).mT[0].to(device) / MM_PER_UNIT
        self._table = table.to(device)
        if recipe.only not in ("", STATES, REFINEMENT):
            raise ValueError(f"only {STATES!r} or {REFINEMENT!r} can be trained alone, not {recipe.only!r}")
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
        """The weighted sum of `losses.dsfnet_loss`, or of the part that is trained, and its terms."""
        crops, target = self._prepared(batch)
        if self.recipe.only == REFINEMENT:
            faces, reading = self._refined_alone(crops)
            of_face = self._landmarks, self._inside, self._mean
            return refinement_loss(faces, reading, target, *of_face, w=self.recipe.loss)
        if self.recipe.only:
            return states_loss(self._states_alone(crops), target, self._landmarks, self.recipe.loss)
        with torch.autocast(self.device.type, torch.bfloat16):
            answer = network(crops)
        return dsfnet_loss(answer, target, self._landmarks, self._inside, self.recipe.loss)

    @torch.no_grad()
    def _prepared(self, batch: FaceBatch) -> tuple[Tensor, Target]:
        """Crops to look at, mirrored and coloured by chance, and their truth."""
        if torch.rand(()) < 0.5:
            batch = mirrored(batch, self._face_model)
        target = make_target(batch, self._face_model, self._table)
        return standardise(vary_colours(batch.images)).to(memory_format=torch.channels_last), target

    def _refined_alone(self, crops: Tensor) -> tuple[Faces, Reading]:
        """Faces and reading with gradients for the refinement only."""
        network = self._dual_space.eval()
        for part in self._trained():
            part.train()
        with torch.no_grad(), torch.autocast(self.device.type, torch.bfloat16):
            percept = network.perceive(crops)
            faces = network.faces(percept)
        refined, reading = network.refined(percept, faces, twice=False)
        assert reading is not None
        return refined, reading

    @property
    def _dual_space(self) -> DualSpaceNetwork:
        assert isinstance(self.network, DualSpaceNetwork)
        return self.network

    def _trained(self) -> tuple[nn.Module, ...]:
        """The parts of the network that `only` leaves to be trained."""
        network = self._dual_space
        if self.recipe.only == REFINEMENT:
            assert network.refine is not None
            return (network.refine,)
        return network.evidence, network.states, network.dense

    def _states_alone(self, crops: Tensor) -> DualSpaceAnswer:
        """The answer with gradients for the trained parts only; norms of the others stay as they are."""
        network = self._dual_space
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
