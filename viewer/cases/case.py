"""What a case file holds, as frozen values: their annotations are its schema. No Qt.

Whatever is told in px is px of the picture's own file, upright, (0, 0) the centre of its top-left pixel.
Paths count from the folder of the case file, with / between their parts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Annotated, Literal

from models.geometry.turning import Turn
from models.reconstruction import IMAGE_SPACE, MODEL_SPACE
from viewer.cases.records import Checked, Json, Sized, Within
from viewer.state.camera import Camera, Link
from viewer.state.comparison import LAYERS, Mode
from viewer.state.occlusion import Brush, Plan, Tool
from viewer.state.shown import FoundBy
from viewer.state.style import Theme
from viewer.state.views import sane

SCHEMA: Literal["unmask.case/1"] = "unmask.case/1"
LONGEST_NOTES = 100_000
MOST_FACES, MOST_LAYERS, MOST_PINNED = 256, 256, 64
SAMPLE = 64  # vertices of a surface that stand for all of it

Text = Annotated[str, Sized(400)]
Name = Annotated[str, Sized(4096)]


def _rising(span: tuple[float, float]) -> tuple[float, float]:
    """The range of a look's colours; ValueError unless its second number is the greater."""
    if span[0] >= span[1]:
        raise ValueError("must be two numbers of which the second is the greater")
    return span


Share = Annotated[float, Within(0, 1)]
Count = Annotated[int, Within(0, 2**53)]
Side = Annotated[int, Within(1, 10_000_000)]
Angle = Annotated[float, Within(-720, 720)]
Pose = tuple[Angle, Angle, Angle]
Point2 = tuple[float, float]
Point3 = tuple[float, float, float]
Row = tuple[float, float, float]
BoxPx = tuple[float, float, float, float]


def _sha256(text: str) -> str:
    if text and (len(text) != 64 or set(text) - set("0123456789abcdef")):
        raise ValueError("a SHA-256 is 64 digits from 0 to f, or empty where it is not known")
    return text


def _camera(camera: Camera) -> Camera:
    if (found := sane(camera)) is None:
        raise ValueError("no panel can look from there")
    return found


def _brush(brush: Brush) -> Brush:
    if not (1 <= brush.percent <= 200 and all(0 <= part <= 255 for part in brush.colour)):
        raise ValueError("a brush takes 1 to 200 % and colours from 0 to 255")
    return brush


def _plan(plan: Plan) -> Plan:
    counts = plan.steps, plan.cells, plan.draws
    sizes = plan.patch_percent, plan.shift_px, plan.scale_percent
    if not (all(1 <= count <= 1000 for count in counts) and all(0 <= size <= 1000 for size in sizes)):
        raise ValueError("a plan takes counts from 1 to 1000 and sizes from 0 to 1000")
    return plan


def _box(box: BoxPx) -> BoxPx:
    if not (box[0] < box[2] and box[1] < box[3]):
        raise ValueError("x0 must be less than x1, y0 less than y1")
    return box


def _invertible(rows: tuple[Row, Row, Row]) -> tuple[Row, Row, Row]:
    (a, b, c), (d, e, f), (g, h, i) = rows
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    if not (math.isfinite(determinant) and abs(determinant) > 1e-12):
        raise ValueError("the transform cannot be undone")
    return rows


