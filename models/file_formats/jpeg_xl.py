"""What a JPEG XL file says of its picture before it is decoded; Pillow's plugin unfolds it to open it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any, BinaryIO, cast

from PIL import Image, ImageFile, ImageOps

BARE = b"\xff\x0a"
MOST_BOXES = 10_000
LONGEST_EXIF = 1 << 20  # bytes
ON_THE_SIDE = frozenset({5, 6, 7, 8})  # orientations that swap width and height
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))  # width to height, of codes 1 to 7


@dataclass(frozen=True, slots=True)
class Header:
    """Width and height as stored, px; how the decoder turns them (EXIF's numbers); the EXIF block."""

    width: int
    height: int
    orientation: int
    exif: bytes = b""


def read_header(stream: BinaryIO) -> Header:
    """The header of a bare codestream, or of the one in a container: ISO/IEC 18181-1 and 18181-2.

    Raises:
        ValueError: There is none.
    """
    start = stream.read(2)
    if start == BARE:
        return _codestream(start + stream.read(30), b"")
    stream.seek(0)
    found, exif = b"", b""
    for _ in range(MOST_BOXES):
        at, head = stream.tell(), stream.read(8)
        if len(head) < 8:
            break
        length, kind, begin = int.from_bytes(head[:4], "big"), head[4:], 8
        if length == 1:
            length, begin = int.from_bytes(stream.read(8), "big"), 16
        if kind in (b"jxlc", b"jxlp") and not found:
            found = stream.read(36)[0 if kind == b"jxlc" else 4 :]
        elif kind == b"Exif" and begin < length <= LONGEST_EXIF:
            exif = _tiff(stream.read(length - begin))
        if length < begin:  # 0: to the end of the file
            break
        stream.seek(at + length)
    return _codestream(found, exif)


def lazily(decoder: Callable[[BinaryIO], Any]) -> type[ImageFile.ImageFile]:
    """A Pillow format that knows its size when opened, and decodes when loaded.

    Args:
        decoder: Opens and decodes at once.
    """

    class JpegXLFile(ImageFile.ImageFile):
        format = "JXL"
        format_description = "JPEG XL"

        def _open(self) -> None:
            header = read_header(_there(self.fp))
            on_the_side = header.orientation in ON_THE_SIDE
            self._size = (header.height, header.width) if on_the_side else (header.width, header.height)
            self._mode, self.tile, self._decoded = "RGB", [], False
            self._turned = header.orientation != 1
            if header.exif and not self._turned:  # else the decoder has turned it
                self.info["exif"] = b"Exif\0\0" + header.exif

        def load(self) -> Any:
            if not self._decoded:
                stream = _there(self.fp)
                stream.seek(0)
                whole: Image.Image = decoder(stream)
                whole.load()
                if self._turned and getattr(whole, "jpeg", False):  # a JPEG in it comes as it was
                    whole = ImageOps.exif_transpose(whole)
                if whole.size != self.size:
                    raise ValueError("its header gives another size than its picture has")
                self._decoded, self._mode, self.im = True, whole.mode, whole.im
            return Image.Image.load(self)

    return JpegXLFile


def _there(stream: IO[bytes] | None) -> BinaryIO:
    if stream is None:
        raise ValueError("the file is closed")
    return cast(BinaryIO, stream)


def _tiff(box: bytes) -> bytes:
    """What EXIF holds; some writers leave out how many bytes to pass over before it."""
    places = [at for mark in (b"II*\0", b"MM\0*") if (at := box[:64].find(mark)) >= 0]
    return box[min(places) :] if places else b""


def _codestream(data: bytes, exif: bytes) -> Header:
    """SizeHeader and the beginning of ImageMetadata."""
    if data[:2] != BARE:
        raise ValueError("no JPEG XL codestream")
    bits, at = int.from_bytes(data[2:], "little"), 0

    def take(count: int) -> int:
        nonlocal at
        at += count
        return bits >> (at - count) & ((1 << count) - 1)

    def side(small: bool) -> int:
        return 8 * (1 + take(5)) if small else 1 + take((9, 13, 18, 30)[take(2)])

    small = bool(take(1))
    height = side(small)
    ratio = take(3)
    width = height * _RATIOS[ratio - 1][0] // _RATIOS[ratio - 1][1] if ratio else side(small)
    as_ever = take(1) or not take(1)  # all metadata are the usual ones, or this part of them is
    return Header(width, height, 1 if as_ever else 1 + take(3), exif)
