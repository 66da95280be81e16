from dataclasses import replace

import pytest
import torch
from torch import Tensor

from models.geometry.transforms import Similarity, rotation_from_euler
from models.networks.dual_space import DualSpaceNetwork, Switches
from models.networks.refining import JAW, MARKS, Marks, Reading, RefiningNetwork, doubted, step, within
from tests.models.networks.test_dual_space import SMALL, crops, dome_chart

SURE, BLIND = -4.0, 4.0  # log_size of a reading


def marks() -> Marks:
    """68 places of the dome, each a cell of its chart."""
    chart = dome_chart()
    cells = torch.linspace(0, len(chart.mean) - 1, MARKS).round().long()
    weights = torch.eye(len(chart.mean))[cells]
    basis = torch.cat((chart.identity, chart.expression))
    return Marks(chart.mean[cells], chart.mean[cells], weights, basis[:, cells])


def placed(count: int = 2) -> Similarity:
    turned = rotation_from_euler(torch.tensor([[0.1, 0.3, -0.1]] * count))
    return Similarity(torch.full((count,), 0.6), turned, torch.tensor([[0.05, -0.02, 0.0]] * count))


def steps(reading: Reading, times: int, stiffness: float = 1e-3) -> tuple[Tensor, Similarity]:
    """The mean face after so many steps towards a reading: its coefficients and placement."""
    known, placement = marks(), placed()
    told = torch.zeros(2, len(known.basis))
    for _ in range(times):
        points = placement.apply(known.mean + torch.einsum("bc,ckj->bkj", told, known.basis))
        more, placement = step(
            points, reading, known.basis, placement, torch.full((len(known.basis) + 6,), stiffness)
        )
        told = told + more
    return told, placement


def test_steps_find_the_face_that_a_reading_was_taken_from():
    known = marks()
    true = torch.tensor([[0.8, -0.5, 1.2], [-1.0, 0.4, 0.3]])
    turn = rotation_from_euler(torch.tensor([[0.2, 0.2, 0.0], [0.0, 0.45, -0.2]]))
    there = Similarity(torch.tensor([0.65, 0.55]), turn, torch.tensor([[0.1, 0.0, 0.0], [0.0, -0.1, 0.0]]))
    points = there.apply(known.mean + torch.einsum("bc,ckj->bkj", true, known.basis))
    told, placement = steps(Reading(points[..., :2], torch.full((2, MARKS), SURE)), 4)
    torch.testing.assert_close(told, true, atol=0.02, rtol=0)
    torch.testing.assert_close(placement.rotation, turn, atol=2e-3, rtol=0)
    torch.testing.assert_close(placement.scale, there.scale, atol=1e-3, rtol=0)


def test_what_nobody_can_read_stays_where_it_was():
    far = placed().apply(marks().mean)[..., :2] + 0.2
    told, placement = steps(Reading(far, torch.full((2, MARKS), BLIND)), 1, stiffness=1.0)
    sure, moved = steps(Reading(far, torch.full((2, MARKS), 0.0)), 1, stiffness=1.0)
    assert told.abs().max() < 0.02 * max(float(sure.abs().max()), 1.0)
    shift = (placement.translation - placed().translation).norm(dim=1)
    assert (shift < 0.07).all()
    assert ((moved.translation - placed().translation).norm(dim=1) > 0.2).all()


def test_a_certain_point_counts_for_more_than_an_uncertain_one():
    """Half of the points are said to lie right, half left: the face goes where the certain half says."""
    here = placed().apply(marks().mean)[..., :2]
    side = torch.where(torch.arange(MARKS) % 2 == 0, 0.1, -0.1)
    size = torch.where(torch.arange(MARKS) % 2 == 0, -1.0, 1.0).expand(2, -1)
    goal = here + torch.stack((side, torch.zeros(MARKS)), -1)
    _, placement = steps(Reading(goal, size), 1, stiffness=1.0)
    assert (placement.translation[:, 0] - placed().translation[:, 0] > 0.04).all()


@pytest.fixture
def network() -> DualSpaceNetwork:
    torch.manual_seed(1)
    net = DualSpaceNetwork(replace(SMALL, refining=16), dome_chart(), marks())
    net.train()
    for _ in range(3):
        net(crops(4))
    assert net.refine is not None
    torch.nn.init.normal_(net.refine.read.leave[1].weight, std=0.3)  # untrained it reads what is there
    return net.eval()


def test_a_switch_leaves_every_face_as_it_was(network):
    with torch.no_grad():
        percept = network.perceive(crops(2))
        plain, refined = network.faces(percept), network.conclude(percept)
        without = network.conclude(percept, Switches(refinement=False))
    for name in ("image_space", "model_space", "fused"):
        before, after, off = getattr(plain, name), getattr(refined, name), getattr(without, name)
        assert (before.face - after.face).abs().max() > 1e-3
        torch.testing.assert_close(off.face, before.face, atol=0, rtol=0)


