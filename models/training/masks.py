"""What a network takes for face in labelled crops.

`python -m models.training.masks WEIGHTS --photographs DIR --out OUT.npy`.

Where no hand label says what lies before a face - hair on a forehead, a frame on a cheek - a training on
photographs asks another network's mask, where that is sure (`--masks` of `python -m models.training`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from models.ground_truth import aflw
from models.methods.dsfnet.factory import dsfnet
from models.methods.dsfnet.method import DSFNet

SIDE, TOGETHER = 64, 32


def masks_of(folder: Path, method: DSFNet) -> NDArray[np.uint8]:
    """[F, 64, 64] uint8 of 255: the visible mask of every crop of a folder, each taken whole."""
    labels, crops = aflw.read_labels(folder), aflw.Crops(folder)
    masks = np.zeros((len(labels.name), SIDE, SIDE), np.uint8)
    for start in range(0, len(masks), TOGETHER):
        names = labels.name[start : start + TOGETHER]
        pictures = [cv2.resize(crops.read(str(name)), (method.size, method.size)) for name in names]
        for k, mask in enumerate(method.visible_masks(np.stack(pictures).astype(np.uint8))):
            masks[start + k] = cv2.resize(mask, (SIDE, SIDE)) * 255
    return masks


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m models.training.masks", description=__doc__)
    parser.add_argument("weights", help='of DSFNet: a file, or the name of some that ship ("open")')
    parser.add_argument("--photographs", type=Path, required=True, help="folder of crops.tar and labels.npz")
    parser.add_argument("--out", type=Path, required=True, help="file to write (.npy)")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    method = dsfnet(options.weights)
    assert isinstance(method, DSFNet)
    masks = masks_of(options.photographs, method)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    np.save(options.out, masks)
    print(f"{options.out}: {len(masks)} masks, {100 * masks.mean() / 255:.0f} % of their pixels face")


if __name__ == "__main__":
    main()
