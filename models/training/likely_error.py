"""Teaches a network's answers to tell how wrong they probably are; kept with its weights.

`python -m models.training.likely_error WEIGHTS --photographs DIR --out TAUGHT`.

Rendered faces and labelled crops, clean and under covers, are asked about in the right box and in boxes that
are shifted and scaled, pictures without faces likewise; a small regression then tells the logarithm of the
error from the signs in the answer (`methods/dsfnet/likely_error.py`).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn

from models.evaluation.finders import empty_pictures
from models.evaluation.rendered import rendered_faces
from models.face_model.morphable import FaceModel
from models.geometry.arrays import Box, Floats, Rng
from models.geometry.crops import warp_crop
from models.ground_truth import aflw
from models.loading import load_face_model, read_weights
from models.methods.dsfnet.factory import dsfnet
from models.methods.dsfnet.likely_error import HIDDEN, KEYS, PREFIX, SIGNS, LikelyError
from models.methods.dsfnet.method import DSFNet
from models.metrics.errors import nme_percent
from models.occlusion.kinds import KINDS, occluder
from models.occlusion.occluder import lay
from models.pipeline import back_project
from models.reconstructor import Face

NO_FACE_PERCENT = 60.0  # what an answer about no face counts as
COVERED, SHIFTED = 0.55, 0.55  # shares of what is asked
SHIFT, SCALE = (0.05, 0.45), 0.25  # of the face's size; at most, as a logarithm
TOGETHER = 32
FIRST_RENDER_SEED = 41_000_000
EPOCHS, RATE, DECAY = 120, 3e-3, 1e-2


@dataclass(frozen=True, eq=False, slots=True)
class Question:
    """A picture [H, W, 3], where to look, and the true landmarks [68, 2] px; None: no face is there."""

    picture: NDArray[np.uint8]
    box: Box
    landmarks: Floats | None


def crop_questions(folder: Path, count: int, seed: int) -> Iterator[Question]:
    """Of labelled crops whose labels agree, evenly spread."""
    labels, crops, rng = aflw.read_labels(folder), aflw.Crops(folder), np.random.default_rng(seed)
    trusted = np.flatnonzero(
        (labels.disagreement_percent < aflw.TRUSTED_PERCENT - 1).numpy() & ~labels.held_out
    )
    for row in trusted[np.linspace(0, len(trusted) - 1, min(count, len(trusted))).round().astype(int)]:
        marks = labels.landmarks[row].numpy().astype(np.float64)
        yield varied(crops.read(str(labels.name[row])), marks, rng)


def rendered_questions(face_model: FaceModel, count: int, seed: int) -> Iterator[Question]:
    """Of rendered faces, which wear what the renderer gave them."""
    rng = np.random.default_rng(seed)
    for start in range(0, count, TOGETHER):
        faces = rendered_faces(FIRST_RENDER_SEED + start, TOGETHER, face_model)
        for image, vertices in zip(faces.images, faces.vertices, strict=True):
            yield varied(image, faces.topology.landmarks(vertices).astype(np.float64), rng)


def empty_questions(count: int, seed: int) -> Iterator[Question]:
    """Of boxes in pictures without faces."""
    rng = np.random.default_rng(seed)
    for picture in empty_pictures(count):
        height, width = picture.shape[:2]
        for _ in range(3):
            side = float(rng.uniform(0.15, 0.9) * min(height, width))
            x, y = rng.uniform((0, 0), (width - side, height - side)).tolist()
            yield Question(picture, (x, y, x + side, y + side * float(rng.uniform(0.9, 1.2))), None)


def varied(picture: NDArray[np.uint8], marks: Floats, rng: Rng) -> Question:
    """The face perhaps behind a cover, perhaps in a box that lies off it."""
    if rng.random() < COVERED:
        kind = KINDS[int(rng.integers(len(KINDS)))]
        picture = lay(picture, [occluder(kind, marks, int(rng.integers(2**31)))])[0]
    low, high = marks[:, :2].min(0), marks[:, :2].max(0)
    if rng.random() < SHIFTED:
        low, high = shifted(low, high, rng)
    return Question(picture, (*low.tolist(), *high.tolist()), marks[:, :2])


def shifted(low: Floats, high: Floats, rng: Rng) -> tuple[Floats, Floats]:
    """Corners [2] of a box moved by a share of its size in some direction, and scaled."""
    size = float(np.sqrt(np.prod(high - low)))
    angle, by = rng.uniform(0, 2 * np.pi), rng.uniform(*SHIFT) * size
    middle = (low + high) / 2 + by * np.array([np.cos(angle), np.sin(angle)])
    half = (high - low) / 2 * np.exp(rng.uniform(-SCALE, SCALE))
    return middle - half, middle + half


def asked(method: DSFNet, questions: Iterator[Question]) -> tuple[Floats, Floats]:
    """Signs [Q, S] of the answers, and their errors [Q], NME of 68 points in %."""
    signs: list[Floats] = []
    errors: list[float] = []
    some: list[Question] = []
    for question in questions:
        some.append(question)
        if len(some) == TOGETHER:
            _ask(method, some, signs, errors)
            some = []
    if some:
        _ask(method, some, signs, errors)
    return np.stack(signs), np.array(errors)


def _ask(method: DSFNet, some: Sequence[Question], signs: list[Floats], errors: list[float]) -> None:
    views = [method.crop(Face(question.box)) for question in some]
    crops = np.stack([warp_crop(q.picture, T, method.size) for q, T in zip(some, views, strict=True)])
    answers, told = method.with_signs(crops)
    signs.extend(told)
    for question, answer, T in zip(some, answers, views, strict=True):
        if question.landmarks is None:
            errors.append(NO_FACE_PERCENT)
            continue
        placed = back_project(answer, T, question.box).landmarks[None, :, :2].astype(np.float64)
        errors.append(float(nme_percent(placed, question.landmarks[None])[0]))


def fitted(signs: Floats, errors: Floats, seed: int = 0) -> dict[str, Tensor]:
    """The tensors of a `LikelyError`: Gaussian likelihood of the logarithm of the error."""
    torch.manual_seed(seed)
    x, y = torch.tensor(signs).float(), torch.tensor(errors).float().clamp(0.5, NO_FACE_PERCENT).log()
    mean, spread = x.mean(0), x.std(0).clamp(min=1e-3)
    x = ((x - mean) / spread).clamp(-4, 4)
    first, second = nn.Linear(len(SIGNS), HIDDEN), nn.Linear(HIDDEN, 2)
    parameters = [*first.parameters(), *second.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=RATE, weight_decay=DECAY)
    steps = EPOCHS * (len(x) // 256 + 1)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        rows = torch.randint(len(x), (256,))
        noisy = x[rows] + 0.1 * torch.randn(len(rows), x.shape[1])
        middle, width = second(torch.tanh(first(noisy))).unbind(1)
        loss = torch.nn.functional.gaussian_nll_loss(middle, y[rows], (2 * width.clamp(-3, 1)).exp())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    values = (mean, spread, first.weight, first.bias, second.weight, second.bias)
    return {key: value.detach().clone() for key, value in zip(KEYS, values, strict=True)}


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m models.training.likely_error", description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--photographs", type=Path, required=True, help="folder of crops.tar and labels.npz")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--faces", type=int, default=5000, help="crops to ask about")
    parser.add_argument("--renders", type=int, default=1500)
    parser.add_argument("--empty", type=int, default=150, help="pictures without faces, three boxes each")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    method = dsfnet(options.weights)
    assert isinstance(method, DSFNet)
    sets = [
        asked(method, crop_questions(options.photographs, options.faces, 1)),
        asked(method, rendered_questions(load_face_model(), options.renders, 2)),
        asked(method, empty_questions(options.empty, 3)),
    ]
    signs, errors = (np.concatenate(column) for column in zip(*sets, strict=True))
    np.savez(options.out.with_suffix(".asked.npz"), signs=signs, errors=errors)
    tensors, recipe = read_weights(options.weights)
    told = fitted(signs, errors)
    tensors = {key: value for key, value in tensors.items() if not key.startswith(PREFIX)}
    tensors |= {PREFIX + key: value for key, value in told.items()}
    recipe |= {
        "likely error": f"{len(sets[0][1])} crops, {len(sets[1][1])} renders, {len(sets[2][1])} empty boxes"
    }
    save_file(tensors, options.out, {"recipe": json.dumps(recipe)})
    options.out.with_suffix(".json").write_text(json.dumps(recipe, indent=1) + "\n")
    likely = LikelyError(told)
    middle = np.array([likely(row).percent for row in signs])
    print(
        f"{options.out}: off by a factor of {np.exp(np.abs(np.log(middle / errors)).mean()):.2f} on average"
    )


if __name__ == "__main__":
    main()
