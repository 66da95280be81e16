"""A run asks every face once, goes on where it stopped, and says what it could not do."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest

from models.errors import InputError
from models.evaluation.journal import NAME, Journal
from models.evaluation.protocol import Measured, Sample
from models.evaluation.running import run
from models.reconstructor import Face
from tests.fakes.reconstructor import FakeReconstructor

IDENTITY = {"protocol": "made up", "method": "fake"}
PICTURE = np.full((60, 80, 3), 90, np.uint8)


class Finder:
    """Finds what it is told to."""

    name = "told"

    def __init__(self, *boxes):
        self.faces = [Face(box) for box in boxes]

    def __call__(self, image):
        return self.faces


class Asked:
    """Samples that count how often they are measured; one of them cannot be."""

    def __init__(self, count=4, box=(10.0, 10.0, 50.0, 50.0), broken=()):
        self.names = []
        self.samples = [
            Sample(
                name=f"face {i}",
                image=lambda: PICTURE,
                measure=lambda answer, i=i: self.measured(i, i in broken),
                box=box,
                yaw_deg=10.0 * i,
                subsets=("odd",) if i % 2 else (),
                subject="twin" if i < 2 else "",
            )
            for i in range(count)
        ]

    def measured(self, i, broken):
        self.names.append(i)
        if broken:
            raise InputError("its truth is damaged")
        return Measured({"nme": 1.0 + i, "unknown": float("nan")}, {"told": np.full((2, 3), i, np.float32)})


@pytest.fixture
def path(tmp_path):
    return tmp_path / NAME


def test_rows_come_in_order_with_all_that_is_known(path):
    rows = run(Asked().samples, FakeReconstructor(), Journal(path, IDENTITY), Finder())
    assert [row.name for row in rows] == [f"face {i}" for i in range(4)]
    assert [row.values["nme"] for row in rows] == [1, 2, 3, 4]
    assert [row.subject for row in rows] == ["twin", "twin", "face 2", "face 3"], "else someone of his own"
    assert all(row.found and row.ms > 0 for row in rows)
    assert rows[2].arrays["landmarks"].shape == (68, 2)


def test_what_is_in_the_journal_is_the_same_and_is_not_asked_again(path):
    first, journal = Asked(), Journal(path, IDENTITY)
    before = run(first.samples[:2], FakeReconstructor(), journal, Finder())
    journal.close()
    again, said = Asked(), []
    rows = run(again.samples, FakeReconstructor(), Journal(path, IDENTITY), Finder(), say=said.append)
    assert (first.names, again.names) == ([0, 1], [2, 3])
    assert said[0] == "2 of 4 faces were measured before"
    assert rows[1].subsets == ("odd",)
    assert rows[0].values["nme"] == 1
    assert np.isnan(rows[0].values["unknown"])
    assert rows[1].arrays["told"].tolist() == before[1].arrays["told"].tolist()
    assert rows[1].arrays["landmarks"] == pytest.approx(before[1].arrays["landmarks"])


def test_an_interrupted_run_keeps_all_faces_before(path):
    asked = Asked()

    def stop(_answer):
        raise KeyboardInterrupt

    samples = [*asked.samples[:3], Sample("stop", lambda: PICTURE, stop, (10.0, 10.0, 50.0, 50.0))]
    with pytest.raises(KeyboardInterrupt):
        run(samples, FakeReconstructor(), Journal(path, IDENTITY), Finder())
    assert list(Journal(path, IDENTITY).rows()) == ["face 0", "face 1", "face 2"]


def test_a_face_that_cannot_be_measured_is_told_of_and_the_others_go_on(path):
    rows = run(Asked(broken={1}).samples, FakeReconstructor(), Journal(path, IDENTITY), Finder())
    assert [row.problem for row in rows] == ["", "its truth is damaged", "", ""]
    assert [row.found for row in rows] == [True, False, True, True]


def test_a_finder_may_miss_a_face_and_else_the_one_at_its_place_counts(path, tmp_path):
    away, there = (60.0, 40.0, 79.0, 59.0), (12.0, 12.0, 49.0, 52.0)
    lost = run(
        Asked(1).samples, FakeReconstructor(), Journal(path, IDENTITY), Finder(away), always_detect=True
    )
    assert [(row.found, row.problem) for row in lost] == [(False, "")]
    other = Journal(tmp_path / "other", IDENTITY)
    found = run(Asked(1).samples, FakeReconstructor(), other, Finder(away, there), always_detect=True)
    x, y = found[0].arrays["landmarks"].mean(0)
    assert 12 < x < 49
    assert 12 < y < 52


def test_where_no_box_is_known_the_largest_face_is_taken(path):
    small, large = (60.0, 40.0, 79.0, 59.0), (12.0, 12.0, 49.0, 52.0)
    rows = run(Asked(1, box=None).samples, FakeReconstructor(), Journal(path, IDENTITY), Finder(small, large))
    assert rows[0].arrays["landmarks"][:, 0].max() < 55


def test_progress_tells_how_long_the_rest_will_take(path):
    ticks = iter(np.arange(0, 1000, 50.0))
    said: list[str] = []
    run(
        Asked().samples, FakeReconstructor(), Journal(path, IDENTITY), Finder(), say=said.append,
        clock=lambda: float(next(ticks)),
    )  # fmt: skip
    assert said == [
        "1 of 4 faces, 50.00 s each, 2 min 30 s left",
        "2 of 4 faces, 50.00 s each, 1 min 40 s left",
        "3 of 4 faces, 50.00 s each, 50 s left",
        "4 of 4 faces, 50.00 s each, 0 s left",
    ]


def test_the_journal_of_another_run_is_refused(path):
    Journal(path, IDENTITY).close()
    with pytest.raises(InputError, match="method was fake, is other"):
        Journal(path, {**IDENTITY, "method": "other"})


def test_a_damaged_journal_is_refused_in_a_sentence(path, tmp_path):
    path.write_bytes(b"no database, but long enough to be looked at as one" * 40)
    with pytest.raises(InputError, match="cannot be used"):
        Journal(path, IDENTITY)
    run(Asked(1).samples, FakeReconstructor(), Journal(tmp_path / "b", IDENTITY), Finder())
    with sqlite3.connect(tmp_path / "b") as database:
        database.execute("UPDATE faces SET told = '{'")
    database.close()
    with pytest.raises(InputError, match="damaged"):
        Journal(tmp_path / "b", IDENTITY).rows()
