from dataclasses import replace

import pytest
import torch

from models.face_model.sampled import landmark_weights
from models.face_model.uv import PositionMapTable
from models.geometry.transforms import Similarity, rotation_from_euler
from models.geometry.units import MM_PER_UNIT
from models.loading import load_face_model
from models.networks.dual_space import Completed, DensePrediction, DualSpaceAnswer, Fused, Seen
from models.reconstruction import State
from models.synthetic.dataset import FaceBatch
from models.synthetic.labels import UNKNOWN
from models.training.losses import LOWER, Landmarks, confidence_target, dsfnet_loss, gaps, make_target
from models.training.recipes import LossWeights

COUNT, SIDE = 3, 64


@pytest.fixture(scope="module")
def table():
    return PositionMapTable(load_face_model().topology, 48)


@pytest.fixture(scope="module")
def landmarks(table):
    face_model = load_face_model()
    mean = torch.from_numpy(face_model.topology.landmarks(face_model.mean.numpy())) / MM_PER_UNIT
    return Landmarks(mean, landmark_weights(face_model, table))


@pytest.fixture(scope="module")
def faces() -> FaceBatch:
    """Faces under a scaled orthographic camera, whose placement is a similarity."""
    generator = torch.Generator().manual_seed(0)
    face_model = load_face_model()
    grid = (COUNT, SIDE, SIDE)
    return FaceBatch(
        images=torch.zeros(COUNT, 3, 2 * SIDE, 2 * SIDE, dtype=torch.uint8),
        mask=(torch.rand(grid, generator=generator) > 0.5).to(torch.uint8),
        uv=torch.rand(COUNT, 2, SIDE, SIDE, generator=generator).half(),
        depth=torch.randn(grid, generator=generator).half(),
        identity=torch.randn(COUNT, face_model.identity_count, generator=generator),
        expression=0.1 * torch.randn(COUNT, face_model.expression_count, generator=generator),
        rotation=rotation_from_euler(0.4 * torch.randn(COUNT, 3, generator=generator)),
        camera=torch.tensor([[0.6, 60.0, 70.0, 0.0]]).expand(COUNT, 4),
        visibility=torch.ones(COUNT, len(face_model.mean), dtype=torch.uint8),
        states=torch.zeros(COUNT, len(face_model.mean), dtype=torch.uint8),
        landmark_states=torch.zeros(COUNT, 68, dtype=torch.uint8),
        placed=torch.full((COUNT, 68, 2), torch.nan),
    )


def truthful(faces: FaceBatch, table: PositionMapTable) -> DualSpaceAnswer:
    """What a network without any error would answer."""
    target = make_target(faces, load_face_model(), table)
    place = torch.tensor([(60 - 63.5) / 64, (63.5 - 70) / 64, 0.0]).expand(COUNT, 3)
    placement = Similarity(torch.full((COUNT,), 0.6 * MM_PER_UNIT / 64), faces.rotation, place)
    branch = Completed(target.coefficients, target.offset, placement, target.face)
    mask = target.mask[:, None]
    dense = DensePrediction(40 * mask - 20, target.uv, target.depth[:, None], 40 * mask - 20)
    seen = Seen(target.face, torch.ones(target.face.shape[:2]), torch.zeros(COUNT, dtype=torch.bool))
    ones = torch.ones(target.face.shape[:2])
    fused = Fused(target.offset, target.face, ones, ones, placement, target.face)
    side = table.size
    cells = torch.where(target.states == UNKNOWN, 0, target.states)
    sure = 20 * torch.nn.functional.one_hot(cells, 3).mT.unflatten(2, (side, side)).float()
    return DualSpaceAnswer(dense, seen, branch, branch, fused, sure, sure)


def terms(answer, faces, table, landmarks):
    target = make_target(faces, load_face_model(), table)
    inside = table.mask.flatten().float()
    return dsfnet_loss(answer, target, landmarks, inside, LossWeights())[1]


