"""One picture from a file, whatever its format: upright, 8-bit RGB, of a size the window can draw.

Every failure is an InputError of two sentences: what was wrong, and what to do.
"""

from __future__ import annotations

import math
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from models.errors import InputError
from viewer.sources.source import Frame

SHOWN_SIDE_PX = 8192
SHOWN_PIXELS = 48_000_000
DECODED_BYTES = 512_000_000

# Opened by their first bytes, not by their names; Pillow's own door would refuse large JPEGs we can shrink.
FORMATS: tuple[tuple[str, Callable[[bytes], bool], Callable[[BinaryIO], ImageFile.ImageFile]], ...] = (
    ("JPEG", lambda head: head[:3] == b"\xff\xd8\xff", JpegImagePlugin.JpegImageFile),
    ("PNG", lambda head: head[:8] == b"\x89PNG\r\n\x1a\n", PngImagePlugin.PngImageFile),
    ("WebP", lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP", WebPImagePlugin.WebPImageFile),
    ("GIF", lambda head: head[:6] in (b"GIF87a", b"GIF89a"), GifImagePlugin.GifImageFile),
    ("TIFF", lambda head: head[:4] in (b"II*\0", b"MM\0*"), TiffImagePlugin.TiffImageFile),
    ("BMP", lambda head: head[:2] == b"BM", BmpImagePlugin.BmpImageFile),
    ("PNM", lambda head: head[:1] == b"P" and head[1:2] in b"123456", PpmImagePlugin.PpmImageFile),
)
# Recognised, so that the message can say more than "not a picture".
FOREIGN: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("a HEIC picture", lambda head: head[4:8] == b"ftyp" and head[8:11] in (b"hei", b"hev", b"mif", b"msf")),
    ("an AVIF picture", lambda head: head[4:12] in (b"ftypavif", b"ftypavis")),
    ("a JPEG XL picture", lambda head: head[:2] == b"\xff\x0a" or head[4:8] == b"JXL "),
    ("an SVG drawing", lambda head: b"<svg" in head.lower()),
    ("a PDF document", lambda head: head[:5] == b"%PDF-"),
    ("a Photoshop document", lambda head: head[:4] == b"8BPS"),
)
SUFFIXES = frozenset(
    {
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".webp",
        ".gif",
        ".tif",
        ".tiff",
        ".bmp",
        ".pgm",
        ".ppm",
        ".pnm",
    }
)
READABLE = ", ".join(name for name, _, _ in FORMATS)

_UPRIGHT = {
    2: (Image.Transpose.FLIP_LEFT_RIGHT,),
    3: (Image.Transpose.ROTATE_180,),
    4: (Image.Transpose.FLIP_TOP_BOTTOM,),
    5: (Image.Transpose.TRANSPOSE,),
    6: (Image.Transpose.ROTATE_270,),
    7: (Image.Transpose.TRANSVERSE,),
    8: (Image.Transpose.ROTATE_90,),
}  # EXIF orientation -> how to set the picture upright
_ORIENTATION = 0x0112


def is_picture(path: Path) -> bool:
    """Whether the file begins like a picture, readable here or not; False if it cannot be looked into."""
    try:
        head = first_bytes(path)
    except InputError:
        return False
    return any(fits(head) for _, fits, _ in FORMATS) or any(fits(head) for _, fits in FOREIGN)


def read_still(path: Path) -> Frame:
    """The picture in a file.

    Raises:
        InputError: It cannot be read; says why, and what to do.
    """
    head = first_bytes(path)
    opener = _opener(path, head)
    try:
        with path.open("rb") as stream, opener(stream) as picture:
            image, notices = _pixels(path, picture)
    except InputError:
        raise
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
    return Frame(image, path.name, notices=notices, path=path)


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


def _opener(path: Path, head: bytes) -> Callable[[BinaryIO], ImageFile.ImageFile]:
    for _, fits, opener in FORMATS:
        if fits(head):
            return opener
    for what, fits in FOREIGN:
        if fits(head):
            raise InputError(
                f"{path.name} is {what}, which cannot be read here. Save it as JPEG or PNG first."
            )
    raise InputError(f"{path.name} is not a picture. Open one of these: {READABLE}.")


