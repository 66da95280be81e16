"""DSFNet's computation, differentiable from crop to fused face (Li, Jin et al., CVPR 2023).

Inside, positions are *camera coordinates*: crop px centred on the crop and divided by half its side, x right,
**y up**, z towards the camera, so that no fit ever needs a mirror. Shapes are in units of 100 mm. The face
lives on a G x G grid of its UV chart; tensors over the chart are [B, G * G, C].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from models.geometry.transforms import Similarity, rotation_from_6d, weighted_procrustes
from models.networks.blocks import convolution
from models.networks.pointnet import PointNetwork
from models.networks.refining import Marks, Reading, RefiningNetwork, within
from models.networks.states import EvidenceNetwork, Places, StatesNetwork
from models.networks.unet import FusionNetwork, ImageNetwork


@dataclass(frozen=True, slots=True)
class Form:
    """How large the networks are: crops of `size` px, maps of half of it, a chart of `chart_size` cells."""

    size: int = 128
    widths: tuple[int, ...] = (32, 64, 128, 256, 256)
    summary: int = 384
    chart_size: int = 48
    fusion_widths: tuple[int, int, int, int] = (24, 48, 96, 128)
    sampled: int = 16
    evidence: int = 24
    state_widths: tuple[int, int, int, int] = (24, 48, 64, 64)
    refining: int = 0  # width of what reads landmarks to refine faces by; none: faces stay as they are

    def __post_init__(self) -> None:
        numbers = (
            *(*self.widths, *self.fusion_widths, *self.state_widths),
            *(self.summary, self.sampled, self.evidence, self.size, self.chart_size),
        )
        if not all(
            isinstance(number, int) and 0 < number <= 2048 for number in (*numbers, self.refining + 1)
        ):
            raise ValueError(f"sizes must be whole numbers from 1 to 2048, got {numbers}")
        if self.size % 2 ** len(self.widths) or self.chart_size % 8 or self.chart_size > 256:
            raise ValueError(
                f"a crop of {self.size} px or a chart of {self.chart_size} cells does not divide"
            )


class Chart(NamedTuple):
    """A face model sampled on the cells of its UV chart, in units of 100 mm.

    Attributes:
        mean: [G * G, 3], zero outside the face.
        identity: [I, G * G, 3] for one standard deviation.
        expression: [E, G * G, 3] likewise.
        inside: [G * G], 1 where a cell belongs to the face.
    """

    mean: Tensor
    identity: Tensor
    expression: Tensor
    inside: Tensor


class Switches(NamedTuple):
    """Which parts take part in the computation."""

    image_space: bool = True
    model_space: bool = True
    confidence: bool = True
    visibility_mask: bool = True
    refinement: bool = True


class DensePrediction(NamedTuple):
    """What the image-space heads say of every pixel of the half-size map, M = size / 2.

    Attributes:
        mask: [B, 1, M, M] logit of "this pixel shows the face itself".
        uv: [B, 2, M, M], u and v of the chart, 0..1.
        depth: [B, 1, M, M], camera z.
        confidence: [B, 1, M, M] logit.
    """

    mask: Tensor
    uv: Tensor
    depth: Tensor
    confidence: Tensor


class Look(NamedTuple):
    """What the states are told from, of one look; attributes as in `Percept`."""

    dense: DensePrediction
    summary: Tensor
    evidence: Tensor


class Percept(NamedTuple):
    """Everything the network reads off the pixels.

    Attributes:
        dense: Of the half-size map.
        numbers: [B, I + E + 9] of the model space: coefficients, rotation as two columns, scale, x and y.
        sampled: [B, C, M, M] features for the fusion.
        summary: [B, summary] likewise.
        evidence: [B, E, M, M] features for the states.
        mirrored: What a look at the mirrored crop gave, for a second opinion on the states; see `both_ways`.
        landmark_features: [B, C, M, M] all that landmarks are read off; None where faces are not refined.
    """

    dense: DensePrediction
    numbers: Tensor
    sampled: Tensor
    summary: Tensor
    evidence: Tensor
    mirrored: Look | None = None
    landmark_features: Tensor | None = None


class Seen(NamedTuple):
    """The visible face, scattered onto the chart.

    Attributes:
        positions: [B, G * G, 3] camera coordinates, zero where nothing fell.
        weights: [B, G * G] in 0..1: confidence-weighted coverage of each cell; zero = not seen.
        mask_was_empty: [B] bool: no pixel was called face, so all were taken (as DSFNet's release does).
    """

    positions: Tensor
    weights: Tensor
    mask_was_empty: Tensor


class Completed(NamedTuple):
    """A whole face from one branch.

    Attributes:
        coefficients: [B, I + E] in standard deviations.
        offset: [B, G * G, 3]: shape minus mean shape, 100 mm.
        placement: From shape to camera coordinates.
        face: [B, G * G, 3], camera coordinates.
    """

    coefficients: Tensor
    offset: Tensor
    placement: Similarity
    face: Tensor


class Fused(NamedTuple):
    """The fused face.

    Attributes:
        offset: [B, G * G, 3], 100 mm.
        targets: [B, G * G, 3]: where each cell should go (the paper's kpt map), camera coordinates.
        weights: [B, G * G]: trust in each target.
        share: [B, G * G]: how much of the image-space branch is in the blend of the two.
        placement: Weighted fit of mean + offset onto the targets.
        face: [B, G * G, 3], camera coordinates.
    """

    offset: Tensor
    targets: Tensor
    weights: Tensor
    share: Tensor
    placement: Similarity
    face: Tensor


class Faces(NamedTuple):
    """What was seen, and the faces that follow; a switched-off branch is None, and then so is `fused`."""

    seen: Seen
    image_space: Completed | None
    model_space: Completed | None
    fused: Fused | None


class DualSpaceAnswer(NamedTuple):
    """All of DSFNet's answer; a switched-off branch is None, and then so is `fused`.

    `states`: [B, 3, G, G] logits of seen, turned away and covered, of the whole face that the answer gives.
    `landmark_states`: [B, 3, G, G] likewise, to be read where landmarks lie.
    """

    dense: DensePrediction
    seen: Seen
    image_space: Completed | None
    model_space: Completed | None
    fused: Fused | None
    states: Tensor
    landmark_states: Tensor


class DualSpaceNetwork(nn.Module):
    """Crops in, both spaces and their fusion out.

    The chart and its landmarks are not part of the state dict: they come from the face model. Weights whose
    form refines need landmarks.
    """

    mean: Tensor
    identity: Tensor
    expression: Tensor
    inside: Tensor

    def __init__(self, form: Form, chart: Chart, marks: Marks | None = None) -> None:
        super().__init__()
        self.form = form
        for name, value in chart._asdict().items():
            self.register_buffer(name, value.contiguous(), persistent=False)
        fine = form.widths[0]
        coefficients = len(chart.identity) + len(chart.expression)
        self.image: nn.Module = ImageNetwork(form.size, form.widths, form.summary)
        self.dense = nn.Sequential(convolution(fine, fine), nn.Conv2d(fine, 4, 1))
        self.sampled = nn.Conv2d(fine, form.sampled, 1)
        self.regress = nn.Linear(form.summary, coefficients + 9)
        self.complete = PointNetwork(6, coefficients)
        self.fuse = FusionNetwork(20 + 2 * form.sampled, 8, form.summary, form.fusion_widths)
        self.evidence = EvidenceNetwork(form.widths, form.evidence)
        self.states = StatesNetwork(form.evidence, form.summary, form.state_widths)
        self.refine: RefiningNetwork | None = None
        if form.refining:
            assert marks is not None
            channels = fine + form.sampled + form.evidence + 4
            self.refine = RefiningNetwork(channels, form.summary, marks, form.refining)

    def forward(self, crops: Tensor, switches: Switches = Switches()) -> DualSpaceAnswer:  # noqa: B008
        """[B, 3, S, S] standardised -> the answer."""
        return self.conclude(self.perceive(crops), switches)

    def perceive(self, crops: Tensor, read: int | None = None) -> Percept:
        """[B, 3, S, S] standardised -> what is read off the pixels; for landmarks of `read` crops only."""
        features = self.image(crops)
        with torch.autocast(crops.device.type, enabled=False):
            numbers = self.regress(features.summary.float())
        sampled = self.sampled(features.fine).float()
        evidence = self.evidence(features.levels, features.fine).float()
        dense = self._dense(features.fine, evidence[:, :1])
        readable = None
        if self.refine is not None:
            told = (features.fine, sampled, evidence, dense.uv, dense.depth, dense.confidence)
            readable = torch.cat([part[:read].float() for part in told], 1)
        return Percept(dense, numbers, sampled, features.summary, evidence, landmark_features=readable)

    def conclude(self, percept: Percept, switches: Switches = Switches()) -> DualSpaceAnswer:  # noqa: B008
        """What follows from it on the chart."""
        faces = self.faces(percept, switches)
        if switches.refinement:
            faces, _ = self.refined(percept, faces, masked=switches.visibility_mask)
        _, image_space, model_space, fused = faces
        final = fused or image_space or model_space
        if final is None:
            raise ValueError("with both branches switched off there is no face")
        share = None if fused is None else fused.share
        apart = None
        if image_space is not None and model_space is not None:
            apart = (image_space.face - model_space.face).norm(dim=-1)
        states = self._states(percept, final.face, faces.seen.weights, share, apart).chunk(2, 1)
        return DualSpaceAnswer(percept.dense, *faces, *states)

    def faces(self, percept: Percept, switches: Switches = Switches()) -> Faces:  # noqa: B008
        """What was seen, both branches and their fusion, before any refinement."""
        device = percept.numbers.device.type
        with torch.autocast(device, enabled=False):
            seen = self.scatter(percept.dense, switches)
            image_space = self._complete(seen) if switches.image_space else None
            model_space = self.model_space(percept.numbers) if switches.model_space else None
        fused = None
        if image_space is not None and model_space is not None:
            maps = self._fusion_input(seen, image_space, model_space, percept.sampled)
            out = self.fuse(maps, percept.summary).float()
            with torch.autocast(device, enabled=False):
                fused = self._place(out.flatten(2).mT, image_space, model_space)
        return Faces(seen, image_space, model_space, fused)

    def refined(
        self, percept: Percept, faces: Faces, twice: bool = True, masked: bool = True
    ) -> tuple[Faces, Reading | None]:
        """Every face moved towards the landmarks read around it, and what was first read, of all together.

        The branches, which lie farther off, are read and moved `twice`, the fused face once; in training all
        of them once. Without a network to read landmarks the faces stay as they are. Readings count less
        where the visibility mask says that no face is to be seen, if `masked`.
        """
        there = [face for face in faces[1:] if face is not None]
        if self.refine is None or not there:
            return faces, None
        assert percept.landmark_features is not None
        with torch.autocast(percept.landmark_features.device.type, enabled=False):
            placements = (
                torch.cat(values) for values in zip(*(face.placement for face in there), strict=True)
            )
            offset = torch.cat([face.offset for face in there])
            branches = len(there) - (faces.fused is not None)
            reading, more, placement = self.refine(
                percept.landmark_features.float(),
                percept.summary.float(),
                offset,
                Similarity(*placements),
                branches * len(percept.numbers) if twice else 0,
                percept.dense.mask.float().sigmoid().detach() if masked else None,
            )
            offset = offset + self.shape_offset(more)
            placed = placement.apply(self.mean + offset)
            parts = (part.chunk(len(there)) for part in (more, offset, *placement, placed))
            moves = zip(*parts, strict=True)
            image_space, model_space = (
                None if face is None else _moved(face, *next(moves))
                for face in (faces.image_space, faces.model_space)
            )
            fused = None if faces.fused is None else _placed_anew(faces.fused, *next(moves))
        return Faces(faces.seen, image_space, model_space, fused), reading

    def _states(
        self, percept: Percept, face: Tensor, weights: Tensor, share: Tensor | None, apart: Tensor | None
    ) -> Tensor:
        """[B, 6, G, G] logits of the states of a placed face: of one look, or the mean of two.

        Args:
            percept: What was seen.
            face: [B, G * G, 3] camera coordinates.
            weights, share, apart: [B, G * G], see `Places`; None without the fusion.
        """
        nothing = torch.zeros_like(weights)
        share = nothing + 0.5 if share is None else share
        values = [value.detach() for value in (weights, share, nothing if apart is None else apart)]
        face = face.detach()
        look = Look(percept.dense, percept.summary, percept.evidence)
        if percept.mirrored is None:
            return self._told(look, face, *values)
        mirrored = self._in_mirror(face) * face.new_tensor((-1.0, 1.0, 1.0))
        both = (torch.cat((v, self._in_mirror(v[..., None])[..., 0])) for v in values)
        states = self._told(_together(look, percept.mirrored), torch.cat((face, mirrored)), *both)
        straight, other = states.chunk(2)
        return (straight + other.flip(-1)) / 2

    def _in_mirror(self, values: Tensor) -> Tensor:
        """[B, G * G, C] over the chart, left and right exchanged."""
        side = self.form.chart_size
        return values.unflatten(1, (side, side)).flip(2).flatten(1, 2)

    def _told(self, look: Look, face: Tensor, weights: Tensor, share: Tensor, apart: Tensor) -> Tensor:
        """[B, 6, G, G] logits of one look."""
        side = self.form.chart_size
        maps = torch.cat((look.dense.uv, look.dense.depth, look.dense.confidence), 1).detach()
        uv, depth, confidence = _look_up(maps, face, side).split((2, 1, 1), 1)
        line = (torch.arange(side, device=face.device) + 0.5) / side
        v, u = torch.meshgrid(line, line, indexing="ij")
        places = Places(
            face=face,
            uv_off=uv - torch.stack((u, v)),
            depth_off=depth - face[..., 2].unflatten(1, (1, side, side)),
            confidence=confidence,
            weight=weights,
            share=share,
            apart=apart,
        )
        chart = self.mean.mT.unflatten(1, (side, side))
        return self.states(look.evidence, places, chart, self.inside, look.summary).float()

    def _dense(self, fine: Tensor, mask: Tensor) -> DensePrediction:
        uv, depth, confidence = self.dense(fine).float().split((2, 1, 1), 1)
        return DensePrediction(mask, uv + 0.5, depth, confidence)

    def pixel_centres(self) -> Tensor:
        """[M * M, 2]: x and y (up) of the map's pixels in camera coordinates, row by row."""
        side = self.form.size // 2
        line = (torch.arange(side, device=self.mean.device) * 2 + 1) / side - 1
        y, x = torch.meshgrid(-line, line, indexing="ij")
        return torch.stack((x, y), -1).reshape(-1, 2)

    def scatter(self, dense: DensePrediction, switches: Switches) -> Seen:
        """Bring what the pixels saw onto the chart.

        Where DSFNet lets the last writer win, every pixel is spread over the four nearest cells and a cell
        takes the weighted mean: no order, and a gradient for the UV head.
        """
        flat = DensePrediction(*(part.flatten(2) for part in dense))
        is_face = flat.mask[:, 0] > 0
        empty = ~is_face.any(1)
        weights = torch.sigmoid(flat.mask[:, 0]) * (is_face | empty[:, None])
        if not switches.visibility_mask:
            weights = torch.ones_like(weights)
        if switches.confidence:
            weights = weights * torch.sigmoid(flat.confidence[:, 0])
        xy = self.pixel_centres().expand(len(weights), -1, -1)
        values = torch.cat((xy, flat.depth.mT), -1)
        positions, mass = splat(flat.uv.mT, values, weights, self.form.chart_size)
        mass = mass * self.inside
        coverage = mass / (mass + 0.25)
        present = (coverage > 0.02).to(coverage.dtype)
        return Seen(positions * present[..., None], coverage * present, empty)

    def shape_offset(self, coefficients: Tensor) -> Tensor:
        """[B, I + E] -> [B, G * G, 3]: basis times coefficients, 100 mm."""
        identity, expression = coefficients.split((len(self.identity), len(self.expression)), 1)
        moved = identity @ self.identity.flatten(1) + expression @ self.expression.flatten(1)
        return moved.unflatten(1, (-1, 3))

    def _complete(self, seen: Seen) -> Completed:
        """Image-space branch: align what was seen to the mean face, read coefficients, place it all back."""
        count = len(seen.weights)
        mean = self.mean.expand(count, -1, -1)
        canonical = weighted_procrustes(seen.positions, mean, seen.weights).apply(seen.positions)
        points, weights = self._merge_four(canonical, seen.weights)
        present = weights > 0
        coefficients = self.complete(torch.cat((points, weights[..., None]), -1), present)
        offset = self.shape_offset(coefficients)
        placement = weighted_procrustes(mean + offset, seen.positions, seen.weights)
        return Completed(coefficients, offset, placement, placement.apply(mean + offset))

    def model_space(self, numbers: Tensor) -> Completed:
        """Model-space branch: coefficients and a scaled orthographic pose straight from the image summary."""
        coefficients, six, scale, xy = numbers.split((numbers.shape[1] - 9, 6, 1, 2), 1)
        upright = torch.tensor([1.0, 0, 0, 0, 1, 0], device=six.device)
        translation = torch.cat((0.2 * xy, torch.zeros_like(scale)), 1)
        placement = Similarity((0.2 * scale[:, 0]).exp(), rotation_from_6d(six + upright), translation)
        offset = self.shape_offset(coefficients)
        return Completed(coefficients, offset, placement, placement.apply(self.mean + offset))

    def _merge_four(self, positions: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """[B, G * G, 3], [B, G * G] -> [B, G * G / 4, 5] (x, y, z, u, v), weights: 2 x 2 cells, one point."""
        side = self.form.chart_size
        line = (torch.arange(side, device=self.mean.device) * 2 + 1) / side - 1
        v, u = torch.meshgrid(line, line, indexing="ij")
        uv = torch.stack((u, v)).expand(len(weights), -1, -1, -1)
        values = torch.cat((positions.mT.unflatten(2, (side, side)), uv), 1)
        grid = weights.reshape(-1, 1, side, side)
        mass = nn.functional.avg_pool2d(grid, 2)
        merged = nn.functional.avg_pool2d(values * grid, 2) / mass.clamp(min=1e-6)
        return merged.flatten(2).mT, mass.flatten(1)

    def _fusion_input(self, seen: Seen, image: Completed, model: Completed, sampled: Tensor) -> Tensor:
        """[B, 20 + 2 * sampled, G, G]: faces, shapes, what was seen, and the photo's features under each."""
        present = (seen.weights > 0).unsqueeze(-1)
        parts = torch.cat(
            (
                image.face,
                model.face,
                10 * image.offset,
                10 * model.offset,
                5 * (seen.positions - image.face) * present,
                5 * (seen.positions - model.face) * present,
                seen.weights[..., None],
                self.inside[:, None].expand(len(seen.weights), -1, 1),
            ),
            -1,
        )
        side = self.form.chart_size
        under = [_look_up(sampled, face, side).flatten(2).mT for face in (image.face, model.face)]
        return torch.cat((parts * self.inside[:, None], *under), -1).mT.unflatten(2, (side, side))

    def _place(self, out: Tensor, image: Completed, model: Completed) -> Fused:
        """Blend both branches as the network says, add its corrections, place the shape on the targets."""
        share = torch.sigmoid(out[..., :1])
        blend = [
            share * a + (1 - share) * b for a, b in ((image.offset, model.offset), (image.face, model.face))
        ]
        offset = (blend[0] + 0.1 * out[..., 1:4]) * self.inside[:, None]
        targets = (blend[1] + out[..., 4:7]) * self.inside[:, None]
        weights = torch.exp(out[..., 7].clamp(-6, 6)) * self.inside
        shape = self.mean + offset
        placement = weighted_procrustes(shape, targets, weights)
        return Fused(offset, targets, weights, share[..., 0], placement, placement.apply(shape))


def _moved(face: Completed, more: Tensor, offset: Tensor, *placed: Tensor) -> Completed:
    """The face with more of its coefficients [B, I + E], of another offset, in another place."""
    *placement, vertices = placed
    return Completed(face.coefficients + more, offset, Similarity(*placement), vertices)


def _placed_anew(face: Fused, _more: Tensor, offset: Tensor, *placed: Tensor) -> Fused:
    """Likewise; it has no coefficients."""
    *placement, vertices = placed
    return face._replace(offset=offset, placement=Similarity(*placement), face=vertices)


def _together(first: Look, second: Look) -> Look:
    """Two looks as one batch, the first ahead."""
    dense = DensePrediction(*(torch.cat(pair) for pair in zip(first.dense, second.dense, strict=True)))
    summary, evidence = (torch.cat(pair) for pair in zip(first[1:], second[1:], strict=True))
    return Look(dense, summary, evidence)


def splat(uv: Tensor, values: Tensor, weights: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Weighted mean of what falls into each cell of a side x side grid, spread bilinearly.

    Args:
        uv: [B, P, 2] in 0..1; what lies outside is dropped.
        values: [B, P, C].
        weights: [B, P] >= 0.
        side: Cells along u and along v.

    Returns:
        means [B, side * side, C], zero where nothing fell, and the summed weights [B, side * side].
    """
    count = len(weights)
    weights = weights * ((uv >= 0) & (uv <= 1)).all(-1)
    place = uv.clamp(0, 1) * side - 0.5
    low = place.detach().floor()
    fraction = place - low
    base = torch.arange(count, device=uv.device)[:, None] * side * side
    channels = values.shape[-1]
    sums = values.new_zeros(count * side * side, channels + 1)
    carried = torch.cat((values, torch.ones_like(weights)[..., None]), -1)
    for du in (0, 1):
        for dv in (0, 1):
            column, row = ((low + low.new_tensor((du, dv))).clamp(0, side - 1)).long().unbind(-1)
            wu = fraction[..., 0] if du else 1 - fraction[..., 0]
            wv = fraction[..., 1] if dv else 1 - fraction[..., 1]
            amount = (weights * wu * wv)[..., None]
            sums = sums.index_add(
                0, (base + row * side + column).flatten(), (amount * carried).reshape(-1, channels + 1)
            )
    sums = sums.reshape(count, side * side, channels + 1)
    mass = sums[..., -1]
    return sums[..., :-1] / mass.clamp(min=1e-6)[..., None], mass


def _look_up(features: Tensor, face: Tensor, side: int) -> Tensor:
    """[B, C, M, M], face [B, G * G, 3] -> [B, C, G, G]: the features under each cell of a placed face."""
    grid = (face[..., :2] * face.new_tensor((1.0, -1.0))).unflatten(1, (side, side))
    return nn.functional.grid_sample(features, within(grid), align_corners=False, padding_mode="border")
