"""`unmask render`: what it writes, and what it refuses (tier 1)."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from models.export import figure
from models.reconstructor import Face
from tests.fakes.reconstructor import FakeReconstructor, fake_reconstruct
from viewer.cli import render
from viewer.cli.options import Render
from viewer.cli.parser import parse

FACE = Face((40.0, 30.0, 140.0, 150.0), 0.9)


@pytest.fixture
def picture(tmp_path, monkeypatch) -> Path:
    """A photo with one face; every method is an ellipsoid of that name."""
    monkeypatch.setattr(render, "load", lambda name, weights="open", device="cpu": FakeReconstructor(name))
    monkeypatch.setattr(render, "detect", lambda image, _: [FACE])
    monkeypatch.setattr(
        render, "reconstruct", lambda image, faces, method, without=frozenset(): fake_reconstruct(
            image, faces, method, without
        )
    )  # fmt: skip
    path = tmp_path / "ann.png"
    Image.fromarray(np.full((180, 200, 3), 120, np.uint8)).save(path)
    return path


def asked(*words: object) -> Render:
    found = parse(["render", *map(str, words)])
    assert isinstance(found, Render)
    return found


def test_a_picture_has_the_size_that_was_asked_for(picture, tmp_path, capsys):
    out = tmp_path / "fig.png"
    words = (picture, "--out", out, "--size", "600x200", "--peers", "tddfa", "--transparent")
    assert render.run_render(asked(*words)) == 0
    with Image.open(out) as read:
        assert (read.size, read.mode) == ((600, 200), "RGBA")
        assert np.asarray(read)[0, 0, 3] == 0
    assert str(out) in capsys.readouterr().out


def test_covers_give_rows_of_their_own(picture, tmp_path):
    out = tmp_path / "fig.svg"
    words = (picture, "--out", out, "--size", "500x400", "--kind", "mask", "--kind", "sunglasses")
    assert render.run_render(asked(*words)) == 0
    text = out.read_text()
    for name in ("ann", "mask", "sunglasses", "image-space branch", "covered"):
        assert f">{name}</text>" in text
    assert text.count("<image") == 3 * 4


def test_a_pdf_holds_its_font(picture, tmp_path, qapp):
    out = tmp_path / "fig.pdf"
    assert render.run_render(asked(picture, "--out", out, "--size", "400x150", "--caption", "Ann")) == 0
    data = out.read_bytes()
    assert data.startswith(b"%PDF-")
    assert b"/FontFile" in data, "its text is text, with the font inside"
    assert b"/MediaBox [0 0 300" in data, "96 px are an inch of 72 points"


def test_a_face_turns_in_a_video(picture, tmp_path, monkeypatch):
    monkeypatch.setattr(figure, "TURN_FRAMES", 4)
    out = tmp_path / "fig.webm"
    assert render.run_render(asked(picture, "--out", out, "--size", "160x80", "--panel", "fused")) == 0
    with av.open(io.BytesIO(out.read_bytes())) as container:
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert len(frames) == 4
    assert np.abs(frames[0].astype(int) - frames[1]).max() > 50


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--out", "fig.bmp"), "ends in none of"),
        (("--out", "fig.png", "--kind", "ghost"), "'ghost'"),
        (("--out", "fig.png", "--look", "ghost"), "no look 'ghost'"),
        (("--out", "fig.png", "--without", "ghost"), "called 'ghost'. --without takes image-space,"),
        (("--out", "ann.png"), "over an input"),
    ],
)
def test_what_cannot_be_is_a_sentence_and_leaves_nothing(picture, tmp_path, monkeypatch, capsys, words, told):
    monkeypatch.chdir(tmp_path)
    before = picture.read_bytes()
    assert render.run_render(asked(picture, *words, "--size", "200x80")) == 1
    assert told in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["ann.png"]
    assert picture.read_bytes() == before


def test_sizes_that_are_none_are_refused(capsys):
    with pytest.raises(SystemExit):
        asked("a.png", "--out", "b.png", "--size", "4K")
    assert "3840x2160" in capsys.readouterr().err


def test_a_video_leaves_each_branch_out_in_turn_and_says_which(picture, tmp_path, monkeypatch):
    seen, captions, whole = [], [], figure.faces_figure

    def reconstructing(image, faces, method, without=frozenset()):
        seen.append(without)
        return fake_reconstruct(image, faces, method, without)

    def drawn(rows, wish):
        captions.append(wish.caption)
        return whole(rows, wish)

    monkeypatch.setattr(render, "reconstruct", reconstructing)
    monkeypatch.setattr(figure, "faces_figure", drawn)
    out = tmp_path / "fig.mp4"
    words = (picture, "--out", out, "--size", "320x160", "--toggle", "--fps", "4", "--caption", "Ann")
    assert render.run_render(asked(*words)) == 0
    assert seen == [frozenset(), {"image space"}, {"model space"}]
    assert captions == ["Ann - with both branches", "Ann - without image space", "Ann - without model space"]
    with av.open(str(out)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 18


def test_a_method_without_branches_toggles_nothing(picture, tmp_path, monkeypatch, capsys):
    blunt = FakeReconstructor("blunt")
    blunt.switches = ("confidence",)
    monkeypatch.setattr(render, "load", lambda *_, **__: blunt)
    assert render.run_render(asked(picture, "--out", tmp_path / "fig.mp4", "--toggle")) == 1
    assert "--toggle needs pictures" in capsys.readouterr().err
