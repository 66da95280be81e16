"""`unmask assets`: lists, asks before it fetches, takes files by content, and says what became possible."""

from __future__ import annotations

import hashlib
import json
import pickle

import numpy as np
import pytest

from resources import Asset, keeping, manifest
from resources.needs import BETTER_WITH, NEEDS, Need
from tests.resources.serving import serving
from viewer.__main__ import main
from viewer.assets import cli
from viewer.assets.cli import STOPPED, Assets, run_assets, wanted_rows
from viewer.cli.parser import parse

pytestmark = pytest.mark.sockets

MEANS = pickle.dumps({"mean": np.zeros(62), "std": np.ones(62)}, protocol=2)
NAME = "param_mean_std_62d_120x120.pkl"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("UNMASK_ASSETS", str(tmp_path / "brought"))
    return tmp_path / "brought"


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "unnamed"
    path.write_bytes(MEANS)
    return path


def offer(monkeypatch, content: bytes, url: str, known: bool = True) -> None:
    """A manifest of one file, of known checksum or not."""
    sha256, size = (hashlib.sha256(content).hexdigest(), len(content)) if known else ("", 0)
    asset = Asset(f"brought/{NAME}", "Them", "Their terms", "A test", sha256, size, "Ask them.", url)
    monkeypatch.setattr(keeping, "manifest", lambda root: (asset,))


def never(question: str) -> str:
    raise AssertionError(f"asked {question}")


def nobody(question: str) -> str:
    raise EOFError


