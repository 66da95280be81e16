"""What a JPEG XL file says of itself before it is decoded (tier 1)."""

import io

import pytest
from PIL import Image

from models.file_formats.jpeg_xl import read_header


@pytest.mark.parametrize(
    "size", [(8, 8), (264, 256), (320, 180), (123, 77), (9000, 3), (3, 9000), (120, 100)]
)
@pytest.mark.parametrize("mode", ["L", "RGBA"])
def test_its_size_is_that_of_the_picture_written(size, mode):
    pytest.importorskip("pillow_jxl")
    file = io.BytesIO()
    Image.new(mode, size).save(file, "JXL", effort=1)
    file.seek(0)
    header = read_header(file)
    assert (header.width, header.height, header.orientation) == (*size, 1)


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"\xff\xd8", b"\0\0\0\x0cJXL \r\n\x87\n", b"\0\0\0\0jxlc", b"\0" * 64]
)
def test_what_is_none_is_refused(data):
    with pytest.raises(ValueError, match="codestream"):
        read_header(io.BytesIO(data))
