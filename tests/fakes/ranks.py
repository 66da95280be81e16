"""A short training whose clock is a counter, alone or as one of several ranks.

Usage: python -m torch.distributed.run --nproc-per-node 2 -m tests.fakes.ranks FOLDER
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from pathlib import Path

import torch
from torch import nn

from models.training import loop
from models.training.recipes import DSFNetRecipe

BATCH = 16  # of all ranks together
RECIPE = DSFNetRecipe(minutes=0.25, learning_rate=0.3, weight_decay=0.0, ema=0.9, warmup=0.2)


class LineTask:
    """Learns y = 2 x + 1 from this rank's share of each batch."""

    def __init__(self, ranks: int) -> None:
        torch.manual_seed(0)
        self.network = nn.Linear(1, 1)
        self.losses: list[float] = []
        self._ranks = ranks

    def batches(self, rank, steps):
        generator = torch.Generator().manual_seed(3)
        while True:
            yield torch.randn(BATCH, 1, generator=generator).chunk(self._ranks)[rank]

    def loss(self, network, batch):
        loss = (network(batch) - 2 * batch - 1).square().mean()
        self.losses.append(float(loss.detach()))
        return loss, {}


def main(folder: Path) -> None:
    rank, ranks = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    loop.time.monotonic = itertools.count(0, 1 + rank).__next__  # the clocks of ranks differ
    task = LineTask(ranks)
    loop.Run(task, RECIPE, folder).train()
    told = {"losses": task.losses, "weights": [float(p.detach()) for p in task.network.parameters()]}
    (folder / f"rank-{rank}.json").write_text(json.dumps(told))
    if ranks > 1:
        torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
