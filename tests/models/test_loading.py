import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import resources
from models.errors import MethodError, MissingAssetError, WeightsError
from models.loading import load, load_face_model, methods, weights_path
from models.methods.dsfnet.method import make_network
from models.networks.dual_space import Form
from models.reconstruction import Space
from models.reconstructor import Face

SMALL = Form(
    size=64, widths=(8, 8, 8, 8, 8), summary=16, chart_size=16, fusion_widths=(8, 8, 8, 8), sampled=4
)


@pytest.fixture(scope="module")
def tensors() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    network = make_network(SMALL, load_face_model())
    return {key: value.clone() for key, value in network.state_dict().items()}


def written(path: Path, tensors: dict[str, torch.Tensor], recipe: object | None = None) -> Path:
    recipe = {"form": asdict(SMALL)} if recipe is None else recipe
    save_file(tensors, path, {"recipe": json.dumps(recipe)})
    return path


def test_dsfnet_is_found_among_the_installed_methods():
    assert "dsfnet" in methods()


def test_an_unknown_method_is_refused_by_name():
    with pytest.raises(MethodError, match=r"'nosuch'; installed are (.*, )?dsfnet, [^\[]*\.$"):
        load("nosuch")


@pytest.mark.parametrize(
    ("method", "weights", "told"),
    [
        ("dsfnet", "nosuch", "No weights 'nosuch' ship for dsfnet. Choose one of: open, research."),
        (
            "dsfnet",
            "official",
            "There are no official weights of dsfnet. Choose the method dsfnet-published ",
        ),
        ("tddfa", "research", "No weights 'research' ship for tddfa. Choose one of: open, official."),
    ],
)
def test_unknown_weights_are_told_with_those_of_that_method(method, weights, told):
    with pytest.raises(MissingAssetError) as error:
        load(method, weights)
    assert str(error.value).startswith(told)


def test_a_path_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MissingAssetError, match=r"mine\.safetensors"):
        load("dsfnet", tmp_path / "mine.safetensors")


def test_what_lies_in_the_current_folder_does_not_stand_in_for_weights_that_ship(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "open").mkdir()
    assert weights_path("dsfnet", "open") == resources.weights("dsfnet-open")
    (tmp_path / "research").write_bytes(b"somebody else's")
    assert weights_path("dsfnet", "research") == resources.weights("dsfnet-research")
    assert weights_path("dsfnet", "./research") == Path("research")
    (tmp_path / "mine").touch()
    assert weights_path("dsfnet", "mine") == Path("mine")


def test_missing_weights_are_an_error_and_no_others_answer_instead(tmp_path, monkeypatch):
    (tmp_path / "weights").mkdir()
    for name in ("manifest.toml", "weights/dsfnet-research.safetensors"):
        (tmp_path / name).symlink_to(resources.ROOT / name)
    monkeypatch.setattr(resources.weights, "__defaults__", (tmp_path,))
    with pytest.raises(MissingAssetError, match=r"dsfnet-open\.safetensors is missing.*install it again"):
        load("dsfnet")


def test_weights_of_a_users_file_answer_in_crop_space(tmp_path, tensors):
    method = load("dsfnet", written(tmp_path / "mine.safetensors", tensors))
    crops = np.random.default_rng(0).integers(0, 255, (2, 64, 64, 3), np.uint8)
    answers = method(crops)
    assert [answer.space for answer in answers] == [Space.CROP] * 2
    assert answers[0].vertices.shape == (len(method.topology.uv), 3)
    assert not answers[0].vertices.flags.writeable
    assert answers[0].took_part == method.switches


def test_a_missing_key_is_named(tmp_path, tensors):
    without = {key: value for key, value in tensors.items() if key != "regress.bias"}
    with pytest.raises(WeightsError, match=r"missing regress\.bias"):
        load("dsfnet", written(tmp_path / "w.safetensors", without))


def test_an_extra_key_is_named(tmp_path, tensors):
    with pytest.raises(WeightsError, match="unknown stowaway"):
        load("dsfnet", written(tmp_path / "w.safetensors", tensors | {"stowaway": torch.zeros(1)}))


def test_a_misshapen_key_is_named_with_both_shapes(tmp_path, tensors):
    wrong = tensors | {"regress.bias": torch.zeros(3)}
    with pytest.raises(WeightsError, match=r"regress\.bias is \[3\], should be \[105\]"):
        load("dsfnet", written(tmp_path / "w.safetensors", wrong))


@pytest.mark.parametrize("content", [b"", b"not weights at all", b"\x80\x04\x95 pickled"])
def test_a_file_that_is_no_safetensors_is_refused(tmp_path, content):
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"w\.safetensors"):
        load("dsfnet", path)


@pytest.mark.parametrize("recipe", [{}, {"form": {"sise": 3}}, {"form": {"size": "big"}}, [], {"form": 3}])
def test_a_recipe_without_a_usable_form_is_refused(tmp_path, tensors, recipe):
    with pytest.raises(WeightsError, match=r"w\.safetensors"):
        load("dsfnet", written(tmp_path / "w.safetensors", tensors, recipe))


def test_switches_that_do_not_exist_or_leave_nothing_are_refused(tmp_path, tensors):
    method = load("dsfnet", written(tmp_path / "w.safetensors", tensors))
    crops = np.zeros((1, 64, 64, 3), np.uint8)
    with pytest.raises(ValueError, match="telepathy"):
        method(crops, frozenset({"telepathy"}))
    with pytest.raises(ValueError, match="both branches"):
        method(crops, frozenset({"image space", "model space"}))
    with pytest.raises(ValueError, match=r"\[1, 32, 32, 3\]"):
        method(crops[:, :32, :32])


def test_no_crops_no_answers(tmp_path, tensors):
    method = load("dsfnet", written(tmp_path / "w.safetensors", tensors))
    assert method(np.zeros((0, 64, 64, 3), np.uint8)) == []


def test_the_crop_is_a_square_about_the_box(tmp_path, tensors):
    method = load("dsfnet", written(tmp_path / "w.safetensors", tensors))
    T = method.crop(Face((10, 20, 50, 100)))
    centre = T @ [31.5, 31.5, 1]
    np.testing.assert_allclose(centre, [30, 60, 1])
    np.testing.assert_allclose(T[0, 0] * 64, 1.5 * 80)


def test_each_left_out_branch_is_said_and_missing_from_the_layers(tmp_path, tensors):
    method = load("dsfnet", written(tmp_path / "w.safetensors", tensors))
    crops = np.random.default_rng(1).integers(0, 255, (1, 64, 64, 3), np.uint8)
    for branch, other in (("image space", "model space"), ("model space", "image space")):
        answer = method(crops, frozenset({branch}))[0]
        names = [layer.name for layer in answer.layers]
        assert branch not in names
        assert ("visible surface" in names) == (branch == "model space")
        assert answer.left_out == (branch,)
        np.testing.assert_allclose(answer.vertices, answer.layer(other).vertices)
