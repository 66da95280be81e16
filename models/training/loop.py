"""The training loop: batches in, checkpoints and weights out; resumable at any time."""

from __future__ import annotations

import json
import logging
import math
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from models.training.recipes import Recipe

LOG = logging.getLogger("models.training")
LOG_EVERY_S = 30.0
SAVE_EVERY_S = 240.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Task(Protocol):
    """What a method's training is made of, apart from the loop."""

    network: nn.Module

    def batches(self, rank: int, steps: int) -> Iterator[Any]:
        """Endless batches, others on every rank, and others after `steps` steps than from the start."""

    def loss(self, network: nn.Module, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss to minimise and its terms by name."""


class Run:
    """One training run in a folder: checkpoint.pt, log.jsonl, weights.safetensors.

    Under `torchrun` every rank trains on its own batches; rank 0 writes and tells the time.
    """

    def __init__(self, task: Task, recipe: Recipe, folder: Path, device: str = "cpu") -> None:
        self.recipe, self.folder, self.task = recipe, folder, task
        self.rank = int(os.environ.get("RANK", "0"))
        self.device = torch.device(device)
        self.network = task.network.to(self.device)
        for parameter in self.network.parameters():
            if parameter.ndim == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        self.average = {key: value.detach().clone() for key, value in self.network.state_dict().items()}
        self.optimiser = torch.optim.AdamW(
            _groups(self.network, recipe.weight_decay), lr=recipe.learning_rate
        )
        self._moving = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        self.steps, self.seconds = 0, 0.0
        self._trained: nn.Module = self.network
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            torch.distributed.init_process_group("nccl" if self.device.type == "cuda" else "gloo")
            self._trained = DistributedDataParallel(self.network)
        folder.mkdir(parents=True, exist_ok=True)
        if self._checkpoint.exists():
            self._resume()

    def train(self) -> None:
        """Train until the recipe's minutes are used up.

        SIGTERM and SIGINT end it after the current step, with everything saved; call again to resume.
        """
        stop = threading.Event()
        before_signal = [signal.signal(kind, lambda *_: stop.set()) for kind in STOP_SIGNALS]
        try:
            self._train(stop)
        finally:
            self.save()
            for kind, handler in zip(STOP_SIGNALS, before_signal, strict=True):
                signal.signal(kind, handler)

    def _train(self, stop: threading.Event) -> None:
        started = last_log = last_save = time.monotonic()
        before = self.seconds
        seen: list[dict[str, Tensor]] = []
        for batch in self.task.batches(self.rank, self.steps):
            if self._over(stop.is_set()):
                break
            seen.append(self._step(batch))
            now = time.monotonic()
            self.seconds = before + now - started
            if now - last_log > LOG_EVERY_S:
                self._log(seen, now - last_log)
                seen, last_log = [], now
            if now - last_save > SAVE_EVERY_S:
                self.save()
                last_save = now

    def _over(self, stop: bool) -> bool:
        """Whether the run ends here. All ranks go by the first one's clock, or one would wait for ever."""
        if self._trained is not self.network:
            clock = torch.tensor([self.seconds], dtype=torch.float64, device=self.device)
            stops = torch.tensor([float(stop)], device=self.device)
            torch.distributed.broadcast(clock, 0)
            torch.distributed.all_reduce(stops)
            self.seconds, stop = float(clock), bool(stops)
        return self.progress >= 1 or stop

    @property
    def progress(self) -> float:
        """Share of the run that is done, 0..1."""
        return self.seconds / (60 * self.recipe.minutes)

    def _step(self, batch: Any) -> dict[str, Tensor]:
        self._trained.train()
        for group in self.optimiser.param_groups:
            group["lr"] = self.recipe.learning_rate * rate_at(self.progress, self.recipe.warmup)
        loss, terms = self.task.loss(self._trained, batch)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self._moving, self.recipe.clip_norm)
        if bool(norm.isfinite()):
            self.optimiser.step()
        else:
            LOG.warning("step %d: the gradient is not finite; skipped", self.steps)
        self.steps += 1
        self._update_average()
        return terms | {"loss": loss.detach(), "gradient norm": norm.detach()}

    @torch.no_grad()
    def _update_average(self) -> None:
        decay = min(self.recipe.ema, self.steps / (self.steps + 10))
        for key, value in self.network.state_dict().items():
            if value.is_floating_point():
                self.average[key].lerp_(value, 1 - decay)
            else:
                self.average[key].copy_(value)

    def _log(self, seen: list[dict[str, Tensor]], seconds: float) -> None:
        if self.rank:
            return
        names = dict.fromkeys(name for terms in seen for name in terms)  # not every step has every term
        means = {
            name: float(torch.stack([terms[name] for terms in seen if name in terms]).mean())
            for name in names
        }
        row = {
            "step": self.steps,
            "progress": round(self.progress, 4),
            "images_per_s": round(len(seen) * self.recipe.batch / seconds, 1),
            "rate": self.optimiser.param_groups[0]["lr"],
        } | {key: round(value, 5) for key, value in means.items()}
        LOG.info("%s", json.dumps(row))
        with (self.folder / "log.jsonl").open("a") as file:
            file.write(json.dumps(row) + "\n")

    @property
    def _checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    def save(self) -> None:
        """Write the checkpoint (to resume) and the averaged weights (to use), each atomically."""
        if self.rank:
            return
        state = {
            "network": self.network.state_dict(),
            "average": self.average,
            "optimiser": self.optimiser.state_dict(),
            "steps": self.steps,
            "seconds": self.seconds,
        }
        partial = self._checkpoint.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self._checkpoint)
        images = self.steps * self.recipe.batch * int(os.environ.get("WORLD_SIZE", "1"))
        recipe = self.recipe.as_json() | {"images": images, "trained_minutes": round(self.seconds / 60, 1)}
        write_weights(self.folder / "weights.safetensors", self.average, recipe)

    def _resume(self) -> None:
        state = torch.load(self._checkpoint, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average = state["average"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.steps, self.seconds = state["steps"], state["seconds"]
        LOG.info("resumed at step %d, %.1f minutes", self.steps, self.seconds / 60)


def rate_at(progress: float, warmup: float) -> float:
    """Share of the learning rate at a share of the run: up along a line, down along a cosine to zero."""
    if progress < warmup:
        return (progress + 1e-3) / (warmup + 1e-3)
    done = min(1.0, (progress - warmup) / (1 - warmup))
    return 0.5 * (1 + math.cos(math.pi * done))


def write_weights(path: Path, tensors: dict[str, Tensor], recipe: dict[str, Any]) -> None:
    """Half-precision safetensors with the recipe in its header, and the recipe as JSON beside it."""
    halves = {
        key: value.half().contiguous().cpu() if value.is_floating_point() else value.cpu()
        for key, value in tensors.items()
    }
    partial = path.with_suffix(".partial")
    save_file(halves, partial, {"recipe": json.dumps(recipe)})
    partial.replace(path)
    path.with_suffix(".json").write_text(json.dumps(recipe, indent=1) + "\n")


def _groups(network: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Weight decay for matrices and kernels only."""
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
