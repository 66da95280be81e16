"""Who answers, and without what; methods side by side. No Qt."""

from __future__ import annotations

from dataclasses import dataclass


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
"""The arrangement in which methods stand side by side."""


MOST_METHODS = 6
