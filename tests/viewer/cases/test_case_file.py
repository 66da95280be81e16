from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as trying

from models.errors import InputError
from models.export.outputs import put_aside
from tests.viewer.cases.states import NoDisk, faces, frame_of, states
from viewer.cases import case_file
from viewer.cases.case import SCHEMA, Case, Who
from viewer.cases.case_file import read, read_file, write_file, written
from viewer.cases.locating import Located
from viewer.cases.records import MalformedError
from viewer.cases.restoring import checked, faces_of, frame_changes, read_whole, section_changes, view_changes
from viewer.cases.saving import boxes_told, case_of
from viewer.cases.scaling import to_file, to_shown
from viewer.state.mining import FaceKey, Mark, Mining
from viewer.state.setting import Setting
from viewer.state.state import State

PLAIN = Case(SCHEMA, "unmask", None, Who("dsfnet", "open"))


def through_a_file(state: State, frame=None) -> State:
    """What a fresh window shows after the state was saved and opened."""
    case = read(written(case_of(state, NoDisk())), "x.case.json")
    checked(case)
    everyone = [case.who, *case.lineup, *(side.who for side in (case.comparison.a, case.comparison.b))]
    here = {who: Setting(who.method, who.weights, who.without) for who in everyone if who is not None}
    located = Located(case, Path("x.case.json"), settings=here)
    fresh = State(styles=State().styles | {name: state.styles["fused"] for name in state.styles})
    fresh = replace(fresh, **view_changes(located, fresh))
    return replace(fresh, **frame_changes(located, fresh, frame or state.frame))


@trying(max_examples=15)
@given(states())
def test_every_part_of_the_view_comes_back_from_a_file(state):
    again = through_a_file(state)
    for name in (
        *("camera", "link", "views", "method", "weights", "switched_off", "detector", "lineup", "steady"),
        *("overlays", "styles", "whole_photo", "head", "theme", "comparison", "panel_layout", "normaliser"),
        *("truth_in_3d", "boxes", "notes", "cameras"),
    ):
        assert getattr(again, name) == getattr(state, name), name


@trying(max_examples=15)
@given(states())
def test_occluders_come_back_from_a_file_to_the_last_bit(state):
    before, after = state.occlusion, through_a_file(state).occlusion
    for name in ("tool", "brush", "seed", "anew", "plan", "factor", "threshold_percent", "selected"):
        assert getattr(after, name) == getattr(before, name), name
    assert (after.stack.anchor is None) is (before.stack.anchor is None)
    if before.stack.anchor is not None:
        np.testing.assert_array_equal(after.stack.anchor, before.stack.anchor)
    for old, new in zip(before.stack.layers, after.stack.layers, strict=True):
        assert (new.name, new.shown, new.filling, new.seed) == (old.name, old.shown, old.filling, old.seed)
        np.testing.assert_array_equal(new.occluder.rgba, old.occluder.rgba)
        np.testing.assert_array_equal(new.occluder.T_image_occluder, old.occluder.T_image_occluder)
        assert new.occluder.kind == old.occluder.kind


@trying(max_examples=10)
@given(states(full=(640, 480)))
def test_a_case_tells_px_of_the_file_and_shows_them_again_where_it_is_shown_smaller(state):
    case = case_of(state, NoDisk())
    assert case.input.size_px == (640, 480)
    again = through_a_file(state)
    for old, new in zip(state.boxes or (), again.boxes or (), strict=True):
        np.testing.assert_allclose(new.box, old.box, atol=1e-6)
    for old, new in zip(state.occlusion.stack.layers, again.occlusion.stack.layers, strict=True):
        np.testing.assert_allclose(new.occluder.T_image_occluder, old.occluder.T_image_occluder, atol=1e-6)
        if old.filling is not None:
            assert new.filling.size_px == pytest.approx(old.filling.size_px)
            assert new.filling.offset_px == old.filling.offset_px


@given(faces)
def test_boxes_are_told_in_px_of_the_file(face):
    """Shown ten times smaller, the centre of the first pixel shown lies at (4.5, 4.5) of the file."""
    frame = frame_of(full=(640, 480))
    (told,) = boxes_told([replace(face, box=(0.0, 0.0, 9.5, 4.5))], to_file(frame))
    np.testing.assert_allclose(told.box_px, (4.5, 4.5, 99.5, 49.5))
    (again,) = faces_of([told], to_shown((640, 480), frame))
    np.testing.assert_allclose(again.box, (0, 0, 9.5, 4.5), atol=1e-9)


