"""The files that are damaged are right at first, and what readers must not do is noticed."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from models.errors import InputError, WeightsError
from tests.fuzz.__main__ import damaged, judged
from tests.fuzz.seeds import SEEDS


@pytest.mark.parametrize("name", SEEDS)
def test_a_seed_is_right_for_its_first_reader(tmp_path: Path, name: str):
    SEEDS[name].readers[0](SEEDS[name].write(tmp_path))


@pytest.mark.parametrize("name", SEEDS)
def test_damaged_files_make_readers_raise_the_projects_errors_alone(tmp_path: Path, name: str):
    seed, chance = SEEDS[name], random.Random(name)
    path = seed.write(tmp_path)
    for _ in range(8):
        path.write_bytes(damaged(seed.content, chance))
        assert list(judged(seed, path)) == []


def test_what_a_reader_must_not_do_is_found(tmp_path: Path):
    def told(_path: Path) -> None:
        raise InputError("mine")

    def foreign(_path: Path) -> None:
        raise IndexError("out of range")

    def hungry(_path: Path) -> None:
        try:
            raise MemoryError
        except MemoryError as error:
            raise WeightsError("large") from error

    def leaves(_path: Path) -> None:
        raise SystemExit(0)

    seed = replace(SEEDS["table.txt"], readers=(told, foreign, hungry, leaves))
    found = list(judged(seed, seed.write(tmp_path)))
    assert [finding.reader for finding in found] == ["foreign", "hungry", "leaves"]
    assert [finding.what.partition(":")[0] for finding in found] == ["IndexError", "memory", "SystemExit"]
