"""Which pictures go into which shard, written down so that a run that was stopped goes on as it began."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from models.batch.rows import COLUMNS
from models.batch.rows import SCHEMA as ROWS
from models.batch.shard import EVIDENCE, MESHES, TABLE, Part, Shard
from models.errors import InputError
from models.export.outputs import Outputs

SCHEMA = "unmask.batch/1"
RECORD = "batch.json"
LEAST, MOST, SHARDS = 16, 256, 64
"""Pictures of a shard: as many as make so many shards, within these bounds."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A batch, known before any work is done; the same inputs and settings make the same plan.

    Attributes:
        shards: All of them.
        settings: What was asked for, as JSON values: whatever changes the table.
    """

    shards: tuple[Shard, ...]
    settings: Mapping[str, Any]

    def record(self) -> dict[str, Any]:
        """As `batch.json` holds it."""
        return {
            "schema": SCHEMA,
            "rows": ROWS,
            "settings": dict(self.settings),
            "pictures": sum(map(len, self.shards)),
            "shards": len(self.shards),
            "inputs_sha256": _digest(part for shard in self.shards for part in shard.parts),
            "columns": [
                {"name": c.name, "holds": c.kind.value, "unit": c.unit, "meaning": c.doc} for c in COLUMNS
            ],
        }


def planned(parts: Iterable[Part], settings: Mapping[str, Any], size: int = 0) -> Plan:
    """The plan for some files, in their order.

    Args:
        parts: What there is to answer about; long ones are cut.
        settings: What was asked for, as JSON values.
        size: Pictures of a shard; 0 chooses.
    """
    parts = list(parts)
    count = sum(map(len, parts))
    size = size or min(max(LEAST, -(-count // SHARDS // LEAST) * LEAST), MOST)
    return Plan(tuple(Shard(k, tuple(some)) for k, some in enumerate(_packed(parts, size))), settings)


def begin(plan: Plan, out: Path, resume: bool, inputs: Sequence[Path] = ()) -> None:
    """Write the plan into the folder of the batch, or see that it is the one that stands there.

    Args:
        plan: What is to be done.
        out: The folder; made if need be.
        resume: Whether a batch that stands there is gone on with.
        inputs: Files that are read; none is written over.

    Raises:
        InputError: There is a batch that is not to be gone on with or is another one, something else where
            the batch would write, or the folder cannot be written to.
    """
    path = out / RECORD
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file. Name a folder with --out.")
    if resume and path.exists():
        _check_same(path, plan.record())
        return
    taken = [name for name in (RECORD, TABLE, MESHES, EVIDENCE) if (out / name).exists()]
    if taken:
        more = "Go on with it with --resume, or name" if RECORD in taken else "Name"
        raise InputError(f"{out} holds {taken[0]} already. {more} another folder with --out.")
    Outputs(inputs).write(path, (json.dumps(plan.record(), indent=1) + "\n").encode())


def _packed(parts: Iterable[Part], size: int) -> Iterator[list[Part]]:
    """Parts in groups of exactly `size` pictures but for the last; a part that does not fit is cut."""
    some: list[Part] = []
    room = size
    for part in parts:
        start = part.start
        while len(left := replace(part, start=start)) > 0:
            stop = min(part.stop, start + room * part.step)
            some.append(replace(left, stop=stop))
            room -= len(some[-1])
            start += len(some[-1]) * part.step
            if room == 0:
                yield some
                some, room = [], size
    if some:
        yield some


def _digest(parts: Iterable[Part]) -> str:
    """Of all names, sizes and times of the files: another picture under an old name is another batch."""
    digest = hashlib.sha256()
    for part in parts:
        try:
            status = part.path.stat()
            about = [status.st_size, status.st_mtime_ns]
        except (OSError, ValueError):
            about = []
        digest.update(json.dumps([*asdict(part).values(), *about], default=str).encode())
    return digest.hexdigest()


def _check_same(path: Path, wanted: Mapping[str, Any]) -> None:
    try:
        there = json.loads(path.read_bytes())
        settings = {str(name): value for name, value in there["settings"].items()}
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise InputError(f"{path} is no record of a batch. Name another folder with --out.") from error
    if there.get("schema") != SCHEMA or there.get("rows") != ROWS:
        raise InputError(f"{path} is of another version of Unmask. Name another folder with --out.")
    names = sorted(settings.keys() | wanted["settings"].keys())
    other = [name for name in names if settings.get(name) != wanted["settings"].get(name)]
    other += ["inputs"] * any(there.get(key) != wanted[key] for key in ("inputs_sha256", "shards"))
    if other:
        raise InputError(
            f"The batch in {path.parent} was begun with other {', '.join(other)}. "
            "Say the same as then to go on with it, or name another folder with --out."
        )
