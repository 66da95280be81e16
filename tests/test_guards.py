"""The table of guards fits the sources, the tests and the README; `python -m tests.guards` tries them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.guards import GUARDS, ROOT, Guard, broken

README = (ROOT / "README.md").read_text(encoding="utf-8")
TABLE = README[README.index("## What we promise") : README.index("## Bring your own weights")]
ROWS = [line for line in TABLE.splitlines() if line.startswith("| ") and "promise | test" not in line]


def files_of(row: int) -> list[str]:
    """The files that a row of the README's table names; "the same" are those of the row before."""
    cell = ROWS[row].rsplit(" | ", 1)[1]
    own = re.findall(r"`(tests/[\w./]+\.py)`", cell)
    return own + (files_of(row - 1) if "the same" in cell else [])


@pytest.mark.parametrize("row", range(len(ROWS)), ids=lambda row: ROWS[row][2:40])
def test_a_promise_names_tests_that_are_there(row):
    assert files_of(row)
    assert [name for name in files_of(row) if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.promise)
def test_a_guard_stands_once_and_its_test_is_one_that_the_promise_names(guard: Guard):
    source = (ROOT / guard.file).read_text(encoding="utf-8")
    ast.parse(broken(source, guard))
    file, _, name = guard.test.partition("::")
    rows = [row for row in range(len(ROWS)) if guard.promise in ROWS[row]]
    assert rows, "no row of the README's table has these words"
    assert file in [test for row in rows for test in files_of(row)]
    assert re.search(rf"^def {name}", (ROOT / file).read_text(encoding="utf-8"), re.M)


def test_what_does_not_stand_there_once_is_no_guard(tmp_path: Path):
    guard = Guard("", "a.py", "x = 1", "x = 2", "")
    assert broken("y = 0\nx = 1\n", guard) == "y = 0\nx = 2\n"
    for source in ("y = 0", "x = 1\nx = 1\n"):
        with pytest.raises(ValueError, match=r"a\.py"):
            broken(source, guard)
