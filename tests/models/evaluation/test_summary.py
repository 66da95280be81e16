"""Figures of a report against the same worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from models.evaluation.protocol import Column, Pooled, Protocol, Row
from models.evaluation.summary import by_covered, cumulative, figures, groups_of, worst

NME = Column("nme", "NME", "%")
IOU = Column("iou", "IoU", "", larger_is_better=True)
NAN = float("nan")


def row(name, nme, yaw=0.0, found=True, problem="", covered=NAN, subsets=(), iou=NAN):
    values = {"nme": nme, "iou": iou} if found else {}
    return Row(name, yaw, covered, subsets, name, found, 1.0, values, {}, problem)


ROWS = [
    row("a", 1.0, 10, iou=0.9),
    row("b", 3.0, -30, iou=0.2),
    row("c", 4.0, 45, subsets=("hard",)),
    row("d", 12.0, -75, subsets=("hard",)),
    row("lost", NAN, 80, found=False, subsets=("hard",)),
    row("broken", NAN, 5, found=False, problem="no picture"),
]


def protocol(**changed):
    given = {
        "name": "made-up", "title": "Made up", "layout": "", "source": "", "notes": (),
        "samples": lambda folder, setting: [], "columns": (NME, IOU), "by_yaw": True, "limits": {"nme": 10.0},
    }  # fmt: skip
    return Protocol(**{**given, **changed})


def table(rows=ROWS, **changed):
    found = figures(protocol(**changed), rows, draws=50)
    return {(one.figure, one.group, one.statistic): one for one in found}


def test_means_and_medians_are_over_the_faces_with_an_answer():
    found = table()
    assert found["NME", "all", "mean"].value == 5
    assert found["NME", "all", "median"].value == 3.5
    assert found["NME", "all", "mean"].count == 4
    assert found["NME", "hard", "mean"].value == 8
    assert found["IoU", "all", "mean"].value == pytest.approx(0.55)


def test_yaw_bins_take_their_upper_edge_and_balanced_is_the_mean_of_their_means():
    found = table()
    assert [found["NME", f"yaw {name}", "mean"].value for name in ("<=30", "30-60", ">60")] == [2, 4, 12]
    assert found["NME", "balanced", "mean"].value == 6
    assert ("NME", "balanced", "mean") not in table(ROWS[:3]), "a bin is empty"


def test_lost_faces_are_failures_and_faces_left_out_are_not():
    found = table()
    assert found["NME", "all", "over 10 %"].value == pytest.approx(100 * 2 / 5)
    assert found["NME", "all", "over 10 %"].count == 5
    area = 100 * ((10 - 1) + (10 - 3) + (10 - 4)) / 10 / 5
    assert found["NME", "all", "area under curve to 10 %"].value == pytest.approx(area)


def test_intervals_hold_their_value_and_single_faces_have_none():
    found = table()
    one = found["NME", "all", "mean"]
    assert one.low < one.value < one.high
    assert np.isnan(found["NME", "yaw 30-60", "mean"].low)


def test_pooled_figures_are_of_whole_groups():
    pooled = (Pooled("count", "", lambda rows: float(len(rows))),)
    found = table(pooled=pooled)
    assert found["count", "all", "pooled"].value == 4
    assert found["count", "hard", "pooled"].value == 2


def test_the_curve_never_reaches_one_if_faces_were_lost():
    errors, shares = cumulative(np.array([3.0, NAN, 1.0]), lost=2)
    assert errors.tolist() == [1, 3]
    assert shares.tolist() == [0.25, 0.5]


def test_the_worst_of_a_score_that_should_be_large_are_the_small_ones():
    assert [r.name for r in worst(ROWS, NME, 2)] == ["d", "c"]
    assert [r.name for r in worst(ROWS, IOU, 1)] == ["b"]


def test_errors_are_gathered_by_covered_share():
    rows = [row(str(i), float(i), covered=c) for i, c in enumerate((0.0, 0.05, 0.1, 0.35, 1.0))]
    assert {k: v.tolist() for k, v in by_covered(rows, "nme").items()} == {
        "0-10": [0, 1], "10-20": [2], "30-40": [3], "50-100": [4],
    }  # fmt: skip
    assert by_covered(ROWS, "nme") == {}


def test_groups_without_faces_are_not_told():
    assert list(groups_of(ROWS[:1], by_yaw=True)) == ["all", "yaw <=30"]
    assert list(groups_of(ROWS[:3], by_yaw=False)) == ["all", "hard"]
