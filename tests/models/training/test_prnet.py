"""PRNet's training: what it is shown, what counts, and that it learns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.face_model.uv import PositionMapTable
from models.geometry.transforms import rotation_from_euler
from models.loading import load_face_model
from models.methods.prnet.factory import prnet
from models.networks.position_net import PositionForm
from models.synthetic.bank import Views
from models.training.loop import write_weights
from models.training.position_maps import Samples, cell_weights, patched, position_loss
from models.training.prnet import PRNetTask
from models.training.recipes import PRNetRecipe

SIZE = 64
RECIPE = replace(PRNetRecipe(), batch=4, form=PositionForm(SIZE, 0.125), learning_rate=5e-3)
STILL = replace(RECIPE, shift=0.0, scale=0.0, roll_deg=0.0, patched=0.0)


class Faces:
    """A bank of noise, with labels of faces that look somewhere."""

    def draw(self, count: int, rng: np.random.Generator) -> Views:
        model, chance = load_face_model(), torch.Generator().manual_seed(int(rng.integers(1000)))
        angles = torch.rand(count, 3, 3, generator=chance) * 0.8 - 0.4
        camera = torch.tensor([0.5, 63.0, 60.0, 1e-3]).expand(count, 3, 4)
        return Views(
            images=torch.randint(0, 256, (count, 3, 3, 128, 128), generator=chance, dtype=torch.uint8),
            identity=torch.randn(count, 1, model.identity_count, generator=chance).expand(-1, 3, -1) * 0.5,
            expression=torch.zeros(count, 3, model.expression_count),
            rotation=rotation_from_euler(angles),
            camera=camera,
            visibility=torch.ones(count, 3, len(model.mean), dtype=torch.bool),
        )


@pytest.fixture(scope="module")
def table() -> PositionMapTable:
    return PositionMapTable(load_face_model().topology, SIZE)


def samples(recipe: PRNetRecipe, table: PositionMapTable) -> Samples:
    drawn = Samples(recipe, load_face_model(), table, Faces())  # type: ignore[arg-type]
    drawn.seed(5)
    return drawn


def test_without_straying_the_face_lies_in_the_middle_at_its_share_of_the_side(
    table: PositionMapTable,
) -> None:
    batch = samples(STILL, table).draw()
    marks = load_face_model().landmarks(table.to_vertices(batch.positions))[..., :2]
    low, high = marks.amin(1), marks.amax(1)
    torch.testing.assert_close((low + high) / 2, torch.full((4, 2), (SIZE - 1) / 2), atol=0.4, rtol=0)
    torch.testing.assert_close((high - low).mean(1), torch.full((4,), (SIZE - 1) / 1.6), atol=0.6, rtol=0)


def test_a_turned_square_still_frames_the_face_it_shows(table: PositionMapTable) -> None:
    batch = samples(replace(STILL, roll_deg=90.0), table).draw()
    marks = load_face_model().landmarks(table.to_vertices(batch.positions))[..., :2]
    low, high = marks.amin(1), marks.amax(1)
    torch.testing.assert_close((low + high) / 2, torch.full((4, 2), (SIZE - 1) / 2), atol=0.4, rtol=0)
    down = marks[:, 8] - marks[:, 27]  # from the nose's root to the chin
    assert float(down[:, 0].abs().max()) > 10, "some head is tilted far"


def test_pictures_are_shares_of_one(table: PositionMapTable) -> None:
    pictures = samples(RECIPE, table).draw().pictures
    assert pictures.shape == (4, 3, SIZE, SIZE)
    assert float(pictures.min()) >= 0
    assert float(pictures.max()) <= 1


def test_the_same_seed_draws_the_same(table: PositionMapTable) -> None:
    first, second = samples(RECIPE, table).draw(), samples(RECIPE, table).draw()
    assert torch.equal(first.positions, second.positions)


def test_patches_cover_some_of_those_they_should_and_no_others() -> None:
    pictures = torch.full((64, 3, 48, 48), 0.5)
    chance = torch.Generator().manual_seed(0)
    assert torch.equal(patched(pictures, 0.0, chance), pictures)
    changed = (patched(pictures, 1.0, chance) != pictures).any(1).flatten(1).float().mean(1)
    assert float(changed.min()) > 0
    assert float(changed.max()) < 0.8


def test_landmarks_count_most_features_more_and_nothing_off_the_chart(table: PositionMapTable) -> None:
    topology = load_face_model().topology
    weights = cell_weights(topology, table)
    assert bool((weights[~table.mask] == 0).all())
    assert bool((weights[table.mask] > 2.99).all())
    assert 50 < int((weights == 16).sum()) <= 68, "at this size some share a cell"
    nose = (topology.landmarks(topology.uv)[30] * SIZE).astype(int)
    assert float(weights[nose[1], nose[0] - 1 : nose[0] + 1].max()) == 16, "it lies between two cells"
    assert float(weights[nose[1] - 3 : nose[1], nose[0]].max()) >= 4, "the nose"


def test_the_loss_is_the_weighted_mean_distance_in_half_sides() -> None:
    truth = torch.zeros(1, 3, 2, 2)
    answer = truth.clone()
    answer[0, :, 0, 0] = torch.tensor([3.0, 4.0, 24.0])
    weights = torch.tensor([[3.0, 1.0], [0.0, 0.0]])
    assert float(position_loss(answer, truth, weights, 0.5, False)) == pytest.approx(13 * 3 / 4, rel=1e-3)
    assert float(position_loss(answer, truth, weights, 0.0, True)) == pytest.approx(25 * 3 / 4)
    assert float(position_loss(answer[:, :2], truth[:, :2], weights, 1.0, True)) == pytest.approx(25 * 3 / 4)


@pytest.mark.parametrize("squared", [False, True])
def test_the_loss_has_the_gradient_it_should(squared: bool) -> None:
    torch.manual_seed(0)
    answer = torch.randn(2, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    truth, weights = torch.randn(2, 3, 4, 4, dtype=torch.float64), torch.rand(4, 4, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda a: position_loss(a, truth, weights, 0.5, squared), answer)


def test_training_learns() -> None:
    task = PRNetTask(RECIPE, load_face_model(), Faces())  # type: ignore[arg-type]
    batch = next(iter(task.batches(0, 0)))
    optimiser = torch.optim.AdamW(task.network.parameters(), 5e-3)
    told = []
    for _ in range(24):
        loss, terms = task.loss(task.network.train(), batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        told.append({name: float(term) for name, term in terms.items()})
    for name in ("map", "landmarks", "flat distance"):
        assert told[-1][name] < 0.75 * told[0][name], name


def test_what_was_trained_is_a_method(tmp_path: Path) -> None:
    task = PRNetTask(RECIPE, load_face_model(), Faces())  # type: ignore[arg-type]
    write_weights(tmp_path / "some.safetensors", task.network.state_dict(), RECIPE.as_json())
    method = prnet(tmp_path / "some.safetensors")
    assert method.size == SIZE
    (answer,) = method(np.zeros((1, SIZE, SIZE, 3), np.uint8))
    assert np.isfinite(answer.vertices).all()


def test_the_branch_is_taught_where_the_map_has_the_landmarks(table: PositionMapTable) -> None:
    batch = samples(RECIPE, table).draw()
    on_map = load_face_model().landmarks(table.to_vertices(batch.positions))[..., :2]
    on_branch = batch.landmarks * (SIZE / 2) + (SIZE - 1) / 2
    assert float((on_map - on_branch).norm(dim=-1).median()) < 0.3
