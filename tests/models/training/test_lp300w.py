"""300W-LP as a bank: a made-up folder of its form, rendered so that the truth is known."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.io import savemat

from models.errors import InputError
from models.loading import load_face_model
from models.synthetic.bank import VIEWS, Bank, ready_bank
from models.synthetic.camera import project
from models.synthetic.draw import draw_scene
from models.synthetic.head import load_head
from models.synthetic.render import Sample, render
from models.synthetic.scene import Framing
from models.training import lp300w

PX = 256
NOSE_TIP = 30
YAWS = (5.0, -30.0, 50.0, -70.0)
Floats = NDArray[np.floating]


def write(path: Path, sample: Sample, pose_rad: tuple[float, float, float]) -> None:
    """A picture with a green dot on the tip of the nose, and its .mat as published."""
    path.parent.mkdir(parents=True, exist_ok=True)
    x, y = np.rint(sample.landmarks[NOSE_TIP, :2]).astype(int).tolist()
    picture = np.ascontiguousarray(sample.image[..., ::-1])
    cv2.circle(picture, (x, y), 5, (0, 255, 0), -1)
    cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, 95])
    savemat(
        path.with_suffix(".mat"),
        {
            "pt2d": sample.landmarks[:, :2].T + 1.0,
            "Pose_Para": np.array([[*pose_rad, 200.0, 210.0, -70.0, 1e-3]]),
            "Shape_Para": np.zeros((199, 1)),
            "Exp_Para": np.zeros((29, 1)),
            "roi": np.array([[1, 1, PX, PX]], np.int16),
        },
    )


@pytest.fixture(scope="module")
def turned() -> dict[float, Sample]:
    """One face at each yaw in degrees, a little nodding and tilted, without covers or perspective."""
    head = load_head()
    scene = draw_scene(11, 3, head)
    samples = {}
    for yaw in YAWS:
        pose = replace(scene.pose, pitch=0.1, yaw=float(np.radians(yaw)), roll=-0.15)
        framing = Framing(None, 1.9, (0.04, -0.03))
        samples[yaw] = render(replace(scene, pose=pose, framing=framing, occluders=()), head, PX)
    return samples


@pytest.fixture
def published(tmp_path: Path, turned: dict[float, Sample]) -> Path:
    """The face in four turns, and in two of them as another person."""
    folder = tmp_path / "300W_LP"
    for k, (yaw, sample) in enumerate(turned.items()):
        pose = (0.1, float(np.radians(yaw)), -0.15)
        write(folder / "AFW" / f"AFW_134_1_{k}.jpg", sample, pose)
        if k < 2:
            write(folder / "LFPW_Flip" / f"LFPW_image_{k}.jpg", sample, pose)
    return folder


def in_crop(landmarks: Floats) -> Floats:
    """[68, 2] where landmarks lie in the square of 1.5 times the longer side of their box."""
    low, high = landmarks.min(0), landmarks.max(0)
    return (landmarks - (low + high) / 2) / (1.5 * (high - low).max()) * 128 + 63.5


def test_labels_lie_on_the_face_that_is_seen(published: Path, turned: dict[float, Sample], tmp_path: Path):
    done = lp300w.convert(published, tmp_path / "bank")
    assert (done.faces, done.scenes, done.used, done.unread, done.implausible) == (2, 3, 6, 0, 0)
    views, face_model = Bank(tmp_path / "bank").at(np.arange(3)), load_face_model()
    order = ((0, 2, 0), (1, 3, 1), (0, 1, 0))  # turns of each scene's views
    for scene, turns in enumerate(order):
        for view, turn in enumerate(turns):
            sample = turned[YAWS[turn]]
            marks = face_model.landmarks(
                face_model.vertices(views.identity[scene, view, None], views.expression[scene, view, None])
            )
            placed = project(marks, views.rotation[scene, view, None], views.camera[scene, view, None])
            placed = placed[0, :, :2].numpy()
            truth = in_crop(sample.landmarks[:, :2])
            size = np.sqrt(np.ptp(truth, axis=0).prod())
            assert np.linalg.norm(placed - truth, axis=1).mean() < 0.03 * size
            cosine = (np.trace(views.rotation[scene, view].numpy() @ sample.rotation.T) - 1) / 2
            assert np.degrees(np.arccos(min(cosine, 1))) < 5
            dot = green(views.images[scene, view])
            assert np.linalg.norm(dot - placed[NOSE_TIP]) < 3
        assert bool((views.identity[scene] == views.identity[scene, :1]).all())


def green(image: torch.Tensor) -> Floats:
    """[2] crop px of the middle of what is bright green in [3, S, S]."""
    red, lime, blue = image.numpy().astype(int)
    rows, columns = np.nonzero((lime > 180) & (red < 110) & (blue < 110))
    return np.array([np.median(columns), np.median(rows)])


def test_a_vertex_is_seen_unless_the_face_hides_it(
    published: Path, turned: dict[float, Sample], tmp_path: Path
):
    lp300w.convert(published, tmp_path / "bank")
    seen = Bank(tmp_path / "bank").at(np.array([1])).visibility[0, 1].numpy()
    true = turned[YAWS[3]].labels.visibility.astype(bool)
    assert 0.2 < seen.mean() < 0.7, "of a face turned by 70 degrees"
    assert seen[true].mean() > 0.95
    mean = load_face_model().mean[:, 0].numpy()
    nearer, farther = seen[mean > 20].mean(), seen[mean < -20].mean()
    assert max(nearer, farther) > 0.6
    assert min(nearer, farther) < 0.2


def test_a_training_draws_from_it_and_renders_nothing_into_it(published: Path, tmp_path: Path):
    lp300w.convert(published, tmp_path / "bank")
    bank = ready_bank(tmp_path / "bank", seed=0, first=0, count=1000, processes=1)
    assert len(bank) == 3
    drawn = bank.draw(5, np.random.default_rng(0))
    assert drawn.images.shape == (5, VIEWS, 3, 128, 128)


def test_what_is_missing_broken_or_absurd_is_named_and_left_out(
    published: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
):
    afw = published / "AFW"
    (afw / "AFW_134_1_0.mat").unlink()
    (afw / "AFW_134_1_1.mat").write_bytes(b"MATLAB 5.0" * 40)
    (afw / "AFW_134_1_2.jpg").write_bytes(b"\xff\xd8\xff" + b"no picture" * 40)
    scattered = np.random.default_rng(0).uniform(60, 200, (2, 68))
    savemat(afw / "AFW_134_1_3.mat", {"pt2d": scattered, "Pose_Para": np.zeros((1, 7))})
    with caplog.at_level(logging.WARNING):
        assert lp300w.main([str(published), "--out", str(tmp_path / "bank")]) == 0
    for k in range(3):
        assert f"AFW/AFW_134_1_{k}.jpg is left out" in caplog.text
    assert "3 missing or broken, 1 fitted worse" in capsys.readouterr().out
    assert len(Bank(tmp_path / "bank")) == 1


def test_what_was_interrupted_goes_on_to_the_same_bank(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    lp300w.convert(published, tmp_path / "whole")
    monkeypatch.setattr(lp300w, "AT_ONCE", 1)
    with monkeypatch.context() as broken:
        whole = lp300w.read_turns
        broken.setattr(lp300w, "read_turns", lambda paths: whole(paths) if "AFW" in paths[0].name else 1 // 0)
        with pytest.raises(ZeroDivisionError):
            lp300w.convert(published, tmp_path / "bank")
    assert len(Bank(tmp_path / "bank")) == 2
    done = lp300w.convert(published, tmp_path / "bank")
    assert done == lp300w.convert(published, tmp_path / "bank")
    rows = np.arange(3)
    resumed, at_once = Bank(tmp_path / "bank").at(rows), Bank(tmp_path / "whole").at(rows)
    for name in type(resumed).__slots__:
        assert torch.equal(getattr(resumed, name), getattr(at_once, name)), name


def test_a_bank_of_other_faces_is_left_alone(published: Path, tmp_path: Path):
    (tmp_path / "bank").mkdir()
    (tmp_path / "bank" / "written").write_text("5")
    with pytest.raises(InputError, match="rendered"):
        lp300w.convert(published, tmp_path / "bank")
    lp300w.convert(published, tmp_path / "photographed")
    (published / "AFW" / "AFW_134_1_3.jpg").unlink()
    with pytest.raises(InputError, match="other pictures"):
        lp300w.convert(published, tmp_path / "photographed")


def test_a_folder_without_pictures_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(InputError, match="no pictures of 300W-LP"):
        lp300w.convert(tmp_path, tmp_path / "bank")
    assert lp300w.main([str(tmp_path), "--out", str(tmp_path / "bank")]) == 1
    assert "error:" in capsys.readouterr().err
    assert not (tmp_path / "bank").exists()


def test_turns_are_shared_out_so_that_views_lie_apart():
    views = [{"k": np.array(k)} for k in range(7)]
    assert [scene["k"].tolist() for scene in lp300w.grouped(views)] == [[0, 3, 6], [1, 4, 1], [2, 5, 2]]
    assert list(lp300w.grouped([])) == []
