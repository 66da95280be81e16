"""Damaged files for every reader of files of others: `make fuzz MINUTES=10`.

Files that are right are made here, one or more of each format, changed at random (archives also within, then
packed anew) and read in a process of its own that may take 1 GiB of memory more and 5 s a file.
A reader may answer, or raise one of the project's errors; anything else is a finding, written into a folder.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import random
import resource
import selectors
import struct
import subprocess
import sys
import tempfile
import time
import traceback
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from models.errors import UnmaskError
from tests.fuzz.seed import Seed
from tests.fuzz.seeds import SEEDS

SECONDS, MORE_BYTES = 5.0, 1 << 30
WAITED_S = 60.0  # until a reader counts as stuck; other programs may hold the processors
NUMBERS = (0, 1, -1, 127, 128, 255, 256, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 1 << 40, (1 << 63) - 1)
WORDS = (b"nan", b"inf", b"-1", b"0", b"1e309", b"9" * 20, b"[" * 3000, b"\x00", b"\xff\xfe", b"{", b"}")


@dataclass(frozen=True)
class Finding:
    """What a reader did that it must not.

    Attributes:
        seed: Name of the file that was right.
        reader: Which reader.
        what: The exception, "memory", "time" or "died".
        where: The innermost place in a traceback; says which findings are the same.
    """

    seed: str
    reader: str
    what: str
    where: str = ""


def judged(seed: Seed, path: Path) -> Iterator[Finding]:
    """What the readers of a seed do that they must not, on a damaged file."""
    for reader in seed.readers:
        begun = time.process_time()
        try:
            reader(path)
        except UnmaskError as error:
            if any(isinstance(cause, MemoryError) for cause in causes(error)):
                yield Finding(seed.name, reader.__name__, "memory")
        except MemoryError:
            yield Finding(seed.name, reader.__name__, "memory")
        except BaseException as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(frame.filename).name}:{frame.lineno}"
            yield Finding(seed.name, reader.__name__, f"{type(error).__name__}: {str(error)[:200]}", where)
        if time.process_time() - begun > SECONDS:
            yield Finding(seed.name, reader.__name__, "time")


def causes(error: BaseException) -> Iterator[BaseException]:
    """What an error was raised from, back to the first."""
    while (before := error.__cause__ or error.__context__) is not None:
        yield before
        error = before


def damaged(data: bytes, chance: random.Random) -> bytes:
    """A file changed in one to eight places; archives half of the time within."""
    if data.startswith(b"PK") and chance.random() < 0.6:
        return repacked_zip(data, chance)
    if data.startswith(b"MATLAB") and chance.random() < 0.5:
        return repacked_mat(data, chance)
    return changed(data, chance)


def changed(data: bytes, chance: random.Random) -> bytes:
    """Bytes changed in one to eight places."""
    held = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 2, 4, 8))):
        chance.choice(CHANGES)(held, chance)
    return bytes(held)


def _flip(held: bytearray, chance: random.Random) -> None:
    if held:
        held[chance.randrange(len(held))] ^= 1 << chance.randrange(8)


def _byte(held: bytearray, chance: random.Random) -> None:
    if held:
        held[chance.randrange(len(held))] = chance.randrange(256)


def _number(held: bytearray, chance: random.Random) -> None:
    """A number of one to eight bytes, near the beginning more often: headers lie there."""
    size = chance.choice((1, 2, 4, 8))
    if len(held) >= size:
        end = len(held) - size + 1
        at = chance.randrange(min(end, 512) if chance.random() < 0.6 else end)
        value = chance.choice(NUMBERS) & ((1 << 8 * size) - 1)
        held[at : at + size] = value.to_bytes(size, chance.choice(("little", "big")))


def _cut(held: bytearray, chance: random.Random) -> None:
    del held[chance.randrange(len(held) + 1) :]


def _drop(held: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(held) + 1)
    del held[at : at + chance.randrange(1, 64)]


def _again(held: bytearray, chance: random.Random) -> None:
    """A piece once more, somewhere."""
    at, to = chance.randrange(len(held) + 1), chance.randrange(len(held) + 1)
    held[to:to] = held[at : at + chance.randrange(1, 256)] * chance.choice((1, 1, 50))


def _word(held: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(held) + 1)
    held[at : at + chance.randrange(8)] = chance.choice(WORDS)


CHANGES: tuple[Callable[[bytearray, random.Random], None], ...] = (
    *(_flip, _byte, _byte, _number, _number, _cut, _drop, _again, _word),
)


def repacked_zip(data: bytes, chance: random.Random) -> bytes:
    """One member changed, or left out, or there twice; packed with checksums that are right."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(part.filename, archive.read(part)) for part in archive.infolist()]
    at = chance.randrange(len(members))
    name, held = members[at]
    if chance.random() < 0.1:
        del members[at]
    else:
        members[at] = name, changed(held, chance)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for name, held in members:
            archive.writestr(name, held)
    return out.getvalue()


