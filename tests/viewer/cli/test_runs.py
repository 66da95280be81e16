"""Runs that go on: what is taken, what may fail, and what is said (tier 1)."""

from __future__ import annotations

import csv
import hashlib
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from models.errors import InputError, MethodError, MissingAssetError
from models.loading import checked_device, load
from models.pipeline import reconstruct
from models.reconstructor import Face
from resources import AssetError
from tests.fakes.reconstructor import FakeReconstructor
from viewer.__main__ import main
from viewer.cli import clip, run
from viewer.cli.answering import ON_CPU, ONE_BY_ONE, Answering
from viewer.cli.parser import parse, parse_run
from viewer.cli.speech import INTERRUPTED, TERMINATED, Terminated, complain, ended_well, say
from viewer.sources.named import expanded
from viewer.sources.source import Frame

FACE = Face((40.0, 30.0, 140.0, 150.0), 0.9)


def photo(path: Path, grey: int = 120) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((180, 200, 3), grey, np.uint8)).save(path)
    return path


@pytest.fixture
def faces(monkeypatch: pytest.MonkeyPatch) -> list[Face]:
    """The faces of every picture; the method is an ellipsoid."""
    found = [FACE]
    monkeypatch.setattr(run, "load", lambda name, weights, device: FakeReconstructor(name))
    monkeypatch.setattr(run, "detect", lambda image, _: list(found) if image.any() else [])
    return found


def test_what_is_written_is_chosen_and_two_pictures_never_share_a_file(tmp_path, faces, capsys):
    paths = [photo(tmp_path / name) for name in ("a.png", "a-mask.png")]
    out = tmp_path / "out"
    words = [*map(str, paths), "--write", "overlay,maps", "--out", str(out), "--weights", "open"]
    assert run.run_run(parse_run(words)) == 0
    about = {path.name for path in out.iterdir()}
    assert {"a.png", "a-mask.png", "a-mask_2.png", "a-mask_2-mask.png", "a-depth.png"} <= about
    assert not any(name.endswith((".json", ".ply", ".glb")) for name in about)
    said = capsys.readouterr().out
    assert "-depth.png" in said
    assert ".glb" not in said


def test_an_unknown_kind_of_file_is_a_sentence(tmp_path, capsys):
    words = [str(photo(tmp_path / "a.png")), "--write", "stl", "--out", str(tmp_path / "out")]
    assert run.run_run(parse_run(words)) == 1
    assert "'stl'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


# what is taken


def test_folders_patterns_and_lists_become_files_in_order_each_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("f/face 10.png", "f/face 9.png", "f/in/deep.png", "p1.png", "p2.png"):
        photo(Path(name))
    Path("f/notes.txt").touch()
    Path("list.txt").write_text("# ours\np2.png\n\n f/in \n")
    assert expanded([Path("f")]) == (Path("f/face 9.png"), Path("f/face 10.png"))
    assert Path("f/in/deep.png") in expanded([Path("f")], recursive=True)
    assert expanded([Path("p*.png"), Path("p1.png")]) == (Path("p1.png"), Path("p2.png"))
    assert expanded([Path("@list.txt")]) == (Path("p2.png"), Path("f/in/deep.png"))
    assert expanded([], [Path("list.txt")]) == expanded([Path("@list.txt")])


def test_a_file_is_itself_even_if_its_name_is_a_pattern_or_like_a_list(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = [photo(Path("face[1].png")), photo(Path("@me.png"))]
    assert expanded(names) == tuple(names)


@pytest.mark.parametrize(
    ("word", "sentence"),
    [("none*.png", "Nothing fits"), ("@none.txt", "cannot be read"), (".", "no picture"), ("@.", "no list")],
)
def test_what_holds_nothing_is_a_sentence(tmp_path, monkeypatch, word, sentence):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=sentence):
        expanded([Path(word)])


@pytest.mark.parametrize(
    "words", [["--box", "-10", "5", "100", "100"], ["--box", "-10,5,100,100"], ["--box=-10,5,100,100"]]
)
def test_a_box_may_begin_left_of_the_picture_as_it_is_typed(words):
    for order in (["a.jpg", *words, "b.jpg"], [*words, "a.jpg", "b.jpg"]):
        asked = parse_run([*order, "--out", "o"])
        assert asked.box == (-10.0, 5.0, 100.0, 100.0)
        assert asked.images == (Path("a.jpg"), Path("b.jpg"))