Sha256 = Annotated[str, Checked(_sha256)]
Box = Annotated[BoxPx, Checked(_box)]
Transform = Annotated[tuple[Row, Row, Row], Checked(_invertible)]
SaneCamera = Annotated[Camera, Checked(_camera)]
Picture = Annotated[bytes, Sized(64_000_000)]
"""A PNG."""


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file the case rests on: where it lay, and by what it is known wherever it lies now."""

    path: Name
    sha256: Sha256
    bytes: Count


class Kind(Enum):
    """What was opened."""

    PICTURE = "picture"
    PICTURES = "pictures"  # several, one after the other
    FOLDER = "folder"
    VIDEO = "video"


@dataclass(frozen=True, slots=True)
class Input:
    """Where a frame is from.

    Attributes:
        kind: What was opened.
        files: Those that were opened; of a folder, and of a great many pictures, only the one of the frame.
        folder: The folder; empty for others.
        index: Which frame, from 0.
        time_s: Its time; 0 for pictures.
        size_px: (width, height), as turned.
        quarters, mirrored: How it was turned by hand, as models.geometry.turning.Turn.
    """

    kind: Kind
    files: Annotated[tuple[MediaFile, ...], Sized(10_000, 1)]
    folder: Name
    index: Count
    time_s: float
    size_px: tuple[Side, Side]
    quarters: Annotated[int, Within(0, 3)] = 0
    mirrored: bool = False

    @property
    def turn(self) -> Turn:
        """How it was turned by hand."""
        return Turn(self.quarters, self.mirrored)

    @property
    def file(self) -> MediaFile:
        """The file the frame is in."""
        return self.files[self.index] if self.index < len(self.files) > 1 else self.files[0]


@dataclass(frozen=True, slots=True)
class FaceBox:
    """Where a face was looked at; as `models.reconstructor.Face`, in file px."""

    box_px: Box
    score: float = 1.0
    identity: Count | None = None
    pose_deg: Pose | None = None
    turn_deg: Angle = 0.0


@dataclass(frozen=True, slots=True)
class Who:
    """Who answers: method, weights as they are asked for or as a path, their SHA-256, what is left out."""

    method: Text
    weights: Name
    sha256: Sha256 = ""
    without: frozenset[Text] = frozenset()


@dataclass(frozen=True, slots=True)
class FillingRecord:
    """As `models.occlusion.fillings.Filling`, in file px."""

    kind: Text
    colour: tuple[int, int, int]
    size_px: Annotated[float, Within(1e-6, 1e6)]
    offset_px: Point2


@dataclass(frozen=True, slots=True)
class Occluder:
    """One layer of the stack: its pixels as PNG, and T_file_occluder, their px to px of the file."""

    name: Text
    kind: Text
    png: Picture
    T_file_occluder: Transform
    shown: bool = True
    filling: FillingRecord | None = None
    seed: Count = 0


@dataclass(frozen=True, slots=True)
class Occluders:
    """What lies on the photo, and the tools in hand; as viewer.state.occlusion.Occlusion.

    `anchor_px` is [68, 2] or empty: the landmarks the occluders follow.
    """

    layers: Annotated[tuple[Occluder, ...], Sized(MOST_LAYERS)] = ()
    anchor_px: Annotated[tuple[Point2, ...], Sized(68)] = ()
    anew: bool = False
    selected: Annotated[int, Within(-1, MOST_LAYERS)] = -1
    tool: Tool = Tool.MOVE
    brush: Annotated[Brush, Checked(_brush)] = field(default_factory=Brush)
    seed: Count = 0
    plan: Annotated[Plan, Checked(_plan)] = field(default_factory=Plan)
    factor: Annotated[float, Within(0, 1000)] = 2.0
    threshold_percent: Annotated[float, Within(0, 1000)] = 5.0

    def __post_init__(self) -> None:
        if len(self.anchor_px) not in (0, 68):
            raise ValueError("anchor_px must have 68 points, or none")


@dataclass(frozen=True, slots=True)
class FaceNumbers:
    """What was answered about a face, in figures; see `viewer.cases.numbers`.

    Attributes:
        box_px: The box it was asked about.
        pose_deg: Pitch, yaw, roll.
        landmarks_px: 68 points (x, y, z).
        p_seen: P(seen) of the 68 landmarks; empty where the method does not say.
        state_shares: Share of the vertices in each state, by its name; empty likewise.
        likely_error: % of the size of the landmarks' box; None where it is not known.
        mm_per_px: Of the file.
        vertex_count: Of the surface.
        surfaces: Of the fused surface and of each branch SAMPLE vertices, evenly by number.
        alarms: Their codes.
        took_part: Which parts entered the computation.
    """

    box_px: Box | None
    pose_deg: Pose
    landmarks_px: Annotated[tuple[Point3, ...], Sized(68, 68)]
    p_seen: Annotated[tuple[Share, ...], Sized(68)]
    state_shares: Annotated[Mapping[str, Share], Sized(8)]
    likely_error: float | None
    mm_per_px: float
    vertex_count: Count
    surfaces: Annotated[Mapping[str, Annotated[tuple[Point3, ...], Sized(SAMPLE)]], Sized(8)]
    alarms: Annotated[tuple[Text, ...], Sized(64)]
    took_part: Annotated[tuple[Text, ...], Sized(64)]


@dataclass(frozen=True, slots=True)
class Answers:
    """What one method answered about a frame: figures of every face, and a small picture of all."""

    who: Who
    faces: Annotated[tuple[FaceNumbers, ...], Sized(MOST_FACES)]
    thumbnail: Picture


@dataclass(frozen=True, slots=True)
class PinnedRecord:
    """An answer that was kept for comparison: all it takes to ask for it again, and what it was."""

    input: Input
    faces: Annotated[tuple[FaceBox, ...], Sized(MOST_FACES)]
    face: Count
    who: Who
    occluders: Annotated[tuple[Occluder, ...], Sized(MOST_LAYERS)] = ()
    answers: Answers | None = None


@dataclass(frozen=True, slots=True)
class SideRecord:
    """One side of A and B; `pinned` is an index into the pinned answers of the case."""

    layer: Annotated[str, Sized(40)] = ""
    who: Who | None = None
    pinned: Count | None = None

    def __post_init__(self) -> None:
        if self.layer not in LAYERS:
            raise ValueError(f"layer must be one of {', '.join(map(repr, LAYERS))}")


@dataclass(frozen=True, slots=True)
class Sides:
    """What is compared, and how it is shown."""

    a: SideRecord = field(default_factory=lambda: SideRecord(IMAGE_SPACE))
    b: SideRecord = field(default_factory=lambda: SideRecord(MODEL_SPACE))
    mode: Mode = Mode.WIPE
    wipe: Share = 0.5
    b_in_front: bool = False


@dataclass(frozen=True, slots=True)
class Cameras:
    """How the panels look at the face."""

    link: Link = Link.ALL
    shared: SaneCamera = field(default_factory=Camera)
    own: Annotated[Mapping[str, SaneCamera], Sized(64)] = field(default_factory=lambda: MappingProxyType({}))
    saved: Annotated[Mapping[str, SaneCamera], Sized(256)] = field(
        default_factory=lambda: MappingProxyType({})
    )


@dataclass(frozen=True, slots=True)
class StyleRecord:
    """How a panel draws its surface; a look that this version does not know is left as it is."""

    look: Text
    wire: bool = False
    opacity: Share = 1.0
    span: Annotated[tuple[float, float], Checked(_rising)] | None = None


@dataclass(frozen=True, slots=True)
class Looks:
    """What is drawn, and how."""

    panel_layout: Text = "branches"
    theme: Theme = Theme.DARK
    overlays: frozenset[Text] = frozenset()
    styles: Annotated[Mapping[str, StyleRecord], Sized(64)] = field(
        default_factory=lambda: MappingProxyType({})
    )
    head: bool = True
    whole_photo: bool = False
    normaliser: Text = "box"
    truth_in_3d: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """Everything it takes to see again what was seen.

    Attributes:
        schema: Which version of this file it is.
        written_by: The program, for people.
        input: The frame shown; None for none.
        truth: Ground truth the user opened.
        boxes: Faces the user drew; None where faces were looked for.
        found: How the faces of `faces` were found.
        faces: Where the answers looked.
        selected_face: Index into them.
        probe_vertex: The vertex that was picked.
        who: Who answers.
        detector, detector_sha256: Who looks for faces, and its weights.
        steady: Answers about a video are smoothed over its frames.
        lineup: Who answers too while methods stand side by side.
        occluders: What lies on the photo.
        comparison: A and B.
        pinned: Answers that were kept.
        cameras, looks: How all is looked at.
        notes: What the user wrote.
        answers: What was answered; empty where the answer was not there yet, and in autosaves.
        sections: What other features add, by their name: values their own code checks.
        saved_as: Only of an autosave: the case file the session was last saved to; empty for none.
    """

    schema: Literal["unmask.case/1"]
    written_by: Text
    input: Input | None
    who: Who
    truth: MediaFile | None = None
    boxes: Annotated[tuple[FaceBox, ...], Sized(MOST_FACES)] | None = None
    found: FoundBy | None = None
    faces: Annotated[tuple[FaceBox, ...], Sized(MOST_FACES)] = ()
    selected_face: Count = 0
    probe_vertex: Count | None = None
    detector: Text = "finder"
    detector_sha256: Sha256 = ""
    steady: bool = True
    lineup: Annotated[tuple[Who, ...], Sized(16)] = ()
    occluders: Occluders = field(default_factory=Occluders)
    comparison: Sides = field(default_factory=Sides)
    pinned: Annotated[tuple[PinnedRecord, ...], Sized(MOST_PINNED)] = ()
    cameras: Cameras = field(default_factory=Cameras)
    looks: Looks = field(default_factory=Looks)
    notes: Annotated[str, Sized(LONGEST_NOTES)] = ""
    answers: Annotated[tuple[Answers, ...], Sized(16)] = ()
    sections: Annotated[Mapping[str, Json], Sized(32)] = field(default_factory=lambda: MappingProxyType({}))
    saved_as: Name = ""

    def __post_init__(self) -> None:
        for side in (self.comparison.a, self.comparison.b):
            if side.pinned is not None and side.pinned >= len(self.pinned):
                raise ValueError(f"comparison asks for pinned answer {side.pinned}, of {len(self.pinned)}")
