"""What a surface says as pictures: over its chart (texture, position map), and over the frame.

Pictures over the frame (depth, normals, PNCC, mask, states) show at each pixel the part of the surface that
is nearest to the camera, whether or not anybody saw it: the mask and the states say which it is.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from scipy.ndimage import distance_transform_edt

from models.export.overlay import STATE_COLOURS
from models.export.surface import normals_of, place_colours, seen_of, states_of, told_of
from models.face_model.ncc import mean_coordinates
from models.geometry.arrays import Floats, Photo
from models.geometry.raster import Fragments, fragments
from models.metrics.states import STATE_NAMES
from models.reconstruction import SEEN_ABOVE, Array, MeshLayer, State, Topology, most_likely

TEXTURE_PX = 1024
MAPS_PX = 512  # whose numbers are written too
SEEN, UNSEEN, NOTHING = 255, 128, 0
"""Of a mask."""
SURE = 65535  # of 16 bits


@dataclass(frozen=True, eq=False, slots=True)
class ChartMaps:
    """What is known of a surface over its chart; the first row is v = 0.

    Attributes:
        texture: [S, S, 3]: the photo where the surface was seen, grey elsewhere, striped where covered.
            Beyond the chart the nearest colour goes on, so that no seam shows.
        chart: [S, S] bool, whether the surface has a place there.
        seen: [S, S] bool, whether that place was seen; all of it where nobody says.
        position: [S, S, 3] float32 px of the frame; NaN beyond the chart.
        states: [S, S, 3] float32 P(seen), P(turned away), P(covered); NaN beyond. None where nobody says.
    """

    texture: Photo
    chart: NDArray[np.bool_]
    seen: NDArray[np.bool_]
    position: Array
    states: Array | None


@dataclass(frozen=True, eq=False, slots=True)
class FrameMaps:
    """A surface over the frame, NaN where it is not.

    Attributes:
        mask: [H, W] SEEN, UNSEEN or NOTHING; SEEN all over the surface where nobody says.
        depth: [H, W] float32 px, towards the camera.
        normals: [H, W, 3] float32, of length one: x right, y up, z towards the camera.
        pncc: [H, W, 3] float32 in 0..1, see `mean_coordinates`; None where there is no mean face.
        states: [H, W, 3] float32; None where nobody says.
    """

    mask: NDArray[np.uint8]
    depth: Array
    normals: Array
    pncc: Array | None
    states: Array | None


def chart_maps(surface: MeshLayer, image: Photo, side: int = MAPS_PX) -> ChartMaps:
    """What is known of a surface over its chart.

    Raises:
        ValueError: The surface has no chart.
    """
    shown = _over_chart(surface, side)
    told, states = told_of(surface), states_of(surface)
    seen = shown.shown.copy()
    if told is not None:
        seen[seen] = shown.at_pixels(told[:, State.SEEN]) > SEEN_ABOVE
    return ChartMaps(
        texture=_texture(surface, image, shown),
        chart=shown.shown,
        seen=seen,
        position=shown.picture(surface.vertices),
        states=None if states is None else shown.picture(states),
    )


def texture_of(surface: MeshLayer, image: Photo, side: int | None = None) -> Photo:
    """[S, S, 3]: as `ChartMaps.texture`; `side` is TEXTURE_PX if not said.

    Raises:
        ValueError: The surface has no chart.
    """
    return _texture(surface, image, _over_chart(surface, side or TEXTURE_PX))


def frame_maps(surface: MeshLayer, topology: Topology, width: int, height: int) -> FrameMaps:
    """A surface over a frame of that size, px."""
    shown = fragments(surface.vertices, surface.triangles, width, height)
    normals = shown.picture(normals_of(surface))
    length = np.linalg.norm(normals, axis=-1, keepdims=True).clip(1e-12)
    ncc = mean_coordinates(topology) if len(topology.uv) == len(surface.vertices) else None
    states, seen = states_of(surface), seen_of(surface)
    mask = np.where(shown.shown, SEEN, NOTHING).astype(np.uint8)
    if seen is not None:
        told = told_of(surface)
        assert told is not None
        mask[shown.shown] = np.where(shown.at_pixels(told[:, State.SEEN]) > SEEN_ABOVE, SEEN, UNSEEN)
    return FrameMaps(
        mask=mask,
        depth=shown.picture(surface.vertices[:, 2]),
        normals=np.asarray(normals / length, np.float32),
        pncc=None if ncc is None else shown.picture(ncc),
        states=None if states is None else shown.picture(states),
    )


def chart_files(maps: ChartMaps) -> dict[str, bytes]:
    """Name's ending -> file: the texture with what was seen as its alpha, the states, and all numbers."""
    alpha = np.where(maps.seen & maps.chart, 255, 0).astype(np.uint8)
    files = {
        "-uv.png": png(np.dstack([maps.texture, alpha])),
        "-uv-texture.png": png(maps.texture),
        "-uv-position.png": _position_png(maps.position),
    }
    if maps.states is not None:
        files["-uv-states.png"] = png(state_picture(maps.states))
    arrays = {"position_px": maps.position, "seen": maps.seen & maps.chart, "chart": maps.chart}
    return files | {"-uv.npz": npz(arrays, maps.states)}


