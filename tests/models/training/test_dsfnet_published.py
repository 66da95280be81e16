"""Training DSFNet at its published size: truth in its units, losses, a few steps."""

from __future__ import annotations

import math

import pytest
import torch

from models.face_model.uv import PositionMapTable
from models.loading import load_face_model
from models.networks.hrnet import Sight
from models.networks.published import PublishedAnswer, PublishedForm, Whole
from models.networks.published_geometry import PX_PER_UNIT
from models.synthetic.dataset import FaceBatch
from models.training.dsfnet_published import PublishedTask, published_truth
from models.training.published_losses import (
    confidence_truth,
    masked,
    on_face,
    published_loss,
    root_mean_square,
)
from models.training.recipes import PublishedLossWeights, PublishedRecipe

SIZE = 64


def batch_of(count=2):
    """Faces with labels of the right form; the pixel labels are made up."""
    model = load_face_model()
    torch.manual_seed(0)
    uv = torch.rand(count, 2, 64, 64)
    return FaceBatch(
        images=torch.randint(0, 256, (count, 3, 128, 128), dtype=torch.uint8),
        mask=(torch.rand(count, 64, 64) > 0.4).to(torch.uint8),
        uv=uv.half(),
        depth=(20 * torch.rand(count, 64, 64)).half(),
        identity=torch.randn(count, model.identity_count),
        expression=torch.randn(count, model.expression_count) / 2,
        rotation=torch.eye(3).repeat(count, 1, 1),
        camera=torch.tensor([[0.7, 64.0, 66.0, 0.0]]).repeat(count, 1),
        visibility=torch.ones(count, len(model.mean), dtype=torch.uint8),
        states=torch.zeros(count, len(model.mean), dtype=torch.uint8),
        landmark_states=torch.zeros(count, 68, dtype=torch.uint8),
        placed=torch.full((count, 68, 2), torch.nan),
    )


@pytest.fixture(scope="module")
def table():
    return PositionMapTable(load_face_model().topology, SIZE)


def test_the_true_camera_carries_the_true_shape_to_the_true_face(table):
    model, batch = load_face_model(), batch_of()
    truth = published_truth(batch, model, table)
    mean = table.to_map(model.mean[None]) * 0.015
    points = (truth.offset + mean).flatten(2) / 1.5e-5
    matrix = truth.camera.unflatten(1, (3, 4))
    face = (matrix[:, :, :3] @ points + matrix[:, :, 3:]) / PX_PER_UNIT
    inside = table.mask.flatten()
    apart = (face - truth.kpt.flatten(2))[..., inside]
    torch.testing.assert_close(apart[:, :2], torch.zeros_like(apart[:, :2]), atol=1e-5, rtol=0)
    torch.testing.assert_close(apart[:, 2].std(1), torch.zeros(2), atol=1e-5, rtol=0)  # z up to an offset


def test_the_right_answer_costs_next_to_nothing(table):
    model = load_face_model()
    truth = published_truth(batch_of(), model, table)
    confidence = confidence_truth(torch.zeros(2, 2, SIZE, SIZE), torch.zeros(2, 1, SIZE, SIZE), truth.seen)
    seen = torch.cat((truth.seen, confidence), 1)
    sight = Sight(truth.grid, seen, truth.depth, seen, truth.shape, truth.expression, truth.camera)
    whole = Whole(truth.offset.flatten(2), truth.kpt.flatten(2), None)
    answer = PublishedAnswer(sight, None, None, None, whole, truth.kpt)
    face, weights = table.mask.float(), PublishedLossWeights()
    right, _ = published_loss(answer, truth, 3 * face, face, weights)
    wrong, terms = published_loss(answer._replace(kpt=truth.kpt + 0.1), truth, 3 * face, face, weights)
    assert right.item() < 0.05
    assert terms["kpt"].item() == pytest.approx(3 * 0.1 * math.sqrt(3), rel=1e-3)
    assert wrong.item() - right.item() == pytest.approx(terms["kpt"].item(), rel=0.01)


def test_the_whole_mask_weighs_as_published():
    """Half the picture seen, 0.3 off there and anything elsewhere: the mean over what is seen."""
    seen = torch.zeros(1, 1, 4, 4)
    seen[..., :2] = 1
    difference = torch.where(seen > 0, 0.3, 9.0)
    assert masked(difference, seen).item() == pytest.approx(0.3, rel=1e-5)


def test_confidence_falls_with_the_errors_and_off_the_face():
    seen = torch.tensor([1.0, 1.0, 0.0]).reshape(1, 1, 1, 3)
    grid = torch.tensor([[0.0, 0.03, 0.0], [0.0, 0.04, 0.0]]).reshape(1, 2, 1, 3)
    depth = torch.tensor([0.0, 0.1, 0.0]).reshape(1, 1, 1, 3)
    wanted = confidence_truth(grid, depth, seen).flatten().tolist()
    assert wanted == pytest.approx([1.0, math.exp(-(0.05 + 0.1) / 0.1), 0.0], abs=3e-3)


@pytest.mark.parametrize("term", ["coefficients", "masked", "on_face"])
def test_gradients_are_right_also_at_zero_error(term):
    torch.manual_seed(1)
    seen = (torch.rand(2, 1, 4, 4, dtype=torch.float64) > 0.3).double()
    loss = {
        "coefficients": lambda x: root_mean_square(x.flatten(1)),
        "masked": lambda x: masked(x, seen),
        "on_face": lambda x: on_face(x, 3 * seen[0, 0], seen[0, 0]),
    }[term]
    away = torch.randn(2, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(loss, (away,))
    zero = torch.zeros(2, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    loss(zero).backward()
    assert zero.grad.isfinite().all()


def test_steps_lower_the_loss():
    model = load_face_model()
    form = PublishedForm(SIZE, model.identity_count, model.expression_count)
    task = PublishedTask(PublishedRecipe(form=form), model)
    batch = batch_of()
    optimiser = torch.optim.Adam([p for p in task.network.parameters() if p.requires_grad], 3e-5)
    losses = []
    for _ in range(5):
        torch.manual_seed(4)  # the same mirroring and colours
        loss, terms = task.loss(task.network, batch)
        optimiser.zero_grad()
        loss.backward()
        assert all(p.grad is None or p.grad.isfinite().all() for p in task.network.parameters())
        optimiser.step()
        losses.append(loss.item())
    assert set(terms) == {
        *("shape", "expression", "camera", "grid", "seen", "depth", "confidence", "kpt", "offset")
    }
    assert losses[-1] < 0.9 * losses[0]
