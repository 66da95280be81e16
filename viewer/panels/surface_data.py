"""From an answer to what a panel draws: surface, ranges and photo. No Qt, no GL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from models.reconstruction import (
    VISIBLE_SURFACE,
    MeshLayer,
    Reconstruction,
    Scalar,
    Space,
)
from viewer.gl.framing import Framing
from viewer.gl.mesh_item import VALUES, Surface
from viewer.gl.normals import smooth_normals
from viewer.gl.trackball import FIT
from viewer.panels.chart import mean_colours
from viewer.panels.head import around
from viewer.panels.state_rims import smoothed
from viewer.panels.truth_marks import ERROR_MAP
from viewer.readouts.difference import TO_FIRST
from viewer.state.layout import PanelRow
from viewer.state.setting import Branch
from viewer.state.style import LayerStyle, Look
from viewer.tasks.kept import Kept

MAX_PHOTO_PX = 4096  # of the longer side of the piece of photo on the graphics card: what any of them takes
CHART_SIZE = 0.94 * FIT  # half the side of a chart in a panel, face radii
DOT_LIFT = 0.02  # of what lies on a chart, above it
KEPT = 8  # what all panels together show of an answer
PHOTO_MARGIN = 0.08  # around the face, of its size


@dataclass(frozen=True, slots=True)
class Scale:
    """How numbers become colours.

    Attributes:
        name, unit: What a legend says.
        low, high: The numbers at the ends of the colour map.
        colour_map: One of COLOUR_MAPS.
        channel: Which of the surface's values.
        ends: What the ends mean, where words say more than numbers.
        unknown: Share of the vertices at which there is no number; they are drawn grey.
    """

    name: str
    low: float
    high: float
    unit: str
    colour_map: str
    channel: int
    ends: tuple[str, str] | None = None
    unknown: float = 0.0


@dataclass(frozen=True, eq=False, slots=True)
class Drawn:
    """What one panel draws of one answer.

    Attributes:
        surface: The mesh, in face radii.
        scales: For the looks this answer has numbers for.
        knows_states: Whether it is known of its vertices which were seen, turned away or covered.
        photo, window: A piece of the photo and where it lies in it.
        mean_colours: [H, W, 3] over the chart, for the look PNCC; None if the method has no mean face.
        dots: [P, 3] in face radii: where the visible pixels fell on a chart; none for other panels.
        head: What surrounds the face, not predicted; None where there is none.
    """

    surface: Surface
    scales: Mapping[Look, Scale]
    knows_states: bool
    photo: NDArray[np.uint8]
    window: tuple[float, float, float, float]
    mean_colours: NDArray[np.uint8] | None
    dots: NDArray[np.float32]
    head: Surface | None = None


CHANNELS = (
    (Look.P_SEEN, "visibility", "cividis"),
    (Look.DISAGREEMENT, "disagreement", "inferno"),
    (Look.CONFIDENCE, "confidence", "viridis"),
    (Look.FOLLOWED, "followed", "viridis"),
    (Look.SHARE, "image-space share", "viridis"),
    (Look.OWN_CORRECTION, "own correction", "inferno"),
    (Look.DIFFERENCE, "difference", "inferno"),
    (Look.ERROR, "error", ERROR_MAP),
    (Look.CHANGE_BY_OCCLUSION, "change", "inferno"),
    (Look.SPREAD, "spread", "inferno"),
    (Look.TO_FIRST, TO_FIRST, "inferno"),
)
"""Look, scalar, colour map: a new scalar that surfaces are coloured by is one more row, up to VALUES - 1."""

WHO = (Branch.MODEL.title.lower(), Branch.IMAGE.title.lower())
ENDS = {Look.FOLLOWED: WHO, Look.SHARE: WHO}
TITLES = {Look.P_SEEN: "P(seen)", Look.FOLLOWED: "branch followed"}
"""What a legend says instead of the scalar's name."""
DEPTH_CHANNEL = VALUES - 1


_SURFACES: Kept[Reconstruction, Drawn | None] = Kept(KEPT)


