"""Whether an answer may be relied on, and if not, why: the reasons in words, the gravest first. No Qt."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from models.metrics.states import seen_share
from models.reconstruction import Alarm, Reconstruction

SMALL_PERCENT = 5.0  # a likely error below this is small
ENOUGH_SEEN = 0.5  # share of the vertices
BLIND = "This method cannot tell what it saw from what it guessed."
NO_ESTIMATE = "No alarm holds, but how large the error may be is not known for these weights."
NO_ESTIMATE_HERE = "No alarm holds, but how large the error may be is not known for this answer."
ERROR_MEANING = (
    "Mean distance of the 68 landmarks from where they should be, in % of the face box's size:"
    " half of such answers lie in this range."
)


class Trust(Enum):
    """How far an answer can be relied on."""

    GOOD = "good"
    UNKNOWN = "unknown"  # nothing speaks against it, and nothing says how large its error is
    DOUBTFUL = "doubtful"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of an answer as a whole.

    Attributes:
        trust: How far it can be relied on.
        lines: Sentences, the gravest first; at least one.
    """

    trust: Trust
    lines: tuple[str, ...]


def verdict(answer: Reconstruction, alarms: Sequence[Alarm]) -> Verdict:
    """Good only if its likely error is known and small, no alarm holds and at least half of it was seen."""
    seen, error = seen_share(answer), answer.likely_error
    reasons = [alarm.text for alarm in alarms]
    if error is not None and not error < SMALL_PERCENT:  # NaN is not small either
        reasons.append(f"{_sentence(likely_error_text(answer))}.")
    if seen is None:
        reasons.append(BLIND)
    elif seen < ENOUGH_SEEN and not any(alarm.code in ("little-seen", "empty-mask") for alarm in alarms):
        reasons.append(f"Only {seen:.0%} of the face was seen; the rest is completed.")
    if reasons:
        return Verdict(Trust.DOUBTFUL, tuple(reasons))
    if error is None or seen is None:
        return Verdict(Trust.UNKNOWN, (NO_ESTIMATE_HERE if answer.left_out else NO_ESTIMATE,))
    return Verdict(Trust.GOOD, (f"{_sentence(likely_error_text(answer))}; {seen:.0%} of the face was seen.",))


def likely_error_text(answer: Reconstruction) -> str:
    """E.g. "likely error 3-5 %"; empty where the answer does not say."""
    if answer.likely_error is None:
        return ""
    if not math.isfinite(answer.likely_error):
        return "likely error unknown"
    return f"likely error {_range(answer.likely_error, answer.likely_range)} %"


def _range(middle: float, ends: tuple[float, float] | None) -> str:
    """Both ends with as many decimals as tell them apart."""
    if ends is None or not all(map(math.isfinite, ends)):
        return f"about {middle:.1f}" if middle < 2 else f"about {middle:.0f}"
    low, high = ends
    decimals = 0 if high - low >= 1 else 1
    texts = f"{low:.{decimals}f}", f"{high:.{decimals}f}"
    return f"about {texts[0]}" if texts[0] == texts[1] else "–".join(texts)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
