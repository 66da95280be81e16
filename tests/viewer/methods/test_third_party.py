"""A method of a third party, by its entry point alone: found, offered, run, answered."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models import catalogue
from models.catalogue import methods
from models.errors import MethodError, WeightsError
from models.loading import load
from models.metrics.correspondence import comparable
from models.pipeline import reconstruct
from models.reconstructor import Face
from viewer.cli.parser import parse_run
from viewer.cli.run import run_run
from viewer.methods.available import best_offer, first_lineup, method_names, usable
from viewer.state.setting import Setting

PACKAGE = Path(__file__).resolve().parents[2] / "example_method"
NAME = "average-face"
BOX = (40.0, 30.0, 140.0, 150.0)


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """As pip leaves it: the module and its metadata on the path."""
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    info = tmp_path / "site" / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Name: {project['name']}\nVersion: {project['version']}\n")
    lines = [f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in rows.items())
             for group, rows in project["entry-points"].items()]  # fmt: skip
    (info / "entry_points.txt").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(str(PACKAGE))
    monkeypatch.syspath_prepend(str(info.parent))


def test_it_is_not_there_before_it_is_installed():
    assert NAME not in methods()
    assert not usable(Setting(NAME, "open"))
    with pytest.raises(MethodError, match=NAME):
        load(NAME)


def test_what_is_installed_is_looked_up_once(monkeypatch):
    methods()
    monkeypatch.setattr(catalogue, "entry_points", lambda group: pytest.fail("it is known already"))
    there = methods()
    there.clear()
    assert methods(), "nobody changes it for the others"


@pytest.mark.usefixtures("installed")
def test_it_is_offered_after_ours_and_stands_in_line():
    assert method_names()[-1] == NAME
    assert best_offer(NAME).setting == Setting(NAME, "open")
    assert best_offer(NAME).ready
    assert Setting(NAME, "open") in first_lineup()


@pytest.mark.usefixtures("installed")
def test_it_answers_in_the_picture_and_compares_with_ours():
    image = np.full((200, 200, 3), 90, np.uint8)
    (answer,) = reconstruct(image, [Face(BOX)], load(NAME))
    landmarks = answer.landmarks
    assert landmarks[:, 1].min() == pytest.approx(BOX[1], abs=1.5)
    assert landmarks[:, 1].max() == pytest.approx(BOX[3], abs=1.5)
    assert answer.timing.total_ms >= answer.timing.crop_ms + answer.timing.network_ms
    (ours,) = reconstruct(image, [Face(BOX)], load("dsfnet"))
    assert comparable(answer, ours) is not None
    with pytest.raises(WeightsError, match="Choose open"):
        load(NAME, "mine")


@pytest.mark.usefixtures("installed")
def test_it_runs_without_a_window_and_writes_the_same_files(tmp_path, capsys):
    Image.fromarray(np.full((200, 200, 3), 90, np.uint8)).save(tmp_path / "a.png")
    words = [
        str(tmp_path / "a.png"),
        "--out",
        str(tmp_path / "out"),
        "--method",
        NAME,
        "--box",
        "40,30,140,150",
    ]
    assert run_run(parse_run(words)) == 0, capsys.readouterr()
    assert {path.suffix for path in (tmp_path / "out").iterdir()} == {".json", ".ply", ".glb", ".png"}
    assert json.loads((tmp_path / "out" / "a.json").read_text())["faces"][0]["method"] == NAME


def test_without_weights_named_those_that_are_there_are_taken(tmp_path, monkeypatch):
    monkeypatch.setenv("UNMASK_ASSETS", str(tmp_path))
    for name in ("net.pth", "BFM.mat", "BFM_UV.mat"):
        (tmp_path / name).touch()
    words = ["a.png", "--out", "x", "--method"]
    assert parse_run([*words, "dsfnet-published"]).weights == "official"
    assert parse_run([*words, "dsfnet"]).weights == "open"
    assert parse_run([*words, "dsfnet", "--weights", "research"]).weights == "research"
