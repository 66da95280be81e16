"""Labels blended from a world in which it is known what people meant."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from models.errors import InputError
from models.geometry.transforms import rotation_from_euler
from models.ground_truth import aflw
from models.loading import load_face_model
from models.reconstruction import State
from models.synthetic.camera import project
from models.training import hand_points
from models.training.hand_states import HandStates

COUNT, LABELLED = 40, 30
NOSE, EYE, JAW_POINT = 30, 37, 5


@pytest.fixture(scope="module")
def model():
    return load_face_model()


@pytest.fixture(scope="module")
def world(model):
    """Pseudo-labels, rotation, the way to what people mean, and what they placed: half a px right."""
    generator = torch.Generator().manual_seed(2)
    shape = model.vertices(torch.randn(COUNT, 60, generator=generator), torch.zeros(COUNT, 36))
    rotation = rotation_from_euler(torch.randn(COUNT, 3, generator=generator) * torch.tensor([0.2, 0.6, 0.2]))
    camera = torch.tensor([[0.6, 60.0, 60.0, 0.0]]).expand(COUNT, 4)
    landmarks = model.landmarks(project(shape, rotation, camera)).numpy()
    moved = rotation.numpy() @ np.array([0, 2.0, 0])
    way = moved[:, None, :2] * (0.6, -0.6)
    return landmarks, rotation, np.broadcast_to(way, (COUNT, 68, 2)), landmarks[..., :2] + way + (0.5, 0)


def names() -> np.ndarray:
    return np.array([f"f{k}" for k in range(COUNT)])


def people(points) -> HandStates:
    states = np.full((LABELLED, 68), State.SEEN, np.uint8)
    return HandStates(
        {f"f{k}": k for k in range(LABELLED)}, states, points[:LABELLED].astype(np.float32).copy()
    )


def blended(world, model, hand, habit):
    return hand_points.blend(world[0], world[1], names(), hand, model, habit)


@pytest.mark.parametrize("habit", [0.0, 0.5, 1.0])
def test_a_habit_is_followed_as_far_as_wished_by_labelled_and_unlabelled_faces_alike(world, model, habit):
    landmarks, _, way, points = world
    marks, placed = blended(world, model, people(points), habit)
    off = marks[:, 17:, :2] - landmarks[:, 17:, :2]
    np.testing.assert_allclose(off, habit * way[:, 17:], atol=0.12)
    np.testing.assert_allclose(marks[:, :17], landmarks[:, :17], atol=1e-3)  # people mark the outline there
    np.testing.assert_allclose(marks[..., 2], landmarks[..., 2], atol=1e-3)
    assert (placed[:LABELLED, 17:] == 1).all()
    assert not placed[LABELLED:].any()
    assert not placed[:, :17].any()


def test_what_is_particular_to_a_face_is_kept_and_halved_under_a_cover(world, model):
    landmarks, _, _, points = world
    hand = people(points)
    hand.points[3, EYE, 1] += 4
    hand.points[4, NOSE, 1] += 4
    hand.states[4, NOSE] = State.COVERED
    hand.states[5, EYE], hand.points[5, EYE] = State.TURNED_AWAY, np.nan
    hand.points[6, EYE] += 60  # put on another point
    marks, placed = blended(world, model, hand, 0.0)
    off = marks[..., :2] - landmarks[..., :2]
    np.testing.assert_allclose(off[3, EYE], (0, 4), atol=0.2)
    np.testing.assert_allclose(off[4, NOSE], (0, 2), atol=0.2)
    np.testing.assert_allclose(off[5:7, EYE], 0, atol=0.2)
    assert placed[3:7, EYE].tolist() == [1, 1, 0, 0]
    assert placed[4, NOSE] == 0.5


def test_the_written_folder_holds_the_mean_of_all_pseudo_labels(world, model, tmp_path):
    landmarks, rotation, _, points = world
    for name, shift in (("a", 1.0), ("b", -1.0)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "crops.tar").write_bytes(b"")
        np.savez(
            tmp_path / name / "labels.npz",
            name=names(),
            points21=np.zeros((COUNT, 21, 2), np.float32),
            visible21=np.zeros((COUNT, 21), bool),
            landmarks68_tddfa=(landmarks + np.array([shift, 0, 40 * shift])).astype(np.float32),
            rotation_tddfa=rotation.numpy(),
            disagreement_percent=np.ones(COUNT, np.float32),
        )
    folders = [tmp_path / "a", tmp_path / "b"]
    nobody = replace(people(points), row={})
    hand_points.write(folders, nobody, 0.5, tmp_path / "out")
    read = aflw.read_labels(tmp_path / "out")
    np.testing.assert_allclose(read.landmarks[..., :2], landmarks[..., :2], atol=1e-3)
    assert not bool(read.placed.any())
    assert (tmp_path / "out" / "crops.tar").exists()
    with pytest.raises(InputError, match="another folder"):
        hand_points.write(folders, nobody, 0.5, folders[1])
