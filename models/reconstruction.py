"""What a method answers for one face: frozen values, read-only arrays, no framework."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, IntEnum
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

FUSED, IMAGE_SPACE, MODEL_SPACE = "fused", "image space", "model space"
BRANCHES = (FUSED, IMAGE_SPACE, MODEL_SPACE)
"""The whole faces an answer may hold: its own vertices, and mesh layers by name."""
VISIBLE_SURFACE = "visible surface"
"""The mesh layer of what the pixels showed and no more: a part of a face; a branch is completed from it."""
BRANCH_TEXTS = MappingProxyType({IMAGE_SPACE: "image-space branch", MODEL_SPACE: "model-space branch"})
"""What people read for a branch alone; "image space" alone could be the visible surface as well."""


def branch_text(name: str) -> str:
    """What people read for one of BRANCHES; other names are read as they are."""
    return BRANCH_TEXTS.get(name, name)


SEEN_ABOVE = 0.5
"""A vertex or landmark counts as seen where P(seen) is above this, a pixel as face where the mask is."""


class State(IntEnum):
    """What became of a vertex or landmark: the order of all arrays of states."""

    SEEN = 0
    TURNED_AWAY = 1  # hidden by the face or head itself, or outside the picture
    COVERED = 2  # something lies before it


STATE_SCALARS = ("visibility", "turned away", "covered")
"""The scalars with the probabilities of the states, in the order of `State`."""


class Space(Enum):
    """Where coordinates live. Unless said otherwise: x right, y down, z to the camera in the unit of x."""

    IMAGE = "image"  # px of the whole frame; (0, 0) is the centre of the top-left pixel
    CROP = "crop"  # px of the square a network saw; (0, 0) is the centre of its top-left pixel
    MODEL = "model"  # the face model's own: mm, y up
    UV = "uv"  # texture coordinates, 0..1


@dataclass(frozen=True, eq=False, slots=True)
class Correspondence:
    """Where the V points of one surface lie on another: what makes answers of different methods comparable.

    Attributes:
        corners: [V, 3] int32, vertices of the other surface.
        weights: [V, 3] float32, rows sum to one.
        reached: [V] False where the other surface ends before: there it is the nearest place on its border.
            None: reached everywhere.
    """

    corners: NDArray[np.int32]
    weights: Array
    reached: NDArray[np.bool_] | None = None

    def __call__(self, values: Array) -> Array:
        """[P, C] or [P] at the other surface's vertices -> [V, C] or [V] float32."""
        corners = values[self.corners]
        weights = self.weights if values.ndim == 1 else self.weights[..., None]
        return np.asarray((weights * corners).sum(1), np.float32)


@dataclass(frozen=True, eq=False, slots=True)
class Topology:
    """What never changes about a mesh: shared by all answers of one method.

    Attributes:
        name: Which topology, e.g. "open face".
        triangles: [T, 3] int32, counter-clockwise seen from outside in MODEL space (y up).
        uv: [N, 2] float32 in 0..1: u grows to the viewer's right on a frontal face, v grows downwards.
        landmark_vertices: [68, 3] int32, iBUG order: corners of the triangle each landmark lies on.
        landmark_weights: [68, 3] float32, barycentric, rows sum to one.
        mirror: [N] int32, the vertex on the other side of the face.
        regions: [N] uint8, index into `region_names`.
        region_names: e.g. ("brows", "eyes", "nose", ...).
        mean: [N, 3] float32, the mean face in MODEL space; None where a method has none.
        open_face: Where the open face's vertices lie on this mesh; None on the open face itself, and where
            nobody knows.
    """

    name: str
    triangles: NDArray[np.int32]
    uv: Array
    landmark_vertices: NDArray[np.int32]
    landmark_weights: Array
    mirror: NDArray[np.int32]
    regions: NDArray[np.uint8]
    region_names: tuple[str, ...]
    mean: Array | None = None
    open_face: Correspondence | None = None

    def landmarks(self, vertices: Array) -> Array:
        """[68, 3]: the landmarks of a mesh of this topology, in the space of `vertices` [N, 3]."""
        return np.asarray(
            (self.landmark_weights[..., None] * vertices[self.landmark_vertices]).sum(1), np.float32
        )


@dataclass(frozen=True, eq=False, slots=True)
class Scalar:
    """One number per vertex (or point) with its meaning.

    Attributes:
        name: e.g. "confidence".
        values: [N] float32; NaN where unknown.
        low, high: The range a colour map should span.
        unit: e.g. "px" (of the answer's space), "mm", "" for a share of one.
    """

    name: str
    values: Array
    low: float
    high: float
    unit: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class MeshLayer:
    """A surface that can be drawn alone.

    Attributes:
        name: e.g. "visible surface".
        space: Where `vertices` live.
        vertices: [P, 3] float32.
        triangles: [T, 3] int32.
        uv: [P, 2] float32, where each vertex lies on the face; None if unknown.
        scalars: Per vertex values of this layer.
        pose_deg: Of a whole face: pitch, yaw, roll, as in `Reconstruction`; None if the layer has no pose.
    """

    name: str
    space: Space
    vertices: Array
    triangles: NDArray[np.int32]
    uv: Array | None = None
    scalars: tuple[Scalar, ...] = ()
    pose_deg: tuple[float, float, float] | None = None


