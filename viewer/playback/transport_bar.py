"""Where one is in a folder or video, and how to go elsewhere; hidden for a single picture."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSpinBox, QWidget

from viewer.playback.commands import PlaybackCommands
from viewer.playback.scrubber import Scrubber
from viewer.playback.timeline_commands import TimelineCommands
from viewer.sources.source import Frame
from viewer.state.state import State
from viewer.state.store import Store
from viewer.state.timeline import SPEEDS, Timeline
from viewer.widgets.parts import action_button, short_button
from viewer.widgets.theme import SPACE


class TransportBar(QWidget):
    """Buttons, a slider over the frames, the frame's number and time, and how fast it plays."""

    def __init__(
        self,
        store: Store,
        commands: PlaybackCommands,
        timeline: TimelineCommands,
        actions: Mapping[str, QAction],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._commands, self._timeline = commands, timeline
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE, 4, SPACE, 4)
        for name in ("previous", "play", "next"):
            row.addWidget(action_button(actions[name]))
        self.scrubber = self._make_scrubber()
        self.number = self._make_number()
        self._label = QLabel()
        self.speed = self._make_speed()
        row.addWidget(self.scrubber, 1)
        for widget in (self.number, self._label):
            row.addWidget(widget)
        for name, text in (("in-point", "In"), ("out-point", "Out"), ("loop", "Loop")):
            row.addWidget(short_button(actions[name], text))
        row.addWidget(self.speed)
        store.on(lambda state: None if state.shown is None else state.shown.frame, self._show)
        store.on(_timeline_over, self._show_timeline)

    def told(self) -> str:
        """How many frames there are, and the time of the one shown."""
        return self._label.text()

    def _make_scrubber(self) -> Scrubber:
        scrubber = Scrubber()
        scrubber.setAccessibleName("Frame")
        scrubber.setToolTip("Go to a frame; drag to go through them")
        scrubber.valueChanged.connect(self._commands.seek)
        return scrubber

    def _make_number(self) -> QSpinBox:
        number = QSpinBox()
        number.setAccessibleName("Number of the frame")
        number.setToolTip("Type a number to go to exactly that frame")
        number.setKeyboardTracking(False)  # a number half typed is no wish
        number.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        number.valueChanged.connect(lambda value: self._commands.seek(value - 1))
        return number

    def _make_speed(self) -> QComboBox:
        speed = QComboBox()
        speed.setAccessibleName("Playing speed")
        speed.setToolTip("How fast it plays; [ and ] change it")
        for value in SPEEDS:
            speed.addItem(f"{value:g} ×", value)
        speed.activated.connect(lambda index: self._timeline.choose_speed(SPEEDS[index]))
        return speed

    def _show(self, frame: Frame | None) -> None:
        self.setVisible(frame is not None and frame.count > 1)
        if frame is None:
            return
        count = max(frame.count, 1)
        for widget, first in ((self.scrubber, 0), (self.number, 1)):
            blocked = widget.blockSignals(True)  # told where we are, it must not ask to go there
            widget.setRange(first, first + count - 1)
            if not (widget is self.scrubber and self.scrubber.isSliderDown()):
                widget.setValue(first + frame.index)
            widget.blockSignals(blocked)
        time = f"   {frame.time_s:.2f} s" if frame.path is None else ""  # pictures of a folder have none
        self._label.setText(f"/ {frame.count}{time}")

    def _show_timeline(self, shown: tuple[Timeline, int]) -> None:
        timeline, count = shown
        self.speed.setCurrentIndex(SPEEDS.index(timeline.speed))
        self.scrubber.mark(timeline.span(count) if timeline.is_cut else None)


def _timeline_over(state: State) -> tuple[Timeline, int]:
    return state.timeline, 1 if state.shown is None else state.shown.frame.count
