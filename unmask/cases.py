"""Cases that were saved in the window."""

from __future__ import annotations

from pathlib import Path

from viewer.cases.case import Case
from viewer.cases.restoring import read_whole
from viewer.cli.options import Replay
from viewer.cli.replay import replay as replayed


def open_case(path: str | Path) -> Case:
    """What a case file holds, checked by its schema before anything of it is used.

    Args:
        path: NAME.case.json, as File > Save case wrote it.

    Returns:
        Input, faces, occluders, methods, answers in figures, notes; boxes and points in px of the picture's
        own file, angles in degrees.

    Raises:
        InputError: It cannot be read, is none, or damaged; names the file, the key, and what to do.
    """
    return read_whole(Path(path))


def replay(path: str | Path, out: str | Path, device: str = "cpu", overwrite: bool = False) -> list[str]:
    """Answer again what a case asked, and tell where the answers differ, as `unmask replay` does.

    Args:
        path: The case.
        out: Folder for the answers, NAME.json and NAME.png.
        device: As `load` takes it.
        overwrite: Whether files that are there may be replaced.

    Returns:
        A sentence for each figure that is not as the case has it; empty if all are.

    Raises:
        UnmaskError: The case, its input or a method cannot be used, or a file would be written over.
    """
    return list(replayed(Replay(Path(path), Path(out), device, overwrite)))
