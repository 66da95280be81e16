"""What a user can do about how a folder or video plays: how fast, between which frames, over and over."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject

from viewer.inference.session import Session
from viewer.state.store import Store
from viewer.state.timeline import Timeline


class TimelineCommands(QObject):
    """Speed, loop, in and out point; the open recording is kept true to them."""

    def __init__(self, store: Store, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store, self._session = store, session
        store.on(lambda state: state.source, self._on_source)
        store.on(lambda state: state.timeline, self._pace)

    def choose_speed(self, speed: float) -> None:
        """Play so many times as fast: one of SPEEDS."""
        self._store.update(timeline=replace(self._timeline, speed=speed))

    def change_speed(self, by: int) -> None:
        """Play faster, or slower if negative: by so many of SPEEDS."""
        self._store.update(timeline=self._timeline.faster(by))

    def toggle_loop(self) -> None:
        """Begin again at the in point after the out point, or stay there."""
        self._store.update(timeline=replace(self._timeline, loop=not self._timeline.loop))

    def begin_here(self) -> None:
        """Let playing and exports begin with the frame shown."""
        if (frame := self._store.state.frame) is not None:
            self._store.update(timeline=self._timeline.begun_at(frame.index))

    def end_here(self) -> None:
        """Let playing and exports end with the frame shown."""
        if (frame := self._store.state.frame) is not None:
            self._store.update(timeline=self._timeline.ended_at(frame.index))

    def uncut(self) -> None:
        """Play and export all frames again."""
        self._store.update(timeline=self._timeline.uncut())

    def go_to_end(self, last: bool) -> None:
        """Go to the out point, or to the in point."""
        frame = self._store.state.frame
        if self._session.recording is not None and frame is not None and frame.count > 1:
            self._session.recording.seek(self._timeline.span(frame.count)[int(last)])

    @property
    def _timeline(self) -> Timeline:
        return self._store.state.timeline

    def _on_source(self, _number: int) -> None:
        """In and out point are about one source; speed and loop stay."""
        self._store.update(timeline=self._timeline.uncut())
        self._pace(self._timeline)

    def _pace(self, timeline: Timeline) -> None:
        frame = self._store.state.frame
        if self._session.recording is not None:
            span = timeline.span(frame.count) if frame is not None and timeline.is_cut else None
            self._session.recording.pace(timeline.speed, timeline.loop, span)
