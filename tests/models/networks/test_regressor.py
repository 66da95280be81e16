import json
from pathlib import Path

import pytest
import torch

from models.networks.blocks import fold_batch_norms
from models.networks.mobilenet import MobileNet
from models.networks.regressor import RegressorForm, RegressorInTraining
from models.networks.resnet22 import ResNet22

SPEC = Path(__file__).resolve().parents[4] / "shared/specs/tddfa_mb05_state_dict.json"


def parameters(network: torch.nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def test_the_published_networks_have_their_published_sizes():
    assert parameters(MobileNet(0.5)) == 850_398
    assert round(parameters(MobileNet(1.0)) / 1e4) == 327
    assert ResNet22().features == 512


@pytest.mark.shared
@pytest.mark.skipif(not SPEC.exists(), reason="the published list of keys is not part of the project")
def test_the_keys_are_those_of_the_published_state_dict():
    published = {
        key.removeprefix("module.").replace("fc_param", "fc"): shape
        for key, shape, _ in json.loads(SPEC.read_text())
        if "fc_lm" not in key
    }
    assert {key: list(value.shape) for key, value in MobileNet(0.5).state_dict().items()} == published


@pytest.mark.parametrize("kind", ["mobilenet", "resnet22"])
def test_a_folded_network_says_the_same(kind):
    torch.manual_seed(0)
    network = RegressorForm(kind, 0.25).make().eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 2)
    pictures = torch.randn(2, 3, 120, 120)
    with torch.no_grad():
        before = network(pictures)
        after = fold_batch_norms(network)(pictures)
    assert before.shape == (2, 62)
    assert torch.allclose(before, after, atol=1e-4)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in network.modules())


@pytest.mark.parametrize("kind", ["mobilenet", "resnet22"])
def test_in_training_the_landmark_branch_stands_beside_the_same_answer(kind):
    network = RegressorInTraining(RegressorForm(kind, 0.25)).eval()
    pictures = torch.randn(2, 3, 120, 120)
    with torch.no_grad():
        answer = network(pictures)
        assert torch.allclose(answer.parameters, network.network(pictures), atol=1e-5)
    assert answer.landmarks.shape == (2, 68, 2)


@pytest.mark.parametrize("wrong", [{"kind": "vgg"}, {"width": 0.0}, {"size": 0}, {"identity": 10_000}])
def test_a_form_of_no_network_is_refused(wrong):
    with pytest.raises(ValueError, match="regressor"):
        RegressorForm(**wrong)
