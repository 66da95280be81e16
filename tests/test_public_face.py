"""What others build upon keeps its names: the Python face, the commands and options, the entry points."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from importlib.metadata import entry_points

import pytest

import models.detection
import unmask
from models.loading import load
from models.pipeline import reconstruct
from models.reconstruction import Reconstruction
from models.reconstructor import Detector, Face, Reconstructor
from viewer.__main__ import main

OPTIONS = {
    (): {
        *("--camera", "--method", "--weights", "--finder", "--without", "--theme", "--arrangement"),
        *("--screenshot", "--export", "--tour", "--version", "--device"),
    },
    ("run",): {
        *("--out", "--method", "--weights", "--finder", "--without", "--device", "--branches", "--box"),
    },
    ("occlude",): {
        *("--out", "--method", "--weights", "--finder", "--without", "--device", "--box", "--kind", "--seed"),
        *("--sweep", "--grow", "--steps", "--grid", "--patch", "--filling", "--factor", "--threshold"),
        *("--jitter", "--draws", "--shift", "--scale"),
    },
    ("batch",): {
        *("--list", "--recursive", "--every", "--out", "--resume", "--format", "--meshes", "--evidence"),
        *("--workers", "--cluster", "--method", "--weights", "--finder", "--without", "--device", "--box"),
    },
    ("render",): {
        "--out",
        "--layout",
        "--size",
        "--look",
        "--transparent",
        "--caption",
        "--peers",
        "--toggle",
    },
    ("replay",): {"--out", "--device", "--overwrite"},
    ("evaluate",): {"--out", "--method", "--weights", "--box", "--compare"},
    ("assets",): {"--json"},
    ("assets", "fetch"): {"--accept-licence", "--replace"},
    ("assets", "add"): {"--replace"},
    ("assets", "remove"): {"--yes"},
    ("export-onnx",): {"--method", "--weights", "--out", "--overwrite"},
    ("about",): {"--json"},
}


def parameters(function: object) -> list[str]:
    assert callable(function)
    return list(inspect.signature(function).parameters)


@pytest.mark.parametrize("words", OPTIONS, ids=lambda words: " ".join(("unmask", *words)))
def test_every_command_keeps_its_options(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main([*words, "--help"])
    assert ended.value.code == 0
    told = set(re.findall(r"(?<![\w-])--[a-z-]+", capsys.readouterr().out))
    assert OPTIONS[words] <= told


def test_the_help_names_every_command(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    told = set(re.findall(r"^ {4}([a-z-]+) ", capsys.readouterr().out, re.MULTILINE))
    assert {words[0] for words in OPTIONS if words} == told


def test_the_functions_keep_their_names_and_parameters():
    assert parameters(load) == ["name", "weights", "device"]
    assert parameters(reconstruct)[:3] == ["image", "faces", "method"]
    assert inspect.isfunction(models.detection.detect)
    assert parameters(models.detection.detect)[:1] == ["image"]
    assert parameters(Reconstructor.__call__) == ["self", "crops", "without"]
    assert parameters(Reconstructor.crop) == ["self", "face"]
    assert {"name", "size", "topology", "switches"} <= Reconstructor.__annotations__.keys()
    assert parameters(Detector.__call__) == ["self", "image"]
    assert [field.name for field in fields(Face)][:2] == ["box", "score"]


def test_programs_find_everything_in_one_place():
    assert unmask.detect is models.detection.detect
    assert (unmask.load, unmask.reconstruct, unmask.Face) == (load, reconstruct, Face)
    assert {
        *("OCCLUDERS", "EXPORTS", "Covered", "Detector", "Face", "InputError", "Maps", "MethodError"),
        *("MissingAssetError", "Moment", "Reconstruction", "Reconstructor", "Row", "Scalar", "Setting"),
        *("Space", "State", "Sweep", "Topology", "UnmaskError", "WeightsError", "Wish"),
        *("change", "detect", "detect_all", "evaluate", "export", "export_onnx", "load", "maps", "methods"),
        "nme_percent",
        *("occlude", "open_case", "read", "read_answers", "read_rows", "reconstruct", "reconstruct_all"),
        *("render", "replay", "samples", "sweep", "track", "write_figure", "write_mesh"),
    } <= set(dir(unmask))
    assert parameters(unmask.track)[:3] == ["video", "method", "without"]
    assert parameters(unmask.occlude) == ["image", "answer", "kinds", "seed"]
    assert parameters(unmask.sweep) == ["image", "face", "method", "series", "without"]
    assert parameters(unmask.evaluate)[:3] == ["protocol", "data", "out"]
    assert parameters(unmask.render) == ["image", "answers", "wish"]
    assert parameters(unmask.export) == ["path", "kind", "image", "answers", "overwrite"]


def test_an_answer_keeps_what_is_asked_of_it():
    held = set(dir(Reconstruction))
    assert {"method", "space", "topology", "vertices", "landmarks", "pose_deg", "layers", "scalars"} <= held
    assert {"took_part", "left_out", "alarms", "box", "mm_per_px"} <= held
    assert parameters(Reconstruction.layer) == ["self", "name"]
    assert parameters(Reconstruction.scalar) == ["self", "name"]


def test_the_default_weights_are_those_that_ship():
    assert inspect.signature(load).parameters["weights"].default == "open"


def test_methods_join_by_their_entry_points():
    ours = {"dsfnet", "tddfa", "prnet", "mgcnet", "dsfnet-published"}
    assert ours <= {entry.name for entry in entry_points(group="unmask.methods")}
    (program,) = entry_points(group="console_scripts", name="unmask")
    assert program.load() is main
