"""Lays occluders on a frame, asks about it, and compares with the bare answers; worker thread only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.reconstruction import Array, Reconstruction
from models.reconstructor import Face
from viewer.inference.request import Occluders
from viewer.state.occlusion import STILL, Layer, Matrix, Occluded
from viewer.state.shown import Shown

if TYPE_CHECKING:
    from models.occlusion.occluder import Occluder

Photo = NDArray[np.uint8]
Ask = Callable[[Photo, Sequence[Face]], Sequence[Reconstruction]]
Detect = Callable[[Photo], list[Face]]
SAME_FACE = 0.2  # least overlap (intersection over union) of the boxes of one face with and without occluders


def covered(bare: Shown, occluders: Occluders, ask: Ask, detect: Detect) -> Shown:
    """What is answered about a frame with occluders on it.

    Args:
        bare: The frame, and its answers without occluders.
        occluders: What to lay.
        ask: Answers about faces of a picture.
        detect: Finds faces; used only if they are to be looked for anew.
    """
    from models.occlusion.occluder import lay, placed
    from models.occlusion.sweeps import covered_share
    from models.robustness.change import change, with_change

    carry = _carry(occluders, bare.answers)
    carried = tuple(replace(layer, occluder=placed(layer.occluder, carry)) for layer in occluders.layers)
    photo = bare.frame.image
    image, hidden = lay(photo, [_filled(layer, photo) for layer in carried])
    image.flags.writeable = False
    pairs = _pairs(bare, detect(image) if occluders.anew else None)
    answers = tuple(ask(image, [pair.face for pair in pairs])) if pairs else ()
    changes = tuple(change(a, pair.reference, hidden) for a, pair in zip(answers, pairs, strict=True))
    return replace(
        bare,
        frame=replace(bare.frame, image=image),
        faces=tuple(pair.face for pair in pairs),
        answers=tuple(with_change(a, found) for a, found in zip(answers, changes, strict=True)),
        occluded=Occluded(
            frame=bare.frame,
            faces=bare.faces,
            occluders=tuple(layer.occluder for layer in carried),
            carry=carry,
            hidden=hidden,
            references=tuple(pair.reference for pair in pairs),
            changes=changes,
            shares=tuple(covered_share(hidden, pair.reference.landmarks) for pair in pairs),
        ),
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Pair:
    """A face to ask about, and the answer about it without occluders."""

    face: Face
    reference: Reconstruction


def _pairs(bare: Shown, found: list[Face] | None) -> list[_Pair]:
    """The faces of the bare frame, or where they were found again; those that were not are left out."""
    known = list(zip(bare.faces, bare.answers, strict=False))
    if found is None:
        return [_Pair(face, answer) for face, answer in known]
    from models.metrics.errors import box_iou

    pairs = []
    for face, answer in known:
        overlap = [float(box_iou(np.array(other.box), np.array(face.box))) for other in found]
        if overlap and max(overlap) >= SAME_FACE:
            again = replace(found[int(np.argmax(overlap))], identity=face.identity)
            pairs.append(_Pair(again, answer))
    return pairs


def _carry(occluders: Occluders, answers: Sequence[Reconstruction]) -> Matrix:
    """From the face the occluders were bound to, to the same face of this frame."""
    if occluders.anchor is None or not answers:
        return STILL
    face = answers[min(max(occluders.face, 0), len(answers) - 1)]
    return following(occluders.anchor, face.landmarks[:, :2])


def following(before: Array, now: Array) -> Matrix:
    """[3, 3]: the similarity by which occluders follow a face from landmarks [68, 2] to others, px."""
    from models.occlusion.face_frame import face_frame

    return np.asarray(face_frame(now).T_image_face @ np.linalg.inv(face_frame(before).T_image_face))


def _filled(layer: Layer, photo: Photo) -> Occluder:
    """The layer's occluder; a filling is made of the photo it lies on."""
    if layer.filling is None:
        return layer.occluder
    from models.occlusion.fillings import fill
    from models.occlusion.occluder import lay

    _, area = lay(np.zeros_like(photo), [layer.occluder])
    return fill(photo, area, layer.filling, layer.seed)
