"""What the window shows, as frozen values and pure functions. No Qt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

from models.catalogue import USUAL_FINDER
from viewer.occlusion.selectors import Covering, Lab
from viewer.readouts.difference import Comparison, Setting
from viewer.state.history import NO_HISTORY, History

if TYPE_CHECKING:
    from models.metrics.ground_truth_errors import Judgement
    from models.reconstruction import Reconstruction
    from models.reconstructor import Face
    from viewer.sources.source import Frame

Quaternion = tuple[float, float, float, float]

OVERLAYS = ("box", "landmarks", "mask", "uv", "confidence", "depth", "mesh", "truth", "error")
"""What can be drawn over the photo, in display order."""


@dataclass(frozen=True, slots=True)
class Camera:
    """How all linked panels look at the face.

    Attributes:
        rotation: Unit quaternion (w, x, y, z) that turns the face about its centre, in view axes: x right,
            y up, z towards the viewer. The identity shows the face as the photo does.
        zoom: 1 lets the face fill most of the panel; 2 shows it twice as large.
        pan: Shift of the face's centre to the right and upwards, in face sizes.
        perspective: False is the scaled-orthographic camera the face models assume.
    """

    rotation: Quaternion = (1.0, 0.0, 0.0, 0.0)
    zoom: float = 1.0
    pan: tuple[float, float] = (0.0, 0.0)
    perspective: bool = False


class Link(Enum):
    """What the cameras of the panels have in common; the value is the text a user reads."""

    ALL = "All"
    ROTATION = "Rotation only"
    NONE = "Nothing"


class Look(Enum):
    """What gives a surface its colour; the value is the text a user reads."""

    SHADED = "Shaded"
    FLAT = "Flat"
    PHOTO = "Photo"
    WIRE = "Wire"
    POINTS = "Points"
    VISIBILITY = "Seen or hidden"
    P_SEEN = "Probability seen"
    DISAGREEMENT = "Disagreement"
    FOLLOWED = "Branch followed"
    SHARE = "Image-space share"
    OWN_CORRECTION = "Own correction"
    DIFFERENCE = "A/B difference"
    TO_FIRST = "Difference"
    CHANGE = "Change by covering"
    SPREAD = "Spread by box"
    CONFIDENCE = "Confidence"
    ERROR = "Error"
    UV = "UV"
    DEPTH = "Depth"
    NORMALS = "Normals"
    PNCC = "PNCC"


@dataclass(frozen=True, slots=True)
class LayerStyle:
    """How a panel draws its surface.

    Attributes:
        look: What gives it its colour.
        wire: Whether edges are drawn over it.
        opacity: 0..1.
    """

    look: Look = Look.SHADED
    wire: bool = False
    opacity: float = 1.0


class Found(Enum):
    """How it is known where the faces of a frame are; the value is the text a user reads."""

    DETECTED = "looked for"
    FOLLOWED = "followed"
    DRAWN = "box drawn by hand"


LOST = "a face was lost"
"""The reason of a Search that ended the following of a face against its will."""


@dataclass(frozen=True, slots=True)
class Search:
    """Where the faces of a frame come from.

    Attributes:
        found: By which means.
        reason: Why faces that were being followed were looked for again; empty if none were.
        frames: How many frames ago faces were looked for; 0 in a frame in which they were.
    """

    found: Found = Found.DETECTED
    reason: str = ""
    frames: int = 0


@dataclass(frozen=True, eq=False, slots=True)
class Shown:
    """One frame and what was answered about it: always replaced together.

    Attributes:
        frame: The picture the answers are about.
        faces: The boxes that were looked at, surest first, each with the number of its face.
        answers: One per face, in image space.
        elapsed_ms: Detection and reconstruction together.
        detection_ms: Detection alone; 0 for boxes drawn by hand and for faces that were followed.
        search: How the faces were found; None while nobody has looked yet.
        judgement: The answer the ground truth is about, held against it; None without truth or answer.
        truth_problem: Why ground truth that is there could not be used; empty for nothing.
        others: What others answered about the same faces, for comparison.
        troubles: Why others who were asked too have no answer.
        covering: What was laid over the frame; `frame` is then the covered picture. None for nothing.
    """

    frame: Frame
    faces: tuple[Face, ...] = ()
    answers: tuple[Reconstruction, ...] = ()
    elapsed_ms: float = 0.0
    detection_ms: float = 0.0
    search: Search | None = None
    judgement: Judgement | None = None
    truth_problem: str = ""
    others: Mapping[Setting, tuple[Reconstruction, ...]] = field(default_factory=dict)
    troubles: Mapping[Setting, str] = field(default_factory=dict)
    covering: Covering | None = None

    @property
    def bare(self) -> Frame:
        """The frame as its source gave it, without covers."""
        return self.frame if self.covering is None else self.covering.frame


class Severity(Enum):
    """How bad a notice is."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Notice:
    """What the banner says.

    Attributes:
        severity: Colour and icon of the banner.
        cause: One sentence: what was wrong.
        remedy: One sentence: what to do about it; may be empty.
    """

    severity: Severity
    cause: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """One vertex of the selected answer, picked by the user.

    Attributes:
        vertex: Index into the answer's vertices.
        position: In image px, z towards the viewer.
        region: Name of the part of the face it belongs to.
        readings: (name, value with its unit) of every scalar known there.
    """

    vertex: int
    position: tuple[float, float, float]
    region: str
    readings: tuple[tuple[str, str], ...] = ()


