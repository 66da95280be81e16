"""Training the face finder on frames composed of synthetic heads, and of real crops where they are given."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset

from models.errors import InputError
from models.geometry.transforms import rotation_from_6d
from models.ground_truth import aflw
from models.networks.finder import CELLS_PER_FACE, STRIDES, FinderNetwork, Sight, cells_of
from models.synthetic.cutout import Cutout, Kind
from models.synthetic.frame import compose
from models.synthetic.stock import Stock, new_pictures, render_stock, save_labels
from models.training.recipes import FinderLoss, FinderRecipe

FIRST_INDEX = 20_000_000  # of the stock; others are kept for tests and for DSFNet
MOST_FACES = 6
FADE = 0.14  # share of a crop's side over which it fades out
CORE, LEAST_CORE = (
    0.18,
    0.6,
)  # a cell answers for a face whose centre is within this share of it, or in strides
RIM = 2.0  # times that: neither a face nor none
LEVEL_REACH = 1.75  # a level answers for faces up to this factor from the size it expects


@dataclass(frozen=True, eq=False, slots=True)
class FrameBatch:
    """B frames of S px; faces filled up to K.

    Attributes:
        images: [B, 3, S, S] uint8.
        boxes: [B, K, 4] px.
        rotation: [B, K, 3, 3].
        state: [B, K] int8: 1 to be found, -1 either answer is right, 0 no face.
    """

    images: Tensor
    boxes: Tensor
    rotation: Tensor
    state: Tensor


class Frames(IterableDataset[FrameBatch]):
    """Endless batches of frames over stocks; worker w of W takes the indices w, w + W, ..."""

    def __init__(self, folders: list[Path], seed: int, first: int, batch: int, size: int) -> None:
        self._folders, self._seed, self._first, self._batch, self._size = folders, seed, first, batch, size

    def __iter__(self) -> Iterator[FrameBatch]:
        """Batches without end."""
        info = torch.utils.data.get_worker_info()
        own, all_ = (0, 1) if info is None else (info.id, info.num_workers)
        stocks = [Stock.read(folder) for folder in self._folders]
        number = self._first + own
        while True:
            yield _batch(
                stocks, self._seed, range(number * self._batch, (number + 1) * self._batch), self._size
            )
            number += all_


def _batch(stocks: list[Stock], seed: int, indices: range, size: int) -> FrameBatch:
    images = np.zeros((len(indices), size, size, 3), np.uint8)
    boxes = np.zeros((len(indices), MOST_FACES, 4), np.float32)
    rotation = np.tile(np.eye(3, dtype=np.float32), (len(indices), MOST_FACES, 1, 1))
    state = np.zeros((len(indices), MOST_FACES), np.int8)
    for row, index in enumerate(indices):
        frame = compose(stocks, seed, index, size)
        n = len(frame.boxes)
        images[row], boxes[row, :n], rotation[row, :n] = frame.image, frame.boxes, frame.rotation
        state[row, :n] = np.where(frame.wanted, 1, -1)
    arrays = (np.ascontiguousarray(images.transpose(0, 3, 1, 2)), boxes, rotation, state)
    return FrameBatch(*(torch.from_numpy(array) for array in arrays))


class FinderTask:
    """Network, data and loss of one recipe; see loop.Task."""

    def __init__(self, recipe: FinderRecipe, folders: list[Path], device: str = "cpu") -> None:
        self.recipe = recipe
        self.device = torch.device(device)
        self._folders = folders
        torch.manual_seed(recipe.seed)
        self.network: nn.Module = FinderNetwork(recipe.form)

    def batches(self, rank: int, steps: int) -> Iterator[FrameBatch]:
        """Endless batches, composed in other processes."""
        recipe = self.recipe
        frames = Frames(self._folders, recipe.seed + 1000 * rank, steps, recipe.batch, recipe.frame)
        loader = DataLoader(
            frames, None, num_workers=recipe.workers, multiprocessing_context="spawn", worker_init_fn=_quieten
        )
        yield from loader

    def loss(self, network: nn.Module, batch: FrameBatch) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted sum of `finder_loss` and its terms."""
        images = batch.images.to(self.device).float().to(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16):
            sight: Sight = network(images)
        return finder_loss(sight, batch, self.recipe.loss)


def _quieten(_: int) -> None:
    if os.name == "posix":
        os.nice(5)
    cv2.setNumThreads(1)


def ready_stock(folder: Path, recipe: FinderRecipe) -> Path:
    """The folder of the run's stock; rendered if it is not there yet."""
    if not (folder / "labels.npz").is_file():
        render_stock(folder, recipe.seed, FIRST_INDEX, recipe.cutouts, recipe.backdrops, 1 + recipe.workers)
    return folder


def crop_stock(source: Path, folder: Path, beside: Path) -> Path:
    """The folder of a stock of labelled crops that fade out at the rim, with the backdrops of one beside.

    Args:
        source: See `aflw.read_labels`; its pseudo-labels say where the boxes are.
        folder: Where the stock goes; used as it is if it is there.
        beside: A stock whose backdrops serve here too.

    Raises:
        InputError: The crops cannot be read, or are no squares of one size.
    """
    if (folder / "labels.npz").is_file():
        return folder
    labels, crops = aflw.read_labels(source), aflw.Crops(source)
    good = (labels.disagreement_percent < aflw.TRUSTED_PERCENT).numpy() & ~labels.held_out
    rows = np.flatnonzero(good).tolist()
    side = len(crops.read(str(labels.name[rows[0]])))
    rgba = new_pictures(folder, "rgba", len(rows), (side, side, 4))
    alpha, cutouts = _soft_square(side), []
    for k, row in enumerate(rows):
        picture = crops.read(str(labels.name[row]))
        if picture.shape != (side, side, 3):
            raise InputError(f"{labels.name[row]} in {source} is no square of {side} px like the others.")
        rgba[k] = np.dstack([picture, alpha])
        marks, turn = labels.landmarks[row].numpy(), labels.rotation[row].numpy()
        cutouts.append(Cutout(Kind.FACE, rgba[k], marks, turn, 1.0))
    (folder / "backdrops.npy").unlink(missing_ok=True)
    (folder / "backdrops.npy").symlink_to((beside / "backdrops.npy").resolve())
    save_labels(folder, cutouts)
    return folder


