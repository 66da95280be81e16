"""Which parts take part in the answer, and whether it is as old as the switches. No Qt."""

from __future__ import annotations

from collections.abc import Collection

from models.reconstruction import BRANCHES
from viewer.state.state import State

BOTH_OFF = "Both branches are switched off, so there is no face. Switch one of them on."


def branches_off(switches: Collection[str], without: Collection[str]) -> bool:
    """Whether a method with these switches has branches, and all of them are left out."""
    branches = set(switches) & set(BRANCHES)
    return bool(branches) and branches <= set(without)


def both_off(state: State) -> bool:
    """`branches_off` as the window's switches stand."""
    return branches_off(state.switches, state.switched_off)


def older_than_switches(state: State) -> bool:
    """Whether the answer shown was computed with other switches, and a new one is on its way."""
    answer = state.answer
    if answer is None or state.live or not state.busy:
        return False
    known = {*answer.took_part, *answer.left_out}
    return set(answer.left_out) != state.switched_off & known
