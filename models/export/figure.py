"""Figures: rows of pictures and surfaces under common headings, with a legend; and curves."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from models.export.drawing import Pose, draw_surface, scalar_colours
from models.export.overlay import STATE_COLOURS, draw_overlay
from models.export.sheet import INK, Colour, Item, Line, Picture, Sheet, Text, as_pixels
from models.export.surface import HATCH_GREYS, UNSEEN_GREY, branches, states_of, surface_of
from models.export.video import video_bytes
from models.export.wish import LAYOUTS, LOOKS, PHOTO, Wish
from models.geometry.arrays import Doubles, Photo
from models.metrics.states import STATE_NAMES
from models.reconstruction import (
    BRANCHES,
    FUSED,
    IMAGE_SPACE,
    MODEL_SPACE,
    Reconstruction,
    Scalar,
    State,
    branch_text,
)

INPUT = "input"
TOGGLED = (IMAGE_SPACE, MODEL_SPACE)  # what a video may leave out in turn
TOGGLE_S = 1.5  # how long each is shown
TURN_FRAMES, TURN_FPS = 96, 24.0
VIEWS_DEG = (-45.0, 0.0, 45.0)
SERIES: tuple[Colour, ...] = ((0, 114, 178), (230, 159, 0), (0, 158, 115), (204, 121, 167), (86, 180, 233))
SILENT = " *"
MARGIN = 0.02  # of the shorter side


@dataclass(frozen=True, eq=False, slots=True)
class Row:
    """One face of a figure.

    Attributes:
        name: What it is called at the left; may be empty.
        image: [H, W, 3] the frame.
        answers: By method; the first is whose branches are shown. In IMAGE space.
    """

    name: str
    image: Photo
    answers: Sequence[Reconstruction]


def faces_figure(
    rows: Sequence[Row], wish: Wish, step: Callable[[int, int], None] = lambda _done, _total: None
) -> Sheet:
    """Rows of faces under the layout's headings.

    `step` is told how many cells are done, and of how many; what it raises ends the figure.

    Raises:
        ValueError: No rows, or no such layout, look or heading.
    """
    if not rows or wish.layout not in LAYOUTS:
        raise ValueError(f"a figure needs rows and one of {LAYOUTS}, not {len(rows)} and {wish.layout!r}")
    titles = headings(rows, wish)
    text = max(12.0, min(wish.width, wish.height) / 45)
    margin = MARGIN * min(wish.width, wish.height)
    named = any(row.name for row in rows)
    left, top = margin + (1.6 * text if named else 0), margin + 1.5 * text
    foot = margin + (1.8 * text) * (bool(wish.caption) + wish.legend)
    wide = (wish.width - left - margin) / len(titles)
    high = (wish.height - top - foot) / len(rows)
    if min(wide, high) < 8:
        raise ValueError(f"{wish.width} x {wish.height} px are too few for {len(rows)} rows of {len(titles)}")
    items: list[Item] = []
    silent = _silent(rows)
    for column, heading in enumerate(titles):
        told = branch_text(heading) + SILENT * (heading in silent)
        items.append(Text(left + (column + 0.5) * wide, top - 0.5 * text, told, text, "middle"))
        for number, row in enumerate(rows):
            step(column * len(rows) + number, len(titles) * len(rows))
            pixels = _cell(row, heading, wish, int(wide - margin / 2), int(high - margin / 2))
            if pixels is not None:
                x, y = left + column * wide + margin / 4, top + number * high + margin / 4
                items.append(Picture(int(x), int(y), pixels.shape[1], pixels.shape[0], pixels))
    for number, row in enumerate(rows):
        if row.name:
            items.append(Text(margin + text, top + (number + 0.5) * high, row.name, text, turned=True))
    if wish.legend:
        items += _legend(rows, wish, left, wish.height - margin - 1.8 * text * bool(wish.caption), text)
    if wish.caption:
        items.append(Text(left, wish.height - margin, wish.caption, text))
    return Sheet(wish.width, wish.height, items, None if wish.transparent else (255, 255, 255))


def turning(
    rows: Sequence[Row],
    wish: Wish,
    suffix: str,
    step: Callable[[int, int], None] = lambda _done, _total: None,
) -> bytes:
    """A video of a figure whose faces turn to one side and the other; see `video_bytes`.

    `step` is told how many frames are done, and of how many; what it raises ends the video.
    """
    drawn: dict[float, bytes] = {}  # each look of a face is passed twice, on the way there and back

    def frames() -> Iterator[Photo]:
        for done, yaw in enumerate(turn_table(wish.yaw_deg, TURN_FRAMES)):
            step(done, TURN_FRAMES)
            known = round(yaw, 6)
            if known in drawn:
                flat = np.frombuffer(zlib.decompress(drawn[known]), np.uint8)
                yield flat.reshape(wish.height, wish.width, 3)
                continue
            picture = as_pixels(faces_figure(rows, replace(wish, yaw_deg=yaw)))[..., :3]
            drawn[known] = zlib.compress(picture.tobytes(), 1)
            yield picture

    return video_bytes(frames(), suffix, TURN_FPS)


def toggling(
    rows_without: Callable[[str], Sequence[Row]],
    parts: Sequence[str],
    wish: Wish,
    suffix: str,
    frames_per_s: float = TURN_FPS,
    step: Callable[[int, int], None] = lambda _done, _total: None,
) -> bytes:
    """A video of a figure with everything, then without each of `parts` in turn; see `video_bytes`.

    Args:
        rows_without: The rows as they are computed without one part, or with all for an empty text.
        parts: What is left out, of the method's switches.
        wish: How the figure is to look; its caption is followed by what is left out.
        suffix: ".mp4" or ".webm".
        frames_per_s: Of the video; each figure stays for TOGGLE_S.
        step: Is told how many figures are done, and of how many; what it raises ends the video.
    """

    def frames() -> Iterator[Photo]:
        for done, part in enumerate(("", *parts)):
            step(done, len(parts) + 1)
            caption = f"without {part}" if part else "with both branches"
            told = replace(wish, caption=" - ".join(filter(None, (wish.caption, caption))))
            picture = as_pixels(faces_figure(rows_without(part), told))[..., :3]
            yield from [picture] * round(TOGGLE_S * frames_per_s)

    return video_bytes(frames(), suffix, frames_per_s)


def turn_table(from_deg: float, frames: int, widest_deg: float = 60.0) -> Iterator[float]:
    """A face's yaw to one side, back, to the other and back: its back is not there to be shown."""
    for share in np.arange(frames) / frames:
        yield from_deg + widest_deg * float(np.sin(2 * np.pi * share))