def test_inner_landmarks_are_doubted_where_no_face_is_seen_and_outlines_are_not():
    upper = torch.zeros(2, 1, 8, 8)
    upper[0, :, :4] = 1.0  # of the first picture the upper half shows a face, of the second nothing
    places = torch.zeros(4, MARKS, 3)  # two faces each
    places[:, ::2, 1], places[:, 1::2, 1] = 0.5, -0.5
    reading = doubted(Reading(places[..., :2], torch.full((4, MARKS), 0.5)), upper, places)
    more = reading.log_size - 0.5
    assert not more[:, :JAW].any()
    for face in (0, 2):
        assert not more[face, JAW + 1 :: 2].any()
        assert (more[face, JAW::2] > 2).all()
    assert (more[1::2, JAW:] > 2).all()
    torch.testing.assert_close(reading.points, places[..., :2], atol=0, rtol=0)


def test_what_no_pixel_shows_moves_faces_less_unless_the_mask_is_left_out(network):
    def moved(percept, switches=Switches()):  # noqa: B008
        faces, refined = network.faces(percept, switches), network.conclude(percept, switches)
        return float((faces.model_space.face - refined.model_space.face).norm(dim=-1).mean())

    with torch.no_grad():
        percept = network.perceive(crops(2))
        seen, hidden = (
            percept._replace(dense=percept.dense._replace(mask=torch.full_like(percept.dense.mask, logit)))
            for logit in (20.0, -20.0)
        )
        assert moved(hidden) < 0.8 * moved(seen)
        unmasked = Switches(visibility_mask=False)
        assert moved(hidden, unmasked) == pytest.approx(moved(seen, unmasked), rel=1e-3)


def test_faces_are_refined_alike_alone_and_in_company(network):
    with torch.no_grad():
        many = network(crops(3))
        for k in range(3):
            alone = network(crops(3)[k : k + 1])
            torch.testing.assert_close(alone.fused.face[0], many.fused.face[k], atol=1e-4, rtol=0)
            torch.testing.assert_close(
                alone.model_space.coefficients[0], many.model_space.coefficients[k], atol=1e-3, rtol=0
            )


def test_branches_are_read_twice_and_the_fused_face_once(network):
    with torch.no_grad():
        percept = network.perceive(crops(2))
        faces = network.faces(percept)
        once, _ = network.refined(percept, faces, twice=False)
        twice, _ = network.refined(percept, faces)
        again, _ = network.refined(percept, once, twice=False)
    torch.testing.assert_close(twice.fused.face, once.fused.face, atol=1e-5, rtol=0)
    for name in ("image_space", "model_space"):
        torch.testing.assert_close(getattr(twice, name).face, getattr(again, name).face, atol=1e-4, rtol=0)
        assert (getattr(twice, name).face - getattr(once, name).face).abs().max() > 1e-3


def test_a_branch_alone_is_refined_as_beside_the_other(network):
    with torch.no_grad():
        percept = network.perceive(crops(2))
        both = network.conclude(percept)
        model = network.conclude(percept, Switches(image_space=False))
    torch.testing.assert_close(model.model_space.face, both.model_space.face, atol=1e-5, rtol=0)


def test_refined_coefficients_are_those_of_the_refined_shape(network):
    with torch.no_grad():
        face = network(crops(2)).model_space
    torch.testing.assert_close(network.shape_offset(face.coefficients), face.offset, atol=1e-5, rtol=0)


def test_a_face_that_is_nowhere_hurts_no_other(network):
    """`grid_sample` reads anywhere in memory at a place that is no number."""
    with torch.no_grad():
        percept = network.perceive(crops(2))
        faces = network.faces(percept)
        lost = faces.fused._replace(offset=faces.fused.offset * torch.nan)
        refined, _ = network.refined(percept, faces._replace(fused=lost))
        expected, _ = network.refined(percept, faces)
    torch.testing.assert_close(refined.model_space.face, expected.model_space.face, atol=1e-5, rtol=0)
    assert within(torch.tensor([torch.nan, torch.inf, -torch.inf, 0.5])).tolist() == [0.0, 4.0, -4.0, 0.5]


def test_landmarks_are_looked_up_where_they_lie_in_a_photo_and_compared_as_they_were_taught():
    """A network that finds every landmark where it looks moves the face by what lies between the two."""
    shifted = marks()._replace(looked=marks().mean + torch.tensor([0.1, 0.0, 0.0]))
    network = RefiningNetwork(3, 8, shifted, 16).eval()
    offset = torch.zeros(2, shifted.weights.shape[1], 3)
    placement = placed()
    with torch.no_grad():
        reading, _, moved = network(torch.zeros(2, 3, 32, 32), torch.zeros(2, 8), offset, placement)
    torch.testing.assert_close(reading.points, placement.apply(shifted.looked.expand(2, -1, -1))[..., :2])
    shift = moved.translation - placement.translation
    assert (shift[:, 0] > 0.02).all()
    assert (shift[:, 1].abs() < shift[:, 0]).all()


def test_only_what_is_read_is_learnt_from_a_reading(network):
    network.requires_grad_(False)
    network.refine.requires_grad_(True)
    with torch.no_grad():
        percept = network.perceive(crops(2))
        faces = network.faces(percept)
    refined, _ = network.refined(percept, faces)
    refined.fused.face.square().sum().backward()
    learnt = {name.split(".")[0] for name, p in network.named_parameters() if p.grad is not None}
    assert learnt == {"refine"}
    assert all(p.grad is not None for p in network.refine.parameters())
