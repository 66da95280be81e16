"""Who may import whom, and what lies where: the house as drawn, held by a machine."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("unmask", "viewer", "models", "resources")
QT = {"PySide6", "pyqtgraph", "superqt", "shiboken6"}
GL = {"OpenGL", "pyqtgraph.opengl"}
LEAVES = ("models.training", "models.evaluation", "models.synthetic")
TRAIN_ONLY = {"numba", "anny"}

# From the bottom up. What no floor names is a feature of the window.
FLOORS = (
    ("resources",),
    ("models",),
    tuple(
        f"viewer.{room}" for room in ("sources", "tasks", "state", "readouts", "gl", "widgets", "inference")
    ),
    (),  # the features
    ("viewer.panels", "viewer.window", "viewer.cli"),
    ("viewer.app", "viewer.benchmark", "viewer.__main__"),
    ("unmask",),  # names for programs, of every floor; nobody imports it
)
FEATURES = 3

ON_QT = {"viewer.state.store", "viewer.state.settings"}  # signals; QSettings


@cache
def files() -> dict[str, Path]:
    """Every module of ours by its full name."""
    paths = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return {module_name(path): path for path in paths}


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(files()[module].read_text(encoding="utf-8"))


@cache
def imports() -> dict[str, frozenset[str]]:
    """Module name -> the modules it imports, wherever in its text, as full names; names in a module too."""
    return {module: frozenset(imported(tree(module))) for module in files()}


def imported(text: ast.AST) -> Iterator[str]:
    for node in ast.walk(text):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")
            yield from (f"{node.module}.{alias.name}" for alias in node.names if not node.level)


@cache
def arrows() -> frozenset[tuple[str, str]]:
    """(module, module of ours that it imports), also those imported inside functions.

    `from package import module` is an arrow to the module, not to the package it lies in.
    """
    return frozenset(
        (module, name)
        for module in files()
        for node in ast.walk(tree(module))
        for name in targets(node)
        if name in files() and name != module
    )


def targets(node: ast.AST) -> list[str]:
    """The modules that an import statement is about."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        names = [f"{node.module}.{alias.name}" for alias in node.names]
        return [name if name in files() else str(node.module) for name in names]
    return []


def floor(module: str) -> int:
    """On which floor a module stands, 0 for the lowest."""
    named = [number for number, packages in enumerate(FLOORS) if within(module, packages)]
    return named[0] if named else FEATURES


def room(module: str) -> str:
    """The folder below the package in which a module lies, or the module itself if it lies loose."""
    return ".".join(module.split(".")[:2])


def circle(pairs: set[tuple[str, str]]) -> list[str]:
    """One circle of the arrows, empty if there is none."""
    below: defaultdict[str, set[str]] = defaultdict(set)
    for source, target in pairs:
        below[source].add(target)
    try:
        TopologicalSorter(below).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


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


def loaded_by(modules: list[str]) -> list[str]:
    """What lies in sys.modules of a fresh process that imports these."""
    code = (
        "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, *modules], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_map_of_imports_is_not_empty():
    assert ("models.reconstructor", "models.reconstruction") in arrows()
    assert ("viewer.__main__", "viewer.app.startup") in arrows(), "imports inside functions count"
    assert len(files()) > 30


def test_no_file_imports_another_in_a_circle():
    assert circle(set(arrows())) == []


def test_no_folder_imports_another_in_a_circle():
    between = {(room(source), room(target)) for source, target in arrows()}
    assert circle({(source, target) for source, target in between if source != target}) == []


def test_no_arrow_points_upwards():
    upwards = {(source, target) for source, target in arrows() if floor(target) > floor(source)}
    assert sorted(upwards) == []


def test_resources_need_no_other_package():
    theirs = {
        name.split(".")[0]
        for module in imports()
        if within(module, ("resources",))
        for name in imports()[module]
    }
    assert theirs <= sys.stdlib_module_names | {"resources"}


@pytest.mark.parametrize(
    ("folders", "forbidden"),
    [
        (("models", "viewer.state", "viewer.readouts", "viewer.cli"), QT | GL),
        (("viewer.sources", "viewer.tasks", "viewer.inference"), GL | TRAIN_ONLY | set(LEAVES)),
        (("resources",), QT | GL | {"torch", "numpy"}),
    ],
    ids=["no Qt", "no OpenGL", "standard library alone"],
)
def test_what_a_folder_promises_not_to_load_is_not_loaded(folders, forbidden):
    modules = [module for module in files() if within(module, folders) and module not in ON_QT]
    assert len(modules) > 3
    assert [name for name in loaded_by(modules) if within(name, forbidden)] == []


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("unmask", QT | GL | {"torch", "cv2", "numpy"}),
        ("unmask.names", QT | GL | TRAIN_ONLY),
        ("viewer.__main__", QT | GL | {"torch", "cv2"}),
        ("viewer.cli.parser", QT | GL | {"torch", "cv2"}),
        ("viewer.assets.cli", QT | {"torch", "cv2", "numpy"}),
        ("viewer.occlusion.selectors", QT | {"torch", "cv2"}),
        ("viewer.state.occlusion", QT | {"torch", "cv2"}),
        ("viewer.state.state", {"torch"}),
    ],
)
def test_importing_one_part_does_not_drag_in_another(module, forbidden):
    assert [name for name in loaded_by([module]) if within(name, forbidden)] == []


