"""`python -m resources.licences`: the licence of every package that Unmask needs, directly or not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution

__all__ = ["Dependency", "dependencies"]

PROGRAM = "unmask"
UNKNOWN = "not stated"
CLASSIFIER = "License :: "


@dataclass(frozen=True, slots=True)
class Dependency:
    """A package that is installed because Unmask needs it.

    Attributes:
        name: As on PyPI.
        version: Installed here.
        licence: As the package states it: an SPDX expression, a name or classifiers.
    """

    name: str
    version: str
    licence: str


def dependencies(program: str = PROGRAM) -> tuple[Dependency, ...]:
    """What a package needs here, and what that needs, by name; extras and what is not installed left out."""
    found: dict[str, Dependency] = {}
    waiting = _needed(distribution(program))
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            package = distribution(name)
        except PackageNotFoundError:  # for another system or version of Python
            continue
        found[name] = Dependency(package.metadata["Name"], package.version, licence_of(package))
        waiting += _needed(package)
    return tuple(found[name] for name in sorted(found))


def licence_of(package: Distribution) -> str:
    """The SPDX expression, else the classifiers, else the name that a package gives, some the whole text."""
    stated = package.metadata.json
    if expression := stated.get("license_expression"):
        return str(expression)
    lines = [line for line in stated.get("classifier", ()) if line.startswith(CLASSIFIER)]
    classified = ", ".join(line.rpartition(" :: ")[2] for line in lines)
    named = str(stated.get("license", "")).strip().split("\n")[0]
    return classified or (UNKNOWN if named.upper() in ("", "UNKNOWN") else named)


def _needed(package: Distribution) -> list[str]:
    lines = [line for line in package.requires or () if "extra ==" not in line]
    names = (re.match(r"[A-Za-z0-9._-]+", line) for line in lines)
    return [re.sub(r"[-_.]+", "-", name[0]).lower() for name in names if name]


def main() -> int:
    """Print them; returns 0."""
    rows = dependencies()
    wide = max(len(f"{row.name} {row.version}") for row in rows)
    for row in rows:
        print(f"{row.name + ' ' + row.version:<{wide}}  {row.licence}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
