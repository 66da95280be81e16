"""Nothing of the user's is written over; a file is whole or not there; no two names are the same."""

from __future__ import annotations

import os

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
