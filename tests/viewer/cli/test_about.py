"""`unmask about`: versions and terms, without a window."""

from __future__ import annotations

import json
import subprocess
import sys

import torch

from resources import program_version
from resources.provenance import at_hand
from viewer.__main__ import main


def test_versions_and_terms_are_told_as_json(capsys):
    assert main(["about", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["unmask"] == program_version()
    assert record["packages"]["torch"] == torch.__version__
    assert "dsfnet" in record["methods"]
    rows = {row["name"]: row for row in record["files"]}
    assert rows["dsfnet-research.safetensors"]["licence"].startswith("Research use only")
    assert len(rows["dsfnet-open.safetensors"]["sha256"]) == 64
    assert rows["open_face.npz"]["origin"]


def test_a_person_reads_every_file_with_its_terms(capsys):
    assert main(["about"]) == 0
    told = capsys.readouterr().out
    for file in at_hand():
        assert f"\n{file.name}\n  licence: {file.licence}\n" in told


def test_it_needs_neither_window_nor_network():
    code = "import sys, viewer.cli.about; print([m for m in sys.modules if m in ('PySide6', 'torch')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
