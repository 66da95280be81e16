"""Which files of weights there are, whose they are and under which terms. Stdlib only."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from resources import ROOT, Asset, AssetError, brought_folder, manifest
from resources.needs import DETECTOR_NEEDS, USUAL_DETECTOR, weights_files

__all__ = ["Provenance", "at_hand", "detector_provenance", "provenance", "sha256_of"]

UNKNOWN = "unknown: not a file this program knows; ask who gave it to you"
DETECTOR_WEIGHTS = {USUAL_DETECTOR: "open", "finder-research": "research"}
FOLDERS = ("weights/", "face_model/", "brought/")


@dataclass(frozen=True, slots=True)
class Provenance:
    """A file that answers rest on, and under which terms it may be used.

    Attributes:
        name: What it is called: weights as a method is asked for them ("open"), other files by file name.
        path: Where it lies; empty where it is not known.
        sha256: Of its content; empty where the file is not known.
        licence, origin: As the manifest says of this content; of a user's own file that it is unknown.
    """

    name: str
    path: str
    sha256: str
    licence: str
    origin: str


def provenance(method: str, weights: str, root: Path = ROOT) -> Provenance:
    """What is known of the weights a method was loaded with; what a third party's method runs on is not."""
    try:
        files = weights_files(method, weights, root)
    except AssetError:
        files = []
    if not files:
        return Provenance(Path(weights).name, "", "", UNKNOWN, "")
    return _told(Path(weights).name, files[-1], root)


def detector_provenance(detector: str, root: Path = ROOT) -> Provenance | None:
    """What is known of the weights of a detector; None if it has none, or it is not there."""
    if detector in DETECTOR_WEIGHTS:
        return provenance("finder", DETECTOR_WEIGHTS[detector], root)
    need = DETECTOR_NEEDS.get(detector)
    path = None if need is None else brought_folder() / need.any_of[0]
    return _told(path.name, path, root) if path is not None and path.is_file() else None


def at_hand(root: Path = ROOT) -> tuple[Provenance, ...]:
    """Weights and face models on this machine, those that ship first; folders of files are left out."""
    paths = [(asset, _place(asset, root)) for asset in manifest(root) if asset.path.startswith(FOLDERS)]
    there = [(asset, path) for asset, path in paths if path.is_file()]
    there.sort(key=lambda pair: pair[0].path.startswith("brought/"))
    return tuple(_told(path.name, path, root) for _, path in there)


def _place(asset: Asset, root: Path) -> Path:
    brought = asset.path.removeprefix("brought/")
    return root / asset.path if brought == asset.path else brought_folder() / brought


def _told(name: str, path: Path, root: Path) -> Provenance:
    sha256 = sha256_of(path)
    known = [asset for asset in manifest(root) if _describes(asset, path, sha256, root)]
    licence, origin = (known[0].licence, known[0].origin) if known else (UNKNOWN, "")
    return Provenance(name, str(path), sha256, licence, origin)


def _describes(asset: Asset, path: Path, sha256: str, root: Path) -> bool:
    """Whether the row is about this content, or, where it tells no content, about this place."""
    return asset.sha256 == sha256 if asset.sha256 else _place(asset, root) == path


def sha256_of(path: Path, told: Callable[[int], object] = lambda _count: None) -> str:
    """Of a file's content, read once for each time it is changed; OSError if it cannot be read.

    `told` hears of each block how many bytes were read; what it raises ends the reading.
    """
    status = path.stat()
    return _sha256(_Content(path, status.st_mtime_ns, status.st_size, told))


@dataclass(frozen=True, slots=True)
class _Content:
    """A file as it is; time and size tell whether it still is the one measured before."""

    path: Path
    mtime_ns: int
    size: int
    told: Callable[[int], object] = field(compare=False)


@lru_cache(maxsize=4096)
def _sha256(content: _Content) -> str:
    digest = hashlib.sha256()
    with content.path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
            content.told(len(block))
    return digest.hexdigest()
