"""A against B: what is compared, and how it is shown. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from models.reconstruction import IMAGE_SPACE, MODEL_SPACE
from viewer.state.setting import Setting
from viewer.state.shown import Shown

LAYERS = ("", IMAGE_SPACE, MODEL_SPACE)
"""What of an answer can be compared: the answer itself, or one branch of it."""


A_B = "a-b"
"""The panel layout in which A and B are looked at; nothing is computed for them in another one."""


@dataclass(frozen=True, eq=False, slots=True)
class Pinned:
    """An answer that was kept, with its frame.

    Attributes:
        shown: The frame and its answers.
        face: Which of them.
        setting: Who answered.
        opened: What was open, as State.opened: where the frame is from.
    """

    shown: Shown
    face: int
    setting: Setting
    opened: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two.

    Attributes:
        layer: One of LAYERS.
        setting: Who is to answer about the frame shown; None for who answers anyway.
        pinned: The kept answer to take instead of one about the frame shown.
    """

    layer: str = ""
    setting: Setting | None = None
    pinned: Pinned | None = None


class Mode(Enum):
    """How two things are shown in one place; the value is the text a user reads."""

    WIPE = "Wipe"
    BLINK = "Blink"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is compared, and how it is shown.

    Attributes:
        a, b: The two sides.
        mode: Side by side along a line, or one after the other.
        wipe: Where the line is: the share of a panel's width, from its left, that shows A.
        b_in_front: Which of them is shown while they blink.
    """

    a: Side = Side(IMAGE_SPACE)
    b: Side = Side(MODEL_SPACE)
    mode: Mode = Mode.WIPE
    wipe: float = 0.5
    b_in_front: bool = False

    @property
    def share(self) -> float:
        """How much of a panel's width shows A now, from its left."""
        return self.wipe if self.mode is Mode.WIPE else 0.0 if self.b_in_front else 1.0


def without_setting(comparison: Comparison, setting: Setting) -> Comparison:
    """`comparison` with the sides that asked for `setting` back at who answers anyway."""
    a, b = (
        replace(side, setting=None) if side.setting == setting else side
        for side in (comparison.a, comparison.b)
    )
    return replace(comparison, a=a, b=b)
