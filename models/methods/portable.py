"""What of a method can leave as a file for other programs: tensors in, tensors out, each with its meaning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from models.reconstruction import Topology

FACES = "faces"


@dataclass(frozen=True, slots=True)
class Port:
    """A tensor that goes in or comes out.

    Attributes:
        name: e.g. "vertices".
        shape: Its axes by size; `FACES` for as many as are asked about, always the first.
        tells: What it means, with space and unit.
    """

    name: str
    shape: tuple[str | int, ...]
    tells: str


@dataclass(frozen=True, eq=False, slots=True)
class Portable:
    """A method as far as it is tensors alone.

    Attributes:
        network: Whose parameters `run` uses.
        run: [F, S, S, 3] uint8 -> one tensor for each of `gives`.
        size: S, px.
        takes: What goes in.
        gives: What comes out.
        lacks: What of an answer is not in it, and why.
    """

    network: nn.Module
    run: Callable[[Tensor], tuple[Tensor, ...]]
    size: int
    takes: Port
    gives: tuple[Port, ...]
    lacks: str


@runtime_checkable
class HasPortable(Protocol):
    """A method that can leave, at least in part."""

    def portable(self) -> Portable:
        """That part."""


def crops_port(size: int, cut: str) -> Port:
    """The crops of a method, cut as a sentence says."""
    return Port("crops", (FACES, size, size, 3), f"uint8 RGB, the square of a face: {cut}")


def vertices_port(topology: Topology, what: str = "the face") -> Port:
    """Vertices on a method's mesh."""
    told = f"{what} on the mesh {topology.name!r}, px of the crop: x right, y down, z towards the camera"
    return Port("vertices", (FACES, len(topology.uv), 3), f"float32, {told}")


LANDMARKS = Port("landmarks", (FACES, 68, 3), "float32, the 68 landmarks in iBUG order, as vertices")
TOWARDS_CAMERA = "towards_camera"
TOLD_TOWARDS_CAMERA = "float32, 1 where a vertex is turned to the camera, else 0; covered or not is not told"


def landmarks_of(topology: Topology, vertices: Tensor) -> Tensor:
    """[B, N, 3] -> [B, 68, 3], as `Topology.landmarks`."""
    corners = torch.tensor(topology.landmark_vertices, device=vertices.device).long()
    weights = torch.tensor(topology.landmark_weights, device=vertices.device)
    return (vertices[:, corners] * weights[..., None]).sum(2)
