"""Who else is asked about a frame, one after the other, and what they said so far. No Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from viewer.inference.worker import Another, Answers
from viewer.state.setting import Setting, worded
from viewer.state.shown import Shown


class Round:
    """The book-keeping of rounds. Who could not answer is not asked again until forgiven."""

    def __init__(self) -> None:
        self._shown: Shown | None = None
        self._refused: dict[Setting, str] = {}
        self._known: set[tuple[str, str]] = set()

    @property
    def under_way(self) -> bool:
        """Whether somebody is being asked."""
        return self._shown is not None

    def end(self) -> None:
        """Whatever still comes is about a frame or a question of before."""
        self._shown = None

    def forgive(self, settings: Iterable[Setting] | None = None) -> None:
        """Ask these again although they could not answer; None: all."""
        for setting in tuple(self._refused) if settings is None else settings:
            self._refused.pop(setting, None)

    def begun(self, shown: Shown) -> Shown:
        """A frame about which others are to be asked: with what is known of those who cannot answer."""
        return replace(shown, troubles=dict(self._refused))

    def next(self, shown: Shown, asked: Iterable[Setting]) -> Setting | None:
        """Who is asked now; None ends the round."""
        left = (setting for setting in asked if setting not in shown.others and setting not in shown.troubles)
        setting = next(left, None)
        self._shown = None if setting is None else shown
        return setting

    def awaits(self, job: Another) -> bool:
        """Whether that is the question that was asked last."""
        return job.shown is self._shown

    def answered(self, job: Another, answers: Answers) -> Shown:
        """The frame with one answer more."""
        self._known.add((job.setting.method, job.setting.weights))
        return replace(job.shown, others={**job.shown.others, job.setting: answers})

    def refused(self, job: Another, why: str) -> Shown:
        """The frame, with one who cannot answer."""
        self._refused[job.setting] = why
        return self.begun(job.shown)

    def doing(self, setting: Setting) -> str:
        """What happens while that one is asked; the first time it takes longer."""
        known = (setting.method, setting.weights) in self._known
        return f"{'Asking' if known else 'Loading'} {worded(setting)}"
