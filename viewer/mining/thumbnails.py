"""Pictures of faces, small: read off the GUI thread, only those that are looked at, the newest wish first."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtGui import QImage

from models.errors import InputError
from models.geometry.arrays import Box
from viewer.mining.series import reader_of
from viewer.sources.player import Reader
from viewer.state.mining import Run, Table
from viewer.tasks.latest_only import LatestOnly
from viewer.widgets.raster import qimage

SIDE_PX = 128
MOST_KEPT = 1500  # about 100 MB
AT_ONCE = 4  # pictures read before a newer wish is heard
AROUND = 0.35  # of the box's longer side is shown around it


@dataclass(frozen=True, slots=True)
class Wish:
    """One picture.

    Attributes:
        row: Of the table.
        index: Of the picture in the run.
        box: Of the face, px of the file; None for the whole picture.
    """

    row: int
    index: int
    box: Box | None


def wish_of(table: Table, row: int) -> Wish:
    """The picture of a row."""
    return Wish(row, table.whole("picture", row), table.box(row))


class FaceCutter:
    """Reads pictures of one run after the other and cuts faces out of them; for one thread at a time."""

    def __init__(self) -> None:
        self._run: Run | None = None
        self._reader: Reader | None = None
        self._last: tuple[int, Any] | None = None

    def cut(self, run: Run, wish: Wish, side: int = SIDE_PX) -> NDArray[np.uint8] | None:
        """[side, side, 3] RGB; None where the picture cannot be read."""
        try:
            frame = self._frame(run, wish.index)
        except (InputError, OSError, MemoryError):
            return None
        box = None if wish.box is None else frame.shown_box(wish.box)
        return _square(frame.image, box, side)

    def close(self) -> None:
        """Let go of files."""
        if self._reader is not None:
            self._reader.close()
        self._run, self._reader, self._last = None, None, None

    def _frame(self, run: Run, index: int) -> Any:
        if run is not self._run or self._reader is None:
            self.close()
            self._run, self._reader = run, reader_of(run)
            self._reader.open()
        if self._last is None or self._last[0] != index:
            self._last = index, self._reader.read(index)
        return self._last[1]


def _square(image: NDArray[np.uint8], box: Box | None, side: int) -> NDArray[np.uint8]:
    """The square about a box, or the whole picture on black, drawn to side x side px."""
    height, width = image.shape[:2]
    x0, y0, x1, y1 = box or (0.0, 0.0, float(width), float(height))
    reach = max(x1 - x0, y1 - y0) * (0.5 + (AROUND if box else 0.0))
    scale = side / (2 * reach)
    middle = (x0 + x1) / 2, (y0 + y1) / 2
    if scale < 0.5:  # area means before the cut, else it glitters
        share = max(scale, 1 / max(width, height))
        small = cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        image, scale, middle = small, scale / share, (middle[0] * share, middle[1] * share)
    move = np.array([[scale, 0, side / 2 - scale * middle[0]], [0, scale, side / 2 - scale * middle[1]]])
    return np.asarray(cv2.warpAffine(image, move, (side, side), flags=cv2.INTER_LINEAR), np.uint8)


class Thumbnails(QObject):
    """Keeps the pictures that were looked at last.

    Signals:
        arrived: Rows whose picture is there now, or cannot be had.
    """

    arrived = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cutter = FaceCutter()
        self._jobs: LatestOnly | None = None  # a thread once something is wished for
        self._run: Run | None = None
        self._kept: OrderedDict[int, QImage | None] = OrderedDict()
        self._wishes: OrderedDict[int, Wish] = OrderedDict()
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._ask)

    def begin(self, run: Run | None) -> None:
        """From now on rows are of that run."""
        if run is not self._run:
            self._run = run
            self._kept.clear()
            self._wishes.clear()

    def get(self, wish: Wish) -> QImage | None:
        """The picture of a row; None if it is not there yet, and then it is fetched."""
        if wish.row in self._kept:
            self._kept.move_to_end(wish.row)
            return self._kept[wish.row]
        self._wishes[wish.row] = wish
        self._wishes.move_to_end(wish.row)
        if not self._soon.isActive():
            self._soon.start()
        return None

    def forget_wishes(self) -> None:
        """What was wished for so far is out of sight."""
        self._wishes.clear()

    @property
    def busy(self) -> bool:
        """Whether pictures are still to come."""
        return bool(self._wishes) or (self._jobs is not None and self._jobs.busy)

    def close(self, timeout_s: float = 10.0) -> bool:
        """End the thread; False if it did not end in time."""
        self._soon.stop()
        ended = self._jobs is None or self._jobs.close(timeout_s)
        if ended:
            self._cutter.close()
        return ended

    @Slot()
    def _ask(self) -> None:
        if self._run is None or not self._wishes:
            return
        if self._jobs is None:
            self._jobs = LatestOnly(self._cut, "unmask thumbnails")
            self._jobs.done.connect(self._on_done)
        if not self._jobs.busy:
            wishes = [self._wishes.popitem()[1] for _ in range(min(AT_ONCE, len(self._wishes)))]
            self._jobs.submit((self._run, sorted(wishes, key=lambda wish: wish.index)))

    def _cut(self, job: tuple[Run, list[Wish]]) -> list[QImage | None]:
        run, wishes = job
        pictures: list[QImage | None] = []
        for wish in wishes:
            pixels = None
            with suppress(Exception):  # a stranger's file; the row tells what is wrong with it
                pixels = self._cutter.cut(run, wish)
            pictures.append(None if pixels is None else qimage(pixels))
        return pictures

    @Slot(object, object)
    def _on_done(self, job: tuple[Run, list[Wish]], pictures: list[QImage | None]) -> None:
        run, wishes = job
        if run is self._run:
            for wish, picture in zip(wishes, pictures, strict=True):
                self._kept[wish.row] = picture
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
            self.arrived.emit([wish.row for wish in wishes])
        self._ask()
