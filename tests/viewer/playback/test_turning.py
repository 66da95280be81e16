from dataclasses import replace

import numpy as np
import pytest

from models.geometry.turning import Turn
from models.occlusion.occluder import Occluder
from tests.fakes.desk import a_desk, at_rest
from tests.fakes.sources import FakeRecording, FakeSource, picture
from viewer.cases.case import Input
from viewer.cases.saving import input_of
from viewer.inference.ground_truth import Judge
from viewer.sources.source import Frame, turned
from viewer.state.occlusion import Layer, Stack
from viewer.state.shown import Shown

WIDTH, HEIGHT = 320, 240
BOX = (20.0, 30.0, 120.0, 150.0)


def gradient(name="photo.png") -> Frame:
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[..., 0] = np.arange(WIDTH)[None] % 256
    image[..., 1] = np.arange(HEIGHT)[:, None]
    image.flags.writeable = False
    return Frame(image, name)


@pytest.fixture
def desk(qtbot):
    with a_desk(qtbot) as made:
        made.desktop.sources["a.png"] = FakeSource("a.png", live=False, first=gradient())
        act(qtbot, made, lambda: made.commands.playback.open("a.png"))
        yield made


def act(qtbot, desk, do):
    with qtbot.waitSignal(desk.session.answered):
        do()
    at_rest(qtbot, desk)


def test_a_picture_is_turned_answered_again_and_says_so(qtbot, desk):
    act(qtbot, desk, lambda: desk.commands.playback.turn(1))
    shown = desk.state.shown
    assert (shown.frame.image == np.rot90(gradient().image, -1)).all()
    assert shown.frame.name == "photo.png (turned right)"
    assert shown.answers
    act(qtbot, desk, desk.commands.playback.mirror)
    assert (desk.state.shown.frame.image == np.rot90(gradient().image, -1)[:, ::-1]).all()
    act(qtbot, desk, desk.commands.playback.mirror)
    act(qtbot, desk, lambda: desk.commands.playback.turn(-1))
    assert (desk.state.shown.frame.image == gradient().image).all()


def test_a_drawn_box_lies_on_the_same_pixels(qtbot, desk):
    act(qtbot, desk, lambda: desk.commands.faces.look_at_box(BOX))
    place = desk.state.selected_face
    act(qtbot, desk, lambda: desk.commands.playback.turn(1))
    box = desk.state.boxes[place].box
    assert box == (HEIGHT - 1 - BOX[3], BOX[0], HEIGHT - 1 - BOX[1], BOX[2])
    red, green = desk.state.shown.frame.image[round(box[1]), round(box[0]), :2]
    assert (red, green) == (BOX[0], BOX[3])
    assert desk.state.undo == "", "boxes of the picture as it was are not brought back"


def test_an_occluder_turns_along(qtbot, desk):
    board = Occluder(
        "board", np.full((10, 20, 4), 255, np.uint8), np.array([[1.0, 0, 50], [0, 1, 60], [0, 0, 1]])
    )
    stack = Stack((Layer("board", board),))
    act(qtbot, desk, lambda: desk.store.update(occlusion=replace(desk.state.occlusion, stack=stack)))
    act(qtbot, desk, lambda: desk.commands.playback.turn(1))
    (layer,) = desk.state.occlusion.stack.layers
    corner = layer.occluder.T_image_occluder @ (0, 0, 1)
    np.testing.assert_allclose(corner[:2], (HEIGHT - 1 - 60, 50))
    image = desk.state.shown.frame.image
    assert (image[55, HEIGHT - 1 - 65] == 255).all()


def test_every_frame_of_a_video_is_turned_and_the_next_source_is_not(qtbot, desk):
    frames = [replace(gradient("clip.mp4"), index=at, count=3, time_s=at / 25) for at in range(3)]
    desk.desktop.sources["clip.mp4"] = FakeRecording("clip.mp4", frames)
    act(qtbot, desk, lambda: desk.commands.playback.open("clip.mp4"))
    act(qtbot, desk, lambda: desk.commands.playback.turn(2))
    act(qtbot, desk, lambda: desk.commands.playback.step(1))
    assert (desk.state.shown.frame.image == np.rot90(gradient().image, 2)).all()
    act(qtbot, desk, lambda: desk.commands.playback.open("other.png"))
    assert desk.state.shown.frame.turn == Turn()


def test_truth_beside_a_picture_turns_along(tmp_path):
    points = np.stack([np.linspace(10, 90, 68), np.linspace(20, 70, 68)], -1)
    lines = "\n".join(f"{x + 1:.3f} {y + 1:.3f}" for x, y in points)
    (tmp_path / "a.pts").write_text(f"version: 1\nn_points: 68\n{{\n{lines}\n}}\n")
    judge = Judge()
    bare = replace(picture("a.png", width=WIDTH, height=HEIGHT), path=tmp_path / "a.png")
    for turn in (Turn(), Turn(1), Turn(3, True), Turn()):
        frame = turned(bare, turn)
        truth = judge._truth(tmp_path / "a.pts", Shown(frame))
        T = turn.matrix((WIDTH, HEIGHT))
        first = truth.landmarks[16 if turn.mirrored else 0]
        np.testing.assert_allclose(first[:2], (T @ (10, 20, 1))[:2], atol=1e-2)
        assert truth.size == frame.shown_size


def test_a_case_keeps_how_its_picture_is_turned(tmp_path):
    class Disk:
        def file(self, path):
            from viewer.cases.case import MediaFile

            return MediaFile(path.name, "0" * 64, 1)

    bare = replace(gradient(), path=tmp_path / "photo.png")
    told = input_of(turned(bare, Turn(1, True)), [str(tmp_path / "photo.png")], Disk())
    assert isinstance(told, Input)
    assert told.turn == Turn(1, True)
    assert told.size_px == (HEIGHT, WIDTH)
