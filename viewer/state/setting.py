"""Who answers, and without what; methods side by side. No Qt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from models.reconstruction import IMAGE_SPACE, MODEL_SPACE

PARTS = (IMAGE_SPACE, MODEL_SPACE, "confidence", "visibility mask", "refinement")
"""What can be left out of DSFNet's computation; its own list would bring torch."""
NO_BRANCH = "Both branches are switched off, so there is no face to show."
NO_BRANCH_REMEDY = "Switch image space or model space on again."


class Branch(Enum):
    """The switches that are branches: each gives a face of its own, and a face needs one."""

    IMAGE = IMAGE_SPACE
    MODEL = MODEL_SPACE

    @property
    def title(self) -> str:
        """As the head of a narrow column."""
        return self.name.capitalize()


@dataclass(frozen=True, slots=True)
class Setting:
    """Who answers, and without what."""

    method: str
    weights: str
    without: frozenset[str] = frozenset()


def worded(setting: Setting, usual: Setting | None = None) -> str:
    """Who answers, leaving out what is as usual."""
    words = []
    if usual is None or setting.method != usual.method:
        words.append(setting.method)
    if usual is None or setting.weights != usual.weights:
        words.append(setting.weights.rsplit("/", 1)[-1])
    words += [f"without {name}" for name in sorted(setting.without)]
    return " · ".join(words) or "complete"


METHODS = "methods"
"""The panel layout in which methods stand side by side."""


MOST_METHODS = 6


def branches_of(switches: Iterable[str]) -> tuple[Branch, ...]:
    """Those switches of a method that are branches."""
    known = set(switches)
    return tuple(branch for branch in Branch if branch.value in known)


def no_such_part(names: frozenset[str], parts: Sequence[str], option: str = "--without") -> str:
    """What to say of names that are none of a method's parts, for the first of them; empty if all are."""
    unknown = sorted(names - set(parts))
    if not unknown:
        return ""
    there = ", ".join(name.replace(" ", "-") for name in parts)
    takes = f"{option} takes {there}." if there else "This method has no parts to leave out."
    return f"There is no part called {unknown[0]!r}. {takes}"


def nothing_left(switches: Iterable[str], without: frozenset[str]) -> bool:
    """Whether a method that has branches is left without any."""
    branches = branches_of(switches)
    return bool(branches) and all(branch.value in without for branch in branches)
