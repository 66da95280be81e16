"""What the shipped weights of the peers say of the bundled samples: as they did when they were taken in."""

from __future__ import annotations

import numpy as np
import pytest

from tests import goldens


@pytest.mark.parametrize("method", goldens.PEERS)
@pytest.mark.parametrize("name", goldens.SAMPLES)
def test_the_shipped_weights_of_a_peer_answer_as_they_did(name, method):
    """Tolerances: positions 0.5 % of the face, pose 0.5 degrees. New weights: `python -m tests.goldens`."""
    known = goldens.read("open", method)[name]
    said = goldens.peer_summary(goldens.answer(name, "open", method))
    size = np.ptp(np.array(known["landmarks"])[:, :2], axis=0).max()
    np.testing.assert_allclose(said["landmarks"], known["landmarks"], atol=0.005 * size + 0.1)
    np.testing.assert_allclose(said["pose"], known["pose"], atol=0.5)
    assert said["alarms"] == known["alarms"]


@pytest.mark.parametrize("method", goldens.PEERS)
def test_a_golden_holds_faces_and_not_one_answer_for_all(method):
    known = goldens.read("open", method)
    assert list(known) == list(goldens.SAMPLES)
    for name, (x0, y0, x1, y1) in goldens.SAMPLES.items():
        middle = np.array(known[name]["landmarks"])[:, :2].mean(0)
        assert x0 < middle[0] < x1
        assert y0 < middle[1] < y1
