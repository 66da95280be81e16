"""Who else is asked about a frame, one after the other, and what they said so far. No Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from viewer.inference.worker import Answers, OtherJob
from viewer.state.setting import Setting, worded
from viewer.state.shown import Shown


class FanOut:
    """Passes a frame on to others, one at a time. Who could not answer is not asked about the next frame."""

    def __init__(self) -> None:
        self._shown: Shown | None = None
        self._refused: dict[Setting, str] = {}
        self._known: set[tuple[str, str]] = set()

    @property
    def under_way(self) -> bool:
        """Whether somebody still has to answer."""
        return self._shown is not None

    def end(self) -> None:
        """Whatever still comes is about a frame or a request of before."""
        self._shown = None

    def keep_refusals(self, settings: Iterable[Setting]) -> None:
        """Remember of these that they could not answer; others are asked again when they are to answer."""
        self._refused = {setting: self._refused[setting] for setting in settings if setting in self._refused}

    def begin(self, shown: Shown) -> Shown:
        """A frame about which others are to be asked: with what is known of those who cannot answer."""
        return shown if shown.troubles == self._refused else replace(shown, troubles=dict(self._refused))

    def next(self, shown: Shown, asked: Iterable[Setting]) -> Setting | None:
        """Who is asked now; None if nobody is left."""
        left = (setting for setting in asked if setting not in shown.others and setting not in shown.troubles)
        setting = next(left, None)
        self._shown = None if setting is None else shown
        return setting

    def awaits(self, job: OtherJob) -> bool:
        """Whether that is who was asked last."""
        return job.shown is self._shown

    def answered(self, job: OtherJob, answers: Answers) -> Shown:
        """The frame with one answer more."""
        self._known.add((job.setting.method, job.setting.weights))
        return replace(job.shown, others={**job.shown.others, job.setting: answers})

    def refused(self, job: OtherJob, why: str) -> Shown:
        """The frame, with one who cannot answer."""
        self._refused[job.setting] = why
        return self.begin(job.shown)

    def doing(self, setting: Setting) -> str:
        """What happens while that one is asked; the first time it takes longer."""
        known = (setting.method, setting.weights) in self._known
        return f"{'Running' if known else 'Loading'} {worded(setting)}"