def frame_files(maps: FrameMaps) -> dict[str, bytes]:
    """Name's ending -> file: depth, normals, PNCC, mask and states as pictures, and all numbers."""
    files = {
        "-mask.png": png(maps.mask),
        "-depth.png": _depth_png(maps.depth),
        "-normals.png": png(_bytes((maps.normals + 1) / 2, maps.mask > NOTHING)),
    }
    arrays = {"mask": maps.mask, "depth_px": maps.depth, "normals": maps.normals}
    if maps.pncc is not None:
        files["-pncc.png"] = png(_bytes(maps.pncc))
        arrays["pncc"] = maps.pncc
    if maps.states is not None:
        files["-states.png"] = png(state_picture(maps.states))
    return files | {"-maps.npz": npz(arrays, maps.states)}


def state_picture(states: Array) -> Photo:
    """[H, W, 3] probabilities -> [H, W, 4] in the colours of the states; transparent where nothing is."""
    picture = np.zeros((*states.shape[:2], 4), np.uint8)
    there = np.isfinite(states[..., 0])
    colours = np.array([(*STATE_COLOURS[state], 255) for state in State], np.uint8)
    picture[there] = colours[most_likely(states[there])]
    return picture


def png(picture: NDArray[np.uint8] | NDArray[np.uint16], notes: dict[str, str] | None = None) -> bytes:
    """[H, W] or [H, W, 3 or 4] as PNG, with notes by name."""
    info, buffer = PngInfo(), io.BytesIO()
    for name, text in (notes or {}).items():
        info.add_text(name, text)
    Image.fromarray(picture).save(buffer, "PNG", compress_level=3, pnginfo=info)
    return buffer.getvalue()


def npz(arrays: dict[str, Any], states: Array | None) -> bytes:
    """Arrays by name, and the states with their names."""
    if states is not None:
        arrays = arrays | {"states": states, "state_names": np.array([STATE_NAMES[state] for state in State])}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def _over_chart(surface: MeshLayer, side: int) -> Fragments:
    if surface.uv is None:
        raise ValueError(f"the surface {surface.name!r} has no chart")
    return fragments(surface.uv.astype(np.float64) * side - 0.5, surface.triangles, side, side)


def _texture(surface: MeshLayer, image: Photo, shown: Fragments) -> Photo:
    told = told_of(surface)
    texture = np.zeros((*shown.shown.shape, 3), np.uint8)
    there = None if told is None else shown.at_pixels(told)
    texture[shown.shown] = place_colours(surface, image, shown.at_pixels(surface.vertices), there)
    return _widened(texture, shown.shown)


def _depth_png(depth: Array) -> bytes:
    """16 bits, near is bright, 0 where nothing is; what 1 and 65535 stand for is noted in the file."""
    there = np.isfinite(depth)
    low, high = (float(depth[there].min()), float(depth[there].max())) if there.any() else (0.0, 1.0)
    shares = (depth - low) / max(high - low, 1e-9)
    picture = np.where(there, 1 + np.nan_to_num(shares) * (SURE - 1), 0).round().astype(np.uint16)
    return png(picture, {"depth_px": json.dumps({"1": low, str(SURE): high, "0": None})})


def _position_png(position: Array) -> bytes:
    """8 bits a number, for the eye; the numbers themselves are in the NPZ. The range is noted in the file."""
    there = np.isfinite(position[..., 0])
    places = position[there] if there.any() else np.zeros((1, 3), np.float32)
    low, high = places.min(0), places.max(0)
    notes = {"position_px": json.dumps({"0": low.tolist(), "255": high.tolist()})}
    return png(_bytes((position - low) / np.maximum(np.ptp(places, axis=0), 1e-9)), notes)


def _bytes(shares: Floats, there: NDArray[np.bool_] | None = None) -> Photo:
    """0..1 to 0..255, black where there is nothing."""
    values = np.rint(np.nan_to_num(shares).clip(0, 1) * 255).astype(np.uint8)
    return values if there is None else values * there[..., None]


def _widened(texture: Photo, chart: NDArray[np.bool_]) -> Photo:
    """Every pixel beyond the chart takes the colour of the nearest on it."""
    if not chart.any():
        return texture
    rows, columns = distance_transform_edt(~chart, return_distances=False, return_indices=True)
    return np.asarray(texture[rows, columns])
