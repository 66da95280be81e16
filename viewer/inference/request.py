"""What is asked of the worker, as a function of what is shown. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from viewer.sources.source import same_picture
from viewer.state.comparison import A_B
from viewer.state.device import AUTO
from viewer.state.occlusion import Layer
from viewer.state.setting import METHODS, Setting
from viewer.state.state import State, setting_of

if TYPE_CHECKING:
    from models.reconstruction import Array
    from models.reconstructor import Face
    from viewer.sources.source import Frame
    from viewer.state.shown import TruthFile


@dataclass(frozen=True, eq=False, slots=True)
class Occluders:
    """What the worker is to lay over the frame.

    Attributes:
        layers: Those that are shown, from the bottom up.
        anchor: As in Stack.
        face: Which face the anchor is about.
        anew: Faces are looked for again in the covered picture.
    """

    layers: tuple[Layer, ...]
    anchor: Array | None = None
    face: int = 0
    anew: bool = False

    def same_as(self, other: Occluders | None) -> bool:
        """Whether the worker would do the same."""
        return other is not None and self.moved_from(other) and all(map(_same, self.layers, other.layers))

    def moved_from(self, other: Occluders | None) -> bool:
        """Whether these are the same occluders, though perhaps dragged or painted on since."""
        return (
            other is not None
            and [_kind(layer) for layer in self.layers] == [_kind(layer) for layer in other.layers]
            and self.anchor is other.anchor
            and (self.face, self.anew) == (other.face, other.anew)
        )


@dataclass(frozen=True, eq=False, slots=True)
class Request:
    """One question to the worker.

    Attributes:
        frame: The picture; None only loads the method.
        source: Number of the source the frame is from: faces are tracked within one only.
        setting: Who answers, and without what.
        boxes: Faces the user drew; None lets the detector look.
        detector: Who looks for faces.
        searches: How often the user has asked to look again: each time they are looked for anew.
        smooth: Take the tremble out of the answers about a video. Never while others answer too or occluders
            lie on it, so that like is held against like.
        occluders: What to lay over the frame; None for nothing.
        truth: Ground truth the user opened; None looks for it beside the picture.
        others: Who else answers about the same faces, one after the other.
        device: Where it is to run, as in State.device_wish.
        threads: As in State.threads.
    """

    frame: Frame | None
    source: int
    setting: Setting
    boxes: tuple[Face, ...] | None
    detector: str
    searches: int
    smooth: bool
    occluders: Occluders | None
    truth: TruthFile | None
    others: tuple[Setting, ...]
    device: str = AUTO
    threads: int = 0

    def same_as(self, other: Request) -> bool:
        """Whether the answer would be the same, the others' included."""
        return self.others == other.others and self.same_first(other)

    def same_first(self, other: Request) -> bool:
        """Whether the first answer would be the same, whoever else is asked."""
        return (
            self.frame is other.frame
            and self.continues(other)
            and self.boxes == other.boxes
            and (self.occluders is None or other.occluders is None or self.occluders.same_as(other.occluders))
        )

    def continues(self, other: Request) -> bool:
        """Whether an answer to `other` may still be shown while this one is computed.

        It may while the user only watches or drags: the next frame of the same source, the same occluders or
        boxes elsewhere. It may not once anything was switched, chosen, added or taken away.
        """
        return (
            (self.frame is None) is (other.frame is None)
            and (self.boxes == other.boxes or self._shifts_boxes_of(other))
            and self.truth is other.truth
            and self._how() == other._how()
            and (self.occluders is other.occluders is None or _moved(self.occluders, other.occluders))
        )

    def _shifts_boxes_of(self, other: Request) -> bool:
        """Whether the boxes of the same faces lie elsewhere in the same frame."""
        if self.frame is not other.frame or self.boxes is None or other.boxes is None:
            return False
        return [face.identity for face in self.boxes] == [face.identity for face in other.boxes]

    def _how(self) -> tuple[object, ...]:
        return (
            *(self.source, self.setting, self.detector, self.searches, self.smooth),
            *(self.device, self.threads),
        )


def request(state: State) -> Request:
    """What is to be answered now."""
    frame, truth = state.frame, state.truth
    others, occluders = others_of(state), occluders_of(state)
    return Request(
        frame=frame,
        source=state.source,
        setting=setting_of(state),
        boxes=state.boxes,
        detector=state.detector,
        searches=state.searches,
        smooth=state.steady and _moves(frame) and not others and occluders is None,
        occluders=occluders,
        truth=truth if truth and frame and same_picture(truth.frame, frame) else None,
        others=others,
        device=state.device_wish,
        threads=state.threads,
    )


def others_of(state: State) -> tuple[Setting, ...]:
    """Who else is to answer about the frame shown: the sides of A and B, or the methods side by side."""
    if state.panel_layout == METHODS:
        return tuple(setting for setting in dict.fromkeys(state.lineup) if setting != setting_of(state))
    if state.panel_layout == A_B:
        sides = state.comparison.a, state.comparison.b
        return tuple(dict.fromkeys(side.setting for side in sides if side.setting and side.pinned is None))
    return ()


def occluders_of(state: State) -> Occluders | None:
    """What is to be laid over the frame; None for nothing."""
    occlusion = state.occlusion
    if (
        occlusion.step is not None
        and occlusion.swept is not None
        and occlusion.step < len(occlusion.swept.steps)
    ):
        occluder = occlusion.swept.steps[occlusion.step].occluder
        return None if occluder is None else Occluders((Layer(occluder.kind, occluder),), anew=occlusion.anew)
    layers = tuple(layer for layer in occlusion.stack.layers if layer.shown)
    face = 0 if occlusion.stack.anchor is None else state.selected_face
    return Occluders(layers, occlusion.stack.anchor, face, occlusion.anew) if layers else None


def _moves(frame: Frame | None) -> bool:
    """Whether the frame is one of a video, camera or folder."""
    return frame is not None and frame.count != 1


def _moved(now: Occluders | None, before: Occluders | None) -> bool:
    return now is not None and now.moved_from(before)


def _kind(layer: Layer) -> tuple[object, ...]:
    return layer.name, layer.filling, layer.seed


def _same(a: Layer, b: Layer) -> bool:
    return a.occluder is b.occluder
