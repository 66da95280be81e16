"""Hand labels of 68 points, carried to the whole face."""

from __future__ import annotations

import numpy as np
import pytest

from models.errors import InputError
from models.reconstruction import State
from models.synthetic.head import load_head
from models.synthetic.labels import UNKNOWN, Labels
from models.training.hand_states import HandStates, told_by_hand, with_prior

SIDE = 64
NOBODY = np.zeros(68, bool)


@pytest.fixture(scope="module")
def labels() -> Labels:
    """A fitted head, seen all over; the mask's cells are those of its chart."""
    head = load_head()
    line = ((np.arange(SIDE) + 0.5) / SIDE).astype(np.float16)
    v, u = np.meshgrid(line, line, indexing="ij")
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[10:54, 10:54] = 1
    seen = np.zeros(head.face_count, np.uint8)
    return Labels(
        mask, np.stack([u, v]), np.zeros((SIDE, SIDE), np.float16), seen + 1, seen, np.zeros(68, np.uint8)
    )


def near(point: int, mm: float) -> np.ndarray:
    head = load_head()
    at = head.landmarks(head.mean)[point]
    return np.linalg.norm(head.mean[: head.face_count] - at, axis=1) < mm


def test_nothing_is_claimed_where_nobody_labelled(labels):
    told = told_by_hand(np.full(68, UNKNOWN, np.uint8), labels, NOBODY)
    assert (told.states == UNKNOWN).all()
    assert (told.landmark_states == UNKNOWN).all()
    assert not (told.mask == 1).any()
    assert (told.mask[:9] == 0).all()  # off the fitted face


def test_around_a_covered_point_the_face_is_covered_and_elsewhere_seen(labels):
    hand = np.full(68, State.SEEN, np.uint8)
    hand[48:68] = State.COVERED
    told = told_by_hand(hand, labels, NOBODY)
    assert (told.states[near(51, 4)] == State.COVERED).all()
    assert (told.states[near(30, 4)] == State.SEEN).all()
    uv = load_head().uv
    column, row = (uv[np.flatnonzero(near(51, 3))[0]] * SIDE).astype(int)
    assert told.mask[row, column] == 0


def test_no_point_speaks_for_the_forehead(labels):
    told = told_by_hand(np.full(68, State.SEEN, np.uint8), labels, NOBODY)
    head = load_head()
    face = head.mean[: head.face_count]
    above = face[:, 1] > head.landmarks(head.mean)[17:27, 1].max() + 15
    assert above.any()
    assert (told.states[above] == UNKNOWN).all()


def test_geometry_knows_what_is_turned_away_and_pasted_on(labels):
    states = labels.states.copy()
    states[near(36, 20)], states[near(45, 20)] = State.TURNED_AWAY, State.COVERED
    pasted = NOBODY.copy()
    pasted[45] = True
    hand = np.full(68, State.SEEN, np.uint8)
    hand[36] = State.TURNED_AWAY
    told = told_by_hand(hand, labels._replace(states=states), pasted)
    assert (told.states[near(36, 4)] == State.TURNED_AWAY).all()
    assert (told.states[near(45, 4)] == State.COVERED).all()
    assert told.landmark_states[36] == State.TURNED_AWAY
    assert told.landmark_states[45] == State.COVERED


def test_another_networks_mask_decides_only_where_it_is_sure_and_nobody_else_knows(labels):
    told = told_by_hand(np.full(68, UNKNOWN, np.uint8), labels, NOBODY)
    prior = np.full((SIDE, SIDE), 0.5)
    prior[20:30, 20:30], prior[40:50, 40:50], prior[:5] = 0.95, 0.05, 0.95
    mask = with_prior(told, prior).mask
    assert (mask[20:30, 20:30] == 1).all()
    assert (mask[40:50, 40:50] == 0).all()
    assert (mask[31:39, 31:39] == UNKNOWN).all()
    assert (mask[:5] == 0).all()


def test_a_file_of_another_form_is_told(tmp_path):
    path = tmp_path / "labels.npz"
    np.savez(path, name=np.array(["a"]), state68=np.zeros((1, 67)), points68=np.zeros((1, 68, 2)))
    with pytest.raises(InputError, match="state68 is missing or misshapen"):
        HandStates.read(path)
    np.savez(path, name=np.array(["a"]))
    with pytest.raises(InputError, match="points68, state68"):
        HandStates.read(path)


def test_states_of_the_file_become_ours(tmp_path):
    path = tmp_path / "labels.npz"
    told = np.zeros((1, 68), np.uint8)
    told[0, :3] = 0, 1, 2
    np.savez(path, name=np.array(["a"]), state68=told, points68=np.zeros((1, 68, 2), np.float16))
    hand = HandStates.read(path)
    assert hand.of("a")[:3].tolist() == [State.TURNED_AWAY, State.SEEN, State.COVERED]
    assert (hand.of("b") == UNKNOWN).all()
