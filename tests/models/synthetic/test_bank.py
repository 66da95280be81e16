"""Rendered faces kept in a folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from models.errors import InputError
from models.synthetic.bank import VIEWS, Bank, ready_bank
from models.synthetic.dataset import batch


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a bank of one scene."""
    folder = tmp_path_factory.mktemp("begun")
    ready_bank(folder, seed=3, first=0, count=1, processes=1)
    return folder


@pytest.fixture(scope="module")
def bank(begun: Path, tmp_path_factory: pytest.TempPathFactory) -> Bank:
    """The one begun, copied and gone on with."""
    folder = tmp_path_factory.mktemp("completed")
    shutil.copytree(begun, folder, dirs_exist_ok=True)
    return ready_bank(folder, seed=3, first=0, count=2, processes=1)


def test_the_first_view_is_the_scene_as_drawn_and_the_others_show_the_same_face_otherwise(bank: Bank) -> None:
    views = bank.at(np.array([0, 1]))
    drawn = batch(3, [0, 1])
    assert torch.equal(views.images[:, 0], drawn.images)
    assert torch.equal(views.visibility[:, 0], drawn.visibility.bool())
    assert views.images.shape[1] == VIEWS
    for view in range(1, VIEWS):
        assert torch.equal(views.identity[:, view], drawn.identity)
        assert torch.equal(views.expression[:, view], drawn.expression)
        assert not torch.allclose(views.rotation[:, view], drawn.rotation, atol=0.01)


def test_a_bank_is_completed_where_it_was_left(begun: Path, bank: Bank) -> None:
    first = Bank(begun)
    assert (len(first), len(bank)) == (1, 2)
    assert torch.equal(bank.at(np.array([0])).images, first.at(np.array([0])).images)


def test_a_folder_without_a_bank_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=str(tmp_path)):
        Bank(tmp_path)
