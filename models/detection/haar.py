"""Faces found by OpenCV's bundled Haar cascades: the comparison."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.geometry.crops import check_image
from models.metrics.errors import box_iou
from models.reconstructor import Face


@dataclass(frozen=True, slots=True)
class Window:
    """How a cascade's square relates to the face's landmarks, in units of its side.

    Attributes:
        file: The cascade, as OpenCV's wheel bundles it.
        down: The middle of the landmarks' box lies this far below the middle of the square.
        width, height: Of the landmarks' box.
        trust: Evidence per raw hit: how seldom the cascade is wrong.
    """

    file: str
    down: float
    width: float
    height: float
    trust: float


# Medians over 403 in-the-wild faces of AFLW (none of them in AFLW2000-3D), found upright, against the box of
# their 68 landmarks; on 318 others the boxes then are right to 2 % of the face on average, 6 to 11 % each.
FRONTAL = Window("haarcascade_frontalface_alt2.xml", down=0.15, width=0.86, height=0.84, trust=1.0)
PROFILE = Window("haarcascade_profileface.xml", down=0.15, width=0.74, height=0.78, trust=0.6)


@dataclass(frozen=True, slots=True)
class Look:
    """One pass over the picture.

    Attributes:
        window: Which cascade.
        longest_px: A larger picture is searched at this size.
        smallest: Least side of its square, as a share of the picture's longer side.
        turn_deg: Heads leaning this far to the viewer's right are upright in this pass.
        mirrored: The profile cascade knows one side only.
    """

    window: Window
    longest_px: int = 320
    smallest: float = 0.1
    turn_deg: float = 0.0
    mirrored: bool = False


LOOKS = (
    Look(FRONTAL, longest_px=480, smallest=0.05),
    Look(FRONTAL, turn_deg=30),
    Look(FRONTAL, turn_deg=-30),
    Look(PROFILE),
    Look(PROFILE, mirrored=True),
)
SECOND_LOOKS = (
    Look(FRONTAL, turn_deg=60),
    Look(FRONTAL, turn_deg=-60),
    Look(PROFILE, turn_deg=30),
    Look(PROFILE, turn_deg=-30),
    Look(PROFILE, turn_deg=30, mirrored=True),
    Look(PROFILE, turn_deg=-30, mirrored=True),
)
LEAST_SIDE_PX = 24
SAME_FACE_IOU = 0.3
WEAKEST_BESIDE = 0.08  # of the surest face's evidence: what is weaker beside it is a false alarm


@dataclass(frozen=True, slots=True)
class _Hit:
    box: tuple[float, float, float, float]
    evidence: float


class HaarDetector:
    """Frontal and profile cascades over several turns of the picture; what they agree on is a face.

    Where the first looks find nothing, the second ones are tried too. Good for faces that show both eyes or a
    clear profile; heads upside down, covered or small ones are missed. Calls from several threads wait for
    one another.
    """

    name = "haar"

    def __init__(
        self,
        looks: Sequence[Look] = LOOKS,
        second_looks: Sequence[Look] = SECOND_LOOKS,
        least_evidence: float = 4.0,
    ) -> None:
        """Read the cascades.

        Args:
            looks: The passes over every picture.
            second_looks: More passes over pictures in which those found nothing.
            least_evidence: Raw hits, weighted by trust, below which a find counts as a false alarm.
        """
        self._looks, self._second_looks = tuple(looks), tuple(second_looks)
        self._least_evidence = least_evidence
        folder = Path(cv2.__file__).parent / "data"
        self._cascades = {
            file: cv2.CascadeClassifier(str(folder / file))
            for file in dict.fromkeys(look.window.file for look in (*self._looks, *self._second_looks))
        }
        self._lock = threading.Lock()

    def __call__(self, image: NDArray[np.uint8]) -> list[Face]:
        """[H, W, 3] RGB -> faces, surest first; empty if there is none.

        Raises:
            ValueError: Not a uint8 picture.
        """
        check_image(image)
        if min(image.shape[:2]) < LEAST_SIDE_PX:
            return []
        grey = np.asarray(cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY), np.uint8)
        with self._lock:
            hits = [hit for look in self._looks for hit in self._look(grey, look)]
            groups = _groups(hits, self._least_evidence)
            if not groups:
                hits += [hit for look in self._second_looks for hit in self._look(grey, look)]
                groups = _groups(hits, self._least_evidence)
        return [_face(group) for group in groups]

    def _look(self, grey: NDArray[np.uint8], look: Look) -> list[_Hit]:
        """The hits of one pass, in px of `grey`."""
        small, T_grey_view = _small(grey, look.longest_px)
        view = small
        if look.turn_deg or look.mirrored:
            T_small_view, (rows, columns) = _turned_view(small.shape, look.turn_deg, look.mirrored)
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            view = np.asarray(cv2.warpAffine(small, T_small_view[:2], (columns, rows), flags=flags), np.uint8)
            T_grey_view = T_grey_view @ T_small_view
        side = max(LEAST_SIDE_PX, round(look.smallest * max(small.shape)))
        squares, counts = self._cascades[look.window.file].detectMultiScale2(
            view, scaleFactor=1.1, minNeighbors=2, minSize=(side, side)
        )
        return [
            _hit(square, int(count), look, T_grey_view)
            for square, count in zip(np.reshape(squares, (-1, 4)).tolist(), counts, strict=True)
        ]


def _small(grey: NDArray[np.uint8], longest_px: int) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The picture at most `longest_px` long, and the transform of its px to those of `grey`."""
    height, width = grey.shape
    share = min(1.0, longest_px / max(height, width))
    rows, columns = max(1, round(height * share)), max(1, round(width * share))
    small = cv2.resize(grey, (columns, rows), interpolation=cv2.INTER_AREA)
    x, y = width / columns, height / rows
    T_grey_small = np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])
    return np.asarray(small, np.uint8), T_grey_small


