"""3DDFA-V2: where it looks, and how its numbers become a face."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.geometry.crops import crop_square
from models.geometry.transforms import euler_from_rotation, nearest_rotation, towards_camera
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
from models.methods.tddfa import release
from models.networks.blocks import fold_batch_norms
from models.networks.regressor import CAMERA
from models.reconstruction import Alarm, Coefficients, Reconstruction, Scalar, Space, Topology, frozen
from models.reconstructor import Face

LANDMARK_SQUARE = 2**0.5  # side of the crop over the longer side of the landmarks' box
MEAN, SPREAD = 127.5, 128.0
MOSTLY = 0.75  # share of the landmarks that must lie in the crop, or an alarm says so
PARITIES = ("v2",)


class LinearFace(NamedTuple):
    """A face model as this method decodes it.

    Attributes:
        mean: [N, 3] mm, y up.
        basis: [C, N, 3] mm per unit of each coefficient, identity first.
        topology: Of the vertices.
    """

    mean: Tensor
    basis: Tensor
    topology: Topology


class Whitening(NamedTuple):
    """Mean and standard deviation [12 + C] of the parameters.

    The first 12 are a 3 x 4 matrix row by row, mm to crop px as the release counts them: y up, the centre of
    the lowest left pixel at (1, 1).
    """

    mean: Tensor
    std: Tensor


class Decoded(NamedTuple):
    """The answer of B faces, tensors (arrays without the leading B for one face)."""

    vertices: Any  # [B, N, 3] crop px, y down
    turned: Any  # [B, N] bool, towards the camera
    rotation: Any  # [B, 3, 3] y up
    euler_rad: Any  # [B, 3]
    scale: Any  # [B] px per mm
    coefficients: Any  # [B, C] of the face model, identity first


class TDDFA:
    """One small network, 12 camera numbers and the coefficients of a linear face model.

    Guo, Zhu et al., "Towards Fast, Accurate and Stable 3D Dense Face Alignment", ECCV 2020. It sees no
    occluders: its "towards camera" only says which vertices are turned to the camera.

    With `parity="v2"` angles, depth and back-projection are those of the release, see `release`.
    """

    name = "tddfa"
    switches: tuple[str, ...] = ()

    def __init__(
        self,
        network: nn.Module,
        whitening: Whitening,
        face: LinearFace,
        size: int = 120,
        device: str = "cpu",
        parity: str | None = None,
    ) -> None:
        """Fold the network for inference.

        Args:
            network: [B, 3, S, S] BGR -> [B, 12 + C] whitened.
            whitening: Of its answer.
            face: Its face model, of C coefficients.
            size: Side of the crops, px.
            device: Where to run.
            parity: None, or "v2".

        Raises:
            ValueError: No such parity, or the numbers of parameters differ.
        """
        if parity is not None and parity not in PARITIES:
            raise ValueError(f"tddfa has no parity {parity!r}; it has {list(PARITIES)}")
        if not CAMERA + len(face.basis) == len(whitening.mean) == len(whitening.std):
            raise ValueError(
                f"{len(face.basis)} coefficients and a camera of {CAMERA} do not make {len(whitening.mean)}"
            )
        self.size, self.topology, self._parity = size, face.topology, parity
        self._device = torch.device(device)
        folded = fold_batch_norms(network).to(self._device)
        self._network = folded.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._whitening = Whitening(*(part.float().to(self._device) for part in whitening))
        # All x, then all y, then all z: the camera multiplies such rows 20 times faster than triples.
        self._mean = face.mean.float().mT.reshape(1, -1).to(self._device)
        self._basis = face.basis.float().mT.flatten(1).contiguous().to(self._device)
        triangles = torch.tensor(face.topology.triangles, device=self._device).long()
        self._triangles = triangles.flip(1)  # counter-clockwise where y is down

    def crop(self, face: Face) -> NDArray[np.float64]:
        """The square whose side is the diagonal of the square about the landmarks' box."""
        if self._parity is not None:
            x0, y0, x1, y1 = face.box
            return release.transform(release.roi_of_points(np.array([(x0, y0), (x1, y1)])), self.size)
        return crop_square(face.box, LANDMARK_SQUARE, self.size)

    def __call__(
        self, crops: NDArray[np.uint8], without: frozenset[str] = frozenset()
    ) -> list[Reconstruction]:
        """See `Reconstructor`."""
        check_asked(self.name, self.switches, self.size, crops, without)
        if not len(crops):
            return []
        with torch.inference_mode():
            decoded = self.decoded(self.parameters(crops))
        arrays = Decoded(*(part.cpu().numpy() for part in decoded))
        return [self._reconstruction(Decoded(*(a[k] for a in arrays))) for k in range(len(crops))]

    def parameters(self, crops: NDArray[np.uint8]) -> Tensor:
        """[F, 12 + C]: camera and coefficients of crops [F, S, S, 3] RGB."""
        with torch.inference_mode():
            return self._regressed(torch.from_numpy(np.ascontiguousarray(crops)).to(self._device))

    def portable(self) -> Portable:
        """Up to the vertices; the camera stands in the parameters."""

        def run(crops: Tensor) -> tuple[Tensor, ...]:
            parameters = self._regressed(crops)
            vertices = self._placed(parameters)
            turned = towards_camera(vertices, self._triangles).float()
            return parameters, vertices, landmarks_of(self.topology, vertices), turned

        camera = (
            "float32, 12 of a 3 x 4 matrix row by row (mm to px of the crop, y up, the centre of the lowest "
            "left pixel at (1, 1)), then the coefficients of the face model, identity first"
        )
        return Portable(
            network=self._network,
            run=run,
            size=self.size,
            takes=crops_port(self.size, "its side is the longer side of the landmarks' box times 1.414"),
            gives=(
                Port("parameters", (FACES, len(self._whitening.mean)), camera),
                vertices_port(self.topology),
                LANDMARKS,
                Port(TOWARDS_CAMERA, (FACES, len(self.topology.uv)), TOLD_TOWARDS_CAMERA),
            ),
            lacks="Pose angles are not in it: they need the nearest rotation to the camera's rows.",
        )

    def _regressed(self, crops: Tensor) -> Tensor:
        """[F, 12 + C] of crops [F, S, S, 3] uint8 RGB."""
        whitened = self._network(((crops.flip(-1).float() - MEAN) / SPREAD).permute(0, 3, 1, 2))
        return whitened.float() * self._whitening.std + self._whitening.mean

    def _placed(self, parameters: Tensor) -> Tensor:
        """[F, N, 3]: A (u + W c) + t, from the release's px, y up from 1, to crop px."""
        camera = parameters[:, :CAMERA].unflatten(1, (3, 4))
        to_crop = camera.new_tensor((1.0, -1.0, 1.0))[:, None]
        shift = to_crop * (camera[..., 3:] - camera.new_tensor((1.0, self.size, 0.0))[:, None])
        shift[:, 2] = 0.0
        shape = torch.addmm(self._mean, parameters[:, CAMERA:], self._basis).unflatten(1, (3, -1))
        placed = torch.baddbmm(shift, to_crop * camera[..., :3], shape)
        if self._parity is not None:
            placed[:, 2] -= placed[:, 2].amin(1, keepdim=True)
        return placed.mT

    def decoded(self, parameters: Tensor) -> Decoded:
        """The faces that parameters [F, 12 + C] stand for."""
        vertices = self._placed(parameters)
        camera = parameters[:, :CAMERA].unflatten(1, (3, 4))
        rows = camera[:, :2, :3]
        first, second = torch.nn.functional.normalize(rows, dim=-1).unbind(1)
        rotation = torch.stack((first, second, torch.linalg.cross(first, second)), 1)
        return Decoded(
            vertices,
            towards_camera(vertices, self._triangles),
            rotation,
            euler_from_rotation(nearest_rotation(rotation)),
            rows.norm(dim=-1).mean(1),
            parameters[:, CAMERA:],
        )

    def _reconstruction(self, d: Decoded) -> Reconstruction:
        if self._parity is None:
            pitch, yaw, roll = np.degrees(d.euler_rad).tolist()
        else:
            pitch, yaw, roll = release.angles_deg(d.rotation)
        return Reconstruction(
            method=self.name,
            space=Space.CROP,
            topology=self.topology,
            vertices=frozen(d.vertices),
            pose_deg=(pitch, yaw, roll),
            scalars=(Scalar("towards camera", frozen(d.turned), 0.0, 1.0),),
            alarms=self._alarms(d),
            mm_per_px=1 / max(float(d.scale), 1e-6),
            coefficients=(
                Coefficients("identity, then expression", frozen(d.coefficients), "of its face model"),
            ),
        )

    def _alarms(self, d: Decoded) -> tuple[Alarm, ...]:
        """What happened silently: the face was put where the method could not look."""
        marks = self.topology.landmarks(d.vertices)[:, :2]
        outside = ((marks < -0.5) | (marks > self.size - 0.5)).any(1)
        if outside.mean() <= 1 - MOSTLY:
            return ()
        text = f"{outside.sum()} of 68 landmarks were put outside the square it looked at: a guess."
        return (Alarm("outside-crop", text, int(outside.sum())),)
