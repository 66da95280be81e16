"""Training MGCNet: crops that keep their labels, an albedo that spans skins, a loss that falls."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from models.errors import InputError
from models.face_model.pinhole import Pinhole, five_points
from models.geometry.transforms import rotation_from_euler
from models.geometry.warping import inverse_2d, jittered, moved_points, resampled, similarity_2d
from models.loading import load_face_model
from models.networks.resnet import ResNetForm
from models.synthetic.bank import Bank, Views
from models.synthetic.camera import project
from models.training.albedo import albedo_basis
from models.training.mgcnet import MGCNetTask, mirrored_views
from models.training.recipes import MGCNetRecipe

FORM = ResNetForm(
    size=64, field_px=172.0, width=0.25, identity=8, albedo=4, expression=6,
    pose_units=(0.5, 0.5, 0.5, 10.0, 10.0, 300.0), normed=True,
)  # fmt: skip
RECIPE = MGCNetRecipe(form=FORM, batch=9, skins=8, cells=16, views_share=1.0, aligned=1.0)


class Drawn:
    """Stands for a bank: faces with exact labels and made-up pixels, so that nothing need be rendered."""

    def at(self, rows: np.ndarray) -> Views:
        face_model, count, views = load_face_model(), len(rows), 3
        chance = torch.Generator().manual_seed(7)
        identity = torch.randn(count, 1, face_model.identity_count, generator=chance).expand(-1, views, -1)
        expression = face_model.expression_bank[:count, None].expand(-1, views, -1)
        euler = torch.randn(count, views, 3, generator=chance) * torch.tensor([0.2, 0.5, 0.2])
        return Views(
            images=torch.randint(0, 255, (count, views, 3, 128, 128), generator=chance, dtype=torch.uint8),
            identity=identity,
            expression=expression,
            rotation=rotation_from_euler(euler),
            camera=torch.tensor([0.6, 64.0, 50.0, 0.001]).expand(count, views, -1),
            visibility=torch.ones(count, views, len(face_model.mean), dtype=torch.bool),
        )

    def draw(self, count: int, rng: np.random.Generator) -> Views:
        return self.at(np.arange(count))


@pytest.fixture(scope="module")
def bank() -> Bank:
    return Drawn()  # type: ignore[return-value]


@pytest.fixture(scope="module")
def task(bank: Bank) -> MGCNetTask:
    return MGCNetTask(RECIPE, load_face_model(), bank)


def test_a_similarity_carries_points_and_back():
    torch.manual_seed(0)
    points = torch.randn(3, 7, 2) * 20
    T = jittered(torch.eye(3)[:2].expand(3, -1, -1), 10.0, 5.0, 0.3, 1.0)
    there = moved_points(points, T)
    assert torch.allclose(similarity_2d(points, there), T, atol=1e-4)
    assert torch.allclose(moved_points(there, inverse_2d(T)), points, atol=1e-4)


def test_resampled_pixels_lie_where_points_do():
    y, x = torch.meshgrid(torch.arange(40.0), torch.arange(40.0), indexing="ij")
    ramps = torch.stack([x, y])[None]  # each pixel says where it is
    T = torch.tensor([[[0.8, -0.3, 4.0], [0.3, 0.8, 1.0]]])
    crop = resampled(ramps, T, 30)[0]
    inner = torch.tensor([[[12.0, 15.0], [20.0, 18.0], [9.0, 22.0]]])
    old = moved_points(inner, inverse_2d(T))[0]
    for (column, row), place in zip(inner[0].long().tolist(), old, strict=True):
        assert torch.allclose(crop[:, row, column], place, atol=1e-3)


def test_a_mirrored_face_lies_where_the_mirror_shows_it(bank: Bank):
    face_model = load_face_model()
    views = bank.at(np.array([0, 1]))

    def seen(batch):  # [P, N, 3]
        shape = face_model.vertices(batch.identity.flatten(0, 1), batch.expression.flatten(0, 1))
        return project(shape, batch.rotation.flatten(0, 1), batch.camera.flatten(0, 1))

    there, mirrored = seen(views), seen(mirrored_views(views, face_model))
    there = there[:, torch.tensor(face_model.topology.mirror).long()]
    there[..., 0] = views.images.shape[-1] - 1 - there[..., 0]
    assert (there - mirrored).abs().max() < 0.3
    twice = mirrored_views(mirrored_views(views, face_model), face_model)
    assert torch.equal(twice.images, views.images)
    assert torch.allclose(twice.camera, views.camera)


def test_aligned_crops_have_their_five_points_on_the_template(task: MGCNetTask, bank: Bank):
    torch.manual_seed(0)
    seen = task.prepared(bank.at(np.array([0, 1, 2])))
    assert seen.pictures.shape == (9, 3, 64, 64)
    assert 0 <= float(seen.pictures.min()) < float(seen.pictures.max()) <= 1
    off = five_points(seen.landmarks) - Pinhole(FORM.size, FORM.field_px).template()
    assert off.norm(dim=-1).mean() < 0.1 * FORM.size  # jitter, and faces are not the template


def test_albedo_spans_the_skins_it_was_measured_on():
    mean, basis = albedo_basis(3, 4, 6)
    assert mean.shape == load_face_model().mean.shape
    assert 0.1 < float(mean.mean()) < 0.9
    flat = basis.flatten(1)
    gram = flat @ flat.T
    assert (gram - gram.diag().diag()).abs().max() < 1e-3 * gram.max()
    assert (gram.diag().diff() <= 0).all()
    again, _ = albedo_basis(3, 4, 6)
    assert torch.equal(mean, again)
    with pytest.raises(ValueError, match="components"):
        albedo_basis(3, 6, 6)


def test_every_term_is_finite_and_reaches_the_network(task: MGCNetTask, bank: Bank):
    torch.manual_seed(0)
    loss, terms = task.loss(task.network, bank.at(np.array([0, 1, 2])))
    names = {
        "landmarks",
        "vertices",
        "shape prior",
        "albedo prior",
        "pixel",
        "view",
        "ssim",
        "depth",
        "epipolar",
    }
    assert terms.keys() == names
    assert all(torch.isfinite(term) for term in terms.values())
    assert float(terms["pixel"]) > 0
    assert float(terms["view"]) > 0
    loss.backward()
    assert all(p.grad is None or torch.isfinite(p.grad).all() for p in task.network.parameters())
    task.network.zero_grad()


def test_the_loss_falls_on_a_few_faces(bank: Bank):
    recipe = replace(RECIPE, views_share=0.0)
    task = MGCNetTask(recipe, load_face_model(), bank)
    optimiser = torch.optim.AdamW(task.network.parameters(), lr=2e-3)
    losses = []
    for batch, _ in zip(task.batches(0, 0), range(12), strict=False):
        torch.manual_seed(4)  # the same crops every time
        loss, _ = task.loss(task.network, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]


def test_another_device_is_refused(bank: Bank):
    with pytest.raises(InputError, match="CPU"):
        MGCNetTask(RECIPE, load_face_model(), bank, "cuda")
