"""The notebooks of `examples/` run from the first cell to the last, and hold nothing of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent / "examples").glob("*.ipynb"))


def cells(notebook: Path) -> list[dict[str, Any]]:
    return json.loads(notebook.read_text(encoding="utf-8"))["cells"]


def ran(notebook: Path) -> dict[str, Any]:
    """The names a notebook leaves; its code is plain Python, so that it needs no kernel."""
    names: dict[str, Any] = {}
    for cell in cells(notebook):
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), f"{notebook.name}, {cell['id']}", "exec"), names)
    return names


def test_the_worst_of_the_samples_is_found_and_drawn(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (notebook,) = NOTEBOOKS
    names = ran(notebook)
    errors = [error for error, *_ in names["found"]]
    assert errors == sorted(errors, reverse=True)
    assert len(errors) == len(names["paths"]), "each of the samples shows one face"
    told = capsys.readouterr().out
    assert names["found"][0][1].name in told.splitlines()[0]
    assert "breaks at" in told
    assert [path.name for path in tmp_path.iterdir()] == ["worst.png"]
    with Image.open("worst.png") as picture:
        assert picture.size == (1200, 840)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_holds_no_output(notebook):
    code = [cell for cell in cells(notebook) if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert len({cell["id"] for cell in cells(notebook)}) == len(cells(notebook))
