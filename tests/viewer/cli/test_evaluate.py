"""`unmask evaluate` hands every word on, and nothing is loaded for it before."""

from __future__ import annotations

import subprocess
import sys

import pytest

from viewer.__main__ import main
from viewer.cli.evaluate import Evaluate
from viewer.cli.parser import parse


def test_words_are_handed_on_untouched():
    words = ("aflw2000", "DIR", "--out", "x", "--box", "detected", "--limit", "3")
    assert parse(["evaluate", *words]) == Evaluate(words)
    assert parse(["evaluate", "--compare", "a.json", "-b.json"]) == Evaluate(
        ("--compare", "a.json", "-b.json")
    )


def test_its_status_is_that_of_the_measurement(tmp_path, capsys):
    assert main(["evaluate", "now", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert "holds no NoW" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_its_help_names_every_protocol_and_what_it_wants(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith("usage: unmask evaluate")
    for protocol in ("aflw2000-states", "cofw68", "realy", "stirling", "merl-rav", "300w-lp"):
        assert protocol in said
    assert "WFLW_annotations/" in said


def test_it_measures_without_a_window():
    code = (
        "import sys, models.evaluation.command; print(*[n for n in sys.modules if n.startswith('PySide6')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
