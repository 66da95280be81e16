"""The occlusion lab's part of the State: what lies on the photo, what hides it, what trials gave. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.geometry.turning import carried
from viewer.state.running import Running

if TYPE_CHECKING:
    from models.occlusion.fillings import Filling
    from models.occlusion.occluder import Occluder
    from models.reconstruction import Array, Reconstruction
    from models.reconstructor import Face
    from models.robustness.change import Change
    from models.robustness.jitter import Spread
    from models.robustness.sweep import Swept
    from viewer.sources.source import Frame


Matrix = NDArray[np.float64]


STILL: Matrix = np.eye(3)


STILL.flags.writeable = False


NUDGE, SCALE, TURN, FIRST_DRAG = 1, 2, 3, 10
"""Edits of one number become one command: those of one drag, numbered from FIRST_DRAG; steps of one kind."""


class Tool(Enum):
    """What the hand does on the photo; the value is the text a user reads."""

    MOVE = "Move"
    BRUSH = "Brush"
    ERASER = "Eraser"


@dataclass(frozen=True, slots=True)
class Brush:
    """How a stroke looks.

    Attributes:
        filling: One of models.occlusion.fillings.FILLINGS.
        colour: RGB 0..255, of the filling "colour".
        percent: Its diameter in % of the size of the face.
    """

    filling: str = "colour"
    colour: tuple[int, int, int] = (127, 127, 127)
    percent: float = 15.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What the next trials do; see models.robustness.sweep.Sweep and models.robustness.jitter.Jitter.

    Attributes:
        what: What grows over the face, or SLIDING.
        steps: Of what grows.
        cells: Rows, and columns, of the grid a patch slides over.
        patch_percent: Side of the patch in % of the longer side of the face's box.
        draws: How many boxes.
        shift_px: Standard deviation of their shift.
        scale_percent: Standard deviation of their size.
    """

    what: str = "bottom"
    steps: int = 16
    cells: int = 8
    patch_percent: float = 25.0
    draws: int = 24
    shift_px: float = 4.0
    scale_percent: float = 5.0


@dataclass(frozen=True, eq=False, slots=True)
class Layer:
    """One occluder of the stack.

    Attributes:
        name: What the user reads.
        occluder: Where it lies, in px of the frame of the stack's anchor; of a filling only its alpha counts.
        shown: Whether it is laid.
        filling: What each frame fills it with; None: it brings its own colours.
        seed: Of the filling's noise.
    """

    name: str
    occluder: Occluder
    shown: bool = True
    filling: Filling | None = None
    seed: int = 0


@dataclass(frozen=True, eq=False, slots=True)
class Stack:
    """What undo and redo bring back.

    Attributes:
        layers: From the bottom up.
        anchor: [68, 2] px, the landmarks of the face the occluders follow, where they were when they were
            bound to it; None lets the occluders stay at their place in the frame.
    """

    layers: tuple[Layer, ...] = ()
    anchor: Array | None = None

    def with_layer(self, index: int, layer: Layer) -> Stack:
        """One layer replaced."""
        return replace(self, layers=(*self.layers[:index], layer, *self.layers[index + 1 :]))


@dataclass(frozen=True, eq=False, slots=True)
class Occluded:
    """What was laid over a frame and what it changed.

    Attributes:
        frame: The frame without occluders.
        faces: Where its faces are.
        occluders: One per layer that is shown, where they lie in this frame.
        carry: [3, 3]: px of the stack's anchor to px of this frame.
        hidden: [H, W] 0..1: how much of each pixel is covered.
        references: The answers without occluders, one per answer.
        changes: How far each answer is from its reference.
        shares: How much of each face's outline is covered, 0..1.
    """

    frame: Frame
    faces: tuple[Face, ...]
    occluders: tuple[Occluder, ...]
    carry: Matrix
    hidden: NDArray[np.float32]
    references: tuple[Reconstruction, ...]
    changes: tuple[Change, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Occlusion:
    """What covers the photo, and what is tried with it.

    Attributes:
        stack: The occluders; edits of it can be undone.
        selected: Index of the layer that edits concern; -1 for none.
        tool: What the hand does on the photo.
        brush: How it paints.
        seed: Of the occluders that are added next.
        anew: Faces are looked for again in the covered picture; else the box of the bare one is kept.
        plan: What the next trials do.
        running: The trial under way.
        swept: The last sweep, or as much of it as is done.
        step: Index into its steps of the occluder that is shown in place of the stack; None for the stack.
        spread: What jittering the box gave.
        factor, threshold_percent: Define the breaking point, see models.robustness.sweep.Swept.breaking.
        epoch: Grows with every source that is opened; what belongs to an older one is dropped.
    """

    stack: Stack = field(default_factory=Stack)
    selected: int = -1
    tool: Tool = Tool.MOVE
    brush: Brush = Brush()
    seed: int = 0
    anew: bool = False
    plan: Plan = Plan()
    running: Running | None = None
    swept: Swept | None = None
    step: int | None = None
    spread: Spread | None = None
    factor: float = 2.0
    threshold_percent: float = 5.0
    epoch: int = 0

    @property
    def layer(self) -> Layer | None:
        """The selected layer."""
        return self.stack.layers[self.selected] if 0 <= self.selected < len(self.stack.layers) else None

    def carried(self, T_new_old: Matrix, order: NDArray[np.int64] | None = None) -> Occlusion:
        """As a turned picture finds it: occluders lie on the same places, results and edits are gone.

        Args:
            T_new_old: [3, 3]: px of the picture before to px of the turned one.
            order: [68]: which landmark each one is now; None for the same.
        """
        layers = tuple(_carried(layer, T_new_old) for layer in self.stack.layers)
        anchor = self.stack.anchor
        if anchor is not None:
            moved = carried(anchor, T_new_old)
            anchor = np.asarray(moved if order is None else moved[order], anchor.dtype)
        return replace(self.begun(), stack=Stack(layers, anchor), selected=self.selected)

    def begun(self) -> Occlusion:
        """As another source finds it: tools are kept, occluders and results are not."""
        return Occlusion(
            tool=self.tool,
            brush=self.brush,
            seed=self.seed,
            anew=self.anew,
            plan=self.plan,
            factor=self.factor,
            threshold_percent=self.threshold_percent,
            epoch=self.epoch + 1,
        )


def _carried(layer: Layer, T_new_old: Matrix) -> Layer:
    """On the same place of a turned picture."""
    T = T_new_old @ layer.occluder.T_image_occluder
    return replace(layer, occluder=replace(layer.occluder, T_image_occluder=T))
