"""Where one is in a folder or video, and how to go elsewhere; hidden for a single picture."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from viewer.app.commands import Controller
from viewer.state.state import State
from viewer.state.store import Store
from viewer.widgets.parts import action_button
from viewer.widgets.theme import SPACE


class Transport(QWidget):
    """Buttons, a slider over the frames, and the frame's number and time."""

    def __init__(
        self,
        store: Store,
        controller: Controller,
        actions: Mapping[str, QAction],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE, 4, SPACE, 4)
        for name in ("previous", "play", "next"):
            row.addWidget(action_button(actions[name]))
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setAccessibleName("Frame")
        self._slider.setToolTip("Go to a frame")
        self._slider.valueChanged.connect(controller.seek)
        self._label = QLabel()
        row.addWidget(self._slider, 1)
        row.addWidget(self._label)
        self._follow(store.state, None)
        store.changed.connect(self._follow)

    @Slot(object, object)
    def _follow(self, new: State, old: State | None = None) -> None:
        if old is not None and new.shown is old.shown:
            return
        frame = None if new.shown is None else new.shown.frame
        self.setVisible(frame is not None and frame.count > 1)
        if frame is None or self._slider.isSliderDown():
            return
        blocked = self._slider.blockSignals(True)  # told where we are, it must not ask to go there
        self._slider.setRange(0, max(frame.count - 1, 0))
        self._slider.setValue(frame.index)
        self._slider.blockSignals(blocked)
        self._label.setText(f"{frame.index + 1} / {frame.count}   {frame.time_s:.2f} s")
