import numpy as np
import pytest
import torch

from models.geometry.looking import looking
from models.geometry.transforms import rotation_from_euler


@pytest.mark.parametrize(
    "pose", [(0, 0, 0), (26, 42, 14), (-102, -70, 91), (78, -110, -89), (5, 170, -30), (60, 0, 170)]
)
def test_directions_are_those_of_the_turned_head(pose):
    turn = rotation_from_euler(torch.deg2rad(torch.tensor(pose, dtype=torch.float64))).numpy()
    told = looking(pose)
    aside, up, lean = np.radians(told)
    nose = (-np.sin(aside) * np.cos(up), np.sin(up), np.cos(aside) * np.cos(up))
    np.testing.assert_allclose(nose, turn[:, 2], atol=1e-9)
    axis = turn[:2, 1] / np.linalg.norm(turn[:2, 1])
    np.testing.assert_allclose((np.sin(lean), np.cos(lean)), axis, atol=1e-9)


def test_both_ways_to_write_one_turn_are_told_alike():
    assert looking((-102, -70, 91)) == pytest.approx(looking((78, -110, -89)))


def test_small_turns_are_their_angles():
    assert looking((1.0, -2.0, 3.0)) == pytest.approx((-2, 1, 3), abs=0.1)
