import numpy as np
import pytest
import torch
from torch import Tensor

from models.loading import load_face_model
from models.methods.dsfnet.answer import agreeing, states_by_rule
from models.methods.dsfnet.decoded import Decoded, own_correction
from models.methods.dsfnet.method import DSFNet, make_network, standardise
from models.networks.dual_space import DensePrediction, Form, Switches
from models.reconstruction import State
from models.synthetic.camera import project
from models.synthetic.dataset import FaceBatch, batch

DECODED = Decoded(*(None,) * len(Decoded._fields))
SMALL = Form(widths=(8, 8, 8, 8, 8), summary=16, chart_size=48, fusion_widths=(8, 8, 8, 8), sampled=4)


@pytest.fixture(scope="module")
def method() -> DSFNet:
    torch.manual_seed(0)
    return DSFNet(make_network(SMALL, load_face_model()), load_face_model())


@pytest.fixture(scope="module")
def rendered() -> FaceBatch:
    return batch(11, range(8))


def perfect(faces: FaceBatch) -> DensePrediction:
    """What heads without any error would say."""
    mask = faces.mask[:, None].float()
    return DensePrediction(
        18 * mask - 9, faces.uv.float(), faces.depth[:, None] / 64, torch.full_like(mask, 9.0)
    )


def projected(faces: FaceBatch) -> Tensor:
    shape = load_face_model().vertices(faces.identity, faces.expression)
    return project(shape, faces.rotation, faces.camera)


def by_rule(dense: DensePrediction, face: Tensor, method: DSFNet) -> Tensor:
    topology = method.topology
    uv, triangles = torch.tensor(topology.uv), torch.tensor(topology.triangles).long()
    return states_by_rule(torch.sigmoid(dense.mask), dense.uv, face, uv, triangles, 128)


def test_states_by_rule_read_off_perfect_maps_agree_with_the_renderer(method, rendered):
    told = by_rule(perfect(rendered), projected(rendered), method)
    torch.testing.assert_close(told.sum(-1), torch.ones(told.shape[:2]))
    agreed = ((told[..., 0] > 0.5) == (rendered.states == State.SEEN)).float().mean(1)
    assert float(agreed.mean()) > 0.9
    hidden = rendered.states != State.SEEN
    assert float((told.argmax(-1) == rendered.states)[hidden].float().mean()) > 0.75


def test_a_face_seen_nowhere_is_covered_or_turned_away_by_rule(method, rendered):
    dense = perfect(rendered)
    hidden = dense._replace(mask=torch.full_like(dense.mask, -9.0))
    vertices = torch.rand(8, len(method.topology.uv), 3) * 127
    assert not bool((by_rule(hidden, vertices, method)[..., 0] > 0.5).any())


def strip(*x_px: float) -> Tensor:
    """[1, P, 3] vertices on the middle row of a crop of 128 px."""
    return torch.tensor([[x, 64.0, 0.0] for x in x_px])[None]


def left_half() -> Tensor:
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., :32] = 1  # crop px below 63.5
    return mask


def test_nothing_is_seen_where_no_pixel_nearby_shows_face():
    states = torch.tensor([0.9, 0.03, 0.07]).expand(1, 5, 3)
    told, _ = agreeing(states, left_half(), strip(40.0, 62.5, 65.4, 65.6, 80.0), 128)
    torch.testing.assert_close(told[0, :3], states[0, :3], atol=1e-5, rtol=0)  # within 1.5 cells of the rim
    nothing = torch.tensor([0.0, 0.3, 0.7]).expand(2, 3)
    torch.testing.assert_close(told[0, 3:], nothing, atol=1e-4, rtol=0)  # a tenth of a cell further


def test_pixels_under_a_face_that_is_covered_there_show_no_face_and_others_keep_it():
    states = torch.tensor([[0.9, 0.0, 0.1], [0.1, 0.0, 0.9]])[None]
    _, mask = agreeing(states, left_half(), strip(21.6, 40.5), 128)
    row = mask[0, 0, 32]
    assert row[9:14].tolist() == pytest.approx([1, 0.9, 0.9, 0.9, 1])  # around cell 11, where 21.6 px lies
    assert row[18:23].tolist() == pytest.approx([1, 0.1, 0.1, 0.1, 1])
    assert not row[32:].any()


def test_what_falls_outside_the_face_on_the_chart_is_dropped(method):
    network = method._network
    inside = network.inside.view(48, 48)
    row, column = (int(k) for k in torch.nonzero(inside == 0)[0])
    uv = torch.tensor([(column + 0.5) / 48, (row + 0.5) / 48]).view(1, 2, 1, 1).expand(1, 2, 64, 64)
    sure = torch.full((1, 1, 64, 64), 9.0)
    seen = network.scatter(DensePrediction(sure, uv, torch.zeros(1, 1, 64, 64), sure), Switches())
    assert not seen.weights.any()


def test_own_correction_is_the_distance_from_what_lies_between_the_branches():
    image = np.zeros((3, 3), np.float32)
    model = np.array([[10, 0, 0]] * 3, np.float32)
    face = np.array([[5, 0, 0], [5, 3, 4], [-2, 0, 0]], np.float32)
    told = own_correction(DECODED._replace(face=face, image_space=image, model_space=model))
    np.testing.assert_allclose(told, [0, 5, 2])


