"""Likeness of persons, judged where it is known."""

import numpy as np
import pytest

from models.errors import InputError
from models.evaluation.identity import (
    TRUTH,
    WHOLE,
    distances,
    identity_report,
    identity_shape,
    likeness,
    pictured_twice,
)
from models.loading import load_face_model
from models.reconstruction import Coefficients, Reconstruction, Space, frozen
from models.synthetic.draw import draw_scene
from models.synthetic.head import load_head

SEED = 11


class Tells:
    """Answers the pictures of `pictured_twice`, one by one, with the turned face of their person."""

    name, size, switches = "tells", 128, ()

    def __init__(self, people, of=lambda person: person):
        self.model = load_face_model()
        self.topology = self.model.topology
        shapes = [draw_scene(SEED, person, load_head()).identity for person in range(people)]
        self._order = [of(person) for person in np.repeat(np.arange(people), 2).tolist()]
        self._shapes, self._asked = shapes, 0

    def __call__(self, crops, without=frozenset()):
        identity = self._shapes[self._order[self._asked]]
        self._asked += 1
        face = self.model.mean.double().numpy() + identity_shape(identity, self.model)
        turn = np.deg2rad(20.0 * self._asked)
        across = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
        placed = 0.5 * face @ across.T * (1, -1, 1) + (64, 64, 0)
        told = (
            Coefficients("identity, then expression", frozen(np.append(identity, np.zeros(36, np.float32)))),
        )
        return [
            Reconstruction(
                "tells",
                Space.CROP,
                self.topology,
                frozen(placed.astype(np.float32)),
                (0.0, 0.0, 0.0),
                coefficients=told,
            )
        ]


def rows(report):
    """Name -> its five figures."""
    lines = report.splitlines()[4:]
    return {line[: line.index("  ")]: [float(cell) for cell in line.split()[-5:]] for line in lines}


def test_two_pictures_of_a_person_share_the_shape_and_nothing_else():
    pictures, shapes = pictured_twice(SEED, 2)
    again, others = pictured_twice(SEED, 2)
    assert np.array_equal(pictures, again)
    assert np.array_equal(shapes, others)
    assert np.abs(pictures[0, 0].astype(int) - pictures[0, 1]).mean() > 10
    assert np.abs(shapes[0] - shapes[1]).max() > 0.5


def test_a_method_that_knows_persons_is_said_to_wherever_they_look():
    report = rows(identity_report(Tells(3), SEED, 3))
    assert report["identity"] == report[TRUTH]
    assert report["identity"][0] == 0.0
    same, others, ratio, auc, first = report[WHOLE]  # pose and place are taken away; scale is, too
    assert same < 0.05 < others
    assert ratio < 0.05
    assert auc == first == 1.0


def test_a_method_that_sees_one_and_the_same_person_everywhere_tells_nobody_apart():
    report = rows(identity_report(Tells(3, of=lambda _: 0), SEED, 3))
    assert report["identity"][3] == 0.5
    assert report["identity"][1] == 0.0


def test_distances_and_what_they_say_of_likeness():
    shapes = np.zeros((4, 5, 3))
    shapes[1, :, 0], shapes[2, :, 1], shapes[3, :, 1] = 1.0, 3.0, 5.0  # persons: 0 and 1; 2 and 3
    apart = distances(shapes)
    assert np.allclose(apart[0], [0, 1, 3, 5])
    assert np.allclose(apart, apart.T)
    found = likeness(apart)
    assert found.same == pytest.approx(1.5)
    assert found.ratio == pytest.approx(1.5 / found.others)
    assert found.auc == 1.0
    assert found.first == 1.0
    found = likeness(apart[[0, 2, 1, 3]][:, [0, 2, 1, 3]])
    assert found.first == 0.0
    assert found.auc < 0.5


def test_one_person_and_another_face_model_are_refused():
    with pytest.raises(InputError, match="at least 2"):
        identity_report(Tells(2), SEED, 1)
    stranger = Tells(2)
    stranger.topology = object()
    with pytest.raises(InputError, match="another face model"):
        identity_report(stranger, SEED, 2)
