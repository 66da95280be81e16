"""Offsets to where people place landmarks, from a world in which they are known."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from models.errors import InputError, WeightsError
from models.geometry.crops import crop_square
from models.geometry.landmarks import MIRROR
from models.geometry.transforms import euler_from_rotation
from models.ground_truth import aflw
from models.loading import read_weights, weights_path
from models.methods.dsfnet.factory import dsfnet
from models.methods.mean_face import BY_HAND
from models.reconstruction import Reconstruction, Space, State, frozen
from models.synthetic.camera import project
from models.training import aflw_fits, by_hand
from models.training.hand_states import HandStates
from tests.models.training.test_photographs import folder, model

__all__ = ["folder", "model"]

BRIDGE, LID, CHIN = 27, 37, 8


class Right:
    """Answers each crop of a folder with the fitted face and its pose, in the order of `rows`."""

    name, size, switches = "right", 64, ()

    def __init__(self, face_model, fits, rows):
        self.topology = face_model.topology
        shapes = face_model.vertices(fits.identity, fits.expression)[rows]
        self._faces = project(shapes, fits.rotation[rows], fits.camera[rows]).numpy()
        self._poses = np.degrees(euler_from_rotation(fits.rotation[rows]).numpy())
        self._mm_per_px = (1 / fits.camera[rows, 0]).tolist()
        self._crops = []

    def crop(self, face):
        self._crops.append(crop_square(face.box, 1.5, self.size))
        return self._crops[-1]

    def __call__(self, crops, without=frozenset()):
        answers = []
        for _ in crops:
            k = len(answers) + len(self._crops) - len(crops)
            T = self._crops[k]
            placed = self._faces[k] / T[0, 0]
            placed[:, :2] -= T[:2, 2] / T[0, 0]
            pose = tuple(self._poses[k].tolist())
            answers.append(
                Reconstruction(
                    "right", Space.CROP, self.topology, frozen(placed), pose,
                    mm_per_px=self._mm_per_px[k] * T[0, 0],
                )
            )  # fmt: skip
        return answers


@pytest.fixture
def world(folder, model):
    """Labels of a folder, a method that is right about them, its landmarks, and the way people's rules go."""
    labels = aflw.read_labels(folder)
    fits = aflw_fits.cached_fits(labels, model, folder / "fits.npz")
    rows = [k for k in range(len(labels.name)) if not labels.held_out[k]]
    offset = torch.zeros(68, 3)
    offset[BRIDGE] = torch.tensor([0.0, 3.0, 0.0])
    offset[LID] = torch.tensor([1.0, 0.0, -2.0])
    offset[int(MIRROR[LID])] = torch.tensor([-1.0, 0.0, -2.0])
    shapes = model.vertices(fits.identity, fits.expression)
    marks = model.landmarks(project(shapes, fits.rotation, fits.camera))[..., :2].numpy()
    moved = (fits.rotation[:, None] @ offset[..., None])[..., :2, 0] * fits.camera[:, :1, None]
    points = marks + moved.numpy() * (1, -1)
    return labels, Right(model, fits, rows), points.astype(np.float32), offset.numpy()


def people(labels, points, states=None) -> HandStates:
    states = np.full((len(points), 68), State.SEEN, np.uint8) if states is None else states
    return HandStates({str(name): k for k, name in enumerate(labels.name)}, states, points.copy())


def test_where_people_place_landmarks_is_measured_in_the_head(world):
    labels, method, points, offset = world
    points[:, CHIN] += 5  # people mark the outline there: not asked
    found = by_hand.measured(method, labels, people(labels, points), 1000).numpy()
    np.testing.assert_allclose(found, offset, atol=0.15)
    assert not found[:17].any()


def test_what_people_did_not_see_or_put_on_another_point_counts_for_nothing(world):
    labels, method, points, offset = world
    states = np.full((len(points), 68), State.SEEN, np.uint8)
    states[::2, BRIDGE] = State.COVERED
    points[::2, BRIDGE] += 6
    points[1, LID] += 90
    found = by_hand.measured(method, labels, people(labels, points, states), 1000).numpy()
    np.testing.assert_allclose(found, offset, atol=0.15)


def test_labels_of_other_faces_are_refused(world):
    labels, method, points, _ = world
    others = replace(people(labels, points), row={"nobody": 0})
    with pytest.raises(InputError, match="has hand labels"):
        by_hand.measured(method, labels, others, 10)


@pytest.mark.parametrize("name", ["open", "research"])
def test_people_mark_the_bridge_higher_and_the_brows_nearer_than_the_weights_that_ship(name):
    tensors, _ = read_weights(weights_path("dsfnet", name))
    offsets = tensors[BY_HAND].float().numpy()
    assert (offsets[27:30, 1] > 0.8).all()
    assert offsets[21, 0] > 1.5
    assert offsets[22, 0] < -1.5
    assert not offsets[:17].any()
    assert np.linalg.norm(offsets, axis=1).max() < 6


def test_weights_carry_the_offsets_and_answers_tell_both_kinds_of_landmarks(tmp_path):
    tensors, recipe = read_weights(weights_path("dsfnet", "open"))
    assert tensors[BY_HAND].shape == (68, 3)
    tensors[BY_HAND] = torch.zeros(68, 3)
    tensors[BY_HAND][BRIDGE, 1] = 10
    save_file(tensors, tmp_path / "a.safetensors", {"recipe": json.dumps(recipe)})
    answer = dsfnet(tmp_path / "a.safetensors")(np.full((1, 128, 128, 3), 120, np.uint8))[0]
    apart = answer.landmarks_by_hand - answer.landmarks
    assert 0.5 < np.linalg.norm(apart[BRIDGE]) * answer.mm_per_px / 10 < 1.01
    assert not np.delete(apart, BRIDGE, 0).any()


def test_offsets_of_another_form_are_named(tmp_path):
    tensors, recipe = read_weights(weights_path("dsfnet", "open"))
    tensors[BY_HAND] = torch.zeros(51, 3)
    save_file(tensors, tmp_path / "a.safetensors", {"recipe": json.dumps(recipe)})
    with pytest.raises(WeightsError, match=r"by_hand is \[51, 3\], should be \[68, 3\]"):
        dsfnet(tmp_path / "a.safetensors")
