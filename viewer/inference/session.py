"""What is open, and who answers about it: the source, the worker, and which answers are still wanted."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from models.errors import InputError
from models.reconstruction import Reconstruction
from models.reconstructor import Face
from viewer.inference.fan_out import Round
from viewer.inference.request import settings_asked, wanted
from viewer.inference.worker import Another, Answered, Answers, Asker, Bench, Cancelled, Job, Work
from viewer.readouts.answer import alarms_of, probed, same_face
from viewer.readouts.errors import is_expected, no_face, notice_of
from viewer.readouts.record import record_of
from viewer.sources.source import Frame, Recording, Source, same_picture
from viewer.state.comparison import ARRANGEMENT, without_setting
from viewer.state.history import NO_HISTORY, History
from viewer.state.notice import Notice, Severity
from viewer.state.setting import Setting
from viewer.state.shown import Search, Shown
from viewer.state.state import State
from viewer.state.store import Store
from viewer.tasks.latest_only import LatestOnly, Newest

log = logging.getLogger(__name__)

FPS_WINDOW = 20  # answers the read-out averages over
LOADING = "Loading the method"
READING = "Reading the picture"
LOOKING = "Looking for faces"


@dataclass(frozen=True, slots=True)
class _Answering:
    """A method that has answered, as the Store names it, and who found the faces."""

    method: str
    weights: str
    finder: str
    switches: tuple[str, ...]
    switched_off: frozenset[str]


class Session(QObject):
    """Owns the worker and the open source, and keeps the Store true to both.

    Every question carries the generation it was asked in; a change of input or settings begins a new one, and
    answers of older ones are dropped, so a slow stale answer never overwrites a new one.

    Where others are to answer too, they are asked one after the other once the first answer is there: a
    round. A picture that stays is shown after each; while it plays, frames wait until the round is over and
    are shown with all their answers, so that panels stay in step.

    Signals:
        answered: A Shown with all its answers is in the Store.
    """

    answered = Signal(object)
    _source_failed = Signal(object, object)

    def __init__(self, store: Store, work: Work, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._bench = Bench(work)
        self._jobs = LatestOnly(self._bench)
        self._jobs.done.connect(self._on_done)
        self._jobs.failed.connect(self._on_failed)
        self._jobs.busy_changed.connect(self._on_busy)
        store.changed.connect(self._follow)
        self._frames = Newest(self)
        self._frames.arrived.connect(self._on_frame)
        self._source_failed.connect(self._on_source_failed, Qt.ConnectionType.QueuedConnection)
        self._source: Source | None = None
        self._frame: Frame | None = None
        self._faces: tuple[Face, ...] | None = None  # drawn by hand, or known from the last answer
        self._search: Search | None = None  # how those faces were found; None for drawn by hand
        self._truth: tuple[Frame, Path] | None = None  # ground truth the user opened, and about what
        self._opened = 0  # sources so far
        self._answering: _Answering | None = None  # who answered last
        self._round = Round()
        self._held = False  # a frame waits for the end of the round
        self._reading = False  # a source was opened and has delivered nothing yet
        self._fresh = False  # no frame of this source came yet
        self._generation = 0
        self._stamps: deque[float] = deque(maxlen=FPS_WINDOW)

    @property
    def frame(self) -> Frame | None:
        """The frame asked about last."""
        return self._frame

    @property
    def recording(self) -> Recording | None:
        """The open source, if one can move about in it."""
        return self._source if isinstance(self._source, Recording) else None

    @property
    def playing(self) -> bool:
        """Whether frames come by themselves."""
        source = self._source
        return source is not None and (source.live or (isinstance(source, Recording) and source.playing))

    def begin(self, source: Source) -> None:
        """Leave what is open and look at `source`; the picture shown stays until the first frame comes."""
        self.leave()
        self._source, self._fresh, self._truth = source, True, None
        self._round.end()
        self._held = False
        self._opened += 1
        self._generation += 1
        self._jobs.forget_waiting()
        self._store.update(
            notice=None,
            live=source.live,
            fps=0.0,
            drawing_box=False,
            history=NO_HISTORY,
            visited=None,
            lab=self._store.state.lab.begun(),
        )
        log.info("Opened %s.", source.name)
        self._set_reading(True)
        source.start(
            lambda frame: self._frames.put((source, frame)),
            lambda error: self._source_failed.emit(source, error),
        )

    def leave(self) -> None:
        """End the open source; its last picture stays."""
        source, self._source = self._source, None
        self._stamps.clear()
        self._set_reading(False)
        if source is not None:
            source.stop()

    def set_playing(self, playing: bool) -> None:
        """Let the open recording run, or hold it."""
        if self.recording is None:
            return
        self._stamps.clear()
        if playing:
            self.recording.play()
        else:
            self.recording.pause()
        self._store.update(live=playing, fps=0.0)

    def ask_again(self) -> None:
        """Ask about the same picture in the way the Store now says."""
        self._generation += 1
        self._round.forgive()
        self._ask(self._frame)

    def look_at(self, faces: tuple[Face, ...] | None) -> None:
        """Ask about these faces of the same picture; None looks for faces again."""
        self._faces, self._search = faces, None
        self.ask_again()

    def compare_with(self, truth: Path | None) -> None:
        """Hold the answers about this picture against a file; None: against the one beside the picture."""
        if self._frame is not None:
            self._truth = None if truth is None else (self._frame, truth)
            self.ask_again()

    def asker(self) -> Asker:
        """Who answers now, for a trial on a thread of its own."""
        state = self._store.state
        return self._bench.asker(state.method, state.weights, state.switched_off)

    def tell(self, error: BaseException) -> None:
        """Say in banner and log what went wrong; the session goes on."""
        notice = notice_of(error)
        log.error("%s %s", notice.cause, notice.remedy, exc_info=None if is_expected(error) else error)
        self._store.update(notice=notice)

    def close(self, timeout_s: float = 10.0) -> bool:
        """End source and worker; False if the worker did not end in time and is left behind."""
        self._generation += 1
        self._bench.cancel()
        self.leave()
        return self._jobs.close(timeout_s)

    @Slot(object, object)
    def _follow(self, new: State, old: State) -> None:
        """Whoever else is to answer now is asked about the same picture; so is what other covers do to it."""
        if self._frame is None:
            return
        if gained := set(settings_asked(new)) - set(settings_asked(old)):
            self._ask_also(gained, new.shown)
        elif new.lab is not old.lab and not self.playing and new.lab.epoch == old.lab.epoch:
            before, now = wanted(old), wanted(new)
            if not (now is before is None or (now is not None and now.same_as(before))):
                self._ask(self._frame)  # of the same generation: while covers are dragged, answers are shown

    @Slot()
    def _on_frame(self) -> None:
        arrived = self._frames.take()
        if arrived is None or arrived[0] is not self._source:
            return
        self._frame, self._faces, self._search = arrived[1], None, None
        if self._fresh:
            self._fresh = False
            self._show_at_once(arrived[1])
        self._held = self.playing and self._jobs.busy and bool(settings_asked(self._store.state))
        if not self._held:
            self._ask(self._frame)
        self._set_reading(False)
        if not self.playing:
            self._store.update(live=False, fps=0.0)

    def _show_at_once(self, frame: Frame) -> None:
        """The first picture of a source, before anybody looked for faces in it."""
        notice = (
            Notice(Severity.INFO, frame.notices[0], " ".join(frame.notices[1:])) if frame.notices else None
        )
        for sentence in frame.notices:
            log.info(sentence)
        name = self._source.name if self._source is not None else frame.name
        self._store.update(
            shown=Shown(frame), source_name=name, selected_face=0, probe=None, notice=notice, doing=LOOKING
        )

    def _ask_also(self, gained: set[Setting], shown: Shown | None) -> None:
        """Others are to answer too: about the picture shown, if its answer is one to hold theirs against."""
        self._round.forgive(gained)
        steadied = shown is not None and any(answer.steadied for answer in shown.answers)
        if self._jobs.busy and not steadied:
            return  # they come next in the round
        if shown is None or not shown.answers or steadied:
            self.ask_again()
        else:
            self._carry_on(self._round.begun(shown))

    def _ask(self, frame: Frame | None) -> None:
        self._round.end()
        self._held = False
        state = self._store.state
        faces = None if frame is None else self._faces
        truth = self._truth[1] if self._truth and frame and same_picture(self._truth[0], frame) else None
        self._jobs.submit(
            Job(
                self._generation,
                frame,
                faces,
                state.method,
                state.weights,
                state.switched_off,
                self._search,
                self._opened,
                truth,
                settings_asked(state),
                state.steady,
                wanted(state),
                state.finder,
            )
        )

    @Slot(object, object)
    def _on_done(self, job: Job | Another, result: Answered | Answers) -> None:
        if isinstance(job, Another):
            if self._round.awaits(job):
                assert isinstance(result, tuple)
                self._carry_on(self._round.answered(job, result))
        else:
            assert isinstance(result, Answered)
            self._take(job, result)
        self._release()

    def _take(self, job: Job, answered: Answered) -> None:
        state = self._store.state
        if (job.method, job.weights) == (state.method, state.weights):
            self._store.update(switches=answered.switches, device=answered.device)
            self._answering = _Answering(job.method, job.weights, job.finder, answered.switches, job.without)
        if job.generation == self._generation and answered.shown is not None:
            self._carry_on(self._round.begun(answered.shown))

    def _carry_on(self, shown: Shown) -> None:
        """Show a frame, and ask the next who is to answer about it; about no frame but the newest."""
        asked = settings_asked(self._store.state) if shown.answers else ()
        newest = self._held or shown.bare is self._frame
        setting = self._round.next(shown, asked if newest else ())
        if setting is not None:
            self._jobs.submit(Another(shown, setting))
            self._store.update(doing=self._round.doing(setting))
        if setting is None or not self.playing:
            self._show(shown)
        if setting is None:
            self.answered.emit(shown)

    def _release(self) -> None:
        """Ask about the frame that waited for the end of the round."""
        if self._held and not self._round.under_way:
            self._ask(self._frame)

    def _show(self, shown: Shown) -> None:
        state = self._store.state
        if state.shown is not None and state.shown.answers and state.shown.answers is shown.answers:
            self._store.update(shown=shown)  # more about the same
            return
        selected = same_face(state.shown, state.selected_face, shown)
        changes: dict[str, Any] = {"shown": shown, "selected_face": selected, "fps": self._fps()}
        if state.probe is not None:
            changes["probe"] = probed(shown.answers[selected], state.probe.vertex) if shown.answers else None
        changes["notice"] = self._notice_about(shown, state.notice)
        if shown.faces and not self.playing:
            # another look at the same picture need not search again
            covering = shown.covering
            self._faces, self._search = shown.faces if covering is None else covering.faces, shown.search
        new = _alarm_texts(shown) - (_alarm_texts(state.shown) if self.playing else set())
        changes["history"] = self._history_with(replace(state, **changes))
        self._store.update(**changes)
        self._tell_truth(shown, state.shown)
        for alarm in sorted(new):
            log.warning(alarm)

    def _history_with(self, state: State) -> History:
        """The history with the frame shown; another source begins a new one."""
        record, history = record_of(state), state.history
        if record is None:
            return history
        if history.source != self._opened:
            history = History(self._opened, self._source is not None and self._source.live)
        return history.with_record(record)

    def _tell_truth(self, shown: Shown, before: Shown | None) -> None:
        """Say which truth was found, or why it cannot be used: once for each picture."""
        known = None if before is None or before.bare is not shown.bare else before
        if shown.truth_problem and (known is None or known.truth_problem != shown.truth_problem):
            self._truth = None
            self.tell(InputError(shown.truth_problem))
        if shown.judgement is not None:
            truth = shown.judgement.truth
            if known is None or known.judgement is None or known.judgement.truth is not truth:
                log.info("Ground truth: %s (%s).", truth.name, truth.convention)
                if shown.judgement.warning:
                    log.warning(shown.judgement.warning)

    def _notice_about(self, shown: Shown, notice: Notice | None) -> Notice | None:
        """A missing face replaces the banner; a face takes back only what a missing face said."""
        missing = no_face(shown.frame.name)
        if shown.faces:
            return None if notice == missing else notice
        if notice != missing:
            log.warning("%s %s", missing.cause, missing.remedy)
        return missing

    @Slot(object, object)
    def _on_failed(self, job: Job | Another, error: BaseException) -> None:
        if isinstance(error, Cancelled):
            return
        if isinstance(job, Another):
            if self._round.awaits(job):
                self._on_refused(job, error)
        elif job.generation == self._generation:
            self._go_back(job)
            self.tell(error)
        else:
            log.info("A question that was replaced by a newer one failed: %s", error)
        self._release()

    def _on_refused(self, job: Another, error: BaseException) -> None:
        """One who cannot answer spoils nothing else: A and B go back to who can, a place in line says why."""
        notice = notice_of(error)
        shown = self._round.refused(job, f"{notice.cause} {notice.remedy}".strip())
        if self._store.state.arrangement == ARRANGEMENT:
            self._store.update(comparison=without_setting(self._store.state.comparison, job.setting))
            self.tell(error)
        else:
            log.error(shown.troubles[job.setting], exc_info=None if is_expected(error) else error)
        self._carry_on(shown)

    def _go_back(self, job: Job) -> None:
        """Method, weights or finder that could not answer are given up for those that answered last."""
        last = self._answering
        if last is not None and job.finder != last.finder:
            self._store.update(finder=last.finder)
        if last is not None and (job.method, job.weights) != (last.method, last.weights):
            self._store.update(
                method=last.method,
                weights=last.weights,
                switches=last.switches,
                switched_off=last.switched_off,
            )

    def _set_reading(self, reading: bool) -> None:
        self._reading = reading
        self._on_busy(self._jobs.busy)

    @Slot(bool)
    def _on_busy(self, asked: bool) -> None:
        if not asked and not self._reading:
            self._store.update(busy=False, doing="")
            return
        known = self._frame is not None and self._store.state.switches
        doing = READING if self._reading else LOOKING if known else LOADING
        self._store.update(busy=True, doing=doing)

    @Slot(object, object)
    def _on_source_failed(self, source: Source, error: InputError) -> None:
        if source is not self._source:
            return
        self._set_reading(False)
        if source.live:
            self.leave()
        if not self.playing:
            self._store.update(live=False, fps=0.0)
        self.tell(error)

    def _fps(self) -> float:
        if not self.playing:
            return 0.0
        self._stamps.append(perf_counter())
        elapsed = self._stamps[-1] - self._stamps[0]
        return (len(self._stamps) - 1) / elapsed if elapsed > 0 else 0.0


def _alarm_texts(shown: Shown | None) -> set[str]:
    """Every alarm of a frame once."""
    answers: tuple[Reconstruction | None, ...] = () if shown is None else shown.answers or (None,)
    return {alarm.text for answer in answers for alarm in alarms_of(shown, answer)}
