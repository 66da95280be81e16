"""Faces followed through a video."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.detection.detectors import detect as detect_usual
from models.pipeline import reconstruct
from models.reconstruction import Reconstruction
from models.reconstructor import Face, Reconstructor
from viewer.cli.clip import Clip, reader_of
from viewer.sources.source import Frame

Detect = Callable[[NDArray[np.uint8]], list[Face]]


@dataclass(frozen=True, eq=False, slots=True)
class Moment:
    """A frame of a video and what was answered about it.

    Attributes:
        time_s: Since the beginning of the video, s.
        image: [H, W, 3] uint8 RGB, the frame.
        faces: Where was looked, image px; each with the number of its face in `identity`.
        answers: One per face, in image space.
    """

    time_s: float
    image: NDArray[np.uint8]
    faces: tuple[Face, ...]
    answers: tuple[Reconstruction, ...]


def track(
    video: str | Path | Iterable[NDArray[np.uint8]],
    method: Reconstructor,
    without: frozenset[str] = frozenset(),
    *,
    fps: float = 25.0,
    steady: bool = True,
    detect: Detect = detect_usual,
) -> Iterator[Moment]:
    """The faces of a video, each under one number, as the window and `unmask run --video` follow them.

    Faces are looked for in the first frame, where one was lost, and every so many frames; between, each is
    followed by its own mesh. The frames are read as they are asked for, so a long video needs no memory.

    Args:
        video: A file, or frames [H, W, 3] uint8 RGB in the order of time.
        method: The face alignment method.
        without: Switches of the method to leave out of the computation.
        fps: Frames a second of frames given as arrays; a file has times of its own.
        steady: Whether answers are smoothed over the frames before; maps never are.
        detect: Finds faces, [H, W, 3] -> faces in image px.

    Yields:
        Frame after frame: time in s, picture, faces and answers in image space.

    Raises:
        InputError: The file is no video, or a frame of it cannot be read.
        ValueError: A frame is no [H, W, 3] uint8 picture, or `without` names no switch of the method.

    >>> import unmask
    >>> image, dsfnet = unmask.read(unmask.samples()[0]), unmask.load("dsfnet")
    >>> moments = list(unmask.track([image] * 3, dsfnet, fps=30))
    >>> [[face.identity for face in moment.faces] for moment in moments]
    [[1], [1], [1]]
    """
    clip = Clip(lambda image, faces: (reconstruct(image, faces, method, without), ()), detect, steady=steady)
    frames = _read(Path(video)) if isinstance(video, str | Path) else _given(video, fps)
    for frame in frames:
        faces, answers = clip.settled(frame)
        yield Moment(frame.time_s, frame.image, tuple(faces), tuple(answers))


def _read(path: Path) -> Iterator[Frame]:
    reader = reader_of(path)
    try:
        for index in range(reader.open()):
            yield reader.read(index)
    finally:
        reader.close()


def _given(images: Iterable[NDArray[np.uint8]], fps: float) -> Iterator[Frame]:
    for index, image in enumerate(images):
        yield Frame(image, f"frame {index}", index / fps, index, count=0)
