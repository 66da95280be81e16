"""Which parts of a session outlive it, kept in QSettings."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QMainWindow

from models.export.outputs import put_aside
from viewer.state.camera import Link
from viewer.state.device import MOST_THREADS, is_device_name
from viewer.state.setting import Setting
from viewer.state.state import State
from viewer.state.style import OVERLAYS, LayerStyle, Look, Theme
from viewer.state.views import read, written
from viewer.state.webcam import as_text, from_text

log = logging.getLogger(__name__)

SCHEMA = 1
LONGEST_TOLD = 40  # characters of a value that makes no sense
LAYOUT = 2
"""Grows when docks or bars are renamed; a kept layout of another version is not used."""


class Settings:
    """Reads what a former session left; what cannot be read is left out, never an error.

    Attributes:
        problems: A sentence on each thing that could not be read, as far as it is known by now.
    """

    def __init__(self, store: QSettings | None = None) -> None:
        self.problems: list[str] = []
        self._store, problem = _readable(store if store is not None else QSettings("unmask", "unmask"))
        self._tell(problem)
        if self._number("schema", SCHEMA) != SCHEMA:
            log.info("Settings of another version were found; this session starts with fresh ones.")
            self._store.clear()
        self._store.setValue("schema", SCHEMA)

    @property
    def folder(self) -> Path:
        """Where they are kept."""
        return Path(self._store.fileName()).parent

    def restored(self, first: State) -> State:
        """`first` with what was kept; files that are gone are not recent any more."""
        recent = tuple(path for path in self._texts("recent") if Path(path).exists())
        overlays = frozenset(self._texts("overlays")) & frozenset(OVERLAYS)
        styles = {panel: self._style(panel, style) for panel, style in first.styles.items()}
        kept = self._store.contains("overlays")
        return replace(
            first,
            recent=recent,
            overlays=overlays if kept else first.overlays,
            styles=styles,
            theme=Theme(self._checked("theme", _is_theme, first.theme.value)),
            device_wish=self._checked("device", is_device_name, first.device_wish),
            webcam=from_text(self._checked("webcam", _is_webcam, as_text(first.webcam))) or first.webcam,
            threads=int(self._checked("threads", _is_thread_count, str(first.threads))),
            head=self._text("head") != "0" if self._store.contains("head") else first.head,
            steady=self._text("steady") != "0" if self._store.contains("steady") else first.steady,
            panel_layout=self._text("arrangement") or first.panel_layout,
            method=self._text("method") or first.method,
            weights=self._text("weights") or first.weights,
            detector=self._text("finder") or first.detector,
            lineup=self._lineup() if self._store.contains("lineup") else first.lineup,
            keys=MappingProxyType(dict(_pair(text) for text in self._texts("keys") if "\n" in text)),
            link=next((link for link in Link if link.value == self._text("link")), first.link),
            views=MappingProxyType(dict(filter(None, map(read, self._texts("views"))))),
        )

    def keep(self, state: State) -> None:
        """Remember what outlives the session."""
        self._store.setValue("recent", list(state.recent))
        self._store.setValue("overlays", sorted(state.overlays))
        self._store.setValue("theme", state.theme.value)
        self._store.setValue("device", state.device_wish)
        self._store.setValue("threads", str(state.threads))
        self._store.setValue("webcam", as_text(state.webcam))
        self._store.setValue("steady", str(int(state.steady)))
        self._store.setValue("head", str(int(state.head)))
        self._store.setValue("arrangement", state.panel_layout)
        self._store.setValue("method", state.method)
        self._store.setValue("weights", state.weights)
        self._store.setValue("finder", state.detector)
        self._store.setValue("lineup", [f"{one.method}\n{one.weights}" for one in state.lineup])
        self._store.setValue("keys", [f"{name}\n{keys}" for name, keys in state.keys.items()])
        self._store.setValue("link", state.link.value)
        self._store.setValue("views", [written(name, camera) for name, camera in state.views.items()])
        for panel, style in state.styles.items():
            kept = [style.look.value, str(int(style.wire)), str(style.opacity), *map(repr, style.span or ())]
            self._store.setValue(f"styles/{panel}", kept)

    def restore_layout(self, window: QMainWindow) -> bool:
        """Place window, docks and bars as they were; False if nothing fitting was kept."""
        geometry, layout = self._store.value("geometry"), self._store.value("layout")
        if not (isinstance(geometry, QByteArray) and isinstance(layout, QByteArray)):
            return False
        return window.restoreGeometry(geometry) and window.restoreState(layout, LAYOUT)

    def keep_layout(self, window: QMainWindow) -> None:
        """Remember where window, docks and bars are."""
        self._store.setValue("geometry", window.saveGeometry())
        self._store.setValue("layout", window.saveState(LAYOUT))

    def sync(self) -> bool:
        """Write to disk now; False if it cannot be, which the log says."""
        self._store.sync()
        if self._store.status() is QSettings.Status.AccessError:
            log.warning("The settings cannot be written to %s.", self._store.fileName())
            return False
        return True

    def _style(self, panel: str, first: LayerStyle) -> LayerStyle:
        match self._texts(f"styles/{panel}"):
            case (look, wire, opacity, *span) if look in {known.value for known in Look}:
                return LayerStyle(Look(look), wire == "1", _share(opacity, first.opacity), _span(span))
        return first

    def _lineup(self) -> tuple[Setting, ...]:
        lines = (text.partition("\n") for text in self._texts("lineup"))
        return tuple(Setting(method, weights) for method, _, weights in lines if method and weights)

    def _checked(self, key: str, fits: Callable[[str], bool], first: str) -> str:
        """A text that was kept; `first` if none was, or if it does not fit, which is told."""
        if not self._store.contains(key):
            return first
        text = self._text(key)
        if fits(text):
            return text
        self._tell(f"The setting {key} could not be read ({text[:LONGEST_TOLD] or 'it is empty'}).")
        return first

    def _tell(self, problem: str) -> None:
        if problem and problem not in self.problems:
            self.problems.append(problem)

    def _text(self, key: str) -> str:
        value = self._store.value(key, "")
        return value if isinstance(value, str) else ""

    def _texts(self, key: str) -> tuple[str, ...]:
        """A list as it was written; QSettings gives one text for a list of one and None for an empty one."""
        value = self._store.value(key)
        if isinstance(value, str):
            return (value,)
        return tuple(str(part) for part in value) if isinstance(value, list | tuple) else ()

    def _number(self, key: str, default: int) -> int:
        text = str(self._store.value(key, default))
        return int(text) if text.isdecimal() and len(text) < 10 else -1


def _readable(store: QSettings) -> tuple[QSettings, str]:
    """The settings; if their file is damaged, fresh ones of that name, and the damaged file kept as .bad.

    Returns:
        Also a sentence on the damage; empty if there is none.
    """
    path, written_as = Path(store.fileName()), store.format()
    if store.status() is not QSettings.Status.FormatError and not _holds_zeros(path):
        return store, ""
    beside = put_aside(path)
    if beside is None:
        told = f"The settings {path} are damaged and cannot be put aside."
        log.warning(told)
        return store, told
    told = f"The settings were damaged; this session starts afresh. They are kept as {beside}."
    log.warning(told)
    return QSettings(str(path), written_as), told


def _holds_zeros(path: Path) -> bool:
    """Whether a file has bytes that Qt never writes, though it may read past them."""
    try:
        return b"\0" in path.read_bytes()
    except OSError:
        return False


def _pair(text: str) -> tuple[str, str]:
    name, _, keys = text.partition("\n")
    return name, keys


def _is_theme(text: str) -> bool:
    return text in {theme.value for theme in Theme}


def _is_webcam(text: str) -> bool:
    return from_text(text) is not None


def _is_thread_count(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 3 and int(text) <= MOST_THREADS


def _span(texts: list[str]) -> tuple[float, float] | None:
    """The range of a look's colours; None for its own, and for what is none."""
    try:
        low, high = map(float, texts)
    except ValueError:
        return None
    return (low, high) if math.isfinite(low) and math.isfinite(high) and low < high else None


def _share(text: str, first: float) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return first
