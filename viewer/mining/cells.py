"""What a cell says in the window. No Qt."""

from __future__ import annotations

import math
from pathlib import PurePath

from models.batch.rows import Kind
from viewer.state.mining import COLUMN, Mining, MiningColumn

DIGITS = {"deg": ".0f", "mm": ".2f", "%": ".2f", "": ".2f"}
COARSE = {"seen_percent": ".0f", "covered_percent": ".0f"}
LONGEST_TIP = 600


def cell_text(mining: Mining, column: MiningColumn, row: int) -> str:
    """What stands in the table; empty where nothing is known."""
    name = column.name
    if name == "input":
        return PurePath(mining.table.texts[name][row]).name
    if not column.is_number:
        return mining.text(name, row).replace("\n", " ")
    value = mining.table.number(name, row)
    if not math.isfinite(value):
        return ""
    if column.column.kind is Kind.WHOLE:
        return str(int(value) + (name == "frame"))  # frames are counted from 1 wherever people read them
    return format(value, COARSE.get(name) or DIGITS.get(column.column.unit, ".2f"))


def row_tip(mining: Mining, row: int) -> str:
    """More about a row: where it lies, what is wrong with it, what was done to read it."""
    table = mining.table
    told = (table.texts["input"][row], table.texts["problem"][row], table.texts["notices"][row])
    lines = [*filter(None, told), *filter(None, [mining.text("note", row)])]
    return "\n".join(lines)[:LONGEST_TIP]


def caption(mining: Mining, row: int) -> str:
    """The line under a thumbnail: by what it is sorted, else why there is no answer."""
    outcome = mining.table.texts["outcome"][row]
    if outcome != "answered":
        return outcome
    column = COLUMN[mining.sort.column]
    text = cell_text(mining, column, row)
    if not column.is_number or not text:
        return text
    unit = {"deg": "°", "": ""}.get(column.column.unit, f" {column.column.unit}")
    return f"{text}{unit}"
