"""Menus of methods and weights: what can run, and why the rest cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

from viewer.methods.available import Offer, offers
from viewer.state.setting import Setting, worded

LONGEST = 60  # characters of a reason


def add_choice(
    menu: QMenu, group: QActionGroup, text: str, value: str, choose: Callable[[str], None]
) -> QAction:
    """A row that can be ticked, one of a group."""
    action = menu.addAction(text)
    action.setCheckable(True)
    action.triggered.connect(lambda _on: choose(value))
    group.addAction(action)
    return action


def tick(action: QAction, chosen: bool, offer: Offer) -> None:
    """Tick what answers, grey what cannot."""
    action.setChecked(chosen)
    action.setEnabled(chosen or offer.ready)
    action.setToolTip(offer.meaning)


def fill_with_offers(menu: QMenu, chosen: Setting | None, choose: Callable[[Setting], None]) -> None:
    """A row for every method with weights; what cannot run is greyed and says what it lacks."""
    menu.clear()
    add_offers(menu, offers(), chosen, choose)


def add_offers(
    menu: QMenu, rows: Iterable[Offer], chosen: Setting | None, choose: Callable[[Setting], None]
) -> None:
    """As `fill_with_offers`, after what the menu holds."""
    for offer in rows:
        action = menu.addAction(worded(offer.setting))
        action.setCheckable(True)
        tick(action, offer.setting == chosen, offer)
        action.triggered.connect(lambda _on=False, setting=offer.setting: choose(setting))
        add_reason(menu, offer)


def add_reason(menu: QMenu, offer: Offer) -> None:
    """Under a row that is greyed: what is missing, in a line; all of it is its tooltip."""
    for sentence in offer.missing[:1]:
        more = f" (and {len(offer.missing) - 1} more)" if offer.missing[1:] else ""
        add_line(menu, sentence, offer.meaning, more)


def add_line(menu: QMenu, sentence: str, meaning: str, more: str = "") -> None:
    """A greyed line of text, its end cut off where it is long; `meaning` is its tooltip."""
    first = sentence.split(". ")[0].rstrip(".")
    line = menu.addAction(f"      {first[:LONGEST]}{'…' if first[LONGEST:] else ''}{more}")
    line.setToolTip(meaning)
    line.setEnabled(False)
