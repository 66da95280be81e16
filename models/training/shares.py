"""Sets how often a network calls points turned away and covered to how often people do.

`python -m models.training.shares WEIGHTS --photographs DIR --hand LABELS.npz --out SET`.

Renders show other covers, more or less often, than photographs do, so a network taught by them is too sure
either way. Two numbers, added to what its last layer says of "turned away" and of "covered", make the mean
probabilities over labelled crops those of the hand labels. They are averages: nothing of a single photo is
in them.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from models.geometry.arrays import Floats
from models.geometry.crops import warp_crop
from models.ground_truth import aflw
from models.loading import read_weights
from models.methods.dsfnet.factory import dsfnet
from models.networks.states import STATES
from models.reconstruction import State
from models.reconstructor import Face, Reconstructor
from models.training.hand_states import HandStates

BIAS = "states.judge.leave.bias"
TOGETHER, ROUNDS = 32, 200


def told_states(
    method: Reconstructor, folder: Path, hand: HandStates, count: int
) -> tuple[Floats, NDArray[np.uint8]]:
    """Landmark states [F, 68, 3] that `method` tells of labelled crops, and those of people [F, 68]."""
    labels, crops = aflw.read_labels(folder), aflw.Crops(folder)
    rows = [k for k, name in enumerate(labels.name) if str(name) in hand.row and not labels.held_out[k]]
    rows = [rows[k] for k in np.linspace(0, len(rows) - 1, min(count, len(rows))).round().astype(int)]
    told = []
    for start in range(0, len(rows), TOGETHER):
        some = rows[start : start + TOGETHER]
        marks = [labels.landmarks[k, :, :2] for k in some]
        views = [method.crop(Face((*m.amin(0).tolist(), *m.amax(0).tolist()))) for m in marks]
        pictures = [crops.read(str(labels.name[k])) for k in some]
        squares = [warp_crop(p, T, method.size) for p, T in zip(pictures, views, strict=True)]
        told += [answer.landmark_states for answer in method(np.stack(squares), frozenset())]
    return np.stack([t for t in told if t is not None]), np.stack(
        [hand.of(str(labels.name[k])) for k in rows]
    )


def biases(told: Floats, shares: Floats) -> Floats:
    """[3] to add to the logits so that the mean probabilities of `told` [..., 3] become `shares` [3]."""
    logits = np.log(told.reshape(-1, STATES).clip(1e-7).astype(np.float64))
    out = np.zeros(STATES)
    for _ in range(ROUNDS):
        values = np.exp(logits + out)
        mean = (values / values.sum(1, keepdims=True)).mean(0)
        out += np.log(shares / mean)
        out -= out[State.SEEN]
    return out


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m models.training.shares", description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--photographs", type=Path, required=True, help="folder of crops.tar and labels.npz")
    parser.add_argument("--hand", type=Path, required=True, help="hand labels of states (.npz)")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--faces", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    hand = HandStates.read(options.hand)
    told, said = told_states(dsfnet(options.weights), options.photographs, hand, options.faces)
    shares = np.array([(said == state).mean() for state in State])
    added = biases(told, shares)
    tensors, recipe = read_weights(options.weights)
    tensors[BIAS] = (tensors[BIAS].float() + torch.tensor(np.tile(added, 2)).float()).half()
    mean = ", ".join(f"{share:.3f}" for share in shares)
    recipe |= {"shares": f"seen, turned away, covered: {mean}, means over {len(told)} crops"}
    save_file(tensors, options.out, {"recipe": json.dumps(recipe)})
    options.out.with_suffix(".json").write_text(json.dumps(recipe, indent=1) + "\n")
    print(f"{options.out}: {mean}; told before {told.mean((0, 1)).round(3).tolist()}; added {added.round(2)}")


if __name__ == "__main__":
    main()
