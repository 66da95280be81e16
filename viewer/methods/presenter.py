"""Between Store and the panels of methods side by side: who stands where, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from viewer.methods.commands import MethodCommands
from viewer.methods.offers_menu import add_line, fill_with_offers
from viewer.methods.terms import terms_of
from viewer.readouts.lineup import Standing, absence, figures_of, standing
from viewer.state.layout import panel_row
from viewer.state.setting import METHODS, Setting, worded
from viewer.state.state import State, line
from viewer.state.store import Store


class MethodSurface(Protocol):
    """A GL panel whose title is a choice, as `viewer.panels.panel.Panel`."""

    def offer(self, menu: QMenu, meaning: str) -> None:
        """Let the title open a menu."""

    def set_caption(self, title: str, note: str, meaning: str, absence: str) -> None:
        """What the strip says and means, and what the panel says while it has no answer."""


LONGEST_TITLE = 26  # characters


class Caption(NamedTuple):
    """What `MethodSurface.set_caption` takes."""

    title: str
    note: str
    meaning: str
    absence: str


class MethodsPresenter(QObject):
    """Keeps the captions true to the Store, and lets a user choose who stands where."""

    def __init__(
        self,
        store: Store,
        commands: MethodCommands,
        panels: Mapping[str, MethodSurface],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._store, self._commands = store, commands
        slots = {name: panel_row(name).slot for name in panels}
        self._panels = {slot: panels[name] for name, slot in slots.items() if slot is not None}
        self._menus = {slot: self._menu(slot) for slot in self._panels}
        for slot, panel in self._panels.items():
            panel.offer(self._menus[slot], f"Choose who answers at place {slot + 1}")
        store.on(captions, self._show)

    def _menu(self, slot: int) -> QMenu:
        menu = QMenu()
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(lambda: self._fill(menu, slot))
        return menu

    def _fill(self, menu: QMenu, slot: int) -> None:
        place = standing(self._store.state, slot)
        chosen = None if place is None else place.setting
        fill_with_offers(menu, chosen, lambda setting: self._commands.put(slot, setting))
        if place is not None:
            terms = terms_of(place.setting)
            menu.addSeparator()
            add_line(menu, terms.line, f"{terms.user}\n{terms.line}\n{terms.place}".strip())
        menu.addSeparator()
        menu.addAction("Weights from a file…", lambda: self._commands.put_file(slot))
        away = menu.addAction("Remove panel", lambda: self._commands.remove(slot))
        away.setEnabled(slot > 0)

    def _show(self, captions: tuple[Caption, ...]) -> None:
        for slot, caption in enumerate(captions):
            if slot in self._panels:
                self._panels[slot].set_caption(*caption)


def captions(state: State) -> tuple[Caption, ...]:
    """What is said of each method in line, from the first place on; nothing while they are out of sight."""
    if state.panel_layout != METHODS:
        return ()
    places = (standing(state, slot) for slot in range(len(line(state))))
    return tuple(_caption(state, place) for place in places if place is not None)


def _caption(state: State, place: Standing) -> Caption:
    figures, missing = tuple(figures_of(state, place)), absence(state, place)
    note = " · ".join(short for short, _ in figures) or missing.splitlines()[0]
    meaning = "\n".join((worded(place.setting), *(told for _, told in figures or [("", missing)])))
    return Caption(titled(place.setting), note, meaning, missing)


def titled(setting: Setting) -> str:
    """Who answers, as a short title: no ending of a file's name, nor the middle of a long one."""
    text, half = worded(setting).replace(".safetensors", ""), LONGEST_TITLE // 2
    return text if len(text) <= LONGEST_TITLE else f"{text[:half]}…{text[-half:]}"
