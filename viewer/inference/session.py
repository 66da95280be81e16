"""What is open, and who answers about it: the source, the worker, and which answers are still wanted."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal, Slot

from models.errors import DeviceError, DeviceFullError, InputError, MethodError
from models.geometry.arrays import Doubles
from models.geometry.turning import OTHER_SIDE, UPRIGHT, Turn, carried_box
from models.reconstruction import Reconstruction
from models.reconstructor import Face
from viewer.inference.fan_out import FanOut
from viewer.inference.request import Request, request
from viewer.inference.worker import (
    Answered,
    Answers,
    Asker,
    Cancelled,
    Job,
    OtherJob,
    Work,
    Worker,
    one_at_a_time,
)
from viewer.readouts.answer import alarms_of, probed, same_face
from viewer.readouts.errors import is_expected, no_face, notice_of, split
from viewer.readouts.record import record_of
from viewer.sources.source import DOUBTFUL, Frame, PausedError, Recording, Source, same_picture, turned
from viewer.state.comparison import A_B, without_setting
from viewer.state.device import AUTO, CPU
from viewer.state.history import NO_HISTORY, History
from viewer.state.notice import Notice, Severity
from viewer.state.setting import NO_BRANCH, NO_BRANCH_REMEDY, Setting
from viewer.state.shown import Shown
from viewer.state.state import Changes, State, setting_of
from viewer.state.store import Store
from viewer.tasks.latest_only import PATIENCE_S, Abandoned, LatestOnly, Newest

log = logging.getLogger(__name__)

FPS_WINDOW = 20  # answers the read-out averages over
DEVICE_REMEDY = "File > Preferences lets you choose another."
LOADING = "Loading the method"
READING = "Reading the picture"
LOOKING = "Looking for faces"
SLOW = Notice(
    Severity.WARNING,
    f"The method has not answered for {PATIENCE_S:.0f} seconds.",
    "Wait, or abandon it: then a new worker takes over.",
)
MAY_BE_WRONG = Notice(Severity.WARNING, DOUBTFUL, "Go on to another, or get the video anew.")
NO_BRANCH_NOTICE = Notice(Severity.WARNING, NO_BRANCH, NO_BRANCH_REMEDY)


@dataclass(frozen=True, slots=True)
class _Working:
    """A method that has answered, as the Store names it, and who found the faces."""

    setting: Setting
    detector: str
    switches: tuple[str, ...]


class Session(QObject):
    """Owns the worker and the open source, and keeps the Store true to both.

    What is to be answered is `request(state)`. Whenever that differs from what was asked last, the worker is
    asked. If anything was switched or chosen a new generation begins: what is shown is marked as stale, and
    answers of older generations are dropped. If only the frame went on or an occluder was dragged, answers on
    their way are still shown, so that the picture follows the hand.

    Where others are to answer too, they are asked one after the other once the first answer is there. A
    picture that stays is shown after each; while it plays, frames wait until all have answered and are shown
    with all their answers, so that panels stay in step.

    Signals:
        answered: A Shown with all its answers is in the Store.
    """

    answered = Signal(object)
    _source_failed = Signal(object, object)

    def __init__(self, store: Store, work: Work, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._work = one_at_a_time(work)
        self._worker = Worker(self._work)
        self._prepare: Callable[[Shown], object] = lambda _shown: None
        self._jobs = LatestOnly(self._answers_of(self._worker))
        self._jobs.done.connect(self._on_done)
        self._jobs.failed.connect(self._on_failed)
        self._jobs.busy_changed.connect(self._on_busy)
        self._jobs.slow.connect(self._on_slow)
        store.changed.connect(self._follow)
        self._frames = Newest(self)
        self._frames.arrived.connect(self._on_frame)
        self._source_failed.connect(self._on_source_failed, Qt.ConnectionType.QueuedConnection)
        self._source: Source | None = None
        self._paths: tuple[str, ...] = ()  # where it lies
        self._opened = store.state.source  # sources so far
        self._asked = request(store.state)  # what was asked last
        self._answers: Request | None = None  # what the newest answer answers
        self._shows: Request | None = None  # what the answer shown answers
        self._working: _Working | None = None  # who answered last
        self._fan_out = FanOut()
        self._held = False  # a frame waits until all have answered about the one before
        self._reading = False  # a source was opened and has delivered nothing yet
        self._bare: Frame | None = None  # the newest frame, as its source gave it
        self._turn = UPRIGHT
        self._paused: Notice | None = None  # what is told of a source that delivers nothing for now
        self._fresh = False  # no frame of this source came yet
        self._generation = 0
        self._stamps: deque[float] = deque(maxlen=FPS_WINDOW)
        self._trouble: tuple[Notice, Request] | None = None  # what failed last, and how that is told

    def prepare_by(self, prepare: Callable[[Shown], object]) -> None:
        """Call this with each first answer before it is shown, on the worker's thread: nobody waits there."""
        self._prepare = prepare

    @property
    def recording(self) -> Recording | None:
        """The open source, if one can move about in it."""
        return self._source if isinstance(self._source, Recording) else None

    @property
    def watches_camera(self) -> bool:
        """Whether a camera is open."""
        return self._source is not None and self._source.live

    @property
    def playing(self) -> bool:
        """Whether frames come by themselves."""
        source = self._source
        return source is not None and (source.live or (isinstance(source, Recording) and source.playing))

    def start(self) -> None:
        """Load the method before there is anything to answer."""
        self._submit()

    def begin(self, source: Source, paths: Sequence[str | Path] = (), turn: Turn = UPRIGHT) -> int:
        """Leave what is open and look at `source`; the picture shown stays until the first frame comes.

        Args:
            source: Not started yet.
            paths: Where it lies; none for a camera.
            turn: How its pictures are turned.

        Returns:
            Its number: that of `State.source` from its first frame on.
        """
        self.leave()
        self._source, self._fresh = source, True
        self._turn, self._bare = turn, None
        self._paths = tuple(str(Path(path).expanduser().absolute()) for path in paths)
        self._opened += 1
        self._generation += 1
        self._fan_out.end()
        self._held = False
        self._jobs.forget_waiting()
        self._set_reading(True)
        self._store.update(
            notice=_lasting(self._store.state.notice),
            live=source.live,
            fps=0.0,
            drawing_box=False,
            history=NO_HISTORY,
            visited=None,
            occlusion=self._store.state.occlusion.begun(),
        )
        log.info("Opened %s.", source.name)
        source.start(
            lambda frame: self._frames.put((source, frame)),
            lambda error: self._source_failed.emit(source, error),
        )
        return self._opened

    def leave(self) -> None:
        """End the open source; its last picture stays."""
        source, self._source = self._source, None
        self._paused = None
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

    def turn(self, turn: Turn) -> None:
        """Turn the picture that is open, and those of the same source that follow.

        Boxes drawn by hand, occluders and truth turn along; what is found is looked for again.
        """
        state, bare, before = self._store.state, self._bare, self._turn
        if bare is None or state.frame is None or self._reading:
            return
        self._turn = turn
        frame, size = turned(bare, turn), bare.shown_size
        T = turn.matrix(size) @ np.linalg.inv(before.matrix(size))
        boxes = None if state.boxes is None else tuple(_carried(face, T) for face in state.boxes)
        order = OTHER_SIDE if turn.mirrored is not before.mirrored else None
        truth = state.truth
        if truth is not None and same_picture(truth.frame, state.frame):
            truth = replace(truth, frame=frame)
        self._shows = None
        self._generation += 1  # no answer about the picture as it was is shown any more
        self._fan_out.end()
        self._held = False
        self._store.update(
            frame=frame,
            shown=Shown(frame),
            stale=False,
            boxes=boxes,
            truth=truth,
            occlusion=state.occlusion.carried(T, order),
            probe=None,
            box_trial=None,
            history=NO_HISTORY,
        )

    @property
    def picture_turn(self) -> Turn:
        """How the open picture is turned."""
        return self._turn

    @property
    def work(self) -> Work:
        """The models' functions, for a run on a thread of its own that loads methods of its own."""
        return self._work

    def asker(self, setting: Setting | None = None) -> Asker:
        """Who answers (who does now, if nobody is named), for work on a thread of its own."""
        return self._worker.asker(setting or setting_of(self._store.state))

    def tell(self, error: BaseException) -> None:
        """Say in banner and log what went wrong; the session goes on."""
        notice = notice_of(error)
        log.error("%s %s", notice.cause, notice.remedy, exc_info=None if is_expected(error) else error)
        self._store.update(notice=notice)

    def abandon(self) -> None:
        """Wait no longer for an answer that does not come: its thread is left, a new worker takes over."""
        self._worker.cancel()
        self._worker = Worker(self._work)
        self._jobs.abandon(self._answers_of(self._worker))

    def cancel(self) -> None:
        """No answer is wanted any more; trials end with the one they wait for."""
        self._worker.cancel()

    def close(self, timeout_s: float = 10.0) -> bool:
        """End source and worker; False if the worker did not end in time and is left behind."""
        self._generation += 1
        self._worker.cancel()
        self.leave()
        return self._jobs.close(timeout_s)

    def _answers_of(self, worker: Worker) -> Callable[[Job | OtherJob], Answered | Answers]:
        def answer(job: Job | OtherJob) -> Answered | Answers:
            answered = worker(job)
            if isinstance(answered, Answered) and answered.shown is not None:
                self._prepare(answered.shown)
            return answered

        return answer

    @Slot(object, object)
    def _follow(self, new: State, _old: State) -> None:
        """Ask the worker whenever something else is to be answered."""
        wanted = request(new)
        if self._reading or wanted.same_as(self._asked):
            return
        before, self._asked = self._asked, wanted
        self._fan_out.keep_refusals(wanted.others if wanted.continues(before) else ())
        if wanted.same_first(before):
            self._ask_others()
        elif wanted.continues(before):
            self._held = self.playing and self._jobs.busy and bool(wanted.others)
            if not self._held:
                self._submit()
        else:
            self._begin_generation()

    def _begin_generation(self) -> None:
        """Something was switched or chosen: no answer on its way is wanted any more."""
        self._generation += 1
        self._fan_out.end()
        self._held = False
        shown, shows = self._store.state.shown, self._shows
        if shown is not None and shows is not None and self._asked.same_first(shows):
            self._jobs.forget_waiting()  # back to what is shown
            self._store.update(stale=False)
            self._carry_on(self._fan_out.begin(shown))
        else:
            self._store.update(stale=shows is not None)
            self._submit()

    def _ask_others(self) -> None:
        """Others are to answer too; while somebody is asked they come next, else about the picture shown."""
        shown, shows = self._store.state.shown, self._shows
        if not self._jobs.busy and shown is not None and shows is not None and self._asked.same_first(shows):
            self._carry_on(self._fan_out.begin(shown))

    def _submit(self) -> None:
        self._fan_out.end()
        self._held = False
        self._jobs.submit(Job(generation=self._generation, request=self._asked))

    @Slot()
    def _on_frame(self) -> None:
        arrived = self._frames.take()
        if arrived is None or arrived[0] is not self._source:
            return
        self._bare, fresh = arrived[1], self._fresh
        frame = turned(arrived[1], self._turn)
        self._fresh = self._reading = False
        self._on_going_on()
        changes: Changes = {"frame": frame, "source": self._opened} | self._boxes_of(frame, fresh)
        if not self.playing:
            changes |= {"live": False, "fps": 0.0}
        changes |= self._first_picture(frame) if fresh else self._doubt(frame)
        self._store.update(**changes)
        self._on_busy(self._jobs.busy)

    def _doubt(self, frame: Frame) -> Changes:
        """Of a picture that may be wrong it is said while it is the newest, unless there is worse to tell."""
        told, doubtful = self._store.state.notice, DOUBTFUL in frame.notices
        if doubtful and (told is None or told.severity is Severity.INFO):
            return {"notice": MAY_BE_WRONG}
        return {"notice": None} if told == MAY_BE_WRONG and not doubtful else {}

    def _boxes_of(self, frame: Frame, fresh: bool) -> Changes:
        """Locked boxes stay for the next frame of the same source, if it is as large; others go."""
        before = self._store.state.frame
        same = not fresh and before is not None and before.shown_size == frame.shown_size
        if same and self._store.state.boxes_locked:
            return {}
        return {"boxes": None, "boxes_locked": False}

    def _first_picture(self, frame: Frame) -> Changes:
        """The first picture of a source is shown before anybody looked for faces in it."""
        notice = (
            Notice(Severity.INFO, frame.notices[0], " ".join(frame.notices[1:]))
            if frame.notices
            else _lasting(self._store.state.notice)
        )
        for sentence in frame.notices:
            log.info(sentence)
        self._shows = None
        return {
            "shown": Shown(frame),
            "stale": False,
            "source_name": self._source.name if self._source is not None else frame.name,
            "opened": self._paths,
            "case": "",
            "notes": "",
            "selected_face": 0,
            "probe": None,
            "truth": None,
            "notice": notice,
            "doing": LOOKING,
        }

    @Slot(object, object)
    def _on_done(self, job: Job | OtherJob, result: Answered | Answers) -> None:
        if isinstance(job, OtherJob):
            if self._fan_out.awaits(job):
                assert isinstance(result, tuple)
                self._carry_on(self._fan_out.answered(job, result))
        else:
            assert isinstance(result, Answered)
            self._take(job, result)
        if self._store.state.notice == SLOW:
            self._store.update(notice=None)
        self._release()

    def _take(self, job: Job, answered: Answered) -> None:
        state, setting = self._store.state, job.request.setting
        if (setting.method, setting.weights) == (state.method, state.weights):
            self._store.update(switches=answered.switches, device=answered.device, devices=answered.devices)
            self._working = _Working(setting, job.request.detector, answered.switches)
        if job.generation == self._generation and answered.shown is not None:
            self._answers = job.request
            self._carry_on(self._fan_out.begin(answered.shown))

    def _carry_on(self, shown: Shown) -> None:
        """Show a frame, and ask the next who is to answer about it; about no frame but the newest."""
        asked = self._asked.others if shown.answers else ()
        newest = self._held or shown.bare is self._store.state.frame
        setting = self._fan_out.next(shown, asked if newest else ())
        if setting is not None:
            self._jobs.submit(OtherJob(shown=shown, setting=setting))
            self._store.update(doing=self._fan_out.doing(setting))
        if setting is None or not self.playing:
            self._show(shown)
        if setting is None:
            self.answered.emit(shown)

    def _release(self) -> None:
        """Ask about the frame that waited until all had answered."""
        if self._held and not self._fan_out.under_way:
            self._submit()

    def _show(self, shown: Shown) -> None:
        state = self._store.state
        self._shows = self._answers
        if state.shown is not None and state.shown.answers and state.shown.answers is shown.answers:
            self._store.update(shown=shown, stale=False)  # more about the same
            return
        selected = same_face(state.shown, state.selected_face, shown)
        changes: Changes = {"shown": shown, "stale": False, "selected_face": selected, "fps": self._fps()}
        if state.probe is not None:
            changes["probe"] = probed(shown.answers[selected], state.probe.vertex) if shown.answers else None
        changes["notice"] = self._notice_about(shown, state.notice)
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
            self.tell(InputError(shown.truth_problem))
            self._store.update(truth=None)
        if shown.judgement is not None:
            truth = shown.judgement.truth
            if known is None or known.judgement is None or known.judgement.truth is not truth:
                log.info("Ground truth: %s (%s).", truth.name, truth.convention)
                if shown.judgement.warning:
                    log.warning(shown.judgement.warning)

    def _notice_about(self, shown: Shown, notice: Notice | None) -> Notice | None:
        """Why there is no answer replaces the banner; an answer takes back only that."""
        missing = no_face(shown.frame.name)
        if shown.absence:
            return NO_BRANCH_NOTICE
        if shown.faces:
            return None if notice in (missing, NO_BRANCH_NOTICE) or self._is_over(notice) else notice
        if notice != missing:
            log.warning("%s %s", missing.cause, missing.remedy)
        return missing

    def _is_over(self, notice: Notice | None) -> bool:
        """Whether what the notice tells of has been answered since: the same method by the same detector."""
        if self._trouble is None or self._answers is None or notice != self._trouble[0]:
            return False
        failed = self._trouble[1]
        return (failed.setting, failed.detector) == (self._answers.setting, self._answers.detector)

    @Slot()
    def _on_slow(self) -> None:
        log.warning("%s %s", SLOW.cause, SLOW.remedy)
        self._store.update(notice=SLOW)

    @Slot(object, object)
    def _on_failed(self, job: Job | OtherJob, error: BaseException) -> None:
        if isinstance(error, Cancelled):
            return
        if isinstance(error, Abandoned):
            error = MethodError("The answer was abandoned. Choose another method, or open another picture.")
        if isinstance(error, DeviceError):
            self._leave_device(error)
        elif isinstance(job, OtherJob):
            if self._fan_out.awaits(job):
                self._on_refused(job, error)
        elif job.generation == self._generation:
            self._go_back(job.request)
            self._trouble = notice_of(error), job.request
            self.tell(error)
        else:
            log.info("A request that was replaced by a newer one failed: %s", error)
        self._release()

    def _leave_device(self, error: DeviceError) -> None:
        """A device that is not there, or whose memory ran out, is given up: all is asked again elsewhere."""
        full = isinstance(error, DeviceFullError)
        wish = self._store.state.device_wish
        fallback = CPU if full else AUTO
        if wish == fallback:
            return  # given up already
        elsewhere = "The CPU answers" if full else "The fastest device there is answers"
        cause = split(str(error))[0]
        notice = Notice(Severity.WARNING, cause, f"{elsewhere} from now on. {DEVICE_REMEDY}", lasts=True)
        log.warning("%s %s", notice.cause, notice.remedy)
        self._store.update(device_wish=fallback, notice=notice)

    def _on_refused(self, job: OtherJob, error: BaseException) -> None:
        """One who cannot answer spoils nothing else: A and B go back to who can, a place in line says why."""
        notice = notice_of(error)
        shown = self._fan_out.refused(job, f"{notice.cause} {notice.remedy}".strip())
        if self._store.state.panel_layout == A_B:
            self._store.update(comparison=without_setting(self._store.state.comparison, job.setting))
            self.tell(error)
        else:
            log.error(shown.troubles[job.setting], exc_info=None if is_expected(error) else error)
        self._carry_on(shown)

    def _go_back(self, failed: Request) -> None:
        """Method, weights or detector that could not answer are given up for those that answered last."""
        last = self._working
        if last is None:
            return
        changes: Changes = {}
        if failed.detector != last.detector:
            changes["detector"] = last.detector
        if (failed.setting.method, failed.setting.weights) != (last.setting.method, last.setting.weights):
            changes |= {
                "method": last.setting.method,
                "weights": last.setting.weights,
                "switches": last.switches,
                "switched_off": last.setting.without,
            }
        self._store.update(**changes)

    def _set_reading(self, reading: bool) -> None:
        self._reading = reading
        self._on_busy(self._jobs.busy)

    @Slot(bool)
    def _on_busy(self, asked: bool) -> None:
        if not asked and not self._reading:
            self._store.update(busy=False, doing="")
            return
        known = self._store.state.frame is not None and self._store.state.switches
        doing = READING if self._reading else LOOKING if known else LOADING
        self._store.update(busy=True, doing=doing)

    @Slot(object, object)
    def _on_source_failed(self, source: Source, error: InputError) -> None:
        if source is not self._source:
            return
        self._set_reading(False)
        if isinstance(error, PausedError):
            self._pause(error)
            return
        if source.live:
            self.leave()
        if not self.playing:
            self._store.update(live=False, fps=0.0)
        self.tell(error)

    def _pause(self, error: PausedError) -> None:
        """The source tries again by itself: its next frame takes the banner away."""
        self._stamps.clear()
        self._store.update(fps=0.0)
        self.tell(error)
        self._paused = self._store.state.notice

    def _on_going_on(self) -> None:
        """Frames come again."""
        if self._paused is not None and self._source is not None:
            log.info("%s is back.", self._source.name.capitalize())
            if self._store.state.notice == self._paused:
                self._store.update(notice=None)
        self._paused = None

    def _fps(self) -> float:
        if not self.playing:
            return 0.0
        self._stamps.append(perf_counter())
        elapsed = self._stamps[-1] - self._stamps[0]
        return (len(self._stamps) - 1) / elapsed if elapsed > 0 else 0.0


def _carried(face: Face, T: Doubles) -> Face:
    """A box drawn by hand, in the turned picture."""
    return Face(carried_box(face.box, T), identity=face.identity)


def _lasting(notice: Notice | None) -> Notice | None:
    """What the banner still says when another picture is opened."""
    return notice if notice is not None and notice.lasts else None


def _alarm_texts(shown: Shown | None) -> set[str]:
    """Every alarm of a frame once."""
    answers: tuple[Reconstruction | None, ...] = () if shown is None else shown.answers or (None,)
    return {alarm.text for answer in answers for alarm in alarms_of(shown, answer)}