class Theme(Enum):
    """The window's colours; the value is the text a user reads."""

    DARK = "Dark"
    LIGHT = "Light"


FIRST_STYLES: Mapping[str, LayerStyle] = MappingProxyType(
    {
        "image": LayerStyle(Look.PHOTO),
        "model": LayerStyle(Look.VISIBILITY),
        "fused": LayerStyle(Look.SHADED),
    }
)
"""The look each panel starts with, by the panel's name."""


@dataclass(frozen=True, eq=False, slots=True)
class State:
    """Everything the window shows. Replaced as a whole, never written to.

    Attributes:
        shown: The frame and its answers; None before the first.
        camera: As the user moved one last; that of all panels while they are linked.
        link: What the cameras of the panels have in common.
        cameras: A panel's own camera, once it went its own way.
        views: Saved views, in the order they were saved.
        method, weights: Who answers.
        finder: Who looks for faces: one of models.catalogue.FINDERS.
        lineup: Who answers too while methods stand side by side, after the one above.
        switches: The parts of the computation this method lets one leave out; empty until it is loaded.
        switched_off: Those left out of the next computation.
        steady: Answers about a video are smoothed over its frames.
        overlays: Those of OVERLAYS that are drawn over the photo.
        styles: A panel's name -> its look.
        selected_face: Index into `shown.answers`.
        probe: The vertex that was picked.
        busy: A job runs.
        doing: What the job does, for the status bar; empty if idle.
        live: A camera or video plays.
        fps: Answers per second while live.
        source_name: What is open; empty for nothing.
        notice: What the banner says.
        device: Where the method runs.
        gl_renderer: The OpenGL driver; empty until a panel reports it.
        drawing_box: The next drag over the photo draws a face box.
        whole_photo: The photo panel shows all of the photo rather than the faces and what is around them.
        recent: Paths opened before, newest first.
        theme: Colours of the window.
        normaliser: What errors are divided by: a key of models.metrics.normalisers.NORMALISERS.
        history: What the frames of the open source said so far.
        visited: Index of the camera's frame whose kept picture is shown; None for none.
        explained: The title of the figure whose normaliser is drawn over the photo; empty for none.
        comparison: What is compared as A and B.
        lab: What covers the photo, and what that did.
        arrangement: Which panels stand side by side: a name of ARRANGEMENTS.
    """

    shown: Shown | None = None
    camera: Camera = Camera()
    link: Link = Link.ALL
    cameras: Mapping[str, Camera] = field(default_factory=lambda: MappingProxyType({}))
    views: Mapping[str, Camera] = field(default_factory=lambda: MappingProxyType({}))
    method: str = "dsfnet"
    weights: str = "open"
    finder: str = USUAL_FINDER
    lineup: tuple[Setting, ...] = ()
    switches: tuple[str, ...] = ()
    switched_off: frozenset[str] = frozenset()
    steady: bool = True
    overlays: frozenset[str] = frozenset({"box", "landmarks", "truth", "error"})
    styles: Mapping[str, LayerStyle] = field(default_factory=lambda: FIRST_STYLES)
    selected_face: int = 0
    probe: Probe | None = None
    busy: bool = False
    doing: str = ""
    live: bool = False
    fps: float = 0.0
    source_name: str = ""
    notice: Notice | None = None
    device: str = "cpu"
    gl_renderer: str = ""
    drawing_box: bool = False
    whole_photo: bool = False
    recent: tuple[str, ...] = ()
    theme: Theme = Theme.DARK
    comparison: Comparison = field(default_factory=Comparison)
    lab: Lab = field(default_factory=Lab)
    arrangement: str = "branches"
    normaliser: str = "box"
    explained: str = ""
    history: History = NO_HISTORY
    visited: int | None = None

    @property
    def answer(self) -> Reconstruction | None:
        """The answer for the selected face; None if there is none."""
        if self.shown is None or not 0 <= self.selected_face < len(self.shown.answers):
            return None
        return self.shown.answers[self.selected_face]

    @property
    def judgement(self) -> Judgement | None:
        """The selected answer against the truth; None if there is none, or it is about another face."""
        judgement = None if self.shown is None else self.shown.judgement
        return judgement if judgement is not None and judgement.face == self.selected_face else None