@pytest.mark.usefixtures("faces")
@pytest.mark.parametrize("box", ["300,300,400,400", "-90,0,4,100"])
def test_a_box_outside_the_picture_is_refused(tmp_path, capsys, box):
    words = ["run", str(photo(tmp_path / "a.png")), "--out", str(tmp_path / "o"), "--box", box]
    assert main(words) == 1
    assert "outside the picture, which is 200 x 180 px" in capsys.readouterr().err


def test_a_box_of_less_than_eight_px_is_refused(capsys):
    with pytest.raises(SystemExit):
        parse(["run", "a.jpg", "--out", "o", "--box", "10,10,17,90"])
    assert "too small a box" in capsys.readouterr().err


@pytest.mark.usefixtures("faces")
def test_names_that_begin_with_a_dash_or_are_commands_are_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    photo(Path("x.png")).rename("-selfie.png")
    assert main(["run", "--out", "o", "--", "-selfie.png"]) == 0
    assert main(["run", "./-selfie.png", "--out", "p"]) == 0
    assert Path("o/-selfie.json").exists()
    assert Path("p/-selfie.json").exists()
    assert parse(["--", "run"]).paths == (Path("run"),)
    assert parse(["./run"]).paths == (Path("run"),)


# nothing is written over


@pytest.mark.usefixtures("faces")
def test_a_run_into_the_folder_of_its_pictures_changes_none_of_their_files(tmp_path, capsys):
    mine = [photo(tmp_path / "face.png"), photo(tmp_path / "other.jpg")]
    (tmp_path / "other.json").write_text("{}")
    mine.append(tmp_path / "other.json")
    before = [hashlib.sha256(path.read_bytes()).digest() for path in mine]
    assert main(["run", *map(str, mine[:2]), "--out", str(tmp_path)]) == 0
    assert [hashlib.sha256(path.read_bytes()).digest() for path in mine] == before
    assert (tmp_path / "face_2.png").exists()
    assert "a file named other is there" in capsys.readouterr().out
    assert main(["run", *map(str, mine[:2]), "--out", str(tmp_path), "--overwrite"]) == 0
    assert [hashlib.sha256(path.read_bytes()).digest() for path in mine[:2]] == before[:2]
    assert mine[2].read_text() != "{}", "it was wished"


def test_a_second_face_never_takes_the_name_of_another_picture(tmp_path, faces):
    faces.append(Face((60.0, 40.0, 160.0, 160.0), 0.8))
    words = [str(photo(tmp_path / name)) for name in ("a.jpg", "a-2.jpg", "deep/a.jpg")]
    assert main(["run", *words, "--out", str(tmp_path / "o")]) == 0
    assert len(list((tmp_path / "o").glob("*.json"))) == 3
    assert len(list((tmp_path / "o").glob("*.ply"))) == 6


# what may fail


def failing(error: BaseException):
    """A method that answers once and then fails."""

    class Failing(FakeReconstructor):
        asked = 0

        def __call__(self, crops, without=frozenset()):
            self.asked += 1
            if self.asked == 2:
                raise error
            return super().__call__(crops, without)

    return Failing()


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        cv2.error("bad\nargument"),
        np.linalg.LinAlgError("singular"),
        torch.OutOfMemoryError("CUDA out of memory"),
        AssertionError("theirs"),
        SystemExit(3),
        RecursionError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_one_picture_raises_is_one_line_and_the_run_goes_on(
    tmp_path, monkeypatch, capsys, faces, error
):
    method = failing(error)
    monkeypatch.setattr(run, "load", lambda *_: method)
    words = [str(photo(tmp_path / f"{name}.png")) for name in "abc"]
    assert main(["run", *words, "--out", str(tmp_path / "o")]) == 1
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 2
    first, last = told.err.splitlines()
    assert first.startswith(words[1])
    assert last.startswith("1 of 3 inputs failed")
    assert words[1] in last
    assert sorted(path.stem for path in (tmp_path / "o").glob("*.json")) == ["a", "c"]


