"""Where frames come from: stills, folders, videos, cameras."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from models.errors import InputError
from models.file_formats.picture_formats import RAW_SUFFIXES, READABLE
from viewer.sources.folder import PictureReader, pictures_in
from viewer.sources.player import Player
from viewer.sources.source import Recording
from viewer.sources.still import first_bytes, is_picture

__all__ = ["is_case", "open_path", "open_paths"]

VIDEO_SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".wmv"}
    | {".flv", ".3gp", ".ogv", ".mjpeg"}
)


def is_case(path: Path | str) -> bool:
    """Whether a path is that of a case file, which says what to open: by its name or first bytes."""
    path = Path(path).expanduser()
    if path.name.lower().endswith(".case.json"):
        return True
    try:
        return path.suffix.lower() == ".json" and b'"unmask.case/' in first_bytes(path)
    except InputError:
        return False


def open_path(path: Path | str) -> Recording:
    """A picture, a video, or the pictures of a folder. Not started; only its first bytes have been read.

    Raises:
        InputError: There is nothing at `path` that could be opened.
    """
    path = Path(path).expanduser()
    if path.is_dir():
        return Player(path.resolve().name or str(path), PictureReader(pictures_in(path)))
    first_bytes(path)
    if is_picture(path) or path.suffix.lower() in RAW_SUFFIXES:
        return Player(path.name, PictureReader([path]))
    if path.suffix.lower() in VIDEO_SUFFIXES:
        from viewer.sources.video import VideoReader  # PyAV takes a tenth of a second of the start

        return Player(path.name, VideoReader(path))
    raise InputError(
        f"{path.name} is neither a picture nor a video. Open a picture ({READABLE}), "
        "a video (MP4, MOV, MKV, WebM, AVI) or a folder of pictures."
    )


def open_paths(paths: Sequence[Path | str]) -> Recording:
    """What the user dropped or named: one path as `open_path` takes it, or several pictures.

    A picture among several that cannot be read is reported when its turn comes.

    Raises:
        InputError: As `open_path`; or several paths of which one is a folder or video.
        ValueError: No path at all.
    """
    if not paths:
        raise ValueError("open_paths needs at least one path")
    if len(paths) == 1:
        return open_path(paths[0])
    files = [Path(path).expanduser() for path in paths]
    for file in files:
        if file.is_dir() or file.suffix.lower() in VIDEO_SUFFIXES:
            raise InputError(f"{file.name} cannot be opened together with others. Open it alone.")
    return Player(f"{len(files)} pictures", PictureReader(files))
