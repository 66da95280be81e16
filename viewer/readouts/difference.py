"""A against B: what is compared, and how far it lies apart. Frozen values and pure functions, no Qt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.metrics.correspondence import both_reach, comparable, counterpart, onto_vertices
from models.metrics.errors import disagreement
from models.reconstruction import (
    FUSED,
    Array,
    MeshLayer,
    Reconstruction,
    Scalar,
    Topology,
    branch_text,
    frozen,
)
from viewer.sources.source import same_picture
from viewer.state.comparison import LAYERS, Pinned, Side
from viewer.state.setting import Setting, worded
from viewer.state.shown import Shown
from viewer.state.state import State, setting_of
from viewer.tasks.kept import Kept

if TYPE_CHECKING:
    from viewer.sources.source import Frame
    from viewer.state.shown import Shown
    from viewer.state.state import State


LEAST_HIGH_MM = 1.0
WORST_PERCENTILE = 95


@dataclass(frozen=True, eq=False, slots=True)
class SideAnswer:
    """What a side has to show.

    Attributes:
        answer: Its vertices are those of the layer that is compared.
        whole: The answer that layer is from.
        frame: What it is about.
    """

    answer: Reconstruction
    whole: Reconstruction
    frame: Frame


@dataclass(frozen=True, eq=False, slots=True)
class Compared:
    """Both sides, and how far they lie apart.

    Attributes:
        a, b: What each side shows; None where there is nothing.
        difference: Per vertex of B, mm, NaN where A has no such place; None if it cannot be told.
        aligned: Whether A was turned, shifted and scaled onto B first: two frames have no common place.
        level: Whether the mean difference in depth was taken out: two methods have no common depth.
        marked: B with the difference as one of its scalars; None while there is no difference.
        trouble: Why a side or the difference is missing; empty if none is.
    """

    a: SideAnswer | None
    b: SideAnswer | None
    difference: Scalar | None = None
    aligned: bool = False
    level: bool = False
    marked: Reconstruction | None = None
    trouble: str = ""

    @property
    def summary(self) -> str:
        """The difference in one line; empty while there is none."""
        if self.difference is None or self.b is None:
            return ""
        mm = self.difference.values
        mean, worst = float(np.nanmean(mm)), float(np.nanpercentile(mm, WORST_PERCENTILE))
        px = self.b.answer.mm_per_px
        how = ", after alignment" if self.aligned else ", after a shift in depth" if self.level else ""
        return f"mean {mean:.1f} mm ({mean / px:.1f} px), worst 5 % over {worst:.1f} mm{how}"


def compared_in(state: State) -> Compared:
    """What `state` compares."""
    return compared(state.shown, state.selected_face, state.comparison.a, state.comparison.b)


_LAST: Kept[Shown, Compared] = Kept(2)


def compared(shown: Shown | None, face: int, a: Side, b: Side) -> Compared:
    """Both sides about a frame. Remembers the last: many views ask for the same."""
    if shown is None:
        return _compared(shown, face, a, b)
    return _LAST.of(shown, (face, a, b), lambda: _compared(shown, face, a, b))


def _compared(shown: Shown | None, face: int, a: Side, b: Side) -> Compared:
    found = _found(shown, face, a), _found(shown, face, b)
    for name, one in zip("AB", found, strict=True):
        if isinstance(one, str):
            kept = [None if isinstance(each, str) else each for each in found]
            return Compared(kept[0], kept[1], trouble=f"{name}: {one}")
    first, second = (one for one in found if isinstance(one, SideAnswer))
    aligned = not same_picture(first.frame, second.frame)
    level = not aligned and first.whole.method != second.whole.method
    mm = difference_mm(first.answer, second.answer, aligned, level)
    if mm is None:
        trouble = (
            "These two meshes have no vertices in common. Compare methods that name their vertices alike."
        )
        return Compared(first, second, trouble=trouble)
    difference = Scalar("difference", mm, 0.0, round_high(mm), "mm")
    marked = replace(second.answer, scalars=(*second.answer.scalars, difference))
    return Compared(first, second, difference, aligned, level, marked)


def difference_mm(
    answer: Reconstruction, other: Reconstruction, aligned: bool = False, level: bool = False
) -> Array | None:
    """How far an answer lies from each vertex of another, vertex by vertex or by the open face on both.

    Args:
        answer: In image px.
        other: The same; its vertices and its millimetres count.
        aligned: Whether to carry the first onto the other by the best similarity first.
        level: Whether to take the mean difference in depth out, which is only known up to an offset.

    Returns:
        [N] mm, one per vertex of `other`, NaN where the open face or either mesh does not reach; None where
        nobody knows how the two meshes correspond.
    """
    pair, both = comparable(answer, other), both_reach(answer.topology, other.topology)
    if pair is None or both is None:
        return None
    ours, theirs = _carried(*pair, both) if aligned else pair[0], pair[1]
    if level:
        ours = ours + np.array([0, 0, (theirs - ours)[both, 2].mean()], np.float32)
    mm = frozen(np.where(both, disagreement(ours, theirs) * other.mm_per_px, np.nan))
    own = other.topology if len(mm) != len(other.vertices) else None
    return mm if own is None else onto_vertices(own, mm)


def vertex_on(found: SideAnswer | None, vertex: int | None, topology: Topology | None) -> int | None:
    """A vertex of some mesh as a vertex of what a side shows; None where that has no such place.

    No `topology`: the vertex is one of that side's own mesh.
    """
    if found is None or vertex is None:
        return None
    mesh = found.answer
    place = vertex if topology is None else counterpart(topology, vertex, mesh.topology)
    return place if place is not None and 0 <= place < len(mesh.vertices) else None


def pinned_of(state: State) -> Pinned | None:
    """The answer shown, to be kept; None if there is none."""
    if state.shown is None or state.answer is None:
        return None
    return Pinned(replace(state.shown, others={}), state.selected_face, setting_of(state), state.opened)


def described(side: Side, state: State) -> str:
    """A side in words: which part of whose answer about what."""
    part = branch_text(side.layer or FUSED)
    if side.pinned is not None:
        return f"{part}, pinned: {_framed(side.pinned.shown.frame)}, {worded(side.pinned.setting)}"
    return part if side.setting is None else f"{part}, {worded(side.setting, setting_of(state))}"


def choices(state: State) -> Iterator[tuple[str, str, Side]]:
    """(group, text, side) of what can be compared now, but for weights in files."""
    for layer in LAYERS:
        yield "This frame", branch_text(layer or FUSED), Side(layer)
    pinned = state.comparison.a.pinned or state.comparison.b.pinned
    if pinned is not None:
        for layer in LAYERS:
            yield (
                f"Pinned: {_framed(pinned.shown.frame)}",
                branch_text(layer or FUSED),
                Side(layer, pinned=pinned),
            )
    named = (side.setting for side in (state.comparison.a, state.comparison.b) if side.pinned is None)
    for setting in dict.fromkeys(filter(None, named)):
        for layer in LAYERS:
            text = f"{branch_text(layer or FUSED)}, {worded(setting, setting_of(state))}"
            yield "This frame, as compared now", text, Side(layer, setting)
    for switch in state.switches:
        setting = Setting(state.method, state.weights, frozenset({switch}))
        yield "This frame, computed", f"without {switch}", Side(setting=setting)


def _found(shown: Shown | None, face: int, side: Side) -> SideAnswer | str:
    """What a side has to show, or why it has nothing."""
    if side.pinned is not None:
        shown, face = side.pinned.shown, side.pinned.face
    if shown is None:
        return "no face yet."
    answers = shown.answers
    if side.setting is not None and side.pinned is None:
        if side.setting not in shown.others:
            return "being computed." if shown.answers else "no face yet."
        answers = shown.others[side.setting]
    if not 0 <= face < len(answers):
        return "no face yet."
    whole = answers[face]
    vertices = _vertices(whole, side.layer)
    if vertices is None:
        return f"this answer has no {branch_text(side.layer)}: it is switched off, or the method has none."
    return SideAnswer(replace(whole, vertices=vertices) if side.layer else whole, whole, shown.frame)


def _vertices(answer: Reconstruction, layer: str) -> Array | None:
    if not layer:
        return answer.vertices
    for found in answer.layers:
        if found.name == layer and isinstance(found, MeshLayer):
            return found.vertices if len(found.vertices) == len(answer.vertices) else None
    return None


def _carried(vertices: Array, target: Array, pulls: NDArray[np.bool_]) -> Array:
    import torch  # the window must not wait for it; answers to align have brought it by now

    from models.geometry.transforms import weighted_procrustes

    source, onto = (torch.from_numpy(np.array(points, np.float64))[None] for points in (vertices, target))
    best = weighted_procrustes(source, onto, torch.from_numpy(pulls.astype(np.float64))[None])
    return frozen(best.apply(source)[0].numpy())


def round_high(mm: Array) -> float:
    """The end of a legend: 1, 2, 5, 10, ... mm, so that it stays the same from frame to frame."""
    worst = float(np.nanpercentile(mm, 98)) if np.isfinite(mm).any() else 0.0
    steps = (step * 10.0**power for power in range(4) for step in (1, 2, 5))
    return next((step for step in steps if step >= max(worst, LEAST_HIGH_MM)), 1e4)


def _framed(frame: Frame) -> str:
    return f"{frame.name} {frame.index + 1}" if frame.count != 1 else frame.name


TO_FIRST = "difference to the first"  # the scalar: how far a vertex lies from where the first has it


TOP_MM = 10.0  # at the upper end of its colours, the same for all methods and photos


def against_first(answer: Reconstruction, first: Reconstruction) -> Reconstruction:
    """The same answer, its vertices knowing how far the first in line has them, in the first's mm.

    Unchanged where the two meshes do not correspond.
    """
    mm = difference_mm(first, replace(answer, mm_per_px=first.mm_per_px), level=True)
    if mm is None:
        return answer
    return replace(answer, scalars=(*answer.scalars, Scalar(TO_FIRST, mm, 0.0, TOP_MM, "mm")))
