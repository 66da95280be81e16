"""Whether a method knows when it is wrong: its likely error against the true one."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.evaluation.calibration import rank_correlation
from models.evaluation.finders import empty_pictures
from models.evaluation.occlusion import CLEAN
from models.evaluation.ranking import roc_auc
from models.evaluation.subjects import Subject
from models.evaluation.visibility import mean
from models.geometry.arrays import Box
from models.metrics.errors import box_size, nme_percent
from models.occlusion.kinds import occluder
from models.occlusion.occluder import lay
from models.pipeline import reconstruct
from models.reconstruction import Reconstruction
from models.reconstructor import Face, Reconstructor

WRONG_NME = 8.0  # percent
SHIFTS = (0.1, 0.4)  # of the face's size
SCALES = (0.85, 1.15)
EMPTY_SIDES = (0.2, 0.7)  # of the picture's side
EMPTY_SEED = 24_680


@dataclass(frozen=True, slots=True)
class Trial:
    """One answer: what its error is, and what the method says it is.

    Attributes:
        name: Of the face; kind: of the cover, or "clean".
        shifted: Whether the box was shifted and scaled.
        nme: Of 68 points, percent.
        likely: What the method says of it, percent; NaN where it does not.
    """

    name: str
    kind: str
    shifted: bool
    nme: float
    likely: float


@dataclass(frozen=True, slots=True)
class Judged:
    """How far some trials' likely errors can be believed. NaN where the method says none.

    Attributes:
        count: Trials.
        wrong_share: Of them, those with an NME above 8 %.
        auc: Of the likely error for being wrong.
        correlation: Spearman's, of likely and true error.
        nme, likely: Means, percent.
    """

    count: int
    wrong_share: float
    auc: float
    correlation: float
    nme: float
    likely: float


def error_trials(subjects: Sequence[Subject], method: Reconstructor, kinds: Sequence[str]) -> Iterator[Trial]:
    """Every face clean and under every cover, asked about in its true box and in a shifted one."""
    for subject in subjects:
        clean = subject.image()
        for kind in (CLEAN, *kinds):
            occluders = [] if kind == CLEAN else [occluder(kind, subject.landmarks, subject.seed)]
            picture, _ = lay(clean, occluders)
            faces = [Face(subject.box), Face(shifted_box(subject, kind))]
            for shifted, answer in enumerate(reconstruct(picture, faces, method)):
                nme = float(nme_percent(answer.landmarks, subject.landmarks))
                yield Trial(subject.name, kind, bool(shifted), nme, told_error(answer))


def shifted_box(subject: Subject, kind: str) -> Box:
    """The true box, 10 to 40 % of the face's size away and up to 15 % smaller or larger.

    The same for the same name and kind.
    """
    rng = np.random.default_rng([subject.seed, zlib.crc32(b"box"), zlib.crc32(kind.encode())])
    angle, far, scale = rng.uniform(0, 2 * np.pi), rng.uniform(*SHIFTS), rng.uniform(*SCALES)
    away = far * float(box_size(subject.landmarks)) * np.array([np.cos(angle), np.sin(angle)])
    low, high = np.array(subject.box[:2]), np.array(subject.box[2:])
    middle, half = (low + high) / 2 + away, scale * (high - low) / 2
    (x0, y0), (x1, y1) = (middle - half).tolist(), (middle + half).tolist()
    return x0, y0, x1, y1


def told_error(answer: Reconstruction) -> float:
    """The NME the method expects of its answer, percent; NaN where it does not say."""
    return float("nan") if answer.likely_error is None else float(answer.likely_error)


def judged(trials: Sequence[Trial]) -> Judged:
    """The figures of some trials."""
    nme, likely = np.array([t.nme for t in trials]), np.array([t.likely for t in trials])
    wrong = nme > WRONG_NME
    return Judged(
        count=len(trials),
        wrong_share=mean(wrong),
        auc=roc_auc(likely, wrong),
        correlation=rank_correlation(nme, likely),
        nme=mean(nme),
        likely=mean(likely),
    )


def by_trouble(trials: Sequence[Trial]) -> dict[str, Judged]:
    """All together, then clean and covered, each with the right and with the shifted box."""
    groups = {"all": judged(trials)}
    for looks, is_clean in (("clean", True), ("covered", False)):
        for box, shifted in (("right box", False), ("shifted box", True)):
            some = [t for t in trials if (t.kind == CLEAN) is is_clean and t.shifted is shifted]
            groups[f"{looks}, {box}"] = judged(some)
    return groups


def trusted_without_a_face(method: Reconstructor, count: int) -> float:
    """Share of pictures without faces, asked about in random boxes, with a likely error under 8 %.

    NaN where the method predicts none.
    """
    told = []
    for index, picture in enumerate(empty_pictures(count)):
        (answer,) = reconstruct(picture, [Face(_random_box(picture, index))], method)
        told.append(told_error(answer))
        if np.isnan(told[0]):
            return float("nan")
    return mean(np.array(told) < WRONG_NME)


def _random_box(picture: NDArray[np.uint8], index: int) -> Box:
    rng = np.random.default_rng([EMPTY_SEED, index])
    high, wide = picture.shape[:2]
    side = rng.uniform(*EMPTY_SIDES) * min(high, wide)
    x, y = rng.uniform(0, wide - side), rng.uniform(0, high - side)
    return float(x), float(y), float(x + side), float(y + side)
