"""What a network said of every pixel, and a method of every place of the chart, as small pictures. No Qt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from models.geometry.raster import Fragments, fragments
from models.reconstruction import Array, MapLayer, Reconstruction, Space, Topology

CHANNELS = {"uv": ("u", "v"), "position map": ("position x", "position y", "position z")}
"""What the channels of a map of several numbers are called; of others they are counted."""
CHART_PX = 128
CROP_PX = 256


@dataclass(frozen=True, eq=False, slots=True)
class Tile:
    """One small picture.

    Attributes:
        name: What it shows.
        unit: Of its numbers.
        values: [H, W] float32, NaN where nothing is said; None for a picture.
        picture: [H, W, 3] uint8; None for numbers.
        low, high: The numbers at both ends of the colours; NaN where there are none.
        beyond: The least and the greatest of the numbers, where some lie beyond those ends.
    """

    name: str
    unit: str = ""
    values: Array | None = None
    picture: NDArray[np.uint8] | None = None
    low: float = np.nan
    high: float = np.nan
    beyond: tuple[float, float] | None = None

    def caption(self) -> str:
        """Name and range, e.g. "depth: -24.2 to 28.3 px"."""
        return ": ".join(filter(None, (self.name, self.ends())))

    def ends(self) -> str:
        """The range of the numbers; empty for a picture."""
        if self.values is None:
            return ""
        if not np.isfinite(self.low):
            return "nothing known"
        ends = f"{self._short(self.low)} to {self._short(self.high)} {self.unit}".rstrip()
        if self.beyond is None:
            return ends
        return f"{ends}, clipped from {self._short(self.beyond[0])} to {self._short(self.beyond[1])}"

    def short_ends(self) -> str:
        """The same with fewer characters: "-24..28"."""
        if self.values is None or not np.isfinite(self.low):
            return ""
        clipped = "" if self.beyond is None else ", clipped"
        return f"{self._short(self.low)}..{self._short(self.high)}{clipped}"

    def told_at(self, row: int, column: int) -> str:
        """The number of one cell, with its place."""
        if self.values is None:
            return self.name
        value = float(self.values[row, column])
        told = f"{self._short(value)} {self.unit}".rstrip() if np.isfinite(value) else "–"
        return f"{self.name}, row {row}, column {column}: {told}"

    def _short(self, value: float) -> str:
        span = self.high - self.low
        decimals = 0 if span >= 100 else 1 if span >= 10 else 2
        return f"{value:.{decimals}f}"


def tiles_of(answer: Reconstruction, image: NDArray[np.uint8]) -> tuple[Tile, ...]:
    """All maps of an answer in IMAGE space about `image` [H, W, 3], then its scalars over the chart.

    The square the network saw stands first where its maps lie over it.
    """
    maps = (*_crop(answer, image), *_maps(answer))
    return (*maps, *_charts(answer, {tile.name for tile in maps}))


def _crop(answer: Reconstruction, image: NDArray[np.uint8]) -> Iterator[Tile]:
    for layer in answer.layers:
        if isinstance(layer, MapLayer) and layer.space is Space.IMAGE:
            rows, columns = layer.values.shape[:2]
            finer = CROP_PX / max(rows, columns)
            shrink = np.array(
                [[1 / finer, 0, 0.5 / finer - 0.5], [0, 1 / finer, 0.5 / finer - 0.5], [0, 0, 1]]
            )
            size = round(columns * finer), round(rows * finer)
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            seen = cv2.warpAffine(image, (layer.T_image_map @ shrink)[:2], size, flags=flags)
            yield Tile("input square", picture=np.asarray(seen, np.uint8))
            return


def _maps(answer: Reconstruction) -> Iterator[Tile]:
    for layer in answer.layers:
        if not isinstance(layer, MapLayer):
            continue
        if layer.values.ndim == 2:
            yield _tile(layer.name, layer.unit, layer.values)
            continue
        count = layer.values.shape[2]
        names = CHANNELS.get(layer.name, ())
        for channel in range(count):
            name = names[channel] if len(names) == count else f"{layer.name} {channel + 1}"
            yield _tile(name, layer.unit, layer.values[..., channel])


def _charts(answer: Reconstruction, taken: set[str]) -> Iterator[Tile]:
    for scalar in answer.scalars:
        if len(scalar.values) == len(answer.topology.uv):
            values = _over_chart(answer.topology).picture(scalar.values)
            name = f"{scalar.name} (chart)" if scalar.name in taken else scalar.name
            tile = _tile(name, scalar.unit, values)
            yield tile if scalar.unit else _clipped(tile, scalar.low, scalar.high)


def _clipped(tile: Tile, low: float, high: float) -> Tile:
    """A share whose numbers lie beyond what a share can be, in the colours of what it can be."""
    if not (tile.low < low or tile.high > high):
        return tile
    return replace(tile, low=low, high=high, beyond=(tile.low, tile.high))


@lru_cache(maxsize=4)
def _over_chart(topology: Topology) -> Fragments:
    uv = topology.uv.astype(np.float64)
    return fragments(uv * CHART_PX - 0.5, topology.triangles, CHART_PX, CHART_PX)


def _tile(name: str, unit: str, values: Array) -> Tile:
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (np.nan, np.nan)
    return Tile(name, unit, np.asarray(values, np.float32), None, low, high)
