"""What a case asked, asked again without a window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.detection.detectors import detect
from models.loading import load
from models.reconstruction import Reconstruction
from models.reconstructor import Face, Reconstructor
from viewer.cases.case import Case
from viewer.cases.replaying import occluders_of_case, shown_again
from viewer.cases.restoring import faces_of
from viewer.cases.scaling import to_shown
from viewer.cli.answering import Answering
from viewer.cli.speech import complain
from viewer.sources.source import Frame
from viewer.state.setting import Setting
from viewer.state.shown import Shown

NO_INPUT = "The case holds no picture: it was saved before one was opened. Open one and save the case anew."
AskFaces = Callable[[NDArray[np.uint8], Sequence[Face]], Sequence[Reconstruction]]


@dataclass
class Askers:
    """The methods of a case, each loaded once."""

    device: str
    _loaded: dict[tuple[str, str], Reconstructor] = field(default_factory=dict)

    def __call__(self, setting: Setting) -> AskFaces:
        """Who answers about faces of a picture."""
        name, weights = setting.method, setting.weights
        if (name, weights) not in self._loaded:
            self._loaded[name, weights] = load(name, weights, self.device)
        method = self._loaded[name, weights]
        without = setting.without & frozenset(method.switches)
        ask = Answering(method, self.device, lambda: load(name, weights, "cpu"), without)

        def answered(image: NDArray[np.uint8], faces: Sequence[Face]) -> Sequence[Reconstruction]:
            answers, notices = ask(image, faces)
            for notice in notices:
                complain(notice)
            return answers

        return answered


def shown_then(case: Case, frame: Frame, ask: AskFaces) -> Shown:
    """What a case shows, answered again: its frame under its occluders, about the faces looked at then."""
    assert case.input is not None
    faces = faces_of(case.faces, to_shown(case.input.size_px, frame))
    occluders = occluders_of_case(case, frame)
    return shown_again(frame, faces, occluders, ask, lambda image: detect(image, case.detector))