def test_every_field_of_the_state_is_kept_or_belongs_to_the_moment():
    """A new field must be thought about: whether a case keeps it."""
    kept = {
        *("camera", "link", "cameras", "views", "method", "weights", "switched_off", "detector", "lineup"),
        *("steady", "overlays", "styles", "selected_face", "probe", "whole_photo", "head", "theme", "boxes"),
        *("comparison", "occlusion", "panel_layout", "normaliser", "notes", "truth", "shown", "opened"),
        *("mining", "truth_in_3d"),  # of mining all but its plan
    }
    of_the_moment = {
        *("frame", "source", "searches", "stale", "switches", "busy", "doing", "live", "fps", "source_name"),
        *("notice", "device", "driver", "drawing_box", "recent", "explained", "history", "visited"),
        *("case", "box_trial", "presentation", "undo", "redo", "boxes_locked", "timeline", "writing"),
        *("keys", "device_wish", "devices", "threads", "webcam"),  # the user's, whatever is looked at
    }
    assert {field.name for field in fields(State)} == kept | of_the_moment


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "damaged or cut off"),
        (b"\xff\xfe\x00", "damaged or cut off"),
        (b"null", "no case of Unmask"),
        (b"[]", "no case of Unmask"),
        (b'{"schema": ["unmask.case/1"]}', "no case of Unmask"),
        (b'{"schema": "unmask.answer/1"}', "no case of Unmask"),
        (b'{"schema": "unmask.case/2"}', "another version"),
        (b'{"schema": "unmask.case/1"}', "is damaged: written_by is missing"),
        (b"[" * 100_000, "damaged or cut off"),
        (b'{"schema": "unmask.case/1", "schema": "unmask.case/1"}', "stands twice"),
        (written(PLAIN)[:-20], "damaged or cut off"),
        (written(PLAIN).replace(b"0.5", b"NaN"), "NaN is no number"),
        (written(PLAIN).replace(b"0.5", b"1e999"), "comparison.wipe must be a finite number"),
        (written(PLAIN).replace(b'"seed": 0', b'"seed": ' + b"9" * 5000), "damaged or cut off"),
        (written(PLAIN).replace(b'"zoom": 1.0', b'"zoom": 1e6'), "cameras.shared is not usable"),
        (written(PLAIN).replace(b'"steady": true', b'"steady": 1'), "steady must be true or false"),
        (written(PLAIN).replace(b'"steady"', b'"steddy"'), "steddy is no key"),
    ],
    ids=range(17),
)
def test_a_damaged_case_is_told_by_file_and_key_with_what_to_do(data, told):
    with pytest.raises(InputError) as caught:
        read(data, "my.case.json")
    assert str(caught.value).startswith("my.case.json ")
    assert told in str(caught.value)
    assert str(caught.value).count(". ") >= 1, "a cause and a remedy"


def layer_of(png: bytes) -> bytes:
    values = json.loads(written(PLAIN))
    row = {"name": "a", "kind": "b", "png": png.decode(), "T_file_occluder": np.eye(3).tolist()}
    values["occluders"]["layers"] = [row]
    return json.dumps(values).encode()


BOMB = b"iVBORw0KGgoAAAANSUhEUgAAw1AAAMNQCAYAAAA="  # says 50,000 x 50,000 px, and ends there


@pytest.mark.parametrize("png", [b"", b"AAAA", BOMB])
def test_a_picture_in_a_case_that_cannot_be_read_is_told_by_its_key(tmp_path, png):
    path = tmp_path / "x.case.json"
    path.write_bytes(layer_of(png))
    with pytest.raises(InputError, match=r"x\.case\.json is damaged: occluders\.layers\[0\]"):
        read_whole(path)


def test_a_case_that_is_no_file_or_too_large_is_not_read(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="cannot be read"):
        read_file(tmp_path / "none.case.json")
    with pytest.raises(InputError, match="is no file"):
        read_file(tmp_path)
    path = tmp_path / "x.case.json"
    write_file(path, PLAIN)
    monkeypatch.setattr(case_file, "LARGEST_BYTES", 100)
    with pytest.raises(InputError, match="larger than a case can be"):
        read_file(path)


def test_a_damaged_file_that_a_case_is_saved_over_is_kept_as_bad(tmp_path):
    path = tmp_path / "x.case.json"
    path.write_text('{"schema": "unmask.case/1", "wri')
    aside = write_file(path, PLAIN)
    assert aside == tmp_path / "x.case.json.bad"
    assert aside.read_text() == '{"schema": "unmask.case/1", "wri'
    assert read_file(path) == PLAIN
    assert write_file(path, PLAIN) is None, "a sound one is replaced"
    path.write_text("again")
    put_aside(path)
    assert (tmp_path / "x.case.json.bad-2").read_text() == "again"


def test_a_case_written_by_the_first_version_can_always_be_read():
    """What this file says is a promise: change the reader, never the file."""
    data = Path(__file__).with_name("first_version.case.json").read_bytes()
    case = read(data, "first_version.case.json")
    checked(case)
    assert within(json.loads(data), json.loads(written(case))), "what it says is written as it was"


def within(old: object, new: object) -> bool:
    """Whether all of `old` stands in `new`, which may say more."""
    if isinstance(old, dict):
        return isinstance(new, dict) and all(key in new and within(old[key], new[key]) for key in old)
    if isinstance(old, list):
        return isinstance(new, list) and len(old) == len(new) and all(map(within, old, new))
    return old == new


def test_marks_are_kept_and_added_to_those_that_are_there():
    def keyed(name: str) -> FaceKey:
        return FaceKey(name, 0, 1, "dsfnet", "open")

    marks = {keyed("a.png"): Mark(None, "the chin is wrong")}
    data = written(case_of(State(mining=Mining(marks=marks)), NoDisk()))
    here = State(mining=Mining(marks={keyed("b.png"): Mark(None, "fine")}))
    again = section_changes(read(data, "x.case.json"), here, Path())["mining"]
    assert again.marks == {**marks, **here.mining.marks}
    with pytest.raises(MalformedError, match=r"sections\.marks"):
        checked(replace(PLAIN, sections={"marks": [{"input": 3}]}))