def test_a_device_out_of_memory_is_asked_face_by_face_then_the_cpu():
    class Small(FakeReconstructor):
        def __init__(self, most: int) -> None:
            super().__init__()
            self.most = most

        def __call__(self, crops, without=frozenset()):
            if len(crops) > self.most:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return super().__call__(crops, without)

    image, two = np.zeros((180, 200, 3), np.uint8), [FACE, FACE]
    answers, told = Answering(Small(1), "cuda", lambda: pytest.fail("no need"))(image, two)
    assert (len(answers), told) == (2, (ONE_BY_ONE,))
    answers, told = Answering(Small(0), "cuda", FakeReconstructor)(image, two)
    assert (len(answers), told) == (2, (ON_CPU,))
    with pytest.raises(MemoryError):
        Answering(Small(0), "cpu", lambda: pytest.fail("it is the CPU"))(image, two)


@pytest.mark.parametrize("part", ["vertices", "pose_deg", "mm_per_px", "short"])
def test_an_answer_of_numbers_that_are_none_or_of_a_wrong_shape_is_an_error(part):
    class Odd(FakeReconstructor):
        def __call__(self, crops, without=frozenset()):
            answers = super().__call__(crops, without)
            bent = np.array(answers[0].vertices)
            bent[7] = np.nan
            changes = {
                "vertices": {"vertices": bent},
                "pose_deg": {"pose_deg": (0.0, float("inf"), 0.0)},
                "mm_per_px": {"mm_per_px": float("nan")},
                "short": {"vertices": bent[8:]},
            }[part]
            return [replace(answers[0], **changes)]

    with pytest.raises(MethodError, match=r"not finite|too few"):
        reconstruct(np.zeros((180, 200, 3), np.uint8), [FACE], Odd())


@pytest.mark.parametrize("device", ["mps", "cuda:7", "xpu", "toaster", ""])
def test_a_device_that_is_not_there_is_a_sentence_from_python_too(monkeypatch, device):
    monkeypatch.setattr("torch.cuda.is_available", lambda: device.startswith("cuda"))
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    with pytest.raises(MethodError, match=r"\. Use |Use that or cpu"):
        load("dsfnet", device=device)


def test_auto_takes_the_fastest_device(monkeypatch):
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    for there, device in ((True, "cuda"), (False, "cpu")):
        monkeypatch.setattr("torch.cuda.is_available", lambda there=there: there)
        assert checked_device("auto") == device


# videos


class Film:
    """Three frames; the second is damaged."""

    def __init__(self) -> None:
        self.closed = False

    def open(self) -> int:
        return 3

    def read(self, index: int) -> Frame:
        if index == 1:
            raise InputError("Frame 2 cannot be decoded.")
        return Frame(np.full((180, 200, 3), 90, np.uint8), "film", index / 10, index, 3)

    def due_s(self, index: int) -> float:
        return index / 10

    def close(self) -> None:
        self.closed = True


def test_a_video_becomes_a_row_a_frame_and_a_bad_frame_says_why(tmp_path, monkeypatch, capsys, faces):
    film = Film()
    monkeypatch.setattr(run, "reader_of", lambda _path: film)
    (tmp_path / "film.mp4").write_bytes(b"\0\0\0\x18ftypmp42")
    words = ["run", str(tmp_path / "film.mp4"), "--out", str(tmp_path / "o")]
    assert main(words) == 1
    assert "1 of 3 frames failed" in capsys.readouterr().err
    rows = list(csv.DictReader((tmp_path / "o" / "film.csv").read_text().splitlines()))
    assert tuple(rows[0]) == clip.COLUMNS
    assert [row["frame"] for row in rows] == ["0", "1", "2"]
    assert [row["face"] for row in rows] == ["1", "", "1"]
    assert "cannot be decoded" in rows[1]["problem"]
    assert float(rows[2]["yaw_deg"]) == pytest.approx(-12, abs=0.01)
    assert film.closed
    assert main([*words[:-1], str(tmp_path / "p"), "--every", "2"]) == 0
    assert len((tmp_path / "p" / "film.csv").read_text().splitlines()) == 3
    assert [path.name for path in (tmp_path / "p").iterdir()] == ["film.csv"]


