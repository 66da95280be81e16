"""READINGS: what is told about one vertex that was picked. No Qt.

A further reading is one more function in the table; what it needs to know besides the answer is a field of
Picked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from models.metrics.states import STATE_NAMES, seen_vertices
from models.reconstruction import (
    BRANCH_TEXTS,
    IMAGE_SPACE,
    MODEL_SPACE,
    SEEN_ABOVE,
    STATE_SCALARS,
    MapLayer,
    MeshLayer,
    Reconstruction,
    Scalar,
    State,
    branch_text,
    most_likely,
)

Reading = tuple[str, str]
TOLD = frozenset(
    (*STATE_SCALARS, "outside the picture", "disagreement", "image-space share", "own correction", "followed")
)
"""Scalars that have a function of their own in the table."""


@dataclass(frozen=True, eq=False, slots=True)
class Picked:
    """One vertex of an answer in image space."""

    answer: Reconstruction
    vertex: int


def state(picked: Picked) -> Iterator[Reading]:
    """Seen, turned away or covered, and how probable each is."""
    states = picked.answer.states
    if states is None:
        if (value := value_at(picked, "visibility")) is not None:
            yield "P(seen)", f"{value:.2f}"
        return
    probabilities = states[picked.vertex]
    here = State(int(most_likely(probabilities)))
    completed = "" if here is State.SEEN else ", completed"
    yield "state", STATE_NAMES[here] + completed
    yield (
        "probabilities",
        ", ".join(f"{name} {p:.0%}" for name, p in zip(STATE_NAMES.values(), probabilities, strict=True)),
    )
    outside = value_at(picked, "outside the picture")
    if outside is not None and outside > SEEN_ABOVE:
        yield "lies", "outside the picture"


def confidence(picked: Picked) -> Iterator[Reading]:
    """How sure the method is of the pixel it lies on; only what was seen has a pixel."""
    layer = next((layer for layer in picked.answer.layers if layer.name == "confidence"), None)
    if not isinstance(layer, MapLayer):
        return
    x, y, _ = picked.answer.vertices[picked.vertex]
    value = map_value(layer, float(x), float(y)) if was_seen(picked) else float("nan")
    yield "confidence", f"{value:.2f}" if np.isfinite(value) else "no visible pixel here"


def nearness(picked: Picked) -> Iterator[Reading]:
    """Its depth, from the middle of the face."""
    z = picked.answer.vertices[:, 2]
    px = float(z[picked.vertex]) - (float(z.min()) + float(z.max())) / 2
    yield "nearness", reading(px, "px", picked.answer.mm_per_px)


def branch_positions(picked: Picked) -> Iterator[Reading]:
    """Where each branch alone puts it."""
    for name in BRANCH_TEXTS:
        for layer in picked.answer.layers:
            same = isinstance(layer, MeshLayer) and len(layer.vertices) == len(picked.answer.vertices)
            if layer.name == name and isinstance(layer, MeshLayer) and same:
                yield branch_text(name), position_text(layer.vertices[picked.vertex])


def disagreement(picked: Picked) -> Iterator[Reading]:
    """How far the branches lie apart."""
    yield from _scalar_row(picked, "disagreement")


def followed(picked: Picked) -> Iterator[Reading]:
    """Whom the fusion followed, by share and in the end, and what it added by itself."""
    share = value_at(picked, "image-space share")
    if share is not None:
        yield "image-space share", f"{share:.0%}" if np.isfinite(share) else "unknown"
    yield from _scalar_row(picked, "own correction")
    value = value_at(picked, "followed")
    if value is not None:
        yield "followed", _followed(picked, value)


def _followed(picked: Picked, value: float) -> str:
    if not np.isfinite(value):
        own, apart = value_at(picked, "own correction"), value_at(picked, "disagreement")
        mostly_own = own is not None and apart is not None and own >= apart
        return "neither: mostly its own correction" if mostly_own else "undefined: the branches agree"
    if not 0 <= value <= 1:
        return f"beyond the {branch_text(IMAGE_SPACE if value > 1 else MODEL_SPACE)}"
    image = f"{100 * value:.0f} % {branch_text(IMAGE_SPACE)}"
    completed = value > SEEN_ABOVE and not was_seen(picked)
    return f"{image}, itself completed there" if completed else image


def everything_else(picked: Picked) -> Iterator[Reading]:
    """Scalars no other function of the table tells."""
    for scalar in picked.answer.scalars:
        if scalar.name not in TOLD:
            yield from _scalar_row(picked, scalar.name)


def was_seen(picked: Picked) -> bool:
    """Whether the vertex was seen; True where the method does not say."""
    seen = seen_vertices(picked.answer)
    return seen is None or bool(seen[picked.vertex])


READINGS: tuple[Callable[[Picked], Iterator[Reading]], ...] = (
    state,
    confidence,
    nearness,
    branch_positions,
    disagreement,
    followed,
    everything_else,
)
"""In the order the inspector shows them."""


def rows(picked: Picked) -> tuple[Reading, ...]:
    """(name, value with its unit) of all that is known there."""
    return tuple(row for told in READINGS for row in told(picked))


def scalar_of(answer: Reconstruction, name: str) -> Scalar | None:
    """The answer's scalar of that name; None where the method does not report it."""
    return next((scalar for scalar in answer.scalars if scalar.name == name), None)


def value_at(picked: Picked, name: str) -> float | None:
    """A scalar at the vertex; None where the method does not report it."""
    scalar = scalar_of(picked.answer, name)
    return None if scalar is None else float(scalar.values[picked.vertex])


def map_value(layer: MapLayer, x: float, y: float) -> float:
    """What a map [H, W] in image space says of the pixel at x, y; NaN where it says nothing."""
    column, row, _ = np.linalg.solve(layer.T_image_map, (x, y, 1.0))
    at = round(float(row)), round(float(column))
    inside = 0 <= at[0] < layer.values.shape[0] and 0 <= at[1] < layer.values.shape[1]
    return float(layer.values[at]) if inside else float("nan")


def position_text(position: np.ndarray[tuple[int], np.dtype[np.float32]] | tuple[float, ...]) -> str:
    """x, y, z in image px."""
    x, y, z = (float(part) for part in position)
    return f"{x:.1f}, {y:.1f}, {z:+.1f} px"


def reading(value: float, unit: str, mm_per_px: float) -> str:
    """A value with its unit; a length in px is told in millimetres too, and the other way round."""
    if not np.isfinite(value):
        return "unknown"
    if unit == "px":
        return f"{value:.1f} px ({value * mm_per_px:.1f} mm)"
    if unit == "mm":
        return f"{value / mm_per_px:.1f} px ({value:.1f} mm)"
    return f"{value:.2f} {unit}".rstrip()


def _scalar_row(picked: Picked, name: str) -> Iterator[Reading]:
    scalar, value = scalar_of(picked.answer, name), value_at(picked, name)
    if scalar is not None and value is not None:
        yield name, reading(value, scalar.unit, picked.answer.mm_per_px)
