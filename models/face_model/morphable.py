"""The morphable face model: coefficients -> vertices. A mean shape plus linear movements."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.errors import MissingAssetError, WeightsError
from models.face_model.contact import gaps, settled
from models.file_formats import reading
from models.file_formats.numpy_file import read_arrays
from models.reconstruction import Topology

# Name -> shape of every array of the file. One letter is one length throughout; a number is fixed.
LAYOUT: dict[str, tuple[str | int, ...]] = {
    "mean": ("N", 3),
    "identity": ("I", "N", 3),
    "expression": ("E", "N", 3),
    "identity_names": ("I",),
    "expression_names": ("E",),
    "identity_symmetric": ("I",),
    "expression_symmetric": ("E",),
    "expression_bank": ("S", "E"),
    "contacts": ("G", 2),
    "contact_slack": ("G",),
    "triangles": ("T", 3),
    "uv": ("N", 2),
    "landmark_vertices": (68, 3),
    "landmark_weights": (68, 3),
    "mirror": ("N",),
    "regions": ("N",),
    "region_names": ("R",),
    "extra_mean": ("M", 3),
    "extra_identity": ("I", "M", 3),
    "extra_expression": ("E", "M", 3),
    "extra_triangles": ("K", 3),
    "extra_part": ("K",),
    "part_names": ("P",),
    "extra_uv": ("M", 2),
    "version": (),
    "licence": (),
}


@dataclass(frozen=True, eq=False, slots=True)
class FaceModel:
    """A linear model of faces in MODEL space: mm, x to the viewer's right, y up, z towards the viewer.

    Zero rotation is frontal as AFLW2000-3D has it; the origin lies midway between the eyeballs' centres.
    Coefficients count standard deviations; all zero is the average face at rest.

    Attributes:
        topology: Triangles, chart, landmarks, mirror and regions of the N face vertices.
        mean: [N, 3].
        basis: [I + E, N, 3] movement per standard deviation, identity first.
        extra_mean: [M, 3] the rest of the head: scalp, ears, neck, mouth, eyes, teeth, tongue, hair, lashes.
        extra_basis: [I + E, M, 3].
        extra_triangles: [K, 3] int32, into face vertices followed by extra ones.
        extra_part: [K] uint8, index into `part_names`.
        part_names: e.g. ("skin", "mouth", "socket", "eye", ...).
        extra_uv: [M, 2]: on eyes the angle from straight ahead over pi, iris at (0.5, 0.5); on skin the angle
            around the head and the height; elsewhere the texture layout of the base mesh.
        symmetric: [I + E] bool; a face's mirror image has the same coefficients, negated where this is False.
        expression_bank: [S, E] coefficients of made-up, plausible expressions (smiles, talk, blinks, wide
            open mouths; also asymmetric ones), lips and lids settled. Any of them times 0..1 is as good.
        contacts: [G, 2] int64 (upper, lower) vertices that face each other across the mouth and the eyes.
        contact_slack: [G] mm they may overlap without harm.
        identity_names, expression_names: The sliders each component mostly came from.
        version, licence: As in the file.
    """

    topology: Topology
    mean: Tensor
    basis: Tensor
    extra_mean: Tensor
    extra_basis: Tensor
    extra_triangles: Tensor
    extra_part: Tensor
    part_names: tuple[str, ...]
    extra_uv: Tensor
    symmetric: Tensor
    expression_bank: Tensor
    contacts: Tensor
    contact_slack: Tensor
    identity_names: tuple[str, ...]
    expression_names: tuple[str, ...]
    version: str
    licence: str

    @staticmethod
    def read(path: Path | str) -> FaceModel:
        """The model of an `.npz` file.

        Raises:
            MissingAssetError: There is no such file.
            WeightsError: It is no face model: says which array is missing or misshapen.
        """
        path = Path(path)
        with reading(path, "a face model"):
            return _from_arrays(_read_arrays(path), path.stem.replace("_", " "))

    @property
    def identity_count(self) -> int:
        """I."""
        return len(self.identity_names)

    @property
    def expression_count(self) -> int:
        """E."""
        return len(self.expression_names)

    @property
    def identity(self) -> Tensor:
        """[I, N, 3] movement of the face per standard deviation of each identity component."""
        return self.basis[: self.identity_count]

    @property
    def expression(self) -> Tensor:
        """[E, N, 3] movement of the face per standard deviation of each expression component."""
        return self.basis[self.identity_count :]

    def vertices(self, identity: Tensor, expression: Tensor) -> Tensor:
        """The face.

        Args:
            identity: [B, I] standard deviations.
            expression: [B, E] standard deviations.

        Returns:
            [B, N, 3] mm, MODEL space.
        """
        return _moved(self.mean, self.basis, torch.cat([identity, expression], 1))

    def head_vertices(self, identity: Tensor, expression: Tensor) -> Tensor:
        """[B, N + M, 3] mm, MODEL space: the face's vertices followed by those of the rest of the head."""
        both = torch.cat([identity, expression], 1)
        face = _moved(self.mean, self.basis, both)
        return torch.cat([face, _moved(self.extra_mean, self.extra_basis, both)], 1)

    def settled(self, identity: Tensor, expression: Tensor) -> Tensor:
        """The expressions nearest to given ones whose lips and lids at most touch.

        A linear model opens a mouth the wrong way as readily as the right way; noise needs this, coefficients
        of `expression_bank` hardly.

        Args:
            identity: [B, I] standard deviations.
            expression: [B, E] standard deviations.

        Returns:
            [B, E].
        """
        start = gaps(self.contacts, self.vertices(identity, torch.zeros_like(expression)))
        return settled(expression, start, gaps(self.contacts, self.expression), self.contact_slack)

    def landmarks(self, vertices: Tensor) -> Tensor:
        """[B, 68, 3]: the landmarks of faces [B, N, 3], in their space."""
        corners = torch.tensor(self.topology.landmark_vertices, dtype=torch.long, device=vertices.device)
        weights = torch.tensor(self.topology.landmark_weights, dtype=vertices.dtype, device=vertices.device)
        return (vertices[:, corners] * weights[..., None]).sum(2)

    def to(self, device: torch.device | str) -> FaceModel:
        """The same model on another device."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        moved: dict[str, Any] = {k: v.to(device) for k, v in values.items() if isinstance(v, Tensor)}
        return replace(self, **moved)


def _moved(mean: Tensor, basis: Tensor, coefficients: Tensor) -> Tensor:
    """[B, P, 3]: mean + sum_k c_k b_k as one matrix product."""
    return torch.addmm(mean.reshape(1, -1), coefficients, basis.flatten(1)).unflatten(1, (-1, 3))


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of LAYOUT, with their shapes checked."""
    if not path.is_file():
        raise MissingAssetError(
            f"The face model {path} is not there; make it: python -m models.face_model.build --out {path}"
        )
    arrays = read_arrays(path, LAYOUT)
    if missing := [name for name in LAYOUT if name not in arrays]:
        raise WeightsError(f"{path} is no face model: it lacks {', '.join(missing)}; build it anew.")
    _check(arrays, path)
    return arrays