def repacked_mat(data: bytes, chance: random.Random) -> bytes:
    """The first variable of a compressed MATLAB file changed and compressed anew."""
    kind, length = struct.unpack_from("<II", data, 128)
    if kind != 15:
        return changed(data, chance)
    packed = zlib.compress(changed(zlib.decompress(data[136 : 136 + length]), chance))
    return data[:128] + struct.pack("<II", 15, len(packed)) + packed + data[136 + length :]


class Reading:
    """The process that reads."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def ask(self, seed: Seed, path: Path) -> list[Finding]:
        """What came of a file; a process that dies or takes too long is a finding, and another is begun."""
        if self._process is None:
            command = [sys.executable, "-m", "tests.fuzz", "--read"]
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env={**os.environ, "MALLOC_ARENA_MAX": "1"},  # or each thread reserves 64 MiB it never uses
            )
            self._answer(5 * WAITED_S)
        assert self._process.stdin is not None
        self._process.stdin.write(f"{seed.name}\t{path}\n")
        self._process.stdin.flush()
        answer = self._answer(WAITED_S)
        if answer:
            return [Finding(**row) for row in json.loads(answer)]
        self.close()
        return [Finding(seed.name, "?", "time" if answer is None else "died")]

    def _answer(self, seconds: float) -> str | None:
        """A line; empty if the process ended, None if it took too long."""
        assert self._process is not None
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            return self._process.stdout.readline() if selector.select(seconds) else None

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def read_on() -> int:
    """The process that reads: a line in, a line out, until there are no more."""
    with tempfile.TemporaryDirectory() as folder:  # what is imported late comes before the limit
        for seed in SEEDS.values():
            list(judged(seed, seed.write(Path(folder))))
    print("ready", flush=True)
    for line in sys.stdin:
        name, _, path = line.rstrip("\n").partition("\t")
        held = SEEDS[name], Path(path)
        _limit(MORE_BYTES)
        found = list(judged(*held))
        if any(finding.what == "memory" for finding in found) and not _takes_more(*held):
            found = [finding for finding in found if finding.what != "memory"]  # not used
        print(json.dumps([vars(finding) for finding in found]), flush=True)
    return 0


def _limit(more: int) -> None:
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + more, resource.RLIM_INFINITY))


def _takes_more(seed: Seed, path: Path) -> bool:
    """Whether the readers of a seed fill more than MORE_BYTES where they may."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    before = _status("VmRSS")
    _limit(4 * MORE_BYTES)
    list(judged(seed, path))
    return _status("VmHWM") - before > MORE_BYTES


def _status(name: str) -> int:
    (line,) = [row for row in Path("/proc/self/status").read_text().splitlines() if row.startswith(name)]
    return 1024 * int(line.split()[1])


def fuzz(minutes: float, out: Path, start: int = 0) -> list[Finding]:
    """Read damaged files for so long; write each new finding into `out`; return them."""
    chance, reading = random.Random(start), Reading()
    found: dict[Finding, Path] = {}
    end, count = time.monotonic() + 60 * minutes, 0
    with tempfile.TemporaryDirectory() as temporary:
        wholes = {seed: seed.write(Path(temporary)) for seed in SEEDS.values()}
        contents = {seed: path.read_bytes() for seed, path in wholes.items()}
        while time.monotonic() < end:
            seed = chance.choice(list(wholes))
            data = damaged(contents[seed], chance)
            wholes[seed].write_bytes(data)
            for finding in reading.ask(seed, wholes[seed]):
                if not any(_same(finding, other) for other in found):
                    found[finding] = _written(finding, data, wholes[seed].name, out)
                    print(finding, found[finding], flush=True)
            wholes[seed].write_bytes(contents[seed])
            count += 1
    reading.close()
    print(f"{count} files, {len(found)} findings")
    return list(found)


def _same(one: Finding, other: Finding) -> bool:
    kinds = {finding.what.partition(":")[0] for finding in (one, other)}
    return len(kinds) == 1 and (one.seed, one.reader, one.where) == (other.seed, other.reader, other.where)


def _written(finding: Finding, data: bytes, name: str, out: Path) -> Path:
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{hashlib.sha256(data).hexdigest()[:10]}_{name}"
    path.write_bytes(data)
    path.with_name(f"{path.name}.txt").write_text(f"{finding}\n")
    return path


def main() -> int:
    """0 if nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--out", type=Path, default=Path("out/fuzz"), help="where findings go")
    parser.add_argument("--start", type=int, default=0, help="another number gives other files")
    parser.add_argument("--read", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.read:
        return read_on()
    return 1 if fuzz(chosen.minutes, chosen.out, chosen.start) else 0


if __name__ == "__main__":
    raise SystemExit(main())
