"""Which picture formats there are, told by a file's first bytes, and who reads them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from models.errors import InputError
from models.file_formats.jpeg_xl import ON_THE_SIDE, lazily

ORIENTATION_TAG = 0x0112
Opener = Callable[[BinaryIO], Image.Image]

# Opened by their first bytes, not by their names; Pillow's own door would refuse large JPEGs we can shrink.
FORMATS: tuple[tuple[str, Callable[[bytes], bool], Opener], ...] = (
    ("JPEG", lambda head: head[:3] == b"\xff\xd8\xff", JpegImagePlugin.JpegImageFile),
    ("PNG", lambda head: head[:8] == b"\x89PNG\r\n\x1a\n", PngImagePlugin.PngImageFile),
    ("WebP", lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP", WebPImagePlugin.WebPImageFile),
    ("GIF", lambda head: head[:6] in (b"GIF87a", b"GIF89a"), GifImagePlugin.GifImageFile),
    ("TIFF", lambda head: head[:4] in (b"II*\0", b"MM\0*"), TiffImagePlugin.TiffImageFile),
    ("BMP", lambda head: head[:2] == b"BM", BmpImagePlugin.BmpImageFile),
    ("AVIF", lambda head: head[4:12] in (b"ftypavif", b"ftypavis"), AvifImagePlugin.AvifImageFile),
    ("PNM", lambda head: head[:1] == b"P" and head[1:2] in b"123456", PpmImagePlugin.PpmImageFile),
)
# Recognised, so that the message can say more than "not a picture".
FOREIGN: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("camera raw", lambda head: head[:16] == b"FUJIFILMCCD-RAW " or head[4:12] == b"ftypcrx "),
    ("camera raw", lambda head: head[:4] in (b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FOVb", b"\0MRM")),
    ("camera raw", lambda head: head[:4] == b"II*\0" and head[8:10] == b"CR"),
    ("an SVG drawing", lambda head: b"<svg" in head.lower()),
    ("a PDF document", lambda head: head[:5] == b"%PDF-"),
    ("a Photoshop document", lambda head: head[:4] == b"8BPS"),
)
RAW_SUFFIXES = frozenset(  # TIFF inside, of which only a small preview could be read
    {".dng", ".nef", ".nrw", ".arw", ".sr2", ".srf", ".pef", ".cr2", ".3fr", ".iiq", ".erf", ".kdc", ".mef"}
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
        ".avif",
        ".heic",
        ".heif",
        ".hif",
        ".jxl",
    }
)
READABLE = ", ".join(name for name, _, _ in FORMATS)


def is_picture_head(head: bytes) -> bool:
    """Whether a file that begins so is a picture, readable here or not."""
    return any(fits(head) for _, fits, _ in (*FORMATS, *EXTRAS)) or any(fits(head) for _, fits in FOREIGN)


def opener_of(path: Path, head: bytes) -> Opener:
    """Who opens a file of that name that begins so.

    Raises:
        InputError: Nobody here; names the format where it is known.
    """
    if path.suffix.lower() in RAW_SUFFIXES:
        raise _foreign(path, "camera raw")
    for what, fits in FOREIGN:
        if fits(head):
            raise _foreign(path, what)
    for _, fits, opener in FORMATS:
        if fits(head):
            return opener
    for what, fits, loader in EXTRAS:
        if fits(head):
            return _extra(path, what, loader)
    raise InputError(f"{path.name} is not a picture. Open one of these: {READABLE}.")


def orientation_of(picture: Image.Image) -> int:
    """The EXIF orientation, 1 (upright) if absent or damaged."""
    try:
        return int(picture.getexif().get(ORIENTATION_TAG, 1))
    except Exception:  # EXIF blocks of cameras and editors are broken in every way; the pixels are fine
        return 1


def upright_size(path: Path) -> tuple[int, int] | None:
    """Width and height of a picture set upright, by its header alone; None if nothing readable is there."""
    try:
        with path.open("rb") as stream:
            head = stream.read(512)
            stream.seek(0)
            with opener_of(path, head)(stream) as picture:
                width, height = picture.size
                return (height, width) if orientation_of(picture) in ON_THE_SIDE else (width, height)
    except Exception:  # whoever opens the picture says what is wrong with it
        return None


def _foreign(path: Path, what: str) -> InputError:
    return InputError(f"{path.name} is {what}, which cannot be read here. Save it as JPEG or PNG first.")


def _extra(path: Path, what: str, loader: Callable[[], Any]) -> Opener:
    try:
        opener: Opener = loader()
    except ImportError as error:
        raise InputError(
            f"{path.name} is {what}, which needs one package more. Save it as JPEG or PNG first, "
            'or install it with: pip install "unmask[formats]".'
        ) from error
    return opener


def _heif() -> Opener:
    from pillow_heif import HeifImageFile

    return HeifImageFile


def _jpeg_xl() -> Opener:
    from pillow_jxl.JpegXLImagePlugin import JXLImageFile

    return lazily(JXLImageFile)


# Read by packages of the extra "formats".
EXTRAS: tuple[tuple[str, Callable[[bytes], bool], Callable[[], Opener]], ...] = (
    (
        "a HEIC picture",
        lambda head: head[4:8] == b"ftyp" and head[8:11] in (b"hei", b"hev", b"mif", b"msf"),
        _heif,
    ),
    ("a JPEG XL picture", lambda head: head[:2] == b"\xff\x0a" or head[4:8] == b"JXL ", _jpeg_xl),
)
