"""What the README tells people to type works as it stands there."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import pytest

import unmask
from viewer.cli.parser import parse

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands(program: str) -> list[list[str]]:
    """The README's command lines of a program, without what follows the #; "a | b" is one line for each."""
    lines = [
        line.split("#")[0].strip()
        for block in re.findall(r"```\n(.*?)```", README, re.S)
        for line in block.splitlines()
    ]
    words = [shlex.split(line) for line in lines if line.split(" ")[0] == program]
    return [
        [*line[:1], *alternative.split()]
        for line in words
        for alternative in (" ".join(line[1:]).split("|") if "|" in line else [" ".join(line[1:])])
    ]


@pytest.mark.parametrize("words", commands("unmask"), ids=" ".join)
def test_command_lines_are_understood(words):
    parse(words[1:])


@pytest.mark.parametrize("words", commands("make"), ids=" ".join)
def test_make_targets_exist(words):
    assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)


def test_the_python_example_names_what_there_is():
    (example,) = re.findall(r"```python\n(.*?)```", README, re.S)
    asked = [node for node in ast.walk(ast.parse(example)) if isinstance(node, ast.Attribute)]
    of_package = {node.attr for node in asked if ast.unparse(node.value) == "unmask"}
    of_answer = {node.attr for node in asked if ast.unparse(node.value) == "answer"}
    assert {"read", "load", "detect", "reconstruct"} <= of_package <= set(dir(unmask))
    assert {"vertices", "landmarks"} <= of_answer <= set(dir(unmask.Reconstruction))


def test_files_the_readme_names_are_there():
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    folders = "unmask|examples|resources|tests|models|viewer|LICENSES"
    for text in (README, contributing):
        named = re.findall(rf"`((?:{folders})/[\w./-]+\.\w+)`", text)
        assert len(named) > 3
        assert [name for name in named if not (ROOT / name).exists() and "NAME" not in name] == []


def test_the_tree_names_the_folders_there_are():
    tree = README[README.index("## The tree") : README.index("## Figures")]
    rooms = {path.parent.name for path in (ROOT / "models").glob("*/__init__.py")}
    assert {room for room in rooms if f"{room}/" not in tree} == set()
