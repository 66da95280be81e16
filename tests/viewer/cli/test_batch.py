"""`unmask batch`: what it takes, what it writes, and how it goes on."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

import resources
from models.batch import engine
from models.batch.rows import REPEATING
from models.batch.tables import read_rows
from models.detection import detect
from models.loading import load
from models.pipeline import reconstruct
from models.reconstructor import Face
from tests.fakes.reconstructor import FakeReconstructor
from viewer.__main__ import main
from viewer.cli import batch
from viewer.cli.options import Batch
from viewer.cli.parser import parse
from viewer.cli.parts import part_of, read_part
from viewer.sources.still import read_still

FACE = Face((40.0, 30.0, 140.0, 150.0), 0.9)


def png(grey: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.full((180, 200, 3), grey, np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as tar:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


def video(path: Path, frames: int) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(frames):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 90, np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.fixture
def fakes(monkeypatch):
    """A face in every picture that is not black; the method is an ellipsoid."""
    for module in (engine, batch):
        monkeypatch.setattr(module, "load", lambda name, weights, device: FakeReconstructor(name))
    found = lambda images, _: [[FACE] if image.any() else [] for image in images]  # noqa: E731
    monkeypatch.setattr(engine, "detect_all", found)


def run(out: Path, *words: object) -> int:
    return main(["batch", *map(str, words), "--out", str(out), "--workers", "1", "--format", "jsonl"])


def rows(out: Path) -> list[dict[str, object]]:
    return list(read_rows(out / "table"))


def test_words_become_what_is_asked():
    asked = parse(
        ["batch", "a.jpg", "--meshes", "none", "--out", "o", "--workers", "3", "--shard", "8", "b.tar"]
    )
    assert asked == Batch((Path("a.jpg"), Path("b.tar")), Path("o"), workers=3, size=8)
    assert parse(["batch", "a", "--out", "o", "--meshes", "obj", "--cluster", "local"]).meshes == "obj"
    for words in (["--out", "o"], ["a.jpg"], ["a.jpg", "--out", "o", "--format", "xml"]):
        with pytest.raises(SystemExit):
            parse(["batch", *words])


@pytest.mark.usefixtures("fakes")
def test_pictures_videos_archives_and_bad_files_are_rows_of_one_table(tmp_path, capsys):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.png").write_bytes(png(120))
    (folder / "bad.png").write_bytes(png(120)[:60])
    (folder / "black.png").write_bytes(png(0))
    video(folder / "clip.mp4", 5)
    members = {
        "x/1.png": png(90),
        "x/1.json": b"{}",
        "x/2.png": b"no picture",
        "x/.3.png": b"",
        "x/4.PNG": png(0),
    }
    archive(folder / "shard.tar.gz", members)
    (folder / "torn.tar").write_bytes(b"no archive" * 100)
    assert run(tmp_path / "o", folder, "--every", 2) == 1
    told = [
        (Path(str(r["input"])).name, r["frame"], r["face"], bool(r["problem"])) for r in rows(tmp_path / "o")
    ]
    assert told == [
        ("a.png", 0, 1, False),
        ("bad.png", 0, None, True),
        ("black.png", 0, None, False),
        *(("clip.mp4", frame, 1, False) for frame in (0, 2, 4)),
        ("1.png", 0, 1, False),
        ("2.png", 0, None, True),
        ("4.PNG", 0, None, False),
        ("torn.tar", 0, None, True),
    ]
    by_name = {Path(str(r["input"])).name: r for r in rows(tmp_path / "o")}
    assert by_name["1.png"]["input"] == f"{folder / 'shard.tar.gz'}!x/1.png"
    assert "damaged or cut off" in str(by_name["bad.png"]["problem"])
    assert (by_name["a.png"]["width_px"], by_name["clip.mp4"]["time_s"]) == (200, pytest.approx(0.16))
    assert "3 pictures could not be answered" in capsys.readouterr().err


@pytest.mark.usefixtures("fakes")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--without", "nose"], "There is no part called 'nose'. --without takes image-space, model-space,"),
        (["--without", "image-space,model-space"], "there is no face. Leave one of them on."),
        (["--finder", "yunet"], "face_detection_yunet_2023mar.onnx is not there"),
    ],
)
def test_a_batch_that_could_answer_nothing_leaves_its_folder_to_the_next(
    tmp_path, monkeypatch, capsys, words, told
):
    monkeypatch.setenv("UNMASK_ASSETS", str(tmp_path / "none"))
    (tmp_path / "a.png").write_bytes(png(120))
    assert run(tmp_path / "o", tmp_path / "a.png", *words) == 1
    assert told in capsys.readouterr().err
    assert not (tmp_path / "o").exists()
    assert run(tmp_path / "o", tmp_path / "a.png") == 0


@pytest.mark.parametrize("words", [["--method", "nope"], ["--weights", "nope"]])
def test_a_method_or_weights_there_are_none_of_begin_no_batch(tmp_path, capsys, words):
    (tmp_path / "a.png").write_bytes(png(120))
    assert run(tmp_path / "o", tmp_path / "a.png", *words) == 1
    assert "nope" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


@pytest.mark.usefixtures("fakes")
@pytest.mark.parametrize("kind", ["ply", "glb", "obj"])
def test_meshes_and_pictures_of_what_was_seen_are_named_in_their_rows(tmp_path, kind):
    import trimesh

    (tmp_path / "a.png").write_bytes(png(120))
    assert run(tmp_path / "o", tmp_path / "a.png", "--meshes", kind, "--evidence") == 0
    (cells,) = rows(tmp_path / "o")
    mesh = trimesh.load(tmp_path / "o" / str(cells["mesh"]), force="mesh", process=False)
    assert len(mesh.vertices) == len(FakeReconstructor().topology.uv)
    if kind != "glb":  # which is in metres about its own centre
        centre = mesh.vertices.mean(0) * (1, -1, 1)
        assert centre == pytest.approx([cells[f"centre_{axis}"] for axis in "xyz"], abs=0.01)
    with Image.open(tmp_path / "o" / str(cells["evidence"])) as drawn:
        assert drawn.size == (200, 180)


@pytest.mark.usefixtures("fakes")
def test_a_batch_is_refused_where_one_stands_and_gone_on_with_when_asked(tmp_path, capsys):
    for name in ("a.png", "b.png", "c.png"):
        (tmp_path / name).write_bytes(png(120))
    words = [tmp_path / name for name in ("a.png", "b.png", "c.png")]
    assert run(tmp_path / "o", *words, "--shard", 1) == 0
    whole = rows(tmp_path / "o")
    assert run(tmp_path / "o", *words, "--shard", 1) == 1
    assert "--resume" in capsys.readouterr().err
    (tmp_path / "o/table/part-000001.jsonl").unlink()
    kept = (tmp_path / "o/table/part-000000.jsonl").stat().st_mtime_ns
    assert run(tmp_path / "o", *words, "--shard", 1, "--resume") == 0
    assert "2 of 3 shards were there already" in capsys.readouterr().out
    assert (tmp_path / "o/table/part-000000.jsonl").stat().st_mtime_ns == kept
    repeat = [[cells[name] for name in REPEATING] for cells in rows(tmp_path / "o")]
    assert repeat == [[cells[name] for name in REPEATING] for cells in whole]
    assert run(tmp_path / "o", *words, "--shard", 1, "--resume", "--without", "confidence") == 1
    assert "other without" in capsys.readouterr().err


@pytest.mark.usefixtures("fakes")
def test_a_part_there_is_not_is_told_before_any_row_is_written(tmp_path, capsys):
    (tmp_path / "a.png").write_bytes(png(120))
    assert run(tmp_path / "o", tmp_path / "a.png", "--without", "nose") == 1
    assert "nose" in capsys.readouterr().err
    assert not (tmp_path / "o/table").exists()


@pytest.mark.usefixtures("fakes")
def test_a_box_is_in_px_of_the_file_and_one_outside_is_a_problem(tmp_path):
    (tmp_path / "a.png").write_bytes(png(120))
    Image.fromarray(np.full((50, 50, 3), 9, np.uint8)).save(tmp_path / "b.png")
    assert run(tmp_path / "o", tmp_path / "a.png", tmp_path / "b.png", "--box", "60,60,150,150") == 1
    first, second = rows(tmp_path / "o")
    assert [first[edge] for edge in ("x0", "y0", "x1", "y1")] == [60, 60, 150, 150]
    assert first["detector"] is None
    assert "outside the picture, which is 50 x 50 px" in str(second["problem"])


def test_parts_of_an_archive_and_of_a_video_read_what_the_whole_does(tmp_path):
    tar = archive(tmp_path / "a.tar", {f"{k}.png": png(k) for k in range(5)})
    clip = video(tmp_path / "c.mp4", 5)
    for path in (tar, clip):
        whole = part_of(path, path is clip)
        assert len(whole) == 5
        again = [p for k in (0, 2, 4) for p in read_part(type(whole)(path, k, min(k + 2, 5)))]
        for one, other in zip(read_part(whole), again, strict=True):
            assert one.seen == other.seen
            assert np.array_equal(one.image, other.image)


def test_a_real_batch_tells_what_one_by_one_calls_do_and_goes_on_when_killed(tmp_path):
    paths = resources.samples()[:3]
    words = ["batch", *map(str, paths), "--shard", "1", "--workers", "1", "--format", "jsonl", "--out"]
    env = os.environ | {"PYTHONUNBUFFERED": "1"}
    killed = subprocess.Popen(
        [sys.executable, "-m", "viewer", *words, str(tmp_path / "o")], stdout=subprocess.PIPE, env=env
    )
    assert killed.stdout is not None
    with killed.stdout:
        assert b"1 of 3 pictures" in killed.stdout.readline()
        killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert 1 <= len(list((tmp_path / "o/table").glob("part-*.jsonl"))) < 3
    assert main([*words, str(tmp_path / "o"), "--resume"]) == 0
    told = {(cells["input"], cells["face"]): cells for cells in rows(tmp_path / "o")}
    method = load("dsfnet")
    for path in paths:
        image = read_still(Path(path)).image
        for number, answer in enumerate(reconstruct(image, detect(image), method), 1):
            cells = told.pop((str(path), number))
            assert np.reshape(cells["landmarks"], (68, 3)) == pytest.approx(answer.landmarks, abs=0.05)
            assert cells["likely_error_percent"] == pytest.approx(answer.likely_error, rel=1e-2)
    assert not told
    assert json.loads((tmp_path / "o/batch.json").read_text())["pictures"] == 3
