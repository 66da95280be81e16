"""How a folder or video is gone through: how fast, between which frames, once or over and over. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True, slots=True)
class Timeline:
    """How a recording plays, and what of it is exported.

    Attributes:
        speed: Times its own speed; one of SPEEDS.
        loop: After the out point it goes on at the in point.
        begin, end: Indices of the frames of the in and the out point, both of them within; None for the first
            and the last frame there is.
    """

    speed: float = 1.0
    loop: bool = False
    begin: int | None = None
    end: int | None = None

    @property
    def is_cut(self) -> bool:
        """Whether there is an in or an out point."""
        return self.begin is not None or self.end is not None

    def span(self, count: int) -> tuple[int, int]:
        """The indices of the first and the last frame, of a recording of so many."""
        last = max(count - 1, 0)
        begin = 0 if self.begin is None else min(self.begin, last)
        return begin, last if self.end is None else min(max(self.end, begin), last)

    def begun_at(self, index: int) -> Timeline:
        """With the in point there; an out point before it goes."""
        return replace(self, begin=index, end=None if self.end is not None and self.end < index else self.end)

    def ended_at(self, index: int) -> Timeline:
        """With the out point there; an in point after it goes."""
        gone = self.begin is not None and self.begin > index
        return replace(self, end=index, begin=None if gone else self.begin)

    def uncut(self) -> Timeline:
        """Without in and out point."""
        return replace(self, begin=None, end=None)

    def faster(self, by: int) -> Timeline:
        """So many of SPEEDS faster; slower if negative."""
        place = min(max(SPEEDS.index(self.speed) + by, 0), len(SPEEDS) - 1)
        return replace(self, speed=SPEEDS[place])