MAX_RECENT = 10


def with_style(state: State, panel: str, style: LayerStyle) -> Mapping[str, LayerStyle]:
    """`state.styles` with one panel's look replaced."""
    return MappingProxyType({**state.styles, panel: style})


def toggled(names: frozenset[str], name: str) -> frozenset[str]:
    """`names` with `name` put in or taken out."""
    return names ^ {name}


def with_recent(recent: tuple[str, ...], path: str) -> tuple[str, ...]:
    """`recent` with `path` first, once, and no more than MAX_RECENT."""
    return (path, *(other for other in recent if other != path))[:MAX_RECENT]


def turn(axis: tuple[float, float, float], angle_deg: float) -> Quaternion:
    """The unit quaternion of a turn about `axis` (of any length, not zero)."""
    half, length = math.radians(angle_deg) / 2, math.hypot(*axis)
    x, y, z = (math.sin(half) * part / length for part in axis)
    return (math.cos(half), x, y, z)


def product(p: Quaternion, q: Quaternion) -> Quaternion:
    """First turn by `q`, then by `p`; kept at unit length however often it is repeated."""
    pw, px, py, pz = p
    qw, qx, qy, qz = q
    w = pw * qw - px * qx - py * qy - pz * qz
    x = pw * qx + px * qw + py * qz - pz * qy
    y = pw * qy - px * qz + py * qw + pz * qx
    z = pw * qz + px * qy - py * qx + pz * qw
    length = math.sqrt(w * w + x * x + y * y + z * z)
    return (w / length, x / length, y / length, z / length)


STANDARD_VIEWS: Mapping[str, Quaternion] = MappingProxyType(
    {
        "front": (1.0, 0.0, 0.0, 0.0),
        "left": turn((0, 1, 0), 90),
        "right": turn((0, 1, 0), -90),
        "top": turn((1, 0, 0), 90),
        "below": turn((1, 0, 0), -90),
        "half left": turn((0, 1, 0), 45),
        "half right": turn((0, 1, 0), -45),
    }
)
"""Where the viewer stands -> how the face is turned for it."""


def seen_from(camera: Camera, view: str) -> Camera:
    """`camera` gone to one of STANDARD_VIEWS; zoom and pan as a new camera has them."""
    return replace(Camera(perspective=camera.perspective), rotation=STANDARD_VIEWS[view])
