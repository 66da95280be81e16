"""The one door to files: those that ship (weights, face models, shaders, icons, sample pictures) and those a
user brought. Stdlib only.
"""

from __future__ import annotations

import os
import sys
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = [
    "Asset",
    "AssetError",
    "brought",
    "brought_folder",
    "face_model",
    "icon",
    "manifest",
    "page",
    "program_version",
    "remedy",
    "samples",
    "schema",
    "shader",
    "weights",
    "weights_for",
]

ROOT = Path(__file__).resolve().parent
PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp"})


class AssetError(Exception):
    """A file that is not there; the message names it and says how to get it."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One row of `manifest.toml`.

    Attributes:
        path: Relative to `resources/`, with forward slashes; `brought/NAME` lies in `brought_folder()`.
        origin: Who made it and where it came from, or the command that makes it.
        licence: SPDX name, or the terms in a few words.
        purpose: What it is for.
        sha256, size: Of the file, size in bytes; empty and 0 for a file the user fetches.
        fetch: How a user gets it; empty for a file that ships.
        url: Where it can be downloaded without registering; empty for none.
    """

    path: str
    origin: str
    licence: str
    purpose: str
    sha256: str = ""
    size: int = 0
    fetch: str = ""
    url: str = ""


def program_version() -> str:
    """The installed version; "unknown" when run from a bare checkout."""
    try:
        return version("unmask")
    except PackageNotFoundError:
        return "unknown"


def manifest(root: Path = ROOT) -> tuple[Asset, ...]:
    """The rows of `manifest.toml`, in file order.

    Raises:
        AssetError: It is not there, or damaged.
    """
    try:
        return _rows((root / "manifest.toml").read_bytes())
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise AssetError(f"manifest.toml is not there or damaged ({error}). Install Unmask again.") from error


@lru_cache(maxsize=4)
def _rows(manifest: bytes) -> tuple[Asset, ...]:
    """Asked dozens of times before the window shows, and slow to parse: once a text is enough."""
    return tuple(Asset(**row) for row in tomllib.loads(manifest.decode()).get("asset", []))


def weights(name: str, root: Path = ROOT) -> Path:
    """Weights by name, e.g. "dsfnet-open" -> weights/dsfnet-open.safetensors."""
    return _present("weights", name, ".safetensors", root)


def weights_for(method: str, root: Path = ROOT) -> tuple[str, ...]:
    """The names of the weights that ship for a method, e.g. ("open",) for weights/dsfnet-open.safetensors.

    Also of those that should be there by the manifest and are not: what is missing is to be missed.
    """
    listed = [root / asset.path for asset in manifest(root)] if (root / "manifest.toml").exists() else []
    files = {*listed, *(root / "weights").glob("*.safetensors")}
    names = {path.stem for path in files if path.parent.name == "weights" and path.suffix == ".safetensors"}
    start = f"{method}-"
    return tuple(sorted(name.removeprefix(start) for name in names if name.startswith(start)))


def face_model(name: str, root: Path = ROOT) -> Path:
    """A face model by name, e.g. "open" -> face_model/open_face.npz."""
    return _present("face_model", name, "_face.npz", root)


def shader(name: str, root: Path = ROOT) -> Path:
    """A shader text by file name, e.g. "points.vert"."""
    return _present("shaders", name, "", root)


def icon(name: str, root: Path = ROOT) -> Path:
    """An icon by name, e.g. "open" -> icons/open.svg."""
    return _present("icons", name, ".svg", root)


def page(name: str, root: Path = ROOT) -> Path:
    """The text of a page that leaves filled in, by name, e.g. "answer"."""
    return _present("pages", name, ".html", root)


def schema(name: str, root: Path = ROOT) -> Path:
    """A JSON Schema of files that leave, by name and version, e.g. "answer-2"."""
    return _present("schemas", f"{name}.schema.json", "", root)


def samples(root: Path = ROOT) -> tuple[Path, ...]:
    """The bundled sample pictures, by name; the first is the one a fresh session opens."""
    return tuple(sorted(path for path in (root / "samples").glob("*") if path.suffix in PICTURES))


def brought_folder() -> Path:
    """Where files that users bring are kept: $UNMASK_ASSETS, else the user's data folder."""
    if chosen := os.environ.get("UNMASK_ASSETS"):
        return Path(chosen)
    home = Path.home()
    match sys.platform:
        case "win32":
            data = Path(os.environ.get("LOCALAPPDATA", home / "AppData/Local"))
        case "darwin":
            data = home / "Library/Application Support"
        case _:
            data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share")
    return data / "unmask"


def brought(name: str, root: Path = ROOT) -> Path:
    """A file or folder that a user brought, by its row `brought/NAME` in the manifest.

    Raises:
        AssetError: It is not there; says how to get it.
    """
    path = brought_folder() / name
    if not path.exists():
        raise AssetError(f"{name} is not there. {remedy(f'brought/{name}', root)}")
    return path


def _present(folder: str, name: str, ending: str, root: Path) -> Path:
    """The file of that name, with `ending` where the name has no ending of its own; AssetError if absent."""
    if "/" in name or "\\" in name:
        raise ValueError(f"{name!r} is a path; give the bare name of a file in resources/{folder}")
    path = root / folder / (name if Path(name).suffix else name + ending)
    if not path.is_file():
        raise AssetError(
            f"The file {path.name} is missing from {path.parent}. {remedy(f'{folder}/{path.name}', root)}"
        )
    return path


def remedy(relative: str, root: Path = ROOT) -> str:
    """How to get a file that is missing: what the manifest says, else what there is instead."""
    for asset in manifest(root):
        if asset.path == relative:
            if asset.url:
                return f"Run `unmask assets fetch {Path(relative).name}`, or bring it: {asset.fetch}"
            return asset.fetch or f"It ships with the application ({asset.origin}): install it again."
    folder = root / Path(relative).parent
    there = sorted(path.name for path in folder.glob("*") if path.suffix not in {"", ".md"})
    if there:
        return f"Choose one of those there: {', '.join(there)}."
    if folder.name == "weights":
        return (
            "No weights are installed at all: install Unmask again, train some with "
            "`python -m models.training dsfnet`, or open a .safetensors file of yours."
        )
    return "The folder is empty: install Unmask again."
