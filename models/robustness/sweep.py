"""Covering a face step by step, and what each step changes: curve, breaking point, map. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Box, Photo
from models.occlusion.fillings import Filling
from models.occlusion.flat import DIRECTIONS
from models.occlusion.kinds import KINDS
from models.occlusion.occluder import Occluder, lay, moved
from models.occlusion.sweeps import covered_share, face_area, growing, sliding
from models.reconstruction import Reconstruction
from models.reconstructor import Face
from models.robustness.change import BranchChange, change, face_size_mm

Ask = Callable[[Photo, Face], Reconstruction]
"""What a method answers about one face of a picture, in image space."""

GROWING: tuple[str, ...] = (*DIRECTIONS, *KINDS)
SLIDING = "sliding"
MOST_STEPS = 400


@dataclass(frozen=True, slots=True)
class Sweep:
    """A series of occluders over one face.

    Attributes:
        what: What grows: a side from which a board is pushed over the face, or a kind; or SLIDING.
        steps: Of what grows.
        grid: Rows and columns a patch slides over.
        patch: Its side, as a share of the longer side of the face's box.
        filling: What the patch shows.
        seed: Of looks and noise.
    """

    what: str = "bottom"
    steps: int = 16
    grid: tuple[int, int] = (8, 8)
    patch: float = 0.25
    filling: Filling = Filling()  # noqa: RUF009, frozen
    seed: int = 0

    def __post_init__(self) -> None:
        if self.what != SLIDING and self.what not in GROWING:
            raise ValueError(f"nothing sweeps as {self.what!r}; choose one of {[SLIDING, *GROWING]}")
        if not 1 <= self.count <= MOST_STEPS or min(self.grid) < 1:
            raise ValueError(f"a sweep has 1 to {MOST_STEPS} steps, not {self.count} ({self.grid})")
        if not 0 < self.patch <= 2:
            raise ValueError(f"a patch is 0 to 2 boxes wide, not {self.patch}")
        if self.seed < 0:
            raise ValueError(f"a seed is 0 or more, not {self.seed}")

    @property
    def slides(self) -> bool:
        """Whether a patch slides over a grid; else something grows."""
        return self.what == SLIDING

    @property
    def count(self) -> int:
        """How many occluders it lays, one after the other."""
        return self.grid[0] * self.grid[1] if self.slides else self.steps

    def occluders(self, photo: Photo, reference: Reconstruction) -> list[Occluder]:
        """One per step, for the face of `reference`, an answer in image space about `photo`."""
        if not self.slides:
            return growing(self.what, reference.landmarks[:, :2], self.steps, self.seed)
        x0, y0, x1, y1 = box = box_of(reference)
        patch_px = self.patch * max(x1 - x0, y1 - y0)
        margin = patch_px + 5 * self.filling.size_px + max(map(abs, self.filling.offset_px)) + 2
        left, top = max(int(x0 - margin), 0), max(int(y0 - margin), 0)
        part = photo[top : max(int(y1 + margin), top + 1), left : max(int(x1 + margin), left + 1)]
        there = (box[0] - left, box[1] - top, box[2] - left, box[3] - top)
        occluders = sliding(part, there, self.grid, patch_px, self.filling, self.seed)
        return [moved(occluder, left, top) for occluder in occluders]


@dataclass(frozen=True, eq=False, slots=True)
class Step:
    """What one occluder did.

    Attributes:
        occluder: What was laid; None before the first.
        share: How much of the face's outline it hides, 0..1.
        rows: How far each branch went, mm; the fused face first.
    """

    occluder: Occluder | None
    share: float
    rows: tuple[BranchChange, ...]


@dataclass(frozen=True, slots=True)
class Breaking:
    """Where an answer breaks: the change first exceeds a limit.

    Attributes:
        share: How much of the face is covered there, 0..1; between two steps by a straight line.
        limit_percent: `factor` times the change without an occluder, plus `threshold_percent`; % of the face.
    """

    share: float
    limit_percent: float


@dataclass(frozen=True, eq=False, slots=True)
class Swept:
    """A sweep that was made, or as much of it as was.

    Attributes:
        sweep: What was asked.
        steps: The first is without any occluder.
        box: Of the face, image px.
        face_mm: The size of the face, as `models.robustness.change.Change.face_mm`.
    """

    sweep: Sweep
    steps: tuple[Step, ...]
    box: Box
    face_mm: float

    @property
    def shares(self) -> NDArray[np.float64]:
        """[K] 0..1: how much of the face each step hides."""
        return np.array([step.share for step in self.steps])

    @property
    def branches(self) -> tuple[str, ...]:
        """The fused face first."""
        return tuple(row.branch for row in self.steps[0].rows) if self.steps else ()

    def percent(self, branch: str = "fused", part: str = "all_mm") -> NDArray[np.float64]:
        """[K]: the mean change of a branch at each step, % of face size; `part`: a field of BranchChange."""
        index = self.branches.index(branch)
        return np.array([100 * getattr(step.rows[index], part) / self.face_mm for step in self.steps])

    def limit_percent(self, factor: float = 2.0, threshold_percent: float = 5.0) -> float:
        """The change of the fused face, % of face size, beyond which it counts as broken."""
        return factor * float(self.percent()[0]) + threshold_percent

    def breaking(self, factor: float = 2.0, threshold_percent: float = 5.0) -> Breaking | None:
        """Where the fused face's mean change first exceeds factor x (step 0's) + threshold; None: never."""
        percent, shares, limit = self.percent(), self.shares, self.limit_percent(factor, threshold_percent)
        beyond = np.flatnonzero(percent > limit)
        if self.sweep.slides or not len(beyond):
            return None
        last = int(beyond[0])
        if last == 0:
            return Breaking(float(shares[0]), limit)
        part = (limit - percent[last - 1]) / (percent[last] - percent[last - 1])
        return Breaking(float(shares[last - 1] + part * (shares[last] - shares[last - 1])), limit)

    def sensitivity(self) -> NDArray[np.float64]:
        """[rows, columns]: the fused face's mean change with the patch there, %; NaN where none was yet."""
        rows, columns = self.sweep.grid
        cells = np.full(rows * columns, np.nan)
        done = self.percent()[1:] if self.steps else cells[:0]
        cells[: len(done)] = done
        return cells.reshape(rows, columns)

    def csv(self) -> str:
        """A line per step: share, and the change of each branch over all, open and covered vertices."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        cells = ["row", "column"] if self.sweep.slides else []
        parts = [(branch, part) for branch in self.branches for part in ("all", "open", "covered")]
        names = [
            f"{branch.replace(' ', '_')}_{part}_{unit}"
            for branch, part in parts
            for unit in ("mm", "percent")
        ]
        writer.writerow(["step", *cells, "covered_share", *names])
        for number, step in enumerate(self.steps):
            place = divmod(number - 1, self.sweep.grid[1]) if number else ("", "")
            values = [value for row in step.rows for value in (row.all_mm, row.open_mm, row.covered_mm)]
            both = [text for mm in values for text in (_figure(mm), _figure(100 * mm / self.face_mm))]
            writer.writerow([number, *(place if cells else ()), _figure(step.share), *both])
        return text.getvalue()


def sweeping(sweep: Sweep, photo: Photo, box: Box, ask: Ask) -> Iterator[Swept]:
    """Lay occluder after occluder on the bare photo and ask about the same box; stop taking to stop.

    Args:
        sweep: Which occluders.
        photo: [H, W, 3] RGB without occluders.
        box: Of the face (x0, y0, x1, y1), image px.
        ask: Who answers. What it says without an occluder is the reference.

    Yields:
        The sweep so far, `sweep.count` + 1 times; each costs one answer, the first two.
    """
    face = Face(box)
    reference = ask(photo, face)
    area = face_area(reference.landmarks.astype(np.float64), *photo.shape[:2])
    size, steps = face_size_mm(reference), []
    for occluder in (None, *sweep.occluders(photo, reference)):
        laid, hidden = lay(photo, () if occluder is None else (occluder,))
        found = change(ask(laid, face), reference, hidden)
        steps.append(Step(occluder, covered_share(hidden, area), found.rows))
        yield Swept(sweep, tuple(steps), box, size)


def box_of(reference: Reconstruction) -> Box:
    """The box an answer is about; ValueError if it knows none."""
    if reference.box is None:
        raise ValueError("the answer knows no face box: it is not in image space")
    return reference.box


def _figure(value: float) -> str:
    """Empty where nobody knows."""
    return f"{value:.6g}" if np.isfinite(value) else ""
