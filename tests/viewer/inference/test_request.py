"""What is asked of the worker follows from what is shown, and from nothing else."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from models.occlusion.occluder import Occluder
from models.reconstructor import Face
from tests.fakes.sources import picture
from viewer.inference.request import request
from viewer.state.camera import Camera
from viewer.state.comparison import A_B, Comparison, Side
from viewer.state.occlusion import Layer, Occlusion, Stack
from viewer.state.setting import METHODS, Setting
from viewer.state.shown import TruthFile
from viewer.state.state import State
from viewer.state.style import Theme

FRAME = replace(picture("video.mp4"), count=100)
VIDEO = State(frame=FRAME, source=1)
BOARD = Layer("board", Occluder("board", np.full((20, 20, 4), 255, np.uint8), np.eye(3)))
OTHER = Setting("other", "open")


def with_layer(state: State, layer: Layer) -> State:
    return replace(state, occlusion=replace(state.occlusion, stack=Stack((layer,))))


def moved(layer: Layer) -> Layer:
    return replace(layer, occluder=replace(layer.occluder, T_image_occluder=np.diag([2.0, 2.0, 1.0])))


def test_what_only_changes_the_drawing_asks_nothing():
    looked = replace(VIDEO, camera=Camera(zoom=2), theme=Theme.LIGHT, busy=True, stale=True, selected_face=1)
    assert request(looked).same_as(request(VIDEO))


def test_whatever_is_switched_or_chosen_is_another_request_and_begins_anew():
    before = request(VIDEO)
    for change in (
        {"switched_off": frozenset({"model space"})},
        {"method": "other"},
        {"weights": "mine"},
        {"detector": "haar"},
        {"searches": 1},
        {"steady": False},
        {"boxes": (Face((0, 0, 9, 9)),)},
        {"truth": TruthFile(Path("truth.json"), FRAME)},
        {"source": 2},
        {"occlusion": Occlusion(stack=Stack((BOARD,)))},
    ):
        now = request(replace(VIDEO, **change))
        assert not now.same_as(before), change
        assert not now.continues(before), change


def test_the_next_frame_of_a_source_continues_the_one_before():
    now = request(replace(VIDEO, frame=replace(FRAME, index=1)))
    assert not now.same_first(request(VIDEO))
    assert now.continues(request(VIDEO))


def test_a_dragged_occluder_continues_and_one_more_or_less_does_not():
    one = with_layer(VIDEO, BOARD)
    dragged = request(with_layer(VIDEO, moved(BOARD)))
    assert request(one).same_as(request(one))
    assert not dragged.same_first(request(one))
    assert dragged.continues(request(one))
    hidden = request(with_layer(VIDEO, replace(BOARD, shown=False)))
    assert hidden.occluders is None
    assert not hidden.continues(request(one))


def test_answers_are_smoothed_in_a_video_only_and_neither_under_occluders_nor_beside_others():
    assert request(VIDEO).smooth
    assert not request(replace(VIDEO, steady=False)).smooth
    assert not request(replace(VIDEO, frame=replace(FRAME, count=1))).smooth
    assert not request(with_layer(VIDEO, BOARD)).smooth
    assert not request(replace(VIDEO, panel_layout=METHODS, lineup=(OTHER,))).smooth


def test_others_are_asked_only_where_they_are_looked_at():
    third = Setting("third", "open")
    compared = replace(VIDEO, comparison=Comparison(b=Side(setting=OTHER)), lineup=(third,))
    assert request(compared).others == ()
    assert request(replace(compared, panel_layout=A_B)).others == (OTHER,)
    assert request(replace(compared, panel_layout=METHODS)).others == (third,)


def test_one_more_method_beside_leaves_the_first_answer_as_it_is():
    still = replace(VIDEO, frame=replace(FRAME, count=1), panel_layout=METHODS, lineup=(OTHER,))
    more = request(replace(still, lineup=(OTHER, Setting("third", "open"))))
    assert not more.same_as(request(still))
    assert more.same_first(request(still))


def test_ground_truth_of_another_picture_is_not_asked_for():
    truth = TruthFile(Path("truth.json"), replace(FRAME, name="another"))
    assert request(replace(VIDEO, truth=truth)).truth is None
