"""What was mined is kept in a case: rows, order and filter come back, wherever the case lies by then."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.fakes.mined import mined, mined_row
from viewer.cases import mined as part
from viewer.cases.case_file import read, written
from viewer.cases.records import MalformedError
from viewer.cases.restoring import section_changes
from viewer.cases.saving import FilesBeside, case_of
from viewer.mining.ordering import shown_rows
from viewer.state.mining import Axes, Plot, Sort, View
from viewer.state.running import Running
from viewer.state.state import State

ROWS = (
    mined_row(
        0, nme_percent=4.123456789, alarms=["box off", "eyes covered"], problem='it said "no",\r\nthen\n'
    ),
    mined_row(1, outcome="no face", face=0, x0=None, suspicion=100.0),
    mined_row(2, left_out=["confidence"], covered_percent=0.0),
)


def told(state: State, path: Path) -> dict:
    """What the file at `path` would hold."""
    return json.loads(written(case_of(state, FilesBeside(path, None))))


def again(values: dict, folder: Path, state: State | None = None):
    """The changes that a case of these values brings about."""
    return section_changes(read(json.dumps(values).encode(), "x"), state or State(), folder)


def test_rows_and_how_they_are_looked_at_come_back_where_the_case_was_carried_to(tmp_path):
    kept = mined(*(row | {"input": str(tmp_path / "a" / f"{i}.png")} for i, row in enumerate(ROWS)))
    kept = replace(
        kept,
        filter="covered < 50",
        sort=Sort("nme_percent", descending=False),
        view=View.GRID,
        axes=Axes(Plot.SCATTER, "yaw_deg", "seen_percent"),
    )
    values = told(State(mining=kept), tmp_path / "a" / "x.case.json")
    found = again(values, tmp_path / "b")["mining"]
    assert [path.name for path in found.run.paths] == ["0.png", "1.png", "2.png"]
    assert {path.parent for path in found.run.paths} == {tmp_path / "b"}
    for name in ("filter", "sort", "view", "axes", "brush"):
        assert getattr(found, name) == getattr(kept, name), name
    for name, numbers in kept.table.numbers.items():
        np.testing.assert_allclose(found.table.numbers[name], numbers, rtol=1e-7, err_msg=name)
    assert found.table.texts == kept.table.texts
    assert shown_rows(found).rows.tolist() == shown_rows(kept).rows.tolist()
    assert found.shows == State().mining.shows + 1, "it comes to the front"


def test_a_run_under_way_is_not_replaced(tmp_path):
    values = told(State(mining=mined(*ROWS)), tmp_path / "x.case.json")
    busy = State(mining=replace(mined(mined_row()), running=Running("faces", 1, 9)))
    assert "mining" not in again(values, tmp_path, busy)


def test_a_run_too_long_for_a_case_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(part, "MOST_ROWS", 2)
    assert "mined" not in told(State(mining=mined(*ROWS)), tmp_path / "x.case.json")["sections"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("table", "input,suspicion\na.png,1\n"),
        ("table", 'a"b\n'),
        ("table", None),
        ("sort", {"column": "beauty", "descending": True}),
        ("axes", {"plot": "histogram", "x": "method", "y": "method"}),
        ("who", []),
        ("paths", []),
    ],
)
def test_what_no_run_could_have_left_is_refused_by_its_key(tmp_path, key, value):
    values = told(State(mining=mined(*ROWS)), tmp_path / "x.case.json")
    values["sections"]["mined"][key] = value
    with pytest.raises(MalformedError, match=r"sections\.mined"):
        again(values, tmp_path)
    values["sections"]["mined"] |= {key: None}
    with pytest.raises(MalformedError, match=rf"sections\.mined\.{key}"):
        again(values, tmp_path)


def test_a_number_that_is_none_is_told(tmp_path):
    values = told(State(mining=mined(*ROWS)), tmp_path / "x.case.json")
    table = values["sections"]["mined"]["table"]
    values["sections"]["mined"]["table"] = table.replace("4.1234568", "four")
    with pytest.raises(MalformedError, match="'four' in place of a number"):
        again(values, tmp_path)
