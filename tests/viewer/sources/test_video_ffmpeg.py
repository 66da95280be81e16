"""Clips that FFmpeg's own program makes are shown frame by frame as it shows them, in any order."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.fakes.films import SIDE, numbered
from viewer.sources.video import VideoReader

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")

COUNT = 24
UNEVEN = "setpts='(N+5*floor(N/7))/25/TB'"  # a pause after every seventh frame
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "8")
MPEG2 = ("-c:v", "mpeg2video", "-bf", "2", "-g", "8", "-b:v", "4M")
MPEG4 = ("-c:v", "mpeg4", "-bf", "2", "-g", "8", "-b:v", "4M")
ORDER = (0, 23, 11, 12, 3, 22, 7, 8, 0, 16, 15, 14, 23)

CLIPS: dict[str, Sequence[str]] = {
    "b-frames.avi": (*MPEG4, "-vtag", "xvid"),
    "h264.avi": X264,
    "phone.mp4": X264,
    "film.mkv": X264,
    "open-groups.mkv": (*MPEG2, "-flags", "-cgop"),
    "broadcast.ts": (*X264, "-muxdelay", "0"),
    "camcorder.mts": X264,
    "disc.m2ts": (*MPEG2, "-mpegts_m2ts_mode", "1"),
    "disc.mpg": MPEG2,
    "old.flv": ("-c:v", "flv", "-g", "8", "-b:v", "4M"),
    "h264.flv": X264,
    "uneven.mp4": ("-vf", UNEVEN, "-fps_mode", "vfr", *X264),
    "uneven.mkv": ("-vf", UNEVEN, "-fps_mode", "vfr", *X264),
    "hidden-frames.webm": (
        *("-c:v", "libvpx-vp9", "-auto-alt-ref", "1", "-lag-in-frames", "10", "-b:v", "1M"),
        *("-deadline", "realtime", "-cpu-used", "8"),
    ),
    "old.webm": ("-c:v", "libvpx", "-auto-alt-ref", "1", "-lag-in-frames", "10", "-b:v", "1M"),
    "pictures.mov": ("-c:v", "mjpeg", "-q:v", "2"),
    "windows.wmv": ("-c:v", "wmv2", "-g", "8", "-b:v", "4M"),
    "ten-bits.mkv": ("-c:v", "ffv1", "-pix_fmt", "yuv420p10le"),
    "ten-bits.mp4": ("-pix_fmt", "yuv420p10le", *X264),
    "one-key-frame.mp4": (*X264, "-g", "1000"),
}


def ffmpeg(*words: str, given: bytes = b"", check: bool = True) -> bytes:
    program = ("ffmpeg", "-v", "error", "-threads", "1", "-y")
    return subprocess.run([*program, *words], input=given, check=check, capture_output=True).stdout


def made(path: Path, *words: str) -> Path:
    """The frames of `numbered` as a clip."""
    raw = b"".join(numbered(index).tobytes() for index in range(COUNT))
    picture = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{SIDE}x{SIDE}", "-r", "25", "-i", "-")
    ffmpeg(*picture, "-pix_fmt", "yuv420p", *words, str(path), given=raw)
    return path


def shown_by_ffmpeg(path: Path, *words: str, wide: int = SIDE, check: bool = True) -> np.ndarray:
    """[F, SIDE, wide, 3]: what the program makes of a clip, damaged or not."""
    raw_video = ("-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    raw = ffmpeg("-i", str(path), *words, *raw_video, check=check)
    return np.frombuffer(raw, np.uint8).reshape(-1, SIDE, wide, 3).astype(np.int16)


def assert_same_frames(path: Path, wanted: np.ndarray, order: Sequence[int]) -> None:
    reader = VideoReader(path)
    try:
        assert reader.open() == len(wanted)
        for index in (*order, *range(len(wanted))):
            image = reader.read(index).image
            assert image.shape == wanted.shape[1:]
            difference = np.abs(wanted - image).mean((1, 2, 3))
            assert difference.argmin() == index
            assert difference[index] < 3
    finally:
        reader.close()


@pytest.mark.parametrize("name", CLIPS)
def test_every_frame_is_that_of_ffmpeg_in_any_order(tmp_path, name):
    path = made(tmp_path / name, *CLIPS[name])
    wanted = shown_by_ffmpeg(path)
    assert len(wanted) == COUNT
    assert_same_frames(path, wanted, ORDER)


def test_times_of_uneven_frames_are_those_of_the_file(tmp_path):
    for name in ("uneven.mp4", "uneven.mkv"):
        reader = VideoReader(made(tmp_path / name, *CLIPS[name]))
        times = [reader.due_s(index) for index in range(reader.open())]
        reader.close()
        assert times == pytest.approx([(n + 5 * (n // 7)) / 25 for n in range(COUNT)], abs=2e-3)


@pytest.mark.parametrize("name", ["trimmed.mp4", "trimmed.mov"])
def test_a_clip_cut_without_encoding_shows_what_ffmpeg_shows(tmp_path, name):
    whole = made(tmp_path / "whole.mp4", *X264)
    path = tmp_path / name
    ffmpeg("-ss", "0.45", "-i", str(whole), "-t", "0.3", "-c", "copy", str(path))
    wanted = shown_by_ffmpeg(path)
    assert 5 <= len(wanted) <= 9
    assert_same_frames(path, wanted, (len(wanted) - 1, 0, 3))


@pytest.mark.parametrize(("name", "turn"), [("a.mp4", "90"), ("b.mov", "180"), ("c.mp4", "270")])
def test_a_turned_clip_is_shown_as_ffmpeg_turns_it(tmp_path, name, turn):
    plain, path = made(tmp_path / "plain.mp4", *X264), tmp_path / name
    ffmpeg("-i", str(plain), "-c", "copy", "-metadata:s:v:0", f"rotate={turn}", str(path))
    assert_same_frames(path, shown_by_ffmpeg(path), (5, 0))


def test_pixels_that_are_not_square_are_stretched_as_ffmpeg_stretches_them(tmp_path):
    path = made(tmp_path / "wide.mpg", "-vf", "setsar=4/3", *MPEG2)
    wanted = shown_by_ffmpeg(path, "-vf", "scale=85:64:flags=bicubic", wide=85)
    assert_same_frames(path, wanted, (20, 0, 9))


def test_the_lines_of_the_first_field_are_those_of_ffmpeg(tmp_path):
    path = made(
        *(tmp_path / "fields.mpg", "-vf", "tinterlace=interleave_top,fieldorder=tff"),
        *("-flags", "+ildct+ilme", "-c:v", "mpeg2video", "-q:v", "2"),
    )
    wanted = shown_by_ffmpeg(path)
    reader = VideoReader(path)
    assert reader.open() == len(wanted) >= 10
    for index in (7, 0, 3):
        frame = reader.read(index)
        assert "interlaced" in " ".join(frame.notices)
        assert np.abs(wanted[index, ::2] - frame.image[::2]).mean() < 3
    reader.close()


@pytest.mark.parametrize("name", ["cut.ts", "cut.mkv", "cut.avi", "cut.mpg"])
def test_of_a_clip_cut_off_all_is_shown_that_ffmpeg_shows(tmp_path, name):
    path = made(tmp_path / name, *(MPEG2 if name.endswith("mpg") else X264))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 9 // 10])
    wanted = shown_by_ffmpeg(path, check=False)
    assert 4 < len(wanted) <= COUNT
    reader = VideoReader(path)
    count = reader.open()
    assert abs(count - len(wanted)) <= 1
    for index in (*range(min(count, len(wanted)) - 2), 3, 0):
        assert np.abs(wanted - reader.read(index).image).mean((1, 2, 3)).argmin() == index
    reader.close()
