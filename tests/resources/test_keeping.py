"""Files get into the folder of brought files and out of it, and none of a user's is lost."""

from __future__ import annotations

import hashlib

import pytest

from resources.fetching import FetchError
from resources.keeping import KeepError, State, fetch, keep, remove, row, rows
from tests.resources.serving import serving

pytestmark = pytest.mark.sockets

CONTENT = b"weights" * 1000


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("UNMASK_ASSETS", str(tmp_path / "brought"))
    return tmp_path / "brought"


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "downloaded (1).pth"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def root(tmp_path):
    """A manifest of one file that can be fetched and one that cannot."""
    with serving(CONTENT) as server:
        sha256 = hashlib.sha256(CONTENT).hexdigest()
        (tmp_path / "manifest.toml").write_text(
            f'[[asset]]\npath = "brought/net.pth"\norigin = "o"\nlicence = "l"\npurpose = "p"\nfetch = "f"\n'
            f'sha256 = "{sha256}"\nsize = {len(CONTENT)}\nurl = "{server.url}"\n'
            '[[asset]]\npath = "brought/BFM.mat"\norigin = "o"\nlicence = "l"\npurpose = "p"\n'
            'fetch = "Register."\n'
        )
        yield tmp_path


def test_a_copy_is_kept_under_the_official_name(folder, mine):
    assert keep(mine, "net.pth") == folder / "net.pth"
    assert (folder / "net.pth").read_bytes() == mine.read_bytes() == CONTENT
    assert [path.name for path in folder.iterdir()] == ["net.pth"]


def test_the_same_file_again_changes_nothing(folder, mine):
    keep(mine, "net.pth")
    keep(mine, "net.pth")
    keep(folder / "net.pth", "net.pth")
    assert [path.name for path in folder.iterdir()] == ["net.pth"]


def test_another_file_of_that_name_is_refused_unless_told_and_then_put_aside(folder, mine):
    folder.mkdir()
    for number, old in enumerate((b"old", b"older")):
        (folder / "net.pth").write_bytes(old)
        with pytest.raises(KeepError, match="--replace"):
            keep(mine, "net.pth")
        assert (folder / "net.pth").read_bytes() == old
        keep(mine, "net.pth", replace=True)
        assert (folder / "net.pth").read_bytes() == CONTENT
        assert (folder / f"net.pth.old{'' if number == 0 else 2}").read_bytes() == old


def test_a_folder_is_kept_with_what_lies_in_it(folder, tmp_path):
    (tmp_path / "kit" / "deep").mkdir(parents=True)
    (tmp_path / "kit" / "deep" / "a.obj").write_text("v 0 0 0")
    keep(tmp_path / "kit", "ICT-FaceKit")
    assert (folder / "ICT-FaceKit" / "deep" / "a.obj").read_text() == "v 0 0 0"


def test_a_copy_that_fails_leaves_nothing_half_done(folder, mine):
    folder.mkdir()
    (folder / "net.pth.copying").mkdir()  # in the way
    with pytest.raises(KeepError, match="UNMASK_ASSETS"):
        keep(mine, "net.pth")
    assert not (folder / "net.pth").exists()


def test_only_what_lies_in_the_folder_is_removed(folder, mine):
    keep(mine, "net.pth")
    remove("net.pth")
    assert not (folder / "net.pth").exists()
    with pytest.raises(KeepError, match="nothing was removed"):
        remove("net.pth")
    for name in ("../downloaded (1).pth", str(mine), "..", ""):
        with pytest.raises(KeepError, match="no name"):
            remove(name)
    assert mine.exists()


def test_the_table_says_what_is_there_and_what_can_be_had(folder, mine):
    states = {row.name: row.state for row in rows()}
    assert states["dsfnet-open.safetensors"] is State.SHIPS
    assert states["mb05_120x120.pth"] is State.FETCHABLE
    assert states["BFM.mat"] is State.TO_BRING
    keep(mine, "BFM.mat")
    assert row("BFM.mat").state is State.THERE
    with pytest.raises(KeepError, match="not known"):
        row("nonsense")


def test_a_fetched_file_lies_where_the_loaders_look(folder, root):
    assert list(fetch("net.pth", root=root))[-1].there == len(CONTENT)
    assert [path.name for path in folder.iterdir()] == ["net.pth"]
    assert list(fetch("net.pth", root=root)) == [], "it is there: nothing to do"


def test_a_users_other_file_is_not_fetched_over(folder, root):
    folder.mkdir()
    (folder / "net.pth").write_bytes(b"mine")
    with pytest.raises(KeepError, match="--replace"):
        list(fetch("net.pth", root=root))
    series = fetch("net.pth", replace=True, root=root)
    next(series)
    assert (folder / "net.pth").read_bytes() == b"mine", "until the new one is whole"
    list(series)
    assert (folder / "net.pth").read_bytes() == CONTENT
    assert (folder / "net.pth.old").read_bytes() == b"mine"


def test_a_broken_download_is_told_in_the_table(folder, root):
    series = fetch("net.pth", root=root)
    next(series)
    begun = next(series).there
    series.close()
    assert begun > 0
    assert row("net.pth", root).begun == begun
    assert row("net.pth", root).state is State.FETCHABLE


def test_what_has_no_address_says_how_to_get_it(folder, root):
    with pytest.raises(KeepError, match="Register"):
        list(fetch("BFM.mat", root=root))


def test_a_failed_fetch_leaves_no_file_of_that_name(folder, root):
    text = (root / "manifest.toml").read_text()
    (root / "manifest.toml").write_text(text.replace('sha256 = "', 'sha256 = "0'))
    with pytest.raises(FetchError):
        list(fetch("net.pth", root=root))
    assert list(folder.iterdir()) == []
