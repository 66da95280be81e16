"""What is asked of the worker, as a function of what is shown. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from viewer.state.comparison import ARRANGEMENT
from viewer.state.occlusion import Layer
from viewer.state.setting import METHODS, Setting
from viewer.state.state import State, setting_of

if TYPE_CHECKING:
    from models.reconstruction import Array


def settings_wanted(state: State) -> tuple[Setting, ...]:
    """Who else is to answer about the frame shown."""
    if state.arrangement != ARRANGEMENT:
        return ()
    sides = state.comparison.a, state.comparison.b
    return tuple(dict.fromkeys(side.setting for side in sides if side.setting and side.pinned is None))


def settings_asked(state: State) -> tuple[Setting, ...]:
    """Who else is to answer about the frame shown: the sides of A and B, or those in line."""
    if state.arrangement != METHODS:
        return settings_wanted(state)
    return tuple(setting for setting in dict.fromkeys(state.lineup) if setting != setting_of(state))


@dataclass(frozen=True, eq=False, slots=True)
class Wanted:
    """What the worker is to lay.

    Attributes:
        layers: Those that are shown, from the bottom up.
        anchor: As in Stack.
        face: Which face the anchor is about.
        anew: Faces are looked for again in the covered picture.
    """

    layers: tuple[Layer, ...]
    anchor: Array | None = None
    face: int = 0
    anew: bool = False

    def same_as(self, other: Wanted | None) -> bool:
        """Whether the worker would do the same."""
        return (
            other is not None
            and len(self.layers) == len(other.layers)
            and all(_same(a, b) for a, b in zip(self.layers, other.layers, strict=True))
            and self.anchor is other.anchor
            and (self.face, self.anew) == (other.face, other.anew)
        )


def wanted(state: State) -> Wanted | None:
    """What is to be laid now; None for nothing."""
    lab = state.lab
    if lab.step is not None and lab.swept is not None and lab.step < len(lab.swept.steps):
        cover = lab.swept.steps[lab.step].cover
        return None if cover is None else Wanted((Layer(cover.kind, cover),), anew=lab.anew)
    layers = tuple(layer for layer in lab.stack.layers if layer.shown)
    return Wanted(layers, lab.stack.anchor, state.selected_face, lab.anew) if layers else None


def _same(a: Layer, b: Layer) -> bool:
    return a.cover is b.cover and a.filling == b.filling and a.seed == b.seed
