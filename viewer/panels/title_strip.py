"""The line above a panel: what it shows, in plain words, and a menu of looks."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from viewer.panels.colours import DARK, Palette
from viewer.state.layout import PanelRow
from viewer.state.style import LayerStyle, Look
from viewer.widgets.elided import Elided

BUTTON = 26  # px of height kept for a button beside the title, whether there is one or not
NARROW = 384  # px of width under which the words under the title get two lines
MOST_TITLE = 160  # px of width a panel keeps for its title


class Subtitle(Elided):
    """One line, two in a narrow panel: by the width alone, so that no answer moves the view below."""

    def hasHeightForWidth(self) -> bool:
        """Layouts ask before they give any height, so that the view below is resized once."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Px."""
        return lines_at(width) * self.fontMetrics().lineSpacing()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As many lines as there is height for."""
        super().resizeEvent(event)
        self.set_lines(lines_at(event.size().width()))


def lines_at(width: int) -> int:
    """How many lines words under a title get in `width` px."""
    return 2 if width < NARROW else 1


class TitleStrip(QWidget):
    """Title, subtitle and, where there is a choice, the looks.

    Signals:
        style_chosen(LayerStyle): The user chose another look or switched the wire.
        reset_asked(): The user wants the first view back.
        range_asked(): The user wants to choose the range of the colours.
    """

    style_chosen = Signal(object)
    reset_asked = Signal()
    range_asked = Signal()

    def __init__(self, row: PanelRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setObjectName("titleStrip")
        self._style, self._colours, self._focused = row.style, DARK, False
        self._note, self._meaning, self._alarms = row.subtitle, row.subtitle, tuple[str, ...]()
        self._figures, self._trust, self._trust_meaning = False, "", ""
        self._title, self._subtitle = Elided(row.title, self), Subtitle(row.subtitle, self)
        self._title.setObjectName("panelTitle")
        self._chooser = QPushButton(self)
        self._chooser.setObjectName("titleButton")
        self._chooser.setFlat(True)
        self._chooser.setAccessibleName(f"What {row.title} shows")
        self._chooser.hide()
        self._subtitle.setObjectName("panelSubtitle")
        self._subtitle.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._subtitle.setToolTip(row.subtitle)
        self._first = QHBoxLayout()
        self._first.setContentsMargins(0, 0, 0, 0)
        self._first.setSpacing(8)
        self._first.addWidget(self._title, 1)
        self._first.addWidget(self._chooser, 1)
        self._first.addStrut(BUTTON)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 4, 6, 4)
        layout.setSpacing(0)
        layout.addLayout(self._first)
        layout.addWidget(self._subtitle, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._actions: dict[Look, QAction] = {}
        self._wire = QAction("Edges over the surface", self, checkable=True)
        self._button = self._look_button(row) if row.looks else None
        if self._button is not None:
            self._first.addWidget(self._button)

    def _look_button(self, row: PanelRow) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName("lookButton")
        button.setAccessibleName(f"Look of the {row.title} panel")
        button.setToolTip("What gives the surface its colour")
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setAutoRaise(True)
        menu, group = QMenu(button), QActionGroup(self)
        for look in row.looks:
            action = QAction(look.value, self, checkable=True)
            action.triggered.connect(
                lambda _=False, look=look: self._choose(replace(self._style, look=look, span=None))
            )
            group.addAction(action)
            menu.addAction(action)
            self._actions[look] = action
        menu.addSeparator()
        self._wire.triggered.connect(lambda on: self._choose(replace(self._style, wire=on)))
        menu.addAction(self._wire)
        menu.addSeparator()
        self._range = menu.addAction("Range of colours…", self.range_asked.emit)
        self._range.setToolTip("Choose which numbers the ends of the colours stand for")
        self._range.setEnabled(False)
        menu.addAction("Reset the view", self.reset_asked.emit)
        button.setMenu(menu)
        self.set_style(row.style, button)
        return button

    def offer(self, menu: QMenu, meaning: str) -> None:
        """Let the title be a button that opens a menu."""
        button = self._chooser
        button.setMenu(menu)
        button.setAccessibleName(meaning)
        button.setToolTip(meaning)
        self._title.hide()
        button.show()

    def set_title(self, title: str) -> None:
        """Call the panel otherwise."""
        self._title.setText(title)
        self._chooser.setText(f"{title} ▾")

    def title(self) -> str:
        """What the panel is called."""
        return self._title.text()

    def add_button(self, button: QToolButton) -> None:
        """One more button at the right end."""
        self._first.addWidget(button)

    def _choose(self, style: LayerStyle) -> None:
        self.style_chosen.emit(style)

    def set_style(self, style: LayerStyle, button: QToolButton | None = None) -> None:
        """Say which look is on. Emits nothing."""
        self._style = style
        for look, action in self._actions.items():
            action.setChecked(look is style.look)
        self._wire.setChecked(style.wire)
        shown = button or self._button
        if shown is not None:
            shown.setText(f"{style.look.value} ▾")

    def set_ranged(self, ranged: bool) -> None:
        """Whether the look on now has a range of numbers."""
        if self._button is not None:
            self._range.setEnabled(ranged)

    def set_note(self, note: str, meaning: str) -> None:
        """Figures instead of the subtitle, and what a hover says of them; alarms follow them."""
        self._note, self._meaning, self._figures = note, meaning, bool(note)
        self._tell_subtitle()

    def set_alarms(self, alarms: tuple[str, ...]) -> None:
        """What one must know about what the panel shows stands where the subtitle is, in another colour."""
        if alarms != self._alarms:
            self._alarms = alarms
            self._tell_subtitle()

    def set_trust(self, trust: str, meaning: str) -> None:
        """How far what is shown may be relied on, in a few words, and what they mean; empty for nothing."""
        if (trust, meaning) != (self._trust, self._trust_meaning):
            self._trust, self._trust_meaning = trust, meaning
            self._tell_subtitle()

    def subtitle(self) -> str:
        """What stands under the title."""
        return self._subtitle.text()

    def _tell_subtitle(self) -> None:
        more = f" (and {len(self._alarms) - 1} more)" if len(self._alarms) > 1 else ""
        sentences = (f"{self._alarms[0]}{more}",) if self._alarms else ()
        figures = (self._note,) if self._figures or not self._alarms else ()
        trust = (self._trust,) if self._trust else ()
        told = " · ".join((*trust, *figures, *sentences))  # what is cut off in a narrow panel is the sentence
        self._subtitle.setText(f"⚠ {told}" if self._alarms else told)
        meaning = (self._meaning,) if self._figures or not self._alarms else ()
        trust = (f"{self._trust}: {self._trust_meaning}",) if self._trust else ()
        self._subtitle.setToolTip("\n".join((*self._alarms, *trust, *meaning)))
        self._subtitle.setAccessibleDescription(self._subtitle.toolTip())
        self.set_palette(self._colours)

    def set_focused(self, focused: bool) -> None:
        """Whether the keyboard speaks to this panel: its line then has the accent colour."""
        self._focused = focused
        self.set_palette(self._colours)

    def set_palette(self, palette: Palette) -> None:
        """The theme's colours."""
        self._colours = palette
        line = palette.accent if self._focused else palette.line
        subtitle = palette.warning if self._alarms else palette.quiet
        self.setStyleSheet(
            f"#titleStrip {{ background: {palette.strip}; border-bottom: 1px solid {line}; }}"
            f"#panelTitle {{ color: {palette.text}; font-weight: 600; background: transparent; }}"
            f"#panelSubtitle {{ color: {subtitle}; background: transparent; }}"
            f"#titleButton {{ color: {palette.text}; font-weight: 600; border: none;"
            f" padding: 1px 0; margin: 0; min-height: 0; min-width: 0; text-align: left;"
            f" background: transparent; }}"
            f"#titleButton:hover, #titleButton:focus {{ color: {palette.accent}; }}"
            f"#titleButton::menu-indicator {{ image: none; width: 0; }}"
            f"#lookButton {{ color: {palette.text}; border: 1px solid {palette.line}; border-radius: 5px;"
            f" padding: 2px 8px; background: transparent; }}"
            f"#lookButton:checked {{ background: {palette.line}; }}"
            f"#lookButton:hover, #lookButton:focus {{ border-color: {palette.accent}; }}"
            f"#lookButton::menu-indicator {{ image: none; width: 0; }}"
        )

    def minimumSizeHint(self) -> QSize:
        """The subtitle may be cut off; the title may not."""
        return QSize(min(self._title.sizeHint().width(), MOST_TITLE) + 40, super().minimumSizeHint().height())
