"""The button of a photo panel that says what lies over the photo: overlays, and how the meshes are drawn."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QWidget, QWidgetAction

from viewer.state.layout import MESH_LOOKS, panel_row
from viewer.state.style import OVERLAY_TEXTS, OVERLAYS, LayerStyle, Look
from viewer.widgets.parts import OpacitySlider


class OverButton(QToolButton):
    """Opens a menu of OVERLAYS, the looks of the meshes and their opacity.

    Signals:
        overlay_toggled(str): The user wants one of OVERLAYS drawn, or no longer.
        style_chosen(LayerStyle): The user chose how the meshes are drawn.
    """

    overlay_toggled = Signal(str)
    style_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None, offered: tuple[str, ...] = OVERLAYS) -> None:
        super().__init__(parent)
        self._style, self._on = panel_row("photo").style, frozenset[str]()
        self.setObjectName("lookButton")
        self.setText("Overlays ▾")
        self.setAccessibleName("What lies over the photo")
        self.setToolTip("What is drawn over the photo, and how")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setAutoRaise(True)
        menu = QMenu(self)
        self._overlays = {name: self._overlay(menu, name) for name in offered}
        menu.addSection("Fused mesh")
        group = QActionGroup(self)
        self._looks = {look: self._look(menu, group, look) for look in MESH_LOOKS}
        self._edges = menu.addAction("Edges over the mesh")
        self._edges.setCheckable(True)
        self._edges.triggered.connect(lambda on: self._choose(replace(self._style, wire=on)))
        self._opacity = OpacitySlider("Opacity of the meshes over the photo")
        self._opacity.chosen.connect(
            lambda share: self.style_chosen.emit(replace(self._style, opacity=share))
        )
        self._opacity.setContentsMargins(8, 0, 8, 0)
        row = QWidgetAction(menu)
        row.setDefaultWidget(self._opacity)
        menu.addAction(row)
        self.setMenu(menu)

    def set_overlays(self, overlays: frozenset[str]) -> None:
        """Say what is drawn. Emits nothing."""
        self._on = overlays
        for name, action in self._overlays.items():
            action.setChecked(name in overlays)

    def set_style(self, style: LayerStyle) -> None:
        """Say how the meshes are drawn. Emits nothing."""
        self._style = style
        for look, action in self._looks.items():
            action.setChecked(look is style.look)
        self._edges.setChecked(style.wire)
        self._opacity.set_share(style.opacity)

    def _overlay(self, menu: QMenu, name: str) -> QAction:
        action = menu.addAction(OVERLAY_TEXTS[name])
        action.setCheckable(True)
        action.triggered.connect(lambda _on: self.overlay_toggled.emit(name))
        return action

    def _look(self, menu: QMenu, group: QActionGroup, look: Look) -> QAction:
        action = menu.addAction(look.value)
        action.setCheckable(True)
        group.addAction(action)
        action.triggered.connect(lambda _on: self._choose(replace(self._style, look=look, span=None)))
        return action

    def _choose(self, style: LayerStyle) -> None:
        """Whoever chooses how the mesh is drawn wants it drawn."""
        self.style_chosen.emit(style)
        if "mesh" not in self._on:
            self.overlay_toggled.emit("mesh")
