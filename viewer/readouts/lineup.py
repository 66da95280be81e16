"""Methods side by side: who stands in line, and what each has to show. Pure functions, no Qt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.metrics.errors import nme_percent
from models.metrics.normalisers import normaliser
from models.reconstruction import Reconstruction, Timing
from viewer.readouts.difference import TO_FIRST
from viewer.state.setting import MOST_METHODS, Setting, worded
from viewer.state.state import State, line, setting_of

if TYPE_CHECKING:
    from viewer.state.state import State


@dataclass(frozen=True, eq=False, slots=True)
class Standing:
    """One place in line.

    Attributes:
        setting: Who answers there.
        answer: About the selected face; None while there is none.
        trouble: Why there is none; empty while it is only not there yet.
    """

    setting: Setting
    answer: Reconstruction | None = None
    trouble: str = ""


def standing(state: State, slot: int) -> Standing | None:
    """Who stands at a place in line, from 0; None for an empty place."""
    settings = line(state)
    if not 0 <= slot < len(settings):
        return None
    setting = settings[slot]
    if setting == setting_of(state) or state.shown is None:
        return Standing(setting, state.answer)
    answers = state.shown.others.get(setting, ())
    answer = answers[state.selected_face] if state.selected_face < len(answers) else None
    return Standing(setting, answer, state.shown.troubles.get(setting, ""))


def with_setting(lineup: tuple[Setting, ...], slot: int, setting: Setting) -> tuple[Setting, ...]:
    """The others in line with another one at `slot`, counted from 1; one more where that is the next free."""
    changed = [*lineup[: slot - 1], setting, *lineup[slot:]]
    return tuple(changed)[: MOST_METHODS - 1]


def without_slot(lineup: tuple[Setting, ...], slot: int) -> tuple[Setting, ...]:
    """The others in line without the one at `slot`, counted from 1."""
    return (*lineup[: slot - 1], *lineup[slot:])


def mean_to_first(answer: Reconstruction, first: Reconstruction) -> tuple[float, str]:
    """How far an answer lies from the first in line, on average, mm; and over which points.

    Over all vertices, as `against_first` has it; over the 68 landmarks where the meshes do not correspond.
    """
    for scalar in answer.scalars:
        if scalar.name == TO_FIRST:
            return float(np.nanmean(scalar.values)), "all vertices"
    difference = answer.landmarks - first.landmarks
    difference = difference - (0, 0, difference[:, 2].mean())
    return float(np.linalg.norm(difference, axis=1).mean()) * first.mm_per_px, "68 landmarks"


def nme(state: State, answer: Reconstruction) -> float | None:
    """The error of an answer's 68 landmarks in %, as the Metrics dock divides it; None without truth."""
    truth = None if state.judgement is None else state.judgement.landmarks
    if truth is None:
        return None
    return float(nme_percent(answer.landmarks, truth, None, normaliser(state.normaliser).size))


def figures_of(state: State, place: Standing) -> Iterator[tuple[str, str]]:
    """What stands under a method's name, and what it means: error, time per face, distance to the first."""
    answer = place.answer
    if answer is None:
        return
    if (error := nme(state, answer)) is not None:
        yield f"NME {error:.2f} %", f"NME 2D of 68 points {error:.2f} %, divided as the Metrics dock says"
    if (timing := answer.timing) is not None:
        each = " per face" if timing.faces > 1 else ""
        yield f"{timing.ms_per_face:.0f} ms{each}", spans(timing)
    if place.setting != setting_of(state) and state.answer is not None:
        apart, points = mean_to_first(answer, state.answer)
        sign = "" if points == "all vertices" else "~"
        yield f"{sign}{apart:.1f} mm from the first", f"{apart:.1f} mm from the first, mean over {points}"


def spans(timing: Timing) -> str:
    """Where the time went."""
    rest = max(timing.total_ms - timing.crop_ms - timing.network_ms, 0.0)
    faces = f" for {timing.faces} faces" if timing.faces > 1 else ""
    return (
        f"{timing.total_ms:.1f} ms{faces}: crop {timing.crop_ms:.1f}, network {timing.network_ms:.1f}, "
        f"back into the picture {rest:.1f}"
    )


def absence(state: State, place: Standing) -> str:
    """What a panel says instead of a face."""
    if place.trouble:
        return f"{worded(place.setting)} cannot answer.\n{place.trouble}"
    if state.shown is None or not state.shown.faces:
        return "No face yet"
    return f"{worded(place.setting)} is running…"