def _turned_view(
    shape: tuple[int, ...], turn_deg: float, mirrored: bool
) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """T_grey_view and [H, W] of a view that holds the whole picture, turned upright for leaning heads."""
    height, width = shape
    cos, sin = math.cos(math.radians(turn_deg)), math.sin(math.radians(turn_deg))
    rows = round(abs(cos) * height + abs(sin) * width)
    columns = round(abs(cos) * width + abs(sin) * height)
    linear = np.array([[cos, -sin], [sin, cos]]) @ np.diag([-1.0 if mirrored else 1.0, 1.0])
    T = np.eye(3)
    T[:2, :2] = linear
    T[:2, 2] = np.array([width - 1, height - 1]) / 2 - linear @ [(columns - 1) / 2, (rows - 1) / 2]
    return T, (rows, columns)


def _hit(square: Sequence[int], count: int, look: Look, T_grey_view: NDArray[np.float64]) -> _Hit:
    """A cascade's square as the box of the landmarks, which lean with the head."""
    x, y, side, _ = square
    window, scale = look.window, math.sqrt(abs(float(np.linalg.det(T_grey_view[:2, :2]))))
    middle = np.array([x + (side - 1) / 2, y + (side - 1) / 2 + window.down * side, 1])
    cx, cy, _ = (T_grey_view @ middle).tolist()
    half_width, half_height = scale * side * window.width / 2, scale * side * window.height / 2
    cos, sin = math.cos(math.radians(look.turn_deg)), math.sin(math.radians(look.turn_deg))
    half_x = math.hypot(cos * half_width, sin * half_height)  # of a leaning ellipse
    half_y = math.hypot(sin * half_width, cos * half_height)
    return _Hit((cx - half_x, cy - half_y, cx + half_x, cy + half_y), window.trust * count)


def _groups(hits: Sequence[_Hit], least_evidence: float) -> list[list[_Hit]]:
    """Hits of the same face together, the surest first; weak groups and parts of surer faces are dropped."""
    groups: list[list[_Hit]] = []
    for hit in sorted(hits, key=lambda hit: -hit.evidence):
        overlaps = [float(box_iou(np.array(hit.box), np.array(group[0].box))) for group in groups]
        if overlaps and max(overlaps) >= SAME_FACE_IOU:
            groups[int(np.argmax(overlaps))].append(hit)
        else:
            groups.append([hit])
    groups.sort(key=_evidence, reverse=True)
    least = max([least_evidence, *(WEAKEST_BESIDE * _evidence(group) for group in groups[:1])])
    groups = [group for group in groups if _evidence(group) >= least]
    kept: list[list[_Hit]] = []
    for group in groups:
        if not any(_inside(group[0], surer[0]) or _inside(surer[0], group[0]) for surer in kept):
            kept.append(group)
    return kept


def _face(group: Sequence[_Hit]) -> Face:
    """The mean box of a group, weighted by evidence."""
    boxes = np.array([hit.box for hit in group])
    x0, y0, x1, y1 = np.average(boxes, axis=0, weights=[hit.evidence for hit in group]).tolist()
    return Face((x0, y0, x1, y1), 1 - math.exp(-_evidence(group) / 15))


def _evidence(group: Sequence[_Hit]) -> float:
    return sum(hit.evidence for hit in group)


def _inside(part: _Hit, whole: _Hit) -> bool:
    """Whether the middle of one box lies in the other."""
    x, y = (part.box[0] + part.box[2]) / 2, (part.box[1] + part.box[3]) / 2
    x0, y0, x1, y1 = whole.box
    return x0 < x < x1 and y0 < y < y1
