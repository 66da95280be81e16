"""`unmask export-onnx`: what it writes, says and refuses."""

from __future__ import annotations

import sys

import models.export.onnx_file
import models.loading
from models.export.onnx_file import OnnxFile
from models.methods.portable import FACES, Port
from tests.fakes.reconstructor import FakeReconstructor
from viewer.__main__ import main


def made(method, weights, version) -> OnnxFile:
    return OnnxFile(b"onnx", (Port("maps", (FACES, 2), f"of {method.name}, {weights.name}"),), (0.00012,))


def test_it_writes_the_file_says_what_is_in_it_and_replaces_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(models.loading, "load", lambda name, weights: FakeReconstructor(name))
    monkeypatch.setattr(models.export.onnx_file, "onnx_file", made)
    path = tmp_path / "new/a.onnx"
    words = ["export-onnx", "--method", "prnet", "--weights", "open", "--out", str(path)]
    assert main(words) == 0
    assert path.read_bytes() == b"onnx"
    out = capsys.readouterr().out
    assert "maps [faces, 2]: of prnet, open; at most 0.0001 away from torch's answer" in out
    path.write_bytes(b"mine")
    assert main(words) == 1
    assert "there already" in capsys.readouterr().err
    assert path.read_bytes() == b"mine"
    assert main([*words, "--overwrite"]) == 0
    assert path.read_bytes() == b"onnx"


def test_another_ending_and_missing_packages_are_told_in_a_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(models.loading, "load", lambda name, weights: FakeReconstructor(name))
    assert main(["export-onnx", "--out", str(tmp_path / "a.pb")]) == 1
    assert "does not end in .onnx" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert main(["export-onnx", "--out", str(tmp_path / "a.onnx")]) == 1
    assert capsys.readouterr().err == (
        "unmask: ONNX needs packages that are not installed. Run pip install 'unmask[onnx]'.\n"
    )
    assert list(tmp_path.iterdir()) == []
