# A face is another one with its shape or its expression changed: that part is then found to be what it lacks.
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from models.face_model.lacking import lacking, told_apart
from models.face_model.morphable import FaceModel
from models.ground_truth.aflw2000 import aflw2000
from models.ground_truth.record import GroundTruth
from models.loading import load_face_model
from models.metrics.failure import EXPRESSION, MARKING, REST, SHAPE, Failure, failure
from models.metrics.ground_truth_errors import Judgement
from models.metrics.normalisers import normaliser
from models.metrics.surface_distance import similarity
from models.reconstruction import frozen

PX_PER_MM = 3.0


def face(seed: int = 0) -> torch.Tensor:
    """[C] coefficients of a made-up face."""
    model = load_face_model()
    numbers = torch.Generator().manual_seed(seed)
    smiles = model.expression_bank[seed % len(model.expression_bank)]
    return torch.cat([0.8 * torch.randn(model.identity_count, generator=numbers), smiles])


def pictured(coefficients: torch.Tensor, yaw_deg: float = 0) -> np.ndarray:
    """[68, 3] image px."""
    model = load_face_model()
    points = model.landmarks(model.mean[None] + torch.tensordot(coefficients[None], model.basis, 1))[
        0
    ].numpy()
    c, s = np.cos(np.radians(yaw_deg)), np.sin(np.radians(yaw_deg))
    turned = points @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]).T
    return (turned * (1, -1, 1) * PX_PER_MM + (300, 200, 0)).astype(np.float32)


def judgement(own: np.ndarray, true: np.ndarray, has_depth: bool = True) -> Judgement:
    branch = SimpleNamespace(branch="fused", landmarks=own)
    truth = GroundTruth("truth.json", "", landmarks=frozen(true))
    return Judgement(truth, 0, frozen(true), has_depth, None, None, "", (branch,), None, "", 1.0)  # type: ignore[arg-type]


def split(own: np.ndarray, true: np.ndarray, has_depth: bool = True) -> Failure:
    told = failure(told_apart(judgement(own, true, has_depth), load_face_model()), normaliser("box"))
    assert told is not None
    return told


def shares(told: Failure) -> dict[str, float]:
    return {cause.name: cause.percent for cause in told.causes}


def swapped(mine: torch.Tensor, other: torch.Tensor, part: str) -> torch.Tensor:
    """A face with the other's shape or expression."""
    count = load_face_model().identity_count
    select = slice(None, count) if part == SHAPE else slice(count, None)
    result = mine.clone()
    result[select] = other[select]
    return result


@pytest.mark.parametrize("yaw", [0, 35])
@pytest.mark.parametrize(("part", "other"), [(SHAPE, EXPRESSION), (EXPRESSION, SHAPE)])
def test_what_alone_differs_takes_most_of_the_error(part, other, yaw):
    wrong = []
    for seed in range(6):
        true = face(seed)
        share = shares(split(pictured(swapped(true, face(seed + 40), part), yaw), pictured(true, yaw)))
        wrong.append((share[part], share[other], share[MARKING]))
    right, other_percent, left = np.mean(wrong, 0)
    assert right > 2 * abs(other_percent)
    assert right > 2 * left


def test_a_smile_nobody_saw_is_blamed_on_the_expression():
    model = load_face_model()
    smile = int(np.flatnonzero(["mouthSmileRight +mouthSmileLeft" in n for n in model.expression_names])[0])
    neutral = torch.cat([face()[: model.identity_count], torch.zeros(model.expression_count)])
    smiling = neutral.clone()
    smiling[model.identity_count + smile] = 2.5
    told = split(pictured(neutral), pictured(smiling))
    assert max(told.causes, key=lambda cause: cause.percent).name == EXPRESSION
    assert max(told.parts, key=lambda part: part.fitted_percent).name == "mouth"


def test_another_way_to_mark_a_landmark_is_neither_shape_nor_expression():
    true = pictured(face())
    own = true.copy()
    own[[17, 26], 1] += (14, -14)  # one end of the brows up, the other down: no face does that
    own[[36, 45], 1] += (-10, 10)
    share = shares(split(own, true))
    assert share[MARKING] > share[SHAPE]
    assert share[MARKING] > share[EXPRESSION]


def test_the_six_causes_add_up_in_their_order():
    told = split(pictured(face(1), 20) + np.float32(6), pictured(face(2)))
    assert list(shares(told)) == ["place", "size", "rotation", SHAPE, EXPRESSION, MARKING]
    assert sum(shares(told).values()) == pytest.approx(told.percent)
    assert told.causes[-2].left_percent == pytest.approx(told.causes[-1].percent)


def test_a_truth_without_depth_leaves_shape_and_expression_together():
    told = split(pictured(face(1)), pictured(face(2)), has_depth=False)
    assert list(shares(told)) == ["place", "size", "rotation", REST]


@pytest.mark.parametrize("broken", [np.full((68, 3), np.nan), np.zeros((68, 3))])
def test_landmarks_that_are_no_face_are_not_told_apart(broken):
    true = pictured(face())
    assert lacking(broken, true, load_face_model()) is None
    told = told_apart(judgement(broken, true), load_face_model())
    assert told.lacking is None


@pytest.mark.shared
def test_on_real_faces_a_missed_expression_and_an_average_shape_are_found_as_such():
    folder = Path(__file__).resolve().parents[4] / "shared" / "data" / "real" / "aflw2000_full"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data/real/aflw2000_full")
    model = load_face_model()
    parts: dict[str, list[tuple[float, float]]] = {SHAPE: [], EXPRESSION: []}
    for labelled in aflw2000(folder, 12):
        true = labelled.landmarks
        average = lacking(_at_rest(true, model), true, model)
        assert average is not None
        for without, change in ((SHAPE, average.shape), (EXPRESSION, average.expression)):
            share = shares(split((true - change).astype(np.float32), true))
            parts[without].append((share[SHAPE], share[EXPRESSION]))
    shape, expression = (np.mean(parts[name], 0) for name in (SHAPE, EXPRESSION))
    assert shape[0] > 3 * shape[1]
    assert expression[1] > 3 * expression[0]


def _at_rest(true: np.ndarray, model: FaceModel) -> np.ndarray:
    """[68, 3] the average face, without expression, where a true one is."""
    mean = model.landmarks(model.mean[None])[0].numpy().astype(np.float64) * (1, -1, 1)
    return similarity(mean, true.astype(np.float64), mean).astype(np.float32)