def _soft_square(side: int) -> NDArray[np.uint8]:
    """[side, side] opaque in the middle, gone at the rim, so that no edge gives the crop away."""
    edge = np.arange(side, dtype=np.float32)
    fade = (np.minimum(edge, edge[::-1]) / (FADE * side)).clip(0, 1)
    smooth = fade * fade * (3 - 2 * fade)
    return np.asarray(255 * np.outer(smooth, smooth), np.uint8)


def assigned(boxes: Tensor, state: Tensor, places: Tensor, strides: Tensor) -> tuple[Tensor, Tensor]:
    """Which cell answers for which face.

    Cells in the core of a face on the levels that expect its size; of several faces the nearest. Cells in the
    rim around a core, or on a level that almost expects the size, may say what they like; so may all cells
    within faces of which hardly anything is seen.

    Args:
        boxes: [B, K, 4] px; state: [B, K] as in `FrameBatch`.
        places: [C, 2] and strides [C] as `cells_of` gives them.

    Returns:
        face: [B, C] index of the face, or -1. counts: [B, C] bool, whether the score of the cell is trained.
    """
    centre, size = (boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]
    side = size.amax(-1).clamp(min=1.0)
    distance = (places[:, None] - centre[:, None]).abs().amax(-1)  # [B, C, K]
    off = (side[:, None] / (CELLS_PER_FACE * strides[:, None])).log().abs()
    off = _open_ended(off, side, strides)
    core = torch.maximum(CORE * side[:, None], LEAST_CORE * strides[:, None])
    there = (state != 0)[:, None]
    reach = float(np.log(LEVEL_REACH))
    own = there & (distance <= core) & (off <= reach)
    unsure = there & (distance <= RIM * core) & (off <= 1.6 * reach)
    unsure |= (state < 0)[:, None] & (distance <= 0.6 * side[:, None])
    nearest = torch.where(own, distance / side[:, None], torch.inf).min(-1)
    taken = nearest.values.isfinite() & (state.gather(1, nearest.indices) > 0)
    return torch.where(taken, nearest.indices, -1), taken | ~unsure.any(-1)


def _open_ended(off: Tensor, side: Tensor, strides: Tensor) -> Tensor:
    """The finest level also answers for smaller faces, the coarsest for larger ones."""
    expected = CELLS_PER_FACE * strides[:, None]
    small = (strides == STRIDES[0])[:, None] & (side[:, None] < expected)
    large = (strides == STRIDES[-1])[:, None] & (side[:, None] > expected)
    return off.masked_fill(small | large, 0.0)


def finder_loss(sight: Sight, batch: FrameBatch, weights: FinderLoss) -> tuple[Tensor, dict[str, Tensor]]:
    """Quality focal loss on the score (Li et al. 2020, eq. 4), complete IoU on boxes, rotation distance."""
    boxes, state = batch.boxes.to(sight.box.device), batch.state.to(sight.box.device)
    size = batch.images.shape[-1]
    places, strides = cells_of(size, size, sight.box.device)
    face, counts = assigned(boxes, state, places, strides)
    rows, cells = (face >= 0).nonzero(as_tuple=True)
    of = face[rows, cells]
    overlap, distance = _fit(sight.box[rows, cells], boxes[rows, of])
    quality = torch.zeros_like(sight.score)
    quality[rows, cells] = overlap.detach().clamp(0, 1)
    score = sight.score.sigmoid()
    bits = nn.functional.binary_cross_entropy_with_logits(sight.score, quality, reduction="none")
    many = max(len(rows), 1)
    rotation = rotation_from_6d(sight.rotation[rows, cells])
    truth = batch.rotation.to(rotation.device)[rows, of]
    terms = {
        "score": ((quality - score).square() * bits * counts).sum() / many,
        "box": (1 - overlap + distance).sum() / many,
        "rotation": (rotation - truth).square().sum((1, 2)).sum() / many,
    }
    total = weights.score * terms["score"] + weights.box * terms["box"] + weights.rotation * terms["rotation"]
    told = {key: value.detach() for key, value in terms.items()}
    return total, told | {"overlap": overlap.detach().sum() / many}


def _fit(boxes: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """[P] IoU, and the squared distance of centres and sizes in units of the box that holds both."""
    low, high = torch.maximum(boxes[:, :2], truth[:, :2]), torch.minimum(boxes[:, 2:], truth[:, 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    size, true_size = boxes[:, 2:] - boxes[:, :2], truth[:, 2:] - truth[:, :2]
    iou = shared / (size.prod(-1) + true_size.prod(-1) - shared).clamp(min=1e-6)
    reach = torch.maximum(boxes[:, 2:], truth[:, 2:]) - torch.minimum(boxes[:, :2], truth[:, :2])
    apart = (boxes[:, :2] + boxes[:, 2:] - truth[:, :2] - truth[:, 2:]) / 2
    distance = apart.square().sum(-1) / reach.square().sum(-1)
    return iou, distance + (size / true_size).log().square().sum(-1) * 0.1
