"""What a camera, a network and years on a disk do to a picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Floats
from models.synthetic.scene import Scene, Stream


def take_photo(light: Floats, scene: Scene) -> NDArray[np.uint8]:
    """[S, S, 3] linear light -> uint8 RGB: exposure, blur, tone, noise, compression, borders."""
    rng = scene.rng(Stream.PHOTO)
    rng.random(8)  # the framing used the first of this stream
    light = _blurred(light, rng)
    return _bordered(worn_out(developed(light, rng), rng), scene, rng)


def developed(light: Floats, rng: np.random.Generator) -> Floats:
    """[S, S, 3] linear light -> display values, about 0..1: exposure, tone and colours."""
    return _coloured(_toned(light, rng), rng)


def worn_out(tone: Floats, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Display values 0..1 -> uint8 with noise, lost detail and compression, by chance."""
    image = np.clip(_noisy(tone, rng) * 255 + 0.5, 0, 255).astype(np.uint8)
    return _compressed(_shrunk(image, rng), rng)


def _blurred(light: Floats, rng: np.random.Generator) -> Floats:
    kind = rng.random()
    if kind < 0.36:
        return cv2.GaussianBlur(light, (0, 0), float(rng.uniform(0.3, 1.1)))
    if kind < 0.41:
        length, angle = int(rng.integers(3, 8)), rng.uniform(0, np.pi)
        kernel = np.zeros((9, 9), np.float32)
        dx, dy = np.cos(angle) * length / 2, np.sin(angle) * length / 2
        cv2.line(kernel, (round(4 - dx), round(4 - dy)), (round(4 + dx), round(4 + dy)), 1.0, 1)
        return cv2.filter2D(light, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)
    return light


def _toned(light: Floats, rng: np.random.Generator) -> Floats:
    """Exposure by the picture's own middle, then a film curve, in display values 0..1."""
    size = len(light)
    middle = light[size // 5 : -size // 5, size // 5 : -size // 5]
    level = float(np.sqrt(np.maximum(middle, 0)).mean()) ** 2 + 0.02
    exposure = 0.21 / level * float(np.exp(rng.normal(0, 0.50)))
    exposure = min(exposure, 4.5) ** float(rng.uniform(0.55, 1.0))
    tone = np.sqrt(np.maximum(light * exposure, 0))
    knee = float(rng.uniform(0.65, 1.0))
    over = np.maximum(tone - knee, 0)
    tone = np.minimum(tone, knee) + (1.0 - knee + 1e-3) * (1 - np.exp(-over / (1.0 - knee + 1e-3)))
    contrast = float(np.exp(rng.normal(0.22, 0.22)))
    tone = np.clip(tone, 0, 1)
    curve = tone * tone * (3 - 2 * tone)
    return np.asarray(tone + (curve - tone) * (contrast - 0.85) * 1.2, np.float32)


def _coloured(tone: Floats, rng: np.random.Generator) -> Floats:
    grey = tone @ np.array([0.299, 0.587, 0.114], np.float32)
    kind = rng.random()
    if kind < 0.11:
        tint = np.array([1, 1, 1], np.float32)
        if kind < 0.03:
            tint = np.exp(rng.normal(0, 0.12, 3)).astype(np.float32)
        return grey[..., None] * tint
    saturation = float(rng.uniform(0.6, 1.25))
    out = grey[..., None] + (tone - grey[..., None]) * saturation
    cast = rng.normal(0, 0.035 if rng.random() < 0.85 else 0.12, 3)
    if rng.random() < 0.08:
        out = out * rng.uniform(0.6, 0.9) + rng.uniform(0, 0.25)  # haze, faded print
    return np.asarray(out * np.exp(cast - cast.mean()), np.float32)


def _noisy(tone: Floats, rng: np.random.Generator) -> Floats:
    amount = abs(rng.normal(0, 0.007)) if rng.random() < 0.93 else rng.uniform(0.012, 0.045)
    if amount < 0.003:
        return tone
    noise = rng.standard_normal(tone.shape, dtype=np.float32)
    if rng.random() < 0.5:
        noise = cv2.GaussianBlur(noise, (0, 0), 0.7) * 2
    if rng.random() < 0.4:
        noise = np.repeat(noise[..., :1], 3, 2)
    return np.asarray(tone + noise * np.float32(amount), np.float32)


def _shrunk(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    if rng.random() > 0.18:
        return image
    size = len(image)
    small = int(size * rng.uniform(0.3, 0.85))
    low = cv2.resize(image, (small, small), interpolation=cv2.INTER_AREA)
    way = cv2.INTER_CUBIC if rng.random() < 0.5 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(low, (size, size), interpolation=way), np.uint8)


def _compressed(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    if rng.random() > 0.6:
        return image
    quality = int(rng.uniform(25, 95)) if rng.random() < 0.8 else int(rng.uniform(12, 40))
    done, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.ascontiguousarray(decoded[..., ::-1])


def borders(scene: Scene, size: int) -> tuple[int, int, int, int]:
    """Rows at top and bottom, columns at left and right that the photo does not reach; mostly none."""
    rng = scene.rng(Stream.BORDER)
    if rng.random() > 0.10:
        return 0, 0, 0, 0
    top, bottom, left, right = (
        int(rng.uniform(0.02, 0.16) * size) * int(rng.random() < 0.4) for _ in range(4)
    )
    return top, bottom, left, right


def within(size: int, edges: tuple[int, int, int, int]) -> NDArray[np.bool_]:
    """[size, size] True where the photo reaches."""
    top, bottom, left, right = edges
    inside = np.zeros((size, size), bool)
    inside[top : size - bottom, left : size - right] = True
    return inside


def _bordered(image: NDArray[np.uint8], scene: Scene, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Black or drawn-out bands where the crop reaches beyond the photo."""
    top, bottom, left, right = edges = borders(scene, len(image))
    if not any(edges):
        return image
    rest = image[top : len(image) - bottom, left : len(image) - right]
    kind = cv2.BORDER_CONSTANT if rng.random() < 0.7 else cv2.BORDER_REPLICATE
    return np.asarray(cv2.copyMakeBorder(rest, top, bottom, left, right, kind, value=(0, 0, 0)), np.uint8)
