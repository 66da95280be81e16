"""Answers as figures that a case can hold, and how far two sets of them differ.

The same program, weights and device answer the same, to the last bit. Other processors, convolutions and
numbers of threads add up in another order; `Tolerance` says how much that may change. All px are px of the
picture's file.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from models.export.overlay import draw_overlay
from models.geometry.arrays import Doubles
from models.geometry.rescaling import moved, moved_box
from models.metrics.states import STATE_NAMES, landmark_probabilities, state_shares
from models.reconstruction import BRANCHES, FUSED, MeshLayer, Reconstruction, State
from viewer.cases.case import SAMPLE, Answers, FaceBox, FaceNumbers, Input, Who
from viewer.cases.pictures import pixels, png, thumbnail
from viewer.cases.scaling import to_file
from viewer.sources.source import Frame


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far figures may lie apart and still be called the same.

    Three times what another algorithm of convolution changes at most. With oneDNN off, that was 0.1 % of the
    box in landmarks, 0.06 deg, 0.0007 of the scale and 0.4 of 255 in pictures, on the bundled photos; another
    number of threads changes less than a hundredth of it. The methods err by 3 % of the box and more.

    Attributes:
        points_percent: Of box, landmarks and vertices; % of the size of the face's box, sqrt(w h).
        pose_deg: Of each angle.
        share: Of probabilities and shares.
        error_percent: Of the likely error, itself in %.
        scale: Of mm per px, as a share of it.
        grey: Mean difference of the small pictures, 0..255.
        pixels: Share of their pixels that may differ by more than 32.
    """

    points_percent: float = 0.3
    pose_deg: float = 0.2
    share: float = 0.03
    error_percent: float = 0.1
    scale: float = 0.003
    grey: float = 2.0
    pixels: float = 0.03


SAME = Tolerance()


def answers_of(who: Who, frame: Frame, answers: Sequence[Reconstruction]) -> Answers:
    """What was answered about a frame (with its occluders, if any lie on it), in file px."""
    T = to_file(frame)
    picture = png(thumbnail(draw_overlay(frame.image, answers)))
    return Answers(who, tuple(numbers_of(answer, T) for answer in answers), picture)


def numbers_of(answer: Reconstruction, T_file_shown: Doubles) -> FaceNumbers:
    """The figures of one face, an answer in px of the frame shown."""
    probabilities, shares = landmark_probabilities(answer), state_shares(answer)
    likely = answer.likely_error
    surfaces = {
        name: _points(moved(points[_sample(len(points))], T_file_shown)) for name, points in _surfaces(answer)
    }
    pitch, yaw, roll = (round(float(angle), 5) for angle in answer.pose_deg)
    return FaceNumbers(
        box_px=None if answer.box is None else moved_box(answer.box, T_file_shown),
        pose_deg=(pitch, yaw, roll),
        landmarks_px=_points(moved(answer.landmarks, T_file_shown)),
        p_seen=() if probabilities is None else tuple(_share(p) for p in probabilities[:, State.SEEN]),
        state_shares=MappingProxyType(
            {} if shares is None else {STATE_NAMES[state]: share for state, share in shares.items()}
        ),
        likely_error=None if likely is None or not math.isfinite(likely) else round(float(likely), 5),
        mm_per_px=float(answer.mm_per_px / math.sqrt(abs(np.linalg.det(T_file_shown[:2, :2])))),
        vertex_count=len(answer.vertices),
        surfaces=MappingProxyType(surfaces),
        alarms=tuple(sorted(alarm.code for alarm in answer.alarms)),
        took_part=answer.took_part,
    )


def differences(then: Answers, now: Answers, tolerance: Tolerance = SAME) -> tuple[str, ...]:
    """What differs by more than the tolerance, a sentence each; empty where the answers are the same."""
    if len(then.faces) != len(now.faces):
        return (f"faces: {len(then.faces)} in the case, {len(now.faces)} now",)
    found = [
        f"face {number}, {text}"
        for number, pair in enumerate(zip(then.faces, now.faces, strict=True), 1)
        for text in _about_face(*pair, tolerance)
    ]
    return (*found, *_about_pictures(then.thumbnail, now.thumbnail, tolerance))


def face_differences(then: Sequence[FaceBox], now: Sequence[FaceBox]) -> tuple[str, ...]:
    """Where faces were found otherwise than when the case was saved."""
    if len(then) != len(now):
        return (f"faces found: {len(then)} in the case, {len(now)} now",)
    found = []
    for number, (old, new) in enumerate(zip(then, now, strict=True), 1):
        limit = SAME.points_percent / 100 * _size(old.box_px)
        apart = max(abs(a - b) for a, b in zip(old.box_px, new.box_px, strict=True))
        if apart > limit:
            found.append(
                f"face {number}, where it was found: up to {apart:.3g} px apart (at most {limit:.2g})"
            )
    return tuple(found)


def input_differences(then: Input, frame: Frame) -> tuple[str, ...]:
    """Whether the frame has the size it had."""
    size = frame.full_size
    if size == then.size_px:
        return ()
    told = " x ".join(map(str, then.size_px)), " x ".join(map(str, size))
    return (f"picture: {told[0]} px in the case, {told[1]} px now",)


