"""The words of the command line, and the run without a window."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.batch.rows import COLUMNS
from models.errors import MethodError, MissingAssetError
from models.reconstructor import Face
from resources import weights
from tests.fakes.reconstructor import FakeReconstructor
from viewer.__main__ import main
from viewer.cli import run
from viewer.cli.options import Launch, Run
from viewer.cli.parser import parse, parse_launch, parse_run

SWITCHES = ("image space", "model space", "confidence", "visibility mask")


@pytest.fixture
def fake_method(monkeypatch: pytest.MonkeyPatch) -> None:
    """An ellipsoid instead of a trained method; a face in every picture that is not black."""
    monkeypatch.setattr(run, "load", lambda name, weights, device: FakeReconstructor(name))
    monkeypatch.setattr(
        run, "detect", lambda image, _: [Face((40.0, 30.0, 140.0, 150.0), 0.9)] if image.any() else []
    )


def photo(path: Path, grey: int = 120) -> Path:
    Image.fromarray(np.full((180, 200, 3), grey, np.uint8)).save(path)
    return path


def test_no_words_open_the_window_as_the_last_session_left_it():
    assert parse_launch([]) == Launch()


def test_words_for_the_window_are_understood():
    words = "a.jpg --without model-space,confidence --without visibility-mask b.png --method dsfnet"
    launch = parse_launch([*words.split(), "--theme", "light", "--screenshot", "w.png", "--export", "out"])
    assert launch.paths == (Path("a.jpg"), Path("b.png"))
    assert launch.without == {"model space", "confidence", "visibility mask"}
    assert (launch.method, launch.weights, launch.theme) == ("dsfnet", None, "light")
    assert (launch.screenshot, launch.export) == (Path("w.png"), Path("out"))


def test_who_looks_for_faces_can_be_said(tmp_path, monkeypatch, capsys):
    assert parse_launch(["--finder", "haar"]).detector == "haar"
    assert parse_run(["a.jpg", "--out", "o"]).detector == "finder"
    with pytest.raises(SystemExit):
        parse_launch(["--finder", "nobody"])
    assert "yunet" in capsys.readouterr().err
    asked = []
    monkeypatch.setattr(run, "load", lambda name, weights, device: FakeReconstructor(name))
    monkeypatch.setattr(run, "detect", lambda image, by: asked.append(by) or [])
    assert (
        main(["run", str(photo(tmp_path / "a.png")), "--out", str(tmp_path / "o"), "--finder", "haar"]) == 1
    )
    assert asked == ["haar"]


@pytest.mark.parametrize("words", [["run"], ["batch"], ["assets", "fetch"]])
def test_the_usage_of_a_command_begins_as_one_types_it(words, capsys):
    with pytest.raises(SystemExit):
        main([*words, "--help"])
    assert capsys.readouterr().out.startswith(f"usage: unmask {' '.join(words)} [-h]")


def test_a_camera_and_files_at_once_are_refused(capsys):
    with pytest.raises(SystemExit):
        parse_launch(["--camera", "0", "a.jpg"])
    assert "not both" in capsys.readouterr().err
    assert parse_launch(["--camera", "2"]).camera == 2


def test_words_for_a_run_are_understood():
    asked = parse_run(["a.jpg", "--out", "o", "--branches", "image-space", "--box", "1,2,30.5,40"])
    assert asked == Run(
        (Path("a.jpg"),), Path("o"), branches=frozenset({"image space"}), box=(1.0, 2.0, 30.5, 40.0)
    )


@pytest.mark.parametrize("box", ["1,2,3", "a,b,c,d", "5,5,1,9"])
def test_a_box_that_is_none_is_refused_with_a_reason(box, capsys):
    with pytest.raises(SystemExit):
        parse_run(["a.jpg", "--out", "o", "--box", box])
    assert "is no box" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("without", "branches", "left"),
    [
        (set(), None, set()),
        ({"confidence"}, None, {"confidence"}),
        (set(), {"image space"}, {"model space"}),
        ({"confidence"}, {"model space"}, {"confidence", "image space"}),
        (set(), {"image space", "model space"}, set()),
    ],
)
def test_keeping_branches_leaves_out_the_other_branches_only(without, branches, left):
    kept = None if branches is None else frozenset(branches)
    assert run.left_out(SWITCHES, frozenset(without), kept) == left


def test_an_unknown_part_is_named_with_those_there_are():
    with pytest.raises(MethodError, match=r"called 'nose'.*image-space, model-space, confidence"):
        run.left_out(SWITCHES, frozenset({"nose"}), None)
    with pytest.raises(
        MethodError, match=r"called 'confidence'. --branches takes image-space, model-space.$"
    ):
        run.left_out(SWITCHES, frozenset(), frozenset({"confidence"}))
    with pytest.raises(MethodError, match=r"called 'nose'. This method has no parts to leave out.$"):
        run.left_out((), frozenset({"nose"}), None)


@pytest.mark.parametrize(("without", "kept"), [(SWITCHES[:2], None), (SWITCHES[:1], {"image space"})])
def test_a_face_is_left_or_it_is_said_before_anything_is_asked(without, kept):
    with pytest.raises(MethodError, match=r"Without image space and model space there is no face. Leave one"):
        run.left_out(SWITCHES, frozenset(without), kept)


@pytest.mark.usefixtures("fake_method")
def test_a_run_writes_answer_meshes_and_picture(tmp_path, capsys):
    status = main(["run", str(photo(tmp_path / "ann.v2.jpg")), "--out", str(tmp_path / "out" / "deep")])
    out = tmp_path / "out" / "deep"
    assert status == 0
    assert sorted(path.name for path in out.iterdir()) == [
        f"ann.v2.{s}" for s in ("glb", "json", "ply", "png")
    ]
    record = json.loads((out / "ann.v2.json").read_text())
    assert record["image"] == {"name": "ann.v2.jpg", "width_px": 200, "height_px": 180}
    assert record["faces"][0]["took_part"] == list(SWITCHES)
    assert record["weights"]["name"] == "open"
    assert record["weights"]["sha256"] == hashlib.sha256(weights("dsfnet-open").read_bytes()).hexdigest()
    assert record["weights"]["licence"] == "Apache-2.0"
    assert "yaw -12.0" in capsys.readouterr().out


@pytest.mark.usefixtures("fake_method")
def test_one_bad_picture_does_not_stop_the_others_but_the_run_fails(tmp_path, capsys):
    torn = tmp_path / "torn.jpg"
    torn.write_bytes(b"\xff\xd8\xff")
    black = photo(tmp_path / "black.jpg", grey=0)
    good = photo(tmp_path / "good.jpg")
    status = main(["run", str(torn), str(black), str(good), "--out", str(tmp_path / "out")])
    assert status == 1
    assert (tmp_path / "out" / "good.ply").is_file()
    assert not (tmp_path / "out" / "black.json").exists()
    told = capsys.readouterr().err
    assert "torn.jpg is damaged" in told
    assert "No face was found in black.jpg" in told
    assert "--box" in told
    assert "2 of 3" in told


@pytest.mark.usefixtures("fake_method")
def test_branches_are_left_out_of_the_computation(tmp_path):
    words = ["run", str(photo(tmp_path / "a.jpg")), "--out", str(tmp_path), "--branches", "model-space"]
    assert main(words) == 0
    face = json.loads((tmp_path / "a.json").read_text())["faces"][0]
    assert face["left_out"] == ["image space"]


@pytest.mark.usefixtures("fake_method")
def test_pictures_of_one_name_do_not_overwrite_each_other(tmp_path):
    for folder in ("left", "right"):
        (tmp_path / folder).mkdir()
        photo(tmp_path / folder / "face.png")
    words = [str(tmp_path / folder / "face.png") for folder in ("left", "right")]
    assert main(["run", *words, "--out", str(tmp_path / "out")]) == 0
    assert {path.name for path in (tmp_path / "out").glob("*.ply")} == {"face.ply", "face_2.ply"}


def test_a_method_that_cannot_be_loaded_ends_the_run_with_a_sentence(tmp_path, monkeypatch, capsys):
    def missing(*_: str) -> None:
        raise MissingAssetError("weights/x.safetensors is not there. Train it.")

    monkeypatch.setattr(run, "load", missing)
    assert main(["run", str(photo(tmp_path / "a.jpg")), "--out", str(tmp_path / "out")]) == 1
    assert "Train it." in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_device_that_is_not_there_ends_the_run_with_a_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    for device, told in (("cuda:1", "Use --device cpu."), ("abacus", "'abacus' is no device.")):
        words = ["run", str(photo(tmp_path / "a.jpg")), "--out", str(tmp_path / "out"), "--device", device]
        assert main(words) == 1
        assert told in capsys.readouterr().err


def test_a_run_does_not_load_qt():
    code = "import sys, viewer.__main__, viewer.cli.run; print([m for m in sys.modules if 'PySide6' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_version_is_told():
    done = subprocess.run(
        [sys.executable, "-m", "viewer", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("unmask 0.")


def test_a_folder_named_like_a_command_can_be_opened():
    assert parse_launch(["./run"]).paths == (Path("run"),)
    assert parse_launch(["--", "occlude"]).paths == (Path("occlude"),)


def test_help_lists_the_commands(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    said = capsys.readouterr().out
    told = [line.split(maxsplit=1) for line in said.splitlines() if line.startswith("    ")]
    lines = {words[0]: words[1] for words in told if len(words) == 2}
    assert {"run", "occlude", "evaluate", "assets", "about"} <= set(lines)


def test_the_columns_of_a_batch_are_printed_without_any_input(capsys):
    with pytest.raises(SystemExit) as ended:
        parse(["batch", "--columns"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert all(f"| `{column.name}` |" in told for column in COLUMNS)
