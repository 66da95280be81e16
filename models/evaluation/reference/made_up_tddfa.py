"""A 3DDFA-V2 nobody trained, of the published size, and its plain restatement: to measure and to test."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from models.evaluation.reference.tddfa import Plain
from models.face_model.linear import LinearModel
from models.methods.tddfa.assets import dense_face, release_whitening
from models.methods.tddfa.method import TDDFA
from models.networks.mobilenet import MobileNet
from models.reconstruction import Topology

ROWS, COLUMNS = 195, 197  # 38,415 vertices, as the release has 38,365
CAMERA = (5e-4, 0, 0, 60, 0, 5e-4, 0, 60, 0, 0, 5e-4, -60)  # micrometres to px of the crop


def made_up(
    width: float = 0.5, seed: int = 0, rows: int = ROWS, columns: int = COLUMNS
) -> tuple[TDDFA, Plain]:
    """Both with the same random weights; ours in the release's parity, so that answers compare."""
    torch.manual_seed(seed)
    network = MobileNet(width).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(std=0.1)  # type: ignore[union-attr]
            module.running_var.uniform_(0.5, 2.0)  # type: ignore[union-attr]
    state = {key: value.clone() for key, value in network.state_dict().items()}
    rng = np.random.default_rng(seed)
    mean_um, triangles = _sheet(rows, columns)
    count = rows * columns
    movements = rng.normal(size=(50, count, 3)).astype(np.float32)
    mean = np.concatenate([CAMERA, np.zeros(50)]).astype(np.float32)
    std = np.concatenate([0.05 * np.abs(CAMERA), np.full(50, 1000.0)]).astype(np.float32)
    ones = np.ones(1, np.float32)
    in_mm = np.concatenate([mean_um[None], movements]) * np.float32(1e-3)
    model = LinearModel("made up", in_mm[0], in_mm[1:41], in_mm[41:], ones, ones, triangles)
    face = dense_face(model, _topology(model), "made up")
    ours = TDDFA(network, release_whitening({"mean": mean, "std": std}, "made up"), face, parity="v2")
    columns_of = movements.reshape(50, -1).T
    plain = Plain(
        state, mean, std, mean_um.reshape(-1, 1), columns_of[:, :40].copy(), columns_of[:, 40:].copy()
    )
    return ours, plain


def _sheet(rows: int, columns: int) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """A bent sheet [N, 3] micrometres, and its triangles [T, 3], counter-clockwise from before it."""
    y, x = np.mgrid[1 : -1 : rows * 1j, -1 : 1 : columns * 1j]
    mean = np.stack([75e3 * x, 90e3 * y, 120e3 - 60e3 * (x**2 + y**2)], -1).reshape(-1, 3)
    a = np.arange(rows * columns).reshape(rows, columns)
    upper = np.stack([a[:-1, :-1], a[1:, :-1], a[:-1, 1:]], -1).reshape(-1, 3)
    lower = np.stack([a[:-1, 1:], a[1:, :-1], a[1:, 1:]], -1).reshape(-1, 3)
    return mean.astype(np.float32), np.concatenate([upper, lower]).astype(np.int32)


def _topology(model: LinearModel) -> Topology:
    count = len(model.mean)
    marks = np.linspace(0, count - 1, 68).round().astype(np.int32)
    weights = np.zeros((68, 3), np.float32)
    weights[:, 0] = 1
    return Topology(
        name=model.name,
        triangles=model.triangles,
        uv=np.zeros((count, 2), np.float32),
        landmark_vertices=np.repeat(marks[:, None], 3, 1),
        landmark_weights=weights,
        mirror=np.arange(count, dtype=np.int32),
        regions=np.zeros(count, np.uint8),
        region_names=("face",),
        mean=model.mean,
    )
