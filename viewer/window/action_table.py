"""ACTIONS: everything a user can do; menus, toolbar, shortcuts and command palette come from this table."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence

from viewer.app.commands import Controller
from viewer.cameras.actions import SAVED_VIEWS, VIEWPOINT, VIEWPOINT_ACTIONS
from viewer.occlusion.actions import LAB_ACTIONS
from viewer.state.comparison import ARRANGEMENT, Mode
from viewer.state.layout import ARRANGEMENTS, Arrangement, panels_shown, style_of
from viewer.state.state import State
from viewer.state.store import Store
from viewer.state.style import OVERLAY_TEXTS, OVERLAYS, Look
from viewer.widgets import theme
from viewer.widgets.action import ActionRow, Test, always

MENUS = ("&File", "&Playback", "&Compute", "&Occlusion", "&View", VIEWPOINT, "&Look", "&Help")


def _has_answer(state: State) -> bool:
    return state.answer is not None


def _has_frame(state: State) -> bool:
    return state.shown is not None


def _has_several(state: State) -> bool:
    return state.shown is not None and state.shown.frame.count > 1


def _compares(state: State) -> bool:
    return state.arrangement == ARRANGEMENT


def _has_faces(state: State) -> bool:
    return state.shown is not None and len(state.shown.answers) > 1


def _branch(index: int) -> ActionRow:
    def checked(state: State) -> bool:
        return index < len(state.switches) and state.switches[index] not in state.switched_off

    return ActionRow(
        f"branch-{index + 1}",
        f"Use part {index + 1} of the computation",
        "Leave this part out of the computation, or take it in again; the answer is computed anew.",
        "&Compute",
        lambda controller: controller.toggle_branch_at(index),
        f"Ctrl+{index + 1}",
        enabled=lambda state: index < len(state.switches),
        checked=checked,
        group="branches",
    )


def _overlay(name: str) -> ActionRow:
    return ActionRow(
        f"overlay-{name}",
        f"Photo: {OVERLAY_TEXTS[name]}",
        f"Draw {OVERLAY_TEXTS[name].lower()} over the photo, or no longer.",
        "&View",
        lambda controller: controller.looks.toggle_overlay(name),
        f"Shift+{OVERLAYS.index(name) + 1}",
        checked=lambda state: name in state.overlays,
        group="overlays",
    )


def _look(look: Look) -> ActionRow:
    return ActionRow(
        f"look-{look.name.lower()}",
        f"All panels: {look.value}",
        f"Draw the face in every panel by: {look.value.lower()}.",
        "&Look",
        lambda controller: controller.looks.set_look_everywhere(look),
        checked=lambda state: _all_have(state, look),
        group="looks",
    )


def _all_have(state: State, look: Look) -> bool:
    choosers = [row.name for row in panels_shown(state) if len(row.looks) > 1 and look in row.looks]
    return bool(choosers) and all(style_of(state, name).look is look for name in choosers)


def _arrangement(row: Arrangement) -> ActionRow:
    return ActionRow(
        f"arrange-{row.name}",
        f"Panels: {row.title}",
        row.tooltip,
        "&View",
        lambda controller: controller.looks.arrange(row.name),
        f"F{ARRANGEMENTS.index(row) + 5}",
        row.icon,
        toolbar=row.title,
        checked=lambda state: state.arrangement == row.name,
        group="arrangement",
    )


def _wish(name: str, text: str, tooltip: str, menu: str, shortcut: str = "", icon: str = "") -> ActionRow:
    return ActionRow(
        name,
        text,
        tooltip,
        menu,
        lambda controller: controller.ask_window(name),
        shortcut,
        icon,
        toolbar="Commands" if name == "palette" else "",
        group="window",
    )


def _export(kind: str, text: str, tooltip: str, shortcut: str, enabled: Test) -> ActionRow:
    return ActionRow(
        f"export-{kind}",
        text,
        tooltip,
        "&File",
        lambda controller: controller.export(kind),
        shortcut,
        icon="export" if kind == "ply" else "",
        enabled=enabled,
        group="export",
    )


ACTIONS: tuple[ActionRow, ...] = (
    ActionRow(
        "open",
        "Open…",
        "Open a picture or a video from disk; dropping it on the window does the same.",
        "&File",
        Controller.open_dialog,
        "Ctrl+O",
        "open",
        toolbar="Open",
        group="open",
    ),
    ActionRow(
        "open-folder",
        "Open folder…",
        "Open a folder and go through its pictures one by one.",
        "&File",
        Controller.open_folder_dialog,
        "Ctrl+Shift+O",
        group="open",
    ),
    ActionRow(
        "camera",
        "Open camera",
        "Show what the first camera sees; the newest frame wins.",
        "&File",
        Controller.open_camera,
        "Ctrl+Shift+C",
        "camera",
        toolbar="Camera",
        group="open",
    ),
    ActionRow(
        "open-truth",
        "Open ground truth…",
        "Hold the answer against landmarks or a mesh from a file: .mat, .pts, .json, .npz, .obj, .ply.",
        "&File",
        Controller.open_truth_dialog,
        "Ctrl+G",
        enabled=_has_frame,
        group="truth",
    ),
    _export(
        "ply", "Export mesh as PLY…", "Write the fused mesh, as most 3D tools read it.", "Ctrl+E", _has_answer
    ),
    _export("glb", "Export mesh as GLB…", "Write the fused mesh with the photo as texture.", "", _has_answer),
    _export("json", "Export answer as JSON…", "Write pose, landmarks and what took part.", "", _has_answer),
    _export("png", "Export window as PNG…", "Write a picture of the whole window.", "Ctrl+Shift+E", always),
    ActionRow(
        "play",
        "Play or pause",
        "Let the folder or video run, or hold it.",
        "&Playback",
        Controller.play_or_pause,
        "Space",
        "play",
        enabled=_has_several,
        checked=lambda state: state.live,
        icon_on="pause",
    ),
    ActionRow(
        "previous",
        "Previous frame",
        "Go to the frame before this one.",
        "&Playback",
        lambda controller: controller.step(-1),
        "PgUp",
        "previous",
        enabled=_has_several,
    ),
    ActionRow(
        "next",
        "Next frame",
        "Go to the frame after this one.",
        "&Playback",
        lambda controller: controller.step(1),
        "PgDown",
        "next",
        enabled=_has_several,
    ),
    ActionRow(
        "stop",
        "Stop",
        "Stop the camera or video; the last picture stays.",
        "&Playback",
        Controller.stop,
        "Ctrl+.",
        "stop",
        toolbar="Stop",
        enabled=lambda state: state.live,
    ),
    *(_branch(index) for index in range(4)),
    ActionRow(
        "steady",
        "Steady video",
        "Take the tremble out of meshes, landmarks and pose in a video; maps stay as they were seen.",
        "&Compute",
        Controller.toggle_steady,
        "Ctrl+Shift+S",
        checked=lambda state: state.steady,
        group="video",
    ),
    ActionRow(
        "open-weights",
        "Open weights file…",
        "Use the weights in a .safetensors file; the present ones stay if they do not fit.",
        "&Compute",
        Controller.open_weights_dialog,
        "Ctrl+Shift+W",
        group="method",
    ),
    _wish(
        "assets",
        "Weights and face models…",
        "What ships, what can be fetched, what you must bring; fetch it or add it.",
        "&Compute",
    ),
    ActionRow(
        "draw-box",
        "Draw face box",
        "Drag a box over the photo from the brows to the chin; Shift and drag does so at any time.",
        "&Compute",
        Controller.toggle_drawing,
        "B",
        "box",
        toolbar="Face box",
        enabled=_has_frame,
        checked=lambda state: state.drawing_box,
        group="faces",
    ),
    ActionRow(
        "find-faces",
        "Find faces again",
        "Forget the box drawn by hand and look for faces in the photo.",
        "&Compute",
        Controller.find_faces,
        "Ctrl+F",
        "face",
        enabled=_has_frame,
        group="faces",
    ),
    ActionRow(
        "next-face",
        "Next face",
        "Show the next face of this photo in the panels.",
        "&Compute",
        Controller.next_face,
        "N",
        enabled=_has_faces,
        group="faces",
    ),
    *LAB_ACTIONS,
    *(_arrangement(row) for row in ARRANGEMENTS),
    ActionRow(
        "ab-pin",
        "Pin as A",
        "Keep the answer shown, with its frame, as A, and compare what comes with it.",
        "&Compute",
        lambda controller: controller.comparing.pin(),
        "Ctrl+P",
        enabled=_has_answer,
        group="compare",
    ),
    ActionRow(
        "ab-swap",
        "Swap A and B",
        "A becomes B, and B becomes A.",
        "&View",
        lambda controller: controller.comparing.swap(),
        "Shift+X",
        enabled=_compares,
        group="compare",
    ),
    ActionRow(
        "ab-flip",
        "Flip A and B",
        "Show A whole, then B whole; dragging the line shows both again.",
        "&View",
        lambda controller: controller.comparing.flip_by_hand(),
        "X",
        enabled=_compares,
        group="compare",
    ),
    ActionRow(
        "ab-blink",
        "Blink A and B",
        "Let A and B take turns by themselves, or stand side by side again.",
        "&View",
        lambda controller: controller.comparing.toggle_blink(),
        "K",
        enabled=_compares,
        checked=lambda state: state.comparison.mode is Mode.BLINK,
        group="compare",
    ),
    *VIEWPOINT_ACTIONS,
    ActionRow(
        "whole-photo",
        "Photo: whole",
        "Show all of the photo, or its faces and what is around them.",
        "&View",
        lambda controller: controller.looks.toggle_whole_photo(),
        "Z",
        checked=lambda state: state.whole_photo,
        group="overlays",
    ),
    *(_overlay(name) for name in OVERLAYS),
    ActionRow(
        "wire",
        "Edges over surfaces",
        "Draw the edges of the triangles over every surface.",
        "&Look",
        lambda controller: controller.looks.toggle_wire(),
        "W",
        "wire",
        toolbar="Edges",
        checked=lambda state: any(style_of(state, row.name).wire for row in panels_shown(state) if row.looks),
        group="wire",
    ),
    ActionRow(
        "theme",
        "Change theme",
        "Change between the dark and the light window.",
        "&View",
        lambda controller: controller.looks.toggle_theme(),
        "Ctrl+T",
        "theme",
        toolbar="Theme",
        group="window",
    ),
    *(
        _look(look)
        for look in (
            *(Look.SHADED, Look.FLAT, Look.PHOTO, Look.WIRE, Look.POINTS),
            *(Look.VISIBILITY, Look.TO_FIRST, Look.ERROR),
            *(Look.UV, Look.DEPTH, Look.NORMALS, Look.PNCC),
        )
    ),
    _wish(
        "reset-layout", "Reset layout", "Put docks and panels back to where a new session has them.", "&View"
    ),
    _wish("quit", "Quit", "Close the window; layout and theme are kept.", "&File", "Ctrl+Q"),
    _wish(
        "palette",
        "Find a command…",
        "Do anything by typing a part of its name.",
        "&Help",
        "Ctrl+K",
        "palette",
    ),
    _wish("copy-log", "Copy log", "Put the whole log on the clipboard.", "&Help", "Ctrl+Shift+L", "copy"),
    _wish("about", "About Unmask", "Version, licence, and what the window runs on.", "&Help"),
)


def make_actions(parent: QObject, controller: Controller, store: Store) -> dict[str, QAction]:
    """A QAction per row, by name, kept true to the Store."""
    actions = {row.name: _made(row, parent, controller) for row in ACTIONS}

    def follow(new: State, old: State | None = None) -> None:
        for row in ACTIONS:
            _follow(actions[row.name], row, new)
        _name_branches(actions, new)
        _name_views(actions, new)
        for row in ACTIONS:
            shown = _icon(row, new)
            if shown and (old is None or new.theme is not old.theme or shown != _icon(row, old)):
                actions[row.name].setIcon(theme.icon(shown, theme.colours(new.theme).text))

    follow(store.state)
    store.changed.connect(follow)
    return actions


def _made(row: ActionRow, parent: QObject, controller: Controller) -> QAction:
    action = QAction(row.text, parent)
    keys = QKeySequence(row.shortcut)
    hint = f"  ({keys.toString(QKeySequence.SequenceFormat.NativeText)})" if row.shortcut else ""
    action.setObjectName(row.name)
    action.setToolTip(row.tooltip + hint)
    action.setIconText(row.toolbar or row.text)
    action.setCheckable(row.checked is not None)
    action.setShortcut(keys)
    action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
    action.triggered.connect(lambda _on: _run(row, controller, action))
    return action


def _run(row: ActionRow, controller: Controller, action: QAction) -> None:
    row.verb(controller)
    if row.checked is not None:
        _follow(action, row, controller.state)  # a click has flipped it whether or not the verb did anything


def _follow(action: QAction, row: ActionRow, state: State) -> None:
    action.setEnabled(row.enabled(state))
    if row.checked is not None:
        action.setChecked(row.checked(state))


def _icon(row: ActionRow, state: State) -> str:
    """Which icon an action has now; empty for none."""
    return row.icon_on if row.icon_on and row.checked is not None and row.checked(state) else row.icon


def _name_branches(actions: dict[str, QAction], state: State) -> None:
    for index, name in enumerate(state.switches):
        if (action := actions.get(f"branch-{index + 1}")) is not None:
            action.setText(f"Use {name}")


def _name_views(actions: dict[str, QAction], state: State) -> None:
    names = list(state.views)
    for index in range(SAVED_VIEWS):
        action = actions[f"saved-view-{index + 1}"]
        action.setVisible(index < len(names))
        if index < len(names):
            action.setText(f"Saved view: {names[index]}")
