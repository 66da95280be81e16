"""A method looks at what a finder found: sets boxes right, tells scores as shares, tries other turns."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Box
from models.geometry.looking import looking
from models.metrics.errors import box_iou
from models.metrics.states import seen_share
from models.pipeline import reconstruct_all
from models.reconstruction import Reconstruction
from models.reconstructor import Detector, Face, Reconstructor

Picture = NDArray[np.uint8]
Glance = Callable[[Sequence[tuple[Picture, Face]]], Sequence[Box]]
"""Of faces in pictures the boxes (x0, y0, x1, y1), image px, that a quick look puts them in."""

MOST_LOOKED = 12  # faces; a crowd's other boxes stay as found
LEAST_OVERLAP = 0.3  # of the found and the set right box
LARGEST_CHANGE = 1.6  # of the longer side
SAME_FACE_IOU = 0.5
SURE = 0.5  # a find of at least this score stays if nothing surer is beside it; beside a sure one ...
MUST_SHOW = ((0.5, 0.25), (0.75, 0.12))  # ... less than this share of its score must show that much of a face
CROWDING_IOU = 0.3  # ... and must keep clear of surer ones
BLIND = 0.1  # below this share of visible vertices a look moves a box only half the way
GLANCED = 0.85  # a find of at least this score needs no whole answer to be believed: a glance places its box
HARDLY = 0.35  # below this score, beside a sure find, hardly one in ten is a face: not looked at

# The share of finds that are faces, fitted (logistic regression) on 1,500 finds of both finders in 450 drawn
# frames: by the logit of the finder's score, and by that and the logarithm of the likely error in %.
BY_SCORE = (2.4, -0.15)
BY_BOTH = (1.7, -1.8, 5.0)

BELIEVED = 0.5  # share: where there is such a find, less likely ones are dropped; elsewhere ...
UNSURE, MOST_UNSURE = 0.15, 2  # ... so many of at least that share stay: they may be covered faces
DOUBT_WEIGHT = 8  # power of the share in a face's prominence: at 0.9 a find counts as if 0.43 times as large

ANOTHER_BOX_PERCENT = 6.0  # likely error above which other boxes about the surest find are tried
OTHER_BOXES = ((0, 0, 1.3), (0, 0, 0.8), (0.2, 0, 1.15), (-0.2, 0, 1.15), (0, 0.2, 1.15), (0, -0.2, 1.15))
BETTER = 0.75  # share of the likely error in the box as it is below which another one is taken
SAME_PLACE_IOU = 0.2  # of the found box and another that may take its place

TURNS_BELOW, TURNS_PERCENT = 0.85, 5.0  # other turns are tried where the surest find is less than that ...
TURNED_SCORE, TURNED_PERCENT, TURNED_SEEN = 0.6, 12.0, 0.2  # ... and believed where their answer is better
FAR_LEAN_DEG = 40.0  # of a head in its crop: another look, turned along with it


@runtime_checkable
class LooksAtMany(Protocol):
    """A detector that is quicker over several pictures than over one after the other."""

    def all(self, images: Sequence[Picture]) -> list[list[Face]]:
        """The faces of each picture, as it finds them in one."""


@dataclass(frozen=True, eq=False, slots=True)
class Looked:
    """A find, and what the method saw there; `answer` is None where a glance was enough."""

    face: Face
    answer: Reconstruction | None

    @property
    def percent(self) -> float:
        """Likely error; infinite where the method does not say, 0 where a glance was enough."""
        if self.answer is None:
            return 0.0
        return math.inf if self.answer.likely_error is None else self.answer.likely_error


class SecondLook:
    """A detector whose finds a method looks at, see `refined`; it turns a picture where that helps."""

    def __init__(
        self,
        first: Detector,
        method: Reconstructor,
        glance: Glance | None = None,
        coarse: Detector | None = None,
    ) -> None:
        """Keep who looks.

        Args:
            first: Finds faces.
            method: Looks at them.
            glance: Places the box of a sure find at less cost than a whole answer; None: `method` does.
            coarse: Tries other turns of the picture; None: `first` does.
        """
        self.name = f"{first.name}, second look"
        self._first, self._method, self._glance, self._coarse = first, method, glance, coarse or first

    def __call__(self, image: NDArray[np.uint8]) -> list[Face]:
        """[H, W, 3] RGB -> faces, the most prominent first; empty if there is none."""
        return self.all([image])[0]

    def all(self, images: Sequence[Picture]) -> list[list[Face]]:
        """The faces of each picture; finder and method look at several at once as far as that is quicker.

        The looks that an unsure find takes go together already, six or seven of a picture: those of several
        pictures at once took as long (0.95 times, 0.73 to 1.3), and so they are taken picture by picture.
        """
        first = self._first
        found = first.all(images) if isinstance(first, LooksAtMany) else [first(image) for image in images]
        looked = looked_at_all(list(zip(images, found, strict=True)), self._method, self._glance)
        return [self._settled(*one) for one in zip(images, found, looked, strict=True)]

    def _settled(self, image: Picture, found: Sequence[Face], upright: Sequence[Looked]) -> list[Face]:
        """The faces after what was found and looked at in the picture as it is."""
        if quarter := self._better_turn(image, found, upright):
            view = np.ascontiguousarray(np.rot90(image, quarter))
            found = self._first(view)
            faces = chosen(view, looked_at(view, found, self._method, self._glance), found, self._method)
            return [_turned_back(face, quarter, image.shape[1], image.shape[0]) for face in faces]
        return chosen(image, upright, found, self._method)

    def _better_turn(self, image: NDArray[np.uint8], found: Sequence[Face], looked: Sequence[Looked]) -> int:
        """By how many quarter turns, counter-clockwise, the picture shows a face better than as it is; 0."""
        score, percent = (found[0].score, looked[0].percent) if looked else (0.0, math.inf)
        if score >= TURNS_BELOW or percent < TURNS_PERCENT or not image.size:
            return 0
        best, best_score = 0, max(TURNED_SCORE, score)
        for quarter in (1, 2, 3):
            top = next(iter(self._coarse(np.ascontiguousarray(np.rot90(image, quarter)))), None)
            if top is not None and top.score > best_score:
                best, best_score, best_face = quarter, top.score, top
        if not best:
            return 0
        (answer,) = _looks(np.rot90(image, best), [best_face], self._method)
        error = answer.likely_error
        believed = error is not None and error < min(TURNED_PERCENT, percent) and _seen(answer) > TURNED_SEEN
        return best if believed else 0


def refined(
    image: NDArray[np.uint8], faces: Sequence[Face], method: Reconstructor, glance: Glance | None = None
) -> list[Face]:
    """The faces after a look of the method: boxes as the landmarks of its mesh span them, scores as shares.

    A box that would jump stays as found; where next to nothing of the face is seen it goes half the way. One
    that turns out to be the same face as a surer one is dropped, and one that is hardly likely to be a face.
    Beside a far surer find one is dropped where the method sees little of a face, or
    that lies largely upon a surer one. Where the answer about the surest find is probably wrong, boxes about
    it are tried, and the one whose own answer is probably the best is taken.

    Args:
        image: [H, W, 3] uint8 RGB.
        faces: Surest first.
        method: Any face alignment method.
        glance: Places the box of a sure find; None: `method` does.

    Returns:
        Those more likely faces than not, the most prominent first: large, and surely a face. Where there is
        none, the two likeliest.
    """
    return chosen(image, looked_at(image, faces, method, glance), faces, method)


def looked_at(
    image: NDArray[np.uint8], faces: Sequence[Face], method: Reconstructor, glance: Glance | None
) -> list[Looked]:
    """What the method sees of the first finds; beside a sure one hardly likely ones are left out."""
    return looked_at_all([(image, faces)], method, glance)[0]


def looked_at_all(
    found: Sequence[tuple[Picture, Sequence[Face]]], method: Reconstructor, glance: Glance | None
) -> list[list[Looked]]:
    """As `looked_at`, of several pictures at once."""
    worth = [(image, _worth_a_look(faces)) for image, faces in found]
    sure = [
        (image, face) for image, faces in worth for face in faces if glance is not None and _glanced(face)
    ]
    whole = [
        (image, [face for face in faces if glance is None or not _glanced(face)]) for image, faces in worth
    ]
    boxes = iter(glance(sure) if glance is not None and sure else ())
    answers = (answer for some in reconstruct_all(whole, method, bare=True) for answer in some)
    return [
        [
            Looked(replace(face, box=_box_set_right(face, next(boxes), 1.0)), None)
            if glance is not None and _glanced(face)
            else Looked(face, next(answers))
            for face in faces
        ]
        for _, faces in worth
    ]


def _worth_a_look(faces: Sequence[Face]) -> list[Face]:
    sure = bool(faces) and faces[0].score >= SURE
    return [face for face in faces if not sure or face.score >= HARDLY][:MOST_LOOKED]


def _glanced(face: Face) -> bool:
    return face.score >= GLANCED


def chosen(
    image: NDArray[np.uint8], looked: Sequence[Looked], found: Sequence[Face], method: Reconstructor
) -> list[Face]:
    """What stays of the finds that were looked at, in better boxes, their scores told as shares; sorted."""
    kept: list[Face] = []
    for rank, one in enumerate(looked):
        face, answer = one.face, one.answer
        least = 0.0 if answer is None else _must_show(face.score, found[0].score)
        if answer is not None:
            if least and _seen(answer) <= least:
                continue
            face = _placed(image, face, answer, method, surest=rank == 0)
        most = CROWDING_IOU if least else SAME_FACE_IOU
        if all(_overlap(face.box, other.box) < most for other in kept):
            kept.append(replace(face, score=share_of_faces(face.score, one.answer)))
    kept += [replace(face, score=share_of_faces(face.score)) for face in _not_looked_at(looked, found)]
    if all(face.score < BELIEVED for face in kept):
        doubtful = [face for face in kept if face.score >= UNSURE]
        return sorted(doubtful, key=lambda face: face.score, reverse=True)[:MOST_UNSURE]
    return sorted((face for face in kept if face.score >= BELIEVED), key=_prominence, reverse=True)


def share_of_faces(score: float, answer: Reconstruction | None = None) -> float:
    """How many of a hundred such finds are faces, 0..1: half of those told 0.5 are (see `BY_BOTH`)."""
    logit = math.log(min(max(score, 1e-4), 1 - 1e-4) / (1 - min(max(score, 1e-4), 1 - 1e-4)))
    if answer is None or answer.likely_error is None:
        told = BY_SCORE[0] * logit + BY_SCORE[1]
    else:
        told = BY_BOTH[0] * logit + BY_BOTH[1] * math.log(max(answer.likely_error, 0.1)) + BY_BOTH[2]
    return 1 / (1 + math.exp(-told))


def _not_looked_at(looked: Sequence[Looked], found: Sequence[Face]) -> Sequence[Face]:
    """Of a crowd, the finds beyond the most that are looked at."""
    return found[MOST_LOOKED:] if len(looked) == MOST_LOOKED else ()


def _prominence(face: Face) -> float:
    """By size, as far as it is sure: what is no face is not what a picture is opened for, however large."""
    x0, y0, x1, y1 = face.box
    return float(face.score**DOUBT_WEIGHT * max(x1 - x0, y1 - y0))


def _placed(
    image: NDArray[np.uint8], face: Face, answer: Reconstruction, method: Reconstructor, surest: bool
) -> Face:
    """The face where its answer puts it; the surest where other looks do, if that is probably wrong."""
    error = answer.likely_error
    if surest and error is not None and error > ANOTHER_BOX_PERCENT:
        lean = looking(answer.pose_deg).lean
        if abs(lean) > FAR_LEAN_DEG:
            leaning = replace(face, turn_deg=lean)
            (upright,) = _looks(image, [leaning], method)
            if upright.likely_error is not None and upright.likely_error < error:
                return replace(leaning, box=_box_set_right(leaning, upright.own_box, 1.0))
        return _in_the_best_box(image, face, answer, method)
    way = 0.5 if _seen(answer) < BLIND else 1.0
    return replace(face, box=_box_set_right(face, answer.own_box, way))


def _in_the_best_box(
    image: NDArray[np.uint8], face: Face, answer: Reconstruction, method: Reconstructor
) -> Face:
    """In the own box of an answer in or about its box: the one in which the method probably errs least."""
    about = [replace(face, box=_moved(face.box, *move)) for move in OTHER_BOXES]
    answers = [answer, *_looks(image, about, method)]
    boxes = [_box_set_right(face, answer.own_box, 0.5 if _seen(answer) < BLIND else 1.0)]
    boxes += [one.own_box for one in answers[1:] if _is_box(one.own_box)]
    own = [replace(face, box=box) for box in boxes if _overlap(face.box, box) >= SAME_PLACE_IOU]
    errors = [one.likely_error or math.inf for one in _looks(image, own, method)]
    if not own:
        return face
    best = int(np.argmin(errors))
    return own[best if errors[best] < BETTER * errors[0] else 0]


def _looks(image: Picture, faces: Sequence[Face], method: Reconstructor) -> list[Reconstruction]:
    """What the method sees of faces of one picture, without layers."""
    return reconstruct_all([(image, faces)], method, bare=True)[0]


def _moved(box: Box, right: float, down: float, times: float) -> Box:
    """A box moved by shares of its longer side, and scaled."""
    x0, y0, x1, y1 = box
    side = max(x1 - x0, y1 - y0)
    x, y = (x0 + x1) / 2 + right * side, (y0 + y1) / 2 + down * side
    half_x, half_y = times * (x1 - x0) / 2, times * (y1 - y0) / 2
    return x - half_x, y - half_y, x + half_x, y + half_y


def _turned_back(face: Face, quarter: int, width: int, height: int) -> Face:
    """A face of the picture turned by quarter turns, counter-clockwise, in the picture itself."""
    corners = np.array(face.box).reshape(2, 2)
    size = np.array([width, height])
    for turns in range(
        quarter, 0, -1
    ):  # px (x, y) of a turned picture lie at (w - 1 - y, x) of the one before
        w = size[(turns - 1) % 2]
        corners = np.stack((w - 1 - corners[:, 1], corners[:, 0]), 1)
    (x0, y0), (x1, y1) = corners.min(0).tolist(), corners.max(0).tolist()
    turn_deg = (90.0 * quarter + face.turn_deg + 180) % 360 - 180
    return replace(face, box=(x0, y0, x1, y1), turn_deg=turn_deg, pose_deg=None)


def _must_show(score: float, surest: float) -> float:
    """Share of a face that must be seen beside the surest find; 0 where that is unsure or not far surer."""
    if surest < SURE:
        return 0.0
    return next((least for share, least in MUST_SHOW if score < share * surest), 0.0)


def _seen(answer: Reconstruction) -> float:
    """Share of the vertices that are visible: none with an empty mask, all if the method does not say."""
    if any(alarm.code == "empty-mask" for alarm in answer.alarms):
        return 0.0
    share = seen_share(answer)
    return 1.0 if share is None else share


def _is_box(box: Box) -> bool:
    return bool(np.isfinite(box).all()) and box[0] < box[2] and box[1] < box[3]


def _box_set_right(face: Face, better: Box, way: float) -> Box:
    """The box moved that share of the way to a better one, unless it would jump."""
    if not _is_box(better):
        return face.box
    sides = [max(x1 - x0, y1 - y0) for x0, y0, x1, y1 in (face.box, better)]
    if max(sides) > LARGEST_CHANGE * min(sides) or _overlap(face.box, better) < LEAST_OVERLAP:
        return face.box
    x0, y0, x1, y1 = (np.array(face.box) + way * (np.array(better) - np.array(face.box))).tolist()
    return x0, y0, x1, y1


def _overlap(first: Box, second: Box) -> float:
    return float(box_iou(np.array(first), np.array(second)))
