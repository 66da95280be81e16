"""One time for several who are waited for one after the other."""

from __future__ import annotations

from time import monotonic


class Deadline:
    """So many seconds from its making on.

    Args:
        seconds: Until then.
    """

    def __init__(self, seconds: float) -> None:
        self._until = monotonic() + seconds

    @property
    def left_s(self) -> float:
        """Seconds that are left; 0 when it has passed."""
        return max(0.0, self._until - monotonic())
