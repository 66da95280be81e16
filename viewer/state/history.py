"""What the frames so far said: pose, share seen, disagreement, jitter, speed, error. No Qt."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.metrics.errors import box_size

if TYPE_CHECKING:
    pass

MOST_RECORDS = 1200
LONGEST_GAP_S = 0.5  # between frames, for the face's path between them to count as known
UNKNOWN = float("nan")


@dataclass(frozen=True, eq=False, slots=True)
class Record:
    """One frame.

    Attributes:
        index: Of the frame in its source.
        time_s: Since the beginning of the video or camera; 0 in a folder.
        face: The number of the face it is about, else its place in the frame; -1 for none.
        pose_deg: Pitch, yaw, roll.
        seen_percent: Share of the face's vertices that were seen.
        disagreement_mm: Mean distance of the two branches.
        jitter_percent: See `jitter_percent`; of this frame and the two before it.
        fps: Frames answered per second; NaN while not playing.
        error_percent: NME 2D of 68 points by sqrt(w h) of the truth's box; NaN without truth.
        landmarks: [68, 2] px.
        took_part: What the answer was computed from.
        thumbnail: [h, w, 3] of a camera's frame, which nobody can go back to; None for others.
    """

    index: int
    time_s: float
    face: int = -1
    pose_deg: tuple[float, float, float] = (UNKNOWN, UNKNOWN, UNKNOWN)
    seen_percent: float = UNKNOWN
    disagreement_mm: float = UNKNOWN
    jitter_percent: float = UNKNOWN
    fps: float = UNKNOWN
    error_percent: float = UNKNOWN
    landmarks: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    took_part: tuple[str, ...] = ()
    thumbnail: NDArray[np.uint8] | None = None


@dataclass(frozen=True, eq=False, slots=True)
class History:
    """The records of one source in the order of its frames, at most MOST_RECORDS.

    Attributes:
        source: Number of the source; a new one begins a new history.
        live: It is a camera: time runs instead of frame numbers, and one cannot go back.
        records: By index, each once.
    """

    source: int = 0
    live: bool = False
    records: tuple[Record, ...] = ()

    def with_record(self, record: Record) -> History:
        """With one more frame, or the newer word on a known one; of too many the farthest is left out."""
        place = bisect_left(self.records, record.index, key=lambda known: known.index)
        before = self.records[max(place - 2, 0) : place]
        record = replace(record, jitter_percent=jitter_percent((*before, record)))
        known = place < len(self.records) and self.records[place].index == record.index
        records = (*self.records[:place], record, *self.records[place + known :])
        if len(records) > MOST_RECORDS:
            first_is_farther = record.index - records[0].index >= records[-1].index - record.index
            records = records[1:] if first_is_farther else records[:-1]
        return replace(self, records=records)

    def nearest(self, x: float) -> Record | None:
        """The record whose place on the axis of `position` is nearest; None if there is none."""
        return min(self.records, key=lambda record: abs(self.position(record) - x), default=None)

    def position(self, record: Record) -> float:
        """Where a record lies along the plots: its frame's number from 1, or a camera's time in seconds."""
        return record.time_s if self.live else record.index + 1.0


NO_HISTORY = History()


def jitter_percent(records: tuple[Record, ...]) -> float:
    """How much a face trembles at the last of three records: the mean second difference of its landmarks.

    100 * mean_k |x_0 - 2 x_1 + x_2| / sqrt(w h) for frames equally far apart in time; in general twice the
    distance of x_1 from the straight line between x_0 and x_2 at its time. Steady motion of any speed gives
    zero, however unevenly frames were answered. NaN without three frames close in time, of one face and one
    way to compute.
    """
    if len(records) < 3 or any(len(record.landmarks) == 0 for record in records):
        return UNKNOWN
    first, middle, last = records
    gaps = middle.time_s - first.time_s, last.time_s - middle.time_s
    same = len({(record.face, record.took_part) for record in records}) == 1
    if not same or not all(0 < gap <= LONGEST_GAP_S for gap in gaps):
        return UNKNOWN
    share = gaps[0] / (gaps[0] + gaps[1])
    straight = (1 - share) * first.landmarks + share * last.landmarks
    apart = np.linalg.norm(2 * (middle.landmarks - straight), axis=1)
    return float(100 * apart.mean() / box_size(middle.landmarks))
