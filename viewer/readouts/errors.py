"""Errors as sentences: what was wrong, and what the user can do about it."""

from __future__ import annotations

from models.errors import UnmaskError
from resources import AssetError
from viewer.state.notice import Notice, Severity


def is_expected(error: BaseException) -> bool:
    """Whether the error was foreseen; then its message suffices and nobody needs a traceback."""
    return isinstance(error, UnmaskError | AssetError | OSError)


def notice_of(error: BaseException) -> Notice:
    """What the banner says about an error: its cause, and a remedy, never an empty sentence."""
    if isinstance(error, UnmaskError | AssetError):
        cause, remedy = split(str(error))
        return Notice(Severity.ERROR, cause, remedy)
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return Notice(
            Severity.ERROR,
            f"{where}{error.strerror or error}.",
            "Check that the file or folder exists, may be read or written, and that the disk is not full.",
        )
    if isinstance(error, MemoryError):
        return Notice(Severity.ERROR, "The memory is used up.", "Open a smaller picture.")
    what = str(error).strip() or "no further message"
    return Notice(
        Severity.ERROR,
        f"Something unforeseen went wrong ({type(error).__name__}: {what}).",
        "The session goes on. The log holds the details; please report them.",
    )


def no_face(name: str) -> Notice:
    """What the banner says when nothing was found in a frame of that name."""
    return Notice(
        Severity.WARNING,
        f"No face was found in {name}.",
        "Draw a box yourself: hold Shift and drag over the photo from the brows to the chin.",
    )


def split(message: str) -> tuple[str, str]:
    """The first sentence and the rest; the cause never is empty."""
    cause, dot, remedy = message.strip().partition(". ")
    if not cause:
        return "Something went wrong without a message.", ""
    return (f"{cause}{dot.strip()}", remedy.strip()) if dot else (cause, "")
