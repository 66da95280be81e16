"""Colour maps: perceptually uniform and readable with any kind of colour vision."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray

COLOUR_MAPS = ("viridis", "cividis", "inferno", "magma")
"""Row by row, what `stacked` holds."""


@cache
def colour_map(name: str) -> NDArray[np.uint8]:
    """[256, 3] RGB, low to high; read-only. ValueError if `name` is none of COLOUR_MAPS."""
    if name not in COLOUR_MAPS:
        raise ValueError(f"no colour map {name!r}; there are {COLOUR_MAPS}")
    table = np.asarray(pg.colormap.get(name).getLookupTable(nPts=256, alpha=False), np.uint8)
    table.flags.writeable = False
    return table


def stacked() -> NDArray[np.uint8]:
    """[maps, 256, 3]: all maps as one picture, for one texture."""
    return np.stack([colour_map(name) for name in COLOUR_MAPS])


def row(name: str) -> float:
    """Where in `stacked` a map's row lies, 0..1, at its centre."""
    return (COLOUR_MAPS.index(name) + 0.5) / len(COLOUR_MAPS)


def coloured(values: NDArray[np.float32], low: float, high: float, name: str) -> NDArray[np.uint8]:
    """[..., 4] RGBA of `values` [...]; what is unknown (NaN) is transparent."""
    known = np.isfinite(values)
    span = high - low if high > low else 1.0
    share = np.clip((np.where(known, values, low) - low) / span, 0, 1)
    rgba = np.empty((*values.shape, 4), np.uint8)
    rgba[..., :3] = colour_map(name)[np.rint(share * 255).astype(np.intp)]
    rgba[..., 3] = np.where(known, 255, 0)
    return rgba
