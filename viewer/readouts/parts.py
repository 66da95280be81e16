"""What panels say while nothing takes part in the answer, or it is older than the request. No Qt."""

from __future__ import annotations

from viewer.state.setting import NO_BRANCH, NO_BRANCH_REMEDY, nothing_left
from viewer.state.state import State

BOTH_OFF = f"{NO_BRANCH} {NO_BRANCH_REMEDY}"


def both_off(state: State) -> bool:
    """Whether the method has branches, and the window's switches leave all of them out."""
    return nothing_left(state.switches, state.switched_off)


def outdated(state: State) -> bool:
    """Whether what is shown answers an older request, and the new answer is on its way."""
    return state.stale and state.busy
