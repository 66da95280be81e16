"""Training 3DDFA-V2's regressor on a bank of rendered faces: meta-joint losses, a landmark branch, videos."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

import torch
from torch import Tensor, nn

from models.face_model.morphable import FaceModel
from models.networks.regressor import LANDMARKS, Regressed, RegressorInTraining
from models.synthetic.bank import Bank
from models.training.recipes import TDDFARecipe
from models.training.tddfa_losses import Shapes, Whitening, fwpdc, mean_distance, vertices_apart
from models.training.tddfa_samples import Sample, Samples

OBJECTIVES = ("parameters", "vertices")


class TDDFATask:
    """Network, data and loss of one recipe; see loop.Task.

    The meta-joint training of the paper: every so often both objectives, fWPDC and `mean_distance` (where the
    paper has VDC), are tried for a few steps from where the network is; the one that misses vertices kept
    aside by less leads from there on.
    """

    def __init__(self, recipe: TDDFARecipe, face_model: FaceModel, bank: Bank, device: str = "cpu") -> None:
        self.recipe = recipe
        self.device = torch.device(device)
        self._samples = Samples(recipe, face_model, bank)
        self._samples.seed(recipe.seed)
        torch.manual_seed(recipe.seed)
        self._network = RegressorInTraining(recipe.form)
        measured = self._samples.whitening()
        self._network.mean.copy_(measured.mean)
        self._network.std.copy_(measured.std)
        self.network: nn.Module = self._network.to(self.device)
        self._leading, self._steps = OBJECTIVES[0], 0

    def batches(self, rank: int, steps: int) -> Iterator[Sample]:
        """Endless samples of faces that are not kept aside."""
        self._samples.seed(self.recipe.seed, rank, steps)
        while True:
            yield self._draw()

    def loss(self, network: nn.Module, batch: Sample) -> tuple[Tensor, dict[str, Tensor]]:
        """The objectives, the landmark branch and the steadiness, weighted; and the terms by name."""
        if self._steps % self.recipe.look_ahead_every == 0:
            self._leading = self._look_ahead()
        self._steps += 1
        terms = self._terms(network, batch, self._leading)
        told = {name: term.detach() for name, term in terms.items()}
        told["parameters lead"] = torch.tensor(float(self._leading == "parameters"))
        return torch.stack(list(terms.values())).sum(), told

    def _terms(self, network: nn.Module, sample: Sample, leading: str) -> dict[str, Tensor]:
        w = self.recipe.loss
        with torch.autocast(self.device.type, torch.bfloat16):
            answer: Regressed = network(sample.pictures)
        whitening = Whitening(self._network.mean, self._network.std)
        target = whitening.on(sample.parameters)
        apart = vertices_apart(answer.parameters, target, sample.seen, whitening, sample.shapes)
        scale = float(whitening.mean[0])
        both = {
            "parameters": w.parameters * fwpdc(answer.parameters, target, whitening, sample.shapes, scale),
            "vertices": w.vertices * mean_distance(apart),
        }
        terms = {name: both[name] * (1.0 if name == leading else w.other) for name in OBJECTIVES}
        flat = answer.landmarks - sample.seen[:, :LANDMARKS, :2]
        terms["landmarks"] = w.landmarks * (flat.square().sum(-1) + 1e-8).sqrt().mean()
        if sample.moved:
            still = len(apart) - sample.moved
            change = apart[still:, :LANDMARKS] - apart[: sample.moved, :LANDMARKS]
            terms["steadiness"] = w.steadiness * mean_distance(change)
        return terms

    def _look_ahead(self) -> str:
        """Which objective, tried for a few steps from here, misses by less on faces kept aside."""
        samples = [self._draw() for _ in range(self.recipe.look_ahead)]
        judged = self._draw(held_out=True)
        return min(OBJECTIVES, key=lambda name: self._error_after(name, samples, judged))

    def _error_after(self, leading: str, samples: list[Sample], judged: Sample) -> float:
        network = deepcopy(self._network).train()
        optimiser = torch.optim.AdamW(network.parameters(), self.recipe.learning_rate / 10)
        for sample in samples:
            optimiser.zero_grad(set_to_none=True)
            torch.stack(list(self._terms(network, sample, leading).values())).sum().backward()
            optimiser.step()
        with torch.no_grad():
            return float(self._terms(network, judged, "vertices")["vertices"])

    def _draw(self, held_out: bool = False) -> Sample:
        pictures, parameters, seen, shapes, moved = self._samples.draw(self.recipe.batch, held_out)
        return Sample(
            pictures.to(self.device),
            parameters.to(self.device),
            seen.to(self.device),
            Shapes(*(part.to(self.device) for part in shapes)),
            moved,
        )
