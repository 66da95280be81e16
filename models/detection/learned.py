"""Faces found by our own network: covered, turned, tilted, small or filling the picture."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from copy import copy, deepcopy

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.geometry.arrays import Doubles
from models.geometry.crops import check_image
from models.geometry.transforms import euler_from_rotation, rotation_from_6d
from models.metrics.errors import box_iou
from models.networks.blocks import InBfloat16, multiplies_bfloat16
from models.networks.finder import STRIDES, FinderNetwork, Sight, see_both_ways, suppressed
from models.reconstructor import Face

LONGEST_PX = (320, 640, 1280)
SMALL_PX = 40.0  # faces smaller than that in the picture looked at may have smaller ones beside them
SURE, UNSURE_PX = 0.6, 640  # where a find is below that score, the picture is looked at up to that size
DOUBTFUL = 0.4  # ... unless it is below that one and beside a sure one: hardly one in ten is a face
ENLARGED = 2.0  # most px for a px, where faces are small
LEAST_SCORE = 0.25
SAME_FACE_IOU = 0.4
MOST_CANDIDATES, MOST_FACES = 300, 100
LEAST_VOTE, SAME_PLACE_IOU = 0.05, 0.5  # boxes of at least that score, as near as that, place a found one
GREY = 128  # zero to the network
LEAST_SIDE_PX = 8


class LearnedDetector:
    """The finder over the picture and its mirror image at 320 px.

    Where a find is unsure, or none, it looks again at 640 px; where a face is small, for smaller ones at 640
    and 1280 px, and be it in an enlarged picture.
    """

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
            longest_px: The picture's longer side, pass after pass as long as that is worth it; a smaller
                picture is looked at as it is, once, unless its faces are small.
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
        faces: list[Face] = []
        tried, size, sure, small = 0, max(image.shape[:2]), False, False
        for longest in self._longest:
            finest = size * (ENLARGED if small else 1.0)
            if tried >= finest or not (small or (tried < UNSURE_PX and not sure)):
                break
            share = min(longest, finest) / size
            most = SMALL_PX * longest / tried if sure else np.inf  # what is larger was seen before
            found = self._pass(image, share)
            faces = _united([*faces, *(face for face in found if share * _side(face) < most)])
            tried = longest
            likely = [face for face in faces if face.score >= DOUBTFUL]
            sure = bool(likely) and likely[-1].score >= SURE
            small = any(share * _side(face) < SMALL_PX for face in likely)
        return faces

    @functools.cached_property
    def coarse(self) -> LearnedDetector:
        """The same finder that looks once, in the coarsest pixels."""
        once = copy(self)
        once._longest = self._longest[:1]
        return once

    def _pass(self, image: NDArray[np.uint8], share: float) -> list[Face]:
        height, width = image.shape[:2]
        rows, columns = max(1, round(height * share)), max(1, round(width * share))
        way = cv2.INTER_AREA if share < 1 else cv2.INTER_CUBIC
        small = image if share == 1 else cv2.resize(image, (columns, rows), interpolation=way)
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


def _side(face: Face) -> float:
    x0, y0, x1, y1 = face.box
    return max(x1 - x0, y1 - y0)


def _united(faces: list[Face]) -> list[Face]:
    """Faces of several passes, surest first, each once."""
    if not faces:
        return []
    boxes, scores = (torch.tensor(values) for values in zip(*((f.box, f.score) for f in faces), strict=True))
    return [faces[k] for k in suppressed(boxes, scores, SAME_FACE_IOU, MOST_FACES)]


def _found(sight: Sight, least: float) -> tuple[Doubles, list[float], list[list[float]]]:
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


def voted(boxes: Doubles, voters: Doubles, scores: Doubles) -> Doubles:
    """Each box moved to the mean of those about it, weighed by score (Gidaris and Komodakis 2015, section 5).

    Args:
        boxes: [F, 4]; voters: [C, 4], the boxes among them; scores: [C].
    """
    weights = scores * (box_iou(boxes[:, None], voters) > SAME_PLACE_IOU)
    total = weights.sum(1, keepdims=True)  # none for a box without an area, which stays
    return np.where(total > 0, weights @ voters / np.where(total > 0, total, 1), boxes)
