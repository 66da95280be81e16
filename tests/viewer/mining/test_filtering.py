import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.mined import marked, mined, mined_row
from viewer.mining.filtering import DEEPEST, FilterError, parsed
from viewer.mining.ordering import shown_rows
from viewer.state.mining import COLUMNS, WORDS, Brush, Mark, Sort, Verdict

FACES = mined(
    mined_row(0, nme_percent=2.0, covered_percent=0.0, yaw_deg=-60.0, alarms=[]),
    mined_row(1, nme_percent=9.0, covered_percent=40.0, yaw_deg=10.0, alarms=["empty-mask"]),
    mined_row(2, nme_percent=None, covered_percent=50.0, yaw_deg=30.0, alarms=["uv-collisions"]),
    mined_row(3, input="/faces/Glasses.png", outcome="no face", suspicion=100.0),
)
numbers = st.floats(-100, 100, allow_nan=False) | st.none()


def held(expression: str, mining=FACES) -> list[int]:
    return np.flatnonzero(parsed(expression)(mining)).tolist()


@pytest.mark.parametrize(
    ("expression", "rows"),
    [
        ("", [0, 1, 2, 3]),
        ("nme > 5", [1]),
        ("nme_percent>5", [1]),
        ("5 < NME", [1]),
        ("nme = 2", [0]),
        ("nme == 2.0e0", [0]),
        ("nme != 2", [1]),
        ("not nme > 5", [0, 2, 3]),
        ("known(nme)", [0, 1]),
        ("not known(nme) and covered >= 50", [2]),
        ("abs(yaw) > 20", [0, 2]),
        ("yaw > -100 and yaw < -20", [0]),
        ("nme < 5 or covered > 45", [0, 2]),
        ("nme < 5 or covered > 30 and yaw > 20", [0, 2]),
        ("(nme < 5 or covered > 30) and yaw > 20", [2]),
        ("covered > nme", [1]),
        ('alarms ~ "empty"', [1]),
        ("alarms !~ empty", [0, 2, 3]),
        ("alarms = uv-collisions", [2]),
        ("outcome = 'no face'", [3]),
        ("glasses", [3]),
        ("'FACE 2.png'", [2]),
        ("known(alarms)", [1, 2]),
    ],
)
def test_an_expression_holds_for_the_rows_it_describes(expression: str, rows: list[int]):
    assert held(expression) == rows


def test_marks_and_notes_can_be_filtered_by():
    bad = marked(FACES, 1, Mark(Verdict.BAD, "hand before the mouth"))
    both = marked(bad, 0, Mark(Verdict.GOOD))
    assert held("mark = bad", both) == [1]
    assert held("mark != good", both) == [1, 2, 3]
    assert held("hand", both) == [1]
    assert held("mark = bad") == []


@pytest.mark.parametrize(
    ("expression", "at", "says"),
    [
        ("nme >", 5, "missing at the end"),
        ("nme", 3, "comparison"),
        ("> 5", 0, "missing before"),
        ("nme > 5 covered > 3", 8, "'and' or 'or'"),
        ("(nme > 5", 8, "')'"),
        ("nme > 5)", 7, "expected"),
        ("nmee > 5", 5, "misspelt"),
        ("nme ~ 5", 4, "numbers"),
        ("alarms > empty", 7, "texts"),
        ("abs(alarms) > 1", 0, "abs"),
        ("known(nothing)", 6, "no column 'nothing'"),
        ('name ~ "open', 7, "no meaning"),
        ("and", 0, "missing before"),
        ("(" * (DEEPEST + 2) + "nme > 1", DEEPEST, "nested"),
        ("not " * 100 + "nme > 1", 4 * DEEPEST, "nested"),
        ("nme > 1 or " * 300, 2000, "at most"),
    ],
)
def test_what_cannot_be_understood_is_told_with_its_place(expression: str, at: int, says: str):
    with pytest.raises(FilterError) as caught:
        parsed(expression)
    assert says in str(caught.value)
    assert caught.value.at == at


@given(st.text(max_size=60))
def test_any_text_is_understood_or_refused_and_nothing_else(text: str):
    at = 0
    try:
        rows = parsed(text)(FACES)
    except FilterError as error:
        at = error.at
    else:
        assert rows.shape == (4,)
        assert rows.dtype == bool
    assert 0 <= at <= len(text)


words = st.sampled_from(
    ["nme", "covered", "yaw", "alarms", "name", "mark", "5", "-1.5", '"x"', "abs(", "known("]
)
signs = st.sampled_from(["<", ">=", "=", "!=", "~", "!~", "and", "or", "not", "(", ")"])


@given(st.lists(words | signs, max_size=12))
def test_any_heap_of_words_is_understood_or_refused_and_nothing_else(heap: list[str]):
    try:
        rows = parsed(" ".join(heap))(FACES)
    except FilterError:
        return
    assert rows.shape == (4,)


@given(st.lists(numbers, min_size=1, max_size=12), st.floats(-100, 100, allow_nan=False))
def test_an_order_and_its_opposite_split_the_known_values(values: list[float | None], limit: float):
    faces = mined(*(mined_row(index, nme_percent=value) for index, value in enumerate(values)))
    above, below = held(f"nme > {limit!r}", faces), held(f"nme <= {limit!r}", faces)
    assert above == [i for i, value in enumerate(values) if value is not None and value > limit]
    assert sorted(above + below) == held("known(nme)", faces)
    assert held(f"not nme > {limit!r}", faces) == [i for i in range(len(values)) if i not in above]


@given(st.lists(numbers, max_size=12), st.booleans())
def test_rows_are_sorted_and_what_is_not_known_comes_last(values: list[float | None], descending: bool):
    faces = mined(*(mined_row(index, nme_percent=value) for index, value in enumerate(values)))
    rows = shown_rows(replace(faces, sort=Sort("nme_percent", descending))).rows.tolist()
    assert sorted(rows) == list(range(len(values)))
    found = [values[row] for row in rows]
    known = [value for value in found if value is not None]
    assert known == sorted(known, reverse=descending)
    assert found[: len(known)] == known
    for one, other in pairwise(rows):
        assert values[one] != values[other] or one < other, "equal ones stay in their order"


def test_names_sort_in_the_order_of_the_run():
    rows = [mined_row(index, input=f"/faces/{index}.png") for index in (0, 1, 2, 10)]
    shown = shown_rows(replace(mined(*reversed(rows)), sort=Sort("input", False))).rows
    assert shown.tolist() == [3, 2, 1, 0]


def test_the_brush_picks_among_what_the_filter_leaves():
    brushed = replace(FACES, filter="covered >= 40", brush=Brush("yaw_deg", 0.0, 20.0))
    assert shown_rows(brushed).rows.tolist() == [1]
    assert shown_rows(brushed).filtered.tolist() == [1, 2], "the plot goes on showing the others"
    both = replace(FACES, brush=Brush("yaw_deg", -100, 100, "covered_percent", 45.0, 60.0))
    assert shown_rows(both).rows.tolist() == [2]


def test_a_filter_that_cannot_be_understood_hides_nothing():
    shown = shown_rows(replace(FACES, filter="nme >"))
    assert len(shown.rows) == 4
    assert shown.trouble == "Something is missing at the end."


def test_columns_have_words_of_their_own_that_no_filter_takes_for_something_else():
    reserved = {"and", "or", "not", "abs", "known"}
    words = [name for one in COLUMNS for name in {one.name, one.word}]
    assert len(words) == len(set(words)) == len(WORDS)
    assert not reserved & set(words)
    assert not any(math.isfinite(float(word)) for word in words if word.isdecimal())
