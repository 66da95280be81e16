"""The files that are damaged are right at first, and what readers must not do is noticed."""

from __future__ import annotations

import io
import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.errors import InputError, UnmaskError, WeightsError
from tests.fuzz.__main__ import damaged, judged
from tests.fuzz.seeds import SEEDS
from viewer.presentation.script import BUNDLED


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


def arrays(**held: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.savez(out, **held)
    return out.getvalue()


NO_CHARACTER = np.frombuffer(np.array([0x7FFFFFFF], "<u4").tobytes(), "<U1")
DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("list.txt", b"[" * 3000),
        ("list.txt", b"[" * 60_000_000),
        ("what_it_saw.presentation.json", BUNDLED.read_bytes().replace(b".jpg", b"g" * 300)),
        ("hand.npz", arrays(name=NO_CHARACTER, points68=np.zeros((1, 68, 2)), state68=np.ones((1, 68)))),
        ("two_f0.gt.npz", arrays(other=np.zeros(3))),
        ("two_f0.gt.npz", arrays(lm68=np.zeros(3))),
        ("two.jpg", SEEDS["two.jpg"].content[:-200]),
        ("answer.json", SEEDS["answer.json"].content.replace(b'"width_px": 220', b'"width_px": 1e999')),
        ("batch.json", b'{"settings": ' + DEEP),
        ("batch.json", b'{"settings": [[1, 2], ["a", 3]]}'),
        ("answers.jsonl", b"[1]\n"),
        ("answers.jsonl", DEEP),
        ("answers.csv", b"schema\nunmask.rows/" + b"9" * 5000 + b"\n"),
        ("index.json", DEEP),
        ("report.json", SEEDS["report.json"].content.replace(b"80.0", b"8" * 400)),
        ("imagepathsvalidation.txt", b"a/\0/b.jpg"),
        ("imagepathsvalidation.txt", b"a/b/" + b"c" * 300),
        ("list_98pt_rect_attr_test.txt", b"1 " * 206 + b"\0.jpg"),
    ],
)
def test_what_readers_once_fell_over_is_told_by_now(tmp_path: Path, name: str, data: bytes):
    seed = SEEDS[name]
    path = seed.write(tmp_path)
    assert data != seed.content
    path.write_bytes(data)
    with pytest.raises(UnmaskError):
        seed.readers[0](path)


@pytest.mark.parametrize("line", [b"[" * 5000, b'["a", ' + b"9" * 400 + b", 0, 0, 0, 1, 0, 0, false]"])
def test_a_view_among_the_settings_that_is_none_is_left_out(tmp_path: Path, line: bytes):
    path = SEEDS["unmask.ini"].write(tmp_path)
    path.write_bytes(b"[General]\nschema=1\nviews=" + json.dumps(line.decode()).encode() + b"\n")
    assert list(judged(SEEDS["unmask.ini"], path)) == []


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
