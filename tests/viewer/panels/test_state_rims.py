"""Rims between states without the teeth of the mesh (tier 1)."""

import numpy as np
import pytest

from models.reconstruction import most_likely
from tests.viewer.gl_fixtures import dome
from viewer.panels.state_rims import smoothed

TRIANGLES = dome.topology().triangles
U, V = dome.topology().uv.T


def slanted():
    """Hard states on both sides of a slanted line: its rim follows the mesh's edges in steps."""
    seen = (U + 0.37 * V < 0.61).astype(np.float32)
    covered = (1 - seen) * (V > 0.55)
    return np.stack((seen, 1 - seen - covered, covered), 1)


def crossings(p_seen):
    """Where P(seen) passes one half along the rows of the mesh."""
    rows = p_seen.reshape(dome.SIDE, dome.SIDE)
    found = []
    for row in rows:
        at = int(np.flatnonzero(row > 0.5).max())
        found.append(at + (row[at] - 0.5) / (row[at] - row[at + 1]))
    return np.array(found)


@pytest.mark.parametrize("seed", range(3))
def test_every_vertex_keeps_its_state(seed):
    noise = np.random.default_rng(seed).dirichlet((0.3, 0.3, 0.3), dome.SIDE**2).astype(np.float32)
    for states in (slanted(), noise):
        drawn = smoothed(states, TRIANGLES)
        np.testing.assert_array_equal(most_likely(drawn), most_likely(states))
        np.testing.assert_allclose(drawn.sum(1), 1, atol=1e-5)
        assert drawn.min() > -1e-6


def test_a_slanted_rim_has_smaller_teeth():
    def teeth(p_seen):
        places = crossings(p_seen)
        line = np.polyval(np.polyfit(np.arange(len(places)), places, 1), np.arange(len(places)))
        return np.abs(places - line).max()

    states = slanted()
    assert teeth(smoothed(states, TRIANGLES)[:, 0]) < 0.7 * teeth(states[:, 0])


def test_what_is_unknown_or_has_no_triangles_is_left_alone():
    lost = np.full((dome.SIDE**2, 3), np.nan, np.float32)
    assert smoothed(lost, TRIANGLES) is lost
    assert smoothed(slanted(), TRIANGLES[:0]).shape == (dome.SIDE**2, 3)
