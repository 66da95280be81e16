"""Whether smiles, open mouths and closed eyes come out in full."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.evaluation.scoring import BRANCHES, Answers, View, ask
from models.evaluation.tables import table
from models.evaluation.visibility_sets import beside
from models.geometry.arrays import Doubles
from models.ground_truth.aflw2000 import LabelledFace, aflw2000
from models.ground_truth.hand_labels import HandLabels, read_hand_labels
from models.metrics.errors import box_size
from models.metrics.expression import (
    CORNERS,
    EYES,
    LOWER_LID,
    LOWER_LIP,
    MEASURES,
    MIDDLE,
    NOSE,
    UPPER_LID,
    UPPER_LIP,
    agreement,
    expression_measures,
)
from models.reconstruction import State
from models.reconstructor import Reconstructor

OF_HAND = {  # the points that people must have seen
    "lip gap": (*UPPER_LIP, *LOWER_LIP),
    "mouth width": CORNERS,
    "corner lift": (*CORNERS, *MIDDLE, *EYES, *NOSE),
    "eye opening": (*UPPER_LID, *LOWER_LID),
}
HAND_FILE = "merlrav/aflw2000_open.npz"
Rows = list[list[object]]


def expression_report(folder: Path, method: Reconstructor, limit: int | None, hand: Path | None) -> str:
    """Every branch against the true landmarks in 3D and, where there are any, hand labels in 2D.

    Args:
        folder: As for aflw2000.
        method: Under test, asked about the true box.
        limit: Only this many faces.
        hand: name, points68, state68 (.npz); None: the file that lies beside the folder, if it does.
    """
    faces = aflw2000(folder, limit)
    answers = ask(faces, method, views(method))
    parts = [
        f"{len(faces)} faces, % of the face, box from the truth",
        table(_header("against the truth, 3D"), against_truth(faces, answers)),
    ]
    if (path := hand or beside(folder, HAND_FILE)) is not None:
        labels = read_hand_labels(path)
        parts.append(table(_header("against hand labels, 2D"), against_hand(faces, answers, labels)))
    return "\n\n".join(parts)


def views(method: Reconstructor) -> list[View]:
    """The answer, and the branches it is made of."""
    if not set(BRANCHES) <= set(method.switches):
        return [View("answer")]
    return [View("fused"), *(View(branch, layer=branch) for branch in BRANCHES)]


def against_truth(faces: Sequence[LabelledFace], answers: Sequence[Answers]) -> Rows:
    """A row for each measure and view: r, slope, mean error in % of sqrt(w h)."""
    truth = np.array([face.landmarks for face in faces], np.float64)
    size = box_size(truth)[:, None]
    true = 100 * expression_measures(truth) / size
    told = [100 * expression_measures(answer.landmarks) / size for answer in answers]
    return [
        [name, answer.view.name, *agreement(values[:, k], true[:, k])]
        for k, name in enumerate(MEASURES)
        for answer, values in zip(answers, told, strict=True)
    ]


def against_hand(faces: Sequence[LabelledFace], answers: Sequence[Answers], hand: HandLabels) -> Rows:
    """The same in the picture, of faces all of whose points concerned people saw."""
    points, states, size = _by_hand(faces, hand)
    true = 100 * expression_measures(points) / size
    out: Rows = []
    for name, concerned in OF_HAND.items():
        k = MEASURES.index(name)
        seen = (states[:, list(concerned)] == State.SEEN).all(1)
        for answer in answers:
            told = 100 * expression_measures(answer.landmarks[..., :2]) / size
            out.append([name, answer.view.name, *agreement(told[seen, k], true[seen, k])])
    return out


def _by_hand(faces: Sequence[LabelledFace], hand: HandLabels) -> tuple[Doubles, Doubles, Doubles]:
    """Points [F, 68, 2] px and states [F, 68], NaN where nobody labelled; sizes [F, 1] px."""
    points, states = np.full((len(faces), 68, 2), np.nan), np.full((len(faces), 68), np.nan)
    for k, face in enumerate(faces):
        if (row := hand.rows.get(face.name)) is not None:
            points[k], states[k] = hand.points[row], hand.states[row]
    return points, states, box_size(np.array([face.landmarks for face in faces]))[:, None]


def _header(title: str) -> list[str]:
    return [title, "of", "r", "slope", "mean error"]
