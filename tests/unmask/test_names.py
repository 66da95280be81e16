"""The names of `unmask`: each says what it takes and gives, and its examples hold."""

from __future__ import annotations

import doctest
import inspect
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import unmask
from unmask import names

ROOT = Path(__file__).resolve().parents[2]
ARRAY = re.compile(r"NDArray|\bArray\b|\bPhoto\b|\bDoubles\b")
SHAPE = re.compile(r"\[[^\]\n]*\b[A-Z0-9][^\]\n]*\]")
UNIT = re.compile(r"\bpx\b|\bmm\b|%|\bpercent\b|0\.\.1|uint8|degrees|_deg\b|\bs\b")
FUNCTIONS = [name for name in names.__all__ if inspect.isfunction(getattr(names, name))]
CLASSES = [
    name
    for name in names.__all__
    if inspect.isclass(getattr(names, name)) and not issubclass(getattr(names, name), Exception)
]


@pytest.mark.parametrize(
    "room", ["unmask", *(f"unmask.{n}" for n in ("occluders", "pictures", "videos", "writing"))]
)
def test_the_examples_hold(room):
    found = doctest.testmod(import_module(room))
    assert found.attempted > 1
    assert not found.failed


def test_a_name_is_had_from_the_package_and_no_other_is():
    assert unmask.detect is names.detect
    assert set(names.__all__) <= set(dir(unmask))
    with pytest.raises(AttributeError, match="guess"):
        unmask.guess  # noqa: B018, asked for


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_tells_shape_and_unit_of_every_array_it_takes_or_gives(name):
    function = getattr(names, name)
    doc, signature = inspect.getdoc(function) or "", inspect.signature(function)
    arrays = [part.name for part in signature.parameters.values() if ARRAY.search(str(part.annotation))]
    assert [part for part in arrays if not re.search(rf"\b{part}\b", doc)] == []
    assert doc
    if arrays:
        assert SHAPE.search(doc)
        assert UNIT.search(doc)
    if ARRAY.search(str(signature.return_annotation)):
        assert SHAPE.search(doc)


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_tells_shape_of_every_array_it_holds(name):
    held = {key for key, kind in getattr(names, name).__annotations__.items() if ARRAY.search(str(kind))}
    doc = inspect.getdoc(getattr(names, name)) or ""
    assert doc
    told = {line.strip().split(":")[0]: line for line in doc.splitlines() if ":" in line}
    pieces = {part.strip(): line for key, line in told.items() for part in key.split(",")}
    assert {key for key in held if not SHAPE.search(pieces.get(key, ""))} == set()


def test_the_reference_has_an_entry_for_every_name(tmp_path):
    pytest.importorskip("pdoc", reason="pdoc is not installed: make setup")
    words = [sys.executable, "-W", "error", "-m", "pdoc", "unmask", "--docformat", "google", "--no-search"]
    done = subprocess.run(
        [*words, "--output-directory", str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    entries = re.findall(r'<section id="(\w+)"', (tmp_path / "unmask.html").read_text(encoding="utf-8"))
    assert set(entries) == set(names.__all__)
