"""Where people place landmarks, as against a method: measured on labelled crops, kept with its weights.

`python -m models.training.by_hand WEIGHTS --photographs DIR --hand FILE --out NEW`.

People who mark points in pictures follow rules of their own: the bridge of the nose lies higher and deeper,
the brows reach nearer to each other. One offset of the head for each landmark, the least-squares answer over
faces seen from all sides, tells the difference: averages, nothing of a single photo. The jaw has none: people
mark its visible outline.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.errors import InputError, UnmaskError
from models.geometry.arrays import Doubles
from models.geometry.landmarks import JAW, MIRROR
from models.geometry.transforms import rotation_from_euler
from models.ground_truth.aflw import Crops, Labels, read_labels
from models.ground_truth.record import box_of
from models.loading import load, read_weights
from models.methods.mean_face import BY_HAND
from models.metrics.errors import box_size
from models.pipeline import reconstruct_all
from models.reconstruction import State
from models.reconstructor import Face, Reconstructor
from models.training.aflw_fits import habits
from models.training.correction import write_offsets
from models.training.hand_points import STRAY_PERCENT
from models.training.hand_states import HandStates

TOGETHER = 32  # crops at once


def measured(method: Reconstructor, labels: Labels, hand: HandStates, faces: int) -> Tensor:
    """[68, 3] mm of the head, symmetric: from the landmarks of `method` to where people place them.

    Minimises sum_f |P R_f o_k - (y_fk - x_fk) / s_f|^2 per landmark k over the faces where people saw it: x
    the answer, y the label, R_f and s_f rotation and scale of the answer, P the projection along the line of
    sight.

    Args:
        method: Whose landmarks.
        labels: Of photographs; held-out ones are passed over.
        hand: Hand labels of some of them.
        faces: How many to ask, evenly spread.

    Raises:
        InputError: Nobody labelled any of the photographs.
    """
    known = [k for k, name in enumerate(labels.name) if str(name) in hand.row and not labels.held_out[k]]
    if not known:
        raise InputError(
            f"None of the faces of {labels.folder} has hand labels. Give those of the same crops."
        )
    rows = np.asarray(known)[np.linspace(0, len(known) - 1, min(faces, len(known))).round().astype(int)]
    crops = Crops(labels.folder)
    missing, seen, turns, scales = [], [], [], []
    for start in range(0, len(rows), TOGETHER):
        some = rows[start : start + TOGETHER].tolist()
        asked = [(crops.read(str(labels.name[k])), [Face(box_of(labels.landmarks[k].numpy()))]) for k in some]
        for k, (answer,) in zip(some, reconstruct_all(asked, method, bare=True), strict=True):
            name = str(labels.name[k])
            off, known_here = _missing(answer.landmarks.astype(np.float64), hand, name)
            missing.append(off)
            seen.append(known_here)
            turns.append(rotation_from_euler(torch.tensor(answer.pose_deg).deg2rad()))
            scales.append(1 / answer.mm_per_px)
    offset, _ = habits(
        torch.from_numpy(np.stack(missing)).float(),
        torch.from_numpy(np.stack(seen)),
        torch.from_numpy(MIRROR),
        torch.stack(turns).float(),
        torch.tensor(scales).float(),
    )
    return offset


def _missing(landmarks: Doubles, hand: HandStates, name: str) -> tuple[Doubles, NDArray[np.bool_]]:
    """[68, 2] px from an answer's landmarks to the labels of a face, and [68] where these count."""
    off = hand.points[hand.row[name]] - landmarks[:, :2]
    near = np.linalg.norm(off, axis=1) < STRAY_PERCENT / 100 * box_size(landmarks)
    counts = near & (hand.of(name) == State.SEEN)
    counts[list(JAW)] = False
    return np.where(counts[:, None], off, 0.0), counts


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write; 0, or 1 with a sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python -m models.training.by_hand", description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--photographs", type=Path, required=True, help="folder of crops.tar and labels.npz")
    parser.add_argument("--hand", type=Path, required=True, help="name, points68 and state68 (.npz)")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--faces", type=int, default=3000)
    chosen = parser.parse_args(arguments)
    try:
        labels, hand = read_labels(chosen.photographs), HandStates.read(chosen.hand)
        _, recipe = read_weights(chosen.weights)
        offset = measured(load(str(recipe["method"]), chosen.weights), labels, hand, chosen.faces)
    except UnmaskError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    source = f"mean over {chosen.faces} crops of {labels.folder.name}, points by hand"
    write_offsets(chosen.weights, offset.numpy(), source, chosen.out, BY_HAND)
    length = offset.norm(dim=1)
    print(f"{chosen.out}: offsets of {length[17:].mean():.2f} mm on average, {length.max():.2f} mm at most")
    return 0


if __name__ == "__main__":
    sys.exit(main())
