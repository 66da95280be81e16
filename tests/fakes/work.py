"""The models' functions without torch: one face in every picture that is not black."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Event

import numpy as np
from numpy.typing import NDArray

from models.errors import DeviceError, MethodError, MissingAssetError
from models.reconstruction import Alarm
from models.reconstructor import Face, Reconstructor
from tests.fakes.reconstructor import FakeReconstructor, fake_reconstruct
from viewer.inference.worker import Reconstruct, Work
from viewer.state.device import Device


@dataclass
class FakeWork:
    """Counts what is asked of it, and holds still where a test wants it to.

    Attributes:
        alarms: What every answer warns of.
        answer: What it answers.
        loaded: (method, weights) in the order they were loaded.
        ran_on: Where each was loaded.
        there: Names of the devices that "this machine" has.
        threads: The limits it was given.
        full: The device whose memory runs out.
        detections: How often faces were looked for.
        detectors: By which detectors.
        gate: Cleared, every reconstruction waits for it.
        reached: Set when a reconstruction begins.
    """

    alarms: tuple[Alarm, ...] = ()
    answer: Reconstruct = fake_reconstruct
    loaded: list[tuple[str, str]] = field(default_factory=list)
    ran_on: list[str] = field(default_factory=list)
    there: tuple[str, ...] = ("cpu",)
    threads: list[int] = field(default_factory=list)
    full: str = ""
    detections: int = 0
    detectors: list[str] = field(default_factory=list)
    gate: Event = field(default_factory=Event)
    reached: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def work(self) -> Work:
        """As the window is given it."""
        return Work(
            self._load, self._detect, self._reconstruct, self._device, self._devices, self.threads.append
        )

    def _device(self, wish: str) -> str:
        if wish == "auto":
            return self.there[-1]
        if wish not in self.there:
            raise DeviceError(f"There is no {wish} here. Use --device cpu.")
        return wish

    def _devices(self) -> tuple[Device, ...]:
        return tuple(Device(name, name.upper()) for name in self.there)

    def _load(self, name: str, weights: str, device: str) -> Reconstructor:
        if weights == "missing":
            raise MissingAssetError("weights/missing is not there. Train it or choose others.")
        if name == "unknown":
            raise MethodError("There is no method 'unknown'. Choose another.")
        self.loaded.append((name, weights))
        self.ran_on.append(device)
        return FakeReconstructor(name, self.alarms)

    def _detect(self, image: NDArray[np.uint8], detector: str) -> list[Face]:
        if detector == "yunet":
            raise MissingAssetError("YuNet is not there. Fetch it.")
        self.detections += 1
        self.detectors.append(detector)
        height, width = image.shape[:2]
        if image.max() == 0:
            return []
        first = Face((0.1 * width, 0.2 * height, 0.4 * width, 0.8 * height))
        second = Face((0.6 * width, 0.2 * height, 0.9 * width, 0.8 * height))
        return [first, second] if image.max() >= 200 else [first]

    def _reconstruct(self, image, faces, method, without):  # type: ignore[no-untyped-def]
        self.reached.set()
        assert self.gate.wait(10)
        if self.full and self.full == self.ran_on[-1]:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return self.answer(image, faces, method, without)
