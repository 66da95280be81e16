"""How much an answer depends on where exactly the face box was: jitter the box, look at the spread."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Box
from models.reconstruction import Array, Reconstruction, Scalar, frozen
from models.reconstructor import Face
from models.robustness.change import face_size_mm, without_depth_offset
from models.robustness.sweep import Ask

SPREAD = "spread"
TOP = 0.04  # of the face: the spread at the upper end of the colours
MOST_DRAWS = 400


@dataclass(frozen=True, slots=True)
class Jitter:
    """Boxes about a box.

    Attributes:
        draws: How many.
        shift_px: Standard deviation of the shift along x and along y, image px.
        scale: Standard deviation of the logarithm of the factor of its size; 0.05 is about 5 %.
        seed: The same seed gives the same boxes.
    """

    draws: int = 24
    shift_px: float = 4.0
    scale: float = 0.05
    seed: int = 0

    def __post_init__(self) -> None:
        if not 2 <= self.draws <= MOST_DRAWS:
            raise ValueError(f"a spread needs 2 to {MOST_DRAWS} boxes, not {self.draws}")
        if not (0 <= self.shift_px < 1e4 and 0 <= self.scale <= 0.5) or self.seed < 0:
            raise ValueError(
                "a box is jittered by 0 px or more, a factor's deviation of 0 to 0.5, and a seed of 0 or more"
            )

    def boxes(self, box: Box) -> list[Box]:
        """`draws` boxes (x0, y0, x1, y1): shifted, and scaled about their middles."""
        x0, y0, x1, y1 = box
        normal = np.random.default_rng(self.seed).standard_normal((self.draws, 3))
        boxes = []
        for right, down, size in normal.tolist():
            factor = float(np.exp(self.scale * size)) / 2
            x, y = (x0 + x1) / 2 + self.shift_px * right, (y0 + y1) / 2 + self.shift_px * down
            width, height = factor * (x1 - x0), factor * (y1 - y0)
            boxes.append((x - width, y - height, x + width, y + height))
        return boxes


@dataclass(frozen=True, eq=False, slots=True)
class Spread:
    """What the box decides alone.

    Attributes:
        jitter: How the box was jittered.
        vertex_mm: [N] float32: standard deviation of each vertex's place, sqrt(var x + var y + var z).
        face_mm: The size of the face, as `models.robustness.change.Change.face_mm`.
        draws: How many answers it is from; fewer than asked for if it was stopped.
    """

    jitter: Jitter
    vertex_mm: Array
    face_mm: float
    draws: int

    @property
    def mean_mm(self) -> float:
        """Over all vertices."""
        return float(self.vertex_mm.mean())

    @property
    def mean_percent(self) -> float:
        """The same in % of the size of the face."""
        return 100 * self.mean_mm / self.face_mm

    def csv(self) -> str:
        """A line per vertex."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["vertex", "spread_mm", "spread_percent"])
        for number, mm in enumerate(self.vertex_mm.tolist()):
            writer.writerow([number, f"{mm:.6g}", f"{100 * mm / self.face_mm:.6g}"])
        return text.getvalue()


def jittering(jitter: Jitter, photo: NDArray[np.uint8], box: Box, ask: Ask) -> Iterator[Spread | None]:
    """The spread after each jittered box; None after the first. One answer each, before the first two."""
    reference = ask(photo, Face(box))
    drawn: list[Array] = []
    for other in jitter.boxes(box):
        drawn.append(ask(photo, Face(other)).vertices)
        yield spread(jitter, drawn, reference) if len(drawn) > 1 else None


def spread(jitter: Jitter, drawn: Sequence[Array], reference: Reconstruction) -> Spread:
    """The spread of answers [K >= 2][N, 3], image px; the mean depth of each, which nobody knows, taken out.

    Variances are those of a sample: the sum of squares is divided by K - 1.
    """
    if len(drawn) < 2:
        raise ValueError("a spread needs two answers at least")
    places = np.stack([without_depth_offset(vertices) for vertices in drawn])
    px = np.sqrt(places.var(axis=0, ddof=1).sum(1))
    return Spread(jitter, frozen(px * reference.mm_per_px), face_size_mm(reference), len(drawn))


def with_spread(answer: Reconstruction, found: Spread) -> Reconstruction:
    """The same answer, its vertices knowing their spread."""
    scalar = Scalar(SPREAD, found.vertex_mm, 0.0, TOP * found.face_mm, "mm")
    others = tuple(known for known in answer.scalars if known.name != SPREAD)
    return replace(answer, scalars=(*others, scalar))
