import numpy as np
import pytest

from models.geometry.turning import OTHER_SIDE, UPRIGHT, Turn, carried, carried_box
from tests.models.face_model.test_morphable import MIRROR_68

TURNS = [Turn(quarters, mirrored) for quarters in range(4) for mirrored in (False, True)]
SIZE = 7, 4


def bare() -> np.ndarray:
    image = np.random.default_rng(0).integers(0, 256, (SIZE[1], SIZE[0], 3)).astype(np.uint8)
    image.flags.writeable = False
    return image


@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: turn.words or "upright")
def test_every_pixel_is_where_the_matrix_says(turn):
    before, after, T = bare(), turn.image(bare()), turn.matrix(SIZE)
    assert (after.shape[1], after.shape[0]) == turn.size(SIZE)
    assert not after.flags.writeable
    for x in range(SIZE[0]):
        for y in range(SIZE[1]):
            to_x, to_y = carried(np.array([[x, y]]), T)[0].round().astype(int)
            assert (after[to_y, to_x] == before[y, x]).all()


def test_right_is_clockwise_as_seen_also_in_a_mirror():
    image = bare()
    once = np.rot90(image, -1)
    assert (UPRIGHT.right(1).image(image) == once).all()
    seen = UPRIGHT.mirror().image(image)
    assert (UPRIGHT.mirror().right(1).image(image) == np.rot90(seen, -1)).all()
    assert (UPRIGHT.right(1).mirror().image(image) == once[:, ::-1]).all()


@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: turn.words or "upright")
def test_four_turns_or_two_mirrors_change_nothing(turn):
    assert turn.right(1).right(1).right(1).right(1) == turn
    assert turn.right(1).right(-1) == turn
    assert turn.mirror().mirror() == turn


@pytest.mark.parametrize("turn", TURNS)
def test_the_inverse_takes_a_turn_back(turn):
    np.testing.assert_array_equal(turn.inverse.image(turn.image(bare())), bare())


def test_a_box_keeps_its_corners_in_order_and_depth_stays():
    T = Turn(1, True).matrix(SIZE)
    x0, y0, x1, y1 = carried_box((1.0, 0.0, 3.0, 2.0), T)
    assert x0 < x1
    assert y0 < y1
    assert (x1 - x0, y1 - y0) == (2.0, 2.0)
    assert carried(np.array([[1.0, 2.0, 9.0]]), T)[0, 2] == 9.0


def test_landmarks_change_sides_as_the_face_model_says():
    assert OTHER_SIDE.tolist() == MIRROR_68
    assert (OTHER_SIDE[OTHER_SIDE] == np.arange(68)).all()


def test_what_was_done_is_said_in_words():
    assert UPRIGHT.words == ""
    assert Turn(1, True).words == "turned right, mirrored"
