"""A decoded frame as a player shows it: square pixels, turned and mirrored, one field, eight bits."""

from __future__ import annotations

from fractions import Fraction

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

COMB = 100  # product of the steps to the lines above and below, 8-bit levels squared: a line of another time
MOST_STRETCH = 8
WIDEST_PX = 16384
HDR = {16: "PQ", 18: "HLG"}  # transfer functions of ITU-T H.273
WHITE_NITS, PEAK_NITS = 203.0, 1000.0  # ITU-R BT.2408: diffuse white; what HLG displays reach
_TO_709 = np.array(  # BT.2020 to BT.709, linear light: ITU-R BT.2087
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32
)


def picture_of_frame(frame: av.VideoFrame, pixel_aspect: Fraction | None) -> tuple[Picture, tuple[str, ...]]:
    """[H, W, 3] RGB, upright, with square pixels; and sentences on what was done.

    Args:
        frame: Decoded.
        pixel_aspect: Width of a pixel over its height; None or 0 if the file does not say.
    """
    notices: list[str] = []
    if frame.color_trc in HDR:
        image = _tone_mapped(frame)
        notices.append(f"The video is HDR ({HDR[frame.color_trc]}); it is tone-mapped to 8 bits.")
    else:
        image = frame.to_ndarray(format="rgb24")
        bits = max((component.bits for component in frame.format.components), default=8)
        if bits > 8:
            notices.append(f"The video has {bits} bits a colour; it is shown with 8.")
    if frame.interlaced_frame:
        image = without_comb(image)
        notices.append("The video is interlaced; where its two fields differ, one is shown.")
    image = squared(image, pixel_aspect)
    return np.ascontiguousarray(turned(image, _matrix(frame))), tuple(notices)


def squared(image: Picture, pixel_aspect: Fraction | None) -> Picture:
    """The picture with square pixels; stretched along one side, never shrunk."""
    height, width = image.shape[:2]
    aspect = float(pixel_aspect or 1)
    if abs(aspect - 1) < 1e-3 or not 1 / MOST_STRETCH <= aspect <= MOST_STRETCH:
        return image
    size = (round(width * aspect), height) if aspect > 1 else (width, round(height / aspect))
    if max(size) > WIDEST_PX:
        return image
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def turned(image: Picture, matrix: NDArray[np.int32] | None) -> Picture:
    """The picture as a display matrix wants it, turned by the nearest quarter and mirrored.

    ISO 14496-12, 6.2.2: (x, y) goes to (a x + c y, b x + d y) for the nine numbers a b u c d v x y w.
    """
    if matrix is None:
        return image
    a, b, c, d = (int(matrix[place]) for place in (0, 1, 3, 4))
    across, down = a, d
    if abs(b) + abs(c) > abs(a) + abs(d):
        image, across, down = image.transpose(1, 0, 2), c, b
    return image[:: -1 if down < 0 else 1, :: -1 if across < 0 else 1]


def without_comb(image: Picture) -> Picture:
    """Lines of the second field replaced by the mean of their neighbours where they are of another time."""
    levels = image.astype(np.int16)
    above, line, below = levels[0:-2:2], levels[1:-1:2], levels[2::2]
    grey = [part.mean(2) for part in (above, line, below)]
    combed = (grey[1] - grey[0]) * (grey[1] - grey[2]) > COMB
    mended = image.copy()
    mended[1 : 1 + 2 * len(line) : 2] = np.where(combed[..., None], (above + below) // 2, line)
    return mended


def _matrix(frame: av.VideoFrame) -> NDArray[np.int32] | None:
    for data in frame.side_data:
        if data.type.name == "DISPLAYMATRIX":
            return np.frombuffer(bytes(data), np.int32)[:9]
    return None


def _tone_mapped(frame: av.VideoFrame) -> Picture:
    """PQ (SMPTE ST 2084) or HLG (ITU-R BT.2100) to BT.709; colours keep their hue."""
    deep = frame.to_ndarray(format="rgb48le")
    levels = np.arange(65536, dtype=np.float64) / 65535
    nits = (_pq_nits(levels) if frame.color_trc == 16 else _hlg_nits(levels)).astype(np.float32)
    light = (nits[deep] / np.float32(WHITE_NITS)) @ _TO_709.T
    light = np.maximum(light, 0)
    brightest = light.max(2, keepdims=True)
    peak = np.float32(PEAK_NITS / WHITE_NITS)
    light *= (1 + brightest / peak**2) / (1 + brightest)  # Reinhard et al. 2002, eq. 4
    shown = np.clip(light, 0, 1) ** np.float32(1 / 2.2)
    return np.rint(255 * shown).astype(np.uint8)


def _pq_nits(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    root = levels ** (1 / m2)
    nits: NDArray[np.float64] = 10000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)
    return nits


def _hlg_nits(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(levels <= 0.5, levels**2 / 3, (np.exp((levels - c) / a) + b) / 12)
    nits: NDArray[np.float64] = PEAK_NITS * scene**1.2
    return nits
