"""What the captions of the bundled presentation say of the faces shown is so, with the weights that ship."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.detection.detectors import detect
from models.loading import load
from models.metrics.states import state_shares
from models.occlusion.kinds import occluder
from models.occlusion.occluder import lay
from models.pipeline import reconstruct
from models.reconstruction import Reconstruction, State
from models.reconstructor import Face, Reconstructor
from viewer.presentation.script import read_presentation
from viewer.sources.still import read_still
from viewer.state.occlusion import Occlusion
from viewer.state.presentation import Step

EYES = slice(36, 48)


@pytest.fixture(scope="module")
def method() -> Reconstructor:
    return load("dsfnet", "open", "cpu")


def step(title: str) -> Step:
    return next(one for one in read_presentation().steps if one.title == title)


def answered(shown: Step, method: Reconstructor) -> tuple[Reconstruction, Reconstruction]:
    """Without the step's occluders, and with them; both about the face that is found without."""
    image = read_still(Path(shown.picture)).image
    face: Face = detect(image)[0]
    (bare,) = reconstruct(image, [face], method)
    layers = [occluder(kind, bare.landmarks[:, :2], Occlusion().seed) for kind in shown.occluders]
    (covered,) = reconstruct(lay(image, layers)[0], [face], method, shown.switched_off)
    return bare, covered


def shares(answer: Reconstruction) -> dict[State, float]:
    found = state_shares(answer)
    assert found is not None
    return found


def test_the_hand_covers_most_of_the_face_and_the_eyes_stay_where_they_were(method):
    bare, covered = answered(step("How much did the hand change?"), method)
    assert shares(bare)[State.COVERED] < 0.2
    assert shares(covered)[State.COVERED] > 0.5, "A hand covers most of it"
    way = np.linalg.norm(covered.landmarks - bare.landmarks, axis=1)
    assert way[EYES].mean() < 0.5 * way.mean()


@pytest.mark.parametrize(
    ("title", "part"), [("Now without the model", "model space"), ("Now the model alone", "image space")]
)
def test_a_branch_that_is_said_to_be_out_is_out_and_a_whole_face_is_left(method, title, part):
    _, covered = answered(step(title), method)
    assert covered.left_out == (part,)
    assert np.isfinite(covered.vertices).all()


def test_the_mask_covers_mouth_and_chin_and_the_likely_error_is_told(method):
    _, answer = answered(step("A mask"), method)
    assert shares(answer)[State.COVERED] > 0.3
    assert answer.likely_error is not None


@pytest.mark.parametrize("name", ["tddfa", "prnet", "mgcnet"])
def test_no_other_method_says_what_was_covered(name):
    _, answer = answered(step("Other methods do not tell"), load(name, "open", "cpu"))
    told = state_shares(answer)
    assert told is None or told[State.COVERED] == 0.0
