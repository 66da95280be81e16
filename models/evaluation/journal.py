"""What was measured so far, face by face, so that a run goes on where it was interrupted."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.evaluation.protocol import NAN, Row
from models.file_formats.numpy_file import arrays_in

NAME = "progress.sqlite"
MOST_BYTES = 256 << 20  # of the arrays of one face


class Journal:
    """Rows of one run in a database of one file. Each is on the disk once `put` returns.

    Args:
        path: The file; made if need be.
        identity: What the rows depend on: protocol, method, weights, data. Another identity is refused.

    Raises:
        InputError: The file is of another run, no such file, or cannot be written.
    """

    def __init__(self, path: Path, identity: Mapping[str, str]) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path)
            there = {name for (name,) in self._database.execute("SELECT name FROM sqlite_master")}
            if there and not {"run", "faces"} <= there:
                raise InputError(f"{path} is a database of something else. Choose another folder with --out.")
            self._database.execute("CREATE TABLE IF NOT EXISTS run (identity TEXT)")
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS faces (name TEXT PRIMARY KEY, told TEXT, arrays BLOB)"
            )
            self._check(dict(identity))
        except InputError:
            raise
        except Exception as error:  # a damaged database can hold anything
            raise InputError(f"{path} cannot be used ({error}). Choose another folder with --out.") from error

    def _check(self, identity: dict[str, str]) -> None:
        held = self._database.execute("SELECT identity FROM run").fetchone()
        if held is None:
            with self._database:
                self._database.execute("INSERT INTO run VALUES (?)", (json.dumps(identity),))
            return
        before = json.loads(held[0])
        other = [key for key in identity if before.get(key) != identity[key]]
        if other:
            told = "; ".join(f"{key} was {before.get(key)}, is {identity[key]}" for key in other)
            raise InputError(
                f"{self._path.parent} holds another run ({told}). Choose another folder with --out."
            )

    def rows(self) -> dict[str, Row]:
        """Those measured so far, by name.

        Raises:
            InputError: The file is damaged.
        """
        try:
            with closing(self._database.execute("SELECT name, told, arrays FROM faces")) as found:
                return {name: _row(name, told, arrays) for name, told, arrays in found}
        except Exception as error:  # a damaged database can hold anything
            raise InputError(f"{self._path} is damaged ({error}). Delete it to start anew.") from error

    def put(self, row: Row) -> None:
        """Keep a row."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **dict[str, Any](row.arrays))
        told = {
            "yaw_deg": _plain(row.yaw_deg),
            "covered": _plain(row.covered),
            "subsets": list(row.subsets),
            "subject": row.subject,
            "found": row.found,
            "ms": _plain(row.ms),
            "values": {key: _plain(value) for key, value in row.values.items()},
            "problem": row.problem,
        }
        with self._database:
            self._database.execute(
                "INSERT OR REPLACE INTO faces VALUES (?, ?, ?)",
                (row.name, json.dumps(told, allow_nan=False), buffer.getvalue()),
            )

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()


def _row(name: str, told: str, arrays: bytes) -> Row:
    held: dict[str, Any] = json.loads(told)
    return Row(
        name=name,
        yaw_deg=_number(held["yaw_deg"]),
        covered=_number(held["covered"]),
        subsets=tuple(held["subsets"]),
        subject=held["subject"],
        found=held["found"],
        ms=_number(held["ms"]),
        values={key: _number(value) for key, value in held["values"].items()},
        arrays=_arrays(arrays),
        problem=held["problem"],
    )


def _arrays(data: bytes) -> dict[str, NDArray[np.generic]]:
    return arrays_in(io.BytesIO(data), MOST_BYTES)


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _number(value: Any) -> float:
    return NAN if value is None else float(value)
