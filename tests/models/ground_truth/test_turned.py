import numpy as np
import pytest
import torch

from models.errors import InputError
from models.geometry.transforms import rotation_from_euler
from models.geometry.turning import OTHER_SIDE, UPRIGHT, Turn, carried
from models.ground_truth.record import GroundTruth, TrueMesh
from models.ground_truth.turned import turned_pose, turned_truth

SIZE = 200, 120


def truth() -> GroundTruth:
    random = np.random.default_rng(0)
    landmarks = random.uniform(0, 100, (68, 3)).astype(np.float32)
    mesh = TrueMesh(landmarks, np.zeros((0, 3), np.int32))
    visible = random.uniform(size=68) > 0.5
    return GroundTruth("a.mat", "as is", landmarks, visible, (10.0, -20.0, 5.0), mesh, SIZE)


def test_landmarks_lie_on_the_same_pixels_of_the_turned_picture():
    turned = turned_truth(truth(), Turn(1), SIZE)
    np.testing.assert_allclose(turned.landmarks, carried(truth().landmarks, Turn(1).matrix(SIZE)), atol=1e-4)
    assert turned.size == (120, 200)
    assert (turned.visible == truth().visible).all()
    assert turned.convention == "as is; turned right, as the picture"


def test_in_a_mirror_landmarks_change_sides():
    turned = turned_truth(truth(), Turn(0, True), SIZE)
    left_eye_corner = turned.landmarks[45]
    assert left_eye_corner[0] == pytest.approx(SIZE[0] - 1 - truth().landmarks[36, 0], abs=1e-4)
    assert (turned.visible == truth().visible[OTHER_SIDE]).all()


def test_a_quarter_turn_changes_the_roll_of_a_frontal_head_and_a_mirror_its_sign():
    np.testing.assert_allclose(turned_pose((0.0, 0.0, 10.0), Turn(1)), (0, 0, 100), atol=1e-9)
    np.testing.assert_allclose(turned_pose((10.0, -20.0, 5.0), Turn(0, True)), (10, 20, -5), atol=1e-9)
    np.testing.assert_allclose(turned_pose((10.0, -20.0, 5.0), UPRIGHT), (10, -20, 5), atol=1e-9)


def test_the_head_is_turned_about_the_line_of_sight():
    def rotation(pose):
        return rotation_from_euler(torch.deg2rad(torch.tensor(pose, dtype=torch.float64))).numpy()

    clockwise = np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1]])  # y up
    pose = (12.0, 30.0, -7.0)
    np.testing.assert_allclose(rotation(turned_pose(pose, Turn(1))), clockwise @ rotation(pose), atol=1e-9)


def test_a_mesh_is_left_out_and_alone_refused():
    assert turned_truth(truth(), Turn(2), SIZE).mesh is None
    alone = GroundTruth("scan.obj", "as is", mesh=truth().mesh)
    with pytest.raises(InputError, match="Turn the picture back"):
        turned_truth(alone, Turn(2), SIZE)