def test_perfect_maps_put_what_was_seen_where_the_face_is(method, rendered):
    network = method._network
    seen = network.scatter(perfect(rendered), Switches())
    truth = project(
        load_face_model().vertices(rendered.identity, rendered.expression), rendered.rotation, rendered.camera
    )
    cells = method._table.to_map(truth).flatten(2).mT
    camera = torch.stack(((cells[..., 0] - 63.5) / 64, (63.5 - cells[..., 1]) / 64, cells[..., 2] / 64), -1)
    apart = (seen.positions - camera)[..., :2].norm(dim=-1)
    weight = seen.weights * network.inside
    assert float((weight * apart).sum() / weight.sum()) * 64 < 1.0  # px of the crop


def test_standardised_channels_have_no_mean_and_unit_variance():
    crops = torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8)
    values = standardise(crops)
    assert float(values.mean((2, 3)).abs().max()) < 1e-4
    assert values.var((2, 3), correction=0).numpy() == pytest.approx(np.ones((2, 3)), abs=0.03)


def test_brightness_and_contrast_of_a_crop_do_not_matter():
    crops = torch.randint(40, 120, (1, 3, 32, 32), dtype=torch.uint8)
    torch.testing.assert_close(standardise(crops), standardise(2 * crops), atol=0.05, rtol=0.05)


def test_an_all_black_crop_is_answered_and_its_doubts_are_told(method):
    answer = method(np.zeros((1, 128, 128, 3), np.uint8))[0]
    assert np.isfinite(answer.vertices).all()
    assert np.isfinite(answer.pose_deg).all()
    assert answer.alarms


def saying(mask: float, uv: float) -> DSFNet:
    """A method whose every pixel says the same."""
    torch.manual_seed(0)
    network = make_network(SMALL, load_face_model())
    with torch.no_grad():
        network.evidence.leave.weight[0], network.evidence.leave.bias[0] = 0, mask
        last = network.dense[1]
        last.weight[:], last.bias[:] = 0, torch.tensor([uv - 0.5, uv - 0.5, 0.0, 5.0])
    return DSFNet(network, load_face_model())


def codes(method: DSFNet) -> set[str]:
    return {alarm.code for alarm in method(np.full((1, 128, 128, 3), 99, np.uint8))[0].alarms}


def test_an_empty_mask_is_told_and_a_full_one_is_not_called_empty():
    assert "empty-mask" in codes(saying(mask=-9.0, uv=0.5))
    assert "empty-mask" not in codes(saying(mask=9.0, uv=0.5))


def test_pixels_far_apart_that_claim_one_place_are_told():
    assert "uv-collisions" in codes(saying(mask=9.0, uv=0.5))
    assert "uv-collisions" not in codes(saying(mask=-9.0, uv=0.5))


def test_one_face_or_many_make_no_difference(method):
    crops = np.random.default_rng(0).integers(0, 255, (3, 128, 128, 3), np.uint8)
    together = method(crops)
    for k in range(3):
        np.testing.assert_allclose(together[k].vertices, method(crops[k : k + 1])[0].vertices, atol=0.05)


def test_a_bare_answer_is_the_same_without_layers(method):
    crops = np.random.default_rng(2).integers(0, 255, (2, method.size, method.size, 3), np.uint8)
    for whole, bare in zip(method(crops), method.bare(crops), strict=True):
        assert not bare.layers
        assert whole.layers
        assert np.array_equal(whole.vertices, bare.vertices)
        assert np.array_equal(whole.landmark_states, bare.landmark_states)
        assert whole.alarms == bare.alarms
        assert [one.name for one in whole.scalars] == [one.name for one in bare.scalars]
    with pytest.raises(ValueError, match="no such part"):
        method.bare(crops, frozenset({"no such part"}))


def test_disagreement_is_the_distance_of_the_branches_in_mm(method):
    answer = method(np.random.default_rng(1).integers(0, 255, (1, 128, 128, 3), np.uint8))[0]
    image, model = answer.layer("image space"), answer.layer("model space")
    apart = np.linalg.norm(image.vertices - model.vertices, axis=1) * answer.mm_per_px
    np.testing.assert_allclose(answer.scalar("disagreement").values, apart, rtol=1e-4, atol=1e-3)


def test_each_branch_tells_the_pose_it_has_when_asked_alone(method):
    crops = np.random.default_rng(2).integers(0, 255, (1, 128, 128, 3), np.uint8)
    whole = method(crops)[0]
    for branch, other in (("image space", "model space"), ("model space", "image space")):
        (alone,) = method(crops, frozenset({other}))
        assert whole.layer(branch).pose_deg == pytest.approx(alone.pose_deg, abs=1e-3)


def test_whom_the_fusion_followed_is_told_only_where_that_is_the_larger_part(method):
    answer = method(np.random.default_rng(3).integers(0, 255, (1, 128, 128, 3), np.uint8))[0]
    followed, apart, own = (answer.scalar(n).values for n in ("followed", "disagreement", "own correction"))
    told = np.isfinite(followed)
    assert (own[told] < apart[told]).all()
    assert (~told[own >= apart]).all()
