"""PRNet's network against a plain restatement from its description, and its counts."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import conv2d, pad

from models.networks.blocks import fold_batch_norms
from models.networks.position_net import PositionForm, PositionNetwork

SMALL = PositionForm(size=64, width=0.25)
DOWN = [(32, 2), (32, 1), (64, 2), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)]
UP = [(512, 1), (256, 2), (256, 1), (256, 1), (128, 2), (128, 1), (128, 1), (64, 2), (64, 1), (64, 1)]
UP += [(32, 2), (32, 1), (16, 2), (16, 1), (3, 1), (3, 1), (3, 1)]


def lively(form: PositionForm, seed: int = 0) -> PositionNetwork:
    """A network whose every number matters, with statistics that keep its signals alive."""
    torch.manual_seed(seed)
    network = PositionNetwork(form).train()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.uniform_(module.bias, -0.5, 0.5)
    with torch.no_grad():
        network(torch.rand(4, 3, form.size, form.size))
    return network.eval()


def same(x: Tensor, kernel: Tensor, stride: int = 1) -> Tensor:
    """TensorFlow's SAME: as many outputs as ceil(n / stride); the odd row of padding goes last."""
    n, k = x.shape[-1], kernel.shape[-1]
    total = max((-(-n // stride) - 1) * stride + k - n, 0)
    return conv2d(pad(x, (total // 2, total - total // 2) * 2), kernel, stride=stride)


def transposed_same(x: Tensor, kernel: Tensor, stride: int) -> Tensor:
    """The adjoint of `same` as TensorFlow has it: x is scattered, then what SAME would have padded is cut."""
    batch, _, n, _ = x.shape
    k, out = kernel.shape[-1], stride * x.shape[-1]
    full = x.new_zeros(batch, kernel.shape[1], stride * (n - 1) + k, stride * (n - 1) + k)
    for row in range(k):
        for column in range(k):
            part = torch.einsum("bihw,io->bohw", x, kernel[:, :, row, column])
            full[:, :, row : row + stride * n : stride, column : column + stride * n : stride] += part
    before = max(full.shape[-1] - out, 0) // 2
    return full[..., before : before + out, before : before + out]


def normed(x: Tensor, state: dict[str, Tensor], name: str) -> Tensor:
    gamma, beta, mean, variance = (
        state[f"{name}.{part}"][:, None, None] for part in ("weight", "bias", "running_mean", "running_var")
    )
    return gamma * (x - mean) / (variance + 0.001).sqrt() + beta


def restated(state: dict[str, Tensor], pictures: Tensor) -> Tensor:
    """The network written down flat."""
    x = normed(same(pictures, state["enter.conv.weight"]), state, "enter.norm").relu()
    for k, (_, stride) in enumerate(DOWN):
        name = f"blocks.{k}"
        y = normed(same(x, state[f"{name}.narrow.conv.weight"]), state, f"{name}.narrow.norm").relu()
        y = normed(same(y, state[f"{name}.look.conv.weight"], stride), state, f"{name}.look.norm").relu()
        y = same(y, state[f"{name}.widen.weight"])
        around = f"{name}.around.weight"
        x = normed(
            y + (same(x, state[around], stride) if around in state else x), state, f"{name}.norm"
        ).relu()
    for k, (_, stride) in enumerate(UP):
        x = normed(transposed_same(x, state[f"ups.{k}.conv.weight"], stride), state, f"ups.{k}.norm")
        x = x.relu() if k < len(UP) - 1 else x.sigmoid()
    return x * pictures.shape[-1] * 1.1


@torch.no_grad()
def test_the_network_is_the_one_described() -> None:
    network = lively(SMALL)
    pictures = torch.rand(2, 3, 64, 64)
    want = restated(network.state_dict(), pictures)
    got = network(pictures)
    assert float(want.std((0, 2, 3)).min()) > 0.5, "the comparison would say nothing"
    torch.testing.assert_close(got, want, atol=0.05, rtol=1e-3)


@torch.no_grad()
def test_folding_changes_nothing() -> None:
    network = lively(SMALL, seed=1)
    pictures = torch.rand(1, 3, 64, 64)
    before = network(pictures)
    torch.testing.assert_close(fold_batch_norms(network)(pictures), before, atol=0.05, rtol=1e-3)


def test_the_published_form_has_the_numbers_of_the_published_file() -> None:
    state = PositionNetwork(PositionForm()).state_dict()
    kept = {key: value for key, value in state.items() if value.ndim}
    assert len(kept) == 245
    assert sum(value.numel() for value in kept.values()) == 13_365_508
    assert [kept[f"blocks.{k}.widen.weight"].shape[0] for k in range(10)] == [width for width, _ in DOWN]
    assert [kept[f"ups.{k}.conv.weight"].shape[1] for k in range(17)] == [width for width, _ in UP]


def test_a_narrower_form_keeps_the_three_coordinates() -> None:
    network = PositionNetwork(SMALL).eval()
    with torch.no_grad():
        assert network(torch.rand(1, 3, 64, 64)).shape == (1, 3, 64, 64)


@pytest.mark.parametrize("form", [{"size": 100}, {"size": 0}, {"width": 0.0}, {"width": 99.0}])
def test_a_form_that_cannot_be_is_refused(form: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        PositionForm(**form)  # type: ignore[arg-type]


def test_positions_are_not_rounded_in_half_precision() -> None:
    network = lively(SMALL, seed=2)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        answer = network(torch.rand(1, 3, 64, 64))
    assert answer.dtype == torch.float32
    steps: NDArray[np.float32] = np.unique(answer[0, 0].numpy())
    assert len(steps) > 2000, "bf16 knows some hundred values in this range"
