"""PRNet's network made wider."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from models.errors import InputError
from models.loading import fill, read_weights
from models.networks.position_net import PositionForm, PositionNetworkInTraining
from models.training.loop import write_weights
from models.training.recipes import PRNetRecipe, TDDFARecipe
from models.training.widen import main, reaching, widened


@pytest.fixture
def narrow() -> PositionNetworkInTraining:
    """A network that saw something, so that no statistic is at its beginning."""
    torch.manual_seed(3)
    network = PositionNetworkInTraining(PositionForm(32, 0.125))
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 0.5
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
    for _ in range(3):
        network(torch.rand(4, 3, 32, 32))
    return network


@pytest.mark.parametrize("width", [0.125, 0.1875, 0.25])
def test_it_answers_as_before(narrow: PositionNetworkInTraining, width: float) -> None:
    wide = widened(narrow, width, torch.Generator().manual_seed(1))
    assert wide.form == PositionForm(32, width)
    pictures = torch.rand(2, 3, 32, 32)
    for one, other in zip(narrow.eval()(pictures), wide.eval()(pictures), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-3)


def test_copies_of_a_channel_part_in_training(narrow: PositionNetworkInTraining) -> None:
    wide = widened(narrow, 0.25, torch.Generator().manual_seed(1)).train()
    kernel = wide.enter.conv.weight
    first, second = kernel.detach().chunk(2)
    assert torch.equal(first, second)
    positions, landmarks = wide(torch.rand(4, 3, 32, 32))
    (positions.mean() + landmarks.square().mean()).backward()
    first, second = kernel.grad.chunk(2)
    assert not torch.allclose(first.sign(), second.sign())  # what Adam heeds


def test_more_than_twice_as_wide_is_refused(narrow: PositionNetworkInTraining) -> None:
    with pytest.raises(InputError, match=r"0\.125 .* not to 0\.5"):
        widened(narrow, 0.5, torch.Generator())


def test_a_map_that_reaches_farther_says_the_same_in_the_middle(narrow: PositionNetworkInTraining) -> None:
    far = reaching(narrow, 0.25).eval()
    assert far.form.told == (-8.0, pytest.approx(32 * 1.35))
    pictures = torch.rand(8, 3, 32, 32)
    before, after = (network(pictures)[0] for network in (narrow.eval(), far))
    middle = (before - 0.55 * 32).abs()
    torch.testing.assert_close(after[middle < 1.5], before[middle < 1.5], atol=0.02, rtol=0)
    assert bool(((after - 0.55 * 32).abs() >= middle - 1e-4).all())  # the ends move outwards
    with pytest.raises(InputError, match=r"0\.25 sides beyond.* not become 0\.1"):
        reaching(far, 0.1)


def test_the_file_says_how_wide_it_is(narrow: PositionNetworkInTraining, tmp_path: Path) -> None:
    recipe = PRNetRecipe(form=narrow.form).as_json()
    write_weights(tmp_path / "narrow.safetensors", narrow.state_dict(), recipe)
    out = tmp_path / "wide.safetensors"
    words = ["--width", "0.25", "--beyond", "0.5", "--out", str(out)]
    assert main([str(tmp_path / "narrow.safetensors"), *words]) == 0
    tensors, told = read_weights(out)
    assert told["form"] == asdict(PositionForm(32, 0.25, 0.5))
    assert told["widened"] == "narrow.safetensors"
    fill(PositionNetworkInTraining(PositionForm(**told["form"])), tensors, out)


def test_weights_of_another_method_are_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_weights(tmp_path / "other.safetensors", {"w": torch.zeros(2)}, TDDFARecipe().as_json())
    out = tmp_path / "wide.safetensors"
    assert main([str(tmp_path / "other.safetensors"), "--width", "0.5", "--out", str(out)]) == 1
    assert "other.safetensors" in capsys.readouterr().err
    assert not out.exists()
