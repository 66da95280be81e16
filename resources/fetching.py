"""One file over HTTPS: resumable and checked. Stdlib only; no retries, no state but the .part file."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

__all__ = ["FetchError", "Received", "checksum", "download", "part_of"]

CHUNK = 1 << 18
PATIENCE_S = 20.0  # without a single byte
LARGEST = 4 << 30  # bytes; more than any file of the manifest, to bound one of unknown size
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
HTTP_RESUMED, HTTP_NO_SUCH_RANGE = 206, 416


class FetchError(Exception):
    """A download that did not succeed; the message says why, what is kept and what to do."""


@dataclass(frozen=True, slots=True)
class Received:
    """How far a download is: bytes there, and in all; 0 where the server does not say."""

    there: int
    total: int


def part_of(target: Path) -> Path:
    """Where the bytes lie until they are whole."""
    return target.with_name(target.name + ".part")


def checksum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def download(url: str, part: Path, *, sha256: str = "", size: int = 0) -> Iterator[Received]:
    """Bring `url` to `part`, going on from what is there; works while it is iterated.

    The file is whole and checked once the iteration has ended. Whatever else happens, also when the iteration
    is given up, what came so far stays, unless it is proved wrong.

    Args:
        url: https only, and so must be whatever it redirects to; http on this machine alone, for tests.
        part: See `part_of`; its folder is made.
        sha256, size: As they must be; "" and 0 where they are not known.

    Raises:
        FetchError: The message says why and what to do.
    """
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        if not (size and _length(part) == size):  # else only the check was left to do
            yield from _receive(url, part, size)
        _check(part, sha256, size)
    except OSError as error:
        raise FetchError(_disk_trouble(error, part)) from error


def _receive(url: str, part: Path, size: int) -> Iterator[Received]:
    """Append to `part` what is still missing of it."""
    kept = _length(part)
    if size and kept > size:
        kept = 0
    with _opened(url, kept) as answer:
        if answer.status == HTTP_NO_SUCH_RANGE:  # nothing after `kept`: it is whole, or was never this file
            if answer.headers.get("Content-Range", "") == f"bytes */{kept}":
                return
            part.unlink()
            raise FetchError(f"{_host(url)} has less of {part.stem} than was kept. Fetch it anew.")
        kept = kept if _goes_on(answer, kept) else 0
        total = kept + int(answer.headers.get("Content-Length") or 0)
        total = total if total > kept else size
        _refuse_wrong_size(part.stem, total, size)
        _refuse_full_disk(part, total - kept)
        with part.open("ab" if kept else "wb") as file:
            yield from _copy(answer, file, part.stem, Received(kept, total))
            os.fsync(file.fileno())


def _copy(answer: HTTPResponse, file: IO[bytes], name: str, progress: Received) -> Iterator[Received]:
    """Copy until the end. What came is in the file even when this stops early."""
    there, total = progress.there, progress.total
    while True:
        yield Received(there, total)
        try:
            chunk = answer.read1(CHUNK)
        except (HTTPException, OSError) as error:
            raise FetchError(_broken(name, there, total)) from error
        if not chunk:
            break
        there += len(chunk)
        if there > (total or LARGEST):
            raise FetchError(f"The server sends more than the {total or LARGEST:,} bytes it may for {name}.")
        file.write(chunk)
        file.flush()  # nothing is left to be written later, when another may have gone on
    if there < total:
        raise FetchError(_broken(name, there, total))


def _opened(url: str, kept: int) -> Any:
    """The server's answer to a request for what lies beyond the first `kept` bytes."""
    _refuse_unsafe(url)
    request = Request(url, headers={"User-Agent": "unmask", **({"Range": f"bytes={kept}-"} if kept else {})})
    try:
        return build_opener(_SafeRedirects).open(request, timeout=PATIENCE_S)
    except HTTPError as error:
        if error.code == HTTP_NO_SUCH_RANGE and kept:
            return error
        error.close()
        raise FetchError(f"{_host(url)} answers {error.code} ({error.reason}) for {url}.") from error
    except (URLError, HTTPException, OSError) as error:
        reason = getattr(error, "reason", error)
        raise FetchError(
            f"{_host(url)} cannot be reached ({reason}). All else works without a network; "
            "try again once there is one."
        ) from error


class _SafeRedirects(HTTPRedirectHandler):
    """Follows redirects, but never away from https."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        _refuse_unsafe(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _refuse_unsafe(url: str) -> None:
    scheme, host = urlsplit(url).scheme, urlsplit(url).hostname
    if scheme != "https" and not (scheme == "http" and host in LOOPBACK):
        raise FetchError(f"{url} is not https, so it is not fetched.")


def _goes_on(answer: HTTPResponse, kept: int) -> bool:
    """Whether the answer begins where the kept bytes end; a server that knows no ranges begins anew."""
    return answer.status == HTTP_RESUMED and answer.headers.get("Content-Range", "").startswith(
        f"bytes {kept}-"
    )


def _refuse_wrong_size(name: str, total: int, size: int) -> None:
    if (size and total != size) or total > LARGEST:
        raise FetchError(
            f"The server offers {total:,} bytes for {name}, where {size or LARGEST:,} are expected"
            f"{'' if size else ' at most'}: not the file this version knows. Nothing was fetched."
        )


def _refuse_full_disk(part: Path, needed: int) -> None:
    free = shutil.disk_usage(part.parent).free
    if needed > free:
        raise OSError(errno.ENOSPC, f"{needed:,} bytes are needed, {free:,} are free")


def _check(part: Path, sha256: str, size: int) -> None:
    """The whole file is the one that was promised; else it is thrown away, as there is nothing to resume."""
    found = _length(part)
    if (size and found != size) or (sha256 and checksum(part) != sha256):
        part.unlink()
        raise FetchError(
            f"What came for {part.stem} is not the file this version knows (its checksum differs), so it was "
            "thrown away. Fetch it again; if that repeats, the file at its origin has changed."
        )


def _broken(name: str, there: int, total: int) -> str:
    of = f" of {total:,}" if total else ""
    return f"The connection broke after {there:,}{of} bytes; they are kept. Fetch {name} again to go on."


def _disk_trouble(error: OSError, part: Path) -> str:
    elsewhere = "set UNMASK_ASSETS to another folder"
    if error.errno == errno.ENOSPC:
        return (
            f"The disk is full: {part.stem} does not fit into {part.parent} ({error.strerror}). Free some "
            f"space, or {elsewhere}, and fetch again; what came so far is kept."
        )
    return f"{part} cannot be written ({error.strerror}). Make its folder writable, or {elsewhere}."


def _length(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _host(url: str) -> str:
    return urlsplit(url).hostname or url
