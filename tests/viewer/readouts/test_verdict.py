"""When an answer may be relied on, in words (tier 1)."""

from dataclasses import replace

import numpy as np
import pytest

from models.reconstruction import STATE_SCALARS, Alarm, Scalar, frozen
from tests.viewer.gl_fixtures import dome
from viewer.readouts.verdict import SMALL_PERCENT, Trust, likely_error_text, verdict


def told(seen=0.9, error=3.0, ends=(2.2, 4.4), alarms=()):
    """What is said of an answer of which so much was seen, and the rest covered."""
    bare = dome.answer(visibility=False)
    is_seen = np.arange(len(bare.vertices)) < seen * len(bare.vertices)
    states = is_seen, np.zeros(len(is_seen)), ~is_seen
    scalars = [Scalar(name, frozen(p), 0, 1) for name, p in zip(STATE_SCALARS, states, strict=True)]
    answer = replace(bare, scalars=tuple(scalars), likely_error=error, likely_range=ends)
    return verdict(answer, alarms)


def test_a_small_likely_error_of_a_face_mostly_seen_is_good():
    good = told()
    assert good.trust is Trust.GOOD
    assert good.lines == ("Likely error 2–4 %; 90% of the face was seen.",)


@pytest.mark.parametrize(
    "one",
    [
        {"error": SMALL_PERCENT, "ends": (3.0, 9.0)},
        {"error": float("nan")},
        {"seen": 0.21},
        {"alarms": (Alarm("own-correction", "The fusion moved the face."),)},
    ],
)
def test_any_one_reason_is_enough_to_doubt(one):
    assert told(**one).trust is Trust.DOUBTFUL


def test_reasons_are_told_alarms_first():
    bad = told(seen=0.3, error=11.7, ends=(9.0, 14.0), alarms=(Alarm("no-face", "There is no face here."),))
    assert bad.lines == (
        "There is no face here.",
        "Likely error 9–14 %.",
        "Only 30% of the face was seen; the rest is completed.",
    )
    little = told(seen=0.1, alarms=(Alarm("little-seen", "Only 10% was seen."),))
    assert little.lines == ("Only 10% was seen.",), "one thing is said once"


def test_what_is_not_known_is_not_called_good():
    unknown = told(error=None, ends=None)
    assert unknown.trust is Trust.UNKNOWN
    blind = verdict(replace(dome.answer(visibility=False), likely_error=2.0), ())
    assert blind.trust is Trust.DOUBTFUL
    assert "cannot tell what it saw" in blind.lines[0]


@pytest.mark.parametrize(
    ("error", "ends", "text"),
    [
        (3.9, (3.1, 5.2), "likely error 3–5 %"),
        (1.8, (1.46, 2.31), "likely error 1.5–2.3 %"),
        (27.0, (14.7, 48.9), "likely error 15–49 %"),
        (4.0, (4.01, 4.04), "likely error about 4.0 %"),
        (4.2, None, "likely error about 4 %"),
        (None, None, ""),
        (float("nan"), (1.0, 2.0), "likely error unknown"),
    ],
)
def test_a_likely_error_is_rounded_to_what_it_is_worth(error, ends, text):
    assert likely_error_text(replace(dome.answer(), likely_error=error, likely_range=ends)) == text
