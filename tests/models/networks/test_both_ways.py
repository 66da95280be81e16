"""The look in the mirror."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.geometry.transforms import mirrored_6d, rotation_from_6d, rotation_from_euler
from models.loading import load, load_face_model
from models.methods.dsfnet import method as dsfnet
from models.methods.dsfnet.method import DSFNet, make_network
from models.networks.both_ways import perceive_both_ways
from models.networks.dual_space import Form
from models.synthetic.dataset import batch

SMALL = Form(widths=(8, 8, 8, 8, 8), summary=16, chart_size=48, fusion_widths=(8, 8, 8, 8), sampled=4)


@pytest.fixture
def method(monkeypatch) -> DSFNet:
    """Of chance, but in single precision on any machine."""
    monkeypatch.setattr(dsfnet, "multiplies_bfloat16", lambda device: False)
    torch.manual_seed(1)
    return DSFNet(make_network(SMALL, load_face_model()), load_face_model())


@pytest.fixture
def crops() -> np.ndarray:
    return np.random.default_rng(5).integers(0, 255, (2, 128, 128, 3), np.uint8)


def test_the_signs_of_a_rotations_columns_are_those_of_a_mirrored_head():
    pitch, yaw, roll = 0.3, -0.8, 0.2
    turned, mirrored = (rotation_from_euler(torch.tensor([[pitch, s * yaw, s * roll]])) for s in (1, -1))
    six = turned[..., :2].mT.flatten(1)
    torch.testing.assert_close(rotation_from_6d(mirrored_6d(six)), mirrored)


def test_the_model_space_answers_a_mirrored_crop_with_the_mirrored_face(method, crops):
    mirror = load_face_model().topology.mirror
    for answer, other in zip(method(crops), method(crops[:, :, ::-1]), strict=True):
        one, two = answer.layer("model space"), other.layer("model space")
        np.testing.assert_allclose(two.vertices[mirror] * [-1, 1, 1] + [127, 0, 0], one.vertices, atol=0.02)
        pitch, yaw, roll = two.pose_deg
        assert (pitch, -yaw, -roll) == pytest.approx(one.pose_deg, abs=0.01)


def test_maps_of_a_mirrored_crop_are_mirrored(method, crops):
    symmetric = load_face_model().symmetric
    pixels = dsfnet.standardise(torch.from_numpy(crops).permute(0, 3, 1, 2))
    with torch.inference_mode():
        one, _ = perceive_both_ways(method._network, pixels, symmetric)
        two, _ = perceive_both_ways(method._network, pixels.flip(-1), symmetric)
    for name in ("mask", "depth", "confidence"):
        torch.testing.assert_close(
            getattr(two.dense, name).flip(-1), getattr(one.dense, name), atol=1e-3, rtol=0
        )


def test_each_look_counts_half(method, crops):
    network, symmetric = method._network, load_face_model().symmetric
    pixels = dsfnet.standardise(torch.from_numpy(crops).permute(0, 3, 1, 2))
    with torch.inference_mode():
        both, apart = perceive_both_ways(network, pixels, symmetric)
        straight, mirrored = network.perceive(pixels), network.perceive(pixels.flip(-1))
    torch.testing.assert_close(both.dense.mask, (straight.dense.mask + mirrored.dense.mask.flip(-1)) / 2)
    u = (straight.dense.uv[:, 0] + 1 - mirrored.dense.uv[:, 0].flip(-1)) / 2
    torch.testing.assert_close(both.dense.uv[:, 0], u)
    torch.testing.assert_close(both.summary, straight.summary)
    masks = (torch.sigmoid(straight.dense.mask) - torch.sigmoid(mirrored.dense.mask.flip(-1))).abs()
    torch.testing.assert_close(apart[:, 2], masks.mean((1, 2, 3)))


def test_bfloat16_moves_the_answer_by_less_than_a_thousandth_of_the_face(monkeypatch):
    faces = batch(11, range(4)).images.permute(0, 2, 3, 1).numpy()
    answers = []
    for fast in (False, True):
        monkeypatch.setattr(dsfnet, "multiplies_bfloat16", lambda device, fast=fast: fast)
        answers.append(load("dsfnet")(faces))
    for exact, near in zip(*answers, strict=True):
        apart = np.linalg.norm((exact.vertices - near.vertices)[:, :2], axis=1).mean()
        assert 0 < apart < 0.001 * np.ptp(exact.vertices[:, :2], axis=0).max()