def _pixels(path: Path, picture: ImageFile.ImageFile) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Decode: [H, W, 3] RGB, and what had to be done on the way."""
    notices: list[str] = []
    frames = getattr(picture, "n_frames", 1)  # only Pillow's animated formats have it
    if frames > 1:
        notices.append(f"{path.name} holds {frames} pictures; only the first is shown.")
    width, height = picture.size
    small, size = _decoded(path, picture)
    rgb = _rgb(path, small, notices)
    if size != (width, height):
        rgb = rgb.resize(size, Image.Resampling.BICUBIC)
        notices.append(f"{path.name} is {width} x {height} px; it is shown at {size[0]} x {size[1]} px.")
    for turn in _UPRIGHT.get(_orientation(picture), ()):
        rgb = rgb.transpose(turn)
    return np.array(rgb, np.uint8), tuple(notices)


def _decoded(path: Path, picture: ImageFile.ImageFile) -> tuple[Image.Image, tuple[int, int]]:
    """The picture in its own mode, no larger than needed, and the (width, height) it should be shown at."""
    width, height = picture.size
    shrink = max(1.0, max(width, height) / SHOWN_SIDE_PX, math.sqrt(width * height / SHOWN_PIXELS))
    size = (max(1, round(width / shrink)), max(1, round(height / shrink)))
    if shrink > 1:
        picture.draft(None, size)  # a JPEG can be decoded at 1/2, 1/4 or 1/8; others ignore it
    decoded_width, decoded_height = picture.size
    bytes_per_px = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "LA": 4, "PA": 4}.get(picture.mode, 4)
    if decoded_width * decoded_height * bytes_per_px > DECODED_BYTES:
        raise InputError(
            f"{path.name} is {width} x {height} px, too large to be read whole. "
            f"Save a copy of at most {SHOWN_SIDE_PX} px a side and open that."
        )
    picture.load()
    block = min(picture.width // size[0], picture.height // size[1])
    # Whole blocks first, in the file's own mode: the cheap way down for a picture of hundreds of megapixels.
    # A palette has no averages, and 16 bits no such shortcut.
    if block > 1 and picture.mode in {"L", "LA", "RGB", "RGBA", "CMYK", "YCbCr"}:
        return picture.reduce(block), size
    return picture, size


def _rgb(path: Path, picture: Image.Image, notices: list[str]) -> Image.Image:
    """To 8-bit RGB: deep greys scaled, transparency laid on white."""
    mode = picture.mode
    if mode.startswith("I;16") or mode in {"I", "F"}:
        return Image.fromarray(_eight_bits(path, np.asarray(picture), notices)).convert("RGB")
    if mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in picture.info:
        rgba = picture.convert("RGBA")
        if rgba.getchannel("A").getextrema()[0] == 255:
            return rgba.convert("RGB")
        notices.append(f"The transparent parts of {path.name} are shown white.")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    if mode == "CMYK":
        notices.append(f"{path.name} has printing colours (CMYK); they are shown approximately.")
    return picture.convert("RGB")


def _eight_bits(path: Path, values: NDArray[np.generic], notices: list[str]) -> NDArray[np.uint8]:
    """[H, W] of 16 or 32 bits, integer or float, to 0..255."""
    grey = values.astype(np.float32)
    finite = grey[np.isfinite(grey)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if np.issubdtype(values.dtype, np.integer) and low >= 0 and high <= 65535:
        low, high = 0.0, 65535.0
        notices.append(f"{path.name} has 16 bits a pixel; it is shown with 8.")
    else:
        notices.append(
            f"{path.name} holds values from {low:g} to {high:g}; they are shown as black to white."
        )
    scaled = (grey - low) * (255 / (high - low) if high > low else 0.0)
    return np.nan_to_num(np.rint(scaled), nan=0.0, posinf=255.0, neginf=0.0).clip(0, 255).astype(np.uint8)


def _orientation(picture: Image.Image) -> int:
    """The EXIF orientation, 1 (upright) if absent or damaged."""
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # EXIF blocks of cameras and editors are broken in every way; the pixels are fine
        return 1
