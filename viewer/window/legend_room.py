"""Keeps legends off the faces: the panels in sight leave the same height free, so that faces compare."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Protocol

from PySide6.QtCore import QObject, QSize

from viewer.state.layout import panels_shown
from viewer.state.state import State
from viewer.state.store import Store
from viewer.widgets.signals import Emits


class WithLegend(Protocol):
    """A panel that draws a face over its legend, as `viewer.panels.panel.Panel`."""

    @property
    def legend_kept(self) -> Emits[int, QSize]:
        """The height its legend needs at the bottom, px, at this size of its view."""

    def keep_free(self, kept_px: int) -> None:
        """Draw above that height, px."""


class LegendRoom(QObject):
    """Tells all panels the height that the largest legend in sight needs.

    While the same is shown in the same size, it only grows: no face of a video changes its size because a
    line of a legend comes and goes. To be made before whoever tells panels their looks.
    """

    def __init__(self, store: Store, panels: Mapping[str, WithLegend], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._panels = dict(panels)
        self._kept: dict[str, tuple[int, QSize]] = {}
        self._anew = set(self._panels)
        self._shown: frozenset[str] = frozenset()
        for name, panel in self._panels.items():
            panel.legend_kept.connect(partial(self._on_kept, name))
        store.on(_what_legends_tell, lambda _: self._anew.update(self._panels), self)
        store.on(panels_shown, lambda rows: self._show([row.name for row in rows]), self)

    def _on_kept(self, name: str, kept_px: int, size: QSize) -> None:
        before, at = self._kept.get(name, (0, size))
        keeps = name not in self._anew and at == size
        self._anew.discard(name)
        self._kept[name] = (max(kept_px, before) if keeps else kept_px), size
        if self._kept[name][0] != before:
            self._tell()

    def _show(self, names: list[str]) -> None:
        self._shown = frozenset(names)
        self._tell()

    def _tell(self) -> None:
        most = max((kept for name, (kept, _) in self._kept.items() if name in self._shown), default=0)
        for panel in self._panels.values():
            panel.keep_free(most)


def _what_legends_tell(state: State) -> tuple[object, ...]:
    """What changes a legend for longer than a frame."""
    return state.styles, state.head, state.source_name, state.panel_layout
