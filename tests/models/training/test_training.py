import json
import math
import signal

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import nn

from models.loading import read_weights, weights_path
from models.methods.dsfnet.factory import dsfnet
from models.methods.dsfnet.likely_error import taken_from
from models.methods.mean_face import CORRECTION, MEASURED
from models.synthetic.dataset import batch
from models.training.__main__ import main
from models.training.dsfnet import DSFNetTask
from models.training.loop import Run, rate_at
from models.training.recipes import DSFNetRecipe


class LineTask:
    """Learns y = 2 x + 1."""

    def __init__(self):
        torch.manual_seed(0)
        self.network = nn.Linear(1, 1)

    def batches(self, rank, steps):
        generator = torch.Generator().manual_seed(rank)
        while True:
            yield torch.randn(16, 1, generator=generator)

    def loss(self, network, batch):
        loss = (network(batch) - 2 * batch - 1).square().mean()
        return loss, {"line": loss.detach()}


def recipe(minutes: float) -> DSFNetRecipe:
    return DSFNetRecipe(minutes=minutes, learning_rate=0.05, weight_decay=0.0, ema=0.9)


def test_a_run_learns_and_leaves_weights_with_their_recipe(tmp_path):
    Run(LineTask(), recipe(0.02), tmp_path).train()
    tensors, told = read_weights(tmp_path / "weights.safetensors")
    assert float(tensors["weight"]) == pytest.approx(2, abs=0.05)
    assert float(tensors["bias"]) == pytest.approx(1, abs=0.05)
    assert tensors["weight"].dtype == torch.float16
    assert told["seed"] == 2026
    assert told["images"] > 0
    assert json.loads((tmp_path / "weights.json").read_text()) == told


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path):
    task = LineTask()
    first = Run(task, recipe(100), tmp_path)
    for _, some in zip(range(7), task.batches(0, 0), strict=False):
        first._step(some)
    first.seconds = 60.0
    first.save()

    second = Run(LineTask(), recipe(100), tmp_path)
    assert second.steps == 7
    assert second.progress == pytest.approx(0.01)
    for key, value in first.network.state_dict().items():
        torch.testing.assert_close(second.network.state_dict()[key], value)
        torch.testing.assert_close(second.average[key], first.average[key])
    some = next(iter(task.batches(1, 0)))
    first._step(some)
    second._step(some)  # the optimiser's moments came along too
    torch.testing.assert_close(second.network.weight, first.network.weight)


def test_a_gradient_that_is_not_finite_changes_nothing(tmp_path):
    task = LineTask()
    run = Run(task, recipe(100), tmp_path)
    before = task.network.weight.detach().clone()
    run._step(torch.full((16, 1), math.inf))
    torch.testing.assert_close(task.network.weight.detach(), before)


@given(st.floats(0, 1))
def test_the_rate_stays_within_its_peak(progress):
    assert 0 <= rate_at(progress, 0.1) <= 1


def test_the_rate_rises_then_falls_to_zero():
    rates = [rate_at(k / 100, 0.1) for k in range(101)]
    peak = rates.index(max(rates))
    assert rates[:peak] == sorted(rates[:peak])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[100] == pytest.approx(0, abs=1e-9)


def test_a_signal_ends_a_run_with_everything_saved(tmp_path):
    class Interrupted(LineTask):
        def batches(self, rank, steps):
            for k, some in enumerate(super().batches(rank, steps)):
                if k == 5:
                    signal.raise_signal(signal.SIGTERM)
                yield some

    Run(Interrupted(), recipe(100), tmp_path).train()
    assert Run(LineTask(), recipe(100), tmp_path).steps == 5
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_a_run_begins_from_given_weights_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(DSFNetTask, "batches", lambda *_: iter(()))  # nothing to learn from
    assert main(["dsfnet", "--start", "open", "--out", str(tmp_path)]) == 0
    tensors, told = read_weights(tmp_path / "weights.safetensors")
    given, _ = read_weights(weights_path("dsfnet", "open"))
    for offsets in MEASURED:  # what those weights get wrong is no beginning
        given.pop(offsets)
    taken_from(given)
    given = {key: value for key, value in given.items() if not key.startswith("refine.")}
    assert tensors.keys() == given.keys()
    for key, value in given.items():
        torch.testing.assert_close(tensors[key].to(value.dtype), value)
    assert told["start"] == "open"


def test_a_refinement_is_learnt_alone_and_keeps_what_corrects_the_mean_face(tmp_path, monkeypatch):
    """All else of the weights stays, to the bit; the offset of the mean face, which it counts on, as well."""
    some = batch(3, range(4))
    monkeypatch.setattr(DSFNetTask, "batches", lambda *_: iter([some, some]))
    given, recipe = read_weights(weights_path("dsfnet", "open"))
    given = {key: value for key, value in given.items() if not key.startswith("refine.")}
    start = tmp_path / "start.safetensors"
    save_file(given, start, {"recipe": json.dumps(recipe)})
    assert main(["dsfnet", "--start", str(start), "--only", "refinement", "--out", str(tmp_path)]) == 0
    tensors, told = read_weights(tmp_path / "weights.safetensors")
    assert told["form"]["refining"] > 0
    for key in given.keys() & tensors.keys():
        torch.testing.assert_close(tensors[key].to(given[key].dtype), given[key], atol=0, rtol=0)
    torch.testing.assert_close(tensors[CORRECTION], given[CORRECTION], atol=0, rtol=0)
    assert float(tensors["refine.read.leave.1.weight"].abs().max()) > 0  # it began at nothing
    method = dsfnet(tmp_path / "weights.safetensors")
    assert "refinement" in method.switches


def test_weights_that_do_not_fit_are_no_beginning(tmp_path, capsys):
    save_file({"weight": torch.zeros(2)}, tmp_path / "other.safetensors")
    code = main(["dsfnet", "--start", str(tmp_path / "other.safetensors"), "--out", str(tmp_path / "run")])
    assert code == 1
    assert "other.safetensors does not fit" in capsys.readouterr().err
