"""Faces found by our own network: covered, turned, tilted, small or filling the picture."""

from __future__ import annotations

import functools
from collections import defaultdict
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
from models.networks.finder import STRIDES, FinderNetwork, Sight, see_both_ways, suppressed
from models.networks.rounded import InBfloat16, multiplies_bfloat16
from models.reconstructor import Face

LONGEST_PX = (320, 640, 1280)
SMALL_PX = 40.0  # faces smaller than that in the picture looked at may have smaller ones beside them
SEEN_PX = 52.0  # faces larger than that in the picture looked at are not looked for in finer ones
SURE, UNSURE_PX = 0.6, 640  # where a find is below that score, the picture is looked at up to that size
DOUBTFUL = 0.4  # ... unless it is below that one and beside a sure one: hardly one in ten is a face
ENLARGED = 2.0  # most px for a px, where faces are small
LEAST_SCORE = 0.25
SAME_FACE_IOU = 0.4
MOST_CANDIDATES, MOST_FACES = 300, 100
LEAST_VOTE, SAME_PLACE_IOU = 0.05, 0.5  # boxes of at least that score, as near as that, place a found one
PIXELS_AT_ONCE = 16 * 320 * 320  # of pictures that go through the network together
GREY = 128  # zero to the network
LEAST_SIDE_PX = 8


class LearnedDetector:
    """The finder over the picture and its mirror image at 320 px.

    Where a find is unsure, or none, it looks again at 640 px; where a face is small, or several stand apart,
    for smaller ones at 640 and 1280 px, and be it in an enlarged picture.
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
        return self.all([image])[0]

    def all(self, images: Sequence[NDArray[np.uint8]]) -> list[list[Face]]:
        """The faces of each picture; pictures of one size are looked at together.

        Raises:
            ValueError: Not a uint8 picture.
        """
        for image in images:
            check_image(image)
        searches = [_Search(np.ascontiguousarray(image)) for image in images]
        for longest in self._longest:
            asked = [(search, share) for search in searches if (share := search.share(longest))]
            found = self._passes([(search.image, share) for search, share in asked])
            for (search, share), faces in zip(asked, found, strict=True):
                search.add(faces, share, longest)
        return [search.faces for search in searches]

    @functools.cached_property
    def coarse(self) -> LearnedDetector:
        """The same finder that looks once, in the coarsest pixels."""
        once = copy(self)
        once._longest = self._longest[:1]
        return once

    def _passes(self, asked: Sequence[tuple[NDArray[np.uint8], float]]) -> list[list[Face]]:
        """One pass over each picture, scaled by its share; those that become of one size go together."""
        scaled = [_scaled(image, share) for image, share in asked]
        alike: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
        for k, (padded, _) in enumerate(scaled):
            alike[padded.shape].append(k)
        faces: list[list[Face]] = [[] for _ in asked]
        for shape, group in alike.items():
            at_once = max(1, PIXELS_AT_ONCE // (shape[0] * shape[1]))
            for start in range(0, len(group), at_once):
                some = group[start : start + at_once]
                found = self._pass([scaled[k] for k in some])
                for k, there in zip(some, found, strict=True):
                    faces[k] = there
        return faces

    def _pass(self, scaled: Sequence[tuple[NDArray[np.uint8], Doubles]]) -> list[list[Face]]:
        """The faces of pictures of one size, see `_scaled`."""
        with torch.inference_mode():
            pixels = torch.from_numpy(np.stack([padded for padded, _ in scaled])).permute(0, 3, 1, 2).float()
            sight = see_both_ways(self._network, pixels.contiguous(memory_format=torch.channels_last))
            found = [_found(Sight(*(part[k] for part in sight)), self._least) for k in range(len(scaled))]
        return [
            [
                Face((x0, y0, x1, y1), score, pose_deg=(pitch, yaw, roll))
                for (x0, y0, x1, y1), score, (pitch, yaw, roll) in zip(
                    ((boxes + 0.5) * scale - 0.5).tolist(), scores, pose_deg, strict=True
                )
            ]
            for (boxes, scores, pose_deg), (_, scale) in zip(found, scaled, strict=True)
        ]


class _Search:
    """What is known of one picture while it is looked at in ever finer pixels."""

    def __init__(self, image: NDArray[np.uint8]) -> None:
        self.image = image
        self.faces: list[Face] = []
        self._tried, self._size, self._sure, self._small = 0, max(image.shape[:2]), False, False
        self._over = min(image.shape[:2]) < 1 or self._size < LEAST_SIDE_PX

    def share(self, longest: int) -> float:
        """By how much the picture is to be scaled for a pass of that longer side, px; 0: no more passes."""
        finest = self._size * (ENLARGED if self._small else 1.0)
        worth = self._small or (self._tried < UNSURE_PX and not self._sure)
        self._over = self._over or self._tried >= finest or not worth
        return 0.0 if self._over else min(longest, finest) / self._size

    def add(self, found: Sequence[Face], share: float, longest: int) -> None:
        """Take what such a pass found."""
        known = self._sure or self._tried >= UNSURE_PX
        most = SEEN_PX * longest / self._tried if known else np.inf
        self.faces = _united([*self.faces, *(face for face in found if share * _side(face) < most)])
        self._tried = longest
        likely = [face for face in self.faces if face.score >= DOUBTFUL]
        self._sure = bool(likely) and likely[-1].score >= SURE
        small = any(share * _side(face) < SMALL_PX for face in likely)
        self._small = small or any(
            not box_iou(np.array(face.box), np.array(likely[0].box)) for face in likely[1:]
        )


def _scaled(image: NDArray[np.uint8], share: float) -> tuple[NDArray[np.uint8], Doubles]:
    """The picture at that share of its size, filled up with grey, and what its boxes [4] are scaled by."""
    height, width = image.shape[:2]
    rows, columns = max(1, round(height * share)), max(1, round(width * share))
    way = cv2.INTER_AREA if share < 1 else cv2.INTER_CUBIC
    small = image if share == 1 else cv2.resize(image, (columns, rows), interpolation=way)
    step = STRIDES[-1]
    padded = np.full((-(-rows // step) * step, -(-columns // step) * step, 3), GREY, np.uint8)
    padded[:rows, :columns] = small
    return padded, np.array([width / columns, height / rows] * 2)


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
    """Boxes [F, 4] px of the network's picture, their scores and poses, surest first, of one picture."""
    score, there = sight.score.sigmoid(), sight.box.isfinite().all(-1)
    likely = (score > least) & there
    order = torch.where(likely, score, 0.0).topk(min(MOST_CANDIDATES, int(likely.sum()))).indices
    boxes = sight.box[order]
    kept = suppressed(boxes, score[order], SAME_FACE_IOU, MOST_FACES)
    voting = (score > LEAST_VOTE) & there
    placed = voted(*(part.double().numpy() for part in (boxes[kept], sight.box[voting], score[voting])))
    pose: Tensor = torch.rad2deg(euler_from_rotation(rotation_from_6d(sight.rotation[order[kept]])))
    return placed, score[order[kept]].tolist(), pose.tolist()


def voted(boxes: Doubles, voters: Doubles, scores: Doubles) -> Doubles:
    """Each box moved to the mean of those about it, weighed by score (Gidaris and Komodakis 2015, section 5).

    Args:
        boxes: [F, 4]; voters: [C, 4], the boxes among them; scores: [C].
    """
    weights = scores * (box_iou(boxes[:, None], voters) > SAME_PLACE_IOU)
    total = weights.sum(1, keepdims=True)  # none for a box without an area, which stays
    return np.where(total > 0, weights @ voters / np.where(total > 0, total, 1), boxes)
