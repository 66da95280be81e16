"""3DDFA-V2's release, plainly: one layer after another from a state dict, then numpy, crop to vertices.

Written from the description of the computation, apart from `models.methods.tddfa`, so that each can judge
the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import batch_norm, conv2d, linear, relu

Floats = NDArray[np.float32]
SIZE = 120
STRIDES = {"dw2_2": 2, "dw3_2": 2, "dw4_2": 2, "dw5_6": 2}
BLOCKS = ("dw2_1", "dw2_2", "dw3_1", "dw3_2", "dw4_1", "dw4_2", *(f"dw5_{k}" for k in range(1, 7)), "dw6")


@dataclass(frozen=True, slots=True)
class Plain:
    """The release's computation.

    Attributes:
        state: State dict of its MobileNet, without `module.`, the last layer as `fc`.
        mean, std: [62].
        u: [3 N, 1]; w_shp: [3 N, 40]; w_exp: [3 N, 10]: x, y, z of each vertex in turn, micrometres.
    """

    state: dict[str, Tensor]
    mean: Floats
    std: Floats
    u: Floats
    w_shp: Floats
    w_exp: Floats

    def crop(self, image: NDArray[np.uint8], roi: tuple[float, ...]) -> NDArray[np.uint8]:
        """[120, 120, 3] of a picture [H, W, 3] and a square that lies within it."""
        x0, y0, x1, y1 = (round(v) for v in roi)
        part = image[y0:y1, x0:x1].copy()
        return np.asarray(cv2.resize(part, dsize=(SIZE, SIZE), interpolation=cv2.INTER_LINEAR), np.uint8)

    def network(self, bgr: NDArray[np.uint8]) -> Floats:
        """[62] parameters of a crop [120, 120, 3]."""
        x = torch.from_numpy(((bgr.transpose(2, 0, 1)[None].astype(np.float32)) - 127.5) / 128.0)
        with torch.no_grad():
            x = relu(self._norm(conv2d(x, self.state["conv1.weight"], stride=2, padding=1), "bn1"))
            for name in BLOCKS:
                weight = self.state[f"{name}.conv_dw.weight"]
                stride = STRIDES.get(name, 1)
                x = conv2d(x, weight, stride=stride, padding=1, groups=len(weight))
                x = relu(self._norm(x, f"{name}.bn_dw"))
                x = relu(self._norm(conv2d(x, self.state[f"{name}.conv_sep.weight"]), f"{name}.bn_sep"))
            x = linear(x.mean((2, 3)), self.state["fc.weight"], self.state["fc.bias"])
        return np.asarray(x[0].numpy() * self.std + self.mean, np.float32)

    def vertices(self, parameters: Floats, roi: tuple[float, ...]) -> Floats:
        """[3, N] image px, y down, z from the farthest point."""
        camera = parameters[:12].reshape(3, -1)
        alpha, epsilon = parameters[12:52].reshape(-1, 1), parameters[52:].reshape(-1, 1)
        shape = (self.u + self.w_shp @ alpha + self.w_exp @ epsilon).reshape(3, -1, order="F")
        placed = camera[:, :3] @ shape + camera[:, 3:]
        x0, y0, x1, y1 = roi
        across, down = (x1 - x0) / SIZE, (y1 - y0) / SIZE
        placed[0] = (placed[0] - 1) * across + x0
        placed[1] = (SIZE - placed[1]) * down + y0
        placed[2] = (placed[2] - 1) * (across + down) / 2
        placed[2] -= placed[2].min()
        return np.asarray(placed, np.float32)

    def __call__(self, bgr: NDArray[np.uint8], roi: tuple[float, ...]) -> Floats:
        """[3, N]: what a picture shows in a square."""
        return self.vertices(self.network(self.crop(bgr, roi)), roi)

    def _norm(self, x: Tensor, name: str) -> Tensor:
        mean, var = self.state[f"{name}.running_mean"], self.state[f"{name}.running_var"]
        return batch_norm(x, mean, var, self.state[f"{name}.weight"], self.state[f"{name}.bias"])
