"""Presentations as files."""

import json
import os

import pytest

from models.errors import InputError
from models.methods.dsfnet.answer import REFINEMENT, SWITCHES
from viewer.presentation.script import BUNDLED, SCHEMA, read_presentation
from viewer.state.layout import PANEL_LAYOUTS
from viewer.state.setting import PARTS

STEP = {"title": "One", "caption": "Look.", "picture": "a.png"}


def written(folder, *steps, **others):
    (folder / "a.png").write_bytes(b"")
    path = folder / "mine.presentation.json"
    path.write_text(json.dumps({"schema": SCHEMA, "steps": list(steps)} | others))
    return path


def test_the_bundled_presentation_can_be_shown_and_leaves_a_branch_out():
    shown = read_presentation()
    assert shown.step is shown.steps[0]
    assert {step.panel_layout for step in shown.steps} <= {layout.name for layout in PANEL_LAYOUTS}
    assert {frozenset({"model space"}), frozenset({"image space"})} <= {s.switched_off for s in shown.steps}
    assert BUNDLED.with_name("astronaut.jpg").samefile(shown.step.picture)


def test_a_step_can_leave_out_whatever_dsfnet_can():
    assert (*SWITCHES, REFINEMENT) == PARTS


def test_a_picture_counts_from_the_folder_of_the_file(tmp_path, monkeypatch):
    path = written(tmp_path, STEP | {"occluders": ["hand", "mask"], "seconds": 3})
    monkeypatch.chdir(tmp_path)
    (step,) = read_presentation(path.relative_to(tmp_path)).steps
    assert step.picture == str(tmp_path / "a.png")
    assert (step.occluders, step.seconds, step.panel_layout) == (("hand", "mask"), 3.0, "branches")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"occluders": ["beard"]}, "steps[0].occluders is not usable: there is no occluder 'beard'"),
        ({"switched_off": ["modle space"]}, "steps[0].switched_off is not usable: there is no part 'modle"),
        ({"panel_layout": "all"}, "steps[0].panel_layout is not usable: there is no panel layout 'all'"),
        ({"picture": "b.png"}, "the picture of step 1, b.png, is not there"),
        ({"seconds": 0}, "steps[0].seconds must lie between 1 and 3600"),
        ({"colour": "red"}, "steps[0].colour is no key"),
        ({"title": ""}, "steps[0].title must have 1 to 80 characters"),
    ],
)
def test_what_is_wrong_in_a_step_is_told_by_its_key(tmp_path, change, told):
    with pytest.raises(InputError) as caught:
        read_presentation(written(tmp_path, STEP | change))
    assert told in str(caught.value)
    assert "mine.presentation.json" in str(caught.value)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"{", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b"[]", "is no presentation"),
        (b'{"schema": "unmask.case/1"}', "is no presentation"),
        (json.dumps({"schema": SCHEMA, "steps": []}).encode(), "steps must have 1 to 200"),
        (b" " * 1_000_001, "larger than a presentation"),
    ],
)
def test_what_is_no_presentation_is_refused_in_a_sentence(tmp_path, data, told):
    path = tmp_path / "mine.presentation.json"
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"mine\.presentation\.json") as caught:
        read_presentation(path)
    assert told in str(caught.value)


def test_a_file_that_is_not_there_and_a_pipe_are_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_presentation(tmp_path / "none.presentation.json")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="is no file"):
        read_presentation(tmp_path / "pipe")
