"""`python -m resources`: does what ships agree with `manifest.toml`? With --refresh, make it agree."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

from resources import ROOT, Asset, manifest

FOLDERS = ("face_model", "samples", "weights")
BY_HAND = ("path", "origin", "licence", "purpose")
CARDS = frozenset({".md"})
HEADER = """\
# Every file that ships under weights/, face_model/ and samples/, and those a user may fetch (with `fetch`).
# `python -m resources` checks sizes and hashes; `python -m resources --refresh` writes them anew and adds
# files that are missing here, whose origin, licence and purpose are then to be filled in by hand.
"""


def shipped(root: Path = ROOT) -> tuple[str, ...]:
    """The files that must stand in the manifest, relative to `root`; cards describe them and need not."""
    paths = (path for folder in FOLDERS for path in (root / folder).rglob("*") if path.is_file())
    kept = (path for path in paths if path.suffix not in CARDS and not path.name.startswith("."))
    return tuple(sorted(path.relative_to(root).as_posix() for path in kept))


def complaints(root: Path = ROOT) -> list[str]:
    """What is wrong between the manifest and the files, one sentence each; empty if all is well."""
    rows = {asset.path: asset for asset in manifest(root)}
    there = shipped(root)
    found = [f"{path} is not in manifest.toml." for path in there if path not in rows]
    for asset in rows.values():
        if not (asset.origin and asset.licence and asset.purpose):
            found.append(f"{asset.path}: origin, licence and purpose must be filled in.")
        if asset.path not in there:
            if not asset.fetch:
                found.append(f"{asset.path} is in manifest.toml, but there is no such file.")
        elif (asset.sha256, asset.size) != _measured(root / asset.path):
            found.append(f"{asset.path} is not the file manifest.toml describes (sha256 or size differ).")
    return found


def refreshed(root: Path = ROOT) -> tuple[Asset, ...]:
    """The manifest's rows with today's sizes and hashes, new files added, vanished ones left out."""
    rows = {asset.path: asset for asset in manifest(root)}
    there = shipped(root)
    kept = [asset for asset in rows.values() if asset.fetch and asset.path not in there]
    for path in there:
        sha256, size = _measured(root / path)
        row = rows.get(path) or Asset(path, origin="", licence="", purpose="")
        kept.append(replace(row, sha256=sha256, size=size))
    return tuple(sorted(kept, key=lambda asset: asset.path))


def written(assets: Sequence[Asset]) -> str:
    """The rows as TOML."""
    blocks = [HEADER]
    for asset in assets:
        pairs = [(field.name, getattr(asset, field.name)) for field in fields(Asset)]
        lines = [
            f"{name} = {json.dumps(value, ensure_ascii=False)}"
            for name, value in pairs
            if value or name in BY_HAND
        ]
        blocks.append("\n[[asset]]\n" + "\n".join(lines) + "\n")
    return "".join(blocks)


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Check or refresh; returns 1 if something is still wrong."""
    parser = argparse.ArgumentParser(prog="python -m resources", description=__doc__)
    parser.add_argument("--refresh", action="store_true", help="write sizes and hashes anew")
    if parser.parse_args(arguments).refresh:
        (root / "manifest.toml").write_text(written(refreshed(root)), encoding="utf-8")
    found = complaints(root)
    for line in found:
        print(line)
    if not found:
        print(f"All {len(shipped(root))} files agree with manifest.toml.")
    return 1 if found else 0


def _measured(path: Path) -> tuple[str, int]:
    data = path.read_bytes()
    return hashlib.sha256(data).hexdigest(), len(data)


if __name__ == "__main__":
    sys.exit(main())