def drawn(
    row: PanelRow,
    answer: Reconstruction,
    image: NDArray[np.uint8],
    framing: Framing | None = None,
    with_head: bool = False,
) -> Drawn | None:
    """What `row` shows of `answer`; None if the answer has no such layer. From any thread.

    The last are kept as long as their answer is: panels that show the same surface, each in its colours,
    share it.

    Args:
        row: Which panel.
        answer: In image space.
        image: [H, W, 3] RGB, the photo it is about.
        framing: Where to put it; None centres it.
        with_head: Whether to put a head around it, where the panel shows a face in space.
    """
    head = row.shows_head, row.shows_head and with_head
    what = row.layer, row.chart, head, _Photo(image), framing
    return _SURFACES.of(answer, what, lambda: _drawn(row.layer, row.chart, head, answer, image, framing))


class _Photo:
    """An image [H, W, 3] that is the same as no other, so that results about it can be kept."""

    def __init__(self, image: NDArray[np.uint8]) -> None:
        self.image = image

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Photo) and other.image is self.image

    def __hash__(self) -> int:
        return id(self.image)


def _drawn(
    layer: str,
    chart: bool,
    head_shown: tuple[bool, bool],
    answer: Reconstruction,
    image: NDArray[np.uint8],
    framing: Framing | None,
) -> Drawn | None:
    """As `drawn`: `head_shown` says whether it is a face in space, and whether a head goes around it."""
    mesh = _mesh(layer, answer)
    if mesh is None:
        return None
    framing = framing or Framing.of(answer.vertices if mesh.space is answer.space else mesh.vertices)
    uv = mesh.uv if mesh.uv is not None else np.full((len(mesh.vertices), 2), 0.5, np.float32)
    positions = on_chart(uv) if chart else framing.world(mesh.vertices, mesh.space)
    surface = Surface(
        positions=positions,
        normals=_towards(len(positions)) if chart else smooth_normals(positions, mesh.triangles),
        triangles=mesh.triangles,
        uv=uv,
        pixels=mesh.vertices[:, :2],
        states=_states(mesh, answer),
        values=_values(mesh, answer, framing),
    )
    head = None
    if head_shown[0]:
        surface, head = around(surface, mesh, answer, framing, head_shown[1])
    piece, window = photo_piece(image, answer.vertices)
    dots = _pixels_on_chart(answer) if chart else np.zeros((0, 3), np.float32)
    knows = answer.states is not None and len(mesh.vertices) == len(answer.vertices)
    scales = _scales(mesh, answer, framing)
    return Drawn(surface, scales, knows, piece, window, mean_colours(answer.topology), dots, head)


def spanned(drawn: Drawn | None, style: LayerStyle) -> Drawn | None:
    """The same, the ends of its colours where the user wants them."""
    scale = None if drawn is None else drawn.scales.get(style.look)
    if drawn is None or scale is None or style.span is None:
        return drawn
    low, high = style.span
    return replace(drawn, scales={**drawn.scales, style.look: replace(scale, low=low, high=high)})


def on_chart(uv: NDArray[np.float32], lift: float = 0.0) -> NDArray[np.float32]:
    """Where points [N, 2] of the chart lie in a panel [N, 3]: v down, `lift` towards the viewer."""
    x, y = CHART_SIZE * (2 * uv[:, 0] - 1), CHART_SIZE * (1 - 2 * uv[:, 1])
    return np.stack([x, y, np.full(len(uv), lift)], axis=1).astype(np.float32)


def _pixels_on_chart(answer: Reconstruction) -> NDArray[np.float32]:
    for layer in answer.layers:
        if layer.name == VISIBLE_SURFACE and isinstance(layer, MeshLayer) and layer.uv is not None:
            return on_chart(layer.uv, DOT_LIFT)
    return np.zeros((0, 3), np.float32)


def _towards(count: int) -> NDArray[np.float32]:
    return np.tile(np.array([0, 0, 1], np.float32), (count, 1))


def _mesh(name: str, answer: Reconstruction) -> MeshLayer | None:
    if not name:
        topology = answer.topology
        return MeshLayer(
            "fused", answer.space, answer.vertices, topology.triangles, topology.uv, answer.scalars
        )
    for layer in answer.layers:
        if layer.name == name and isinstance(layer, MeshLayer):
            return layer if len(layer.vertices) else None
    return None


