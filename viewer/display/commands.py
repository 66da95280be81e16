"""What a user can do to the drawing: overlays, colours, theme. Nothing is recomputed."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject

from viewer.state.driver import Driver
from viewer.state.layout import panel_layout, panels_shown, style_of
from viewer.state.state import toggled, with_style
from viewer.state.store import Store
from viewer.state.style import LayerStyle, Look, Theme


class DisplayCommands(QObject):
    """What a user can do to the drawing; nothing is computed anew."""

    def __init__(self, store: Store, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store

    def divide_errors_by(self, normaliser: str) -> None:
        """Give errors in shares of another length: a key of models.metrics.normalisers.NORMALISERS."""
        self._store.update(normaliser=normaliser)

    def explain_figure(self, metric: str) -> None:
        """Say how a figure is computed and draw what it is divided by; asked for again: no more."""
        explained = self._store.state.explained
        self._store.update(explained="" if metric == explained else metric)

    def toggle_overlay(self, name: str) -> None:
        """Draw something over the photo, or no longer."""
        self._store.update(overlays=toggled(self._store.state.overlays, name))

    def set_look(self, panel: str, look: Look) -> None:
        """Colour one panel's surface by something else."""
        state = self._store.state
        style = replace(style_of(state, panel), look=look, span=None)
        self._store.update(styles=with_style(state, panel, style))

    def set_style(self, panel: str, style: LayerStyle) -> None:
        """Draw one panel's surface like this."""
        self._store.update(styles=with_style(self._store.state, panel, style))

    def set_mesh_look(self, look: Look) -> None:
        """Draw the fused meshes over the photo, coloured by this."""
        state = self._store.state
        style = replace(style_of(state, "photo"), look=look, span=None)
        self._store.update(styles=with_style(state, "photo", style), overlays=state.overlays | {"mesh"})

    def set_mesh_opacity(self, opacity: float) -> None:
        """How much the fused meshes hide of the photo, 0..1."""
        style = replace(style_of(self._store.state, "photo"), opacity=min(max(opacity, 0.0), 1.0))
        self.set_style("photo", style)

    def fade_mesh(self, by: float) -> None:
        """Let the fused meshes hide so much more of the photo, or less, and show them."""
        self._store.update(overlays=self._store.state.overlays | {"mesh"})
        self.set_mesh_opacity(round(style_of(self._store.state, "photo").opacity + by, 3))

    def set_look_everywhere(self, look: Look) -> None:
        """Colour the surfaces of all panels in sight alike, but for those that are there for one look."""
        for row in panels_shown(self._store.state):
            if len(row.looks) > 1 and look in row.looks:
                self.set_look(row.name, look)

    def toggle_head(self) -> None:
        """Draw a head around the faces, or no longer."""
        self._store.update(head=not self._store.state.head)

    def toggle_truth_in_3d(self) -> None:
        """Draw the ground truth in the 3D panels too, or no longer."""
        self._store.update(truth_in_3d=not self._store.state.truth_in_3d)

    def toggle_wire(self) -> None:
        """Draw edges over all surfaces in sight, or no longer."""
        state = self._store.state
        rows = [row for row in panels_shown(state) if row.looks]
        wire = not any(style_of(state, row.name).wire for row in rows)
        for row in rows:
            style = replace(style_of(state, row.name), wire=wire)
            self._store.update(styles=with_style(self._store.state, row.name, style))

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
