"""Files of others, read without running anything in them: pickles, MATLAB files, HDF5. Sizes are checked.

Two things hold for every reader. What a file unpacks to is known and bounded before memory is asked for it:
`most_unpacked`. And whatever a damaged file makes a library raise becomes one of our errors: `reading`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from models.errors import MissingAssetError, UnmaskError, WeightsError

__all__ = ["LIMIT_BYTES", "most_unpacked", "read_bytes", "reading", "reason_of"]

LIMIT_BYTES = 2 << 30  # no face model or network here is larger, packed or unpacked
ALWAYS_BYTES = 64 << 20  # what the smallest file may unpack to
MOST_FOLDED = 20  # bytes that one stored byte may stand for; the models known here stay below 5
LONGEST_REASON = 160


def most_unpacked(stored_bytes: int) -> int:
    """Bytes that a file of that size may unpack to: arrays compress a little, only a trap a thousandfold."""
    return min(LIMIT_BYTES, max(ALWAYS_BYTES, MOST_FOLDED * stored_bytes))


def reason_of(error: BaseException) -> str:
    """What a library said, short and on one line, without a full stop."""
    said = " ".join(str(error).split())[:LONGEST_REASON].rstrip(". ")
    return said or type(error).__name__


@contextmanager
def reading(path: Path, what: str) -> Iterator[None]:
    """Within it, what a damaged file makes a reader raise becomes our error; ours pass as they are.

    Args:
        path: The file.
        what: What it should be, e.g. "an .npz file".

    Raises:
        MissingAssetError: It is not there.
        WeightsError: Anything else went wrong; says what and what to do.
    """
    try:
        yield
    except UnmaskError:
        raise
    except FileNotFoundError:
        raise MissingAssetError(f"There is no file {path}. Check the path.") from None
    except Exception as error:  # a damaged file breaks a reader in any way, also by eating stack or memory
        if isinstance(error, OSError) and error.strerror:
            raise WeightsError(f"{path.name} cannot be read ({error.strerror}). Check the file.") from error
        raise WeightsError(
            f"{path.name} cannot be read as {what} ({reason_of(error)}). Get it anew."
        ) from error


def read_bytes(path: Path, most: int = LIMIT_BYTES) -> bytes:
    """All of a file.

    Raises:
        MissingAssetError: It is not there.
        WeightsError: It cannot be read, has more than `most` bytes, or is no file (one waits for pipes).
    """
    with reading(path, "a file"):
        size = path.stat().st_size
        if not path.is_file():
            raise WeightsError(f"{path.name} is a folder or a device. Choose a file.")
        if size > most:
            raise WeightsError(
                f"{path.name} has {size / 1e6:.0f} MB; no more than {most / 1e6:.0f} MB are read. "
                "Choose another, or a smaller one."
            )
        return path.read_bytes()
