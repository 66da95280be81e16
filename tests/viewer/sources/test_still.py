"""Pictures of every kind, good and bad, from a file to a frame."""

from __future__ import annotations

import os
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from models.errors import InputError
from viewer.sources.still import read_still


def pattern(height: int = 40, width: int = 60) -> np.ndarray:
    """[H, W, 3]: red grows to the right, green downwards, so that any turn or swap shows."""
    image = np.full((height, width, 3), 40, np.uint8)
    image[..., 0] = np.linspace(0, 255, width, dtype=np.uint8)
    image[..., 1] = np.linspace(0, 255, height, dtype=np.uint8)[:, None]
    return image


def saved(path: Path, image: Image.Image | np.ndarray, **options: object) -> Path:
    picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
    picture.save(path, **options)
    return path


def sentence(path: Path) -> str:
    """What the user is told about a file that cannot be read: cause and remedy."""
    with pytest.raises(InputError) as caught:
        read_still(path)
    text = str(caught.value)
    assert text.endswith(".")
    assert text.count(". ") >= 1, "a cause and a remedy"
    return text


@pytest.mark.parametrize("ending", ["png", "bmp", "tif", "ppm", "webp"])
def test_a_picture_comes_back_pixel_for_pixel(tmp_path, ending):
    options = {"lossless": True} if ending == "webp" else {}
    frame = read_still(saved(tmp_path / f"face.{ending}", pattern(), **options))
    np.testing.assert_array_equal(frame.image, pattern())
    assert (frame.name, frame.index, frame.count, frame.notices) == (f"face.{ending}", 0, 1, ())


def test_a_frame_cannot_be_written_to(tmp_path):
    frame = read_still(saved(tmp_path / "face.png", pattern()))
    with pytest.raises(ValueError, match="read-only"):
        frame.image[0, 0] = 0


def test_the_name_of_a_file_does_not_matter_only_its_content(tmp_path):
    path = saved(tmp_path / "face.png", pattern()).rename(tmp_path / "face.jpg")
    np.testing.assert_array_equal(read_still(path).image, pattern())


@pytest.mark.parametrize(
    ("orientation", "stored"),
    [
        (1, lambda up: up),
        (2, lambda up: up[:, ::-1]),
        (3, lambda up: up[::-1, ::-1]),
        (4, lambda up: up[::-1]),
        (5, lambda up: up.transpose(1, 0, 2)),
        (6, lambda up: np.rot90(up, 1)),
        (7, lambda up: np.rot90(up.transpose(1, 0, 2), 2)),
        (8, lambda up: np.rot90(up, -1)),
    ],
)
def test_a_turned_camera_gives_an_upright_picture(tmp_path, orientation, stored):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path / "turned.png", np.ascontiguousarray(stored(pattern())), exif=exif)
    np.testing.assert_array_equal(read_still(path).image, pattern())