def test_a_video_that_is_stopped_leaves_its_rows_so_far_and_can_be_run_again(tmp_path, monkeypatch, faces):
    read, stop = Film.read, [True]

    def stopped(self: Film, index: int) -> Frame:
        if index == 2 and stop:
            raise KeyboardInterrupt
        return read(self, index)

    monkeypatch.setattr(Film, "read", stopped)
    monkeypatch.setattr(run, "reader_of", lambda _path: Film())
    (tmp_path / "film.mp4").write_bytes(b"\0\0\0\x18ftypmp42")
    words = ["run", str(tmp_path / "film.mp4"), "--out", str(tmp_path / "o")]
    assert main(words) == INTERRUPTED
    (left,) = (tmp_path / "o").iterdir()
    assert left.name == "film.partial.csv", "nothing that is not whole has the name of what is"
    assert [row["frame"] for row in csv.DictReader(left.read_text().splitlines())] == ["0", "1"]
    stop.clear()
    assert main(words) == 1
    names = sorted(path.name for path in (tmp_path / "o").iterdir())
    assert names == ["film.csv", "film.partial.csv"]


def test_a_video_can_leave_with_what_was_seen_drawn_over_its_frames(tmp_path, monkeypatch, faces):
    monkeypatch.setattr(run, "reader_of", lambda _path: Film())
    (tmp_path / "film.mp4").write_bytes(b"\0\0\0\x18ftypmp42")
    words = ["run", str(tmp_path / "film.mp4"), "--out", str(tmp_path), "--video", "--every", "2"]
    assert main(words) == 0
    assert (tmp_path / "film.mp4").read_bytes() == b"\0\0\0\x18ftypmp42", "the original stays"
    assert (tmp_path / "film_2.csv").exists()
    with av.open(str(tmp_path / "film_2.mp4")) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(frames) == 2
    assert np.ptp(frames[0].astype(int), axis=-1).max() > 40, "the overlay has colours, the film has none"


# what is said, and how it ends


def test_a_console_of_another_time_and_a_closed_pipe_do_not_fail_the_work():
    code = (
        "from viewer.cli.speech import ended_well, say\n"
        "def work():\n"
        "    say('1.9\\u20132.7 \\U0001f642')\n"
        "    [say('x' * 9000) for _ in range(99)]\n"
        "    return 0\n"
        "raise SystemExit(ended_well(work))"
    )
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=env, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"1.9\\u20132.7")
    piped = f'{sys.executable} -c "$CODE" | head -c 5; echo " "${{PIPESTATUS[0]}}'
    done = subprocess.run(
        ["bash", "-c", piped], capture_output=True, env={**os.environ, "CODE": code}, check=False
    )
    assert done.stdout.split()[-1] == b"0"
    assert done.stderr == b""


@pytest.mark.parametrize(
    "error", [AssetError("It is\nbroken. Mend it."), MissingAssetError("It is broken. Mend it.")]
)
def test_an_installation_that_is_broken_is_told_in_one_line(capsys, error):
    def command() -> int:
        raise error

    assert ended_well(command) == 1
    assert capsys.readouterr().err == "unmask: It is broken. Mend it.\n"


@pytest.mark.parametrize(
    ("error", "status"), [(KeyboardInterrupt(), INTERRUPTED), (Terminated(), TERMINATED)]
)
def test_a_command_that_is_stopped_says_one_line(capsys, error, status):
    def work():
        raise error

    assert ended_well(work) == status
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_systems_wish_to_end_is_heard_in_a_command_and_the_handler_put_back(capsys):
    before = signal.getsignal(signal.SIGTERM)
    assert ended_well(lambda: os.kill(os.getpid(), signal.SIGTERM) or 0) == TERMINATED
    assert signal.getsignal(signal.SIGTERM) is before


def test_nobody_there_to_print_to_is_no_error(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    say("a")
    complain("b")


def test_without_a_display_the_window_is_a_sentence():
    env = {name: value for name, value in os.environ.items() if "DISPLAY" not in name}
    env.pop("QT_QPA_PLATFORM", None)
    words = [sys.executable, "-m", "viewer"]
    done = subprocess.run(words, capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "unmask run" in done.stderr
    assert "xvfb-run" in done.stderr
