"""What became of each vertex and landmark, by one rule: all that says seen or hidden asks here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.reconstruction import SEEN_ABOVE, STATE_SCALARS, Alarm, Reconstruction, State, most_likely

STATE_NAMES = {State.SEEN: "seen", State.TURNED_AWAY: "turned away", State.COVERED: "covered"}
"""As people read them, in files and windows alike."""
LITTLE_SEEN = 0.2  # share of the vertices; chosen as `models.methods.dsfnet.alarms` says of its own
MOSTLY_COVERED = 0.5  # share of the vertices


def vertex_states(answer: Reconstruction) -> NDArray[np.uint8] | None:
    """[N] the `State` of every vertex; None if the method does not say."""
    states = answer.states
    return None if states is None else most_likely(states)


def landmark_probabilities(answer: Reconstruction) -> NDArray[np.float32] | None:
    """[68, 3] P(seen), P(turned away), P(covered): the answer's own, else its surface's; None if unknown."""
    if answer.landmark_states is not None:
        return answer.landmark_states
    return None if answer.states is None else answer.topology.landmarks(answer.states)


def landmark_states(answer: Reconstruction) -> NDArray[np.uint8] | None:
    """[68] the `State` of every landmark; None if the method does not say."""
    probabilities = landmark_probabilities(answer)
    return None if probabilities is None else most_likely(probabilities)


def state_shares(answer: Reconstruction) -> dict[State, float] | None:
    """Share of the vertices in each state, 0..1, summing to one; None if the method does not say."""
    states = vertex_states(answer)
    if states is None or len(states) == 0:
        return None
    return {state: round(float((states == state).mean()), 4) for state in State}


def state_alarms(answer: Reconstruction) -> tuple[Alarm, ...]:
    """What must be known of an answer that hardly saw its face; none if the method does not say."""
    shares = state_shares(answer)
    if shares is None:
        return ()
    seen, covered, vertices = shares[State.SEEN], shares[State.COVERED], len(answer.vertices)
    told = []
    if seen < LITTLE_SEEN:
        text = f"Only {seen:.0%} of the face was seen; the rest is completed from the face model."
        told.append(Alarm("little-seen", text, round((1 - seen) * vertices)))
    if covered > MOSTLY_COVERED:
        text = f"{covered:.0%} of the face is covered by something; that part is a guess."
        told.append(Alarm("mostly-covered", text, round(covered * vertices)))
    return tuple(told)


def seen_share(answer: Reconstruction) -> float | None:
    """Share of the vertices that were seen, 0..1; None if the method does not say."""
    seen = seen_vertices(answer)
    return None if seen is None or len(seen) == 0 else round(float(seen.mean()), 4)


def seen_vertices(answer: Reconstruction) -> NDArray[np.bool_] | None:
    """[N]: which vertices were seen; None if the method does not say. P(seen) alone is enough for that."""
    told = _p_seen(answer)
    return None if told is None else _is_seen(told)


def seen_landmarks(answer: Reconstruction) -> NDArray[np.bool_] | None:
    """[68]: which landmarks were seen; None if the method does not say."""
    probabilities = landmark_probabilities(answer)
    if probabilities is not None:
        return _is_seen(probabilities[:, State.SEEN])
    told = _p_seen(answer)
    return None if told is None else _is_seen(answer.topology.landmarks(told[:, None])[:, 0])


def _p_seen(answer: Reconstruction) -> NDArray[np.float32] | None:
    return next((scalar.values for scalar in answer.scalars if scalar.name == STATE_SCALARS[0]), None)


def _is_seen(p_seen: NDArray[np.float32]) -> NDArray[np.bool_]:
    """As `most_likely` has it: what is not known was not seen."""
    return np.asarray(p_seen > SEEN_ABOVE)
