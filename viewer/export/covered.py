"""A figure of one face: as it is, then under one occluder after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.export.figure import Row, faces_figure
from models.export.outputs import Outputs
from models.export.surface import branches
from models.export.wish import Wish
from models.occlusion.kinds import occluder
from models.occlusion.occluder import lay
from models.reconstruction import Reconstruction
from viewer.widgets.figure_file import figure_file

if TYPE_CHECKING:
    from viewer.tasks.file_writer import Step

CELL_PX = 400

Ask = Callable[[NDArray[np.uint8]], list[Reconstruction]]
"""[H, W, 3] RGB -> what each method says of the face: as many answers for each picture."""


@dataclass(frozen=True, eq=False, slots=True)
class Covered:
    """What is covered, and who is asked.

    Attributes:
        image: [H, W, 3] RGB, without occluders.
        ask: Who answers about the face in it.
        kinds: Of occluders, as `models.occlusion.kinds`.
        seed: Of their looks and places.
    """

    image: NDArray[np.uint8]
    ask: Ask
    kinds: Sequence[str]
    seed: int = 0


def covered_rows(
    covered: Covered, name: str, step: Callable[[int, int], None] = lambda _done, _total: None
) -> Iterator[Row]:
    """The row of a face as it is, called so, and one for each occluder laid on it.

    `step` is told how many rows are done, and of how many; what it raises ends them.
    """
    total = 1 + len(covered.kinds)
    step(0, total)
    bare = covered.ask(covered.image)
    yield Row(name, covered.image, bare)
    for done, kind in enumerate(covered.kinds, 1):
        step(done, total)
        laid, _ = lay(covered.image, [occluder(kind, bare[0].landmarks[:, :2], covered.seed)])
        yield Row(kind, laid, covered.ask(laid))


def write_covered(path: Path, inputs: Sequence[Path], covered: Covered, step: Step) -> None:
    """Write the figure, over none of `inputs`; what `step` raises ends it before.

    Raises:
        InputError: It cannot be written.
    """
    count = 1 + len(covered.kinds)
    rows = list(covered_rows(covered, "bare", lambda done, _total: step(done, 2 * count)))
    first = rows[0].answers
    columns = 1 + len(branches(first[0])) + len(first) - 1
    wish = Wish(width=CELL_PX * columns, height=CELL_PX * count)
    sheet = faces_figure(rows, wish, lambda done, total: step(count + done * count // total, 2 * count))
    data = figure_file(sheet, path)
    step(0, 0)
    Outputs(inputs, overwrite=True).write(path, data)
