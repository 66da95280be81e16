"""Intervals hold what they promise, and pictures of one person are not counted as many people."""

from __future__ import annotations

import numpy as np
import pytest

from models.metrics.bootstrap import interval, interval_of, resamples


def mean_of(values):
    return lambda rows: float(values[rows].mean())


def test_the_interval_of_a_mean_is_that_of_its_standard_error():
    values = np.random.default_rng(0).normal(5, 2, 400)
    low, high = interval(mean_of(values), [str(i) for i in range(400)], draws=4000)
    error = values.std() / np.sqrt(400)
    assert low == pytest.approx(values.mean() - 1.96 * error, abs=0.02)
    assert high == pytest.approx(values.mean() + 1.96 * error, abs=0.02)


def test_it_covers_the_truth_as_often_as_it_says():
    rng, names, hits = np.random.default_rng(1), [str(i) for i in range(60)], 0
    for _ in range(100):
        values = rng.exponential(1.0, 60)
        low, high = interval(mean_of(values), names, draws=100)
        hits += low <= 1.0 <= high
    assert 0.85 <= hits / 100 <= 0.99


def test_pictures_of_one_person_come_and_go_together():
    people = ["a"] * 3 + ["b"] * 2 + ["c"]
    for rows in resamples(people, draws=50):
        counts = np.bincount(rows, minlength=6)
        assert len(set(counts[:3])) == 1
        assert len(set(counts[3:5])) == 1
        assert counts[0] + counts[3] + counts[5] == 3, "as many people as there are"


def test_ten_copies_of_each_face_do_not_make_a_figure_surer():
    values = np.random.default_rng(2).normal(0, 1, 30)
    once = interval(mean_of(values), [str(i) for i in range(30)])
    ten = interval(mean_of(np.repeat(values, 10)), [str(i) for i in np.repeat(np.arange(30), 10)])
    assert ten[1] - ten[0] == pytest.approx(once[1] - once[0], rel=0.15)


def test_many_resamples_at_once_give_the_same_interval(monkeypatch):
    values, names = np.random.default_rng(3).normal(0, 1, 50), [str(i) for i in range(50)]
    one_by_one = interval(mean_of(values), names)
    assert interval_of(np.mean, values, names) == pytest.approx(one_by_one)
    monkeypatch.setattr("models.metrics.bootstrap.AT_ONCE", 120)
    assert interval_of(np.mean, values, names) == pytest.approx(one_by_one), "in small portions too"
    twins = [str(i // 2) for i in range(50)]
    assert interval_of(np.median, values, twins) == interval(
        lambda rows: float(np.median(values[rows])), twins
    )


def test_one_face_has_no_interval_and_the_same_seed_gives_the_same():
    assert np.isnan(interval(mean_of(np.ones(1)), ["a"])).all()
    values = np.arange(10.0)
    names = [str(i) for i in range(10)]
    assert interval(mean_of(values), names) == interval(mean_of(values), names)
