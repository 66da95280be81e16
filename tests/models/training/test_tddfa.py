"""3DDFA's losses, the crops they are taken on, and that a network learns from both."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from models.face_model.morphable import FaceModel
from models.loading import load_face_model
from models.networks.regressor import CAMERA, RegressorForm
from models.synthetic.bank import Bank, ready_bank
from models.synthetic.camera import project
from models.training.recipes import TDDFARecipe
from models.training.short_video import picture_motion
from models.training.squares import Jitter, Squares, Stills, mirrored_where, one_view_each, squares_around
from models.training.tddfa import TDDFATask
from models.training.tddfa_losses import (
    Shapes,
    Whitening,
    fwpdc,
    mean_distance,
    parameter_weights,
    vertices_apart,
)
from models.training.tddfa_samples import Samples

POINTS, COEFFICIENTS = 20, 7
RECIPE = TDDFARecipe(batch=6, look_ahead=1, form=RegressorForm(width=0.25, identity=60, expression=36))


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    return ready_bank(tmp_path_factory.mktemp("bank"), seed=5, first=0, count=4, processes=1)


@pytest.fixture(scope="module")
def face_model() -> FaceModel:
    return load_face_model()


def stills(bank: Bank) -> Stills:
    return one_view_each(bank.at(np.arange(4)), torch.Generator().manual_seed(1))


def case(seed: int) -> tuple[Whitening, Shapes, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)

    def chance(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    whitening = Whitening(chance(CAMERA + COEFFICIENTS), chance(CAMERA + COEFFICIENTS).abs() + 0.2)
    shapes = Shapes(chance(POINTS, 3), chance(COEFFICIENTS, POINTS, 3))
    return whitening, shapes, chance(3, CAMERA + COEFFICIENTS), chance(3, CAMERA + COEFFICIENTS)


def test_parameter_weights_are_those_of_a_plain_restatement():
    whitening, shapes, prediction, target = case(0)
    weights = parameter_weights(prediction, target, whitening, shapes, scale=0.7).numpy()
    mean, std, u, w = (part.numpy() for part in (*whitening, *shapes))
    for b in range(3):
        p, t = prediction[b].numpy() * std + mean, target[b].numpy() * std + mean
        points = u + sum(t[12 + c] * w[c] for c in range(COEFFICIENTS))
        expected = np.zeros(12 + COEFFICIENTS)
        for k in range(12):
            axis, d = k % 4, abs(p[k] - t[k])
            expected[k] = d * (np.sqrt(POINTS) if axis == 3 else np.sqrt((points[:, axis] ** 2).sum()))
        for c in range(COEFFICIENTS):
            expected[12 + c] = 0.7 * abs(p[12 + c] - t[12 + c]) * np.sqrt((w[c] ** 2).sum())
        expected += 1e-6
        expected[11] = 0
        assert np.allclose(weights[b], expected / expected.max())


def test_the_weights_of_fwpdc_carry_no_gradient():
    whitening, shapes, prediction, target = case(1)
    prediction.requires_grad_()
    fwpdc(prediction, target, whitening, shapes, 0.7).backward()
    weights = parameter_weights(prediction, target, whitening, shapes, 0.7)
    expected = 2 * weights * (prediction - target) / prediction.numel()
    assert torch.allclose(prediction.grad, expected.detach())


def test_the_mean_distance_is_differentiable_and_blind_to_the_depth_shift():
    whitening, shapes, prediction, target = case(2)
    seen = shapes.seen(whitening.off(target))

    def cost(p: Tensor) -> Tensor:
        return mean_distance(vertices_apart(p, target, seen, whitening, shapes))

    assert torch.autograd.gradcheck(cost, prediction.requires_grad_())
    at_rest = float(cost(target))
    assert at_rest < 2e-4
    shifted = target.clone()
    shifted[:, 11] += 3
    assert float(cost(shifted)) == pytest.approx(at_rest)


def test_a_dot_in_the_picture_lies_in_the_crop_where_its_label_goes():
    images = torch.zeros(1, 3, 128, 128)
    images[0, :, 70, 50] = 1
    squares = Squares(torch.tensor([[60.0, 65.0]]), torch.tensor([64.0]), torch.tensor([0.4]))
    x, y, z = squares.into(torch.tensor([[[50.0, 70.0, 3.0]]]), 128)[0, 0].tolist()
    crop = squares.cut(images, 128)[0, 0]
    row, column = divmod(int(crop.argmax()), 128)
    assert abs(column - x) <= 0.6
    assert abs(row - y) <= 0.6
    assert z == pytest.approx(6)


def test_a_mirrored_face_is_labelled_as_its_picture_shows(bank, face_model):
    faces = stills(bank)
    mirrored = mirrored_where(faces, torch.tensor([True, False, True, False]), face_model)
    before, after = (
        project(face_model.vertices(f.identity, f.expression), f.rotation, f.camera)
        for f in (faces, mirrored)
    )
    mirror = torch.tensor(face_model.topology.mirror).long()
    expected = before[:, mirror] * torch.tensor([-1.0, 1, 1]) + torch.tensor([127.0, 0, 0])
    assert torch.allclose(after[0::2], expected[0::2], atol=0.3)  # the model is symmetric but for a trifle
    assert torch.equal(after[1::2], before[1::2])
    assert torch.equal(mirrored.images[0], faces.images[0].flip(-1))


def test_squares_without_jitter_are_the_methods_own():
    points = torch.tensor([[[10.0, 20.0], [50.0, 40.0]]])
    squares = squares_around(points, 2.0, Jitter(0, 0, 0), torch.Generator())
    assert squares.centre.tolist() == [[30, 30]]
    assert squares.side.tolist() == [80]
    assert squares.roll.tolist() == [0]


def test_the_picture_follows_the_points_and_stands_still_elsewhere():
    y, x = torch.meshgrid(torch.arange(40.0, 80), torch.arange(40.0, 80), indexing="ij")
    before = torch.stack((x, y), -1).reshape(1, -1, 2)
    after = before + torch.tensor([3.0, -2.0])
    motion = picture_motion(before, after, torch.ones(1, len(before[0]), dtype=torch.bool), 120)
    assert torch.allclose(motion[0, 58, 63], torch.tensor([-3.0, 2.0]), atol=0.1)
    assert float(motion[0, :20].abs().max()) == 0
    hidden = picture_motion(before, after, torch.zeros(1, len(before[0]), dtype=torch.bool), 120)
    assert float(hidden.abs().max()) == 0


def test_samples_are_the_same_for_the_same_chance_and_their_parameters_place_the_points(bank, face_model):
    samples = Samples(RECIPE, face_model, bank)
    samples.seed(7)
    torch.manual_seed(7)  # colours
    first = samples.draw(4)
    samples.seed(7)
    torch.manual_seed(7)
    again = samples.draw(4)
    assert torch.equal(first.pictures, again.pictures)
    assert first.moved == 1
    assert first.pictures.shape == (5, 3, 120, 120)
    placed = first.shapes.seen(first.parameters)
    assert float((placed - first.seen).norm(dim=-1).mean()) < 0.06  # what a weak perspective cannot say
    assert float(first.seen[:, :68, :2].abs().max()) < 1.5
    moved = (first.seen[4] - first.seen[0])[:68, :2].norm(dim=-1)
    assert 0.005 < float(moved.mean()) < 0.4


def test_a_network_learns_and_the_objective_that_leads_is_told(bank, face_model):
    torch.manual_seed(0)
    task = TDDFATask(RECIPE, face_model, bank)
    batch = next(task.batches(0, 0))
    optimiser = torch.optim.AdamW(task.network.parameters(), 3e-3)
    losses = []
    for _ in range(6):
        loss, terms = task.loss(task.network, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0]
    assert {"parameters", "vertices", "landmarks", "steadiness", "parameters lead"} == set(terms)


def test_a_training_on_a_bank_has_no_photographs(tmp_path: Path, capsys):
    from models.training.__main__ import main

    code = main(["tddfa", "--out", str(tmp_path), "--photographs", str(tmp_path)])
    assert code == 1
    assert "photographs" in capsys.readouterr().err
