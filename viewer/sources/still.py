"""One picture from a file, whatever its format: upright, 8-bit RGB, of a size the window can draw.

Every failure is an InputError of two sentences: what was wrong, and what to do.
"""

from __future__ import annotations

import math
import stat
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin, TiffImagePlugin

from models.errors import InputError
from models.file_formats.jpeg_xl import ON_THE_SIDE
from models.file_formats.picture_formats import is_picture_head, opener_of, orientation_of
from models.geometry.rescaling import Size
from viewer.sources.source import Frame

SHOWN_SIDE_PX = 8192
SHOWN_PIXELS = 48_000_000
DECODED_BYTES = 760_000_000  # what a decoder may hold at a time
DECODER_BYTES = {
    "WEBP": 14,
    "AVIF": 14,
    "HEIF": 14,
    "JXL": 16,
}  # a pixel: what decoders that keep copies hold
STRIP_PIXELS = 4_000_000  # worked on at a time afterwards
DARKEST, BRIGHTEST = 0.1, 99.9  # percentiles shown as black and white
SAMPLED_ROWS = 256
SMALLER = f"Save a copy of at most {SHOWN_SIDE_PX} px a side and open that."
DEEP_COLOUR = ("RGB;16", "RGBA;16", "RGBX;16")  # Pillow's names for what it cuts to 8 bits


