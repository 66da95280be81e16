"""Answers drawn, and written as files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.catalogue import provenance
from models.errors import InputError
from models.export.figure import Row, faces_figure
from models.export.kinds import KINDS, Subject, checked, write_kind
from models.export.maps import ChartMaps, FrameMaps, chart_maps, frame_maps
from models.export.onnx_file import onnx_file
from models.export.outputs import Outputs
from models.export.sheet import as_pixels
from models.export.surface import surface_of
from models.export.wish import Wish
from models.loading import load
from models.reconstruction import FUSED, Reconstruction
from resources import program_version
from viewer.widgets.figure_file import figure_file

EXPORTS = tuple(KINDS)
"""What `export` can write."""


@dataclass(frozen=True, eq=False, slots=True)
class Maps:
    """What an answer says as pictures.

    Attributes:
        frame: Over the picture, [H, W]: mask, depth and normals in image px, PNCC, states 0..1.
        chart: Over the face unrolled, [S, S]: texture, position in image px, states 0..1.
    """

    frame: FrameMaps
    chart: ChartMaps


def render(
    image: NDArray[np.uint8],
    answers: Sequence[Reconstruction],
    wish: Wish = Wish(),  # noqa: B008, frozen
) -> NDArray[np.uint8]:
    """A picture of one face in a layout, without a window, as `unmask render` draws it.

    Args:
        image: [H, W, 3] uint8 RGB.
        answers: About one face of it, in image space: the one whose branches are shown, then other methods'.
        wish: Layout, size in px, and look.

    Returns:
        [height, width, 4] uint8 RGBA.

    Raises:
        ValueError: There is no such layout or look, or too few px.

    >>> import unmask
    >>> image = unmask.read(unmask.samples()[0])
    >>> answers = unmask.reconstruct(image, unmask.detect(image)[:1], unmask.load("dsfnet"))
    >>> unmask.render(image, answers, unmask.Wish("branches", 640, 240)).shape
    (240, 640, 4)
    """
    return as_pixels(faces_figure([Row("", image, answers)], wish))


def write_figure(
    path: str | Path,
    rows: Sequence[Row],
    wish: Wish = Wish(),  # noqa: B008, frozen
    overwrite: bool = False,
) -> None:
    """Faces below each other under common headings, as .png, .svg or .pdf by the ending of `path`.

    Args:
        path: Where to; its folder is made if need be.
        rows: Each with its name, picture [H, W, 3] uint8 RGB and answers in image space.
        wish: Layout, size in px, and look.
        overwrite: Whether a file that is there may be replaced.

    Raises:
        InputError: Another ending, or the file is there or cannot be written.
        ValueError: No rows, no such layout or look, or too few px.
    """
    path = Path(path)
    Outputs(overwrite=overwrite).write(path, figure_file(faces_figure(rows, wish), path))


def maps(image: NDArray[np.uint8], answer: Reconstruction, branch: str = FUSED) -> Maps:
    """What a surface of an answer says at every pixel of the picture, and of the face unrolled.

    Args:
        image: [H, W, 3] uint8 RGB.
        answer: In image space, px of `image`.
        branch: Which surface: "fused", "image space", "model space", or another mesh layer.

    Raises:
        ValueError: There is no such surface, it has no chart, or the answer is not in image space.

    >>> import unmask
    >>> image = unmask.read(unmask.samples()[0])
    >>> (answer,) = unmask.reconstruct(image, unmask.detect(image)[:1], unmask.load("dsfnet"))
    >>> told = unmask.maps(image, answer)
    >>> told.frame.depth.shape == image.shape[:2], told.chart.texture.shape
    (True, (512, 512, 3))
    """
    surface = surface_of(answer, branch)
    height, width = image.shape[:2]
    return Maps(frame_maps(surface, answer.topology, width, height), chart_maps(surface, image))


def export_onnx(
    path: str | Path, method: str = "dsfnet", weights: str = "open", overwrite: bool = False
) -> None:
    """A method as an ONNX file for crops [F, S, S, 3] uint8 RGB, as `unmask export-onnx` writes it.

    Names, shapes, spaces and units of what goes in and comes out stand in the file's metadata, and what of an
    answer is not in it. The file is held against torch before it is written.

    Args:
        path: Where to; its folder is made if need be.
        method, weights: As `load` takes them.
        overwrite: Whether a file that is there may be replaced.

    Raises:
        InputError: The packages of the extra `onnx` are not installed, or the file is there.
        MethodError: The method cannot leave, or its file answers otherwise than torch does.
    """
    outputs = Outputs(overwrite=overwrite)
    outputs.refuse([Path(path)])
    made = onnx_file(load(method, weights), provenance(method, weights), program_version())
    outputs.write(Path(path), made.data)


def export(
    path: str | Path,
    kind: str,
    image: NDArray[np.uint8],
    answers: Sequence[Reconstruction],
    overwrite: bool = False,
) -> None:
    """Write what `unmask run --write` writes of a picture: a mesh, maps, landmarks, JSON, a page, ...

    Args:
        path: Where to; its folder is made if need be. What else belongs to the kind is written beside it.
        kind: One of `unmask.EXPORTS`: "json" and pictures are about all answers, meshes and maps about the
            first.
        image: [H, W, 3] uint8 RGB.
        answers: In image space; numbers and meshes are written in px of `image`.
        overwrite: Whether a file that is there may be replaced; those beside it never are.

    Raises:
        InputError: There is no such kind or no answer, or a file is there or cannot be written.

    >>> import tempfile, unmask
    >>> image = unmask.read(unmask.samples()[0])
    >>> answers = unmask.reconstruct(image, unmask.detect(image)[:1], unmask.load("dsfnet"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     unmask.export(f"{folder}/face.ply", "ply", image, answers)
    ...     Path(f"{folder}/face.ply").read_bytes()[:3]
    b'ply'
    """
    path, (kind,) = Path(path), checked([kind])
    if not answers:
        raise InputError("There is no answer to write. Look for faces with `unmask.detect` first.")
    size = image.shape[1], image.shape[0]
    subject = Subject(path.stem, image, answers, size, program_version())
    write_kind(subject, answers[0], kind, path, Outputs(overwrite=overwrite), Outputs())