def test_only_loading_and_factories_open_assets():
    openers = {
        module for module, names in imports().items() if any(within(name, ("resources",)) for name in names)
    }
    running = {module for module in openers if within(module, ("models",)) and not within(module, LEAVES)}
    asking = {"models.catalogue"}  # whether files are there; opens none
    building = {"models.face_model.build", "models.face_model.hair"}  # commands; they write their assets
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
    others = tuple(module for module in imports() if not within(module, (*LEAVES, "unmask")))
    found = [
        f"{module} imports {name}" for module in others for name in imports()[module] if within(name, LEAVES)
    ]
    assert found == []


def test_only_the_command_line_hands_over_to_a_leaf_and_by_its_name_alone():
    named = {
        module
        for module in files()
        if not within(module, LEAVES)
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and within(node.value, LEAVES)
    }
    assert named == {"viewer.cli.evaluate"}


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


def test_imports_are_absolute():
    relative = [module for module, names in imports().items() if any(name.startswith(".") for name in names)]
    assert relative == []


@pytest.mark.parametrize(("package", "most"), [("viewer", 3), ("models", 7)])
def test_few_files_lie_loose(package, most):
    assert len(list((ROOT / package).glob("*.py"))) <= most


def test_no_function_is_long():
    assert {name for name, lines in lengths().items() if lines > 60} == set()


def test_no_class_has_many_verbs():
    assert {name for name, count in verbs().items() if count > 20} == set()


@cache
def lengths() -> dict[str, int]:
    """Lines of every function but numba's, whose loops are one piece by nature."""
    return {
        f"{module}.{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for module in files()
        for node in ast.walk(tree(module))
        if isinstance(node, ast.FunctionDef)
        and not any("njit" in ast.unparse(decorator) for decorator in node.decorator_list)
    }


@cache
def verbs() -> dict[str, int]:
    """Public methods and properties of every class."""
    return {
        f"{module}.{node.name}": sum(
            isinstance(part, ast.FunctionDef) and not part.name.startswith("_") for part in node.body
        )
        for module in files()
        for node in ast.walk(tree(module))
        if isinstance(node, ast.ClassDef)
    }


def test_every_folder_of_modules_is_found_for_installation():
    """What is found are the folders with an __init__.py, from the four at the top on."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    assert settings["packages"]["find"] == {"include": ["unmask*", "models*", "viewer*", "resources*"]}
    folders = {path.parent for path in files().values()}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_the_top_level_is_as_drawn():
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("no git checkout")
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    top = {path.split("/")[0] for path in tracked}
    assert {name for name in top if not name.startswith(".")} == {
        *("pyproject.toml", "README.md", "CONTRIBUTING.md", "LICENSE", "LICENSES", "MANIFEST.in", "Makefile"),
        "requirements",
        *("unmask", "viewer", "resources", "models", "tests", "examples"),
    }
    assert {path for path in tracked if path.startswith(".ci/")} >= {".ci/run"}


def test_only_the_session_follows_every_change_of_the_state():
    """It compares requests; whoever shows a part of the State is told of that part, by `Store.on`."""
    found = [
        module for module in files() if "store.changed.connect" in files()[module].read_text(encoding="utf-8")
    ]
    assert found == ["viewer.inference.session"]
