"""Nothing of the user's is written over; a file is whole or not there; no two names are the same."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from models.errors import InputError
from models.export import outputs
from models.export.outputs import LONGEST_NAME, Names, Outputs, write_whole


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("how", ["itself", "by another way", "a link to it", "a hard link to it"])
def test_an_input_is_never_written_over_whatever_it_is_called(tmp_path, overwrite, how):
    (tmp_path / "deep").mkdir()
    (tmp_path / "face.png").write_bytes(b"mine")
    target = {
        "itself": tmp_path / "face.png",
        "by another way": tmp_path / "deep" / ".." / "face.png",
        "a link to it": tmp_path / "link.png",
        "a hard link to it": tmp_path / "hard.png",
    }[how]
    if how == "a link to it":
        target.symlink_to(tmp_path / "face.png")
    elif how == "a hard link to it":
        os.link(tmp_path / "face.png", target)
    with pytest.raises(InputError, match="over an input"):
        Outputs([tmp_path / "face.png"], overwrite).write(target, b"ours")
    assert target.read_bytes() == b"mine"


def test_a_foreign_file_is_replaced_only_by_wish_and_an_own_one_freely(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b"foreign")
    with pytest.raises(InputError, match=r"there already.*--overwrite"):
        Outputs().write(path, b"ours")
    assert path.read_bytes() == b"foreign"
    wished = Outputs(overwrite=True)
    wished.write(path, b"ours")
    assert path.read_bytes() == b"ours"
    own = Outputs()
    own.write(tmp_path / "b.json", b"1")
    own.write(tmp_path / "b.json", b"2")
    assert (tmp_path / "b.json").read_bytes() == b"2"


def test_a_file_that_appeared_meanwhile_is_not_replaced(tmp_path, monkeypatch):
    made, path = Outputs(), tmp_path / "a.json"
    monkeypatch.setattr(made, "refuse", lambda _paths: path.write_bytes(b"foreign"))
    with pytest.raises(InputError, match="there already"):
        made.write(path, b"ours")
    assert path.read_bytes() == b"foreign"


@pytest.mark.parametrize("call", ["fsync", "link"])
def test_a_full_disk_or_a_stop_leaves_no_half_file(tmp_path, monkeypatch, call):
    for error in (OSError(28, "No space left on device"), KeyboardInterrupt()):

        def fail(*_args, error=error):
            raise error

        with monkeypatch.context() as patched:
            patched.setattr(os, call, fail)
            patched.setattr("pathlib.Path.replace", fail)
            with pytest.raises(InputError if isinstance(error, OSError) else KeyboardInterrupt):
                write_whole(tmp_path / "a.json", b"x" * 1000, replace=False)
        assert list(tmp_path.iterdir()) == []


def test_a_file_that_grows_has_its_name_once_it_is_whole(tmp_path):
    path, made = tmp_path / "a.csv", Outputs()
    with made.growing(path) as add:
        add("1\n")
        assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("a.partial.csv", "1\n")]
        add("2\n")
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("a.csv", "1\n2\n")]


def grown(path: Path, then: Callable[[], object]) -> None:
    with Outputs().growing(path) as add:
        add("1\n")
        if isinstance(raised := then(), BaseException):
            raise raised


def test_a_file_that_grew_stays_as_far_as_it_came_under_a_name_of_its_own(tmp_path):
    for name in ("a.partial.csv", "a.partial-2.csv"):
        with pytest.raises(KeyboardInterrupt):
            grown(tmp_path / "a.csv", KeyboardInterrupt)
        assert (tmp_path / name).read_text() == "1\n"
    with pytest.raises(KeyboardInterrupt), Outputs().growing(tmp_path / "a.csv"):
        raise KeyboardInterrupt
    assert len(list(tmp_path.iterdir())) == 2, "nothing came, nothing stays"


def test_a_file_that_grows_is_written_over_nothing(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("yours")
    with pytest.raises(InputError, match="there already"), Outputs().growing(path):
        raise AssertionError("it began")
    with Outputs(overwrite=True).growing(path) as add:
        add("ours")
    assert path.read_text() == "ours"
    path.unlink()
    with pytest.raises(InputError, match="there already"):
        grown(path, lambda: path.write_text("it appeared meanwhile"))
    assert path.read_text() == "it appeared meanwhile"


def test_a_disk_that_fills_up_while_a_file_grows_is_told_and_keeps_what_came(tmp_path, monkeypatch):
    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left"), Outputs().growing(tmp_path / "a.csv") as add:
        add("1\n")
    assert [one.name for one in tmp_path.iterdir()] == ["a.partial.csv"]


def test_the_longest_name_a_disk_holds_can_be_written(tmp_path):
    path = tmp_path / ("n" * 251 + ".ply")
    write_whole(path, b"x")
    assert path.read_bytes() == b"x"


def test_names_never_collide_and_stay_short_enough():
    names = Names()
    wanted = ["a", "a-2", "a", "A", "a_2", "ä", "a\u0308", "x" * 300 + "1", "x" * 300 + "2", "é" * 250]
    given = [names.take(name) for name in wanted]
    assert len({name.casefold() for name in given}) == len(wanted)
    assert given[:3] == ["a", "a-2", "a_2"]
    assert max(len(os.fsencode(name)) for name in given) <= LONGEST_NAME + 8


def test_names_take_linear_time(monkeypatch):
    names, looked, folded = Names(), [], outputs._folded
    monkeypatch.setattr(outputs, "_folded", lambda name: looked.append(1) or folded(name))
    for _ in range(500):
        names.take("face")
    assert len(looked) < 8 * 500
