"""What a network takes for face in labelled crops."""

from __future__ import annotations

import io
import tarfile

import cv2
import numpy as np
import pytest

from models.ground_truth import aflw
from models.training.masks import SIDE, masks_of


class Halves:
    """Calls the brighter pixels face."""

    size = 128

    def visible_masks(self, crops):
        return cv2.resize(crops[0], (64, 64))[None, ..., 0].repeat(len(crops), 0) / np.float32(255)


@pytest.fixture
def folder(tmp_path):
    picture = np.zeros((120, 120, 3), np.uint8)
    picture[:, 60:] = 255
    data = cv2.imencode(".png", picture)[1].tobytes()
    with tarfile.open(tmp_path / "crops.tar", "w") as tar:
        member = tarfile.TarInfo("a.webp")
        member.size = len(data)
        tar.addfile(member, io.BytesIO(data))
    arrays = {
        name: np.zeros((1, *shape), np.float32) for name, shape in aflw.LABELS.items() if name != "name"
    }
    np.savez(tmp_path / "labels.npz", name=np.array(["a"]), **arrays)
    return tmp_path


def test_each_crop_is_taken_whole(folder):
    masks = masks_of(folder, Halves())
    assert masks.shape == (1, SIDE, SIDE)
    assert masks.dtype == np.uint8
    assert masks[0, :, :30].max() == 0
    assert masks[0, :, 34:].min() == 255
