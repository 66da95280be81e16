"""Whose the weights are that answer, and under which terms."""

from __future__ import annotations

import hashlib
import shutil

import pytest

import resources
from resources import manifest
from resources.needs import OURS
from resources.provenance import UNKNOWN, at_hand, provenance


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("UNMASK_ASSETS", str(tmp_path))
    return tmp_path


def test_weights_that_ship_are_told_with_checksum_and_terms():
    for name, terms in (("open", "Apache-2.0"), ("research", "Research use only")):
        told = provenance("dsfnet", name)
        data = resources.weights(f"dsfnet-{name}").read_bytes()
        assert (told.name, told.sha256) == (name, hashlib.sha256(data).hexdigest())
        assert told.licence.startswith(terms)
        assert told.origin


def test_a_copy_under_another_name_keeps_its_terms(tmp_path):
    copy = shutil.copy(resources.weights("dsfnet-research"), tmp_path / "mine.safetensors")
    told = provenance("dsfnet", str(copy))
    assert told.name == "mine.safetensors"
    assert told.licence.startswith("Research use only")


def test_of_a_users_own_file_the_terms_are_not_made_up(tmp_path):
    (tmp_path / "mine.safetensors").write_bytes(b"mine")
    told = provenance("dsfnet", str(tmp_path / "mine.safetensors"))
    assert told.sha256 == hashlib.sha256(b"mine").hexdigest()
    assert told.licence == UNKNOWN


def test_a_file_that_was_replaced_is_measured_anew(tmp_path):
    mine = tmp_path / "mine.safetensors"
    mine.write_bytes(b"mine")
    first = provenance("dsfnet", str(mine)).sha256
    mine.write_bytes(b"mine too")
    assert provenance("dsfnet", str(mine)).sha256 != first


def test_brought_weights_have_the_terms_of_their_authors(folder):
    (folder / "net.pth").write_bytes(b"x")
    told = provenance("dsfnet-published", "official")
    assert (told.name, told.sha256) == ("official", hashlib.sha256(b"x").hexdigest())
    assert told.licence.startswith("No licence given")
    assert provenance("prnet", "official").sha256 == "", "nothing was brought"


def test_of_a_third_partys_method_nothing_is_known():
    told = provenance("somebody else's", "open")
    assert (told.sha256, told.licence) == ("", UNKNOWN)


def test_everything_at_hand_that_ships_agrees_with_the_manifest():
    files = at_hand()
    shipped = [asset for asset in manifest() if asset.path.startswith(("weights/", "face_model/"))]
    assert [(file.sha256, file.licence) for file in files] == [(row.sha256, row.licence) for row in shipped]


def test_every_method_of_ours_answers_under_known_terms_by_default():
    for method in OURS - {"dsfnet-published"}:
        assert provenance(method, "open").licence == "Apache-2.0"
