"""What a user can do with occluders: add, move, paint, stack; each edit can be undone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from models.errors import InputError
from viewer.inference.session import Session
from viewer.occlusion.selectors import bare_frame, brush_px, carry_of, reference_of
from viewer.state.occlusion import Brush, Layer, Matrix, Occlusion, Stack, Tool
from viewer.state.store import Store
from viewer.tasks.edits import Edits
from viewer.tasks.in_order import InOrder

log = logging.getLogger(__name__)

OCCLUDERS = "occluders"
"""What these edits are about."""

NO_FACE = "There is no face to cover yet. Open a photo with a face, or draw a box over one."
SMALLEST, LARGEST = 1e-3, 1e3  # times its own pixels: beyond, an occluder cannot be gripped any more
Points = Sequence[tuple[float, float]]


class OcclusionCommands(QObject):
    """The occluders on the photo; each edit can be undone.

    Signals:
        sketched: (kind, [h, w, 4]): a small picture of a kind of occluder.
    """

    sketched = Signal(str, object)
    _drawn = Signal(int, object, object)

    def __init__(self, store: Store, session: Session, edits: Edits, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store, self._session, self._edits = store, session, edits
        self._artist = InOrder("unmask artist")
        self._drawn.connect(self._on_drawn)
        store.on(lambda state: state.occlusion.epoch, lambda _epoch: self._edits.forget(OCCLUDERS), self)

    # ---- the stack -------------------------------------------------------------------------------------

    def add(self, kind: str) -> None:
        """Draw an occluder for the selected face, off the GUI thread, and lay it on top."""
        state = self._store.state
        reference = reference_of(state)
        if reference is None:
            self._session.tell(InputError(NO_FACE))
            return
        seed, landmarks = state.occlusion.seed, reference.landmarks[:, :2]
        inverse = _inverse(carry_of(state))

        def draw() -> Layer:
            from models.occlusion.kinds import occluder
            from models.occlusion.occluder import placed

            return Layer(f"{kind}, seed {seed}", placed(occluder(kind, landmarks, seed), inverse))

        self._artist.submit(lambda: self._draw(state.occlusion.epoch, draw))

    def sketch(self, kind: str) -> None:
        """Draw a kind for a plain face, off the GUI thread; `sketched` follows."""
        self._artist.submit(lambda: self._sketch(kind))

    def select(self, index: int) -> None:
        """Let edits concern that layer; -1: none."""
        occlusion = self._occlusion
        self._set(replace(occlusion, selected=index if 0 <= index < len(occlusion.stack.layers) else -1))

    def remove(self) -> None:
        """Take the selected layer away."""
        occlusion, layer = self._occlusion, self._occlusion.layer
        if layer is not None:
            layers = tuple(other for other in occlusion.stack.layers if other is not layer)
            self._edit(f"Remove {layer.name}", layers, min(occlusion.selected, len(layers) - 1))

    def clear(self) -> None:
        """Take all layers away."""
        if self._occlusion.stack.layers:
            self._edit("Remove all occluders", (), -1)

    def duplicate(self) -> None:
        """Lay a copy of the selected layer beside it."""
        from models.occlusion.occluder import moved

        occlusion, layer = self._occlusion, self._occlusion.layer
        if layer is not None:
            aside = brush_px(self._store.state) / 2
            copy = replace(layer, occluder=moved(layer.occluder, aside, aside))
            layers = (
                *occlusion.stack.layers[: occlusion.selected + 1],
                copy,
                *occlusion.stack.layers[occlusion.selected + 1 :],
            )
            self._edit(f"Duplicate {layer.name}", layers, occlusion.selected + 1)

    def toggle_shown(self, index: int | None = None) -> None:
        """Hide a layer (the selected one if none is named), or show it again."""
        occlusion = self._occlusion
        index = occlusion.selected if index is None else index
        if 0 <= index < len(occlusion.stack.layers):
            layer = occlusion.stack.layers[index]
            text = f"{'Hide' if layer.shown else 'Show'} {layer.name}"
            stack = occlusion.stack.with_layer(index, replace(layer, shown=not layer.shown))
            self._edit(text, stack.layers, occlusion.selected)

    def raise_by(self, steps: int) -> None:
        """Move the selected layer up in the stack; down if negative."""
        occlusion, layer = self._occlusion, self._occlusion.layer
        place = min(max(occlusion.selected + steps, 0), len(occlusion.stack.layers) - 1)
        if layer is not None and place != occlusion.selected:
            others = [other for other in occlusion.stack.layers if other is not layer]
            others.insert(place, layer)
            self._edit(f"{'Raise' if steps > 0 else 'Lower'} {layer.name}", tuple(others), place)

    def follow_face(self, follow: bool) -> None:
        """Bind the occluders to the face, so that they move with it; or let them stay where they are now."""
        occlusion, state = self._occlusion, self._store.state
        reference = reference_of(state)
        if follow is (occlusion.stack.anchor is not None):
            return
        if follow and reference is None:
            self._session.tell(InputError(NO_FACE))
        elif follow and reference is not None:
            self._push(
                "Follow the face",
                Stack(occlusion.stack.layers, reference.landmarks[:, :2]),
                occlusion.selected,
            )
        else:
            from models.occlusion.occluder import placed

            carry = carry_of(state)
            layers = tuple(
                replace(layer, occluder=placed(layer.occluder, carry)) for layer in occlusion.stack.layers
            )
            self._push("Stay in place", Stack(layers), occlusion.selected)

    def toggle_follow(self) -> None:
        """`follow_face`, on or off."""
        self.follow_face(self._occlusion.stack.anchor is None)

    # ---- the selected occluder ----------------------------------------------------------------------------

    def place(self, T_image_occluder: Matrix, drag: int) -> None:
        """Put the selected occluder there: [3, 3], its px to px of the frame shown."""
        occlusion, layer = self._occlusion, self._occlusion.layer
        if layer is None or not _usable(T_image_occluder):
            return
        T = _inverse(carry_of(self._store.state)) @ T_image_occluder
        moved = replace(layer, occluder=replace(layer.occluder, T_image_occluder=T))
        self._edit(
            f"Move {layer.name}",
            occlusion.stack.with_layer(occlusion.selected, moved).layers,
            occlusion.selected,
            drag,
        )

    # ---- paint -----------------------------------------------------------------------------------------

    def stroke(self, points: Points, drag: int) -> None:
        """Paint, or erase from the selected occluder, along points of the frame shown, px."""
        frame = bare_frame(self._store.state)
        if frame is None or not points:
            return
        if self._occlusion.tool is Tool.ERASER:
            self._erase(points, drag)
        else:
            self._paint(frame.image.shape[:2], points, drag)

    def choose_tool(self, tool: Tool) -> None:
        """Let the hand do something else on the photo; the tool in hand again: put it down."""
        self._set(replace(self._occlusion, tool=Tool.MOVE if tool is self._occlusion.tool else tool))

    def choose_brush(self, brush: Brush) -> None:
        """Paint like this."""
        self._set(replace(self._occlusion, brush=brush))

    def choose_seed(self, seed: int) -> None:
        """Which looks the occluders have that are added next."""
        self._set(replace(self._occlusion, seed=max(seed, 0)))

    def look_anew(self, anew: bool) -> None:
        """Look for faces in the covered picture, or keep the boxes of the bare one."""
        self._set(replace(self._occlusion, anew=anew))

    def toggle_anew(self) -> None:
        """`look_anew`, on or off."""
        self.look_anew(not self._occlusion.anew)

    def close(self, timeout_s: float = 10.0) -> bool:
        """Let a drawing that has begun come to its end; False if it did not in time."""
        return self._artist.close(timeout_s)

    # ----------------------------------------------------------------------------------------------------

    @property
    def _occlusion(self) -> Occlusion:
        return self._store.state.occlusion

    def _set(self, occlusion: Occlusion) -> None:
        self._store.update(occlusion=occlusion)

    def _paint(self, shape: tuple[int, ...], points: Points, drag: int) -> None:
        from models.occlusion.fillings import Filling
        from models.occlusion.strokes import blank, painted

        state, occlusion, layer = self._store.state, self._occlusion, self._occlusion.layer
        size = brush_px(state)
        kind, colour = occlusion.brush.filling, occlusion.brush.colour
        filling = Filling(kind, size_px=max(size / 8, 1.0), offset_px=(0, -round(2 * size)))
        name = f"paint, {kind}"
        inverse = _inverse(carry_of(state))
        there = [_carried(inverse, point) for point in points]
        fits = layer is not None and layer.name == name and layer.shown
        if layer is None or not fits or (kind == "colour" and tuple(layer.occluder.rgba[0, 0, :3]) != colour):
            canvas = blank(name, shape[0], shape[1], colour)
            made = None if kind == "colour" else filling
            layer = Layer(name, painted(canvas, there, size), filling=made, seed=occlusion.seed)
            self._edit("Paint", (*occlusion.stack.layers, layer), len(occlusion.stack.layers), drag)
            return
        more = replace(layer, occluder=painted(layer.occluder, there, size))
        self._edit(
            "Paint", occlusion.stack.with_layer(occlusion.selected, more).layers, occlusion.selected, drag
        )

    def _erase(self, points: Points, drag: int) -> None:
        from models.occlusion.strokes import erased

        state, occlusion, layer = self._store.state, self._occlusion, self._occlusion.layer
        if layer is None:
            self._session.tell(
                InputError("No occluder is selected. Select the one to erase from in the list.")
            )
            return
        inverse = _inverse(carry_of(state))
        there = [_carried(inverse, point) for point in points]
        less = replace(layer, occluder=erased(layer.occluder, there, brush_px(state)))
        self._edit(
            f"Erase from {layer.name}",
            occlusion.stack.with_layer(occlusion.selected, less).layers,
            occlusion.selected,
            drag,
        )

    def _edit(self, text: str, layers: tuple[Layer, ...], selected: int, drag: int = 0) -> None:
        self._push(text, replace(self._occlusion.stack, layers=layers), selected, drag)

    def _push(self, text: str, stack: Stack, selected: int, drag: int = 0) -> None:
        before = self._occlusion
        self._edits.push(
            text,
            undo=lambda: self._apply(before.stack, before.selected),
            redo=lambda: self._apply(stack, selected),
            about=OCCLUDERS,
            drag=drag,
            thing=selected,
        )

    def _apply(self, stack: Stack, selected: int) -> None:
        self._set(replace(self._occlusion, stack=stack, selected=selected, step=None))

    def _draw(self, epoch: int, draw: Callable[[], Layer]) -> None:
        try:
            self._drawn.emit(epoch, draw(), None)
        except Exception as error:  # told on the GUI thread
            self._drawn.emit(epoch, None, error)

    def _sketch(self, kind: str) -> None:
        from models.occlusion.__main__ import sketched_landmarks
        from models.occlusion.kinds import occluder

        self.sketched.emit(kind, occluder(kind, sketched_landmarks(), 0).rgba)

    @Slot(int, object, object)
    def _on_drawn(self, epoch: int, layer: Layer | None, error: Exception | None) -> None:
        if error is not None:
            self._session.tell(error)
        elif layer is not None and epoch == self._occlusion.epoch:
            layers = self._occlusion.stack.layers
            self._edit(f"Add {layer.name}", (*layers, layer), len(layers))


def _inverse(T: Matrix) -> Matrix:
    return np.asarray(np.linalg.inv(T), np.float64)


def _usable(T: Matrix) -> bool:
    """Whether an occluder could still be seen and gripped there."""
    if not np.isfinite(T).all() or abs(float(T[2, 2])) < 1e-9:
        return False
    size = float(np.sqrt(abs(np.linalg.det(T[:2, :2])))) / abs(float(T[2, 2]))
    return SMALLEST < size < LARGEST


def _carried(T: Matrix, point: tuple[float, float]) -> tuple[float, float]:
    x, y, w = (T @ np.array([*point, 1.0])).tolist()
    return x / w, y / w
