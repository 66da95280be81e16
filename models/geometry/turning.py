"""A picture turned by quarters and mirrored, and where its points go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Box, Doubles
from models.geometry.rescaling import Size

_EYES = ((36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46))
_MOUTH = ((48, 54), (49, 53), (50, 52), (55, 59), (56, 58), (60, 64), (61, 63), (65, 67))


def _other_side() -> NDArray[np.int64]:
    places = np.arange(68)
    places[:17] = places[16::-1]  # jaw
    places[17:27] = np.arange(26, 16, -1)  # brows
    places[31:36] = np.arange(35, 30, -1)  # nostrils
    for a, b in (*_EYES, *_MOUTH):
        places[a], places[b] = b, a
    places.flags.writeable = False
    return places


OTHER_SIDE = _other_side()
"""[68]: the landmark on the other side of the face, iBUG order."""


@dataclass(frozen=True, slots=True)
class Turn:
    """First turned clockwise by quarters, as seen, then mirrored left to right.

    Attributes:
        quarters: 0..3.
        mirrored: Whether left is right.
    """

    quarters: int = 0
    mirrored: bool = False

    def right(self, quarters: int) -> Turn:
        """Turned further, clockwise as seen now; to the left if negative."""
        by = -quarters if self.mirrored else quarters  # a mirror turns the sense of rotation around
        return Turn((self.quarters + by) % 4, self.mirrored)

    def mirror(self) -> Turn:
        """Mirrored as seen now."""
        return Turn(self.quarters, not self.mirrored)

    @property
    def inverse(self) -> Turn:
        """The turn that takes this one back."""
        return self if self.mirrored else Turn(-self.quarters % 4)

    def size(self, bare: Size) -> Size:
        """(width, height) of the turned picture of one of that size."""
        return (bare[1], bare[0]) if self.quarters % 2 else bare

    def image(self, bare: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """[H, W, 3] turned; a copy of its own, read-only, unless nothing is turned."""
        if self == UPRIGHT:
            return bare
        turned = np.rot90(bare, -self.quarters)
        result = np.ascontiguousarray(turned[:, ::-1] if self.mirrored else turned)
        result.flags.writeable = False
        return result

    def matrix(self, bare: Size) -> Doubles:
        """T_turned_bare [3, 3]: px of a picture (width, height) to px of the turned one."""
        T = np.eye(3)
        width, height = bare
        for _ in range(self.quarters):
            T = np.array([[0.0, -1, height - 1], [1, 0, 0], [0, 0, 1]]) @ T
            width, height = height, width
        if self.mirrored:
            T = np.array([[-1.0, 0, width - 1], [0, 1, 0], [0, 0, 1]]) @ T
        return T

    @property
    def words(self) -> str:
        """What was done, e.g. "turned right, mirrored"; empty for nothing."""
        turned = ("", "turned right", "upside down", "turned left")[self.quarters]
        return ", ".join(filter(None, (turned, "mirrored" if self.mirrored else "")))


UPRIGHT = Turn()


def carried(points: NDArray[np.floating], T: Doubles) -> Doubles:
    """[K, 2 or 3] points moved by T [3, 3] in the plane of the picture; depth stays."""
    result = np.asarray(points, np.float64).copy()
    result[:, :2] = result[:, :2] @ T[:2, :2].T + T[:2, 2]
    return result


def carried_box(box: Box, T: Doubles) -> Box:
    """What (x0, y0, x1, y1) becomes under quarter turns and mirrors."""
    (x0, y0), (x1, y1) = carried(np.array([box[:2], box[2:]]), T).tolist()
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
