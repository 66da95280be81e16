"""A frame and what was answered about it. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from viewer.state.occlusion import Occluded
from viewer.state.setting import Setting

if TYPE_CHECKING:
    from models.metrics.ground_truth_errors import Judgement
    from models.reconstruction import Reconstruction
    from models.reconstructor import Face
    from viewer.sources.source import Frame


class FoundBy(Enum):
    """How it is known where the faces of a frame are; the value is the text a user reads."""

    DETECTED = "looked for"
    FOLLOWED = "followed"
    DRAWN = "box drawn by hand"


LOST = "a face was lost"
"""The reason of a Search that ended the following of a face against its will."""


@dataclass(frozen=True, slots=True)
class Search:
    """Where the faces of a frame come from.

    Attributes:
        found: By which means.
        reason: Why faces that were being followed were looked for again; empty if none were.
        frames: How many frames ago faces were looked for; 0 in a frame in which they were.
    """

    found: FoundBy = FoundBy.DETECTED
    reason: str = ""
    frames: int = 0


@dataclass(frozen=True, eq=False, slots=True)
class TruthFile:
    """Ground truth the user opened.

    Attributes:
        path: The file.
        frame: The picture it is about.
    """

    path: Path
    frame: Frame


@dataclass(frozen=True, eq=False, slots=True)
class BoxTrial:
    """What was there before the true box was tried.

    Attributes:
        frame: The picture.
        boxes: Faces the user had drawn; None where the detector had looked.
        face: Which face was shown.
        normaliser: What errors were divided by.
        percent: Its error.
    """

    frame: Frame
    boxes: tuple[Face, ...] | None
    face: int
    normaliser: str
    percent: float


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Shown:
    """One frame and what was answered about it: always replaced together.

    Attributes:
        frame: The picture the answers are about.
        faces: The boxes that were looked at, surest first, each with the number of its face.
        answers: One per face, in image space.
        elapsed_ms: Detection and reconstruction together.
        detection_ms: Detection alone; 0 for boxes drawn by hand and for faces that were followed.
        search: How the faces were found; None while nobody has looked yet.
        judgement: The answer the ground truth is about, held against it; None without truth or answer.
        truth_problem: Why ground truth that is there could not be used; empty for nothing.
        others: What others answered about the same faces, for comparison.
        troubles: Why others who were asked too have no answer.
        occluded: What was laid over the frame; `frame` is then the covered picture. None for nothing.
        absence: Why there is no answer although faces are there; empty if there is one, or nobody was asked.
    """

    frame: Frame
    faces: tuple[Face, ...] = ()
    answers: tuple[Reconstruction, ...] = ()
    elapsed_ms: float = 0.0
    detection_ms: float = 0.0
    search: Search | None = None
    judgement: Judgement | None = None
    truth_problem: str = ""
    others: Mapping[Setting, tuple[Reconstruction, ...]] = field(default_factory=dict)
    troubles: Mapping[Setting, str] = field(default_factory=dict)
    occluded: Occluded | None = None
    absence: str = ""

    @property
    def bare(self) -> Frame:
        """The frame as its source gave it, without occluders."""
        return self.frame if self.occluded is None else self.occluded.frame
