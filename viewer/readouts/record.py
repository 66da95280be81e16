"""What a frame says for the history. No Qt."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from models.metrics.disagreement import disagreement_px
from models.metrics.errors import nme_percent
from models.metrics.states import seen_share
from viewer.state.history import UNKNOWN, Record
from viewer.state.state import State

THUMBNAIL_PX = 128


def record_of(state: State) -> Record | None:
    """What the frame shown says of the selected face; None for a single picture, which has no history."""
    if state.shown is None or state.shown.frame.count == 1:
        return None
    frame, answer, judgement = state.shown.frame, state.answer, state.judgement
    thumbnail = _thumbnail(frame.image) if frame.count == 0 else None
    if answer is None:
        return Record(frame.index, frame.time_s, thumbnail=thumbnail)
    seen, apart = seen_share(answer), disagreement_px(answer)
    return Record(
        index=frame.index,
        time_s=frame.time_s,
        face=_number(state),
        pose_deg=answer.pose_deg,
        seen_percent=UNKNOWN if seen is None else 100 * seen,
        disagreement_mm=UNKNOWN if apart is None else apart[0] * answer.mm_per_px,
        fps=state.fps if state.live and state.fps else UNKNOWN,
        error_percent=UNKNOWN
        if judgement is None or judgement.landmarks is None
        else float(nme_percent(judgement.branches[0].landmarks, judgement.landmarks)),
        landmarks=answer.landmarks[:, :2],
        took_part=answer.took_part,
        thumbnail=thumbnail,
    )


def _number(state: State) -> int:
    """What the selected face is called throughout a video."""
    faces = () if state.shown is None else state.shown.faces
    known = faces[state.selected_face].identity if state.selected_face < len(faces) else None
    return state.selected_face if known is None else known


def _thumbnail(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    step = max(1, math.ceil(max(image.shape[:2]) / THUMBNAIL_PX))
    return np.ascontiguousarray(image[::step, ::step])
