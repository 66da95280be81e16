"""Convolutions in the processor's own layout answer as plain ones do, and can be copied."""

from copy import deepcopy

import pytest
import torch
from torch import nn

from models.networks.blocks import ResidualBlock, convolution, fold_batch_norms
from models.networks.packed import PackedConvolution, packed
from models.networks.unet import FusionNetwork

pytestmark = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="PyTorch without oneDNN")


def answers(network: nn.Module, *given: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        return network(*given)


@pytest.mark.parametrize(("kind", "off"), [(torch.float32, 1e-6), (torch.bfloat16, 1e-3)])
def test_a_packed_network_answers_as_the_plain_one(kind, off):
    torch.manual_seed(0)
    network = fold_batch_norms(FusionNetwork(10, 8, 32, (8, 16, 24, 32))).to(kind)
    faster = packed(deepcopy(network))
    for count, side in ((1, 16), (3, 16), (2, 24)):
        maps, summary = torch.randn(count, 10, side, side).to(kind), torch.randn(count, 32).to(kind)
        maps = maps.to(memory_format=torch.channels_last)
        torch.testing.assert_close(
            answers(faster, maps, summary), answers(network, maps, summary), atol=off, rtol=0
        )


@pytest.mark.parametrize(("inputs", "stride"), [(4, 2), (8, 1)])
def test_a_residual_block_adds_what_goes_around_it(inputs, stride):
    torch.manual_seed(1)
    block = fold_batch_norms(ResidualBlock(inputs, 8, stride))
    x = torch.randn(2, inputs, 8, 8)
    torch.testing.assert_close(answers(packed(deepcopy(block)), x.clone()), answers(block, x.clone()))


def test_every_wider_convolution_is_packed_and_takes_its_relu_along():
    block = packed(fold_batch_norms(ResidualBlock(4, 8, stride=2)))
    assert sum(isinstance(part, PackedConvolution) for part in block.modules()) == 2
    assert type(block.shortcut[0]) is nn.Conv2d  # of 1 x 1
    assert not any(isinstance(part, nn.ReLU) for part in block.modules())
    assert answers(packed(fold_batch_norms(convolution(3, 5))), torch.randn(1, 3, 8, 8)).min() == 0


def test_a_single_convolution_is_packed_once_for_inputs_of_any_size():
    plain = nn.Conv2d(3, 4, 3, padding=1)
    one = packed(deepcopy(plain))
    for count, side in ((1, 8), (5, 64), (2, 9)):
        x = torch.randn(count, 3, side, side)
        torch.testing.assert_close(answers(one, x), answers(plain, x))


def test_a_copy_of_a_used_one_answers_too():
    one = packed(convolution(3, 4).eval())
    x = torch.randn(1, 3, 8, 8)
    before = answers(one, x)
    assert torch.equal(answers(deepcopy(one), x), before)
