"""What a user can do to the drawing: overlays, colours, theme. Nothing is recomputed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject

from viewer.state.driver import Driver
from viewer.state.layout import panel_layout, panel_row, panels_shown, style_of
from viewer.state.state import State, toggled, with_styles
from viewer.state.store import Store
from viewer.state.style import OVERLAY_TEXTS, LayerStyle, Look, Theme
from viewer.tasks.edits import Edits

DRAWING = "drawing"
"""What these edits are about."""
FADING = 6
"""Edits of one number become one."""


class DisplayCommands(QObject):
    """What a user can do to the drawing; nothing is computed anew."""

    def __init__(self, store: Store, edits: Edits, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store, self._edits = store, edits
        self._told = _drawing_in(store.state)  # by an edit, or by whoever else
        store.on(_drawing_in, self._on_drawing)

    def divide_errors_by(self, normaliser: str) -> None:
        """Give errors in shares of another length: a key of models.metrics.normalisers.NORMALISERS."""
        self._store.update(normaliser=normaliser)

    def explain_figure(self, metric: str) -> None:
        """Say how a figure is computed and draw what it is divided by; asked for again: no more."""
        explained = self._store.state.explained
        self._store.update(explained="" if metric == explained else metric)

    def toggle_overlay(self, name: str) -> None:
        """Draw something over the photo, or no longer."""
        now = self._drawing
        verb = "Hide" if name in now.overlays else "Show"
        words = f"{verb} over the photo: {OVERLAY_TEXTS[name].lower()}"
        self._edit(words, replace(now, overlays=toggled(now.overlays, name)))

    def set_look(self, panel: str, look: Look) -> None:
        """Colour one panel's surface by something else."""
        self.set_style(panel, replace(style_of(self._store.state, panel), look=look, span=None))

    def set_style(self, panel: str, style: LayerStyle) -> None:
        """Draw one panel's surface like this; changes of its opacity in a row are one edit."""
        before, title = style_of(self._store.state, panel), panel_row(panel).title
        fades = replace(before, opacity=style.opacity) == style
        words, drag = (f"Opacity of {title}", FADING) if fades else (f"Look of {title}", 0)
        self._edit(words, self._styled(panel, style), drag, panel)

    def set_mesh_look(self, look: Look) -> None:
        """Draw the fused meshes over the photo, coloured by this."""
        style = replace(style_of(self._store.state, "photo"), look=look, span=None)
        overlays = self._drawing.overlays | {"mesh"}
        drawing = replace(self._styled("photo", style), overlays=overlays)
        self._edit("Look of the meshes over the photo", drawing)

    def set_mesh_opacity(self, opacity: float) -> None:
        """How much the fused meshes hide of the photo, 0..1."""
        self._fade(self._drawing.overlays, opacity)

    def fade_mesh(self, by: float) -> None:
        """Let the fused meshes hide so much more of the photo, or less, and show them."""
        opacity = round(style_of(self._store.state, "photo").opacity + by, 3)
        self._fade(self._drawing.overlays | {"mesh"}, opacity)

    def set_look_everywhere(self, look: Look) -> None:
        """Colour the surfaces of all panels in sight alike, but for those that are there for one look."""
        state = self._store.state
        rows = [row for row in panels_shown(state) if len(row.looks) > 1 and look in row.looks]
        looks = {row.name: replace(style_of(state, row.name), look=look, span=None) for row in rows}
        styles = with_styles(state, looks)
        self._edit(f"Look of the panels: {look.value.lower()}", replace(self._drawing, styles=styles))

    def toggle_head(self) -> None:
        """Draw a head around the faces, or no longer."""
        now = self._drawing
        self._edit("Hide the head" if now.head else "Show the head", replace(now, head=not now.head))

    def toggle_truth_in_3d(self) -> None:
        """Draw the ground truth in the 3D panels too, or no longer."""
        now = self._drawing
        verb = "Hide" if now.truth_in_3d else "Show"
        self._edit(f"{verb} ground truth in 3D", replace(now, truth_in_3d=not now.truth_in_3d))

    def toggle_wire(self) -> None:
        """Draw edges over all surfaces in sight, or no longer."""
        state = self._store.state
        styles = {row.name: style_of(state, row.name) for row in panels_shown(state) if row.looks}
        wire = not any(style.wire for style in styles.values())
        wired = {name: replace(style, wire=wire) for name, style in styles.items()}
        drawing = replace(self._drawing, styles=with_styles(state, wired))
        self._edit("Show edges" if wire else "Hide edges", drawing)

    def set_panel_layout(self, name: str) -> None:
        """Put other panels side by side: a name of PANEL_LAYOUTS."""
        self._store.update(panel_layout=panel_layout(name).name)

    def toggle_theme(self) -> None:
        """Change between the dark and the light window."""
        dark = self._store.state.theme is Theme.DARK
        self._store.update(theme=Theme.LIGHT if dark else Theme.DARK)

    def set_driver(self, driver: Driver) -> None:
        """A panel has told what draws it."""
        self._store.update(driver=driver)

    def show_whole_photo(self, whole: bool) -> None:
        """Show all of the photo, or the faces in it large."""
        self._store.update(whole_photo=whole)

    def toggle_whole_photo(self) -> None:
        """`show_whole_photo`, on or off."""
        self.show_whole_photo(not self._store.state.whole_photo)

    @property
    def _drawing(self) -> _Drawing:
        return _drawing_in(self._store.state)

    def _styled(self, panel: str, style: LayerStyle) -> _Drawing:
        """As it is, but one panel."""
        state = self._store.state
        changed = {} if style_of(state, panel) == style else {panel: style}
        return replace(self._drawing, styles=with_styles(state, changed))

    def _fade(self, overlays: frozenset[str], opacity: float) -> None:
        style = replace(style_of(self._store.state, "photo"), opacity=min(max(opacity, 0.0), 1.0))
        drawing = replace(self._styled("photo", style), overlays=overlays)
        self._edit("Opacity of the meshes over the photo", drawing, FADING, "photo")

    def _edit(self, text: str, drawing: _Drawing, drag: int = 0, thing: str = "") -> None:
        """Draw like this, and let it be undone; nothing if all is drawn like this already."""
        before = self._drawing
        if drawing != before:
            self._edits.push(
                text,
                undo=lambda: self._apply(before),
                redo=lambda: self._apply(drawing),
                about=DRAWING,
                drag=drag,
                thing=thing,
            )

    def _apply(self, drawing: _Drawing) -> None:
        self._told = drawing
        self._store.update(
            styles=drawing.styles,
            overlays=drawing.overlays,
            head=drawing.head,
            truth_in_3d=drawing.truth_in_3d,
        )

    def _on_drawing(self, drawing: _Drawing) -> None:
        """A case or a presentation draws otherwise: what was edited before would be undone over that."""
        if drawing != self._told:
            self._told = drawing
            self._edits.forget(DRAWING)


@dataclass(frozen=True, slots=True)
class _Drawing:
    """The parts of a State, so called, that say how things are drawn and can be undone."""

    styles: Mapping[str, LayerStyle]
    overlays: frozenset[str]
    head: bool
    truth_in_3d: bool


def _drawing_in(state: State) -> _Drawing:
    return _Drawing(state.styles, state.overlays, state.head, state.truth_in_3d)
