"""The line between A and B: can be dragged, or moved by keys; names what lies on either side."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QWidget

from viewer.panels.colours import DARK, Palette

WIDTH = 17  # px that can be gripped
GRIP = QRectF(-6, -14, 12, 28)
STEP = 0.02  # of a panel's width, per key press
NAME_GAP = 10
PLATE_PADDING = 18


class WipeLine(QWidget):
    """A vertical line over a view. Told where it is; says where the user wants it.

    Signals:
        wiped(float): The share of the view's width, from its left, the user wants A to have.
    """

    wiped = Signal(float)

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self._view, self._share, self._colours = view, 0.5, DARK
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Line between A and B; arrow keys move it")
        self.setToolTip(
            "Drag: A is shown to the left of the line, B to the right (X shows one of them whole)"
        )

    def set_share(self, share: float) -> None:
        """Stand there; at either end the line is gone, as only one side is shown."""
        self._share = share
        self.setVisible(0 < share < 1)
        self.place()

    def set_palette(self, colours: Palette) -> None:
        """The theme's colours."""
        self._colours = colours
        self.update()

    def place(self) -> None:
        """Follow the view's size."""
        x = line_px(self._share, self._view.width())
        self.setGeometry(x - WIDTH // 2, 0, WIDTH, self._view.height())
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A line with a grip in its middle."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x = WIDTH // 2
        painter.fillRect(QRectF(x - 1, 0, 2, self.height()), QColor(self._colours.accent))
        painter.setPen(QPen(QColor(self._colours.accent), 2 if self.hasFocus() else 1))
        painter.setBrush(QColor(self._colours.strip))
        painter.drawRoundedRect(GRIP.translated(QPointF(x, self.height() / 2)), 5, 5)
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Only sent while a button is held."""
        x = self.mapToParent(event.position()).x()
        self.wiped.emit(min(max(x / max(self._view.width(), 1), 0.02), 0.98))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take it; the view below must not turn."""
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right."""
        steps = {Qt.Key.Key_Left: -STEP, Qt.Key.Key_Right: STEP}.get(Qt.Key(event.key()))
        if steps is None:
            event.ignore()
        else:
            self.wiped.emit(min(max(self._share + steps, 0.02), 0.98))


class SideNames(QObject):
    """Two plates in the upper corners of a view: what A is, and what B is."""

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self._view, self._share = view, 0.5
        self._plates = (QLabel(view), QLabel(view))
        for plate in self._plates:
            plate.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def set_names(self, a: str, b: str) -> None:
        """In words."""
        for plate, letter, name in zip(self._plates, "AB", (a, b), strict=True):
            plate.setToolTip(f"{letter}: {name}")
        self.place()

    def texts(self) -> tuple[str, str]:
        """What they say where there is room for it."""
        return self._plates[0].toolTip(), self._plates[1].toolTip()

    def set_share(self, share: float) -> None:
        """A side that is not shown needs no name."""
        self._share = share
        self._plates[0].setVisible(share > 0)
        self._plates[1].setVisible(share < 1)
        self.place()

    def set_palette(self, colours: Palette) -> None:
        """The theme's colours."""
        for plate in self._plates:
            plate.setStyleSheet(
                f"color: {colours.text}; background: {colours.strip}; padding: 3px 8px; border-radius: 5px;"
            )

    def place(self) -> None:
        """Follow the view's size; where both do not fit, B stands below A."""
        width = self._view.width()
        for plate in self._plates:
            room = max(width - 2 * NAME_GAP - PLATE_PADDING, 20)
            elided = plate.fontMetrics().elidedText(plate.toolTip(), Qt.TextElideMode.ElideRight, room)
            plate.setText(elided)
            plate.adjustSize()
            plate.raise_()  # the line must not cross out a name
        a, b = self._plates
        a.move(NAME_GAP, NAME_GAP)
        beside = a.width() + b.width() + 3 * NAME_GAP <= width
        b.move(max(width - b.width() - NAME_GAP, 0), NAME_GAP if beside else 2 * NAME_GAP + a.height())


def line_px(share: float, width: int) -> int:
    """Where the line stands in a view of that width, whole px, so that no pixel belongs to both sides."""
    return round(share * width)