def _about_face(then: FaceNumbers, now: FaceNumbers, tolerance: Tolerance) -> Iterator[str]:
    size = _size(then.box_px) if then.box_px is not None else _span(then.landmarks_px)
    limit = tolerance.points_percent / 100 * size
    if then.took_part != now.took_part:
        yield f"what took part: {_list(then.took_part)} in the case, {_list(now.took_part)} now"
    for axis, old, new in zip(("pitch", "yaw", "roll"), then.pose_deg, now.pose_deg, strict=True):
        if not _near(_turn(old - new), 0, tolerance.pose_deg):
            yield f"{axis}: {old:.3f} deg in the case, {new:.3f} now (at most {tolerance.pose_deg:g} apart)"
    if (then.box_px is None) is not (now.box_px is None):
        yield "box: there in one of both only"
    elif then.box_px is not None and now.box_px is not None:
        yield from _far("box", (then.box_px,), (now.box_px,), limit)
    yield from _far("landmarks", then.landmarks_px, now.landmarks_px, limit)
    yield from _about_surfaces(then, now, limit)
    yield from _about_states(then, now, tolerance)
    if not _same_optional(then.likely_error, now.likely_error, tolerance.error_percent):
        yield f"likely error: {_told(then.likely_error)} in the case, {_told(now.likely_error)} now"
    if not _near(then.mm_per_px, now.mm_per_px, tolerance.scale * abs(then.mm_per_px)):
        yield f"mm per px: {then.mm_per_px:.6g} in the case, {now.mm_per_px:.6g} now"
    if then.alarms != now.alarms:
        yield f"alarms: {_list(then.alarms)} in the case, {_list(now.alarms)} now"


def _about_surfaces(then: FaceNumbers, now: FaceNumbers, limit: float) -> Iterator[str]:
    if then.vertex_count != now.vertex_count:
        yield f"vertices: {then.vertex_count} in the case, {now.vertex_count} now"
    for name in sorted(set(then.surfaces) | set(now.surfaces)):
        if name not in then.surfaces or name not in now.surfaces:
            yield f"{name} surface: only {'now' if name in now.surfaces else 'in the case'}"
        else:
            yield from _far(f"{name} surface", then.surfaces[name], now.surfaces[name], limit)


def _about_states(then: FaceNumbers, now: FaceNumbers, tolerance: Tolerance) -> Iterator[str]:
    if len(then.p_seen) != len(now.p_seen):
        yield "P(seen) of the landmarks: there in one of both only"
    elif then.p_seen:
        apart = [abs(a - b) for a, b in zip(then.p_seen, now.p_seen, strict=True)]
        worst = int(np.argmax(apart))
        if not apart[worst] <= tolerance.share:
            yield (
                f"P(seen) of landmark {worst}: {then.p_seen[worst]:.3f} in the case, "
                f"{now.p_seen[worst]:.3f} now"
            )
    for name in sorted(set(then.state_shares) | set(now.state_shares)):
        old, new = then.state_shares.get(name), now.state_shares.get(name)
        if not _same_optional(old, new, tolerance.share):
            yield f"share {name}: {_told(old)} in the case, {_told(new)} now"


def _about_pictures(then: bytes, now: bytes, tolerance: Tolerance) -> tuple[str, ...]:
    if then == now:
        return ()
    old, new = pixels(then, 3), pixels(now, 3)
    if old.shape != new.shape:
        return ("picture: of another size",)
    apart = np.abs(old.astype(np.int16) - new.astype(np.int16))
    mean, share = float(apart.mean()), float((apart.max(2) > 32).mean())
    if mean <= tolerance.grey and share <= tolerance.pixels:
        return ()
    return (f"picture: {share:.1%} of its pixels differ clearly, on average by {mean:.1f} of 255",)


def _surfaces(answer: Reconstruction) -> Iterator[tuple[str, NDArray[np.float32]]]:
    yield FUSED, answer.vertices
    for layer in answer.layers:
        if isinstance(layer, MeshLayer) and layer.name in BRANCHES:
            yield layer.name, layer.vertices


def _sample(count: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, max(count - 1, 0), SAMPLE).round().astype(np.int64))


def _far(
    what: str, then: Sequence[Sequence[float]], now: Sequence[Sequence[float]], limit: float
) -> Iterator[str]:
    old, new = np.array(then, np.float64), np.array(now, np.float64)
    if old.shape != new.shape:
        yield f"{what}: {len(old)} points in the case, {len(new)} now"
        return
    apart = np.abs(old - new).max(1)
    worst = int(np.argmax(apart))
    if not apart[worst] <= limit:
        many = int((~(apart <= limit)).sum())
        most = f"the most by {apart[worst]:.3g} px (at most {limit:.2g})"
        yield f"{what}: {many} of {len(apart)} differ, {most}"


def _points(points: Doubles) -> tuple[tuple[float, float, float], ...]:
    return tuple((round(x, 4), round(y, 4), round(z, 4)) for x, y, z in points.tolist())


def _share(value: float) -> float:
    return min(max(round(float(value), 5), 0.0), 1.0)


def _size(box: Sequence[float]) -> float:
    return math.sqrt(abs((box[2] - box[0]) * (box[3] - box[1])))


def _span(points: Sequence[Sequence[float]]) -> float:
    flat = np.array(points, np.float64)[:, :2]
    return float(np.sqrt(np.prod(np.ptp(flat, axis=0))))


def _turn(angle_deg: float) -> float:
    """The same turn between -180 and 180."""
    return (angle_deg + 180) % 360 - 180


def _near(a: float, b: float, most: float) -> bool:
    return abs(a - b) <= most


def _same_optional(a: float | None, b: float | None, most: float) -> bool:
    return a is b if a is None or b is None else _near(a, b, most)


def _told(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4g}"


def _list(names: Sequence[str] | Mapping[str, float]) -> str:
    return ", ".join(names) or "none"
