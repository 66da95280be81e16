"""Videos as cameras, editors and data sets write them: every frame by its place, in any order."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest

from models.errors import InputError
from tests.fakes.films import COUNT, SIDE, film, number, numbered
from viewer.sources.source import DOUBTFUL
from viewer.sources.video import VideoReader
from viewer.sources.video_index import packets

ORDER = (0, 39, 20, 21, 3, 38, 11, 12, 0, 25, 24, 23, 39)


def opened(path: Path) -> tuple[VideoReader, int]:
    reader = VideoReader(path)
    return reader, reader.open()


def images(path: Path) -> list[np.ndarray]:
    reader, count = opened(path)
    try:
        return [reader.read(index).image for index in range(count)]
    finally:
        reader.close()


def numbers(path: Path, order: tuple[int, ...] | None = None) -> list[int | None]:
    """Which frames are seen where those of `order` are asked for; None where one is called missing."""
    reader, count = opened(path)
    seen: list[int | None] = []
    for index in range(count) if order is None else order:
        try:
            frame = reader.read(index)
        except InputError:
            seen.append(None)
            continue
        assert (frame.index, frame.count) == (index, count)
        seen.append(number(frame.image))
    reader.close()
    return seen


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("b-frames.avi", "mpeg4"),
        ("camcorder.mts", "mpeg2video"),
        ("broadcast.ts", "mpeg2video"),
        ("disc.mpg", "mpeg2video"),
        ("old.flv", "flv"),
        ("phone.mp4", "mpeg4"),
        ("film.mkv", "mpeg4"),
        ("bare.m4v", "mpeg4"),
    ],
)
def test_every_frame_is_found_in_any_order(tmp_path, name, codec):
    path = film(tmp_path / name, codec, b_frames=0 if codec == "flv" else 2)
    assert numbers(path) == list(range(COUNT))
    assert numbers(path, ORDER) == list(ORDER)


@pytest.mark.parametrize("name", ["b-frames.avi", "camcorder.mts"])
def test_times_are_those_of_the_frames_shown(tmp_path, name):
    reader, count = opened(film(tmp_path / name, "mpeg4" if name.endswith("avi") else "mpeg2video"))
    assert [reader.due_s(index) for index in range(count)] == pytest.approx([k / 25 for k in range(COUNT)])
    reader.close()


def test_frames_that_an_edit_list_cuts_away_do_not_count(tmp_path):
    whole, cut = film(tmp_path / "whole.mp4", b_frames=0), tmp_path / "cut.mp4"
    with av.open(str(whole)) as source, av.open(str(cut), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                shift = round(14 / 25 / packet.time_base)
                packet.pts, packet.dts, packet.stream = packet.pts - shift, packet.dts - shift, stream
                target.mux(packet)
    assert numbers(cut) == list(range(14, COUNT)), "the ten before are in the file, to decode from"
    assert numbers(cut, (25, 0, 7)) == [39, 14, 21]


@pytest.mark.parametrize(
    ("matrix", "shown"),
    [
        ((1, 0, 0, 1), lambda image: image),
        ((-1, 0, 0, 1), lambda image: image[:, ::-1]),
        ((1, 0, 0, -1), lambda image: image[::-1]),
        ((-1, 0, 0, -1), lambda image: image[::-1, ::-1]),
        ((0, 1, -1, 0), lambda image: np.rot90(image, -1)),
        ((0, -1, 1, 0), lambda image: np.rot90(image, 1)),
        ((0, 1, 1, 0), lambda image: image.transpose(1, 0, 2)),
        ((0, -1, -1, 0), lambda image: np.rot90(image.transpose(1, 0, 2), 2)),
    ],
)
def test_the_whole_display_matrix_is_followed(tmp_path, matrix, shown):
    a, b, c, d = (65536 * part for part in matrix)
    path = film(tmp_path / "turned.mov", count=1, matrix=(a, b, 0, c, d, 0, 0, 0, 1 << 30))
    reader, _ = opened(path)
    seen = reader.read(0).image.astype(int)
    reader.close()
    assert np.abs(seen - shown(numbered(0)).astype(int)).mean() < 12


@pytest.mark.parametrize(("aspect", "shape"), [((64, 45), (64, 91)), ((1, 2), (128, 64)), ((1, 1), (64, 64))])
def test_pixels_become_square(tmp_path, aspect, shape):
    reader, _ = opened(film(tmp_path / "wide.mkv", count=1, pixel_aspect=Fraction(*aspect)))
    assert reader.read(0).image.shape[:2] == shape
    reader.close()


def test_one_damaged_frame_is_called_so_and_the_good_ones_after_it_come(tmp_path):
    path = film(tmp_path / "bad.mkv", "mjpeg", pixels="yuvj420p", b_frames=0)
    with av.open(str(path)) as container:
        bad = [bytes(packet) for packet in container.demux(video=0) if packet.size][7]
    data = path.read_bytes()
    path.write_bytes(data.replace(bad, bytes(len(bad))))
    seen = [*range(7), None, *range(8, COUNT)]
    assert numbers(path) == seen
    assert numbers(path, (7, 8, 7, 0, 39)) == [None, 8, None, 0, 39]


def test_a_packet_of_a_stream_that_nobody_announced_is_passed_over():
    """PyAV looks its stream up by number, and finds none; damaged Flash videos hold such packets."""

    class Container:
        format = SimpleNamespace(name="flv")
        left = iter([SimpleNamespace(pts=0, dts=0), None, SimpleNamespace(pts=2, dts=2)])

        def demux(self, _stream):
            for packet in self.left:
                yield packet or [][0]

    assert [packet.pts for packet in packets(Container(), None)] == [0, 2]


def test_a_frame_of_which_a_piece_was_lost_on_its_way_is_called_damaged(tmp_path):
    path = film(tmp_path / "broadcast.ts", "mpeg2video")
    data, piece = path.read_bytes(), 188 * 32
    path.write_bytes(data[:piece] + data[piece + 188 :])
    assert numbers(path) == [*range(11), None, *range(12, COUNT)]
    assert numbers(path, (11, 12, 11, 39, 0)) == [None, 12, None, 39, 0]


@pytest.mark.parametrize(("name", "codec"), [("a.ts", "mpeg2video"), ("a.flv", "flv"), ("a.mkv", "mpeg4")])
def test_a_picture_that_a_damage_changed_is_refused_or_said_to_be_doubtful(tmp_path, name, codec):
    path = film(tmp_path / name, codec, b_frames=0 if codec == "flv" else 2)
    whole = images(path)
    with av.open(str(path)) as container:
        packet = [packet for packet in container.demux(video=0) if packet.size][13]
    data = bytearray(path.read_bytes())
    first = packet.pos + max(80, packet.size // 3)
    data[first : first + 40] = np.random.default_rng(0).bytes(40)
    path.write_bytes(data)
    reader, count = opened(path)
    doubted, refused = set(), set()
    for index in (*range(count), 18, 14, 12, 13, 25):
        try:
            frame = reader.read(index)
        except InputError:
            refused.add(index)
            continue
        said = DOUBTFUL in frame.notices
        assert said or (frame.image == whole[index]).all()
        doubted |= {index} if said else set()
    reader.close()
    assert refused
    assert doubted
    assert refused | doubted <= set(range(11, 21)), "good again from the next key frame on"


def test_frames_of_an_avi_that_lost_one_keep_their_places_in_any_order(tmp_path):
    path = film(tmp_path / "bad.avi")
    data = path.read_bytes()
    eleventh = [found.start() for found in re.finditer(b"00dc", data)][10]
    path.write_bytes(data[:eleventh] + bytes(4) + data[eleventh + 4 :])
    left = numbers(path)
    assert len(left) == COUNT - 1
    order = (0, 38, 20, 21, 3, 37, 11, 12, 0)
    assert numbers(path, order) == [left[index] for index in order]


@pytest.mark.parametrize("name", ["half.mkv", "half.ts", "half.avi"])
def test_a_download_that_broke_off_shows_all_that_came(tmp_path, name):
    path = film(tmp_path / name, "mpeg2video")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 3 // 4])
    seen = numbers(path)
    assert len(seen) > COUNT // 3
    good = [place for place in seen if place is not None]
    assert len(good) >= len(seen) - 1
    assert good[:-1] == list(range(len(good) - 1))


def test_a_playlist_called_a_video_opens_nothing_else(tmp_path):
    film(tmp_path / "secret.mp4", count=3)
    path = tmp_path / "list.mp4"
    path.write_text("ffconcat version 1.0\nfile http://127.0.0.1:9/secret.mp4\n")
    with pytest.raises(InputError, match=r"list\.mp4 is not a video that can be read"):
        opened(path)


def test_an_interlaced_frame_is_shown_without_comb_and_said_so(tmp_path):
    combed = np.full((SIDE, SIDE, 3), 40, np.uint8)
    combed[0::2, 8:24], combed[1::2, 40:56] = 220, 220  # a bar that jumped between the fields
    path = film(
        tmp_path / "fields.mpg", "mpeg2video", count=6, b_frames=0, images=[combed] * 6,
        flags=av.codec.context.Flags.interlaced_dct | av.codec.context.Flags.interlaced_me,
    )  # fmt: skip
    reader, _ = opened(path)
    frame = reader.read(2)
    reader.close()
    assert "interlaced" in frame.notices[0]
    assert np.abs(np.diff(frame.image[8:56, 12:20].astype(int), axis=0)).max() < 60
    assert frame.image[20, 16].mean() > 180, "the first field is the one that stays"
    assert frame.image[20, 48].mean() < 80


@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
def test_hdr_is_tone_mapped_and_said_so(tmp_path, transfer, name):
    grey = [np.full((SIDE, SIDE, 3), 148, np.uint8)] * 2  # PQ 0.58: 203 nits; HLG 0.58: about 95 nits
    path = film(
        tmp_path / "hdr.mkv", "ffv1", count=2, b_frames=0, images=grey, pixels="yuv420p10le",
        color_trc=transfer, color_primaries=9, colorspace=9,
    )  # fmt: skip
    reader, _ = opened(path)
    frame = reader.read(0)
    reader.close()
    assert f"HDR ({name})" in frame.notices[0]
    assert 140 < frame.image.mean() < 225
    assert np.ptp(frame.image.reshape(-1, 3).mean(0)) < 4, "grey stays grey"


def test_ten_bits_are_shown_with_eight_and_said_so(tmp_path):
    reader, _ = opened(film(tmp_path / "deep.mkv", "ffv1", count=2, b_frames=0, pixels="yuv420p10le"))
    frame = reader.read(1)
    reader.close()
    assert number(frame.image) == 1
    assert "10 bits" in frame.notices[0]


@pytest.mark.parametrize("name", ["long.mts", "long.avi", "long.flv"])
def test_where_a_seek_lands_too_late_decoding_begins_further_back(tmp_path, name):
    if "libx264" not in av.codecs_available:
        pytest.skip("this build of PyAV cannot write H.264")
    path = film(tmp_path / name, "libx264", gop_size=400)
    assert numbers(path, ORDER) == list(ORDER)
