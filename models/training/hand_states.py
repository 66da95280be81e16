"""What people said of 68 points of a photo - visible, covered, turned away - carried to the whole face."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from models.geometry.arrays import Floats
from models.ground_truth.hand_labels import read_hand_labels
from models.reconstruction import State
from models.synthetic.head import Head, load_head
from models.synthetic.labels import UNKNOWN, Labels

Bytes = NDArray[np.uint8]

NEAR_MM = 8.0  # a point speaks for the surface around it, so far alone
ASKED = 4  # further away, the nearest points must agree
BROWS = slice(17, 27)
CHART_CELLS = 96
SURE = 0.85  # of another network's mask, where people say nothing


@dataclass(frozen=True, eq=False, slots=True)
class HandStates:
    """Hand labels by the name of a crop.

    Attributes:
        row: Row of each name.
        states: [F, 68] uint8, a `State`; points: [F, 68, 2] px of the crop, NaN where not placed.
    """

    row: dict[str, int]
    states: Bytes
    points: Floats

    @staticmethod
    def read(path: Path) -> HandStates:
        """The labels of an .npz, see `read_hand_labels`.

        Raises:
            InputError: As there.
        """
        labels = read_hand_labels(path)
        return HandStates(labels.rows, labels.states, labels.points)

    def of(self, name: str) -> Bytes:
        """[68] of one crop, all unknown where nobody labelled it."""
        row = self.row.get(name)
        return np.full(68, UNKNOWN, np.uint8) if row is None else self.states[row]


class Told(NamedTuple):
    """Labels of one photo: mask [M, M], states [N], landmark_states [68]; 255 where nobody knows."""

    mask: Bytes
    states: Bytes
    landmark_states: Bytes


def told_by_hand(hand: Bytes, labels: Labels, pasted: NDArray[np.bool_]) -> Told:
    """Exact labels of the fitted head and of what was pasted on, with what people said of the photo itself.

    Geometry knows what is turned away and what was pasted on; that anything else is seen it only believes,
    for hair, glasses and hands of the photo are not in it: kept where points labelled visible are near.

    Args:
        hand: [68] states, unknown where nobody labelled.
        labels: Of fitted head and pasted things.
        pasted: [68] points under something pasted on.
    """
    landmarks = np.where(pasted & (hand != State.TURNED_AWAY), State.COVERED, hand).astype(np.uint8)
    surface = _around(hand)
    out = np.where(labels.states == State.SEEN, surface, labels.states)
    cells = _chart()[tuple((labels.uv[::-1] * CHART_CELLS).astype(int).clip(0, CHART_CELLS - 1))]
    said = surface[cells]
    known = np.select([said == State.SEEN, said == State.COVERED], [1, 0], UNKNOWN)
    mask = labels.mask
    rim = (cv2.dilate(mask, np.ones((3, 3), np.uint8)) > 0) & (mask == 0)
    told = np.where(mask == 1, known, np.where(rim, UNKNOWN, 0))
    return Told(told.astype(np.uint8), out.astype(np.uint8), landmarks)


def with_prior(told: Told, prior: Floats) -> Told:
    """Cells nobody knows take what another network's mask `prior` [M, M] (0..1) is sure of."""
    sure = np.select([prior > SURE, prior < 1 - SURE], [1, 0], UNKNOWN).astype(np.uint8)
    return told._replace(mask=np.where(told.mask == UNKNOWN, sure, told.mask))


def _around(hand: Bytes) -> Bytes:
    """[N] what the points say of each vertex: seen, covered or unknown."""
    near = _nearest()
    told = hand[near.points]
    placed = (told == State.SEEN) | (told == State.COVERED)
    alone = np.where((near.mm[:, 0] < NEAR_MM) & placed[:, 0], told[:, 0], UNKNOWN)
    seen = (placed & (told == State.SEEN)).sum(1)
    covered = (placed & (told == State.COVERED)).sum(1)
    agreed = np.select(
        [(seen > 1) & (covered == 0) & ~near.above, (covered > 1) & (seen == 0)],
        [State.SEEN, State.COVERED],
        UNKNOWN,
    )
    return np.where(alone != UNKNOWN, alone, agreed).astype(np.uint8)


class _Near(NamedTuple):
    """Attributes: points [N, ASKED] landmarks nearest to each vertex; mm [N, ASKED]; above [N] the brows."""

    points: NDArray[np.int64]
    mm: Floats
    above: NDArray[np.bool_]


@cache
def _nearest() -> _Near:
    head: Head = load_head()
    marks = head.landmarks(head.mean)
    face = head.mean[: head.face_count]
    mm, points = cKDTree(marks).query(face, ASKED)
    return _Near(points, mm, face[:, 1] > marks[BROWS, 1].min())


@cache
def _chart() -> NDArray[np.int64]:
    """[C, C] the vertex nearest to each cell of the chart, rows along v."""
    line = (np.arange(CHART_CELLS) + 0.5) / CHART_CELLS
    v, u = np.meshgrid(line, line, indexing="ij")
    return np.asarray(cKDTree(load_head().uv).query(np.stack([u, v], -1))[1])
