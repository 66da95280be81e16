import numpy as np

from models.metrics.expression import MEASURES, expression_measures
from models.synthetic.draw import draw_scene
from models.synthetic.head import load_head
from models.training.expressive import SHARE, expressive_row, furthest


def measures(expression) -> np.ndarray:
    head = load_head()
    nobody = np.zeros(len(head.identity), np.float32)
    return expression_measures(head.landmarks(head.vertices(nobody, expression)))


def test_the_furthest_expressions_open_the_mouth_and_shut_the_eyes():
    head = load_head()
    rest = measures(np.zeros(len(head.expression), np.float32))
    rng = np.random.default_rng(4)
    for k, (name, rows) in enumerate(zip(MEASURES, furthest(), strict=True)):
        some = np.array([measures(head.expression_bank[row])[k] for row in rng.choice(rows, 8)])
        assert (some < 0.5 * rest[k] if name == "eye opening" else some > rest[k]).all(), name


def test_so_many_faces_move_and_the_rest_is_as_drawn():
    rows = {index: expressive_row(5, index, 32) for index in range(10)}
    drawn = {index: draw_scene(5, index, load_head()) for index in rows}
    same = [np.array_equal(row["expression"], drawn[index].expression) for index, row in rows.items()]
    assert 0.1 < 1 - np.mean(same) < 2 * SHARE
    assert all(np.array_equal(row["identity"], drawn[index].identity) for index, row in rows.items())
    again = expressive_row(5, 3, 32)
    assert all(np.array_equal(again[name], rows[3][name], equal_nan=True) for name in ("images", "placed"))
