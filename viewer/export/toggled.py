"""A face with both branches, then without each of them, as a video."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.export.outputs import Outputs
from models.reconstructor import Face
from viewer.inference.worker import Asker
from viewer.state.setting import Setting
from viewer.tasks.file_writer import Step


@dataclass(frozen=True, eq=False, slots=True)
class Toggled:
    """Who is asked about which face.

    Attributes:
        asker: Who answers for a setting.
        setting: Who answers in the window, with what is left out there.
        image: [H, W, 3] RGB.
        face: In it.
    """

    asker: Callable[[Setting], Asker]
    setting: Setting
    image: NDArray[np.uint8]
    face: Face


def write_toggled(
    path: Path, inputs: Sequence[Path], asked: Toggled, parts: Sequence[str], step: Step
) -> None:
    """Write the video, over none of `inputs`; what `step` raises ends it before.

    Raises:
        InputError: It cannot be written.
    """
    from models.export.figure import Row, toggling
    from models.export.wish import Wish

    def rows(part: str) -> list[Row]:
        without = asked.setting.without | {part} if part else asked.setting.without - set(parts)
        answer = asked.asker(replace(asked.setting, without=without))(asked.image, asked.face)
        return [Row("", asked.image, [answer])]

    data = toggling(rows, parts, Wish(width=1280, height=480), path.suffix.lower(), step=step)
    step(0, 0)
    Outputs(inputs, overwrite=True).write(path, data)
