"""Where one is in a folder or video, and how to go elsewhere; hidden for a single picture."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from viewer.playback.commands import PlaybackCommands
from viewer.sources.source import Frame
from viewer.state.store import Store
from viewer.widgets.parts import action_button
from viewer.widgets.theme import SPACE


class TransportBar(QWidget):
    """Buttons, a slider over the frames, and the frame's number and time."""

    def __init__(
        self,
        store: Store,
        commands: PlaybackCommands,
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
        self._slider.valueChanged.connect(commands.seek)
        self._label = QLabel()
        row.addWidget(self._slider, 1)
        row.addWidget(self._label)
        store.on(lambda state: None if state.shown is None else state.shown.frame, self._show)

    def _show(self, frame: Frame | None) -> None:
        self.setVisible(frame is not None and frame.count > 1)
        if frame is None or self._slider.isSliderDown():
            return
        blocked = self._slider.blockSignals(True)  # told where we are, it must not ask to go there
        self._slider.setRange(0, max(frame.count - 1, 0))
        self._slider.setValue(frame.index)
        self._slider.blockSignals(blocked)
        self._label.setText(f"{frame.index + 1} / {frame.count}   {frame.time_s:.2f} s")
