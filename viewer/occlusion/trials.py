"""What a user can do with trials: sweep an occluder, jitter the box; in the background."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Slot

from models.errors import InputError
from viewer.inference.session import Session
from viewer.inference.worker import Cancelled
from viewer.occlusion.selectors import bare_frame, reference_of
from viewer.state.notice import Notice, Severity
from viewer.state.occlusion import Occlusion, Plan
from viewer.state.running import Running
from viewer.state.store import Store
from viewer.tasks.background import Background, SeriesProgress
from viewer.widgets.dialogs import DesktopServices

if TYPE_CHECKING:
    from models.robustness.jitter import Jitter, Spread
    from models.robustness.sweep import Sweep

log = logging.getLogger(__name__)

SWEEP, JITTER = "Sweep", "Box jitter"
NO_FACE = "There is no face to try occluders on yet. Open a photo with a face first."
NOTHING_TO_WRITE = "There is no trial to write yet. Run a sweep or a box jitter first."


class TrialCommands(QObject):
    """One trial at a time, about the selected face of the frame shown, without the stack of occluders."""

    def __init__(
        self, store: Store, session: Session, desktop: DesktopServices, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._store, self._session, self._desktop = store, session, desktop
        self._title, self._epoch = "", 0
        self._background = Background()
        self._background.progressed.connect(self._on_progressed)
        self._background.ended.connect(self._on_ended)
        store.on(lambda state: state.occlusion.epoch, lambda _epoch: self._background.cancel(), self)

    def sweep(self) -> None:
        """Cover the face step by step, as planned; the curve grows while it runs."""
        from models.robustness.sweep import sweeping

        sweep = planned_sweep(self._store.state.occlusion)
        self._start(SWEEP, sweep.count + 1, lambda *about: sweeping(sweep, *about))

    def jitter(self) -> None:
        """Ask about boxes beside the box, as planned, and look how much the answer moves."""
        from models.robustness.jitter import jittering

        jitter = planned_jitter(self._store.state.occlusion)
        self._start(JITTER, jitter.draws, lambda *about: jittering(jitter, *about))

    def plan(self, plan: Plan) -> None:
        """Do this the next time."""
        self._store.update(occlusion=replace(self._store.state.occlusion, plan=plan))

    def cancel(self) -> None:
        """Stop the trial under way; what it has so far stays."""
        self._background.cancel()

    def show_step(self, index: int | None) -> None:
        """Lay the occluder of a step of the sweep in place of the stack; None: the stack again."""
        occlusion = self._store.state.occlusion
        count = 0 if occlusion.swept is None else len(occlusion.swept.steps)
        if index is None or 0 <= index < count:
            self._store.update(occlusion=replace(occlusion, step=index))

    def define_breaking(self, factor: float, threshold_percent: float) -> None:
        """Say from which change on an answer counts as broken."""
        occlusion = replace(self._store.state.occlusion, factor=factor, threshold_percent=threshold_percent)
        self._store.update(occlusion=occlusion)

    def export(self) -> None:
        """Write the last sweep as a table, or the spread where there is none, to a file the user names."""
        occlusion = self._store.state.occlusion
        result = occlusion.swept or occlusion.spread
        if result is None:
            self._session.tell(InputError(NOTHING_TO_WRITE))
            return
        name = "sweep" if occlusion.swept is not None else "jitter"
        if path := self._desktop.ask_save("csv", f"{name}.csv"):
            try:
                self._desktop.write_text(path, result.csv())
            except (InputError, OSError) as error:
                self._session.tell(error)
                return
            log.info("Wrote %s.", path)
            self._store.update(notice=Notice(Severity.INFO, f"Wrote {path}."))

    def close(self, timeout_s: float = 10.0) -> bool:
        """End the trial under way; False if it did not end in time."""
        return self._background.close(timeout_s)

    def _start(self, title: str, total: int, series: Any) -> None:
        state = self._store.state
        frame, reference = bare_frame(state), reference_of(state)
        if frame is None or reference is None or reference.box is None:
            self._session.tell(InputError(NO_FACE))
            return
        if self._background.busy:
            self._session.tell(InputError(f"{self._title} is still running. Cancel it first."))
            return
        self._title, self._epoch = title, state.occlusion.epoch
        made: Iterator[Any] = series(frame.image, reference.box, self._session.asker())
        occlusion = replace(state.occlusion, running=Running(title, 0, total))
        forgotten = (
            replace(occlusion, swept=None, step=None) if title == SWEEP else replace(occlusion, spread=None)
        )
        self._store.update(occlusion=forgotten)
        self._background.start(made, total)

    @Slot(object)
    def _on_progressed(self, progress: SeriesProgress) -> None:
        occlusion = self._store.state.occlusion
        if occlusion.epoch != self._epoch:
            return
        running = Running(self._title, progress.done, progress.total, progress.left_s)
        occlusion = replace(occlusion, running=running)
        if self._title == SWEEP:
            occlusion = replace(occlusion, swept=progress.value)
        self._store.update(occlusion=occlusion)

    @Slot(object, object)
    def _on_ended(self, value: Any, error: Exception | None) -> None:
        state = self._store.state
        if state.occlusion.epoch != self._epoch:
            return
        occlusion = replace(state.occlusion, running=None)
        if value is not None:
            occlusion = (
                replace(occlusion, swept=value) if self._title == SWEEP else replace(occlusion, spread=value)
            )
        self._store.update(occlusion=occlusion)
        if self._title == JITTER and value is not None:
            self._colour_by(value)
        if error is not None and not isinstance(error, Cancelled):
            self._session.tell(error)

    def _colour_by(self, spread: Spread) -> None:
        """Let the panels colour the answer shown by its spread."""
        from models.robustness.jitter import with_spread

        state = self._store.state
        if state.shown is None or state.answer is None:
            return
        answers = list(state.shown.answers)
        answers[state.selected_face] = with_spread(state.answer, spread)
        self._store.update(shown=replace(state.shown, answers=tuple(answers)))


def planned_sweep(occlusion: Occlusion) -> Sweep:
    """The sweep the lab is set to; a sliding patch shows what the brush paints."""
    from models.occlusion.fillings import Filling
    from models.robustness.sweep import Sweep

    plan, brush = occlusion.plan, occlusion.brush
    filling = Filling(brush.filling, brush.colour)
    return Sweep(plan.what, plan.steps, (plan.cells,) * 2, plan.patch_percent / 100, filling, occlusion.seed)


def planned_jitter(occlusion: Occlusion) -> Jitter:
    """The jitter the lab is set to."""
    from models.robustness.jitter import Jitter

    return Jitter(
        occlusion.plan.draws, occlusion.plan.shift_px, occlusion.plan.scale_percent / 100, occlusion.seed
    )