def test_the_table_fits_a_terminal_and_names_every_file_with_its_terms(capsys):
    assert main(["assets"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100
    text = " ".join(" ".join(lines).split())
    for row in manifest():
        assert row.path.rpartition("/")[2] in text
        assert f"Licence: {row.licence}" in text
    for method in NEEDS:
        assert f"{method} lacks" in text


def test_the_list_as_json_says_the_same(capsys):
    assert main(["assets", "--json"]) == 0
    found = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert len(found) == len(manifest())
    assert found["BFM.mat"]["state"] == "to bring"
    assert found["dsfnet-open.safetensors"]["state"] == "ships"


def test_a_file_is_added_by_content_and_the_next_listing_knows_it(folder, mine, capsys):
    assert main(["assets", "add", str(mine)]) == 0
    assert (folder / NAME).read_bytes() == MEANS
    said = capsys.readouterr().out
    assert NAME in said
    assert "checksum differs" in said
    main(["assets", "--json"])
    assert {row["name"]: row["state"] for row in json.loads(capsys.readouterr().out)}[NAME] == "there"


def test_adding_goes_on_after_a_bad_file_and_returns_1(folder, mine, tmp_path, capsys):
    (tmp_path / "words").write_text("Hello")
    assert main(["assets", "add", str(tmp_path / "words"), str(tmp_path / "absent"), str(mine)]) == 1
    assert (folder / NAME).exists()
    complaints = capsys.readouterr().err
    assert "words is none of the files known" in complaints
    assert "absent cannot be read" in complaints


def test_one_damaged_file_in_a_folder_is_told_and_the_rest_is_taken(folder, mine, tmp_path, capsys):
    given = tmp_path / "given"
    given.mkdir()
    mine.rename(given / "unnamed")
    (given / "half.pkl").write_bytes(MEANS[: len(MEANS) // 2])
    assert main(["assets", "add", str(given)]) == 1
    assert (folder / NAME).read_bytes() == MEANS
    told = capsys.readouterr()
    assert "unnamed is" in told.out
    assert "half.pkl" in told.err


def test_what_becomes_possible_is_said(mine, monkeypatch, capsys):
    monkeypatch.setitem(NEEDS, "tddfa", (Need("means", (NAME,)),))
    assert run_assets(Assets("add", (str(mine),))) == 0
    assert "Now possible: --method tddfa --weights official" in capsys.readouterr().out


def test_another_file_of_that_name_needs_replace(folder, mine, capsys):
    folder.mkdir()
    (folder / NAME).write_bytes(b"old")
    assert main(["assets", "add", str(mine)]) == 1
    assert "--replace" in capsys.readouterr().err
    assert main(["assets", "add", "--replace", str(mine)]) == 0
    assert (folder / f"{NAME}.old").read_bytes() == b"old"


def test_a_licence_is_shown_and_accepted_before_anything_is_fetched(folder, monkeypatch, capsys):
    with serving(MEANS) as server:
        offer(monkeypatch, MEANS, server.url)
        for answer in ("", "n", "no"):
            assert run_assets(Assets("fetch", (NAME,)), lambda _, answer=answer: answer) == 1
        assert run_assets(Assets("fetch", (NAME,)), nobody) == 1
        assert server.asked == []
        assert "Their terms" in capsys.readouterr().out
        assert run_assets(Assets("fetch", (NAME,)), lambda _: "y") == 0
        assert run_assets(Assets("fetch", (NAME,), accepted=True), never) == 0
    assert (folder / NAME).read_bytes() == MEANS


def test_a_methods_name_fetches_what_it_lacks(folder, monkeypatch, capsys):
    with serving(MEANS) as server:
        offer(monkeypatch, MEANS, server.url)
        monkeypatch.setitem(NEEDS, "tddfa", (Need("means", (NAME,)),))
        monkeypatch.setitem(BETTER_WITH, "tddfa", ())
        assert run_assets(Assets("fetch", ("tddfa",), accepted=True), never) == 0
        assert (folder / NAME).exists()
        assert run_assets(Assets("fetch", ("tddfa",), accepted=True), never) == 0
    assert "lacks nothing" in capsys.readouterr().out


def test_a_methods_name_means_the_usual_of_its_files_and_what_it_is_better_with(folder):
    assert [row.name for row in wanted_rows("tddfa")] == [
        *("mb1_120x120.pth", NAME, "bfm_noneck_v3.pkl"),
        *("tri.pkl", "indices.npy", "BFM_UV.mat"),
    ]
    folder.mkdir()
    for name in ("mb05_120x120.pth", "tri.pkl"):
        (folder / name).touch()
    assert [row.name for row in wanted_rows("tddfa")] == [
        *(NAME, "bfm_noneck_v3.pkl"),
        *("indices.npy", "BFM_UV.mat"),
    ]


def test_a_method_of_which_nothing_can_be_fetched_says_how_to_bring_it(capsys):
    assert main(["assets", "fetch", "mgcnet"]) == 1
    assert "jiaxiangshang/MGCNet" in capsys.readouterr().err


def test_a_file_of_unknown_checksum_must_be_what_its_name_says(folder, monkeypatch, capsys):
    with serving(MEANS) as server:
        offer(monkeypatch, MEANS, server.url, known=False)
        assert run_assets(Assets("fetch", (NAME,), accepted=True), never) == 0
        (folder / NAME).unlink()
        server.content = b"<html>Sign in</html>"
        assert run_assets(Assets("fetch", (NAME,), accepted=True), never) == 1
    assert list(folder.iterdir()) == []
    assert f"What came is not {NAME}" in capsys.readouterr().err


def test_a_failed_fetch_says_why_and_how_else(monkeypatch, capsys):
    with serving(MEANS) as server:
        server.status = 500
        offer(monkeypatch, MEANS, server.url)
        assert run_assets(Assets("fetch", (NAME,), accepted=True), never) == 1
    complaint = capsys.readouterr().err
    assert "500" in complaint
    assert "Ask them." in complaint


def test_an_interrupt_is_no_crash(monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "fetching", interrupted)
    assert run_assets(Assets("fetch", (NAME,), accepted=True), never) == STOPPED
    assert "kept" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["nonsense", "BFM.mat", "dsfnet-open.safetensors"])
def test_what_cannot_be_fetched_says_so(name, capsys):
    assert main(["assets", "fetch", "--accept-licence", name]) == 1
    assert name in capsys.readouterr().err


def test_removing_asks_and_only_touches_the_folder(folder, mine, capsys):
    main(["assets", "add", str(mine)])
    assert run_assets(Assets("remove", (NAME,)), lambda _: "") == 1
    assert (folder / NAME).exists()
    assert run_assets(Assets("remove", (NAME,)), lambda _: "y") == 0
    assert not (folder / NAME).exists()
    assert mine.exists()
    for name in ("dsfnet-open.safetensors", NAME, "../unnamed"):
        assert run_assets(Assets("remove", (name,), accepted=True), never) == 1
    assert mine.exists()


def test_the_words_are_understood():
    assert parse(["assets"]) == Assets()
    assert parse(["assets", "--json"]).json
    fetching = parse(["assets", "fetch", "a", "b", "--accept-licence"])
    assert fetching == Assets("fetch", ("a", "b"), accepted=True)
    assert parse(["assets", "remove", "a", "--yes"]) == Assets("remove", ("a",), accepted=True)
    with pytest.raises(SystemExit):
        parse(["assets", "fetch"])
