"""Case to State: the changes that show again what was saved. Pure. No Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from models.geometry.arrays import Doubles
from models.geometry.rescaling import moved, moved_box
from models.metrics.normalisers import NORMALISERS
from models.reconstruction import frozen
from models.reconstructor import Face
from viewer.cases.case import Case, FaceBox, FillingRecord, Occluder, SideRecord, Who
from viewer.cases.case_file import damaged, read_file
from viewer.cases.locating import Located, detector_of
from viewer.cases.pictures import pixels
from viewer.cases.records import MalformedError
from viewer.cases.scaling import to_shown
from viewer.cases.sections import SECTIONS
from viewer.state.comparison import Comparison, Pinned, Side
from viewer.state.layout import panel_layout
from viewer.state.occlusion import Layer, Stack
from viewer.state.setting import Setting
from viewer.state.shown import FoundBy, TruthFile
from viewer.state.state import Changes, State
from viewer.state.style import OVERLAYS, LayerStyle, Look

if TYPE_CHECKING:
    from models.occlusion.fillings import Filling
    from viewer.sources.source import Frame


def checked(case: Case) -> None:
    """Nothing, if all that only decoding shows is sound: pictures, fillings, sections of other features.

    Raises:
        MalformedError: Something is not; names the key.
    """
    for place, layer in enumerate(case.occluders.layers):
        _layer(layer, np.eye(3), f"occluders.layers[{place}]")
    for number, pin in enumerate(case.pinned):
        for place, layer in enumerate(pin.occluders):
            _layer(layer, np.eye(3), f"pinned[{number}].occluders[{place}]")
    for place, answers in enumerate(case.answers):
        try:
            pixels(answers.thumbnail, 3)
        except ValueError as error:
            raise MalformedError(f"answers[{place}].thumbnail", str(error)) from error
    section_changes(case, State(), Path())


def read_whole(path: Path) -> Case:
    """The case in a file, with all it holds checked.

    Raises:
        InputError: It cannot be read, is none, or damaged; names the file, the key, and what to do.
    """
    case = read_file(path)
    try:
        checked(case)
    except MalformedError as error:
        raise damaged(path.name, error) from error
    return case


def view_changes(located: Located, state: State) -> Changes:
    """What does not depend on the frame: who answers, from where it is looked at, and how it is drawn."""
    case, settings = located.case, located.settings
    changes: Changes = {
        "steady": case.steady,
        "lineup": tuple(settings[who] for who in case.lineup if who in settings),
        "link": case.cameras.link,
        "camera": case.cameras.shared,
        "cameras": case.cameras.own,
        "views": MappingProxyType({**state.views, **case.cameras.saved}),
        **_look_changes(case, state),
    }
    if (who := settings.get(case.who)) is not None:
        changes |= {"method": who.method, "weights": who.weights, "switched_off": who.without}
    if (detector := detector_of(case)) is not None:
        changes["detector"] = detector
    return changes


def frame_changes(located: Located, state: State, frame: Frame) -> Changes:
    """What belongs to the frame, which must be there: boxes, occluders, truth, what is compared, notes."""
    case, T = located.case, to_shown(case_size(located.case), frame)
    kept, occluders = state.occlusion, case.occluders
    anchor = None
    if occluders.anchor_px:
        anchor = frozen(moved(np.array(occluders.anchor_px), T))
    layers = tuple(
        _layer(layer, T, f"occluders.layers[{place}]") for place, layer in enumerate(occluders.layers)
    )
    return {
        "boxes": boxes_of(case, T),
        "truth": None if located.truth is None else TruthFile(located.truth, frame),
        "notes": case.notes,
        "occlusion": replace(
            kept,
            stack=Stack(layers, anchor),
            selected=occluders.selected if occluders.selected < len(layers) else -1,
            tool=occluders.tool,
            brush=occluders.brush,
            seed=occluders.seed,
            anew=occluders.anew,
            plan=occluders.plan,
            factor=occluders.factor,
            threshold_percent=occluders.threshold_percent,
        ),
        "comparison": comparison_of(case, located.settings, ()),
        **section_changes(case, state, located.path.parent),
    }


def boxes_of(case: Case, T: Doubles) -> tuple[Face, ...] | None:
    """The faces that need not be looked for: drawn by the user, or followed to from frames before."""
    if case.boxes is not None:
        return faces_of(case.boxes, T)
    return faces_of(case.faces, T) if case.found is FoundBy.FOLLOWED and case.faces else None


def faces_of(boxes: Sequence[FaceBox], T: Doubles) -> tuple[Face, ...]:
    """Boxes in px of the file as faces in px of the frame shown."""
    return tuple(
        Face(moved_box(box.box_px, T), box.score, box.identity, box.pose_deg, box.turn_deg) for box in boxes
    )


def layers_of(occluders: Sequence[Occluder], T: Doubles) -> tuple[Layer, ...]:
    """Occluders in px of the file as layers in px of the frame shown."""
    return tuple(_layer(one, T, f"occluders[{place}]") for place, one in enumerate(occluders))


def case_size(case: Case) -> tuple[int, int]:
    """(width, height) of the file the case is about, px; (1, 1) without one."""
    return (1, 1) if case.input is None else case.input.size_px


def comparison_of(case: Case, settings: Mapping[Who, Setting], pinned: Sequence[Pinned | None]) -> Comparison:
    """A and B; a pinned answer that is not there (yet) leaves its side to who answers anyway."""

    def side(record: SideRecord) -> Side:
        pin = None if record.pinned is None or record.pinned >= len(pinned) else pinned[record.pinned]
        setting = None if record.who is None else settings.get(record.who)
        return Side(record.layer, setting, pin)

    sides = case.comparison
    return Comparison(side(sides.a), side(sides.b), sides.mode, sides.wipe, sides.b_in_front)


def section_changes(case: Case, state: State, folder: Path) -> Changes:
    """What other features bring back; sections of features that are not there are left alone."""
    changes: Changes = {}
    for name, values in case.sections.items():
        if name in SECTIONS:
            so_far = replace(state, **changes)
            changes |= SECTIONS[name].restored(values, so_far, f"sections.{name}", folder)
    return changes


def _look_changes(case: Case, state: State) -> Changes:
    looks = case.looks
    styles = {panel: _style(case, panel, style) for panel, style in state.styles.items()}
    return {
        "panel_layout": panel_layout(looks.panel_layout).name,
        "theme": looks.theme,
        "overlays": looks.overlays & frozenset(OVERLAYS),
        "styles": MappingProxyType(styles),
        "head": looks.head,
        "whole_photo": looks.whole_photo,
        "truth_in_3d": looks.truth_in_3d,
        "normaliser": looks.normaliser
        if looks.normaliser in {row.key for row in NORMALISERS}
        else state.normaliser,
    }


def _style(case: Case, panel: str, style: LayerStyle) -> LayerStyle:
    """As the case has it; a panel or look that is not known on both sides stays as it is."""
    record = case.looks.styles.get(panel)
    look = next((look for look in Look if record is not None and look.value == record.look), None)
    if record is None or look is None:
        return style
    return LayerStyle(look, record.wire, record.opacity, record.span)


def _layer(record: Occluder, T: Doubles, key: str) -> Layer:
    """A layer of the stack.

    Raises:
        MalformedError: Its picture or filling is not usable.
    """
    from models.occlusion.occluder import Occluder  # brings OpenCV, which no start has to wait for

    try:
        occluder = Occluder(record.kind, pixels(record.png, 4), T @ np.array(record.T_file_occluder))
        filling = None if record.filling is None else _filling(record.filling, T)
    except ValueError as error:
        raise MalformedError(key, f"is not usable: {error}") from error
    return Layer(record.name, occluder, record.shown, filling, record.seed)


def _filling(record: FillingRecord, T: Doubles) -> Filling:
    from models.occlusion.fillings import Filling

    right, below = record.offset_px
    across, down = float(T[0, 0]), float(T[1, 1])
    return Filling(
        record.kind, record.colour, record.size_px * across, (round(right * across), round(below * down))
    )
