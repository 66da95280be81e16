"""MGCNet: where it looks, and how its coefficients become a face."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.face_model.morphable import FaceModel
from models.face_model.pinhole import (
    PUBLISHED_REST,
    Pinhole,
    extrinsics,
    five_points,
    rest_pose,
    shading,
    towards_viewer,
)
from models.face_model.reflective import Coefficients as FaceCoefficients
from models.face_model.reflective import ReflectiveFace
from models.geometry.crops import crop_square
from models.geometry.transforms import euler_from_rotation, towards_camera, vertex_normals
from models.geometry.warping import inverse_2d, moved_points, resampled, similarity_2d
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
from models.networks.resnet import ResNet50, ResNetForm
from models.reconstruction import Alarm, Coefficients, Reconstruction, Scalar, Space, frozen
from models.reconstructor import Face

ALIGNMENT = "alignment"
CROP_FACTOR = 2.0  # side of the crop over the longer side of the box: room for the aligned picture within
BOX_SIDE, BOX_CENTRE = 118.0, (112.0, 124.0)  # of a frontal face's box in the published picture, px
FARTHEST = 1.7  # how many times larger or smaller an aligned face may be than the box says
RELEASE = "release"


class _Looked(NamedTuple):
    """The answer of B faces (without the leading B for one face).

    Attributes:
        vertices: [B, N, 3] crop px, z towards the camera from the model origin.
        euler_rad: [B, 3]; mm_per_px: [B]; lost: [B] bool, whether the alignment was given up.
        visibility: [B, N].
        light: [B, N], mean of red, green and blue that arrives there.
        identity, expression, albedo, harmonics: [B, K] coefficients; the last of the light, [B, 27].
    """

    vertices: Any
    euler_rad: Any
    mm_per_px: Any
    lost: Any
    visibility: Any
    light: Any
    identity: Any
    expression: Any
    albedo: Any
    harmonics: Any


class MGCNet:
    """A face model's coefficients, pose and light regressed from one aligned picture.

    Shang et al., "Self-Supervised Monocular 3D Face Reconstruction by Occlusion-Aware Multi-view Geometry
    Consistency", ECCV 2020. It does not know what is covered: its "towards camera" only says which vertices
    are turned there, and a face behind a hand is completed without a word.

    The release aligns its picture by five landmarks of another network (and hands that network BGR). Here it
    looks twice: first where the box lies in the published picture, then aligned by its own landmarks of that
    look. Both are deterministic. With our own face model, which is symmetric, the second look is at the
    mirror image as well, and the answer is the mean. With parity="release" a crop is the aligned picture
    itself, looked at once.
    """

    name = "mgcnet"

    def __init__(
        self,
        network: ResNet50,
        face: ReflectiveFace,
        rest: tuple[float, ...] = PUBLISHED_REST,
        device: str = "cpu",
        parity: str | None = None,
        correction: Tensor | None = None,
        symmetric: Tensor | None = None,
    ) -> None:
        """Fold the network for inference.

        Args:
            network: In the form of its weights.
            face: What its coefficients mean.
            rest: The six numbers of pose that zero stands for.
            device: Where to run.
            parity: "release" or None.
            correction: [N, 3] mm added to the average face of answers (training/correction.py), not to that
                of the first look, which aligns the picture as it was aligned in training.
            symmetric: [I + E] bool, of a face model whose left half mirrors the right: which coefficients
                mean the same in the mirror, while the others change their sign. With it the answer is the
                mean over the aligned picture and its mirror image; albedo and light are the picture's own.
        """
        if parity not in (None, RELEASE):
            raise ValueError(f"mgcnet has no parity {parity!r}; it has {RELEASE!r}")
        form = network.form
        self._device, self._parity = torch.device(device), parity
        self._camera = Pinhole(form.size, form.field_px)
        self.switches: tuple[str, ...] = () if parity else (ALIGNMENT,)
        self._box_px = BOX_SIDE * self._camera.zoom  # of the network's picture
        self.size = form.size if parity else round(CROP_FACTOR * self._box_px)
        self.topology = face.topology
        fold_batch_norms(network)
        self._network = network.to(self._device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._face = face.to(self._device)
        self._correction = None if correction is None else correction.to(self._device)
        self._signs = None if symmetric is None else torch.where(symmetric, 1.0, -1.0).to(self._device)
        self._rest = torch.tensor(rest, device=self._device)
        self._units = torch.tensor(form.pose_units, device=self._device)
        self._template = self._camera.template().to(self._device)
        self._triangles = torch.tensor(face.topology.triangles, device=self._device).long()
        self._corners = torch.tensor(face.topology.landmark_vertices, device=self._device).long()
        self._weights = torch.tensor(face.topology.landmark_weights, device=self._device)[..., None]

    def crop(self, face: Face) -> NDArray[np.float64]:
        """The square of twice the longer side of the box, about its centre: the picture is aligned in it.

        For parity: the picture itself, placed by the box, for want of landmarks.
        """
        square = crop_square(face.box, CROP_FACTOR, round(CROP_FACTOR * self._box_px))
        if not self._parity:
            return square
        T_crop_picture = np.eye(3)
        T_crop_picture[:2] = inverse_2d(self._by_box(1).cpu())[0].numpy()
        return square @ T_crop_picture

    def __call__(
        self, crops: NDArray[np.uint8], without: frozenset[str] = frozenset()
    ) -> list[Reconstruction]:
        """[F, S, S, 3] RGB -> F answers in crop space."""
        check_asked(self.name, self.switches, self.size, crops, without)
        if not len(crops):
            return []
        with torch.inference_mode():
            pixels = torch.from_numpy(np.ascontiguousarray(crops)).to(self._device).permute(0, 3, 1, 2)
            looked = self._look(pixels.float() / 255, ALIGNMENT not in without)
        arrays = _Looked(*(part.cpu().numpy() for part in looked))
        took_part = tuple(name for name in self.switches if name not in without)
        return [
            self._reconstruction(_Looked(*(part[k] for part in arrays)), took_part) for k in range(len(crops))
        ]

    def portable(self) -> Portable:
        """All of it, both looks."""

        def run(crops: Tensor) -> tuple[Tensor, ...]:
            looked = self._look(crops.permute(0, 3, 1, 2).float() / 255, align=True)
            marks = landmarks_of(self.topology, looked.vertices)
            pose = torch.rad2deg(looked.euler_rad)
            return looked.vertices, marks, looked.visibility, pose, looked.identity, looked.expression

        count, numbers = len(self.topology.uv), "float32, of the face model, standard deviations"
        return Portable(
            network=self._network,
            run=run,
            size=self.size,
            takes=crops_port(self.size, f"its side is the longer side of the box times {CROP_FACTOR:g}"),
            gives=(
                vertices_port(self.topology),
                LANDMARKS,
                Port(TOWARDS_CAMERA, (FACES, count), TOLD_TOWARDS_CAMERA),
                Port("pose_deg", (FACES, 3), "float32, pitch, yaw and roll as AFLW2000-3D counts them"),
                Port("identity", (FACES, self._network.form.identity), numbers),
                Port("expression", (FACES, self._network.form.expression), numbers),
            ),
            lacks="Albedo and light are not in it.",
        )

    def _look(self, crops: Tensor, align: bool) -> _Looked:
        """Once, or twice: the second time aligned by the five points of the first."""
        count = crops.shape[0]
        lost = torch.zeros(count, dtype=torch.bool, device=self._device)
        if self._parity:
            still = torch.eye(3, device=self._device)[:2].expand(count, -1, -1)
            return self._seen(crops, still, lost, last=True)
        T = self._by_box(count)
        if align:
            first = self._seen(crops, T, lost).vertices
            marks = (first[:, self._corners] * self._weights).sum(2)[..., :2]
            aligned = similarity_2d(five_points(marks), self._template.expand(count, -1, -1))
            ratio = (torch.linalg.det(aligned[:, :, :2]) / torch.linalg.det(T[:, :, :2])).sqrt()
            lost = ~((ratio < FARTHEST) & (ratio > 1 / FARTHEST))
            T = torch.where(lost[:, None, None], T, aligned)
        return self._seen(crops, T, lost, last=True)

    def _by_box(self, count: int) -> Tensor:
        """[count, 2, 3] from crop px to the network's, by where the crop has the box."""
        middle = (round(CROP_FACTOR * self._box_px) - 1) / 2
        x, y = (self._camera.of_published(value) - middle for value in BOX_CENTRE)
        T = torch.tensor([[1.0, 0.0, x], [0.0, 1.0, y]], device=self._device)
        return T.expand(count, -1, -1)

    def _told(self, pictures: Tensor, both_ways: bool) -> FaceCoefficients:
        """What the network says of pictures [B, 3, S, S]; the pose whole, not beyond the one at rest."""
        if both_ways and self._signs is not None:
            count = pictures.shape[0]
            both = self._told(torch.cat((pictures, pictures.flip(-1))), both_ways=False)
            own = FaceCoefficients(*(part[:count] for part in both))
            other = FaceCoefficients(*(part[count:] for part in both))
            signs = self._signs.split((own.identity.shape[1], own.expression.shape[1]))
            return own._replace(
                identity=(own.identity + signs[0] * other.identity) / 2,
                expression=(own.expression + signs[1] * other.expression) / 2,
                pose=(own.pose + self._unmirrored(other.pose)) / 2,
            )
        c = self._face.split(self._network(pictures.contiguous(memory_format=torch.channels_last)))
        return c._replace(pose=c.pose * self._units + self._rest)

    def _unmirrored(self, pose: Tensor) -> Tensor:
        """[B, 6] of mirror images to the pose before the mirror, whose axis is not quite the camera's."""
        rz, ry, rx, x, y, z = pose.unbind(1)
        beside = (2 * self._camera.centre_px - (self._camera.size - 1)) / self._camera.focal_px
        return torch.stack((-rz, -ry, rx, -x - beside * z, y, z), 1)

    def _seen(self, crops: Tensor, T: Tensor, lost: Tensor, last: bool = False) -> _Looked:
        """What the network says of the pictures that `T` [B, 2, 3] makes of crops, back in crop px.

        Only the last is corrected, and mirrored: the first places the picture as it was in training.
        """
        pictures = crops if self._parity else resampled(crops, T, self._camera.size)
        c = self._told(pictures, both_ways=last)
        place = extrinsics(c.pose)
        shape = self._face.shape(c)
        if last and self._correction is not None:
            shape = shape + self._correction
        points = place.apply(shape)
        distance = place.translation[:, 2:]
        per_mm = self._camera.focal_px / distance  # [B, 1] px of the picture at the model origin
        back = inverse_2d(T)
        scale = torch.linalg.det(back[:, :, :2]).sqrt()
        flat = moved_points(self._camera.project(points), back)
        nearer = (distance - points[..., 2]) * per_mm * scale[:, None]
        vertices = torch.cat([flat, nearer[..., None]], -1)
        upright = vertices * vertices.new_tensor((1.0, -1.0, 1.0))
        turn = torch.zeros_like(place.rotation)
        turn[:, :2, :2] = back[:, :, :2].mT / scale[:, None, None]  # y up turns the other way
        turn[:, 2, 2] = 1
        return _Looked(
            vertices=vertices,
            euler_rad=euler_from_rotation(turn @ towards_viewer(place.rotation)),
            mm_per_px=1 / (per_mm[:, 0] * scale),
            lost=lost,
            visibility=towards_camera(upright, self._triangles).float(),
            light=shading(vertex_normals(shape, self._triangles), c.light).mean(-1),
            identity=c.identity,
            expression=c.expression,
            albedo=c.albedo,
            harmonics=c.light,
        )

    def _reconstruction(self, seen: _Looked, took_part: tuple[str, ...]) -> Reconstruction:
        pitch, yaw, roll = np.degrees(seen.euler_rad).tolist()
        return Reconstruction(
            method=self.name,
            space=Space.CROP,
            topology=self.topology,
            vertices=frozen(seen.vertices),
            pose_deg=(pitch, yaw, roll),
            scalars=(
                Scalar("towards camera", frozen(seen.visibility), 0.0, 1.0),
                Scalar("light", frozen(seen.light), 0.0, 1.5),
            ),
            took_part=took_part,
            left_out=tuple(name for name in self.switches if name not in took_part),
            alarms=tuple(_alarms(seen)),
            mm_per_px=float(seen.mm_per_px),
            coefficients=(
                Coefficients("identity", frozen(seen.identity)),
                Coefficients("expression", frozen(seen.expression)),
                Coefficients("albedo", frozen(seen.albedo)),
                Coefficients("light", frozen(seen.harmonics), "spherical harmonics, 9 per colour"),
            ),
        )


def reflective_face(
    face_model: FaceModel, form: ResNetForm, albedo_mean: Tensor, albedo: Tensor
) -> ReflectiveFace:
    """The open face model with as many coefficients as the form has, and an albedo of its own."""
    return ReflectiveFace(
        face_model.topology,
        face_model.mean,
        face_model.identity[: form.identity],
        face_model.expression[: form.expression],
        albedo_mean,
        albedo,
    )


def open_rest(face_model: FaceModel, camera: Pinhole) -> tuple[float, ...]:
    """The pose that zero stands for with the open face model."""
    return rest_pose(five_points(face_model.landmarks(face_model.mean[None])[0]), camera)


def _alarms(seen: _Looked) -> Iterator[Alarm]:
    """What happened silently."""
    if seen.lost:
        text = "The five points of the first look make no sense, so the picture was placed by the box."
        yield Alarm("alignment-lost", text)
