"""The dialog of preferences: each choice holds at once, and for the sessions to come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon, QStandardItemModel
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from models.catalogue import DETECTOR_NEEDS, detector_lacks
from viewer.faces.detectors import DETECTOR_TEXTS
from viewer.methods.available import Offer, offers
from viewer.preferences.commands import PreferenceCommands
from viewer.state.device import AUTO, MOST_THREADS
from viewer.state.setting import Setting, worded
from viewer.state.state import State
from viewer.state.store import Store
from viewer.state.style import Theme
from viewer.widgets.parts import note
from viewer.widgets.theme import SPACE

WIDTH = 520
ROW_HEIGHT = 28  # px
HOLDS = (
    "Every choice holds at once: what is shown is answered again. It is kept for the next session. "
    "Failure mining and trials that are running go on as they began."
)
GONE = "This machine does not have it"


class Choice(NamedTuple):
    """A row of a list.

    Attributes:
        value: What is chosen.
        text: As the list says it.
        lacks: Why it cannot be chosen; empty if it can.
    """

    value: Any
    text: str
    lacks: str = ""


class PreferencesDialog(QDialog):
    """A list for each preference, kept true to the Store."""

    def __init__(self, store: Store, commands: PreferenceCommands, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Preferences")
        self.setObjectName("preferences")
        self.setMinimumWidth(WIDTH)
        self.theme = _list("Theme", "Colours of the window", commands.choose_theme)
        self.device = _list("Device", "Where methods run", commands.choose_device)
        self.threads = _threads(commands.choose_threads)
        self.detector = _list("Face detector", "Who looks for faces", commands.choose_detector)
        self.method = _list("Method and weights", "Who answers", commands.choose_method)
        self._runs_on = note("")
        self._lay_out(commands)
        store.on(lambda state: state.theme, self._show_theme, self)
        store.on(
            lambda state: (state.device_wish, state.devices), lambda _: self._show_devices(store.state), self
        )
        store.on(lambda state: (state.device, state.busy), lambda _: self._show_device(store.state), self)
        store.on(lambda state: state.threads, self.threads.setValue, self)
        store.on(lambda state: state.detector, self._show_detector, self)
        store.on(lambda state: Setting(state.method, state.weights), self._show_method, self)

    def runs_on(self) -> str:
        """What the dialog says of where the method runs now."""
        return self._runs_on.text()

    def _lay_out(self, commands: PreferenceCommands) -> None:
        form = QFormLayout()
        form.setSpacing(SPACE)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("&Theme", self.theme)
        form.addRow("&Device", self.device)
        form.addRow("", self._runs_on)
        form.addRow("&CPU threads", self.threads)
        form.addRow("&Method and weights", self.method)
        form.addRow("&Face detector", self.detector)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.button(QDialogButtonBox.StandardButton.Close).setIcon(
            QIcon()
        )  # of the style's own, black on dark
        defaults = buttons.addButton("Restore defaults", QDialogButtonBox.ButtonRole.ResetRole)
        defaults.setToolTip("All of these as a first session has them")
        defaults.clicked.connect(commands.restore_defaults)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        column.setSpacing(2 * SPACE)
        column.addLayout(form)
        column.addWidget(note(HOLDS))
        column.addWidget(buttons)

    def _show_theme(self, theme: Theme) -> None:
        _fill(self.theme, [Choice(one, one.value.capitalize()) for one in Theme], theme)

    def _show_devices(self, state: State) -> None:
        rows = [Choice(AUTO, "Automatic: the fastest there is")]
        rows += [Choice(one.name, _named(one.name, one.title)) for one in state.devices]
        if state.device_wish not in [row.value for row in rows]:
            rows.append(Choice(state.device_wish, state.device_wish, GONE if not state.busy else ""))
        _fill(self.device, rows, state.device_wish)

    def _show_device(self, state: State) -> None:
        self._runs_on.setText("Being loaded…" if state.busy and not state.switches else _now(state))

    def _show_detector(self, detector: str) -> None:
        rows = [Choice(name, DETECTOR_TEXTS[name][0], detector_lacks(name)) for name in DETECTOR_NEEDS]
        _fill(self.detector, rows, detector)

    def _show_method(self, setting: Setting) -> None:
        found = offers()
        known = [offer.setting for offer in found]
        rows = [Choice(offer.setting, worded(offer.setting), _lacks(offer)) for offer in found]
        if setting not in known:
            rows.append(Choice(setting, worded(setting)))
        _fill(self.method, rows, setting)


def _list(name: str, meaning: str, choose: Callable[[Any], None]) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setToolTip(meaning)
    box.setMinimumContentsLength(24)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.activated.connect(lambda index: choose(box.itemData(index)))
    return box


def _threads(choose: Callable[[int], None]) -> QSpinBox:
    box = QSpinBox()
    box.setRange(0, MOST_THREADS)
    box.setMinimumHeight(ROW_HEIGHT)
    box.setSpecialValueText("Automatic")
    box.setKeyboardTracking(False)  # a number half typed is no wish
    box.setAccessibleName("CPU threads")
    box.setToolTip("Threads of the CPU that the computation may take")
    box.valueChanged.connect(choose)
    return box


def _fill(box: QComboBox, rows: Sequence[Choice], chosen: object) -> None:
    """Show these rows; what cannot be chosen is greyed and its tooltip says why."""
    box.clear()
    model = box.model()
    assert isinstance(model, QStandardItemModel)
    for place, row in enumerate(rows):
        box.addItem(row.text, row.value)
        if row.lacks:
            box.setItemData(place, row.lacks, Qt.ItemDataRole.ToolTipRole)
            model.item(place).setEnabled(row.value == chosen)
    box.setCurrentIndex([row.value for row in rows].index(chosen))


def _lacks(offer: Offer) -> str:
    return "\n".join(offer.missing)


def _named(name: str, title: str) -> str:
    return title if title.lower() == name else f"{name} · {title}"


def _now(state: State) -> str:
    return f"The method runs on: {state.device.upper()}"
