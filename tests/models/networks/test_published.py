"""DSFNet as published, against a plain restatement of the original, with weights nobody trained."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from models.evaluation.reference.dsfnet import Plain, all_of_them, evenly
from models.evaluation.reference.made_up_dsfnet import made_up, picture
from models.geometry.transforms import euler_from_rotation, nearest_orthogonal, rotation_from_euler
from models.networks.dual_space import Switches
from models.networks.hrnet import HighResolutionNetwork, Sight
from models.networks.published import PublishedChart, PublishedDSFNet, PublishedForm, upright
from models.networks.published_fast import Precision, quickened
from models.networks.published_fusion import CompletionNetwork, PublishedFusion
from models.networks.published_geometry import (
    POINTS,
    SeededDraws,
    even_indices,
    fit,
    observe,
    place,
    rebuild,
)

SIZE = 64
SPECS = Path("../shared/specs/dsfnet_state_dict.json")


@pytest.fixture(scope="module")
def made():
    return made_up(SIZE, 12, 5, seed=3)


@pytest.fixture(scope="module")
def crops():
    return picture(2, SIZE, seed=9)


def sight_of(columns, rows, seen, side=8):
    """One sample: `side` x `side` pixels; grids in cells."""
    grid = torch.stack((columns, rows)).reshape(1, 2, side, side) / (side / 2) - 1
    confidence = torch.linspace(0.1, 0.9, side * side).reshape(side, side)
    depth = torch.linspace(-0.5, 0.5, side * side).reshape(1, 1, side, side)
    none = torch.zeros(1, 1)
    return Sight(
        grid, torch.stack((seen.reshape(side, side), confidence))[None], depth, none, none, none, none
    )


def test_the_published_sizes_have_the_published_numbers_of_parameters():
    counts = [
        sum(p.numel() for p in network.parameters())
        for network in (HighResolutionNetwork(), CompletionNetwork(), PublishedFusion())
    ]
    assert counts == [5_730_857, 398_328, 4_058_566]


@pytest.mark.shared
def test_every_key_and_shape_is_the_checkpoints_in_its_order():
    if not SPECS.exists():
        pytest.skip("the list of the checkpoint's keys is not part of the project")
    wanted = [(key, tuple(shape)) for key, shape, _ in json.loads(SPECS.read_text())]
    chart = PublishedChart(
        torch.zeros(3, 256, 256),
        torch.zeros(1, 1).expand(228, 3 * 256**2),
        torch.ones(256, 256) > 0,
        (96, 128),
    )
    network = PublishedDSFNet(PublishedForm(), chart)
    have = [(key, tuple(value.shape)) for key, value in network.state_dict().items()]
    assert len(have) == 972
    assert sorted(have) == sorted(wanted)


def test_the_heads_are_those_of_the_restatement(made, crops):
    network, tables = made
    plain = Plain(tables)
    with torch.inference_mode():
        ours, theirs = network.hrnet(crops), plain.heads(plain.backbone(crops))
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, atol=3e-5, rtol=1e-5)


def test_the_chart_is_the_restatements_bit_for_bit(made, crops):
    network, tables = made
    with torch.inference_mode():
        sight = network.hrnet(crops)
        seen, confidence, mask = Plain(tables).to_chart(sight)
    ours = observe(sight, "cuda17")
    assert torch.equal(ours.positions, seen.flatten(2))
    assert torch.equal(ours.confidence, confidence.flatten(1))
    assert torch.equal(ours.present, mask.flatten(1).bool())


def test_the_whole_answer_is_the_restatements(made, crops):
    network, tables = made
    with torch.inference_mode():
        theirs = Plain(tables)(crops, all_of_them, evenly)
        ours = network(crops, parity="cuda17").fused
    torch.testing.assert_close(ours.face, theirs.face.flatten(2), atol=2e-4, rtol=1e-3)
    torch.testing.assert_close(ours.placement.rotation, theirs.rotation, atol=1e-4, rtol=1e-3)


def test_the_fast_form_answers_alike(made, crops):
    network, _ = made
    fast = quickened(copy.deepcopy(network), Precision())
    with torch.inference_mode():
        slow_answer, fast_answer = network(crops), fast(crops)
    for a, b in zip(slow_answer.sight, fast_answer.sight, strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(slow_answer.fused.face, fast_answer.fused.face, atol=1e-4, rtol=1e-3)


def test_the_last_pixel_in_reading_order_stays():
    cells = torch.full((64,), 3.25)
    observed = observe(sight_of(cells, cells, torch.ones(64)))
    assert observed.present[0].nonzero()[:, 0].tolist() == [3 * 8 + 3]
    assert observed.positions[0, :2, 27].tolist() == pytest.approx([7 / 280, 7 / 280])
    assert observed.confidence[0, 27].item() == pytest.approx(0.9)


def test_addresses_truncate_towards_zero_and_stay_on_the_chart():
    columns = torch.tensor([-0.9, 0.9, 7.99, 9.0] * 16)
    observed = observe(sight_of(columns, torch.zeros(64), torch.ones(64)))
    assert observed.present[0].nonzero()[:, 0].tolist() == [0, 7]


def test_masked_pixels_hide_the_middle_of_the_chart_only_in_parity():
    spread = torch.arange(64.0)
    seen = torch.ones(64)
    seen[-1] = 0  # the last pixel is no face
    sight = sight_of(spread % 8, spread.div(8, rounding_mode="floor"), seen)
    middle = 4 * 8 + 4
    assert observe(sight).present[0, middle]
    assert not observe(sight, "cuda17").present[0, middle]


def test_each_parity_rounds_as_its_platform():
    spread = torch.arange(64.0)
    sight = sight_of(spread % 8, spread.div(8, rounding_mode="floor"), torch.ones(64))
    exact, cuda, cpu = (
        observe(sight, parity).positions[0].reshape(3, 8, 8) for parity in (None, "cuda17", "cpu")
    )
    column = torch.arange(8.0)
    assert torch.equal(exact[0, 5], column / 280)
    assert torch.equal(cuda[0, 5], column / 280)
    assert not cuda[:, 0].any()
    assert not cuda[:, :, 0].any()
    assert torch.equal(cpu[0, 5], (column - column % 2) / 280)
    assert torch.equal(cpu[1, 5], torch.full((8,), 4 / 280))


def test_a_picture_without_face_uses_every_pixel_and_says_so():
    spread = torch.arange(64.0)
    sight = sight_of(spread % 8, spread.div(8, rounding_mode="floor"), torch.zeros(64))
    observed = observe(sight)
    assert observed.mask_was_empty.tolist() == [True]
    assert observed.present.all()


def test_even_indices_are_spread_over_the_present_points():
    present = torch.zeros(2, 9000, dtype=torch.bool)
    present[0, ::2] = True  # 4500 of them
    present[1, 100:103] = True
    chosen = even_indices(present)
    assert chosen.shape == (2, POINTS)
    assert present[0, chosen[0]].all()
    assert set(chosen[0].diff().tolist()) <= {4, 6}
    assert torch.equal(chosen[1].unique(return_counts=True)[1], torch.tensor([683, 683, 682]))


def test_a_fit_finds_a_mirrored_similarity():
    torch.manual_seed(0)
    turn = torch.diag(torch.tensor([1.0, -1.0, 1.0])) @ rotation_from_euler(torch.tensor([0.3, -0.7, 0.2]))
    source = torch.randn(1, 3, 500)
    target = 0.4 * turn @ source + torch.tensor([0.1, 0.2, 0.3])[:, None]
    weights, present = torch.rand(1, 500), torch.rand(1, 500) > 0.3
    target = torch.where(present[:, None], target, 7.0)
    found = fit(source, target, weights, present)
    torch.testing.assert_close(found.rotation[0], turn, atol=1e-5, rtol=0)
    assert found.scale.item() == pytest.approx(0.4, abs=1e-5)
    torch.testing.assert_close(
        place(found, source)[..., present[0]], target[..., present[0]], atol=1e-5, rtol=0
    )


def test_fits_keep_the_originals_estimate_where_it_is_not_least_squares():
    """Centroids with weights for the scale, without for the rest; numpy, point by point."""
    rng = np.random.default_rng(0)
    a, b, w = rng.normal(size=(40, 3)), rng.normal((1.0, 2.0, 3.0), size=(40, 3)), rng.uniform(size=40)
    centre_a, centre_b = (w @ a) / w.sum(), (w @ b) / w.sum()
    scale = sum(np.linalg.norm(q - centre_b) for q in b) / sum(np.linalg.norm(p - centre_a) for p in a)
    h = sum(w[i] * np.outer(scale * (a[i] - a.mean(0)), b[i] - b.mean(0)) for i in range(40))
    u, _, vt = np.linalg.svd(h)
    turn = vt.T @ u.T
    shift = np.mean([b[i] - turn @ (scale * a[i]) for i in range(40)], axis=0)
    points = [torch.tensor(x.T, dtype=torch.float32)[None] for x in (a, b)]
    weights = torch.tensor(w, dtype=torch.float32)[None]
    found = fit(*points, weights, torch.ones(1, 40, dtype=torch.bool))
    assert found.scale.item() == pytest.approx(scale, rel=1e-5)
    np.testing.assert_allclose(found.rotation[0].numpy(), turn, atol=1e-4)
    np.testing.assert_allclose(found.translation[0].numpy(), shift, atol=1e-4)


def test_drawn_points_give_the_fit_of_those_points():
    torch.manual_seed(0)
    source, target, weights = torch.randn(2, 3, 3000), torch.randn(2, 3, 3000), torch.rand(2, 3000)
    present = torch.rand(2, 3000) > 0.5
    drawn = SeededDraws(torch.Generator().manual_seed(5)).indices(present)
    generator = torch.Generator().manual_seed(5)
    for row, cells in zip(drawn, present, strict=True):
        listed = cells.nonzero()[:, 0]
        assert torch.equal(row, listed[torch.randint(0, len(listed), (POINTS,), generator=generator)])
    face, placement = rebuild(source, target, weights, present, SeededDraws(torch.Generator().manual_seed(5)))
    chosen = [torch.stack([x[k][:, drawn[k]] for k in range(2)]) for x in (source, target)]
    some = torch.stack([weights[k][drawn[k]] for k in range(2)])
    expected = fit(*chosen, some, torch.ones(2, POINTS, dtype=torch.bool))
    torch.testing.assert_close(placement.rotation, expected.rotation, atol=1e-6, rtol=0)
    torch.testing.assert_close(face, place(expected, source), atol=1e-5, rtol=0)


def test_nothing_seen_still_gives_finite_faces():
    face, _ = rebuild(
        torch.randn(1, 3, 50), torch.randn(1, 3, 50), torch.rand(1, 50), torch.zeros(1, 50) > 0, None
    )
    assert face.isfinite().all()


def test_the_polar_factor_has_the_right_gradient():
    torch.manual_seed(2)
    matrix = torch.randn(3, 3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(nearest_orthogonal, (matrix,))
    mirror = torch.diag(torch.tensor([1.0, -1.0, 1.0])).double()[None]
    torch.testing.assert_close(nearest_orthogonal(2 * mirror), mirror)


def test_the_pose_is_that_of_the_head():
    angles = torch.tensor([[0.2, -0.5, 0.9]])
    turn = torch.diag(torch.tensor([1.0, -1.0, 1.0])) @ rotation_from_euler(angles)
    source = torch.randn(1, 3, 200)
    placement = fit(source, 3 * turn @ source, torch.ones(1, 200), torch.ones(1, 200, dtype=torch.bool))
    torch.testing.assert_close(euler_from_rotation(upright(placement)), angles, atol=1e-5, rtol=0)


@pytest.mark.parametrize("off", ["image_space", "model_space"])
def test_a_branch_switched_off_is_not_computed(made, crops, off):
    network, _ = made
    with torch.inference_mode():
        answer = network(crops, Switches(**{off: False}))
        whole = network(crops)
    assert answer.fused is None
    assert getattr(answer, off) is None
    other = "model_space" if off == "image_space" else "image_space"
    torch.testing.assert_close(getattr(answer, other).face, getattr(whole, other).face, atol=1e-5, rtol=1e-4)
