"""What the window shows, as frozen values and pure functions. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, TypedDict

from models.catalogue import USUAL_DETECTOR
from viewer.state.camera import Camera, Link
from viewer.state.comparison import Comparison
from viewer.state.device import AUTO, ONLY_CPU, Device
from viewer.state.driver import Driver
from viewer.state.history import NO_HISTORY, History
from viewer.state.mining import Mining
from viewer.state.notice import Notice
from viewer.state.occlusion import Occlusion
from viewer.state.presentation import Presentation
from viewer.state.probe import Probe
from viewer.state.running import Running
from viewer.state.setting import MOST_METHODS, Setting
from viewer.state.shown import BoxTrial, Shown, TruthFile
from viewer.state.style import FIRST_STYLES, LayerStyle, Theme
from viewer.state.timeline import Timeline
from viewer.state.webcam import Webcam

if TYPE_CHECKING:
    from models.metrics.ground_truth_errors import Judgement
    from models.reconstruction import Reconstruction
    from models.reconstructor import Face
    from viewer.sources.source import Frame


@dataclass(frozen=True, eq=False, slots=True)
class State:
    """Everything the window shows. Replaced as a whole, never written to.

    Attributes:
        frame: The picture to be answered about: the newest of its source; None before the first.
        source: Number of the source it is from, from 1.
        boxes: Faces the user drew on it; None where the detector looks.
        boxes_locked: They stay for the frames that follow.
        searches: How often the user has asked to look for faces again.
        truth: Ground truth the user opened.
        box_trial: What was there before the true box was tried; None while it is not.
        shown: The frame and its answers; None before the first.
        stale: What is shown answers an older request: something was switched or chosen since, and the new
            answer is not there yet.
        camera: As the user moved one last; that of all panels while they are linked.
        link: What the cameras of the panels have in common.
        cameras: A panel's own camera, once it went its own way.
        views: Saved views, in the order they were saved.
        method, weights: Who answers.
        detector: Who looks for faces: one of models.catalogue.DETECTOR_NEEDS.
        lineup: Who answers too while methods stand side by side, after the one above.
        switches: The parts of the computation this method lets one leave out; empty until it is loaded.
        switched_off: Those left out of the next computation.
        steady: Answers about a video are smoothed over its frames.
        overlays: Those of OVERLAYS that are drawn over the photo.
        styles: A panel's name -> its look.
        selected_face: Index into `shown.answers`.
        probe: The vertex that was picked.
        writing: The file that is being written.
        undo, redo: What would be undone and redone; empty for nothing.
        busy: A job runs.
        doing: What the job does, for the status bar; empty if idle.
        live: A camera or video plays.
        fps: Answers per second while live.
        source_name: What is open; empty for nothing.
        opened: The paths of what is open: a file, a folder, or several pictures; none of a camera.
        case: The case file this is from, or was saved to last; empty for none.
        notes: What the user wrote about it.
        notice: What the banner says.
        device: Where the method runs.
        device_wish: Where it is to run: the name of a device, or AUTO for the fastest there is.
        devices: What there is to run on; the CPU alone until a method is loaded.
        threads: How many threads of the CPU the computation may take; 0 leaves it to torch.
        driver: The OpenGL driver; empty until a panel reports it.
        drawing_box: The next drag over the photo draws a face box.
        whole_photo: The photo panel shows all of the photo rather than the faces and what is around them.
        truth_in_3d: The ground truth is drawn in the 3D panels too.
        head: A head is drawn around the faces, for the eye.
        recent: Paths opened before, newest first.
        theme: Colours of the window.
        keys: Shortcuts the user chose, by the action's name; empty for none. Others are as delivered.
        normaliser: What errors are divided by: a key of models.metrics.normalisers.NORMALISERS.
        history: What the frames of the open source said so far.
        mining: A run over many pictures, and what is looked at of it.
        webcam: Which camera is opened, and how large its pictures are.
        timeline: How a folder or video plays, and what of it is exported.
        visited: Index of the camera's frame whose kept picture is shown; None for none.
        explained: The title of the figure whose normaliser is drawn over the photo; empty for none.
        comparison: What is compared as A and B.
        occlusion: What covers the photo, and what that did.
        panel_layout: Which panels stand side by side: a name of PANEL_LAYOUTS.
        presentation: What is presented, full screen; None while nothing is.
    """

    frame: Frame | None = None
    source: int = 0
    boxes: tuple[Face, ...] | None = None
    boxes_locked: bool = False
    searches: int = 0
    truth: TruthFile | None = None
    box_trial: BoxTrial | None = None
    shown: Shown | None = None
    stale: bool = False
    camera: Camera = field(default_factory=Camera)
    link: Link = Link.ALL
    cameras: Mapping[str, Camera] = field(default_factory=lambda: MappingProxyType({}))
    views: Mapping[str, Camera] = field(default_factory=lambda: MappingProxyType({}))
    method: str = "dsfnet"
    weights: str = "open"
    detector: str = USUAL_DETECTOR
    lineup: tuple[Setting, ...] = ()
    switches: tuple[str, ...] = ()
    switched_off: frozenset[str] = frozenset()
    steady: bool = True
    overlays: frozenset[str] = frozenset({"box", "landmarks", "truth", "error"})
    styles: Mapping[str, LayerStyle] = field(default_factory=lambda: FIRST_STYLES)
    selected_face: int = 0
    probe: Probe | None = None
    writing: Running | None = None
    undo: str = ""
    redo: str = ""
    busy: bool = False
    doing: str = ""
    live: bool = False
    fps: float = 0.0
    source_name: str = ""
    opened: tuple[str, ...] = ()
    case: str = ""
    notes: str = ""
    notice: Notice | None = None
    device: str = "cpu"
    device_wish: str = AUTO
    devices: tuple[Device, ...] = ONLY_CPU
    threads: int = 0
    driver: Driver = field(default_factory=Driver)
    drawing_box: bool = False
    whole_photo: bool = False
    truth_in_3d: bool = False
    head: bool = True
    recent: tuple[str, ...] = ()
    theme: Theme = Theme.DARK
    keys: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    comparison: Comparison = field(default_factory=Comparison)
    occlusion: Occlusion = field(default_factory=Occlusion)
    panel_layout: str = "branches"
    normaliser: str = "box"
    explained: str = ""
    history: History = NO_HISTORY
    mining: Mining = field(default_factory=Mining)
    visited: int | None = None
    presentation: Presentation | None = None
    webcam: Webcam = field(default_factory=Webcam)
    timeline: Timeline = field(default_factory=Timeline)

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


class Changes(TypedDict, total=False):
    """New values for some fields of the State, by name."""

    frame: Frame | None
    source: int
    boxes: tuple[Face, ...] | None
    boxes_locked: bool
    searches: int
    truth: TruthFile | None
    box_trial: BoxTrial | None
    shown: Shown | None
    stale: bool
    camera: Camera
    link: Link
    cameras: Mapping[str, Camera]
    views: Mapping[str, Camera]
    method: str
    weights: str
    detector: str
    lineup: tuple[Setting, ...]
    switches: tuple[str, ...]
    switched_off: frozenset[str]
    steady: bool
    overlays: frozenset[str]
    styles: Mapping[str, LayerStyle]
    selected_face: int
    probe: Probe | None
    writing: Running | None
    undo: str
    redo: str
    busy: bool
    doing: str
    live: bool
    fps: float
    source_name: str
    opened: tuple[str, ...]
    case: str
    notes: str
    notice: Notice | None
    device: str
    device_wish: str
    devices: tuple[Device, ...]
    threads: int
    driver: Driver
    drawing_box: bool
    whole_photo: bool
    truth_in_3d: bool
    head: bool
    recent: tuple[str, ...]
    theme: Theme
    keys: Mapping[str, str]
    comparison: Comparison
    occlusion: Occlusion
    panel_layout: str
    normaliser: str
    explained: str
    history: History
    mining: Mining
    visited: int | None
    presentation: Presentation | None
    webcam: Webcam
    timeline: Timeline


MAX_RECENT = 10


def with_styles(state: State, styles: Mapping[str, LayerStyle]) -> Mapping[str, LayerStyle]:
    """`state.styles` with the looks of some panels replaced."""
    return MappingProxyType({**state.styles, **styles})


def toggled(names: frozenset[str], name: str) -> frozenset[str]:
    """`names` with `name` put in or taken out."""
    return names ^ {name}


def with_recent(recent: tuple[str, ...], path: str) -> tuple[str, ...]:
    """`recent` with `path` first, once, and no more than MAX_RECENT."""
    return (path, *(other for other in recent if other != path))[:MAX_RECENT]


def setting_of(state: State) -> Setting:
    """Who answers about the frame shown."""
    return Setting(state.method, state.weights, state.switched_off)


def line(state: State) -> tuple[Setting, ...]:
    """Who stands in line: who answers anyway, then the others."""
    return (setting_of(state), *state.lineup)[:MOST_METHODS]