def _silent(rows: Sequence[Row]) -> set[str]:
    """The methods that do not say what was seen."""
    return {a.method for row in rows for a in row.answers if states_of(surface_of(a)) is None}


def headings(rows: Sequence[Row], wish: Wish) -> list[str]:
    """What stands over the columns of a figure, from the left.

    Raises:
        ValueError: The wish is for one that is not there.
    """
    if wish.layout == "views":
        names = [INPUT, *(f"{angle:+.0f}°" if angle else "0°" for angle in VIEWS_DEG)]
    elif wish.layout == "methods":
        names = [INPUT, *dict.fromkeys(answer.method for row in rows for answer in row.answers)]
    else:
        there = {name for row in rows for name in branches(row.answers[0])}
        peers = dict.fromkeys(answer.method for row in rows for answer in row.answers[1:])
        names = [INPUT, *(n for n in (*BRANCHES[1:], BRANCHES[0]) if n in there), *peers]
    if wish.only:
        if wish.only not in names:
            raise ValueError(f"There is no panel {wish.only!r}; there are {', '.join(names)}.")
        return [wish.only]
    return names


def _cell(row: Row, heading: str, wish: Wish, width: int, height: int) -> NDArray[np.uint8] | None:
    """What stands under a heading; None if this row has no such thing."""
    first = row.answers[0]
    if heading == INPUT:
        return _fitted(_around(draw_overlay(row.image, row.answers[:1]), first), width, height)
    pose, answer, name = Pose.of(first.vertices, wish.yaw_deg), first, FUSED
    if wish.layout == "views":
        pose = pose.turned(wish.yaw_deg + float(heading.removesuffix("°")))
    elif heading in branches(first):
        name = heading
    else:
        told = next((other for other in row.answers if other.method == heading), None)
        if told is None:
            return None
        answer = told
    return draw_surface(surface_of(answer, name), row.image, pose, width, height, wish.look)