def _check(arrays: dict[str, NDArray[Any]], path: Path) -> None:
    """Raises WeightsError at the first array whose shape does not fit those before it."""
    sizes: dict[str, int] = {}
    for name, shape in LAYOUT.items():
        got = arrays[name].shape
        expected = tuple(sizes.get(side, -1) if isinstance(side, str) else side for side in shape)
        fits = len(got) == len(shape) and all(e in (-1, g) for e, g in zip(expected, got, strict=True))
        if not fits:
            wanted = ", ".join(str(sizes.get(str(side), side)) for side in shape)
            raise WeightsError(f"{path}: {name} has shape {got}, not ({wanted}); build the face model anew.")
        sizes |= {side: g for side, g in zip(shape, got, strict=True) if isinstance(side, str)}


def _from_arrays(arrays: dict[str, NDArray[Any]], name: str) -> FaceModel:
    """Arrays as tensors, movements in single precision."""
    topology = Topology(
        name=name,
        triangles=_fixed(arrays["triangles"], np.int32),
        uv=_fixed(arrays["uv"], np.float32),
        landmark_vertices=_fixed(arrays["landmark_vertices"], np.int32),
        landmark_weights=_fixed(arrays["landmark_weights"], np.float32),
        mirror=_fixed(arrays["mirror"], np.int32),
        regions=_fixed(arrays["regions"], np.uint8),
        region_names=tuple(arrays["region_names"].tolist()),
        mean=_fixed(arrays["mean"], np.float32),
    )
    both = ("identity", "expression")
    return FaceModel(
        topology=topology,
        mean=_floats(arrays["mean"]),
        basis=_floats(np.concatenate([arrays[part] for part in both])),
        extra_mean=_floats(arrays["extra_mean"]),
        extra_basis=_floats(np.concatenate([arrays[f"extra_{part}"] for part in both])),
        extra_triangles=torch.from_numpy(arrays["extra_triangles"].astype(np.int32)),
        extra_part=torch.from_numpy(arrays["extra_part"].astype(np.uint8)),
        part_names=tuple(arrays["part_names"].tolist()),
        extra_uv=_floats(arrays["extra_uv"]),
        symmetric=torch.from_numpy(np.concatenate([arrays[f"{part}_symmetric"] for part in both])),
        expression_bank=_floats(arrays["expression_bank"]),
        contacts=torch.from_numpy(arrays["contacts"].astype(np.int64)),
        contact_slack=_floats(arrays["contact_slack"]),
        identity_names=tuple(arrays["identity_names"].tolist()),
        expression_names=tuple(arrays["expression_names"].tolist()),
        version=str(arrays["version"]),
        licence=str(arrays["licence"]),
    )


def _floats(values: NDArray[Any]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, np.float32))


def _fixed(values: NDArray[Any], kind: Any) -> NDArray[Any]:
    """A contiguous copy that nobody can write to."""
    array = np.array(values, kind, order="C")
    array.flags.writeable = False
    return array
