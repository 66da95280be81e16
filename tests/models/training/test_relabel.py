"""Pseudo-labels by several methods, each asked several times."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from models.geometry.crops import crop_square
from models.geometry.transforms import nearest_rotation, rotation_from_euler
from models.ground_truth import aflw
from models.loading import load_face_model
from models.reconstruction import Reconstruction, Space, frozen
from models.training import relabel

COUNT, SIDE = 3, 100
POSE = (10.0, 20.0, 5.0)


class Template:
    """Answers with a face in the middle of the crop, `right` px off in the picture, posed one way."""

    name, switches, size = "template", (), 64

    def __init__(self, right: float) -> None:
        self._right = right
        model = load_face_model()
        self.topology = model.topology
        mean = model.mean.numpy() * [0.2, -0.2, 0.2]
        marks = model.topology.landmarks(mean.astype(np.float32))
        self._vertices = mean - (marks.max(0) + marks.min(0)) / 2 + [31.5, 31.5, 0]

    def crop(self, face):
        T = crop_square(face.box, 1.5, self.size)
        self._scale = T[0, 0]
        return T

    def __call__(self, crops, without):
        off = np.array([self._right / self._scale, 0, 0])
        vertices = frozen(self._vertices + off)
        return [Reconstruction("template", Space.CROP, self.topology, vertices, POSE) for _ in crops]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    names = np.array([f"face{k}" for k in range(COUNT)])
    with tarfile.open(tmp_path / "crops.tar", "w") as tar:
        for name in names:
            data = cv2.imencode(".png", rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8))[1].tobytes()
            member = tarfile.TarInfo(f"{name}.png")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    np.savez(
        tmp_path / "labels.npz",
        name=names,
        points21=rng.uniform(20, 80, (COUNT, 21, 2)).astype(np.float32),
        visible21=np.ones((COUNT, 21), bool),
        landmarks68_tddfa=rng.uniform(20, 80, (COUNT, 68, 3)).astype(np.float32),
        rotation_tddfa=np.tile(np.eye(3, dtype=np.float32), (COUNT, 1, 1)),
        disagreement_percent=np.ones(COUNT, np.float32),
    )
    return tmp_path


def test_the_mirror_of_landmarks_is_that_of_the_mean_face():
    model = load_face_model()
    marks = model.topology.landmarks(model.mean.numpy())
    assert np.abs(marks[relabel.MIRROR] * [-1, 1, 1] - marks).max() < 0.5


def test_each_method_counts_the_same_and_views_are_put_back_in_place(folder, tmp_path, monkeypatch, capsys):
    answers = {"still": Template(0.0), "off": Template(4.0)}
    monkeypatch.setattr(relabel, "load", lambda name, weights: answers[name])
    out = tmp_path / "new"
    told = ["--by", "still=open:2", "off=open:1", "--out", str(out)]
    assert relabel.main([str(folder), *told]) == 0
    old, new = aflw.read_labels(folder), aflw.read_labels(out)
    middle = (new.landmarks[..., :2].amax(1) + new.landmarks[..., :2].amin(1)) / 2
    wanted = (old.landmarks[..., :2].amax(1) + old.landmarks[..., :2].amin(1)) / 2
    torch.testing.assert_close(middle, wanted + torch.tensor([2.0, 0.0]), rtol=0, atol=0.2)
    pitch, yaw, roll = torch.tensor(POSE).deg2rad()
    straight = rotation_from_euler(torch.stack([pitch, yaw, roll]))[None]
    mirrored = rotation_from_euler(torch.stack([pitch, -yaw, -roll]))[None]
    still = nearest_rotation(straight + mirrored)
    torch.testing.assert_close(new.rotation[:1], nearest_rotation(still + straight), rtol=0, atol=1e-5)
    assert torch.equal(new.points21, old.points21)
    assert aflw.Crops(out).read("face1").shape == (SIDE, SIDE, 3)

    monkeypatch.setattr(Template, "__call__", lambda *_: pytest.fail("asked again"))
    assert relabel.main([str(folder), *told]) == 0  # from what was kept
    assert torch.equal(aflw.read_labels(out).landmarks, new.landmarks)


def test_a_method_without_weights_or_views_is_refused_by_name(folder, tmp_path, capsys):
    assert relabel.main([str(folder), "--by", "dsfnet", "--out", str(tmp_path / "new")]) == 1
    assert "'dsfnet'" in capsys.readouterr().err


def test_labels_are_never_written_over(folder, capsys):
    before = (folder / "labels.npz").read_bytes()
    assert relabel.main([str(folder), "--by", "still=open:1", "--out", str(folder)]) == 1
    assert "another folder" in capsys.readouterr().err
    assert (folder / "labels.npz").read_bytes() == before