def _around(image: Photo, answer: Reconstruction) -> Photo:
    """The piece of a photo about a face, with as much again around it, as far as it goes."""
    low, high = answer.vertices[:, :2].min(0), answer.vertices[:, :2].max(0)
    spare = 0.35 * (high - low).max()
    (x0, y0), (x1, y1) = np.floor(low - spare).astype(int), np.ceil(high + spare).astype(int)
    piece = image[max(y0, 0) : max(y1, 1), max(x0, 0) : max(x1, 1)]
    return piece if piece.size else image


def _fitted(picture: Photo, width: int, height: int) -> NDArray[np.uint8]:
    """[height, width, 4]: the picture as large as fits, transparent around it."""
    scale = min(width / picture.shape[1], height / picture.shape[0])
    size = max(1, int(picture.shape[1] * scale)), max(1, int(picture.shape[0] * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    out = np.zeros((height, width, 4), np.uint8)
    y, x = (height - size[1]) // 2, (width - size[0]) // 2
    out[y : y + size[1], x : x + size[0], :3] = cv2.resize(picture, size, interpolation=way)
    out[y : y + size[1], x : x + size[0], 3] = 255
    return out


def _legend(rows: Sequence[Row], wish: Wish, x: float, y: float, text: float) -> Iterator[Item]:
    """What the colours mean, from the left; (x, y) is on its baseline."""
    if wish.look not in LOOKS:
        scalar = next(s for s in surface_of(rows[0].answers[0]).scalars if s.name == wish.look)
        yield from _bar(scalar, x, y, text)
        return
    if not any(states_of(surface_of(row.answers[0])) is not None for row in rows):
        yield Text(x, y, "This method does not say what was seen.", text)
        return
    for state in State:
        yield from _key(state, wish.look, x, y, text)
        name = STATE_NAMES[state]
        yield Text(x + 1.4 * text, y, name, text)
        x += text * (3 + 0.55 * len(name))
    if _silent(rows):
        yield Text(x, y, f"{SILENT.strip()} does not say what was seen", text)


def _key(state: State, look: str, x: float, y: float, text: float) -> Iterator[Item]:
    """A small square in a state's colour, or striped."""

    def square(left: float, right: float, colour: Colour) -> Line:
        low, high = y - 0.8 * text, y + 0.1 * text
        corners = ((x + left, low), (x + right, low), (x + right, high), (x + left, high))
        return Line(corners, colour, filled=True)

    grey = (UNSEEN_GREY,) * 3
    if look == PHOTO and state is State.COVERED:
        for stripe in range(4):
            shade = (HATCH_GREYS[stripe % 2],) * 3
            yield square(stripe * text / 4, (stripe + 1) * text / 4, (shade[0], shade[0], shade[0]))
    elif look == PHOTO and state is State.TURNED_AWAY:
        yield square(0, text, (grey[0], grey[0], grey[0]))
    else:
        yield square(0, text, STATE_COLOURS[state])


def _bar(scalar: Scalar, x: float, y: float, text: float) -> Iterator[Item]:
    """One bar with its numbers for all faces of a figure."""
    levels = np.linspace(scalar.low, scalar.high, 256, dtype=np.float32)
    pixels = np.repeat(scalar_colours(levels, scalar)[None], 8, 0)
    low, high = f"{scalar.low:g}", f"{scalar.high:g} {scalar.unit}".rstrip()
    start = x + text * (0.6 * len(low) + 0.6)
    yield Text(x, y, low, text)
    yield Picture(start, y - 0.8 * text, 12 * text, 0.9 * text, pixels)
    yield Text(start + 12.6 * text, y, f"{high}   {scalar.name}", text)


@dataclass(frozen=True, eq=False, slots=True)
class Series:
    """One curve: name, and points [K, 2]."""

    name: str
    points: Doubles


def curves_figure(
    series: Sequence[Series],
    across: str,
    up: str,
    width: int = 1200,
    height: int = 800,
    diagonal: bool = False,
) -> Sheet:
    """Curves in one pair of axes that begin at zero.

    Args:
        series: What is drawn; points that are not finite are left out.
        across, up: What the axes say.
        width, height: px.
        diagonal: Whether to draw where both are the same, for reliability.

    Raises:
        ValueError: There is nothing to draw.
    """
    shown = [Series(s.name, s.points[np.isfinite(s.points).all(1)]) for s in series]
    points = np.concatenate([np.zeros((0, 2)), *(s.points for s in shown)])
    if not len(points):
        raise ValueError("there are no points to draw")
    text = max(12.0, min(width, height) / 32)
    box = (4.5 * text, 1.5 * text, width - 1.5 * text, height - 3.6 * text)
    most_x, most_y = (_round_up(float(points[:, k].max())) for k in (0, 1))

    def at(x: float, y: float) -> tuple[float, float]:
        return box[0] + x / most_x * (box[2] - box[0]), box[3] - y / most_y * (box[3] - box[1])

    items: list[Item] = list(_axes(at, most_x, most_y, text))
    items.append(Text((box[0] + box[2]) / 2, height - 0.8 * text, across, text, "middle"))
    items.append(Text(1.3 * text, (box[1] + box[3]) / 2, up, text, turned=True))
    if diagonal:
        end = min(most_x, most_y)
        items.append(Line((at(0, 0), at(end, end)), (160, 160, 160), text / 14))
    for number, one in enumerate(shown):
        colour = SERIES[number % len(SERIES)]
        places = tuple(at(x, y) for x, y in one.points.tolist())
        if len(places) > 1:
            items.append(Line(places, colour, text / 7))
    lines = [at(x, y) for one in shown for x, y in _dense(one.points).tolist()]
    items += _names([one.name for one in shown], box, lines, text)
    return Sheet(width, height, items)


def _dense(points: Doubles) -> Doubles:
    """[K, 2] a line's corners -> the same with places in between."""
    if len(points) < 2:
        return points
    steps = np.linspace(0, len(points) - 1, 20 * len(points))
    return np.stack([np.interp(steps, np.arange(len(points)), points[:, k]) for k in (0, 1)], 1)


def _names(
    names: Sequence[str],
    box: tuple[float, float, float, float],
    lines: Sequence[tuple[float, float]],
    text: float,
) -> Iterator[Item]:
    """What the curves are called, in the upper left or lower right corner: where less of the lines lies."""
    wide, high = (4.5 + 0.55 * max(map(len, names))) * text, (1.3 * len(names) + 0.6) * text
    corners = (box[0], box[1]), (box[2] - wide, box[3] - high - 0.4 * text)

    def hidden(corner: tuple[float, float]) -> int:
        x0, y0 = corner
        return sum(x0 <= x <= x0 + wide and y0 <= y <= y0 + high for x, y in lines)

    x0, y0 = min(corners, key=hidden)
    for number, name in enumerate(names):
        y = y0 + (number + 1) * 1.3 * text
        yield Line(((x0 + text, y), (x0 + 3 * text, y)), SERIES[number % len(SERIES)], text / 7)
        yield Text(x0 + 3.5 * text, y + 0.35 * text, name, text)


def _axes(
    at: Callable[[float, float], tuple[float, float]], most_x: float, most_y: float, text: float
) -> Iterator[Item]:
    yield Line((at(0, most_y), at(0, 0), at(most_x, 0)), INK, text / 12)
    for share in np.linspace(0, 1, 6).tolist():
        x, y = at(share * most_x, 0)
        yield Line(((x, y), (x, y + 0.3 * text)), INK, text / 12)
        yield Text(x, y + 1.4 * text, f"{share * most_x:.3g}", 0.85 * text, "middle")
        x, y = at(0, share * most_y)
        yield Line(((x - 0.3 * text, y), (x, y)), INK, text / 12)
        yield Text(x - 0.5 * text, y + 0.3 * text, f"{share * most_y:.3g}", 0.85 * text, "end")


def _round_up(value: float) -> float:
    """The next of 1, 2, 5, 10, ... that is no less."""
    if value <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(step * power for step in (1, 2, 5, 10) if step * power >= value * (1 - 1e-9)))


def cumulative(errors: Doubles, most: float) -> Doubles:
    """[K] errors -> [K + 2, 2]: the share (0..1) of faces whose error is at most so much, up to `most`."""
    known = np.sort(errors[np.isfinite(errors)])
    kept = known[known <= most]
    share = np.arange(1, len(kept) + 1) / max(len(errors), 1)
    ends = np.array([[0.0, 0.0]]), np.array([[most, share[-1] if len(share) else 0.0]])
    return np.concatenate([ends[0], np.stack([kept, share], 1), ends[1]])
