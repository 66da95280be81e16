"""PRNet: where it looks, and how its map of positions is decoded."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.geometry.transforms import Similarity, euler_from_rotation, towards_camera, weighted_procrustes
from models.methods.arguments import check_asked
from models.methods.portable import (
    FACES,
    LANDMARKS,
    TOLD_TOWARDS_CAMERA,
    TOWARDS_CAMERA,
    Port,
    Portable,
    crops_port,
    landmarks_of,
    vertices_port,
)
from models.networks.blocks import fold_batch_norms
from models.networks.position_net import PositionForm, PositionNetwork
from models.reconstruction import Alarm, Array, MapLayer, Reconstruction, Scalar, Space, Topology, frozen
from models.reconstructor import Face

CROP_FACTOR = 1.6  # side of the crop over the mean of the box's sides
PINNED = 0.004  # of what a map can say: nearer to either end a position is at that end
UPRIGHT = (1.0, -1.0, 1.0)  # crop space to one with y up, and back
MOVABLE = ("lips", "jaw")  # regions that say little about the pose


@dataclass(frozen=True, eq=False, slots=True)
class Surface:
    """How vertices are read off a map, and what their pose is measured against.

    Attributes:
        topology: Of the vertices.
        vertices: [B, 3, S, S] -> [B, N, 3].
        depth_zero: What the map says for a depth of zero, px.
        upright: [P, 3] points of the average face in MODEL space.
        compared: Those points of an answer: [B, N, 3] -> [B, P, 3].
        weights: [P] how much they count.
    """

    topology: Topology
    vertices: Callable[[Tensor], Tensor]
    depth_zero: float
    upright: Tensor
    compared: Callable[[Tensor], Tensor]
    weights: Tensor


def depth_zero(size: int) -> float:
    """What our own maps say for a depth of zero: half a side, so that a sigmoid can say both signs."""
    return size / 2


class _Carried(NamedTuple):
    """Offsets of the average face, and how answers carry them along.

    Attributes:
        fit: [3, N]: times an answer [N, 3] px, the affine map that best carries the average face onto it.
        offsets: [N, 3] mm.
    """

    fit: Tensor
    offsets: Tensor

    @classmethod
    def of(cls, offsets: Tensor, face: Tensor, weights: Tensor) -> _Carried:
        """Of the average face [N, 3] mm, whose points count as much as their weights [N]."""
        share = (weights / weights.sum())[:, None]
        around = face - (share * face).sum(0)
        return cls(torch.linalg.solve(around.mT @ (share * around), (share * around).mT), offsets)


class PRNet:
    """Position map regression: one look-up away from a dense face, with no face model behind it.

    Feng et al., "Joint 3D Face Reconstruction and Dense Alignment with Position Map Regression Network",
    ECCV 2018. Differences from the release, all deterministic: the square's side is not cut to whole px; the
    pose is the exact best similarity in the convention of AFLW2000-3D; pixels come from `crops.warp_crop`,
    which averages where a crop shrinks. Visibility is only which way the surface is turned: the method does
    not see what covers a face.
    """

    name = "prnet"
    switches: tuple[str, ...] = ()

    def __init__(
        self,
        network: PositionNetwork,
        surface: Surface,
        device: str = "cpu",
        canonical: Tensor | None = None,
        correction: Tensor | None = None,
        both_ways: bool = False,
    ) -> None:
        """Fold the network for inference.

        Args:
            network: In the form of its weights.
            surface: What its maps lie over.
            device: Where to run.
            canonical: [N, 3] the release's average face, y down: for its own square, cut to whole px, and its
                own angles (parity "release"). None: as the class says.
            correction: [N, 3] mm added to the average face of every answer (training/correction.py); the pose
                is that of the face without.
            both_ways: Look at each crop and at its mirror image, and answer with the mean of both. For charts
                whose left half mirrors the right.
        """
        self._both_ways = both_ways
        self._canonical = None if canonical is None else canonical.to(device)
        self._form = network.form
        self.size = network.form.size
        self.topology = surface.topology
        self._device = torch.device(device)
        self._network = fold_batch_norms(network).to(self._device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._surface = surface
        self._triangles = torch.tensor(self.topology.triangles, device=self._device).long()
        self._upright = surface.upright.to(self._device)
        self._weights = surface.weights.to(self._device)
        self._correction = (
            None if correction is None else _Carried.of(correction.to(device), self._upright, self._weights)
        )

    def crop(self, face: Face) -> NDArray[np.float64]:
        """The square of 1.6 times the mean side of the box; centres of its outermost px lie on its edges."""
        return square(face.box, self.size, self._canonical is not None)

    def __call__(
        self, crops: NDArray[np.uint8], without: frozenset[str] = frozenset()
    ) -> list[Reconstruction]:
        """[F, S, S, 3] RGB -> F answers in crop space."""
        check_asked(self.name, self.switches, self.size, crops, without)
        if not len(crops):
            return []
        with torch.inference_mode():
            pixels = torch.from_numpy(np.ascontiguousarray(crops)).to(self._device).permute(0, 3, 1, 2)
            positions, vertices = self._mapped(pixels)
            upright = vertices * vertices.new_tensor(UPRIGHT)
            placed = self._placed(upright)
            vertices = self._corrected(vertices)
            seen = towards_camera(vertices * vertices.new_tensor(UPRIGHT), self._triangles).float()
            pose = torch.rad2deg(
                euler_from_rotation(placed.rotation)
                if self._canonical is None
                else release_pose(vertices, self._canonical)
            )
        parts = (positions, vertices, seen, pose, 1 / placed.scale)
        return [self._answer(*one) for one in zip(*(part.cpu().numpy() for part in parts), strict=True)]

    def portable(self) -> Portable:
        """Up to the vertices and which way they are turned."""

        def run(crops: Tensor) -> tuple[Tensor, ...]:
            positions, vertices = self._mapped(crops.permute(0, 3, 1, 2))
            vertices = self._corrected(vertices)
            turned = towards_camera(vertices * vertices.new_tensor(UPRIGHT), self._triangles).float()
            return positions, vertices, landmarks_of(self.topology, vertices), turned

        over = "float32, x, y and depth at each place of the chart, px of the crop, depth from an offset on"
        return Portable(
            network=self._network,
            run=run,
            size=self.size,
            takes=crops_port(self.size, f"its side is the mean side of the box times {CROP_FACTOR}"),
            gives=(
                Port("positions", (FACES, 3, self.size, self.size), over),
                vertices_port(self.topology),
                LANDMARKS,
                Port(TOWARDS_CAMERA, (FACES, len(self.topology.uv)), TOLD_TOWARDS_CAMERA),
            ),
            lacks="The pose is not in it: it is the best similarity from the average face.",
        )

    def _mapped(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """[F, 3, S, S] of 0..255 -> the map [F, 3, S, S] and the vertices [F, N, 3] crop px."""
        pixels = pixels.float() / 255
        positions = self._network(torch.cat((pixels, pixels.flip(-1))) if self._both_ways else pixels)
        if self._both_ways:
            positions, mirrored = positions.chunk(2)
            across = self.size - 1 - mirrored[:, :1]
            positions = (positions + torch.cat((across, mirrored[:, 1:]), 1).flip(-1)) / 2
        vertices = self._surface.vertices(positions)
        return positions, vertices - vertices.new_tensor((0.0, 0.0, self._surface.depth_zero))

    def _corrected(self, vertices: Tensor) -> Tensor:
        """[F, N, 3] with the correction, carried along by the affine map that fits the average face best."""
        if self._correction is None:
            return vertices
        fit, offsets = self._correction
        return vertices + offsets @ (fit @ vertices)

    def _placed(self, upright: Tensor) -> Similarity:
        """From the average face in mm to faces [B, N, 3] in px, y up in both."""
        points = self._surface.compared(upright)
        count = len(points)
        return weighted_procrustes(
            self._upright.expand(count, -1, -1), points, self._weights.expand(count, -1)
        )

    def _answer(
        self, positions: Array, vertices: Array, seen: Array, pose: Array, mm_per_px: np.float32
    ) -> Reconstruction:
        size = self.size
        T_uv_map = np.array([[1 / size, 0, 0.5 / size], [0, 1 / size, 0.5 / size], [0, 0, 1]])
        told = np.moveaxis(positions, 0, -1)
        pitch, yaw, roll = pose.tolist()
        return Reconstruction(
            method=self.name,
            space=Space.CROP,
            topology=self.topology,
            vertices=frozen(vertices),
            pose_deg=(pitch, yaw, roll),
            layers=(MapLayer("position map", frozen(told), T_uv_map, Space.UV, *self._form.told, "crop px"),),
            scalars=(Scalar("towards camera", frozen(seen), 0.0, 1.0),),
            took_part=(),
            alarms=tuple(_alarms(vertices, self._form)),
            mm_per_px=float(mm_per_px),
        )


def square(box: tuple[float, float, float, float], size: int, whole_px: bool = False) -> NDArray[np.float64]:
    """T_image_crop [3, 3] of the square of 1.6 times the mean side of a box, about its centre.

    Args:
        box: (x0, y0, x1, y1), image px.
        size: S; crop px 0 and S - 1 lie on the square's edges.
        whole_px: Cut the side to whole px, as the release does.

    Raises:
        ValueError: An empty or non-finite box.
    """
    x0, y0, x1, y1 = box
    side = CROP_FACTOR * ((x1 - x0) + (y1 - y0)) / 2
    if whole_px:
        side = float(math.floor(side)) if math.isfinite(side) else side
    if not (math.isfinite(side) and side > 0 and x1 > x0 and y1 > y0):
        raise ValueError(f"a box needs x0 < x1 and y0 < y1, got {box}")
    step = side / (size - 1)
    corner = (x0 + x1 - side) / 2, (y0 + y1 - side) / 2
    return np.array([[step, 0, corner[0]], [0, step, corner[1]], [0, 0, 1]], np.float64)


def _alarms(vertices: Array, form: PositionForm) -> list[Alarm]:
    """What the map could not say: it knows no place far beyond its square, the published one none above."""
    low, high = form.told
    told = (vertices[:, :2] - low) / (high - low)
    pinned = int(((told < PINNED) | (told > 1 - PINNED)).any(1).sum())
    if not pinned:
        return []
    text = f"{pinned} points of the face lie beyond what the map can say: they were pulled to its edge."
    return [Alarm("pinned", text, pinned)]


def release_pose(vertices: Tensor, canonical: Tensor) -> Tensor:
    """The angles the release tells: another order of turns than AFLW2000-3D's, and y down.

    R carries the average face onto the answer. Where the best orthogonal matrix mirrors, the release negates
    its third column, which is not the best rotation.

    Args:
        vertices: [B, N, 3] crop px.
        canonical: [N, 3].

    Returns:
        [B, 3] rad: pitch, yaw, roll.
    """
    x = canonical - canonical.mean(0)
    y = vertices.to(x.dtype)
    y = y - y.mean(1, keepdim=True)
    u, _, vh = torch.linalg.svd(y.mT @ x)
    rotation = u @ vh
    mirrors = torch.det(rotation) < 0
    rotation[mirrors, :, 2] *= -1
    third = torch.linalg.cross(rotation[:, 0], rotation[:, 1])
    yaw = torch.asin(third[:, 0].clamp(-1, 1))
    pitch = torch.atan2(third[:, 1], third[:, 2])
    roll = torch.atan2(rotation[:, 1, 0], rotation[:, 0, 0])
    return torch.stack((pitch, yaw, roll), -1)
