"""A figure as a list of what is on it: written as SVG with text as text, or as pixels."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from models.export.maps import png

Colour = tuple[int, int, int]
INK: Colour = (34, 34, 34)
SERIF_FREE = "Helvetica, Arial, sans-serif"


@dataclass(frozen=True, eq=False, slots=True)
class Picture:
    """Pixels [H, W, 3 or 4] in a rectangle."""

    x: float
    y: float
    width: float
    height: float
    pixels: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Text:
    """One line; (x, y) is on its baseline, at its "start", "middle" or "end"."""

    x: float
    y: float
    text: str
    size: float
    anchor: str = "start"
    colour: Colour = INK
    turned: bool = False  # a quarter to the left, as beside a vertical axis


@dataclass(frozen=True, slots=True)
class Line:
    """Through points (x, y); a closed one is filled instead."""

    points: tuple[tuple[float, float], ...]
    colour: Colour = INK
    width: float = 1.0
    filled: bool = False


Item = Picture | Text | Line


@dataclass(frozen=True, eq=False, slots=True)
class Sheet:
    """A figure.

    Attributes:
        width, height: px.
        items: From the back to the front.
        paper: None for a transparent one.
    """

    width: int
    height: int
    items: Sequence[Item]
    paper: Colour | None = (255, 255, 255)


def as_svg(sheet: Sheet) -> bytes:
    """Text stays text, lines stay lines; pictures are inside as PNG."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{sheet.width}" height="{sheet.height}" viewBox="0 0 {sheet.width} {sheet.height}" '
        f"font-family={quoteattr(SERIF_FREE)}>"
    ]
    if sheet.paper is not None:
        parts.append(f'<rect width="100%" height="100%" fill="{_hex(sheet.paper)}"/>')
    parts += [_svg_of(item) for item in sheet.items]
    return "\n".join([*parts, "</svg>\n"]).encode()


def as_pixels(sheet: Sheet) -> NDArray[np.uint8]:
    """[H, W, 4]."""
    paper = (0, 0, 0, 0) if sheet.paper is None else (*sheet.paper, 255)
    canvas = Image.new("RGBA", (sheet.width, sheet.height), paper)
    for item in sheet.items:
        match item:
            case Picture():
                size = max(1, round(item.width)), max(1, round(item.height))
                picture = Image.fromarray(item.pixels).convert("RGBA")
                if picture.size != size:
                    picture = picture.resize(size, Image.Resampling.LANCZOS)
                canvas.alpha_composite(picture, (round(item.x), round(item.y)))
            case Text():
                _write(canvas, item)
            case Line():
                draw = ImageDraw.Draw(canvas)
                if item.filled:
                    draw.polygon(item.points, fill=item.colour)
                else:
                    draw.line(item.points, fill=item.colour, width=max(1, round(item.width)), joint="curve")
    return np.asarray(canvas)


def _write(canvas: Image.Image, item: Text) -> None:
    font = ImageFont.load_default(item.size)
    anchor = {"start": "ls", "middle": "ms", "end": "rs"}[item.anchor]
    if not item.turned:
        ImageDraw.Draw(canvas).text((item.x, item.y), item.text, item.colour, font, anchor)
        return
    x0, y0, x1, y1 = (int(edge) for edge in font.getbbox(item.text, anchor="ls"))
    piece = Image.new("RGBA", (x1 - x0 + 4, y1 - y0 + 4))
    ImageDraw.Draw(piece).text((2 - x0, 2 - y0), item.text, item.colour, font, "ls")
    piece = piece.rotate(90, expand=True)
    canvas.alpha_composite(piece, (max(0, round(item.x + y0)), max(0, round(item.y - piece.height / 2))))


def _svg_of(item: Item) -> str:
    match item:
        case Picture():
            data = base64.b64encode(png(item.pixels)).decode()
            return (
                f'<image x="{item.x:g}" y="{item.y:g}" width="{item.width:g}" height="{item.height:g}" '
                f'preserveAspectRatio="none" xlink:href="data:image/png;base64,{data}"/>'
            )
        case Text():
            turn = f' transform="rotate(-90 {item.x:g} {item.y:g})"' if item.turned else ""
            anchor = "middle" if item.turned else item.anchor
            return (
                f'<text x="{item.x:g}" y="{item.y:g}" font-size="{item.size:g}" text-anchor="{anchor}" '
                f'fill="{_hex(item.colour)}"{turn}>{escape(item.text)}</text>'
            )
        case Line():
            points = " ".join(f"{x:g},{y:g}" for x, y in item.points)
            if item.filled:
                return f'<polygon points="{points}" fill="{_hex(item.colour)}"/>'
            return (
                f'<polyline points="{points}" fill="none" stroke="{_hex(item.colour)}" '
                f'stroke-width="{item.width:g}"/>'
            )


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