def _transposed(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return image.transpose(1, 0, 2)


_UPRIGHT: Mapping[int, tuple[Callable[[NDArray[np.uint8]], NDArray[np.uint8]], ...]] = {
    2: (np.fliplr,),
    3: (np.fliplr, np.flipud),
    4: (np.flipud,),
    5: (_transposed,),
    6: (_transposed, np.fliplr),
    7: (_transposed, np.fliplr, np.flipud),
    8: (_transposed, np.flipud),
}  # EXIF orientation -> how to set the picture upright
_AS_STORED = cv2.IMREAD_IGNORE_ORIENTATION


def is_picture(path: Path) -> bool:
    """Whether the file begins like a picture, readable here or not; False if it cannot be looked into."""
    try:
        head = first_bytes(path)
    except InputError:
        return False
    return is_picture_head(head)


def read_still(path: Path) -> Frame:
    """The picture in a file.

    Raises:
        InputError: It cannot be read; says why, and what to do.
    """
    head = first_bytes(path)
    opener = opener_of(path, head)
    try:
        with warnings.catch_warnings(), path.open("rb") as stream:
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # memory is checked here
            with opener(stream) as picture:
                image, size, notices = _pixels(path, picture)
    except InputError:
        raise
    except Image.DecompressionBombError as error:
        raise InputError(f"{path.name} is too large to be read whole. {SMALLER}") from error
    except MemoryError as error:
        raise InputError(
            f"{path.name} does not fit into memory. Save a smaller copy and open that."
        ) from error
    except Exception as error:  # a damaged file can break a decoder in any way at all
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise InputError(
            f"{path.name} is damaged or cut off ({reason}). Copy or download it again, "
            "or open it in a picture editor and save it anew."
        ) from error
    image.flags.writeable = False
    return Frame(image, path.name, notices=notices, path=path, file_size=size)


def first_bytes(path: Path, count: int = 512) -> bytes:
    """The beginning of a regular file.

    Raises:
        InputError: It is absent, empty, no file, or may not be read.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise InputError(f"{path.name} is a folder, not a picture. Open a picture inside it.")
        if not stat.S_ISREG(status.st_mode):
            raise InputError(
                f"{path.name} is a device or pipe, not a file. Save the picture to a file first."
            )
        with path.open("rb") as stream:
            head = stream.read(count)
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}. Check its name and folder.") from error
    except PermissionError as error:
        raise InputError(
            f"{path} may not be read by you. Ask its owner for permission, or copy it to a folder of yours."
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a path no file system can hold
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"{str(path)!r} cannot be read ({reason}). Copy it to a local folder first."
        ) from error
    if not head:
        raise InputError(f"{path.name} is empty (0 bytes). Copy or download it again.")
    return head


def _pixels(path: Path, picture: Image.Image) -> tuple[NDArray[np.uint8], Size, tuple[str, ...]]:
    """Decode: [H, W, 3] RGB, upright; the (width, height) of the whole picture upright; and what was done."""
    notices: list[str] = []
    frames = getattr(picture, "n_frames", 1)  # only Pillow's animated formats have it
    if frames > 1:
        notices.append(f"{path.name} holds {frames} pictures; only the first is shown.")
    width, height = picture.size
    shrink = max(1.0, max(width, height) / SHOWN_SIDE_PX, math.sqrt(width * height / SHOWN_PIXELS))
    size = (max(1, round(width / shrink)), max(1, round(height / shrink)))
    if shrink > 1:
        picture.draft(None, size)  # a JPEG can be decoded at 1/2, 1/4 or 1/8; others ignore it
    _check_memory(path, picture, (width, height))
    image = _deep_colour(path, picture, size, notices)
    if image is None:
        picture.load()
        image = _shown(picture, size, _eight_bits(path, picture, notices))
    if size != (width, height):
        notices.append(f"{path.name} is {width} x {height} px; it is shown at {size[0]} x {size[1]} px.")
    orientation = orientation_of(picture)
    for turn in _UPRIGHT.get(orientation, ()):
        image = turn(image)
    upright = (height, width) if orientation in ON_THE_SIDE else (width, height)
    return np.ascontiguousarray(image), upright, tuple(notices)


def _check_memory(path: Path, picture: Image.Image, size: Size) -> None:
    """Refuse what would take too much memory, before it is decoded."""
    pixels = picture.width * picture.height
    need = pixels * {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2}.get(picture.mode, 4)
    if picture.format in DECODER_BYTES:
        need = DECODER_BYTES[picture.format] * pixels
    elif isinstance(picture, TiffImagePlugin.TiffImageFile):
        need += _tiff_buffer(picture)
    elif isinstance(picture, JpegImagePlugin.JpegImageFile) and picture.info.get("progressive"):
        need += _coefficients(picture, size)
    if need > DECODED_BYTES:
        raise InputError(f"{path.name} is {size[0]} x {size[1]} px, too large to be read whole. {SMALLER}")


def _coefficients(picture: JpegImagePlugin.JpegImageFile, size: Size) -> int:
    """Bytes of the coefficients, which a progressive JPEG keeps of the whole picture until its end."""
    samplings = [layer[1] * layer[2] for layer in picture.layer]
    return int(2 * size[0] * size[1] * sum(samplings) / max(samplings))


def _tiff_buffer(picture: TiffImagePlugin.TiffImageFile) -> int:
    """Bytes of one strip or tile as it unfolds, which the file alone decides."""
    tags = picture.tag_v2
    depth = tags.get(258, (1,))
    bits = max(depth if isinstance(depth, tuple) else (depth,)) * int(tags.get(277, 1))
    across, down = int(tags.get(322, picture.width)), int(tags.get(323, tags.get(278, picture.height)))
    return across * min(down, max(picture.height, int(tags.get(323, 0)))) * bits // 8


def _shown(
    picture: Image.Image, size: Size, eight_bits: Callable[[Image.Image], Image.Image]
) -> NDArray[np.uint8]:
    """[H, W, 3] of that size, strip by strip, so that no second whole picture is held.

    Args:
        picture: Decoded, in its own mode.
        size: (width, height) wanted, no larger.
        eight_bits: Makes 8-bit RGB of a strip.
    """
    width, height = size
    image = np.empty((height, width, 3), np.uint8)
    down = picture.height / height
    rows = max(1, int(STRIP_PIXELS / max(1, picture.width * down)))
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        first, last = math.floor(top * down), min(math.ceil(bottom * down), picture.height)
        strip = eight_bits(picture.crop((0, first, picture.width, last)))
        if picture.size != size:
            box = (0, top * down - first, picture.width, min(bottom * down - first, last - first))
            strip = strip.resize((width, bottom - top), Image.Resampling.BOX, box)
        image[top:bottom] = np.asarray(strip)
    return image


def _eight_bits(path: Path, picture: Image.Image, notices: list[str]) -> Callable[[Image.Image], Image.Image]:
    """What makes 8-bit RGB of a strip of this picture: greys stretched, transparency laid on white."""
    mode = picture.mode
    if mode.startswith("I;16") or mode in {"I", "F"}:
        return _stretching(path, picture, notices)
    if mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in picture.info:
        if _has_holes(picture):
            notices.append(f"The transparent parts of {path.name} are shown white.")
        return _on_white
    if mode == "CMYK":
        notices.append(f"{path.name} has printing colours (CMYK); they are shown approximately.")
    return lambda strip: strip.convert("RGB")


def _has_holes(picture: Image.Image) -> bool:
    if picture.mode in {"RGBA", "LA", "PA"}:
        band = picture.getbands().index("A")
        extrema = picture.getextrema()[band]
        return isinstance(extrema, tuple) and extrema[0] < 255
    rows = max(1, STRIP_PIXELS // picture.width)
    return any(
        picture.crop((0, top, picture.width, min(top + rows, picture.height)))
        .convert("RGBA").getchannel("A").getextrema()[0] != 255
        for top in range(0, picture.height, rows)
    )  # fmt: skip


def _on_white(strip: Image.Image) -> Image.Image:
    rgba = strip.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")


def _stretching(path: Path, picture: Image.Image, notices: list[str]) -> Callable[[Image.Image], Image.Image]:
    """Deep greys by their own range: cameras of 10, 12 or 14 bits leave the rest of 16 dark."""
    every = max(1, picture.height // SAMPLED_ROWS)
    rows = range(0, picture.height, every)
    low, high = _range(np.concatenate([np.asarray(picture.crop((0, y, picture.width, y + 1))) for y in rows]))
    notices.append(
        f"{path.name} holds deep greys; {low:g} to {high:g} ({DARKEST:g} to {BRIGHTEST:g} % of its pixels) "
        "are shown as black to white."
    )

    def stretch(strip: Image.Image) -> Image.Image:
        return Image.fromarray(_stretched(np.asarray(strip), low, high)).convert("RGB")

    return stretch


def _range(values: NDArray[np.generic]) -> tuple[float, float]:
    """What is shown as black and as white."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 0.0
    low = float(np.percentile(finite, DARKEST, method="lower"))
    high = float(np.percentile(finite, BRIGHTEST, method="higher"))
    return (low, high) if high > low else (float(finite.min()), float(finite.max()))


def _stretched(values: NDArray[np.generic], low: float, high: float) -> NDArray[np.uint8]:
    """Of any number type, `low` to 0 and `high` to 255; NaN is black."""
    scaled = values.astype(np.float32)
    scaled -= low
    scaled *= 255 / (high - low) if high > low else 0.0
    np.nan_to_num(scaled, copy=False, nan=0.0, posinf=255.0, neginf=0.0)
    return np.rint(scaled, out=scaled).clip(0, 255).astype(np.uint8)


def _deep_colour(
    path: Path, picture: Image.Image, size: Size, notices: list[str]
) -> NDArray[np.uint8] | None:
    """Colours of 16 bits stretched by their own range where they fill only the lower bits; None for others.

    Pillow keeps the upper 8 bits alone, of which 10 or 12 bits in a file of 16 leave next to nothing.
    """
    tiles = getattr(picture, "tile", ())
    args = [str(tile[3]) for tile in tiles[:1]]
    if not any(name in arg for arg in args for name in DEEP_COLOUR):
        return None
    if picture.width * picture.height > SHOWN_PIXELS:
        return None
    deep = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH | _AS_STORED)
    if deep is None or deep.dtype != np.uint16 or deep.shape[:2] != (picture.height, picture.width):
        return None
    low, high = _range(deep[:: max(1, len(deep) // SAMPLED_ROWS)])
    if high > 65535 / 4:
        return None
    notices.append(f"{path.name} has deep colours; {low:g} to {high:g} are shown as black to white.")
    image = np.empty(deep.shape, np.uint8)
    for row, target in zip(deep, image, strict=True):
        target[:] = _stretched(row[:, ::-1], low, high)
    return image if image.shape[1::-1] == size else None
