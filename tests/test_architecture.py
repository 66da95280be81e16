"""Who may import whom, and what lies where: the house as drawn, held by a machine."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
QT = {"PySide6", "pyqtgraph", "OpenGL", "superqt", "shiboken6"}
LEAVES = ("models.training", "models.evaluation", "models.synthetic")
TRAIN_ONLY = {"numba", "anny"}
WITHOUT_QT = (
    "viewer.assets.cli",
    "viewer.state.state",
    "viewer.state.occlusion",
    "viewer.inference.request",
    "viewer.inference.occlusion",
    "viewer.cli.occlude",
    "viewer.sources",
    "viewer.cli.parser",
    "viewer.cli.run",
    "viewer.__main__",
)


@cache
def imports() -> dict[str, frozenset[str]]:
    """Module name -> the modules it imports, wherever in its text, as full names."""
    return {
        module_name(path): frozenset(imported(ast.parse(path.read_text(encoding="utf-8"))))
        for package in ("viewer", "models", "resources")
        for path in (ROOT / package).rglob("*.py")
    }


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")
            yield from (f"{node.module}.{alias.name}" for alias in node.names if not node.level)


def within(module: str, packages: tuple[str, ...] | set[str]) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


def offences(importers: tuple[str, ...], forbidden: tuple[str, ...] | set[str]) -> list[str]:
    """Sentences "a imports b" for every module within `importers` that imports one within `forbidden`."""
    return sorted(
        f"{module} imports {name}"
        for module, names in imports().items()
        if within(module, importers)
        for name in names
        if within(name, forbidden)
    )


def test_the_map_of_imports_is_not_empty():
    assert "models.reconstruction" in imports()["models.reconstructor"]
    assert len(imports()) > 30


def test_models_know_no_window():
    assert offences(("models",), {"viewer", *QT}) == []


def test_resources_are_the_ground_floor():
    theirs = {
        name.split(".")[0]
        for module in imports()
        if within(module, ("resources",))
        for name in imports()[module]
    }
    assert theirs <= sys.stdlib_module_names | {"resources"}


def test_only_loading_and_factories_open_assets():
    openers = {
        module for module, names in imports().items() if any(within(name, ("resources",)) for name in names)
    }
    running = {module for module in openers if within(module, ("models",)) and not within(module, LEAVES)}
    asking = {"models.catalogue"}  # whether files are there; opens none
    building = {"models.face_model.build"}  # a command; it writes its asset
    opening = {
        module for module in running if module.endswith("factory") and within(module, ("models.methods",))
    }
    opening.add("models.methods.bfm_uv")  # what two factories share
    assert running - building - asking - opening == {"models.loading"}


def test_networks_know_no_methods_and_no_files():
    forbidden = {
        "models.methods",
        "models.loading",
        "models.pipeline",
        "models.reconstructor",
        "cv2",
        "safetensors",
    }
    assert offences(("models.networks",), forbidden) == []


def test_training_evaluation_and_synthetic_faces_are_leaves():
    others = tuple(module for module in imports() if not within(module, LEAVES))
    found = [
        f"{module} imports {name}" for module in others for name in imports()[module] if within(name, LEAVES)
    ]
    assert found == []


def test_the_window_needs_nothing_that_only_training_needs():
    face_model_building = {
        module for module, names in imports().items()
        if within(module, ("models.face_model",)) and any(within(name, TRAIN_ONLY) for name in names)
    }  # fmt: skip
    elsewhere = tuple(
        module for module in imports() if not within(module, LEAVES) and module not in face_model_building
    )
    found = [
        f"{module} imports {name}"
        for module in elsewhere
        for name in imports()[module]
        if within(name, TRAIN_ONLY | face_model_building)
    ]
    assert [offence for offence in found if not offence.startswith("models.face_model.")] == []


def test_what_promises_to_have_no_qt_has_none():
    assert offences(WITHOUT_QT, QT) == []


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Every set of modules that import each other, directly or by way of others (Tarjan 1972)."""
    found: list[list[str]] = []
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []

    def visit(module: str) -> None:
        number[module] = lowest[module] = len(number)
        stack.append(module)
        for name in sorted(graph[module]):
            if name not in number:
                visit(name)
                lowest[module] = min(lowest[module], lowest[name])
            elif name in stack:
                lowest[module] = min(lowest[module], number[name])
        if lowest[module] == number[module]:
            at = stack.index(module)
            if len(stack) > at + 1:
                found.append(sorted(stack[at:]))
            del stack[at:]

    for module in sorted(graph):
        if module not in number:
            visit(module)
    return found


def test_nothing_in_the_window_imports_itself_by_a_detour():
    """Not inside functions either, nor for type checking only."""
    known = {module for module in imports() if within(module, ("viewer",))}
    graph = {
        module: {
            name
            for name in imports()[module] & known
            if name != module and not any(other.startswith(f"{name}.") for other in imports()[module] & known)
        }
        for module in known
    }
    assert circles(graph) == []
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]


FLOORS = (
    ("viewer.tasks", "viewer.sources", "viewer.state", "viewer.readouts", "viewer.gl", "viewer.inference"),
    ("viewer.panels", "viewer.window", "viewer.cli", "viewer.app", "viewer.benchmark"),
)
FEATURES = (
    *("viewer.playback", "viewer.faces", "viewer.methods", "viewer.compare", "viewer.occlusion"),
    *("viewer.inspector", "viewer.ground_truth", "viewer.cameras", "viewer.display", "viewer.export"),
)


def test_the_ground_floor_knows_no_feature_and_features_know_no_window():
    ground, above = FLOORS
    assert offences(ground, {*FEATURES, *above, "viewer.widgets"}) == []
    assert offences(FEATURES, set(above)) == []
    assert offences(("viewer.panels", "viewer.window"), {"viewer.app", "viewer.cli"}) == []


def test_imports_are_absolute():
    relative = [module for module, names in imports().items() if any(name.startswith(".") for name in names)]
    assert relative == []


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("viewer.cli.run", QT | TRAIN_ONLY | set(LEAVES)),  # and with it loading, pipeline and export
        ("viewer.cli.occlude", QT | TRAIN_ONLY | set(LEAVES)),
        ("viewer.state.occlusion", QT | {"torch", "cv2"}),
        ("viewer.assets.cli", QT | {"torch", "cv2", "numpy"}),
        ("viewer.state.state", QT | {"torch"}),
        ("viewer.cli.parser", QT | {"torch", "cv2"}),
        ("resources", QT | {"torch", "numpy"}),
    ],
)
def test_importing_one_part_does_not_drag_in_another(module, forbidden):
    code = f"import sys, {module}; print(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name for name in done.stdout.split() if within(name, forbidden)}
    assert loaded == set()


def test_every_folder_of_modules_is_found_for_installation():
    """What is found are the folders with an __init__.py, from the three at the top on."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    assert settings["packages"]["find"] == {"include": ["models*", "viewer*", "resources*"]}
    folders = {
        path.parent
        for package in ("viewer", "models", "resources")
        for path in (ROOT / package).rglob("*.py")
    }
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_the_top_level_is_as_drawn():
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("no git checkout")
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    top = {path.split("/")[0] for path in tracked}
    assert {name for name in top if not name.startswith(".")} == {
        *("pyproject.toml", "README.md", "LICENSE", "Makefile"),
        *("viewer", "resources", "models", "tests"),
    }
    assert {path for path in tracked if path.startswith(".ci/")} >= {".ci/run"}
