"""State to Case: what of the window a case file holds. Pure but for `Files`, who looks at the disk. No Qt."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from models.catalogue import detector_provenance, provenance
from models.export.outputs import Write, write_whole
from models.geometry.arrays import Doubles
from models.geometry.rescaling import moved, moved_box
from models.reconstructor import Face
from resources import program_version
from resources.needs import is_path
from viewer.cases.case import (
    MOST_LAYERS,
    SCHEMA,
    Answers,
    Cameras,
    Case,
    FaceBox,
    FillingRecord,
    Input,
    Kind,
    Looks,
    MediaFile,
    Occluder,
    Occluders,
    PinnedRecord,
    Row,
    SideRecord,
    Sides,
    StyleRecord,
    Who,
)
from viewer.cases.media import Files, media_file, relative
from viewer.cases.pictures import png
from viewer.cases.scaling import to_file
from viewer.cases.sections import SECTIONS
from viewer.inference.request import occluders_of
from viewer.sources.source import Frame
from viewer.state.camera import Camera
from viewer.state.comparison import Pinned, Side
from viewer.state.occlusion import Layer, Occluded
from viewer.state.setting import Setting
from viewer.state.shown import Shown
from viewer.state.state import State, setting_of
from viewer.state.views import sane

if TYPE_CHECKING:
    from models.occlusion.fillings import Filling

MOST_FILES = 10_000


@dataclass(frozen=True, slots=True)
class FilesBeside:
    """The files around a case file.

    Attributes:
        path: The case file; pictures of a camera are written beside it, as NAME-frame-N.png.
        write: Who writes them; None: they are not kept.
        told: Hears how many bytes of files were read.
    """

    path: Path
    write: Write | None = write_whole
    told: Callable[[int], object] = lambda _count: None

    def file(self, path: Path) -> MediaFile:
        """As `media_file`."""
        return media_file(path, self.path.parent, self.told)

    def picture(self, frame: Frame) -> MediaFile | None:
        """Written if it is not there yet."""
        if self.write is None:
            return None
        stem = self.path.name.removesuffix(".json").removesuffix(".case")
        path = self.path.with_name(f"{stem}-frame-{frame.index + 1}.png")
        data = png(frame.image)
        if not (path.is_file() and path.read_bytes() == data):
            self.write(path, data)
        return self.file(path)

    def relative(self, path: Path) -> str:
        """As `media.relative`."""
        return relative(path, self.path.parent)

    def who(self, setting: Setting) -> Who:
        """Weights that are a file by the path of it."""
        named = (
            self.relative(Path(setting.weights).absolute()) if is_path(setting.weights) else setting.weights
        )
        if is_path(setting.weights) and not is_path(named):
            named = f".{os.sep}{named}"
        sha256 = provenance(setting.method, setting.weights).sha256
        return Who(setting.method, named, sha256, setting.without)

    def detector(self, name: str) -> str:
        """Of the file that ships or was brought."""
        found = detector_provenance(name)
        return "" if found is None else found.sha256


def case_of(
    state: State,
    files: Files,
    answers: Sequence[Answers] = (),
    pinned: Sequence[Answers] = (),
    saved_as: str = "",
) -> Case:
    """What the window shows, as a case.

    Args:
        state: What holds now.
        files: Who looks at the disk.
        answers: What was answered, as `viewer.cases.numbers` tells it; first the answer shown.
        pinned: What the pinned answers were, in the order of `pinned_in`; may be left out.
        saved_as: As in Case.

    Raises:
        InputError: A file the case rests on cannot be read.
    """
    shown, pins = state.shown, pinned_in(state)
    bare = None if shown is None else shown.bare
    T = np.eye(3) if bare is None else to_file(bare)
    return Case(
        schema=SCHEMA,
        written_by=f"unmask {program_version()}",
        input=None if bare is None else input_of(bare, state.opened, files),
        who=files.who(setting_of(state)),
        truth=None if state.truth is None else files.file(state.truth.path),
        boxes=None if state.boxes is None else boxes_told(state.boxes, T),
        found=None if shown is None or shown.search is None else shown.search.found,
        faces=() if shown is None else boxes_told(looked_at(shown), T),
        selected_face=max(state.selected_face, 0),
        probe_vertex=None if state.probe is None else state.probe.vertex,
        detector=state.detector,
        detector_sha256=files.detector(state.detector),
        steady=state.steady,
        lineup=tuple(map(files.who, state.lineup)),
        occluders=_occluders(state, T),
        comparison=_sides(state, pins, files),
        pinned=tuple(_pinned(pin, files, was) for pin, was in zip_longest(pins, pinned)),
        cameras=_cameras(state),
        looks=_looks(state),
        notes=state.notes,
        answers=tuple(answers),
        sections=_sections(state, files),
        saved_as=saved_as,
    )


def _sections(state: State, files: Files) -> Mapping[str, Any]:
    told = {name: section.of(state, files) for name, section in SECTIONS.items()}
    return MappingProxyType({name: values for name, values in told.items() if values is not None})


def pinned_in(state: State) -> tuple[Pinned, ...]:
    """The answers that are kept, each once, in the order the case numbers them."""
    sides = (state.comparison.a, state.comparison.b)
    return tuple(dict.fromkeys(side.pinned for side in sides if side.pinned is not None))


def input_of(frame: Frame, opened: Sequence[str], files: Files) -> Input | None:
    """Where a frame is from; None where that is not kept."""
    paths = [Path(path) for path in opened]
    folder = ""
    if not paths:
        kept = files.picture(frame)
        return None if kept is None else Input(Kind.PICTURE, (kept,), "", 0, 0.0, frame.shown_size)
    if frame.path is None:
        kind, of = Kind.VIDEO, paths[:1]
    elif len(paths) > 1:
        kind, of = Kind.PICTURES, paths if len(paths) <= MOST_FILES else [frame.path]
    elif frame.path.absolute() != paths[0]:
        kind, of, folder = Kind.FOLDER, [frame.path], files.relative(paths[0])
    else:
        kind, of = Kind.PICTURE, paths
    told = tuple(files.file(path) for path in of)
    index = 0 if kind is Kind.PICTURE else frame.index
    turn = frame.turn
    time_s, size = float(frame.time_s), frame.full_size
    return Input(kind, told, folder, index, time_s, size, turn.quarters, turn.mirrored)


def looked_at(shown: Shown) -> tuple[Face, ...]:
    """Where faces were looked at in the frame without occluders."""
    return shown.faces if shown.occluded is None else shown.occluded.faces


def boxes_told(faces: Sequence[Face], T: Doubles) -> tuple[FaceBox, ...]:
    """Faces in px of the frame shown as boxes in px of the file."""
    return tuple(
        FaceBox(moved_box(face.box, T), face.score, face.identity, face.pose_deg, face.turn_deg)
        for face in faces
    )


def _occluders(state: State, T: Doubles) -> Occluders:
    """Those of the stack; where a step of a sweep is shown in its place, that."""
    occlusion = state.occlusion
    stack, selected = occlusion.stack, occlusion.selected
    layers, anchor = stack.layers, stack.anchor
    if occlusion.step is not None:
        asked = occluders_of(state)
        layers, anchor, selected = () if asked is None else asked.layers, None, -1
    return Occluders(
        layers=tuple(_occluder(layer, T) for layer in layers[:MOST_LAYERS]),
        anchor_px=()
        if anchor is None
        else tuple((float(x), float(y)) for x, y in moved(anchor[:, :2], T).tolist()),
        anew=occlusion.anew,
        selected=selected,
        tool=occlusion.tool,
        brush=occlusion.brush,
        seed=occlusion.seed,
        plan=occlusion.plan,
        factor=occlusion.factor,
        threshold_percent=occlusion.threshold_percent,
    )


def _occluder(layer: Layer, T: Doubles) -> Occluder:
    filling = None if layer.filling is None else _filling(layer.filling, T)
    placed = _rows(T @ layer.occluder.T_image_occluder)
    return Occluder(
        layer.name, layer.occluder.kind, png(layer.occluder.rgba), placed, layer.shown, filling, layer.seed
    )


def _filling(filling: Filling, T: Doubles) -> FillingRecord:
    across, down = float(T[0, 0]), float(T[1, 1])
    right, below = filling.offset_px
    return FillingRecord(
        filling.kind, filling.colour, filling.size_px * across, (right * across, below * down)
    )


def _rows(T: Doubles) -> tuple[Row, Row, Row]:
    a, b, c = ((x, y, z) for x, y, z in T.tolist())
    return a, b, c


def _pinned(pin: Pinned, files: Files, answers: Answers | None) -> PinnedRecord:
    shown, frame = pin.shown, pin.shown.bare
    T = to_file(frame)
    source = input_of(frame, pin.opened, files) or Input(
        Kind.PICTURE, (MediaFile("", "", 0),), "", 0, 0.0, frame.full_size
    )
    layers = () if shown.occluded is None else (_occluder(flattened(shown.frame, shown.occluded), T),)
    who = files.who(pin.setting)
    return PinnedRecord(source, boxes_told(looked_at(shown), T), pin.face, who, layers, answers)


def flattened(covered: Frame, occluded: Occluded) -> Layer:
    """All that lay on a frame as one opaque layer that makes the same picture of it."""
    from models.occlusion.occluder import Occluder

    rows, columns = np.flatnonzero(occluded.hidden.any(1)), np.flatnonzero(occluded.hidden.any(0))
    if not len(rows):
        return Layer("as pinned", Occluder("as pinned", np.zeros((1, 1, 4), np.uint8), np.eye(3)))
    window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    alpha = np.where(occluded.hidden[window] > 0, 255, 0).astype(np.uint8)
    place = np.array([[1, 0, columns[0]], [0, 1, rows[0]], [0, 0, 1]], np.float64)
    return Layer("as pinned", Occluder("as pinned", np.dstack([covered.image[window], alpha]), place))


def _sides(state: State, pins: Sequence[Pinned], files: Files) -> Sides:
    comparison = state.comparison

    def told(side: Side) -> SideRecord:
        who = None if side.setting is None else files.who(side.setting)
        return SideRecord(side.layer, who, None if side.pinned is None else pins.index(side.pinned))

    return Sides(
        told(comparison.a), told(comparison.b), comparison.mode, comparison.wipe, comparison.b_in_front
    )


def _cameras(state: State) -> Cameras:
    def told(camera: Camera) -> Camera:
        return sane(camera) or Camera()

    return Cameras(
        state.link,
        told(state.camera),
        MappingProxyType({name: told(camera) for name, camera in state.cameras.items()}),
        MappingProxyType({name: told(camera) for name, camera in state.views.items()}),
    )


def _looks(state: State) -> Looks:
    styles = {
        name: StyleRecord(style.look.value, style.wire, style.opacity, style.span)
        for name, style in state.styles.items()
    }
    return Looks(
        state.panel_layout,
        state.theme,
        state.overlays,
        MappingProxyType(styles),
        state.head,
        state.whole_photo,
        state.normaliser,
        state.truth_in_3d,
    )
