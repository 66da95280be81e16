"""The mean of weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from models.loading import read_weights
from models.training.average import main
from models.training.loop import write_weights


def written(path: Path, recipe: dict[str, object], **tensors: torch.Tensor) -> Path:
    write_weights(path, tensors, recipe)
    return path


def test_every_file_counts_the_same_and_counters_are_the_last_ones(tmp_path: Path) -> None:
    count = torch.tensor(7)
    a = written(tmp_path / "a.safetensors", {"seed": 1}, w=torch.tensor([0.0, 3.0]), n=count)
    b = written(tmp_path / "b.safetensors", {"seed": 2}, w=torch.tensor([1.0, 0.0]), n=count + 1)
    c = written(tmp_path / "c.safetensors", {"seed": 3}, w=torch.tensor([2.0, 0.0]), n=count + 2)
    assert main([str(a), str(b), str(c), "--out", str(tmp_path / "mean.safetensors")]) == 0
    tensors, recipe = read_weights(tmp_path / "mean.safetensors")
    assert tensors["w"].tolist() == [1.0, 1.0]
    assert tensors["n"] == 9
    assert recipe == {"seed": 3, "averaged": ["a.safetensors", "b.safetensors", "c.safetensors"]}


@pytest.mark.parametrize("other", [{"v": torch.zeros(2)}, {"w": torch.zeros(3)}])
def test_weights_of_different_forms_are_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], other: dict[str, torch.Tensor]
) -> None:
    a = written(tmp_path / "a.safetensors", {}, **other)
    b = written(tmp_path / "b.safetensors", {}, w=torch.zeros(2))
    assert main([str(a), str(b), "--out", str(tmp_path / "mean.safetensors")]) == 1
    told = capsys.readouterr().err
    assert "a.safetensors" in told
    assert next(iter(other)) in told
    assert not (tmp_path / "mean.safetensors").exists()
