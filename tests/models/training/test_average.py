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


def test_files_count_by_their_shares_and_what_was_measured_on_one_is_left_out(tmp_path: Path) -> None:
    measured = {
        "correction": torch.ones(2, 3),
        "by_hand": torch.ones(68, 3),
        "likely error: first bias": torch.ones(4),
    }
    a = written(tmp_path / "a.safetensors", {}, w=torch.tensor([0.0, 4.0]), **measured)
    b = written(tmp_path / "b.safetensors", {}, w=torch.tensor([8.0, 0.0]))
    words = [str(a), str(b), "--out", str(tmp_path / "mean.safetensors"), "--shares"]
    assert main([*words, "3", "1"]) == 0
    tensors, recipe = read_weights(tmp_path / "mean.safetensors")
    assert {key: value.tolist() for key, value in tensors.items()} == {"w": [2.0, 3.0]}
    assert recipe == {"averaged": ["a.safetensors", "b.safetensors"], "shares": [3.0, 1.0]}


@pytest.mark.parametrize(("other", "stays"), [(1.0, True), (2.0, False)])
def test_a_correction_stays_where_all_files_share_it(tmp_path: Path, other: float, stays: bool) -> None:
    kinds = {"correction": torch.ones(2, 3), "by_hand": torch.ones(68, 3)}
    a = written(tmp_path / "a.safetensors", {}, w=torch.zeros(1), **kinds)
    others = {key: other * value for key, value in kinds.items()}
    b = written(tmp_path / "b.safetensors", {}, w=torch.ones(1), **others)
    assert main([str(a), str(b), "--out", str(tmp_path / "mean.safetensors")]) == 0
    tensors, _ = read_weights(tmp_path / "mean.safetensors")
    assert [key in tensors for key in kinds] == [stays, stays]
    assert tensors["w"].tolist() == [0.5]


@pytest.mark.parametrize("shares", [["1"], ["1", "0"], ["1", "1", "1"]])
def test_shares_that_do_not_fit_the_files_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], shares: list[str]
) -> None:
    files = [str(written(tmp_path / f"{n}.safetensors", {}, w=torch.zeros(1))) for n in "ab"]
    assert main([*files, "--out", str(tmp_path / "mean.safetensors"), "--shares", *shares]) == 1
    assert "2 numbers above 0" in capsys.readouterr().err


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
