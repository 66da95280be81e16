"""What a trained network gets wrong on every photo alike: measured on labelled crops, kept with its weights.

`python -m models.training.correction WEIGHTS --photographs DIR --out CORRECTED`, for any of the methods.

Rendered faces are not quite proportioned as photographed ones look, so a network taught by renders places
every photographed mouth a little low, every brow a little wide. One offset per vertex of the mean face, the
least-squares answer over faces seen from all sides, takes that away. It is a handful of averages: nothing of
a single photo is in it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from models.face_model.fitting import Fits
from models.face_model.morphable import FaceModel
from models.geometry.arrays import Doubles, Floats
from models.geometry.crops import warp_crop
from models.ground_truth.aflw import Crops, Labels, read_labels
from models.loading import load, load_face_model, read_weights
from models.methods.mean_face import CORRECTION
from models.reconstructor import Face, Reconstructor
from models.synthetic.camera import project
from models.training.aflw_fits import cached_fits, usable

TOGETHER = 32  # crops at once
RIDGE = 1e-3  # keeps a vertex whose depth no turn shows where it is
UP = np.array([1.0, -1.0])


def measured(
    method: Reconstructor, face_model: FaceModel, labels: Labels, cache: Path, faces: int
) -> Doubles:
    """[N, 3] mm, symmetric: what to add to the mean face of `method`.

    Minimises sum_f |P R_f o_n - (y_fn - x_fn) / s_f|^2 per vertex n: x the answer, y the fitted face in the
    picture, R_f and s_f its rotation and scale, P the projection along the line of sight.

    Args:
        method: Without a correction of its own.
        face_model: Its face model.
        labels: Of photographs; held-out and distrusted ones are passed over.
        cache: Of the fits, see `cached_fits`.
        faces: How many to ask, evenly spread.
    """
    fits = cached_fits(labels, face_model, cache)
    rows = usable(labels, fits.error_percent)
    rows = rows[np.linspace(0, len(rows) - 1, min(faces, len(rows))).round().astype(int)]
    crops = Crops(labels.folder)
    normal, right = np.zeros((3, 3)), np.zeros((len(face_model.mean), 3))
    for start in range(0, len(rows), TOGETHER):
        some = rows[start : start + TOGETHER]
        missing = _missing_mm(method, face_model, labels, fits, crops, some)
        seen = fits.rotation[some].numpy().astype(np.float64)[:, :2]
        normal += np.einsum("fij,fik->jk", seen, seen)
        right += np.einsum("fij,fni->nj", seen, missing)
    offsets = np.linalg.solve(normal + RIDGE * len(rows) * np.eye(3), right.T).T
    mirror = np.array([-1.0, 1.0, 1.0])
    return np.asarray((offsets + offsets[face_model.topology.mirror] * mirror) / 2)


def _missing_mm(
    method: Reconstructor,
    face_model: FaceModel,
    labels: Labels,
    fits: Fits,
    crops: Crops,
    rows: NDArray[np.int64],
) -> Doubles:
    """[F, N, 2] mm in the picture, y up: from the answers to the fitted faces."""
    part = Fits(*(values[rows] for values in fits))
    shapes = face_model.vertices(part.identity, part.expression)
    wanted = project(shapes, part.rotation, part.camera)[..., :2].numpy().astype(np.float64)
    boxes = labels.landmarks[rows][..., :2]
    low, high = boxes.amin(1).tolist(), boxes.amax(1).tolist()
    views = [method.crop(Face((*a, *b), 1.0)) for a, b in zip(low, high, strict=True)]
    pictures = [
        warp_crop(crops.read(str(labels.name[k])), T, method.size) for k, T in zip(rows, views, strict=True)
    ]
    answers = method(np.stack(pictures))
    out = []
    for answer, T_image_crop, goal, scale in zip(
        answers, views, wanted, part.camera[:, 0].tolist(), strict=True
    ):
        placed = answer.vertices[:, :2] @ T_image_crop[:2, :2].T + T_image_crop[:2, 2]
        out.append((goal - placed) / scale * UP)
    return np.stack(out)


def write_offsets(
    weights: Path, offsets_mm: Floats | Doubles, source: str, out: Path, key: str = CORRECTION
) -> None:
    """The weights with offsets beside the network's tensors, under a key, and their source in the recipe."""
    tensors, recipe = read_weights(weights)
    tensors[key] = torch.from_numpy(offsets_mm).half()
    recipe |= {key: source}
    out.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, out, {"recipe": json.dumps(recipe)})
    out.with_suffix(".json").write_text(json.dumps(recipe, indent=1) + "\n")


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m models.training.correction", description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--photographs", type=Path, required=True, help="folder of crops.tar and labels.npz")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--faces", type=int, default=6000)
    options = parser.parse_args(arguments)
    face_model, labels = load_face_model(), read_labels(options.photographs)
    tensors, recipe = read_weights(options.weights)
    tensors.pop(CORRECTION, None)  # it is measured anew
    options.out.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, options.out, {"recipe": json.dumps(recipe)})
    method = load(str(recipe["method"]), options.out)
    cache = options.out.with_name("fits.npz")
    offsets = measured(method, face_model, labels, cache, options.faces)
    write_offsets(
        options.out, offsets, f"mean over {options.faces} crops of {labels.folder.name}", options.out
    )
    lengths = np.linalg.norm(offsets, axis=1)
    print(f"{options.out}: offsets of {lengths.mean():.2f} mm on average, {lengths.max():.2f} mm at most")


if __name__ == "__main__":
    main()
