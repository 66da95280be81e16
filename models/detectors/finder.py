"""Faces found by our own network: covered, turned, tilted, small or filling the picture."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.geometry import euler_from_rotation, rotation_from_6d
from models.images import check_image
from models.metrics import box_iou
from models.networks.blocks import InBfloat16, multiplies_bfloat16
from models.networks.finder import STRIDES, FinderNetwork, Sight, see_both_ways, suppressed
from models.reconstructor import Face

Floats = NDArray[np.float64]

LONGEST_PX = (320, 640)
LEAST_SCORE = 0.25
SAME_FACE_IOU = 0.4
MOST_CANDIDATES, MOST_FACES = 300, 100
LEAST_VOTE, SAME_PLACE_IOU = 0.05, 0.5  # boxes of at least that score, as near as that, place a found one
GREY = 128  # zero to the network
LEAST_SIDE_PX = 8


class FinderDetector:
    """The finder over the picture and its mirror image at 320 px; where nothing is found, again at 640."""

    name = "finder"

    def __init__(
        self,
        network: FinderNetwork,
        longest_px: Sequence[int] = LONGEST_PX,
        least_score: float = LEAST_SCORE,
    ) -> None:
        """Keep a network that is ready to run.

        Args:
            network: In evaluation mode.
            longest_px: The picture's longer side, pass after pass until one finds something; a smaller
                picture is looked at as it is, once.
            least_score: Below it is no face.
        """
        self._network: nn.Module = deepcopy(network).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if multiplies_bfloat16(torch.device("cpu")):
            self._network = InBfloat16(self._network)
        self._longest, self._least = tuple(longest_px), least_score

    def __call__(self, image: NDArray[np.uint8]) -> list[Face]:
        """[H, W, 3] RGB -> faces, surest first; empty if there is none.

        Raises:
            ValueError: Not a uint8 picture.
        """
        check_image(image)
        if min(image.shape[:2]) < 1 or max(image.shape[:2]) < LEAST_SIDE_PX:
            return []
        image = np.ascontiguousarray(image)
        tried = 0
        for longest in self._longest:
            if tried >= max(image.shape[:2]):
                break
            faces = self._pass(image, longest)
            if faces:
                return faces
            tried = longest
        return []

    def _pass(self, image: NDArray[np.uint8], longest: int) -> list[Face]:
        height, width = image.shape[:2]
        share = min(1.0, longest / max(height, width))
        rows, columns = max(1, round(height * share)), max(1, round(width * share))
        small = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA) if share < 1 else image
        scale = np.array([width / columns, height / rows] * 2)
        step = STRIDES[-1]
        padded = np.full((-(-rows // step) * step, -(-columns // step) * step, 3), GREY, np.uint8)
        padded[:rows, :columns] = small
        with torch.inference_mode():
            pixels = torch.from_numpy(padded).permute(2, 0, 1)[None].float()
            sight = see_both_ways(self._network, pixels.contiguous(memory_format=torch.channels_last))
            boxes, scores, pose_deg = _found(sight, self._least)
        boxes = (boxes + 0.5) * scale - 0.5
        return [
            Face((x0, y0, x1, y1), score, pose_deg=(pitch, yaw, roll))
            for (x0, y0, x1, y1), score, (pitch, yaw, roll) in zip(
                boxes.tolist(), scores, pose_deg, strict=True
            )
        ]


def _found(sight: Sight, least: float) -> tuple[Floats, list[float], list[list[float]]]:
    """Boxes [F, 4] px of the network's picture, their scores and poses, surest first, of a batch of one."""
    score, there = sight.score[0].sigmoid(), sight.box[0].isfinite().all(-1)
    likely = (score > least) & there
    order = torch.where(likely, score, 0.0).topk(min(MOST_CANDIDATES, int(likely.sum()))).indices
    boxes = sight.box[0][order]
    kept = suppressed(boxes, score[order], SAME_FACE_IOU, MOST_FACES)
    voting = (score > LEAST_VOTE) & there
    placed = voted(*(part.double().numpy() for part in (boxes[kept], sight.box[0][voting], score[voting])))
    pose: Tensor = torch.rad2deg(euler_from_rotation(rotation_from_6d(sight.rotation[0][order[kept]])))
    return placed, score[order[kept]].tolist(), pose.tolist()


def voted(boxes: Floats, voters: Floats, scores: Floats) -> Floats:
    """Each box moved to the mean of those about it, weighed by score (Gidaris and Komodakis 2015, section 5).

    Args:
        boxes: [F, 4]; voters: [C, 4], the boxes among them; scores: [C].
    """
    weights = scores * (box_iou(boxes[:, None], voters) > SAME_PLACE_IOU)
    return np.asarray(weights @ voters / weights.sum(1, keepdims=True))
