"""A file that is right, and who reads it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Reader = Callable[[Path], Any]


@dataclass(frozen=True)
class Seed:
    """A file that is right.

    Attributes:
        name: Of the file; its ending counts.
        content: Its bytes.
        readers: All that may be given such a file.
        beside: Other files that must be there: path from the folder, content.
        place: Where it lies in the folder; empty: in the folder itself.
    """

    name: str
    content: bytes
    readers: tuple[Reader, ...]
    beside: tuple[tuple[str, bytes], ...] = ()
    place: str = ""

    def write(self, folder: Path) -> Path:
        """In a folder of its own within `folder`."""
        own = folder / self.name.replace(".", "_")
        path = own / self.place / self.name
        path.parent.mkdir(parents=True, exist_ok=True)
        for name, content in self.beside:
            (own / name).parent.mkdir(parents=True, exist_ok=True)
            (own / name).write_bytes(content)
        path.write_bytes(self.content)
        return path

    def __hash__(self) -> int:
        return hash(self.name)


def seeds_of(make: Callable[[Path], object], read: Reader, *patterns: str) -> Iterator[Seed]:
    """A seed for each file of those patterns in a folder that `make` fills; the others lie beside it.

    Args:
        make: Is given an empty folder.
        read: Reads the whole folder.
        patterns: Each fits one file at least.
    """
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        make(root)
        files = {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for pattern in patterns:
            chosen = [path.relative_to(root) for path in sorted(root.glob(pattern)) if path.is_file()]
            assert chosen, pattern
            for own in chosen:
                beside = tuple((path.as_posix(), data) for path, data in files.items() if path != own)
                reader = _upwards(read, len(own.parts))
                yield Seed(own.name, files[own], (reader,), beside, own.parent.as_posix())


def _upwards(read: Reader, steps: int) -> Reader:
    """What is given a file so many steps down and reads the folder above."""

    def reader(path: Path) -> Any:
        return read(path.parents[steps - 1])

    reader.__name__ = read.__name__
    return reader
