"""Landmarks read off the features under a placed face, and the face moved towards them within its model.

Two steps as in Wood et al., "3D Face Reconstruction with Dense Landmarks", ECCV 2022: a network says of each
landmark where it lies in the picture and how sure that is; then one Gauss-Newton step on coefficients and
pose weighs these points by their certainty against the face as it was. What is covered has uncertain points
and stays where the prior, here the face before, puts it; more so where the visibility mask says covered too.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from models.geometry.transforms import Similarity

MARKS = 68
JAW = 17  # the first ones: outlines, which what covers a face may show
LEAST_SHOWN = 0.05  # an uncertainty is divided by no less
CHANNELS = 32  # of the features that landmarks are read off
REACH = 2  # a patch of features has 2 * REACH + 1 places a side
SMALLEST = 0.02  # scale of a placed face: below it there is none
HEADS, LAYERS = 4, 2
UNIT = 0.03  # half crop sides: sizes of moves and of their uncertainty are told in these
FARTHEST = 5.0  # of a step of the pose, in those units
POSE = 6  # turn about x, y and z; log scale; x and y


class Marks(NamedTuple):
    """The landmarks of a face model, in units of 100 mm.

    Attributes:
        mean: [68, 3] of the mean shape, as readings were taught with.
        looked: [68, 3] of the mean shape, where they lie in a photo.
        weights: [68, G * G] read them off an offset over the chart.
        basis: [I + E, 68, 3] for one standard deviation.
    """

    mean: Tensor
    looked: Tensor
    weights: Tensor
    basis: Tensor


class Reading(NamedTuple):
    """Where landmarks lie in the picture.

    Attributes:
        points: [B, 68, 2] camera coordinates.
        log_size: [B, 68] logarithm of the mean distance expected, in `UNIT`.
    """

    points: Tensor
    log_size: Tensor


class LandmarkNetwork(nn.Module):
    """Features around each landmark of a placed face -> a `Reading`; the landmarks know each other.

    maps [P, CHANNELS, M, M] and at half that size, of pictures of which each has the same number of faces;
    summary [B, summary], points [B, 68, 3] and their placement, of all pictures one face, then another.
    """

    around: Tensor

    def __init__(self, summary: int, width: int) -> None:
        super().__init__()
        side = 2 * REACH + 1
        self.patch = nn.Linear(2 * CHANNELS * side * side, width)
        self.geometry = nn.Linear(3 + 9 + 1, width)
        self.context = nn.Linear(summary, width)
        self.which = nn.Parameter(torch.randn(MARKS, width) * 0.02)
        layer = nn.TransformerEncoderLayer(
            width, HEADS, 2 * width, dropout=0.0, batch_first=True, norm_first=True
        )
        self.mix = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)
        leave = nn.Linear(width, 3)
        nn.init.zeros_(leave.weight)
        nn.init.zeros_(leave.bias)
        self.leave = nn.Sequential(nn.LayerNorm(width), leave)
        line = torch.arange(-REACH, REACH + 1)
        self.register_buffer("around", torch.cartesian_prod(line, line).float(), persistent=False)

    def forward(
        self, maps: tuple[Tensor, Tensor], summary: Tensor, points: Tensor, placement: Similarity
    ) -> Reading:
        """See the class."""
        fine, coarse = maps
        patches = torch.cat((self._patches(fine, points, 1.0), self._patches(coarse, points, 1.5)), -1)
        centre = points - points.mean(1, keepdim=True)
        count, scale = len(points), placement.scale.clamp(min=SMALLEST)[:, None, None]
        known = torch.cat(
            (
                centre / scale,
                placement.rotation.reshape(count, 1, 9).expand(-1, MARKS, -1),
                scale.log().expand(-1, MARKS, -1),
            ),
            -1,
        )
        with torch.autocast(points.device.type, torch.bfloat16, enabled=self.training):
            tokens = self.patch(patches) + self.geometry(known)
            tokens = tokens + self.context(summary)[:, None] + self.which
            out = self.leave(self.mix(tokens)).float()
        return Reading(points[..., :2] + UNIT * out[..., :2], out[..., 2].clamp(-4, 4))

    def _patches(self, maps: Tensor, points: Tensor, step: float) -> Tensor:
        """[B, 68, CHANNELS * side * side] of the features about the points, `step` px of these maps apart.

        The maps of a picture serve all its faces.
        """
        pictures, faces = len(maps), len(points) // len(maps)
        flat = within(points[..., :2] * points.new_tensor((1.0, -1.0)))
        grid = flat[:, :, None] + self.around * (2 * step / maps.shape[-1])  # [B, 68, side * side, 2]
        grid = grid.unflatten(0, (faces, pictures)).transpose(0, 1).flatten(1, 2)
        found = nn.functional.grid_sample(maps, grid, align_corners=False, padding_mode="border")
        found = found.unflatten(2, (faces, MARKS)).permute(2, 0, 3, 1, 4)
        return found.flatten(0, 1).flatten(2)


class RefiningNetwork(nn.Module):
    """Readings and steps in turn; see the module.

    The stiffness of each coefficient and of the pose against the reading is learnt with the rest.
    """

    mean: Tensor
    looked: Tensor
    weights: Tensor
    basis: Tensor

    def __init__(self, channels: int, summary: int, marks: Marks, width: int) -> None:
        super().__init__()
        for name, value in marks._asdict().items():
            self.register_buffer(name, value.contiguous(), persistent=False)
        self.squeeze = nn.Sequential(nn.Conv2d(channels, CHANNELS, 1), nn.ReLU(inplace=True))
        self.read = LandmarkNetwork(summary, width)
        self.stiffness = nn.Parameter(torch.zeros(len(marks.basis) + POSE))

    def forward(
        self,
        maps: Tensor,
        summary: Tensor,
        offset: Tensor,
        placement: Similarity,
        again: int = 0,
        shown: Tensor | None = None,
    ) -> tuple[Reading, Tensor, Similarity]:
        """The first reading, what to add to the coefficients [B, I + E], and the new placement.

        Args:
            maps: [P, C, M, M] features of pictures.
            summary: [P, summary] likewise.
            offset: [B, G * G, 3] shape minus mean, 100 mm: of all pictures one face, then another.
            placement: Of that shape.
            again: So many of the faces, the first ones of that order, are read and moved a second time.
            shown: [P, 1, M, M] P(this pixel shows a face), see `doubted`; None: all do.
        """
        fine = self.squeeze(maps)
        both = fine, nn.functional.avg_pool2d(fine, 2)
        read = self.weights @ offset.transpose(0, 1).flatten(
            1
        )  # of all faces at once: no copies of the weights
        shape = self.mean + read.unflatten(1, (-1, 3)).transpose(0, 1)
        reading, added, placement = self._once(both, summary, shape, placement, shown)
        if again:
            moved = shape[:again] + (added[:again] @ self.basis.flatten(1)).unflatten(1, (MARKS, 3))
            near = Similarity(*(v[:again] for v in placement))
            _, more, turned = self._once(both, summary, moved, near, shown)
            added = torch.cat((added[:again] + more, added[again:]))
            placement = Similarity(
                *(torch.cat((v, w[again:])) for v, w in zip(turned, placement, strict=True))
            )
        return reading, added, placement

    def _once(
        self,
        maps: tuple[Tensor, Tensor],
        summary: Tensor,
        shape: Tensor,
        placement: Similarity,
        shown: Tensor | None,
    ) -> tuple[Reading, Tensor, Similarity]:
        """One reading around landmarks [B, 68, 3] of a shape, 100 mm, and the step towards it."""
        points, places = placement.apply(shape), placement.apply(shape + self.looked - self.mean)
        summary = summary.repeat(len(points) // len(summary), 1)
        reading = self.read(maps, summary, places.detach(), placement)
        trusted = reading if shown is None else doubted(reading, shown, places)
        return reading, *step(points, trusted, self.basis, placement, (5 * self.stiffness).exp())


def doubted(reading: Reading, shown: Tensor, places: Tensor) -> Reading:
    """A reading less sure of inner landmarks that lie where no face is to be seen.

    Readings were taught to say so themselves, but are surer behind real glasses and hands than they should
    be. The points of the jaw are outlines, which the edge of a mask shows as well.

    Args:
        reading: Of B faces.
        shown: [P, 1, M, M] P(this pixel shows a face); each picture has the same number of faces.
        places: [B, 68, 3] where the landmarks were looked for, of all pictures one face, then another.
    """
    inner = places[:, JAW:, :2] * places.new_tensor((1.0, -1.0))
    maps = shown.repeat(len(places) // len(shown), 1, 1, 1)
    found = nn.functional.grid_sample(
        maps, within(inner)[:, :, None], align_corners=False, padding_mode="border"
    )
    doubt = -found[:, 0, :, 0].clamp(min=LEAST_SHOWN).log()
    return reading._replace(log_size=reading.log_size + nn.functional.pad(doubt, (JAW, 0)))


def within(places: Tensor) -> Tensor:
    """Places to sample at, kept near the crop and finite: `grid_sample` may crash on others."""
    return places.nan_to_num(0.0).clamp(-4, 4)


def step(
    points: Tensor, reading: Reading, basis: Tensor, placement: Similarity, stiffness: Tensor
) -> tuple[Tensor, Similarity]:
    """One Gauss-Newton step from a placed face towards a reading.

    Minimises sum_k |p_k + J_k x - l_k|^2 / size_k^2 + sum_i stiffness_i x_i^2 in closed form.

    Args:
        points: [B, 68, 3] landmarks of the face, camera coordinates.
        reading: Where they should be.
        basis: [C, 68, 3] of the coefficients, 100 mm.
        placement: Of the face.
        stiffness: [C + 6]: for one standard deviation; for 0.1 rad, 0.1 of the scale, 0.1 half crop sides.

    Returns:
        [B, C] to add to the coefficients, and the new placement.
    """
    count = len(points)
    turn = placement.scale[:, None, None] * placement.rotation[:, :2]  # [B, 2, 3]
    by_shape = torch.einsum("bij,ckj->bkic", turn, basis)
    x, y, z = (points - placement.translation[:, None]).unbind(-1)
    nothing, one = torch.zeros_like(x), torch.ones_like(x)
    across = torch.stack((nothing, z, -y, x, one, nothing), -1)
    upward = torch.stack((-z, nothing, x, y, nothing, one), -1)
    by_pose = 0.1 * torch.stack((across, upward), 2)
    jacobian = torch.cat((by_shape, by_pose), -1).flatten(1, 2)  # [B, 136, C + 6]
    weight = (-2 * reading.log_size).exp().repeat_interleave(2, 1) / UNIT**2
    missing = (reading.points - points[..., :2]).flatten(1)
    weighted = jacobian * weight[..., None]
    normal = weighted.mT @ jacobian + torch.diag(stiffness)
    right = weighted.mT @ missing[..., None]
    solved = torch.linalg.solve_ex(normal, right)[0][..., 0]
    coefficients, pose = solved.split((solved.shape[1] - POSE, POSE), 1)
    pose = 0.1 * pose.clamp(-FARTHEST, FARTHEST)
    turned = _turn(pose[:, :3]) @ placement.rotation
    shift = torch.cat((pose[:, 4:], pose.new_zeros(count, 1)), 1)
    return coefficients, Similarity(placement.scale * pose[:, 3].exp(), turned, placement.translation + shift)


def _turn(vector: Tensor) -> Tensor:
    """[B, 3] axis times angle -> [B, 3, 3] (Rodrigues)."""
    x, y, z = vector.unbind(-1)
    nothing = torch.zeros_like(x)
    skew = torch.stack((nothing, -z, y, z, nothing, -x, -y, x, nothing), -1).unflatten(-1, (3, 3))
    turns = (vector.square().sum(-1) + 1e-12).sqrt()[:, None, None] / math.pi
    return torch.eye(3, device=x.device) + turns.sinc() * skew + (turns / 2).sinc().square() / 2 * skew @ skew
