"""Training MGCNet on three rendered views of each face.

Of the exact labels, landmarks and vertices (weight 4 of `MGCNetRecipe`) are used; everything else the views
must tell themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from models.errors import InputError
from models.face_model.morphable import FaceModel
from models.face_model.pinhole import (
    Extrinsics,
    Pinhole,
    extrinsics,
    five_points,
    shading,
)
from models.face_model.reflective import Coefficients
from models.geometry.transforms import vertex_normals
from models.geometry.warping import jittered, moved_points, resampled, similarity_2d
from models.methods.mgcnet.method import BOX_CENTRE, BOX_SIDE, open_rest, reflective_face
from models.networks.resnet import ResNet50
from models.synthetic.bank import Bank, Views
from models.synthetic.camera import project
from models.training.albedo import albedo_basis
from models.training.augment import vary_colours
from models.training.multiview import (
    Surface,
    covisible,
    depth_error,
    epipolar_error,
    over_flagged,
    pixel_error,
    ssim_error,
    surface,
    warp,
)
from models.training.outlines import shown_triangles
from models.training.recipes import MGCNetRecipe

TURNED = 0.05  # Frobenius distance of two poses from which their epipolar lines are told


class Seen(NamedTuple):
    """What one step learns from: B faces in V views, P = B V pictures one after the other.

    Attributes:
        pictures: [P, 3, S, S] of 0..1.
        vertices: [P, N, 3] px of the picture, z towards the camera from the model origin.
        landmarks: [P, 68, 2] px.
        rotation: [P, 3, 3] of the scenes, as rendered.
        visibility: [P, N] bool.
    """

    pictures: Tensor
    vertices: Tensor
    landmarks: Tensor
    rotation: Tensor
    visibility: Tensor


class MGCNetTask:
    """Network, data and loss of one recipe; see loop.Task."""

    def __init__(self, recipe: MGCNetRecipe, face_model: FaceModel, bank: Bank, device: str = "cpu") -> None:
        if device != "cpu":
            raise InputError("mgcnet is trained on the CPU: what a face hides is drawn there.")
        self.recipe, self._bank, self._face_model = recipe, bank, face_model
        torch.manual_seed(recipe.seed)
        form = recipe.form
        network = ResNet50(form)
        mean, albedo = albedo_basis(recipe.seed, form.albedo, recipe.skins)
        network.register_buffer("albedo_mean", mean)
        network.register_buffer("albedo_basis", albedo)
        self.network: nn.Module = network
        self._face = reflective_face(face_model, form, mean, albedo)
        self._camera = Pinhole(form.size, form.field_px)
        self._rest = torch.tensor(open_rest(face_model, self._camera))
        self._units = torch.tensor(form.pose_units)
        self._triangles = torch.tensor(face_model.topology.triangles).long()

    def batches(self, rank: int, steps: int) -> Iterator[Views]:
        """Endless random scenes of the bank, a third as many as a batch has pictures."""
        rng = np.random.default_rng([self.recipe.seed, rank, steps])
        while True:
            yield self._bank.draw(max(1, self.recipe.batch // 3), rng)

    def loss(self, network: nn.Module, batch: Views) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted sum and its terms."""
        with torch.no_grad():
            seen = self.prepared(batch)
        with torch.autocast("cpu", torch.bfloat16):
            raw = network(seen.pictures.contiguous(memory_format=torch.channels_last))
        c = self._face.split(raw.float())
        c = c._replace(pose=c.pose * self._units + self._rest)
        shape, place = self._face.shape(c), extrinsics(c.pose)
        points = place.apply(shape)
        terms = self._labelled(c, points, seen) | self._priors(c)
        if torch.rand(()) < self.recipe.views_share:
            terms |= self._consistency(c, shape, points, place, seen, batch.images.shape[1])
        return torch.stack(list(terms.values())).sum(), {key: term.detach() for key, term in terms.items()}

    def prepared(self, batch: Views) -> Seen:
        """New crops of the views: some aligned by five points, others by the box, all strayed a little."""
        views = batch.images.shape[1]
        if torch.rand(()) < 0.5:
            batch = mirrored_views(batch, self._face_model)
        shape = self._face_model.vertices(batch.identity[:, 0], batch.expression[:, 0])
        shape = shape.repeat_interleave(views, 0)
        rotation, camera = batch.rotation.flatten(0, 1), batch.camera.flatten(0, 1)
        there = project(shape, rotation, camera)
        T = self._crops(self._face_model.landmarks(there)[..., :2])
        scale = torch.linalg.det(T[:, :, :2]).sqrt()[:, None, None]
        vertices = torch.cat([moved_points(there[..., :2], T), there[..., 2:] * scale], -1)
        size = self.recipe.form.size
        pictures = resampled(batch.images.flatten(0, 1), T, size).round().to(torch.uint8)
        tall = pictures.unflatten(0, (-1, views)).transpose(1, 2).flatten(2, 3)  # one draw for all views
        tall = vary_colours(tall) / 255
        pictures = tall.unflatten(2, (views, size)).transpose(1, 2).flatten(0, 1)
        marks = self._face_model.landmarks(vertices)[..., :2]
        return Seen(pictures, vertices, marks, rotation, batch.visibility.flatten(0, 1))

    def _crops(self, marks: Tensor) -> Tensor:
        """[P, 2, 3] from px of the pictures to those of the crops; marks [P, 68, 2]."""
        form, count = self.recipe.form, len(marks)
        camera = self._camera
        by_points = similarity_2d(five_points(marks), camera.template().expand(count, -1, -1))
        by_points = jittered(by_points, form.size / 2, 0.03 * form.size, 0.05, 0.08)
        low, high = marks.amin(1), marks.amax(1)
        side = (high - low).amax(1)
        scale = BOX_SIDE * camera.zoom / side
        goal = marks.new_tensor([camera.of_published(v) for v in BOX_CENTRE])
        offset = goal - scale[:, None] * (low + high) / 2
        by_box = torch.cat([torch.eye(2) * scale[:, None, None], offset[..., None]], -1)
        by_box = jittered(by_box, form.size / 2, 0.05 * form.size, 0.12, 0.15)
        aligned = torch.rand(count) < self.recipe.aligned
        return torch.where(aligned[:, None, None], by_points, by_box)

    def _labelled(self, c: Coefficients, points: Tensor, seen: Seen) -> dict[str, Tensor]:
        w, half = self.recipe.loss, self.recipe.form.size / 2
        flat = self._camera.project(points)
        marks = self._face_model.landmarks(torch.cat([flat, flat[..., :1]], -1))[..., :2]
        nearer = (c.pose[:, 5, None] - points[..., 2]) * (self._camera.focal_px / c.pose[:, 5, None])
        apart = torch.cat(
            [flat - seen.vertices[..., :2], 0.5 * (nearer - seen.vertices[..., 2])[..., None]], -1
        )
        return {
            "landmarks": w.landmarks * landmark_error(marks, seen.landmarks, w.stress) / half,
            "vertices": w.vertices * (apart.square().sum(-1) + 1e-4).sqrt().mean() / half,
        }

    def _priors(self, c: Coefficients) -> dict[str, Tensor]:
        w = self.recipe.loss
        shape = c.identity.square().mean() + 0.8 * c.expression.square().mean()
        light = c.light.unflatten(1, (3, 9))
        grey = (light - light.mean(1, keepdim=True)).square().mean()
        return {
            "shape prior": w.shape_prior * shape,
            "albedo prior": w.albedo_prior * (c.albedo.square().mean() + grey),
        }

    def _consistency(
        self, c: Coefficients, shape: Tensor, points: Tensor, place: Extrinsics, seen: Seen, views: int
    ) -> dict[str, Tensor]:
        """Pixels of the first view of each face, and what the other views say about it."""
        w, cells = self.recipe.loss, self.recipe.cells
        triangle = shown_triangles(points.detach(), self._face.topology, self._camera, cells)
        small = nn.functional.adaptive_avg_pool2d(seen.pictures, cells)

        def of_view(k: int) -> tuple[Surface, Extrinsics]:
            part = slice(k, None, views)
            return (
                surface(points[part], self._triangles, triangle[part], self._camera),
                Extrinsics(place.rotation[part], place.translation[part]),
            )

        target, here = of_view(0)
        first = slice(0, None, views)
        normals = vertex_normals(shape[first].detach(), self._triangles)
        albedo = self._face.colours(Coefficients(*(part[first] for part in c)))
        rendered = target.spread(albedo * shading(normals, c.light[first]))
        skin = target.covered & (target.spread(seen.visibility[first, :, None].float())[:, 0] > 0.99)
        terms = {"pixel": w.pixel * pixel_error(rendered, small[first], skin).mean()}
        for k in range(1, views):
            source, there = of_view(k)
            free = seen.visibility[first] & seen.visibility[k::views]
            at = warp(target, there.after(here), self._camera)
            mask = covisible(target, source, self._triangles, free) & at.inside
            brought = nn.functional.grid_sample(
                small[k::views], at.grid, padding_mode="border", align_corners=False
            )
            turned = (seen.rotation[first] - seen.rotation[k::views]).flatten(1).norm(dim=1) > TURNED
            seen_both = mask.flatten(1).any(1)
            lines = epipolar_error(
                there.after(here), seen.landmarks[first], seen.landmarks[k::views], self._camera
            )
            parts = {
                "view": w.view * over_flagged(pixel_error(brought, small[first], mask), seen_both),
                "ssim": w.ssim * over_flagged(ssim_error(brought, small[first], mask), seen_both),
                "depth": w.depth * over_flagged(depth_error(at, source, mask), seen_both),
                "epipolar": w.epipolar * over_flagged(lines, turned),
            }
            terms |= {key: terms.get(key, 0.0) + part / (views - 1) for key, part in parts.items()}
        return terms


def landmark_error(marks: Tensor, truth: Tensor, stress: float) -> Tensor:
    """Mean distance of landmarks [P, 68, 2]; the nose's ridge and the inner lips count `stress`-fold."""
    weights = marks.new_ones(68)
    weights[27:36] = weights[60:68] = stress
    distance = ((marks - truth).square().sum(-1) + 1e-4).sqrt()
    return (weights * distance).mean() / weights.mean()


def mirrored_views(batch: Views, face_model: FaceModel) -> Views:
    """The same faces seen in a mirror."""
    signs = torch.where(face_model.symmetric, 1.0, -1.0)
    count = batch.identity.shape[-1]
    camera = batch.camera.clone()
    camera[..., 1] = batch.images.shape[-1] - 1 - camera[..., 1]
    flip = torch.tensor([-1.0, 1.0, 1.0])
    return Views(
        images=batch.images.flip(-1),
        identity=batch.identity * signs[:count],
        expression=batch.expression * signs[count:],
        rotation=flip[:, None] * batch.rotation * flip,
        camera=camera,
        visibility=batch.visibility[..., torch.tensor(face_model.topology.mirror).long()],
    )