def test_a_senseless_orientation_leaves_the_picture_as_it_is(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 77
    path = saved(tmp_path / "turned.png", pattern(), exif=exif)
    np.testing.assert_array_equal(read_still(path).image, pattern())


def test_sixteen_bit_grey_is_scaled_not_cut(tmp_path):
    values = np.linspace(0, 65535, 256).round().astype(np.uint16)[None].repeat(4, 0)
    frame = read_still(saved(tmp_path / "deep.png", values))
    np.testing.assert_array_equal(
        frame.image, np.arange(256, dtype=np.uint8)[None, :, None].repeat(4, 0).repeat(3, 2)
    )
    assert "0 to 65535 (0.1 to 99.9 % of its pixels) are shown as black to white" in frame.notices[0]


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_sixteen_bit_colour_is_scaled_not_cut(tmp_path, ending):
    path = tmp_path / f"deep.{ending}"
    cv2.imwrite(str(path), (pattern().astype(np.uint16) * 257)[..., ::-1])
    np.testing.assert_array_equal(read_still(path).image, pattern())


def test_floating_point_values_span_black_to_white(tmp_path):
    frame = read_still(saved(tmp_path / "depth.tif", np.array([[-1.0, 0.5, 2.0]], np.float32)))
    np.testing.assert_array_equal(frame.image[0, :, 0], [0, 128, 255])
    assert "-1 to 2" in frame.notices[0]


@pytest.mark.parametrize("mode", ["L", "1", "P", "LA", "CMYK"])
def test_grey_palette_and_printing_colours_become_rgb(tmp_path, mode):
    ending = "jpg" if mode == "CMYK" else "png"
    image = Image.new(mode, (8, 6), 0) if mode != "CMYK" else Image.new(mode, (8, 6), (0, 0, 0, 255))
    if mode == "LA":
        image.putalpha(255)
    frame = read_still(saved(tmp_path / f"face.{ending}", image))
    assert frame.image.shape == (6, 8, 3)
    assert frame.image.max() <= 2, "black stays black"
    assert bool(frame.notices) == (mode == "CMYK")


def test_transparent_parts_turn_white_and_opaque_ones_stay(tmp_path):
    rgba = np.dstack([pattern(), np.full((40, 60), 255, np.uint8)])
    rgba[:20, :, 3] = 0
    frame = read_still(saved(tmp_path / "cut out.png", rgba))
    assert (frame.image[:20] == 255).all()
    np.testing.assert_array_equal(frame.image[20:], pattern()[20:])
    assert "white" in frame.notices[0]


def test_an_alpha_channel_without_holes_is_not_mentioned(tmp_path):
    rgba = np.dstack([pattern(), np.full((40, 60), 255, np.uint8)])
    assert read_still(saved(tmp_path / "face.png", rgba)).notices == ()


@pytest.mark.parametrize("ending", ["gif", "webp", "png", "tif"])
def test_of_several_pictures_in_a_file_the_first_is_shown_and_said_so(tmp_path, ending):
    pictures = [Image.new("RGB", (9, 7), colour) for colour in ("red", "lime", "blue")]
    options = {"lossless": True} if ending == "webp" else {}
    path = saved(
        tmp_path / f"moving.{ending}", pictures[0], save_all=True, append_images=pictures[1:], **options
    )
    frame = read_still(path)
    assert (frame.image == (255, 0, 0)).all()
    assert "3 pictures; only the first" in frame.notices[0]


def test_one_pixel_is_a_picture(tmp_path):
    assert read_still(saved(tmp_path / "dot.png", pattern(1, 1))).image.shape == (1, 1, 3)


def test_a_huge_jpeg_is_shown_smaller_and_said_so(tmp_path):
    frame = read_still(saved(tmp_path / "wall.jpg", Image.new("L", (20000, 20000), 90)))
    height, width = frame.image.shape[:2]
    assert height == width <= 8192
    assert abs(int(frame.image[height // 2, width // 2, 0]) - 90) <= 1
    assert f"20000 x 20000 px; it is shown at {width} x {height} px" in frame.notices[0]


def test_a_long_strip_keeps_its_shape_when_shrunk(tmp_path):
    frame = read_still(saved(tmp_path / "strip.png", Image.new("L", (40000, 100), 50)))
    assert frame.image.shape == (20, 8192, 3)
    assert (frame.image == 50).all()


def test_a_picture_that_would_exhaust_memory_is_refused_before_it_is_decoded(tmp_path):
    path = saved(tmp_path / "bomb.png", Image.new("1", (60, 40)))
    header = bytearray(path.read_bytes())
    header[16:24] = (60000).to_bytes(4, "big") * 2
    header[29:33] = zlib.crc32(bytes(header[12:29])).to_bytes(4, "big")
    path.write_bytes(header)
    text = sentence(path)
    assert "60000 x 60000 px, too large" in text
    assert "Save a copy" in text


def test_text_is_not_a_picture(tmp_path):
    path = tmp_path / "letter.jpg"
    path.write_text("Dear reader")
    assert "letter.jpg is not a picture" in sentence(path)


def test_an_empty_file_is_called_empty(tmp_path):
    path = tmp_path / "nothing.jpg"
    path.touch()
    assert "empty (0 bytes)" in sentence(path)


@pytest.mark.parametrize("ending", ["jpg", "png", "gif", "webp", "tif", "bmp"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_a_file_cut_off_anywhere_is_called_damaged(tmp_path, ending, share):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    path = saved(tmp_path / f"cut.{ending}", noise)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    assert "damaged or cut off" in sentence(path)


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"FUJIFILMCCD-RAW 0201", "camera raw"),
        (b"II*\0\x10\0\0\0CR\x02\0", "camera raw"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1", "camera raw"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"%PDF-1.7", "PDF"),
    ],
)
def test_formats_that_cannot_be_read_are_called_by_their_names(tmp_path, head, what):
    path = tmp_path / "face.jpg"
    path.write_bytes(head)
    text = sentence(path)
    assert what in text
    assert "Save it as JPEG or PNG" in text


def test_a_missing_file_a_folder_and_a_device_are_told_apart(tmp_path):
    assert "There is no file" in sentence(tmp_path / "gone.jpg")
    assert "is a folder" in sentence(tmp_path)
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    assert "device or pipe" in sentence(pipe)


def test_paths_no_file_system_can_hold_are_sentences_too(tmp_path):
    assert "cannot be read" in sentence(tmp_path / ("x" * 300))
    assert "cannot be read" in sentence(Path("face\0.jpg"))


def test_a_file_one_may_not_read_says_so(tmp_path, monkeypatch):
    path = saved(tmp_path / "secret.png", pattern())

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # root, as which tests may run, is refused nothing
    assert "may not be read by you" in sentence(path)


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_greys_of_any_depth_fill_black_to_white(tmp_path, bits):
    values = np.linspace(0, 2**bits - 1, 256).round().astype(np.uint16)[None].repeat(4, 0)
    image = read_still(saved(tmp_path / "deep.png", values)).image
    assert np.abs(image[0, :, 0].astype(int) - np.arange(256)).max() <= 1


def test_a_thermal_picture_is_shown_by_its_own_range_and_a_hot_pixel_does_not_darken_it(tmp_path):
    values = np.linspace(29_300, 31_000, 200 * 200).reshape(200, 200).astype(np.uint16)
    values[3, 3] = 65535
    frame = read_still(saved(tmp_path / "thermal.tif", values))
    assert frame.image[0, 0, 0] <= 1
    assert frame.image[-1, -1, 0] >= 254
    assert "thermal.tif holds deep greys; 29301 to 30998" in frame.notices[0]


def test_deep_colours_that_leave_the_upper_bits_dark_are_stretched(tmp_path):
    path = tmp_path / "camera.png"
    cv2.imwrite(str(path), (pattern().astype(np.uint16) * 16)[..., ::-1])
    frame = read_still(path)
    assert np.abs(frame.image.astype(int) - pattern().astype(int)).max() <= 3
    assert "deep colours" in frame.notices[0]


def test_avif_is_read_and_turned_once(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = np.ascontiguousarray(np.rot90(pattern(64, 96), 1))
    frame = read_still(saved(tmp_path / "phone.avif", stored, exif=exif, quality=95))
    assert frame.image.shape == (64, 96, 3)
    assert np.abs(frame.image.astype(int) - pattern(64, 96)).mean() < 4


def test_heic_is_read_and_turned_once(tmp_path):
    heif = pytest.importorskip("pillow_heif")
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = np.ascontiguousarray(np.rot90(pattern(64, 96), 1))
    path = tmp_path / "phone.heic"
    heif.from_pillow(Image.fromarray(stored)).save(path, quality=95, exif=exif.tobytes())
    frame = read_still(path)
    assert frame.image.shape == (64, 96, 3)
    assert np.abs(frame.image.astype(int) - pattern(64, 96)).mean() < 4


def test_jpeg_xl_is_read_and_turned_once(tmp_path):
    pytest.importorskip("pillow_jxl")
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = np.ascontiguousarray(np.rot90(pattern(64, 96), 1))
    frame = read_still(saved(tmp_path / "face.jxl", stored, quality=95, exif=exif.tobytes()))
    assert frame.image.shape == (64, 96, 3)
    assert np.abs(frame.image.astype(int) - pattern(64, 96)).mean() < 4


@pytest.mark.parametrize(
    ("module", "head", "what"),
    [
        ("pillow_heif", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC picture"),
        ("pillow_jxl.JpegXLImagePlugin", b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL picture"),
    ],
)
def test_formats_of_an_extra_name_it_where_it_is_not_installed(tmp_path, monkeypatch, module, head, what):
    monkeypatch.setitem(sys.modules, module, None)
    path = tmp_path / "phone"
    path.write_bytes(head)
    text = sentence(path)
    assert what in text
    assert 'pip install "unmask[formats]"' in text


def test_a_camera_raw_file_that_is_a_tiff_inside_is_called_so(tmp_path):
    path = saved(tmp_path / "preview.tif", pattern()).rename(tmp_path / "DSC_0001.NEF")
    assert "camera raw" in sentence(path)


def test_a_picture_shown_smaller_says_where_its_pixels_went(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    frame = read_still(saved(tmp_path / "wide.jpg", Image.new("L", (9000, 300), 90), exif=exif))
    assert frame.file_size == (300, 9000), "upright"
    width, height = frame.shown_size
    assert height <= 8192
    corners = np.array([[-0.5, -0.5, 1], [299.5, 8999.5, 1]])
    np.testing.assert_allclose(
        corners @ frame.T_shown_file.T, [[-0.5, -0.5, 1], [width - 0.5, height - 0.5, 1]], atol=1e-9
    )
    assert (read_still(saved(tmp_path / "small.png", pattern())).T_shown_file == np.eye(3)).all()


READ = """
import sys
from pathlib import Path
from models.errors import InputError
from viewer.sources.still import read_still
try:
    read_still(Path(sys.argv[1]))
except InputError:
    pass
status = Path("/proc/self/status").read_text()
print(status.split("VmHWM:")[1].split()[0])
"""


def unfolding_png(path: Path, side: int, bits: int, colour_type: int) -> Path:
    """A flat picture whose few bytes unfold to side x side px."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = side.to_bytes(4, "big") * 2 + bytes([bits, colour_type, 0, 0, 0])
    packed = zlib.compressobj(1)
    line = bytes(1 + side * bits * {0: 1, 3: 1, 6: 4}[colour_type] // 8)
    data = b"".join(packed.compress(line) for _ in range(side)) + packed.flush()
    palette = chunk(b"PLTE", bytes(768)) if colour_type == 3 else b""
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + palette + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )
    return path


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
@pytest.mark.parametrize(("side", "bits", "colour_type"), [(11000, 16, 0), (14000, 8, 3), (8000, 8, 6)])
def test_no_small_file_takes_a_gigabyte(tmp_path, side, bits, colour_type):
    path = unfolding_png(tmp_path / "small.png", side, bits, colour_type)
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 800_000, "kB"


@pytest.mark.parametrize("side", [40, 60])
def test_what_pillow_holds_for_a_bomb_is_shown_or_called_too_large(tmp_path, monkeypatch, side):
    path = saved(tmp_path / "big.tif", np.full((side, side), 90, np.uint8))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)  # it warns beyond, and refuses twice as many
    if side == 40:
        assert read_still(path).image.shape == (40, 40, 3)
    else:
        assert "too large to be read whole. Save a copy" in sentence(path)


def test_a_jpeg_kept_in_jpeg_xl_is_turned_once(tmp_path):
    pytest.importorskip("pillow_jxl")
    exif = Image.Exif()
    exif[0x0112] = 6
    path = saved(tmp_path / "a.jpg", np.rot90(pattern(64, 96), 1), quality=95, exif=exif)
    with Image.open(path) as photo:
        photo.save(tmp_path / "a.jxl", lossless_jpeg=True)
    frame = read_still(tmp_path / "a.jxl")
    assert frame.image.shape == (64, 96, 3)
    assert np.abs(frame.image.astype(int) - pattern(64, 96)).mean() < 8


def test_jpeg_xl_too_large_is_refused_before_it_is_unfolded(tmp_path, monkeypatch):
    plugin = pytest.importorskip("pillow_jxl.JpegXLImagePlugin")
    monkeypatch.setattr(plugin, "JXLImageFile", lambda stream: pytest.fail("decoded"))
    # Of the lowest bits first: not in eighths, a height of 30 bits, as wide as high.
    bits = 0 | 3 << 1 | (30_000 - 1) << 3 | 1 << 33
    path = tmp_path / "bomb.jxl"
    path.write_bytes(b"\xff\x0a" + bits.to_bytes(8, "little"))
    assert "30000 x 30000 px, too large" in sentence(path)
