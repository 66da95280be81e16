import json
import math

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import resources
from models.errors import WeightsError
from models.geometry.crops import crop_square
from models.ground_truth import aflw
from models.loading import load, read_weights, weights_path
from models.methods.dsfnet.factory import dsfnet
from models.methods.mean_face import CORRECTION
from models.reconstruction import Reconstruction, Space, frozen
from models.synthetic.camera import project, rotation
from models.training import aflw_fits
from models.training.correction import measured, write_offsets
from tests.models.training.test_photographs import folder, model

__all__ = ["folder", "model"]

READ_LATER = frozenset({"refinement"})  # which looks where the corrected face lies, and moves it


class OffBy:
    """Answers every crop of a folder with the fitted face moved by the same offsets: [N, 3] mm."""

    name, size, switches = "off", 64, ()

    def __init__(self, face_model, fits, rows, offsets):
        self.topology, self._asked = face_model.topology, 0
        shapes = face_model.vertices(fits.identity, fits.expression)[rows]
        self._faces = project(shapes + offsets, fits.rotation[rows], fits.camera[rows]).numpy()
        self._crops = []

    def crop(self, face):
        self._crops.append(crop_square(face.box, 1.5, self.size))
        return self._crops[-1]

    def __call__(self, crops, without=frozenset()):
        answers = []
        for face, T in zip(self._faces, self._crops, strict=True):
            placed = face.copy()
            placed[:, :2] = (face[:, :2] - T[:2, 2]) / T[0, 0]
            answers.append(
                Reconstruction("off", Space.CROP, self.topology, frozen(placed), pose_deg=(0.0, 0.0, 0.0))
            )
        return answers


def test_what_is_wrong_on_every_face_alike_is_measured(folder, model):
    labels = aflw.read_labels(folder)
    fits = aflw_fits.cached_fits(labels, model, folder / "fits.npz")
    rows = aflw_fits.usable(labels, fits.error_percent)
    wrong = torch.zeros_like(model.mean)
    wrong[:, 1] = 0.02 * model.mean[:, 1]
    wrong[:, 2] = 3.0
    wrong[:, 0] = 0.03 * model.mean[:, 0]  # symmetric, as what a mirrored network gets wrong must be
    method = OffBy(model, fits, rows, wrong)
    offsets = measured(method, model, labels, folder / "fits.npz", 100)
    assert np.abs(offsets + wrong.numpy())[:, :2].max() < 0.08
    assert np.abs(offsets + wrong.numpy())[:, 2].max() < 0.15


def test_corrected_weights_answer_with_the_corrected_face(tmp_path, model):
    tensors, recipe = without_correction()
    save_file(tensors, tmp_path / "plain.safetensors", recipe)
    grown = 0.1 * model.mean.numpy().astype(np.float64)
    write_offsets(tmp_path / "plain.safetensors", grown, "a test", tmp_path / "grown.safetensors")
    crop = np.full((1, 128, 128, 3), 120, np.uint8)
    before = dsfnet(tmp_path / "plain.safetensors")(crop, READ_LATER)[0]
    after = dsfnet(tmp_path / "grown.safetensors")(crop, READ_LATER)[0]
    size = np.ptp(before.vertices, axis=0)
    assert 1.05 < (np.ptp(after.vertices, axis=0)[:2] / size[:2]).mean() < 1.15
    np.testing.assert_allclose(after.pose_deg, before.pose_deg, atol=1e-3)  # growing turns nothing
    assert json.loads((tmp_path / "grown.json").read_text())["correction"] == "a test"


@pytest.mark.parametrize("name", ["tddfa", "mgcnet", "prnet"])
def test_weights_of_every_method_may_carry_a_correction(name, tmp_path, model):
    tensors, recipe = read_weights(weights_path(name, "open"))
    assert tensors.pop(CORRECTION).shape == model.mean.shape
    plain, grown = tmp_path / "plain.safetensors", tmp_path / "grown.safetensors"
    save_file(tensors, plain, {"recipe": json.dumps(recipe)})
    write_offsets(plain, 0.1 * model.mean.numpy().astype(np.float64), "a test", grown)
    before, after = (load(name, weights) for weights in (plain, grown))
    crop = np.full((1, before.size, before.size, 3), 120, np.uint8)
    before, after = before(crop)[0], after(crop)[0]
    size = np.ptp(before.vertices, axis=0)
    assert 1.05 < (np.ptp(after.vertices, axis=0)[:2] / size[:2]).mean() < 1.15
    np.testing.assert_allclose(after.pose_deg, before.pose_deg, atol=1e-3)


def test_a_turn_within_the_correction_is_the_heads(tmp_path, model):
    turn = rotation(math.radians(-6.0), 0.0, 0.0).astype(np.float64)
    mean = model.mean.numpy().astype(np.float64)
    tensors, recipe = without_correction()
    save_file(tensors, tmp_path / "plain.safetensors", recipe)
    plain, turned = tmp_path / "plain.safetensors", tmp_path / "b.safetensors"
    write_offsets(plain, mean @ turn.T - mean, "a turn", turned)
    crop = np.full((1, 128, 128, 3), 120, np.uint8)
    poses = [
        dsfnet(tmp_path / f"{name}.safetensors")(crop, READ_LATER)[0].pose_deg for name in ("plain", "b")
    ]
    before, after = (rotation(*np.radians(pose)) for pose in poses)
    np.testing.assert_allclose(before.T @ after, turn, atol=2e-3)


def test_a_correction_for_another_face_model_is_refused(tmp_path):
    tensors, recipe = without_correction()
    save_file(tensors | {CORRECTION: torch.zeros(7, 3)}, tmp_path / "odd.safetensors", recipe)
    with pytest.raises(WeightsError, match=r"correction is \[7, 3\]"):
        dsfnet(tmp_path / "odd.safetensors")


def without_correction():
    """Tensors and header of the weights that ship, less their correction."""
    tensors, recipe = read_weights(resources.weights("dsfnet-open"))
    tensors.pop(CORRECTION, None)
    return tensors, {"recipe": json.dumps(recipe)}
