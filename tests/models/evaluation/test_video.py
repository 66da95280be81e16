"""Clips followed by a method that knows where the face is: what it adds is what must be measured."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from models.errors import InputError
from models.evaluation.video import clips, follow, moments, smoothed
from models.evaluation.video_reports import video_report
from models.reconstruction import Alarm, Reconstruction, Space, frozen
from models.reconstructor import Face
from tests.fakes.marks import LANDMARKS_ONLY

SIZE_PX, STEP = 80.0, 6
LOST = (7, 8)


def face() -> np.ndarray:
    points = np.random.default_rng(5).uniform(-0.5, 0.5, (68, 3))
    points[:4, :2] = [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]
    return points * SIZE_PX + np.array([100, 100, 0])


class Oracle:
    """Reads the number of the frame off its grey, and answers with the face there, and noise."""

    name, size, topology, switches = "oracle", 32, LANDMARKS_ONLY, ()

    def __init__(self, noise_px: float, lost: tuple[int, ...] = ()) -> None:
        self._noise_px, self._lost = noise_px, lost
        self._T = np.eye(3)

    def crop(self, face: Face) -> np.ndarray:
        x0, y0, x1, _ = face.box
        scale = (x1 - x0) / self.size
        self._T = np.array([[scale, 0, x0], [0, scale, y0], [0, 0, 1]])
        return self._T

    def __call__(self, crops, without=frozenset()):
        index = round((float(crops.mean()) - 20) / STEP)
        noise = np.random.default_rng(index).normal(0, self._noise_px, (68, 3))
        points = face() + noise
        plane = (points[:, :2] - self._T[:2, 2]) / self._T[0, 0]
        vertices = frozen(np.column_stack((plane, points[:, 2] / self._T[0, 0])))
        alarms = (Alarm("empty-mask", "No face was seen."),) if index in self._lost else ()
        return [Reconstruction("oracle", Space.CROP, LANDMARKS_ONLY, vertices, (0, 0, 0), alarms=alarms)]


class Finder:
    """Finds the face in every frame that is not the eighth."""

    name = "finder"

    def __call__(self, image):
        points = face()[:, :2]
        box = (*points.min(0).tolist(), *points.max(0).tolist())
        return [] if round((float(image.mean()) - 20) / STEP) == LOST[1] else [Face(box)]


def frames(count: int = 30):
    return [(np.full((200, 200, 3), 20 + STEP * i, np.uint8), i / 30) for i in range(count)]


def test_the_tremble_of_a_method_is_measured_and_more_than_halved():
    found = follow("still", frames(), Oracle(0.4), Finder())
    expected = 100 * 0.4 * np.sqrt(6) * np.sqrt(np.pi / 2) / SIZE_PX
    last_box, kept, steady = found.jitter
    assert last_box == pytest.approx(expected, rel=0.05)
    assert kept == pytest.approx(expected, rel=0.05)
    assert steady < 0.5 * kept
    assert (found.lost, found.found_again) == (0, 0)


def test_lost_frames_and_new_looks_are_counted():
    found = follow("lost", frames(), Oracle(0.1, lost=LOST[:1]), Finder())
    assert found.lost == 1  # the frame nobody could find it in
    assert found.found_again == 2
    assert np.isnan(found.steady[LOST[1]]).all()
    assert np.isfinite(found.jitter).all()


def test_smoothing_to_both_sides_does_not_move_steady_motion():
    track = np.arange(12.0)[:, None, None] * np.array([2.0, -1.0]) + face()[:, :2]
    assert smoothed(track)[2:-2] == pytest.approx(track[2:-2])


def written(path: Path, count: int = 12) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 200
        stream.pix_fmt = "yuv420p"
        for image, _ in frames(count):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return path


def test_a_folder_of_clips_is_reported_line_by_line(tmp_path: Path):
    written(tmp_path / "one.mp4")
    (tmp_path / "notes.txt").write_text("no video")
    assert [path.name for path in clips(tmp_path)] == ["one.mp4"]
    assert [time_s for _, time_s in moments(tmp_path / "one.mp4", limit=3)] == pytest.approx([0, 0.04, 0.08])
    text = video_report(tmp_path, Oracle(0.1), 8, tmp_path / "out.csv")
    assert "one" in text
    assert (tmp_path / "out.csv").read_text().splitlines()[1].startswith("one,8,")
    assert "  8  " in text  # of the plain frames, no cascade finds a face in any: all lost, none dropped


def test_what_is_no_video_is_said(tmp_path: Path):
    with pytest.raises(InputError, match="holds no video"):
        clips(tmp_path)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"not a film")
    with pytest.raises(InputError, match="not a video that can be read"):
        list(moments(broken))