def test_the_truth_costs_nothing(faces, table, landmarks):
    for name, value in terms(truthful(faces, table), faces, table, landmarks).items():
        allowed = 0.1 if "gaps" in name else 0.05
        assert float(value) < allowed, name  # sampling the chart costs the landmarks 0.3 px of the crop


def test_a_wrong_state_costs_and_an_unknown_one_does_not(faces, table, landmarks):
    answer = truthful(faces, table)
    covered = replace(faces, states=torch.full_like(faces.states, State.COVERED))
    assert float(terms(answer, covered, table, landmarks)["states"]) > 10
    unknown = replace(faces, landmark_states=torch.full_like(faces.landmark_states, UNKNOWN))
    unknown.landmark_states[:, 5] = State.SEEN
    assert float(terms(answer, unknown, table, landmarks)["landmark states"]) < 0.01
    unknown.landmark_states[:, 5] = State.TURNED_AWAY
    assert float(terms(answer, unknown, table, landmarks)["landmark states"]) > 1


def test_cells_nobody_knows_cost_the_mask_nothing(faces, table, landmarks):
    answer = truthful(faces, table)
    wrong = replace(faces, mask=1 - faces.mask)
    assert float(terms(answer, wrong, table, landmarks)["mask"]) > 10
    unknown = replace(faces, mask=torch.where(faces.mask == 1, UNKNOWN, faces.mask).to(torch.uint8))
    assert float(terms(answer, unknown, table, landmarks)["mask"]) < 0.01


def test_a_shift_costs_its_length(faces, table, landmarks):
    answer = truthful(faces, table)
    assert answer.fused is not None
    moved = answer.fused.placement._replace(translation=answer.fused.placement.translation + 0.1)
    fused = answer.fused._replace(placement=moved, face=answer.fused.face + 0.1)
    found = terms(answer._replace(fused=fused), faces, table, landmarks)
    w = LossWeights()
    assert float(found["fused landmarks"]) == pytest.approx(w.fused * w.landmarks * 0.1 * 2**0.5, rel=0.02)
    assert float(found["fused position"]) == pytest.approx(w.fused * w.position * 0.1 * 1.5, rel=0.02)
    assert float(found["ms landmarks"]) < 0.04


def test_landmarks_that_people_placed_take_the_place_of_the_faces_own(faces, table, landmarks):
    before = make_target(faces, load_face_model(), table).landmarks
    placed = faces.placed.clone()
    placed[0, 30] = torch.tensor([70.5, 40.5])
    target = make_target(replace(faces, placed=placed), load_face_model(), table)
    assert target.landmarks[0, 30, :2].tolist() == pytest.approx([7 / 64, 23 / 64])
    moved = (target.landmarks != before).any(-1)
    assert moved.nonzero().tolist() == [[0, 30]]
    assert torch.equal(target.landmarks[..., 2], before[..., 2])


def test_a_mouth_told_too_far_open_costs_its_gaps(faces, table, landmarks):
    target = make_target(faces, load_face_model(), table)
    wide = target.landmarks.clone()
    wide[:, LOWER[:3], 1] -= 0.14
    assert float((gaps(wide) - gaps(target.landmarks)).norm(dim=-1).mean()) == pytest.approx(0.06)
    placed = faces.placed.clone()
    placed[:, LOWER[:3]] = (wide[:, LOWER[:3], :2] * torch.tensor([64.0, -64.0])) + 63.5
    answer, w = truthful(faces, table), LossWeights()
    found = terms(answer, replace(faces, placed=placed), table, landmarks)
    assert float(found["ms gaps"]) == pytest.approx(w.gaps * 0.06, rel=0.1)
    assert float(found["fused gaps"]) == pytest.approx(w.fused * w.gaps * 0.06, rel=0.1)


def test_confidence_should_be_full_where_nothing_is_wrong_and_fall_with_the_error():
    error = torch.tensor([0.0, 0.05, 0.2])
    wanted = confidence_target(error, torch.zeros(3))
    assert float(wanted[0]) == 1
    assert bool((wanted.diff() < 0).all())
    assert float(wanted[1]) == pytest.approx(float(torch.exp(torch.tensor(-0.05 / 0.05)).sqrt()))
