"""PRNet's network made wider: `python -m models.training.widen WEIGHTS --width W --out FILE`.

It answers as before, or, where its map is to say positions farther beyond the picture (`--beyond`), nearly so
about the middle. What a narrow network learnt is not lost to a wider one: channels are doubled, and what
reads a channel divides its weight among the copies by chance, so that they part in training (Chen, Goodfellow
and Shlens, "Net2Net", ICLR 2016).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from models.errors import InputError, UnmaskError, WeightsError
from models.loading import fill, read_weights
from models.methods.mean_face import MEASURED
from models.networks.position_net import PositionForm, PositionNetworkInTraining
from models.training.loop import write_weights


def main(arguments: Sequence[str] | None = None) -> int:
    """Widen and write; 0, or 1 with a sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python -m models.training.widen", description=__doc__)
    parser.add_argument("weights", type=Path, help="of a training of prnet")
    parser.add_argument("--width", type=float, required=True, help="as a multiple of the published channels")
    parser.add_argument("--beyond", type=float, help="sides that its map can say beyond the picture")
    parser.add_argument("--out", type=Path, required=True, help="the .safetensors file to write")
    chosen = parser.parse_args(arguments)
    try:
        tensors, recipe = read_weights(chosen.weights)
        tensors = {key: value for key, value in tensors.items() if key not in MEASURED}  # of those weights
        try:
            form, seed = PositionForm(**recipe["form"]), int(recipe["seed"])
        except (KeyError, TypeError, ValueError) as error:
            raise WeightsError(f"{chosen.weights.name} is of no training of prnet: {error!r}.") from error
        narrow = PositionNetworkInTraining(form)
        fill(narrow, tensors, chosen.weights)
        wide = widened(narrow, chosen.width, torch.Generator().manual_seed(seed))
        if chosen.beyond is not None:
            wide = reaching(wide, chosen.beyond)
        told = {"form": asdict(wide.form), "widened": chosen.weights.name}
        write_weights(chosen.out, wide.state_dict(), recipe | told)
    except UnmaskError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


@torch.no_grad()
def widened(
    narrow: PositionNetworkInTraining, width: float, chance: torch.Generator
) -> PositionNetworkInTraining:
    """The same function of a picture, in a network of `width` times the published channels.

    Raises:
        InputError: The width is not between once and twice the network's own.
    """
    if not narrow.form.width <= width <= 2 * narrow.form.width:
        raise InputError(
            f"a network of width {narrow.form.width} can be widened to twice that at most, not to {width}."
        )
    wide = PositionNetworkInTraining(replace(narrow.form, width=width))
    old = dict(narrow.named_modules())
    for name, module in wide.named_modules():
        match module:
            case nn.BatchNorm2d():
                for key, value in module.state_dict().items():
                    value.copy_(_copied(old[name].state_dict()[key], 0, value))
            case nn.ConvTranspose2d() | nn.Conv2d() | nn.Linear():
                kernel = old[name].get_parameter("weight")
                if isinstance(module, nn.Linear):
                    cells = (narrow.form.size // 32) ** 2
                    kernel = kernel.unflatten(1, (-1, cells))
                    module.bias.copy_(old[name].get_parameter("bias"))
                reads, says = (0, 1) if isinstance(module, nn.ConvTranspose2d) else (1, 0)
                target = module.weight.view(len(module.weight), -1, *kernel.shape[2:])
                kernel = _copied(kernel, says, target)
                target.copy_(_divided(kernel, reads, target.shape[reads], chance))
    return wide


@torch.no_grad()
def reaching(network: PositionNetworkInTraining, beyond: float) -> PositionNetworkInTraining:
    """The network with a map that can say positions so many sides beyond the picture, at either end.

    In the middle of what it can say, answers and their slopes stay; towards the ends, where the sigmoid
    flattens, they move outwards.

    Raises:
        InputError: `beyond` is not between what it is now and 1.
    """
    now = network.form
    if not now.beyond <= beyond <= 1:
        raise InputError(
            f"its map can say {now.beyond} sides beyond; that can grow to 1, not become {beyond}."
        )
    farther = PositionNetworkInTraining(replace(now, beyond=beyond))
    farther.load_state_dict(network.state_dict())
    (low, high), (lowest, highest) = now.told, farther.form.told
    last = farther.ups[-1].norm
    assert isinstance(last, nn.BatchNorm2d)
    last.weight.mul_((high - low) / (highest - lowest))
    last.bias.mul_((high - low) / (highest - lowest))
    return farther


def _copied(values: Tensor, axis: int, target: Tensor) -> Tensor:
    """Channel k of the target is channel k modulo their old number."""
    if not target.ndim:
        return values
    return values.index_select(axis, torch.arange(target.shape[axis]) % values.shape[axis])


def _divided(kernel: Tensor, axis: int, channels: int, chance: torch.Generator) -> Tensor:
    """The same, where the copies of a channel add up to its weight."""
    count = kernel.shape[axis]
    more = channels - count
    share = 0.5 + 0.5 * torch.randn(kernel.shape, generator=chance)
    first, rest = kernel.split((more, count - more), axis)
    share = share.narrow(axis, 0, more)
    return torch.cat((share * first, rest, (1 - share) * first), axis)


if __name__ == "__main__":
    sys.exit(main())