@dataclass(frozen=True, eq=False, slots=True)
class PointLayer:
    """Loose points. Attributes as in MeshLayer, without triangles."""

    name: str
    space: Space
    points: Array
    scalars: tuple[Scalar, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class MapLayer:
    """A picture-like prediction of the pixels a network saw.

    Attributes:
        name: e.g. "visible mask", "uv", "depth", "confidence".
        values: [H, W] or [H, W, C] float32; NaN where the network says nothing.
        T_image_map: [3, 3]: carries map px (0, 0 = centre of the top-left cell) to `space` px.
        space: CROP until back-projected, then IMAGE.
        low, high, unit: As in Scalar.
    """

    name: str
    values: Array
    T_image_map: NDArray[np.float64]
    space: Space
    low: float = 0.0
    high: float = 1.0
    unit: str = ""


Layer = MeshLayer | PointLayer | MapLayer


@dataclass(frozen=True, eq=False, slots=True)
class Coefficients:
    """Numbers of a face model as the network told them, of this frame alone, also in a steadied answer.

    Attributes:
        name: What they move, e.g. "identity"; of a branch with the branch before it: "model space identity".
        values: [K] float32, in the order of that face model.
        unit: Of each, e.g. "standard deviations".
    """

    name: str
    values: Array
    unit: str = "standard deviations"


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something the method did silently that a reader of its answer must know.

    Attributes:
        code: Stable key, e.g. "empty-mask", "uv-collisions".
        text: A sentence for the user.
        count: How many pixels, cells or points it concerns.
    """

    code: str
    text: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a method took over a picture; its faces go through together.

    Attributes:
        crop_ms: Cutting the faces out.
        network_ms: The method itself: network and decoding.
        total_ms: Both, and carrying the answers back into the picture.
        faces: How many there were.
    """

    crop_ms: float
    network_ms: float
    total_ms: float
    faces: int = 1

    @property
    def ms_per_face(self) -> float:
        """Each face's share of all the time."""
        return self.total_ms / self.faces


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Reconstruction:
    """One face as one method sees it. Arrays are read-only, so any thread may hold it.

    Attributes:
        method: Which method answered, e.g. "dsfnet".
        space: CROP from a method, IMAGE after `pipeline.back_project`.
        topology: Triangles, UVs and landmarks of `vertices`; one object per method, shared by its answers.
        vertices: [N, 3] float32, in `space`: the answer (for DSFNet the fused face).
        pose_deg: Pitch, yaw, roll, AFLW2000 convention: R = Rx(-pitch) Ry(-yaw) Rz(-roll), y up.
        layers: What else can be shown; DSFNet: meshes "image space", "model space" (completed branches, same
            topology), "visible surface" (partial mesh of what was seen); maps "visible mask", "uv",
            "depth", "confidence".
        scalars: Per vertex of `vertices`, e.g. "visibility", "disagreement".
        took_part: Which parts entered the computation, e.g. ("image space", "model space", "confidence").
        left_out: Which parts were switched off.
        alarms: Silent fallbacks that happened.
        box: Face box (x0, y0, x1, y1) in image px it was asked about; None in crop space.
        turn_deg: By how much the crop was turned for the face, clockwise as seen (see `Face.turn_deg`); pose
            and meshes are told in the frame all the same.
        mm_per_px: Model millimetres per px of `space`.
        steadied: Meshes, pose and scale were smoothed over the frames of a video; maps never are.
        timing: How long the whole picture took; None where nobody measured.
        likely_error: NME of the 68 landmarks that is as often exceeded as not by answers like this one, % of
            sqrt(w h) of their box; None where the method does not say.
        likely_range: Half of such answers lie in between, %.
        coefficients: Of the method's face model, where it has one.
        landmark_states: [68, 3] P(seen), P(turned away), P(covered) of the landmarks as people would tell it
            (a point of the jaw is the visible outline near it); None where the method does not say.
        to_hand_mm: [68, 3] mm of the head, y up: from `landmarks` to where people place them, on average;
            None where nobody measured it.
    """

    method: str
    space: Space
    topology: Topology
    vertices: Array
    pose_deg: tuple[float, float, float]
    layers: tuple[Layer, ...] = ()
    scalars: tuple[Scalar, ...] = ()
    took_part: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    box: tuple[float, float, float, float] | None = None
    mm_per_px: float = 1.0
    steadied: bool = False
    timing: Timing | None = None
    likely_error: float | None = None
    likely_range: tuple[float, float] | None = None
    landmark_states: Array | None = None
    turn_deg: float = 0.0
    coefficients: tuple[Coefficients, ...] = ()
    to_hand_mm: Array | None = None

    @property
    def states(self) -> Array | None:
        """[N, 3] P(seen), P(turned away), P(covered) of every vertex; None where the method does not say."""
        known = {scalar.name: scalar.values for scalar in self.scalars}
        if any(name not in known for name in STATE_SCALARS):
            return None
        return np.stack([known[name] for name in STATE_SCALARS], 1)

    @property
    def own_box(self) -> tuple[float, float, float, float]:
        """(x0, y0, x1, y1): what the answer's own landmarks span, px of `space`."""
        points = self.landmarks[:, :2]
        (x0, y0), (x1, y1) = points.min(0).tolist(), points.max(0).tolist()
        return x0, y0, x1, y1

    @property
    def landmarks(self) -> Array:
        """[68, 3] float32, iBUG order, in `space`."""
        return self.topology.landmarks(self.vertices)

    @property
    def landmarks_by_hand(self) -> Array:
        """[68, 3] float32, in `space`: where people place the inner landmarks, who follow rules of their own.

        `landmarks` are those of 3D benchmarks, points of the head that move with it. People put e.g. the
        bridge of the nose higher. The jaw is the 3D one in both. The same where nobody measured it.
        """
        if self.to_hand_mm is None:
            return self.landmarks
        import torch  # this module is read by the window, which does not wait for it

        from models.geometry.transforms import rotation_from_euler

        turn = rotation_from_euler(torch.tensor(self.pose_deg, dtype=torch.float64).deg2rad()).numpy()
        moved = self.to_hand_mm.astype(np.float64) @ turn.T * (1, -1, 1) / self.mm_per_px
        return np.asarray(self.landmarks + moved, np.float32)

    def layer(self, name: str) -> Layer:
        """The layer of that name; KeyError lists the names there are."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(f"no layer {name!r}; there are {[layer.name for layer in self.layers]}")

    def scalar(self, name: str) -> Scalar:
        """The per-vertex scalar of that name; KeyError lists the names there are."""
        for scalar in self.scalars:
            if scalar.name == name:
                return scalar
        raise KeyError(f"no scalar {name!r}; there are {[scalar.name for scalar in self.scalars]}")

    def mapped(self, space: Space, move: Callable[[Array], Array], T: NDArray[np.float64]) -> Reconstruction:
        """The same answer in another pixel space: points by `move` [P, 3] -> [P, 3], maps by `T` [3, 3].

        Values in px (a disagreement, a depth) are stretched by the scale of `T`; layers in MODEL or UV space
        stay where they are.
        """
        scale = float(np.sqrt(abs(np.linalg.det(T[:2, :2]))))
        return replace(
            self,
            space=space,
            vertices=frozen(move(self.vertices)),
            layers=tuple(_mapped_layer(layer, space, move, T, scale) for layer in self.layers),
            scalars=_scaled(self.scalars, scale),
        )


def most_likely(states: Array) -> NDArray[np.uint8]:
    """[..., 3] -> [...] a `State`: seen above `SEEN_ABOVE`, else the likelier of the other two."""
    hidden = np.where(
        states[..., State.COVERED] > states[..., State.TURNED_AWAY], State.COVERED, State.TURNED_AWAY
    )
    return np.where(states[..., State.SEEN] > SEEN_ABOVE, State.SEEN, hidden).astype(np.uint8)


def frozen(values: NDArray[np.generic] | Array) -> Array:
    """`values` as a contiguous float32 array nobody can write to."""
    array = np.ascontiguousarray(values, np.float32)
    if array is values or array.base is not None:
        array = array.copy()
    array.flags.writeable = False
    return array


def _scaled(scalars: tuple[Scalar, ...], scale: float) -> tuple[Scalar, ...]:
    """The same quantities after px became `scale` times as many; other units are left alone."""
    return tuple(
        replace(
            scalar, values=frozen(scalar.values * scale), low=scalar.low * scale, high=scalar.high * scale
        )
        if scalar.unit == "px"
        else scalar
        for scalar in scalars
    )


def _mapped_layer(
    layer: Layer, space: Space, move: Callable[[Array], Array], T: NDArray[np.float64], scale: float
) -> Layer:
    if layer.space in (Space.MODEL, Space.UV):
        return layer
    match layer:
        case MeshLayer():
            moved, scalars = frozen(move(layer.vertices)), _scaled(layer.scalars, scale)
            return replace(layer, space=space, vertices=moved, scalars=scalars)
        case PointLayer():
            moved, scalars = frozen(move(layer.points)), _scaled(layer.scalars, scale)
            return replace(layer, space=space, points=moved, scalars=scalars)
        case MapLayer(unit="px"):
            return replace(
                layer,
                space=space,
                T_image_map=T @ layer.T_image_map,
                values=frozen(layer.values * scale),
                low=layer.low * scale,
                high=layer.high * scale,
            )
        case MapLayer():
            return replace(layer, space=space, T_image_map=T @ layer.T_image_map)
