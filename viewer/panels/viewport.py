"""Where a photo lies in its widget: shift, enlargement, and what of it is wanted in sight."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QTransform

MOST_ENLARGED = 60.0  # times the whole photo
LEAST_ENLARGED = 0.5
AROUND = 0.55  # of a face's size: what is shown of its surroundings on every side


class Viewport:
    """A photo in a widget. Image px (0, 0) is the centre of the top-left pixel; widget px are logical.

    Attributes:
        photo: Width and height of the photo, px.
        widget: Width and height of the widget, px.
        wanted: What must be in sight, image px; null for the whole photo. A new widget size keeps to it
            until the user moves the photo.
        moved: Whether the user moved the photo since `show`.
    """

    def __init__(self) -> None:
        self.photo = (0, 0)
        self.widget = (1, 1)
        self.wanted = QRectF()
        self.moved = False
        self._zoom, self._centre = 1.0, QPointF()

    @property
    def scale(self) -> float:
        """Logical px per image px."""
        return self._whole_scale() * self._zoom

    @property
    def sight(self) -> QRectF:
        """What of the image plane the widget shows, image px."""
        return QRectF(self.to_image(QPointF(0, 0)), self.to_image(QPointF(*self.widget)))

    def to_image(self, point: QPointF) -> QPointF:
        """Where a point of the widget lies in the photo."""
        return (point - self._middle()) / self.scale + self._centre

    def to_widget(self, point: QPointF) -> QPointF:
        """The inverse of `to_image`."""
        return (point - self._centre) * self.scale + self._middle()

    def transform(self) -> QTransform:
        """Carries image px to widget px."""
        origin = self.to_widget(QPointF(0, 0))
        return QTransform(self.scale, 0, 0, self.scale, origin.x(), origin.y())

    def show(self, wanted: QRectF) -> None:
        """Bring `wanted` (image px; null for the whole photo) into sight, as large as it fits.

        Room that is left shows more of the photo rather than nothing, and never more than there is.
        """
        self.wanted, self.moved = wanted, False
        self._settle()

    def resize(self, width: int, height: int) -> None:
        """The widget's new size."""
        self.widget = (max(width, 1), max(height, 1))
        if not self.moved:
            self._settle()

    def zoom_at(self, factor: float, at: QPointF) -> None:
        """Enlarge by the user's hand; the image point under `at` stays there."""
        before = self.to_image(at)
        self._zoom = min(max(self._zoom * factor, LEAST_ENLARGED), MOST_ENLARGED)
        self._centre += before - self.to_image(at)
        self.moved = True

    def shift(self, centre: QPointF) -> None:
        """Bring an image point into the middle by the user's hand."""
        self._centre, self.moved = centre, True

    @property
    def centre(self) -> QPointF:
        """The image point in the middle of the widget."""
        return QPointF(self._centre)

    def _settle(self) -> None:
        self._zoom = 1.0
        self._centre = QPointF((self.photo[0] - 1) / 2, (self.photo[1] - 1) / 2)
        if self.wanted.isEmpty() or 0 in self.photo:
            return
        fitting = min(self.widget[0] / self.wanted.width(), self.widget[1] / self.wanted.height())
        self._zoom = min(max(fitting / self._whole_scale(), 1.0), MOST_ENLARGED)
        middle = self.wanted.center()
        self._centre = QPointF(
            _held(middle.x(), self.photo[0], self.widget[0] / self.scale),
            _held(middle.y(), self.photo[1], self.widget[1] / self.scale),
        )

    def _whole_scale(self) -> float:
        if 0 in self.photo:
            return 1.0
        return min(self.widget[0] / self.photo[0], self.widget[1] / self.photo[1])

    def _middle(self) -> QPointF:
        return QPointF(self.widget[0] / 2, self.widget[1] / 2)


def surroundings(boxes: list[tuple[float, float, float, float]]) -> QRectF:
    """All boxes with some context around each; null without boxes."""
    area = QRectF()
    for x0, y0, x1, y1 in boxes:
        around = AROUND * max(x1 - x0, y1 - y0)
        area = area.united(QRectF(QPointF(x0 - around, y0 - around), QPointF(x1 + around, y1 + around)))
    return area


def _held(middle: float, length: float, sight: float) -> float:
    """The middle of what is seen along one axis: as wished, but with no more emptiness than must be."""
    if sight >= length:
        return (length - 1) / 2
    return min(max(middle, sight / 2 - 0.5), length - 0.5 - sight / 2)
