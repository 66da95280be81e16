"""Menus whose entries are not verbs but things: samples, recent files, methods, weights."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu

import resources
from models.catalogue import DETECTOR_NEEDS, detector_lacks
from viewer.faces.commands import FaceCommands
from viewer.faces.detectors import DETECTOR_TEXTS
from viewer.methods.available import Offer, best_offer, method_names, offers_of
from viewer.methods.branch_commands import BranchCommands
from viewer.methods.offers_menu import add_choice, add_line, add_reason, tick
from viewer.mining.commands import MiningCommands
from viewer.playback.commands import PlaybackCommands
from viewer.state.setting import Setting
from viewer.state.state import State
from viewer.state.store import Store
from viewer.state.webcam import SIZES

NO_CAMERA = "No camera is plugged in"


class FileMenus(QObject):
    """The menus, kept true to the Store.

    Attributes:
        samples: Bundled photos.
        recent: Files opened before.
        camera: The cameras there are, and how large their pictures are to be.
        method: Installed methods; the one that answers is ticked.
        weights: Weights that ship for that method, and the file in use if it is another.
        detector: Who can look for faces.
        dropped: What can be done with a folder that was dropped.
    """

    def __init__(
        self,
        store: Store,
        playback: PlaybackCommands,
        branches: BranchCommands,
        faces: FaceCommands,
        mining: MiningCommands,
    ) -> None:
        super().__init__(playback)
        self._playback, self._branches, self._faces, self._mining = playback, branches, faces, mining
        self.samples, self.recent = QMenu("Samples"), QMenu("Recent")
        self.camera = QMenu("Camera")
        self.method, self.weights, self.detector = QMenu("Method"), QMenu("Weights"), QMenu("Face detector")
        self.dropped = QMenu("Dropped folder")
        for menu in (
            self.samples,
            self.recent,
            self.camera,
            self.method,
            self.weights,
            self.detector,
            self.dropped,
        ):
            menu.setToolTipsVisible(True)
        for path in resources.samples():
            text = path.stem.replace("_", " ").replace("-", " ").capitalize()
            self._add_file(self.samples, text, str(path))
        self.samples.setEnabled(not self.samples.isEmpty())
        self.camera.aboutToShow.connect(
            lambda: self._fill_camera(store.state)
        )  # one may have been plugged in
        self._fill_camera(store.state)
        self.method.aboutToShow.connect(lambda: self._fill_method(store.state))  # files may have come
        self.weights.aboutToShow.connect(lambda: self._fill_weights(store.state))
        self.detector.aboutToShow.connect(lambda: self._fill_detector(store.state))
        store.on(lambda state: state.recent, self._fill_recent)
        store.on(lambda state: (state.method, state.weights), lambda _: self._fill_methods(store.state), self)
        store.on(lambda state: state.detector, lambda _: self._fill_detector(store.state), self)

    def fill_dropped(self, folder: str) -> QMenu:
        """The menu of a folder that was dropped: go through it, or find failures in it."""
        self.dropped.clear()
        name = Path(folder).name
        walk = self.dropped.addAction(f"Go through the pictures of {name}")
        walk.setToolTip("Open the folder; Page Up and Page Down go through it")
        walk.triggered.connect(lambda: self._playback.open(folder))
        mine = self.dropped.addAction(f"Find failures in {name}")
        mine.setToolTip("Answer for all its pictures in the background, as a table with the worst first")
        mine.triggered.connect(lambda: self._mining.mine([folder]))
        return self.dropped

    def _fill_recent(self, recent: tuple[str, ...]) -> None:
        self.recent.clear()
        for path in recent:
            self._add_file(self.recent, Path(path).name, path)
        self.recent.addSeparator()
        forget = self.recent.addAction("Clear this list")
        forget.setToolTip("Forget which files were opened; the files themselves stay")
        forget.triggered.connect(self._playback.forget_recent)
        self.recent.setEnabled(bool(recent))

    def _fill_methods(self, state: State) -> None:
        self._fill_method(state)
        self._fill_weights(state)

    def _fill_method(self, state: State) -> None:
        self.method.clear()
        group = QActionGroup(self.method)
        for name in dict.fromkeys((*method_names(), state.method)):
            offer = best_offer(name)
            action = add_choice(self.method, group, name, name, self._branches.choose_method)
            tick(action, name == state.method, offer)
            add_reason(self.method, offer)

    def _fill_weights(self, state: State) -> None:
        self.weights.clear()
        group = QActionGroup(self.weights)
        found = {offer.setting.weights: offer for offer in offers_of(state.method)}
        for name in dict.fromkeys((*found, state.weights)):
            action = add_choice(self.weights, group, Path(name).name, name, self._branches.choose_weights)
            offer = found.get(name, Offer(Setting(state.method, name)))
            tick(action, name == state.weights, offer)
            add_reason(self.weights, offer)

    def _fill_detector(self, state: State) -> None:
        self.detector.clear()
        group = QActionGroup(self.detector)
        for name in DETECTOR_NEEDS:
            text, meaning = DETECTOR_TEXTS[name]
            action = add_choice(self.detector, group, text, name, self._faces.choose_detector)
            lacks = detector_lacks(name)
            action.setChecked(name == state.detector)
            action.setEnabled(name == state.detector or not lacks)
            action.setToolTip(lacks or meaning)
            if lacks:
                add_line(self.detector, lacks, lacks)

    def _fill_camera(self, state: State) -> None:
        """The cameras there are; under a line, how large their pictures are to be."""
        self.camera.clear()
        which, sizes = QActionGroup(self.camera), QActionGroup(self.camera)
        found = self._playback.cameras()
        for camera in found:
            action = self._add_choice(which, camera.title, camera.index == state.webcam.index)
            action.setToolTip(f"Open camera {camera.index}")
            action.triggered.connect(lambda _on, index=camera.index: self._playback.open_camera(index))
        if not found:
            add_line(self.camera, NO_CAMERA, NO_CAMERA)
        self.camera.addSeparator()
        for size in (None, *SIZES):
            text = "Size as the camera gives it" if size is None else f"{size[0]} × {size[1]}"
            action = self._add_choice(sizes, text, size == state.webcam.size)
            action.setToolTip("How large pictures a camera is asked for")
            action.triggered.connect(lambda _on, size=size: self._playback.choose_camera_size(size))

    def _add_choice(self, group: QActionGroup, text: str, chosen: bool) -> QAction:
        action = self.camera.addAction(text)
        action.setCheckable(True)
        action.setChecked(chosen)
        group.addAction(action)
        return action

    def _add_file(self, menu: QMenu, text: str, path: str) -> None:
        action = menu.addAction(text)
        action.setToolTip(f"Open {path}")
        action.triggered.connect(lambda _on: self._playback.open(path))
