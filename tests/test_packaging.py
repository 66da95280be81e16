"""What an installed package says of itself, and what is locked for set-up."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from resources import manifest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
IDENTIFIERS = set(PROJECT["license"].split(" AND "))
LOCKED = (ROOT / "requirements" / "linux-x86_64-py311.txt").read_text(encoding="utf-8")


def identifiers(licence: str) -> set[str]:
    """The SPDX identifiers behind a licence of the manifest."""
    if licence.startswith("Research use only"):
        return {"LicenseRef-Unmask-Research-Only"}
    if licence.startswith("Public domain"):
        return set()
    return set(re.findall(r"Apache-2\.0|CC0-1\.0|MIT", licence))


def test_the_package_names_the_licence_of_every_file_that_ships():
    shipped = [asset for asset in manifest() if not asset.path.startswith("brought/")]
    known = {asset.path for asset in shipped if identifiers(asset.licence)}
    assert known | {
        asset.path for asset in shipped if "Public domain" in asset.licence
    } == {asset.path for asset in shipped}  # fmt: skip
    assert set().union(*(identifiers(asset.licence) for asset in shipped)) == IDENTIFIERS


def test_the_text_of_every_licence_lies_in_its_folder():
    assert {path.stem for path in (ROOT / "LICENSES").iterdir()} == IDENTIFIERS
    assert (ROOT / "LICENSE").read_bytes() == (ROOT / "LICENSES" / "Apache-2.0.txt").read_bytes()


def test_every_package_is_typed():
    assert all(
        (ROOT / package / "py.typed").exists() for package in ("unmask", "viewer", "models", "resources")
    )


def test_every_dependency_is_locked_but_torch_whose_build_the_machine_decides():
    needed = {
        re.split(r"[<>=!\[]", line)[0].strip().lower()
        for lines in (PROJECT["dependencies"], *PROJECT["optional-dependencies"].values())
        for line in lines
    }
    locked = set(re.findall(r"^([a-z0-9-]+)==", LOCKED, re.M))
    assert needed - locked == {"torch"}
    assert {name for name in locked if name.startswith(("torch", "triton", "nvidia"))} == set()


def test_what_is_locked_is_held_by_hashes_and_names_no_server():
    pinned = re.findall(r"^[a-z0-9-]+==\S+ \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n?)+", LOCKED, re.M)
    assert len(pinned) == len(re.findall(r"==", LOCKED))
    assert "://" not in LOCKED
