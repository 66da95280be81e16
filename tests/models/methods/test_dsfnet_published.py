"""The method: DSFNet as published, on the open face and on BFM's layout."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from models.errors import MissingAssetError, WeightsError
from models.evaluation.reference.made_up_dsfnet import made_up
from models.face_model import bfm_uv
from models.face_model.bfm_uv import BFMLayout, bfm_chart, patch_chart
from models.loading import load_face_model
from models.methods.dsfnet.published import PublishedMethod, open_chart, open_surface
from models.methods.dsfnet.published_factory import dsfnet_published
from models.networks.published import PublishedDSFNet, PublishedForm
from models.reconstruction import MapLayer, MeshLayer
from models.reconstructor import Face
from models.training.loop import write_weights
from resources import face_model

SIZE = 64


def network_of(size=SIZE):
    model = load_face_model()
    torch.manual_seed(0)
    form = PublishedForm(size, model.identity_count, model.expression_count)
    return PublishedDSFNet(form, open_chart(model, size))


@pytest.fixture(scope="module")
def crops():
    return np.random.default_rng(0).integers(0, 256, (2, SIZE, SIZE, 3), np.uint8)


@pytest.fixture(scope="module")
def method():
    network, _ = made_up(SIZE, 7, 3)
    return PublishedMethod(network, open_surface(load_face_model(), SIZE))


@pytest.fixture(scope="module")
def layout():
    return BFMLayout.read(face_model("bfm_uv_layout.json"))


def test_an_answer_holds_what_the_viewer_shows(method, crops):
    first, second = method(crops)
    model = load_face_model()
    assert first.topology is model.topology
    assert first.vertices.shape == (len(model.mean), 3)
    assert {layer.name for layer in first.layers if isinstance(layer, MapLayer)} == {
        *("visible mask", "uv", "depth", "confidence")
    }
    assert {layer.name for layer in first.layers if isinstance(layer, MeshLayer)} == {
        *("visible surface", "image space", "model space")
    }
    assert {scalar.name for scalar in first.scalars} == {
        *("visibility", "turned away", "covered", "disagreement", "own correction", "followed")
    }
    np.testing.assert_allclose(first.states.sum(1), 1, atol=1e-3)
    assert np.isfinite(second.vertices).all()
    np.testing.assert_array_equal(first.layer("depth").T_image_map, np.eye(3))


def test_the_answer_does_not_depend_on_chance_or_company(method, crops):
    alone, together = method(crops[1:])[0], method(crops)[1]
    np.testing.assert_allclose(alone.vertices, together.vertices, atol=0.05)
    np.testing.assert_array_equal(method(crops)[1].vertices, together.vertices)


def test_a_switched_off_branch_leaves_the_other_as_the_answer(method, crops):
    answer = method(crops, frozenset({"image space"}))[0]
    assert answer.left_out == ("image space",)
    np.testing.assert_allclose(answer.vertices, answer.layer("model space").vertices)
    with pytest.raises(ValueError, match="leave one on"):
        method(crops, frozenset({"image space", "model space"}))


def test_parity_draws_its_points_from_a_seed(crops):
    network, _ = made_up(SIZE, 7, 3)

    def answers(seed):
        surface = open_surface(load_face_model(), SIZE)
        return PublishedMethod(network, surface, parity="cuda17", seed=seed)(crops)[0].vertices

    first = answers(1)
    np.testing.assert_array_equal(first, answers(1))
    assert np.abs(first - answers(2)).max() > 1e-4


def test_the_crop_is_one_and_a_half_times_the_mean_side(method):
    T = method.crop(Face((10.0, 20.0, 110.0, 180.0)))
    side = 1.5 * 130
    np.testing.assert_allclose(T @ (0, 0, 1), (60 - side / 2, 100 - side / 2, 1))
    np.testing.assert_allclose(T @ (SIZE, SIZE, 1), (60 + side / 2, 100 + side / 2, 1))
    with pytest.raises(ValueError, match="a box needs"):
        method.crop(Face((10.0, 20.0, 10.0, 180.0)))


def test_parity_cuts_whole_pixels():
    network, _ = made_up(SIZE, 7, 3)
    method = PublishedMethod(network, open_surface(load_face_model(), SIZE), parity="cpu")
    T = method.crop(Face((10.9, 20.9, 111.9, 180.9)))  # 10, 20, 111, 180: 1.5 * 130.5 = 195.75
    np.testing.assert_allclose(T @ (0, 0, 1), (60.5 - 97.5, 100 - 97.5, 1))
    assert T[0, 0] == 195 / SIZE


def test_weights_of_our_training_load_by_their_recipe(tmp_path, crops):
    network = network_of()
    path = tmp_path / "mine.safetensors"
    form = network.form
    recipe = {"form": {"size": form.size, "shapes": form.shapes, "expressions": form.expressions}}
    write_weights(path, network.state_dict(), recipe)
    method = dsfnet_published(path)
    assert method.size == SIZE
    assert np.isfinite(method(crops)[0].vertices).all()
    write_weights(path, network.state_dict(), {"form": recipe["form"] | {"shapes": 3}})
    with pytest.raises(WeightsError, match="3 and"):
        dsfnet_published(path)


def test_what_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("UNMASK_ASSETS", str(tmp_path))
    with pytest.raises(MissingAssetError, match=r"net\.pth.*BFM\.mat"):
        dsfnet_published("official")
    with pytest.raises(MissingAssetError, match="official"):
        dsfnet_published("open")
    path = tmp_path / "some.pth"
    torch.save({"state_dict": {}}, path)
    with pytest.raises(WeightsError):
        dsfnet_published(path)


def test_the_layout_has_the_published_cells(layout):
    assert layout.mask.sum() == 43_867
    assert layout.landmarks[30].tolist() == [128, 96]
    topology = layout.topology()
    uv = topology.uv[topology.landmark_vertices[:, 0]] * 256 - 0.5
    np.testing.assert_allclose(uv, layout.landmarks, atol=1e-4)
    across = topology.uv[topology.mirror]
    assert np.mean(np.abs(across[:, 0] + topology.uv[:, 0] - 1) < 1e-6) > 0.99
    np.testing.assert_array_equal(across[:, 1], topology.uv[:, 1])


@pytest.fixture
def small_bfm(monkeypatch):
    """A square of two triangles over the whole layout: what is linear in UV stays so on the chart."""
    for name, count in (("VERTICES", 4), ("SHAPES", 2), ("EXPRESSIONS", 1)):
        monkeypatch.setattr(bfm_uv, name, count)
    uv = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], float)
    corner = np.array([[0, 0, 5], [10, 0, 5], [0, 20, 5], [10, 20, 5]], float) * 1e3
    model = SimpleNamespace(
        shapeMU=corner.ravel() * 0.75,
        expMU=corner.ravel() * 0.25,
        shapePC=np.stack((corner.ravel(), np.ones(12)), 1),
        expPC=np.full((12, 1), 2.0),
        shapeEV=np.array([2.0, 3.0]),
        expEV=np.array([5.0]),
        tri=np.array([[1, 2, 3]]).T,
        tri_mouth=np.array([[2, 4, 3]]).T,
    )
    return model, uv


def test_bfm_is_drawn_on_its_layout(small_bfm, layout):
    model, uv = small_bfm
    chart = bfm_chart(model, uv, layout, "BFM.mat")
    row, column = np.mgrid[:256, :256] / 255
    expected = np.stack((10e3 * column, 20e3 * (1 - row), np.full((256, 256), 5e3))) * 1.5e-5
    np.testing.assert_allclose(chart.mean.numpy(), expected, atol=1e-6)
    np.testing.assert_allclose(chart.basis[0].reshape(3, 256, 256).numpy(), 2 * expected, atol=1e-6)
    np.testing.assert_allclose(chart.basis[1].numpy(), 3 * 1.5e-5, rtol=1e-5)
    np.testing.assert_allclose(chart.basis[2].numpy(), 10 * 1.5e-5, rtol=1e-5)
    assert chart.nose == (96, 128)


def test_the_authors_own_drawing_gives_the_same(small_bfm, layout):
    model, uv = small_bfm
    chart = bfm_chart(model, uv, layout, "BFM.mat")

    def rows(basis, deviations):
        return (basis / 1.5e-5 / torch.tensor(deviations)[:, None]).unflatten(1, (3, -1)).permute(2, 1, 0)

    patch = {
        "shapePC_uv": rows(chart.basis[:2], [2.0, 3.0]).reshape(-1, 2).numpy(),
        "expPC_uv": rows(chart.basis[2:], [5.0]).reshape(-1, 1).numpy(),
    }
    again = patch_chart(patch, model, layout, "BFM_UVspace_patch.npy")
    torch.testing.assert_close(again.basis, chart.basis, atol=1e-7, rtol=1e-5)
    with pytest.raises(WeightsError, match="expPC_uv"):
        patch_chart(patch | {"expPC_uv": np.zeros(3)}, model, layout, "BFM_UVspace_patch.npy")


def test_a_face_model_of_another_form_is_refused_by_name(small_bfm, layout):
    model, uv = small_bfm
    model.shapePC = model.shapePC[:, :1]
    with pytest.raises(WeightsError, match="shapePC is not 12 x 2"):
        bfm_chart(model, uv, layout, "BFM.mat")
    with pytest.raises(WeightsError, match="UV layout"):
        bfm_chart(SimpleNamespace(**vars(model) | {"shapePC": np.ones((12, 2))}), uv[:3], layout, "BFM.mat")