def _scalar(mesh: MeshLayer, answer: Reconstruction, name: str) -> Scalar | None:
    """The layer's own, or the answer's where its vertices are the same ones."""
    own = mesh.scalars
    shared = answer.scalars if len(mesh.vertices) == len(answer.vertices) else ()
    return next((scalar for scalar in (*own, *shared) if scalar.name == name), None)


def _states(mesh: MeshLayer, answer: Reconstruction) -> NDArray[np.float32]:
    """[N, 3]; where nothing is said of them, all was seen."""
    states = answer.states if len(mesh.vertices) == len(answer.vertices) else None
    if states is None:
        return np.tile(np.array([1, 0, 0], np.float32), (len(mesh.vertices), 1))
    return smoothed(states, mesh.triangles)


def _values(mesh: MeshLayer, answer: Reconstruction, framing: Framing) -> NDArray[np.float32]:
    values = np.full((len(mesh.vertices), VALUES), np.nan, np.float32)
    for channel, (_, name, _) in enumerate(CHANNELS):
        scalar = _scalar(mesh, answer, name)
        if scalar is not None:
            values[:, channel] = scalar.values
    values[:, DEPTH_CHANNEL] = (mesh.vertices[:, 2] - framing.centre[2]) * _depth_factor(mesh, answer)
    return values


def _scales(mesh: MeshLayer, answer: Reconstruction, framing: Framing) -> dict[Look, Scale]:
    scales = {}
    for channel, (look, name, colours) in enumerate(CHANNELS):
        scalar = _scalar(mesh, answer, name)
        if scalar is not None:
            unknown = float(np.isnan(scalar.values).sum() / max(len(scalar.values), 1))
            ends = scalar.low, scalar.high
            scales[look] = Scale(
                TITLES.get(look, name), *ends, scalar.unit, colours, channel, ENDS.get(look), unknown
            )
    factor = _depth_factor(mesh, answer)
    low, high = ((float(end) - framing.centre[2]) * factor for end in _depth_range(answer))
    scales[Look.DEPTH] = Scale("nearness", low, high, "mm", "viridis", DEPTH_CHANNEL)
    return scales


def _depth_range(answer: Reconstruction) -> tuple[np.float32, np.float32]:
    """Of the whole face, so that all panels give one depth one colour."""
    if len(answer.vertices) == 0:
        return np.float32(0), np.float32(1)
    return answer.vertices[:, 2].min(), answer.vertices[:, 2].max()


def _depth_factor(mesh: MeshLayer, answer: Reconstruction) -> float:
    return 1.0 if mesh.space is Space.MODEL else answer.mm_per_px


def photo_piece(
    image: NDArray[np.uint8], vertices: NDArray[np.float32]
) -> tuple[NDArray[np.uint8], tuple[float, float, float, float]]:
    """The photo around a face, shrunk if it is large: no more than that has to reach the graphics card.

    Args:
        image: [H, W, 3] RGB.
        vertices: [N, 3] in image px.

    Returns:
        The piece [h, w, 3], and x0, y0, width, height: where it lies in the photo, px.
    """
    height, width = image.shape[:2]
    low, high = np.zeros(2), np.array([width, height], float)
    if len(vertices) and np.isfinite(vertices[:, :2]).all():
        low, high = vertices[:, :2].min(0), vertices[:, :2].max(0)
        margin = PHOTO_MARGIN * (high - low).max() + 2
        low, high = low - margin, high + margin
    x0, y0 = (int(np.clip(np.floor(v), 0, side - 1)) for v, side in zip(low, (width, height), strict=True))
    x1, y1 = (
        int(np.clip(np.ceil(v), start + 1, side))
        for v, start, side in zip(high, (x0, y0), (width, height), strict=True)
    )
    piece = image[y0:y1, x0:x1]
    shrink = MAX_PHOTO_PX / max(piece.shape[:2])
    if shrink < 1:
        size = max(1, round((x1 - x0) * shrink)), max(1, round((y1 - y0) * shrink))
        piece = np.asarray(cv2.resize(piece, size, interpolation=cv2.INTER_AREA), np.uint8)
    return piece, (float(x0), float(y0), float(x1 - x0), float(y1 - y0))
