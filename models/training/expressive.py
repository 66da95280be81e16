"""Rendered faces that move more than people mostly do: open mouths, grins, closed eyes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from models.geometry.arrays import Ints
from models.metrics.expression import expression_measures
from models.synthetic.dataset import Rows, row_of
from models.synthetic.draw import draw_scene
from models.synthetic.head import load_head

FIRST_KEY = 7211  # sets this stream of chance apart from those of scenes
SHARE = 0.45  # of the faces
TOP = 0.12  # of the bank's expressions that go furthest in one direction
STRENGTH = (0.8, 1.25)


def expressive_row(seed: int, index: int, size: int) -> Rows:
    """One synthetic face of that index, often with one of the strongest expressions of the bank instead."""
    head = load_head()
    scene, rng = draw_scene(seed, index, head), np.random.default_rng([FIRST_KEY, seed, index])
    if rng.random() < SHARE:
        kinds = furthest()
        chosen = head.expression_bank[int(rng.choice(kinds[int(rng.integers(len(kinds)))]))]
        scene = replace(scene, expression=np.asarray(chosen * rng.uniform(*STRENGTH), np.float32))
    return row_of(scene, head, size)


@cache
def furthest() -> tuple[Ints, ...]:
    """Rows of the bank whose lips are furthest apart, mouths widest, corners highest, lids nearest."""
    head = load_head()
    rest = head.landmarks(head.mean).astype(np.float64)
    nobody = np.zeros(len(head.identity), np.float32)
    units = np.eye(len(head.expression), dtype=np.float32)
    moves = np.stack([head.landmarks(head.vertices(nobody, unit)) - rest for unit in units])
    measures = expression_measures(rest + np.tensordot(head.expression_bank, moves, 1))
    count = round(TOP * len(measures))
    signed = measures.T * np.array([[1], [1], [1], [-1]])
    return tuple(np.argsort(column)[-count:] for column in signed)
