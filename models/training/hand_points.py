"""Points that people placed: `python -m models.training.hand_points FOLDER ... --hand FILE --out OUT`.

The pseudo-labels of one or several folders are averaged. Where people placed a point of brows, nose, eyes
or mouth, it stands; under a cover, where they guessed as well, the mean of both does; what is turned away,
the depth and the jaw, of which people mark the outline, stay as they were. Hand labels follow a habit of
their own, one offset for each point of the head: pseudo-labels of all faces are moved by a share of it, and
hand labels back by the rest, so that all labels of OUT follow one habit.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from models.errors import InputError, UnmaskError
from models.face_model.fitting import Fits, fit
from models.face_model.morphable import FaceModel
from models.geometry.arrays import Floats
from models.geometry.landmarks import JAW, MIRROR
from models.geometry.transforms import nearest_rotation
from models.ground_truth import aflw
from models.loading import load_face_model
from models.reconstruction import State
from models.training.aflw_fits import NOISE, habits
from models.training.hand_states import HandStates

Z = torch.tensor([0.0, 0.0, 1.0])
HABIT = 0.5  # how much of the hand labels' habit the labels follow: the benchmarks follow none of it
STRAY_PERCENT = 15.0  # hand labels further off, % of the face, were put on another point


def main(arguments: Sequence[str] | None = None) -> int:
    """Blend and write; 0, or 1 with a sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python -m models.training.hand_points", description=__doc__)
    parser.add_argument(
        "folder", type=Path, nargs="+", help="crops.tar and labels.npz; the same faces in all"
    )
    parser.add_argument("--hand", type=Path, required=True, help="name, points68 and state68 (.npz)")
    parser.add_argument("--habit", type=float, default=HABIT, help="share of the hand labels' offset, 0 to 1")
    parser.add_argument("--out", type=Path, required=True, help="folder of the new labels")
    chosen = parser.parse_args(arguments)
    try:
        write(chosen.folder, HandStates.read(chosen.hand), chosen.habit, chosen.out)
    except UnmaskError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def write(folders: Sequence[Path], hand: HandStates, habit: float, out: Path) -> None:
    """Write OUT/labels.npz: all arrays of the first folder, with new pseudo-labels and `placed68`.

    Raises:
        InputError: A folder cannot be read, holds other faces than the first, or is OUT itself.
    """
    if out.resolve() in [folder.resolve() for folder in folders]:
        raise InputError(f"--out must be another folder than {out}: its labels are kept.")
    read = [aflw.read_labels(folder) for folder in folders]
    first = read[0]
    if any(labels.name.tolist() != first.name.tolist() for labels in read):
        raise InputError(f"the folders {', '.join(map(str, folders))} must hold the same faces.")
    centred = [labels.landmarks - labels.landmarks.mean(1, keepdim=True) * Z for labels in read]
    landmarks = torch.stack(centred).mean(0)
    rotation = nearest_rotation(torch.stack([labels.rotation for labels in read]).mean(0))
    face_model = load_face_model()
    blended, placed = blend(landmarks.numpy(), rotation, first.name, hand, face_model, habit)
    with np.load(folders[0] / "labels.npz", allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    arrays |= {"landmarks68_tddfa": blended, "rotation_tddfa": rotation.numpy(), "placed68": placed}
    out.mkdir(parents=True, exist_ok=True)
    np.savez(out / "labels.npz", **arrays)
    link = out / "crops.tar"
    if not link.exists():
        link.symlink_to((folders[0] / "crops.tar").resolve())


def blend(
    landmarks: Floats,
    rotation: torch.Tensor,
    names: NDArray[np.str_],
    hand: HandStates,
    face_model: FaceModel,
    habit: float,
) -> tuple[Floats, Floats]:
    """New landmarks [F, 68, 3] px and how far each was placed by people, [F, 68] 0..1.

    Args:
        landmarks: [F, 68, 3] px, pseudo-labels; rotation: [F, 3, 3] theirs, y up; names: [F].
        hand: Labels of some of those faces.
        face_model: Tells how large and how turned each head is.
        habit: Share of the hand labels' habit that the new labels follow.
    """
    states, points = _by_face(names, hand)
    inner = np.setdiff1d(np.arange(68), JAW)
    size = np.sqrt(np.prod(np.ptp(landmarks[..., :2], axis=1), -1))[:, None]
    off = np.linalg.norm(points - landmarks[..., :2], axis=-1) / size * 100
    known = np.isfinite(off) & (off < STRAY_PERCENT) & np.isin(np.arange(68), inner)
    seen, covered = known & (states == State.SEEN), known & (states == State.COVERED)
    fits = fit(face_model, torch.from_numpy(landmarks), rotation=rotation, noise=NOISE)
    missing = torch.from_numpy(np.where(seen[..., None], points - landmarks[..., :2], 0)).float()
    mirror, scale = torch.from_numpy(MIRROR), fits.camera[:, 0]
    offset_mm, shift = habits(missing, torch.from_numpy(seen), mirror, fits.rotation, scale)
    way = _pictured(offset_mm, fits)
    pseudo = landmarks[..., :2] + habit * way
    by_hand = points - (1 - habit) * way - np.array([shift, 0])
    trust = (seen + 0.5 * covered)[..., None]
    flat = np.where(trust > 0, trust * np.nan_to_num(by_hand) + (1 - trust) * pseudo, pseudo)
    blended = np.concatenate([flat, landmarks[..., 2:]], 2)
    return blended.astype(np.float32), trust[..., 0].astype(np.float32)


def _by_face(names: NDArray[np.str_], hand: HandStates) -> tuple[NDArray[np.uint8], Floats]:
    """States [F, 68] and points [F, 68, 2] px of those faces, NaN where nobody placed any."""
    states = np.stack([hand.of(str(name)) for name in names])
    points = np.full((*states.shape, 2), np.nan, np.float32)
    for k, name in enumerate(names):
        if (row := hand.row.get(str(name))) is not None:
            points[k] = hand.points[row]
    return states, points


def _pictured(offset_mm: torch.Tensor, fits: Fits) -> Floats:
    """[68, 3] mm of the head -> [F, 68, 2] px of each picture, y down."""
    turned = (fits.rotation[:, None] @ offset_mm[..., None])[..., 0]
    flat = turned[..., :2] * torch.tensor([1.0, -1.0]) * fits.camera[:, :1, None]
    return np.asarray(flat.numpy(), np.float32)


if __name__ == "__main__":
    sys.exit(main())
