"""DSFNet's release, plainly: one convolution after another, sample by sample, straight from a state dict.

Written from the description of the computation, apart from `models.networks`, so that each can judge
the other. What the original does costs what it costs there: three separate heads, enlarged maps, a dense
diagonal matrix of 2048 x 2048 per fit, the whole basis for each branch, loops over the batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import (
    batch_norm,
    conv1d,
    conv2d,
    conv_transpose2d,
    grid_sample,
    interpolate,
    linear,
    max_pool2d,
)

EPS = 1e-5
POINTS = 2048
OFFSET_RATE, POSITION_RATE = 1.5e-5, 280.0


@dataclass(frozen=True, slots=True)
class Tables:
    """What the original keeps beside the weights.

    Attributes:
        state: Its state dict.
        shape, expression: [3 * S * S, I], [3 * S * S, E] micrometres per unit, row
            3 * (S row + column) + axis.
        shape_scale, expression_scale: [I], [E] standard deviations.
        face: [S, S] bool.
        nose: Row and column of landmark 30.
    """

    state: dict[str, Tensor]
    shape: Tensor
    expression: Tensor
    shape_scale: Tensor
    expression_scale: Tensor
    face: Tensor
    nose: tuple[int, int]


class Heads(NamedTuple):
    """Outputs of the HRNet, as in models.networks.hrnet.Sight."""

    grid: Tensor
    seen: Tensor
    depth: Tensor
    feature: Tensor
    shape: Tensor
    expression: Tensor
    camera: Tensor


class Answer(NamedTuple):
    """face [B, 3, S, S] position-map units, rotation [B, 3, 3]: the original's, a mirror."""

    face: Tensor
    rotation: Tensor


Choose = Callable[[Tensor], Tensor]  # [P] the cells that count -> the cells a fit takes


def by_chance(cells: Tensor) -> Tensor:
    """As the original: 2048 with replacement."""
    return cells[torch.randint(0, len(cells), (POINTS,))]


def all_of_them(cells: Tensor) -> Tensor:
    """Every one: the answer no longer depends on chance."""
    return cells


