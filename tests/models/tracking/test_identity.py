"""Faces keep their names: where they were going and how they are shaped tells them apart."""

from __future__ import annotations

import numpy as np
import pytest

from models.tracking.identity import MEMORY_S, Roster, identified
from tests.fakes.marks import marked

FRAME_S = 0.04
SIZE_PX = 80.0


def person(seed: int) -> np.ndarray:
    """[68, 3] landmarks of one person about their middle: another one's differ by 4 % of the face."""
    base = np.random.default_rng(99).uniform(-0.5, 0.5, (68, 3))
    return SIZE_PX * (base + np.random.default_rng(seed).normal(0, 0.023, (68, 3)))


class Scene:
    """Two people; each frame says who stands where, in which order they are answered for."""

    def __init__(self) -> None:
        self.roster = Roster()
        self.time_s = 0.0
        self.noise = np.random.default_rng(7)
        self.people = {"ann": person(1), "bob": person(2), "eve": person(3)}

    def frame(self, **places: tuple[float, float]) -> dict[str, int]:
        """Who has which number in the next frame."""
        answers = []
        for name, (x, y) in places.items():
            trembling = self.people[name] + self.noise.normal(0, 0.4, (68, 3))
            answers.append(marked(trembling + np.array([x, y, 0])))
        self.roster, numbers = identified(self.roster, answers, self.time_s)
        self.time_s += FRAME_S
        return dict(zip(places, numbers, strict=True))


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_two_faces_that_cross_keep_their_numbers(scene):
    for t in range(60):
        ann, bob = (100 + 6.0 * t, 200), (460 - 3.0 * t, 205)
        order = {"ann": ann, "bob": bob} if t % 2 else {"bob": bob, "ann": ann}
        numbers = scene.frame(**order)
        assert numbers == ({"ann": 2, "bob": 1}), t


def test_one_face_behind_another_comes_out_with_its_number(scene):
    for t in range(60):
        ann, bob = (100 + 6.0 * t, 200), (460 - 3.0 * t, 205)
        hidden = abs(ann[0] - bob[0]) < 40
        numbers = scene.frame(**({"ann": ann} if hidden else {"ann": ann, "bob": bob}))
        assert numbers["ann"] == 1, t
        assert hidden or numbers["bob"] == 2, t


def test_two_faces_that_stop_and_turn_back_are_told_apart_by_shape(scene):
    for t in range(50):
        near = 6 * abs(t - 25)  # they meet in one place and go back to where they came from
        numbers = scene.frame(ann=(300 - near, 200), bob=(301 + near, 200))
        assert numbers == {"ann": 1, "bob": 2}, t


def test_a_newcomer_gets_a_number_nobody_had(scene):
    for _ in range(5):
        assert scene.frame(ann=(100, 200)) == {"ann": 1}
    for _ in range(3):
        assert scene.frame(eve=(500, 200)) == {"eve": 2}
    assert scene.frame(eve=(500, 200), bob=(300, 60)) == {"eve": 2, "bob": 3}


def test_a_short_loss_keeps_the_number_and_a_long_one_does_not(scene):
    for t in range(10):
        scene.frame(ann=(100 + 5 * t, 200))
    for _ in range(6):
        assert scene.frame() == {}
    assert scene.roster.missing(scene.time_s) == 1
    assert scene.frame(ann=(100 + 5 * 16, 200)) == {"ann": 1}
    scene.time_s += MEMORY_S + FRAME_S
    assert scene.frame(ann=(180, 200)) == {"ann": 2}
    assert scene.roster.missing(scene.time_s - FRAME_S) == 0


def test_after_a_cut_nobody_is_known_and_no_number_comes_twice(scene):
    scene.frame(ann=(100, 200))
    scene.roster = scene.roster.forgotten()
    assert scene.frame(ann=(100, 200)) == {"ann": 2}


def test_a_mesh_gone_astray_is_nobody(scene):
    scene.frame(ann=(100, 200))
    scene.people["ann"] = person(1) * np.nan
    assert scene.frame(ann=(100, 200)) == {"ann": 2}
    scene.people["ann"] = np.zeros((68, 3))
    scene.frame(ann=(100, 200))
