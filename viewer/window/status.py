"""The line at the bottom: what happens, who answers where, how fast, and what draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from viewer.readouts.answer import ms_per_face
from viewer.readouts.parts import both_off
from viewer.readouts.progress import Kind, Task, task_of
from viewer.readouts.verdict import ERROR_MEANING, likely_error_text
from viewer.state.state import State
from viewer.state.store import Store
from viewer.widgets.progress import Progress

BEAT_MS = 400  # any animation makes Qt compose the whole window, GL panels included: seldom is enough
BEATS = ("·", "· ·", "· · ·")


class Status(QStatusBar):
    """Shows parts of the State as short read-outs."""

    def __init__(self, store: Store, stop: Callable[[Kind], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind = Kind.METHOD
        self._progress = Progress("What is under way")
        self._progress.cancelled.connect(lambda: stop(self._kind))
        self.setSizeGripEnabled(False)
        self._doing = QLabel()
        self._at_work = QLabel()
        self._at_work.setAccessibleName("The method is at work")
        self._at_work.setFixedWidth(self._at_work.fontMetrics().horizontalAdvance(BEATS[-1]) + 4)
        self._beat = QTimer(self, interval=BEAT_MS)
        self._beats = 0
        self._beat.timeout.connect(self._on_beat)
        self.addWidget(self._doing)
        self.addWidget(self._at_work)
        self.addWidget(self._progress, 1)
        self._parts = {
            "fps": self._part("Frames answered per second"),
            "error": self._part(ERROR_MEANING),
            "time": self._part("Reconstruction time per face, without detection"),
            "steady": self._part("Meshes, landmarks and pose are smoothed over the frames; maps are as seen"),
            "method": self._part("Method and weights that answer"),
            "device": self._part("Where the method runs"),
            "renderer": self._part("OpenGL driver that draws"),
        }
        store.on(doing, self._doing.setText, self)
        store.on(lambda state: state.busy and not state.live, self._show_work)
        store.on(read_outs, self._show_parts)
        store.on(task_of, self._show_task)

    def _part(self, meaning: str) -> QLabel:
        label = QLabel()
        label.setToolTip(meaning)
        label.setAccessibleName(meaning)
        self.addPermanentWidget(label)
        return label

    def _show_parts(self, texts: Mapping[str, str]) -> None:
        for name, text in texts.items():
            self._parts[name].setText(text)
            self._parts[name].setVisible(bool(text))

    def progress(self) -> str:
        """What is told of what is under way; empty for nothing."""
        return self._progress.text() if self._progress.isVisible() else ""

    def _show_task(self, task: Task | None) -> None:
        if task is None:
            self._progress.show_running(None)
        else:
            self._kind = task.kind
            self._progress.show_running(task.running, task.can_stop)

    def _show_work(self, at_work: bool) -> None:
        self._at_work.setVisible(at_work)
        if at_work and not self._beat.isActive():
            self._beat.start()
        elif not at_work:
            self._beat.stop()

    @Slot()
    def _on_beat(self) -> None:
        self._beats += 1
        self._at_work.setText(BEATS[self._beats % len(BEATS)])


def doing(state: State) -> str:
    """What the left end says."""
    if state.busy and not state.live:
        return f"{state.doing}…"
    if state.shown is None:
        return "Open a photo, or drop one on the window."
    if not (state.switches or state.shown.answers or state.shown.search):  # some methods have no switches
        return f"{state.shown.frame.name}: no method is loaded"
    if both_off(state):
        return f"{state.shown.frame.name}: both branches are switched off"
    faces = len(state.shown.answers)
    return f"{state.shown.frame.name}: {faces or 'no'} face{'' if faces == 1 else 's'}"


def read_outs(state: State) -> dict[str, str]:
    """What the right end says: part -> text; empty hides it."""
    per_face = None if state.shown is None else ms_per_face(state.shown)
    weights = state.weights.replace("\\", "/").rpartition("/")[2]
    return {
        "fps": f"{state.fps:.1f} fps" if state.live and state.fps else "",
        "error": "" if state.answer is None else likely_error_text(state.answer),
        "time": "" if per_face is None else f"{per_face:.0f} ms per face",
        "steady": "steadied" if state.answer is not None and state.answer.steadied else "",
        "method": f"{state.method} · {weights}",
        "device": state.device.upper(),
        "renderer": short_renderer(state.driver.renderer),
    }


def short_renderer(name: str) -> str:
    """An OpenGL driver's name as far as it tells anybody something."""
    if not name:
        return ""
    software = any(word in name.lower() for word in ("llvmpipe", "softpipe", "swiftshader"))
    return f"{name.partition('(')[0].strip()} (software)" if software else name.partition("/")[0].strip()
