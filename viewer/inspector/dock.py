"""The dock of read-outs: what the answer says in numbers, and what one must know to trust it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from models.metrics.disagreement import disagreement_px
from models.metrics.states import STATE_NAMES, seen_share, state_shares
from models.reconstruction import Reconstruction
from viewer.faces.commands import FaceCommands
from viewer.readouts.answer import (
    alarms_of,
    face_names,
    ms_per_face,
    own_correction_mm,
    searched,
    turned,
)
from viewer.readouts.verdict import ERROR_MEANING, Trust, likely_error_text, verdict
from viewer.readouts.vertex import position_text, reading
from viewer.state.probe import Probe
from viewer.state.shown import Shown
from viewer.state.state import State
from viewer.state.store import Store
from viewer.widgets.parts import badge, clear, figure, heading, note
from viewer.widgets.theme import SPACE

ANSWER_ROWS = (
    *("Likely error", "Seen", "Pitch, yaw, roll", "Looks"),
    *("Branches differ", "at the worst 5 %", "Own correction", "Scale"),
)
NAME_WIDTH = 112
TIME_ROWS = ("Face", "Detection", "Per face", "Whole frame")
PROBE_HINT = "Click the face, in the photo or a panel, to read out one vertex."


class InspectorDock(QScrollArea):
    """Pose, visible share, disagreement, alarms, timings and the vertex that was picked."""

    def __init__(self, store: Store, faces: FaceCommands, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._figures = {name: figure(name) for name in ANSWER_ROWS + TIME_ROWS}
        self._figures["Likely error"].setToolTip(ERROR_MEANING)
        self._faces = QComboBox()
        self._faces.setAccessibleName("Face shown in the panels")
        self._faces.setToolTip("Which of the faces in this photo the panels show (N for the next)")
        self._faces.activated.connect(faces.select_face)
        self._badges, self._probe_rows = QVBoxLayout(), QFormLayout()
        self._badges.setSpacing(4)
        self._probe_hint = note(PROBE_HINT)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, 2 * SPACE)
        column.setSpacing(4)
        column.addWidget(self._faces)
        column.addLayout(self._badges)
        column.addWidget(heading("Answer"))
        column.addLayout(self._rows(ANSWER_ROWS))
        column.addWidget(heading("Picked vertex"))
        column.addWidget(self._probe_hint)
        column.addLayout(self._probe_rows)
        column.addWidget(heading("Time"))
        column.addLayout(self._rows(TIME_ROWS))
        column.addStretch(1)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(body)
        self._store = store
        store.on(lambda state: (state.shown, state.selected_face), self._on_answer)
        store.on(lambda state: state.probe, self._on_probe)

    def _rows(self, names: tuple[str, ...]) -> QFormLayout:
        form = QFormLayout()
        form.setHorizontalSpacing(2 * SPACE)
        form.setVerticalSpacing(3)
        for name in names:
            form.addRow(_muted(name), self._figures[name])
        return form

    def _on_answer(self, _changed: object) -> None:
        state = self._store.state
        self._show_faces(state)
        self._show_answer(state.answer)
        self._show_times(state.shown)
        self._show_badges(state)

    def _on_probe(self, probe: Probe | None) -> None:
        self._show_probe(probe, self._store.state.answer)

    def _show_faces(self, state: State) -> None:
        names = [] if state.shown is None else face_names(state.shown)
        count = len(names)
        if [self._faces.itemText(index) for index in range(self._faces.count())] != names:
            self._faces.clear()
            self._faces.addItems(names)
        self._faces.setCurrentIndex(state.selected_face if count else -1)
        self._faces.setVisible(count > 1)

    def _show_answer(self, answer: Reconstruction | None) -> None:
        texts = {name: "–" for name in ANSWER_ROWS} if answer is None else readings(answer)
        for name, text in texts.items():
            self._figures[name].setText(text)

    def _show_times(self, shown: Shown | None) -> None:
        per_face = None if shown is None else ms_per_face(shown)
        done = shown is not None and per_face is not None
        self._figures["Face"].setText(searched(shown.search) if shown else "–")
        self._figures["Detection"].setText(f"{shown.detection_ms:.0f} ms" if shown and done else "–")
        self._figures["Per face"].setText(f"{per_face:.0f} ms" if per_face is not None else "–")
        self._figures["Whole frame"].setText(f"{shown.elapsed_ms:.0f} ms" if shown and done else "–")

    def _show_badges(self, state: State) -> None:
        clear(self._badges)
        alarms = alarms_of(state.shown, state.answer)
        if state.answer is None:
            for alarm in alarms:
                self._badges.addWidget(badge(f"⚠  {alarm.text}", good=False))
            return
        told = verdict(state.answer, alarms)
        for line in told.lines:
            if told.trust is Trust.UNKNOWN:
                self._badges.addWidget(note(line))
            else:
                good = told.trust is Trust.GOOD
                self._badges.addWidget(badge(f"{'✓' if good else '⚠'}  {line}", good=good))

    def _show_probe(self, probe: Probe | None, answer: Reconstruction | None) -> None:
        while self._probe_rows.rowCount():
            self._probe_rows.removeRow(0)
        self._probe_hint.setVisible(probe is None)
        if probe is None or answer is None:
            return
        rows = [("Vertex", f"{probe.vertex}  ({probe.region})" if probe.region else str(probe.vertex))]
        rows += [("At", position_text(probe.position)), *probe.readings]
        for name, text in rows:
            value = figure(f"Picked vertex, {name}")
            value.setText(text)
            self._probe_rows.addRow(_muted(name[:1].upper() + name[1:]), value)


def readings(answer: Reconstruction) -> dict[str, str]:
    """What the inspector says about an answer: row -> text."""
    pitch, yaw, roll = answer.pose_deg
    differ, own = disagreement_px(answer), own_correction_mm(answer)
    return {
        "Likely error": likely_error_text(answer).removeprefix("likely error ") or "unknown",
        "Seen": seen_text(answer),
        "Pitch, yaw, roll": f"{pitch:+.0f}°, {yaw:+.0f}°, {roll:+.0f}°",
        "Looks": turned(answer.pose_deg).replace(", ", "\n"),
        "Branches differ": "–" if differ is None else _length(differ[0], answer),
        "at the worst 5 %": "–" if differ is None else _length(differ[1], answer),
        "Own correction": "–" if own is None else f"{own:.1f} mm on average",
        "Scale": f"{answer.mm_per_px:.2f} mm per px",
    }


def seen_text(answer: Reconstruction) -> str:
    """How much of the face is in which state, one a line."""
    shares = state_shares(answer)
    if shares is not None:
        return "\n".join(f"{100 * shares[state]:.0f} % {name}" for state, name in STATE_NAMES.items())
    seen = seen_share(answer)
    return "unknown" if seen is None else f"{100 * seen:.0f} % seen"


def _length(px: float, answer: Reconstruction) -> str:
    return reading(px, "px", answer.mm_per_px)


def _muted(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "muted")
    label.setFixedWidth(NAME_WIDTH)
    label.setAlignment(Qt.AlignmentFlag.AlignTop)
    return label