def evenly(cells: Tensor) -> Tensor:
    """2048 spread evenly, for the PointNet, which needs that many."""
    return cells[torch.arange(POINTS) * len(cells) // POINTS]


class Plain:
    """The original's forward pass."""

    def __init__(self, tables: Tables) -> None:
        self.tables, self.state = tables, tables.state
        self.mean = self.state["rebuilder.mean_posmap_tensor"]

    def _conv(self, x: Tensor, name: str, stride: int = 1) -> Tensor:
        weight = self.state[f"{name}.weight"]
        return conv2d(x, weight, self.state.get(f"{name}.bias"), stride, weight.shape[-1] // 2)

    def _norm(self, x: Tensor, name: str) -> Tensor:
        mean, variance, weight, bias = (
            self.state[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")
        )
        return batch_norm(x, mean, variance, weight, bias, eps=EPS)

    def _block(self, x: Tensor, name: str, count: int) -> Tensor:
        y = x
        for k in range(1, count + 1):
            y = self._norm(self._conv(y, f"{name}.conv{k}"), f"{name}.bn{k}")
            if k < count:
                y = torch.relu(y)
        if f"{name}.downsample.0.weight" in self.state:
            x = self._norm(self._conv(x, f"{name}.downsample.0"), f"{name}.downsample.1")
        return torch.relu(y + x)

    def _enter(self, x: Tensor, name: str, stride: int) -> Tensor:
        return torch.relu(self._norm(self._conv(x, f"{name}.0", stride), f"{name}.1"))

    def _exchange(self, maps: list[Tensor], name: str) -> list[Tensor]:
        maps = list(maps)
        for j in range(len(maps)):
            for k in range(4):
                maps[j] = self._block(maps[j], f"{name}.branches.{j}.{k}", 2)
        out = []
        for i in range(len(maps)):
            total = torch.zeros(())
            for j, x in enumerate(maps):
                layer = f"{name}.fuse_layers.{i}.{j}"
                if j > i:
                    x = self._norm(self._conv(x, f"{layer}.0"), f"{layer}.1")
                    x = interpolate(x, maps[i].shape[-2:], mode="bilinear", align_corners=False)
                for k in range(max(0, i - j)):
                    x = self._norm(self._conv(x, f"{layer}.{k}.0", 2), f"{layer}.{k}.1")
                    x = torch.relu(x) if k < i - j - 1 else x
                total = total + x
            out.append(torch.relu(total))
        return out

    def backbone(self, crops: Tensor) -> list[Tensor]:
        """[B, 3, S, S] standardised -> the four maps of the last stage."""
        x = torch.relu(self._norm(self._conv(crops, "hrnet.conv1", 2), "hrnet.bn1"))
        x = torch.relu(self._norm(self._conv(x, "hrnet.conv2", 2), "hrnet.bn2"))
        for k in range(4):
            x = self._block(x, f"hrnet.layer1.{k}", 3)
        maps = [self._enter(x, "hrnet.transition1.0", 1), self._enter(x, "hrnet.transition1.1.0", 2)]
        maps = self._exchange(maps, "hrnet.stage2.0")
        maps.append(self._enter(maps[-1], "hrnet.transition2.2.0", 2))
        maps = self._exchange(maps, "hrnet.stage3.0")
        for _ in range(2):  # the original runs it twice and keeps the second
            last = self._enter(maps[-1], "hrnet.transition3.3.0", 2)
        return self._exchange([*maps, last], "hrnet.stage4.0")

    def heads(self, maps: list[Tensor]) -> Heads:
        """Dense heads one by one, and the regression."""
        side = maps[0].shape[-2:]
        enlarged = [interpolate(x, side, mode="bilinear", align_corners=False) for x in maps]
        features = torch.cat(enlarged, 1)
        dense = []
        for name in ("grid_head", "seg_head", "depth_head"):
            x = self._conv(interpolate(features, scale_factor=2.0), f"hrnet.{name}.1")
            x = torch.relu(self._norm(x, f"hrnet.{name}.2"))
            dense.append(self._conv(interpolate(x, scale_factor=2.0), f"hrnet.{name}.5"))
        feature = self._block(maps[3], "hrnet.model_space_decoder_head", 2)
        flat = self._block(feature, "hrnet.para_collect", 2).flatten(1)
        numbers = [
            linear(flat, self.state[f"hrnet.{name}.weight"], self.state[f"hrnet.{name}.bias"])
            for name in ("fc_shape", "fc_exp", "fc_Tm")
        ]
        camera = self._norm(numbers[2], "hrnet.fc_Tm_bn")
        return Heads(dense[0], torch.sigmoid(dense[1]), dense[2], feature, numbers[0], numbers[1], camera)

    def to_chart(self, heads: Heads) -> tuple[Tensor, Tensor, Tensor]:
        """Positions [B, 3, S, S], confidence and mask [B, 1, S, S]: PyTorch 1.7.1's on CUDA."""
        side = heads.grid.shape[-1]
        mask = heads.seen[:, :1] > 0.5
        for sample in mask:
            if not sample.any():
                sample[:] = True
        address = (((heads.grid * mask) + 1) / 2 * side).int().clamp(0, side - 1).long()
        rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
        cells = torch.zeros(len(mask), 2, side, side)
        for b in range(len(mask)):
            place = (address[b, 1] * side + address[b, 0]).flatten()
            last = torch.zeros(side * side, dtype=torch.long).scatter_reduce(
                0, place, torch.arange(side * side), "amax"
            )  # the last writer in reading order, which one thread gives
            cells[b] = torch.stack((last % side, last // side)).unflatten(1, (side, side)).float()
        # 1.7.1 rounds c - 0.5 away from zero: c, and outside for 0; a hair more makes today's rounding agree.
        where = (cells - 0.499 * (cells > 0) - 1.0 * (cells == 0) + 0.499) * 2 / side - 1 + 1 / side
        values = torch.cat((columns.expand_as(mask) / POSITION_RATE, rows.expand_as(mask) / POSITION_RATE), 1)
        values = torch.cat((values, heads.depth), 1) * mask
        planes = torch.cat((values, heads.seen[:, 1:], mask.float()), 1)
        found = grid_sample(planes, where.movedim(1, -1), "nearest", align_corners=False)
        return found[:, :3], found[:, 3:4], found[:, 4:]

    def offsets(self, shape: Tensor, expression: Tensor) -> Tensor:
        """[B, 3, S, S] shape units: the whole basis, sample by sample."""
        t = self.tables
        side = self.mean.shape[-1]
        rows = [
            t.shape @ (s * t.shape_scale) + t.expression @ (e * t.expression_scale)
            for s, e in zip(shape, expression, strict=True)
        ]
        return torch.stack(rows).reshape(-1, side, side, 3).movedim(-1, 1) * OFFSET_RATE

    def rebuild(
        self, source: Tensor, target: Tensor, weights: Tensor, masking: Tensor, choose: Choose
    ) -> tuple[Tensor, Tensor]:
        """The published fit: `source` [B, 3, S, S] carried onto `target`, and its rotation."""
        out, rotations = [], []
        for a, b, w, m in zip(source, target, weights, masking, strict=True):
            chosen = choose(((m.sum(0) != 0) & self.tables.face).flatten().nonzero()[:, 0])
            p, q, v = a.flatten(1)[:, chosen].T, b.flatten(1)[:, chosen].T, w.flatten()[chosen]
            centre_p, centre_q = ((v[:, None] * x).sum(0) / (v.sum() + 1e-8) for x in (p, q))
            scale = (q - centre_q).norm(dim=1).sum() / ((p - centre_p).norm(dim=1).sum() + 1e-8)
            p = scale * p
            diagonal = torch.diag(v) if choose is by_chance else v[:, None]
            weighted = diagonal @ (q - q.mean(0)) if choose is by_chance else diagonal * (q - q.mean(0))
            u, _, vt = torch.linalg.svd((p - p.mean(0)).T @ weighted)
            rotation = vt.T @ u.T
            shift = (q - p @ rotation.T).mean(0)
            out.append((scale * rotation @ a.flatten(1) + shift[:, None]).reshape(a.shape))
            rotations.append(rotation)
        return torch.stack(out), torch.stack(rotations)

    def complete(
        self, upright: Tensor, confidence: Tensor, mask: Tensor, choose: Choose
    ) -> tuple[Tensor, Tensor]:
        """The PointNet."""
        side = mask.shape[-1]
        clouds = []
        for position, c, m in zip(upright, confidence, mask, strict=True):
            chosen = choose((m[0].bool() & self.tables.face).flatten().nonzero()[:, 0])
            on_chart = torch.stack((chosen // side, chosen % side)) / (side / 2) - 1
            clouds.append(torch.cat((position.flatten(1)[:, chosen], c.flatten(1)[:, chosen], on_chart)))
        x = torch.stack(clouds)
        for k in range(1, 6):
            x = conv1d(x, self.state[f"pointnet.conv{k}.weight"], self.state[f"pointnet.conv{k}.bias"])
            x = torch.relu(self._norm(x, f"pointnet.bn{k}"))
        x = x.max(2, keepdim=True).values
        shape, expression = (
            self._norm(
                conv1d(x, self.state[f"pointnet.conv6_{k}.weight"], self.state[f"pointnet.conv6_{k}.bias"]),
                f"pointnet.bn6_{k}",
            )[..., 0]
            for k in ("shape", "exp")
        )
        return shape, expression

    def model_space(self, offset: Tensor, camera: Tensor) -> Tensor:
        """[B, 3, S, S] position-map units."""
        points = (offset + self.mean) / OFFSET_RATE
        homogeneous = torch.cat((points, torch.ones_like(points[:, :1])), 1).flatten(2)
        face = (camera.reshape(-1, 3, 4) @ homogeneous).reshape(points.shape) / POSITION_RATE
        row, column = self.tables.nose
        face[:, 2] = face[:, 2] - face[:, 2, row, column][:, None, None]
        return face

    def _double(self, x: Tensor, name: str) -> Tensor:
        for k in (1, 2):
            x = self._conv(x, f"{name}.conv{k}.0")
            if f"{name}.conv{k}.1.weight" in self.state:
                x = self._norm(x, f"{name}.conv{k}.1")
            x = torch.relu(x)
        return x

    def fuse(self, maps: Tensor, feature: Tensor) -> tuple[Tensor, Tensor]:
        """The U-Net: offset and kpt."""
        skips = [self._double(maps, "unet.conv1")]
        for k in (2, 3, 4):
            skips.append(self._double(max_pool2d(skips[-1], 2), f"unet.conv{k}"))
        x = self._double(max_pool2d(skips[-1], 2), "unet.center")
        feature = interpolate(feature, x.shape[-2:], mode="bilinear", align_corners=False)
        centre = self._double(torch.cat((x, feature), 1), "unet.fuse_with_feature")
        out = []
        for kind in ("offset", "kpt"):
            x = centre
            for k in (4, 3, 2, 1):
                name = f"unet.up_concat{k}_{kind}"
                x = conv_transpose2d(x, self.state[f"{name}.up.weight"], self.state[f"{name}.up.bias"], 2)
                x = self._double(torch.cat((x, skips[k - 1]), 1), f"{name}.conv")
            x = torch.relu(self._norm(self._conv(x, f"unet.{kind}_head.0"), f"unet.{kind}_head.1"))
            out.append(self._conv(x, f"unet.{kind}_head.3"))
        return out[0], out[1]

    def __call__(
        self, crops: Tensor, choose: Choose = by_chance, choose_points: Choose = by_chance
    ) -> Answer:
        """[B, 3, S, S] standardised -> the answer."""
        heads = self.heads(self.backbone(crops))
        seen, confidence, mask = self.to_chart(heads)
        mean = self.mean.expand_as(seen)
        upright, _ = self.rebuild(seen, mean, confidence, seen, choose)
        shape, expression = self.complete(upright, confidence, mask, choose_points)
        offset_is = self.offsets(shape, expression)
        face_is, _ = self.rebuild(offset_is + mean, seen, confidence, seen, choose)
        offset_ms = self.offsets(heads.shape, heads.expression)
        face_ms = self.model_space(offset_ms, heads.camera)
        offset, kpt = self.fuse(torch.cat((face_is, face_ms, offset_is, offset_ms), 1), heads.feature)
        return Answer(*self.rebuild(offset + mean, kpt, confidence, kpt, choose))
