"""DSFNet as published: where it looks, how its answer is decoded, and where it differs from the release."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.face_model.bfm_uv import NOSE_TIP, BFMLayout
from models.face_model.morphable import FaceModel
from models.face_model.uv import PositionMapTable
from models.geometry.transforms import euler_from_rotation
from models.methods.dsfnet.answer import SWITCHES, Parts, check, reconstructions, states_by_rule
from models.methods.dsfnet.decoded import Decoded
from models.methods.dsfnet.method import standardise
from models.networks.dual_space import Switches
from models.networks.published import PublishedAnswer, PublishedChart, PublishedDSFNet, Whole, upright
from models.networks.published_fast import fast_precision, quickened
from models.networks.published_geometry import PX_PER_UNIT, SHAPE_UNITS_PER_MM, Parity, SeededDraws
from models.reconstruction import Correspondence, Reconstruction, Topology
from models.reconstructor import Face

CROP_FACTOR = 1.5  # side of the crop over the mean side of the box


class PublishedSurface(NamedTuple):
    """What the chart is a chart of.

    Attributes:
        topology: Of the answer.
        to_vertices: [B, 3, S, S] on the chart -> [B, N, 3] at its vertices.
    """

    topology: Topology
    to_vertices: Callable[[Tensor], Tensor]


def official_surface(layout: BFMLayout, open_face: Correspondence, mean: Tensor) -> PublishedSurface:
    """The face cells of BFM's layout as a mesh.

    Args:
        layout: Which they are.
        open_face: Where the open face's vertices lie on it.
        mean: [3, S, S] shape units.
    """
    cells = torch.from_numpy(layout.mask).flatten().nonzero()[:, 0]
    mean_mm = mean.movedim(0, -1).numpy() / SHAPE_UNITS_PER_MM

    def to_vertices(chart: Tensor) -> Tensor:
        return chart.flatten(2)[..., cells.to(chart.device)].mT

    return PublishedSurface(layout.topology(open_face, mean_mm), to_vertices)


def open_surface(face_model: FaceModel, size: int, device: str = "cpu") -> PublishedSurface:
    """The open face over its own chart."""
    table = PositionMapTable(face_model.topology, size).to(device)
    return PublishedSurface(face_model.topology, table.to_vertices)


def open_chart(face_model: FaceModel, size: int) -> PublishedChart:
    """The open face model on its own chart, for a network trained on it."""
    topology = face_model.topology
    table = PositionMapTable(topology, size)
    nose = (
        topology.landmark_weights[NOSE_TIP, :, None] * topology.uv[topology.landmark_vertices[NOSE_TIP]]
    ).sum(0)
    column, row = (int(value) for value in nose * size)
    maps = table.to_map(torch.cat((face_model.mean[None], face_model.basis))) * SHAPE_UNITS_PER_MM
    return PublishedChart(maps[0], maps[1:].flatten(1), table.mask, (row, column))


class PublishedMethod:
    """DSFNet as its authors released it, with what was random or wrong there corrected.

    Li, Jin et al., CVPR 2023. Unlike the release, and unless `parity` asks for it:
    - every fit takes all points there are (the release: 2048 drawn by chance, with repetition, and a jitter
      of 1e-8); the PointNet gets 2048 points spread evenly (drawn by chance);
    - masked pixels write nowhere (they all write to the middle of the chart, and hide landmark 51);
    - a pixel is looked up where it is (on CUDA the picture's first row and column count as unseen, on a CPU
      coordinates snap to even pixels);
    - a box is not rounded to whole pixels;
    - the network runs in its fast form, in bfloat16 where the CPU has it.
    The fit's own estimate (published_geometry.fit) stays: the network was trained through it. The last writer
    to a cell of the chart wins in reading order, as in the release on one thread.
    """

    name = "dsfnet-published"
    switches: tuple[str, ...] = SWITCHES

    def __init__(
        self,
        network: PublishedDSFNet,
        surface: PublishedSurface,
        device: str = "cpu",
        parity: Parity = None,
        seed: int = 0,
    ) -> None:
        """Make the network ready to run.

        Args:
            network: With its weights; changed in place.
            surface: What its chart shows.
            device: Where to run.
            parity: "cuda17": as the published figures were made, PyTorch 1.7.1 on CUDA. "cpu": as any PyTorch
                on a CPU. Both with the release's draws from `seed`, anew for every call, in float32.
            seed: What the release would call `torch.manual_seed` with.
        """
        self.size = network.form.size
        self.topology = surface.topology
        self._device = torch.device(device)
        self._parity, self._seed = parity, seed
        network = network.eval() if parity else quickened(network, fast_precision(self._device))
        self._network = network.to(self._device)
        self._to_vertices = surface.to_vertices
        self._uv = torch.tensor(surface.topology.uv, device=self._device)
        self._triangles = torch.tensor(surface.topology.triangles, device=self._device).long()

    def crop(self, face: Face) -> NDArray[np.float64]:
        """The square of 1.5 times the mean side of the box, about its centre, as published."""
        x0, y0, x1, y1 = (float(int(value)) for value in face.box) if self._parity else face.box
        side = CROP_FACTOR * (x1 - x0 + y1 - y0) / 2
        side = float(int(side)) if self._parity else side
        if not (np.isfinite(side) and side > 0 and x1 > x0 and y1 > y0):
            raise ValueError(f"a box needs x0 < x1 and y0 < y1, got {face.box}")
        scale, left, top = side / self.size, (x0 + x1 - side) / 2, (y0 + y1 - side) / 2
        return np.array([[scale, 0, left], [0, scale, top], [0, 0, 1]], np.float64)

    def __call__(
        self, crops: NDArray[np.uint8], without: frozenset[str] = frozenset()
    ) -> list[Reconstruction]:
        """[F, S, S, 3] RGB -> F answers in crop space, computed without the switched-off parts."""
        check(self.name, self.switches, self.size, crops, without)
        if not len(crops):
            return []
        switches = Switches(*(name not in without for name in self.switches))
        draws = SeededDraws(torch.Generator().manual_seed(self._seed)) if self._parity else None
        with torch.inference_mode():
            pixels = torch.from_numpy(np.ascontiguousarray(crops)).to(self._device).permute(0, 3, 1, 2)
            answer = self._network(standardise(pixels), switches, self._parity, draws)
            decoded = self._decode(answer)
        parts = Parts.of(self.switches, without)
        return reconstructions(decoded, self.name, self.topology, parts, self.size)

    def _decode(self, answer: PublishedAnswer) -> Decoded:
        """Position-map units to crop px, charts to vertices; still tensors, still batched."""
        image, model = answer.image_space, answer.model_space
        final = answer.fused or image or model
        assert final is not None
        face, sight = self._face(final), answer.sight
        uv = (sight.grid + 1) / 2
        return Decoded(
            face=face,
            image_space=None if image is None else self._face(image),
            model_space=None if model is None else self._face(model),
            share=None,
            states=states_by_rule(sight.seen[:, :1], uv, face, self._uv, self._triangles, self.size),
            mask=sight.seen[:, 0],
            uv=uv.movedim(1, -1),
            depth=sight.depth[:, 0] * PX_PER_UNIT,
            confidence=sight.seen[:, 1],
            euler_rad=_euler(final),
            image_euler_rad=None if image is None else _euler(image),
            model_euler_rad=None if model is None else _euler(model),
            mm_per_px=1 / (final.placement.scale * PX_PER_UNIT * SHAPE_UNITS_PER_MM),
            mask_was_empty=answer.observed.mask_was_empty,
        )

    def _face(self, whole: Whole) -> Tensor:
        """[B, N, 3] crop px, y down."""
        chart = whole.face.unflatten(2, (self.size, self.size))
        return self._to_vertices(chart * PX_PER_UNIT)


def _euler(whole: Whole) -> Tensor:
    """[B, 3] rad: pitch, yaw, roll."""
    return euler_from_rotation(upright(whole.placement))
