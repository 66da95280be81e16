"""What `unmask` does itself: a video followed, figures and files written, cases and sets opened."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

import unmask
from models.evaluation import command
from tests.fakes.reconstructor import FakeReconstructor

FACE = unmask.Face((40.0, 30.0, 140.0, 150.0))


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (180, 200, 3), np.uint8)


@pytest.fixture
def answers(image) -> list[unmask.Reconstruction]:
    return unmask.reconstruct(image, [FACE], FakeReconstructor())


def clip(path: Path, image: np.ndarray, frames: int) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = image.shape[1], image.shape[0], "yuv420p"
        for _ in range(frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return path


def test_a_face_of_a_file_and_of_frames_keeps_its_number_and_time(tmp_path, image):
    looks: list[int] = []

    def detect(_image: np.ndarray) -> list[unmask.Face]:
        looks.append(len(looks))
        return [FACE]

    method = FakeReconstructor()
    path = clip(tmp_path / "a.mp4", image, 4)
    read = list(unmask.track(path, method, detect=detect))
    given = list(unmask.track((image for _ in range(4)), method, fps=10, detect=detect))
    for moments in (read, given):
        assert [face.identity for moment in moments for face in moment.faces] == [1] * 4
        assert [moment.time_s for moment in moments] == pytest.approx([0, 0.1, 0.2, 0.3])
        assert all(moment.answers[0].steadied for moment in moments[1:])
    assert len(looks) == 2, "between, the face is followed"
    bare = list(unmask.track([image] * 2, method, detect=detect, steady=False))
    assert not any(answer.steadied for moment in bare for answer in moment.answers)


def test_a_file_that_is_no_video_and_an_array_that_is_no_picture_are_refused(tmp_path, image):
    (tmp_path / "a.mp4").write_bytes(b"no video" * 99)
    with pytest.raises(unmask.InputError):
        list(unmask.track(tmp_path / "a.mp4", FakeReconstructor(), detect=lambda _image: [FACE]))
    with pytest.raises(ValueError, match="uint8"):
        list(unmask.track([image / 255.0], FakeReconstructor(), detect=lambda _image: [FACE]))


def test_a_figure_is_written_as_its_ending_says_and_over_nothing(tmp_path, image, answers):
    rows, wish = [unmask.Row("a face", image, answers)], unmask.Wish("views", 400, 200)
    for ending, begins in ((".png", b"\x89PNG"), (".svg", b"<svg"), (".pdf", b"%PDF")):
        path = tmp_path / f"figure{ending}"
        unmask.write_figure(path, rows, wish)
        assert path.read_bytes().startswith(begins)
    with pytest.raises(unmask.InputError, match="there already"):
        unmask.write_figure(path, rows, wish)
    unmask.write_figure(path, rows, wish, overwrite=True)
    with pytest.raises(unmask.InputError, match=r"\.svg"):
        unmask.write_figure(tmp_path / "figure.gif", rows, wish)
    assert not (tmp_path / "figure.gif").exists()


def test_what_is_exported_is_what_can_be_read_again(tmp_path, image, answers):
    unmask.export(tmp_path / "a.json", "json", image, answers)
    (face,) = unmask.read_answers(tmp_path / "a.json").faces
    assert face.landmarks == pytest.approx(answers[0].landmarks, abs=0.01)
    with pytest.raises(unmask.InputError, match="'stl'"):
        unmask.export(tmp_path / "a.stl", "stl", image, answers)
    with pytest.raises(unmask.InputError, match="no answer"):
        unmask.export(tmp_path / "b.json", "json", image, [])
    assert unmask.EXPORTS[0] == "json"


def test_a_file_that_is_no_case_is_told(tmp_path):
    (tmp_path / "a.case.json").write_text("{}")
    with pytest.raises(unmask.InputError, match="no case"):
        unmask.open_case(tmp_path / "a.case.json")
    with pytest.raises(unmask.InputError, match="no case"):
        unmask.replay(tmp_path / "a.case.json", tmp_path / "again")


def test_a_set_is_measured_without_and_with_a_folder(tmp_path, monkeypatch, image):
    (tmp_path / "set").mkdir()
    points = np.random.default_rng(1).uniform(40, 140, (68, 2)) + 1
    lines = "\n".join(f"{x:.3f} {y:.3f}" for x, y in points)
    for number in range(3):
        (tmp_path / f"set/{number}.pts").write_text(f"version: 1\nn_points: 68\n{{\n{lines}\n}}\n")
        Image.fromarray(image).save(tmp_path / f"set/{number}.png")
    monkeypatch.setattr(command, "load", lambda *_: FakeReconstructor())
    report = unmask.evaluate("300w", tmp_path / "set")
    assert [row.found for row in report.rows] == [True] * 3
    assert {path.name for path in tmp_path.iterdir()} == {"set"}, "nothing is written"
    unmask.evaluate("300w", tmp_path / "set", tmp_path / "out", setting=unmask.Setting(limit=2))
    assert (tmp_path / "out/report.json").is_file()
    with pytest.raises(unmask.InputError, match="there already"):
        unmask.evaluate("300w", tmp_path / "set", tmp_path / "out")
    with pytest.raises(unmask.InputError, match="no protocol 'guess'"):
        unmask.evaluate("guess")
