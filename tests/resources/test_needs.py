"""What each method needs: complete, named, and asked without opening anything."""

from __future__ import annotations

import pytest

from resources import ROOT, manifest
from resources.needs import (
    DETECTOR_NEEDS,
    NEEDS,
    OURS,
    detector_lacks,
    made_possible,
    missing,
    weights_files,
    weights_of,
    weights_usually,
)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("UNMASK_ASSETS", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("method", NEEDS)
def test_with_nothing_brought_every_need_is_named_with_a_way_to_get_it(method):
    sentences = missing(method, "official")
    assert len(sentences) == len(NEEDS[method])
    for sentence, need in zip(sentences, NEEDS[method], strict=True):
        assert sentence.startswith(need.any_of[0])
        assert "unmask assets" in sentence or "comes with" in sentence


def test_a_finder_of_others_needs_its_file_and_ours_none(folder):
    assert {name for name in DETECTOR_NEEDS if detector_lacks(name)} == {"yunet"}
    sentence = detector_lacks("yunet")
    assert sentence.startswith("face_detection_yunet_2023mar.onnx")
    assert "unmask assets" in sentence
    (folder / "face_detection_yunet_2023mar.onnx").touch()
    assert not detector_lacks("yunet")


@pytest.mark.parametrize("method", NEEDS)
def test_one_file_of_each_need_is_enough(method, folder):
    for need in NEEDS[method]:
        assert made_possible() == ()
        (folder / need.any_of[-1]).touch()
    assert missing(method, "official") == []
    assert made_possible() == (method,)


def test_every_file_needed_has_a_row_that_says_whose_it_is_and_how_to_get_it():
    rows = {row.path.removeprefix("brought/"): row for row in manifest() if row.path.startswith("brought/")}
    needed = {name for needs in NEEDS.values() for need in needs for name in need.any_of}
    assert needed <= rows.keys()
    for row in rows.values():
        assert row.origin
        assert row.licence
        assert row.purpose
        assert row.fetch
        assert row.url.startswith("https://") or not row.url


def test_nothing_is_missing_for_weights_that_ship():
    assert missing("dsfnet", "open") == []
    (sentence,) = missing("dsfnet", "secret")
    assert "open" in sentence


def test_a_path_must_exist(tmp_path):
    (sentence,) = missing("dsfnet", str(tmp_path / "mine.safetensors"))
    assert "mine.safetensors" in sentence
    (tmp_path / "mine.safetensors").touch()
    assert missing("dsfnet", str(tmp_path / "mine.safetensors")) == []


def test_a_third_partys_method_knows_its_own_needs():
    assert "example" not in OURS
    assert missing("example", "official") == []


def test_the_files_of_weights_are_what_ships_what_was_brought_or_the_path_itself(tmp_path):
    (shipped,) = weights_files("dsfnet", "open")
    assert shipped.name == "dsfnet-open.safetensors"
    for need in NEEDS["tddfa"]:
        (tmp_path / need.any_of[-1]).touch()
    assert [path.name for path in weights_files("tddfa", "official")] == [NEEDS["tddfa"][0].any_of[-1]]
    mine = tmp_path / "mine.safetensors"
    mine.touch()
    assert weights_files("dsfnet", str(mine)) == [mine]
    assert weights_files("somebody else's", "open") == []


def test_weights_can_be_asked_by_what_ships_and_as_the_official_ones():
    assert weights_of("dsfnet") == ("open", "research")
    assert weights_of("dsfnet-published")[-1] == "official"
    assert weights_of("somebody else's") == ("open",)


def test_the_usual_weights_are_missed_and_not_replaced_by_those_that_are_there(tmp_path):
    (tmp_path / "weights").mkdir()
    (tmp_path / "manifest.toml").symlink_to(ROOT / "manifest.toml")
    (tmp_path / "weights" / "dsfnet-research.safetensors").touch()
    assert weights_usually("dsfnet", tmp_path) == "open"
    (sentence,) = missing("dsfnet", "open", tmp_path)
    assert "dsfnet-open.safetensors is missing" in sentence
    assert "install it again" in sentence
    assert missing("dsfnet", "research", tmp_path) == []


def test_methods_whose_weights_do_not_ship_are_asked_for_the_official_ones():
    assert {name: weights_usually(name) for name in (*OURS, "somebody else's")} == {
        **dict.fromkeys(OURS, "open"),
        "dsfnet-published": "official",
        "somebody else's": "open",
    }


def test_a_folder_of_the_name_of_weights_is_not_taken_for_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "open").mkdir()
    assert missing("dsfnet", "open") == []
    assert [path.name for path in weights_files("dsfnet", "open")] == ["dsfnet-open.safetensors"]
