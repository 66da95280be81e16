"""What is presented to people who look on: steps, each with one picture and one thing to see. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

AUTO_S = 12.0


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to look at.

    Attributes:
        title: In a few words.
        caption: One or two sentences.
        picture: Path of a file.
        occluders: Kinds of occluders laid over the first face, from the bottom up: of models.occlusion.kinds.
        switched_off: Parts of the computation that are left out.
        panel_layout: A name of PANEL_LAYOUTS.
        seconds: How long it stays when the steps follow by themselves.
    """

    title: str
    caption: str
    picture: str
    occluders: tuple[str, ...] = ()
    switched_off: frozenset[str] = frozenset()
    panel_layout: str = "branches"
    seconds: float = AUTO_S


@dataclass(frozen=True, slots=True)
class Presentation:
    """Steps one after another, at least one.

    Attributes:
        steps: In their order.
        index: The one that is shown.
        auto: The next one follows by itself; after the last comes the first.
    """

    steps: tuple[Step, ...]
    index: int = 0
    auto: bool = False

    @property
    def step(self) -> Step:
        """The one that is shown."""
        return self.steps[self.index]
