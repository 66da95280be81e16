"""The row of a face: which columns there are, and what stands in them."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from models.batch.rows import (
    BY_NAME,
    COLUMNS,
    SCHEMA,
    Kind,
    Makers,
    Seen,
    Took,
    as_text,
    from_text,
    known,
    row,
)
from models.catalogue import Provenance
from models.errors import InputError
from models.export.files import answer_record
from models.export.surface import in_file_px
from models.geometry.rescaling import rescaling
from models.reconstruction import Alarm, Coefficients
from models.reconstructor import Face
from tests.fakes.reconstructor import FakeReconstructor, fake_reconstruct

FACE = Face((10.0, 20.0, 70.0, 90.0), 0.75)
SEEN = Seen("a.png", 3, 0.12, 100, 120, ("The first of 2 pages is shown.",))
MAKERS = Makers("1.2", "fake", Provenance("open", "/w", "abc", "Apache-2.0", ""), "finder")
HOLDS = {
    Kind.TEXT: str,
    Kind.WHOLE: int,
    Kind.NUMBER: float,
    Kind.FLAG: bool,
    Kind.TEXTS: list,
    Kind.WHOLES: list,
    Kind.NUMBERS: list,
}


@pytest.fixture
def answer():
    method = FakeReconstructor(alarms=(Alarm("empty-mask", "Nothing was seen."),))
    (answer,) = fake_reconstruct(np.zeros((120, 100, 3), np.uint8), [FACE], method)
    return replace(answer, likely_error=3.14159, likely_range=(2.0, float("nan")))


def test_every_column_has_one_name_a_meaning_and_its_unit_in_its_name():
    assert len(BY_NAME) == len(COLUMNS)
    assert all(column.doc.endswith((".", "...")) for column in COLUMNS)
    endings = {"%": "_percent", "deg": "_deg", "ms": "_ms", "s": "_s"}
    for column in COLUMNS:
        assert column.name.endswith(endings.get(column.unit, ""))


def test_an_answered_face_fills_every_column_with_what_the_column_promises(answer):
    coefficients = (Coefficients("identity", np.arange(3, dtype=np.float32)),)
    cells = row(replace(answer, coefficients=coefficients), FACE, SEEN, MAKERS, 1, Took(1.0, 2.0, 3.0))
    assert list(cells) == [column.name for column in COLUMNS]
    for column in COLUMNS:
        if column.name not in ("problem", "likely_high_percent", "mesh", "evidence"):
            assert type(cells[column.name]) is HOLDS[column.kind], column.name
    assert cells["likely_high_percent"] is None, "what is not finite is not known"
    json.dumps(cells, allow_nan=False)


def test_boxes_points_and_scale_are_told_in_px_of_the_file(answer):
    T_file_image = rescaling((100, 120), (200, 240))
    cells, told = (
        row(answer, FACE, SEEN, MAKERS, T_file_image=T_file_image),
        answer_record(in_file_px(answer, T_file_image)),
    )
    assert [cells[edge] for edge in ("x0", "y0", "x1", "y1")] == told["box"] == [20.5, 40.5, 140.5, 180.5]
    assert np.reshape(cells["landmarks"], (68, 3)) == pytest.approx(np.array(told["landmarks"]), abs=1e-4)
    assert cells["mm_per_px"] == pytest.approx(told["mm_per_px"], abs=1e-5)
    assert cells["centre_x"] == pytest.approx(2 * row(answer, FACE, SEEN, MAKERS)["centre_x"] + 0.5)


def test_a_cell_written_as_text_is_read_back(answer):
    cells = row(answer, FACE, SEEN, MAKERS, 1)
    for column in COLUMNS:
        text = as_text(column.name, cells[column.name])
        assert as_text(column.name, from_text(column.name, text)) == text


def test_a_row_says_the_same_as_the_answer_in_json(answer):
    cells, record = row(answer, FACE, SEEN, MAKERS, 1), answer_record(answer)
    assert [cells[edge] for edge in ("x0", "y0", "x1", "y1")] == record["box"]
    assert [cells[f"{turn}_deg"] for turn in ("pitch", "yaw", "roll")] == list(record["pose_deg"].values())
    assert np.reshape(cells["landmarks"], (68, 3)) == pytest.approx(np.array(record["landmarks"]), abs=1e-5)
    told = [mark["probabilities"] for mark in record["landmark_states"]]
    assert np.reshape(cells["landmark_probabilities"], (68, 3)) == pytest.approx(np.array(told), abs=1e-5)
    names = ("seen", "turned away", "covered")
    assert [names[s] for s in cells["landmark_states"]] == [m["state"] for m in record["landmark_states"]]
    shares = [cells[f"{name.replace(' ', '_')}_percent"] / 100 for name in names]
    assert shares == pytest.approx([record["state_shares"][name] for name in names])
    assert cells["alarms"] == ["empty-mask"]


def test_the_camera_carries_the_upright_face_into_the_picture(answer):
    from tests.fakes.reconstructor import face_mm

    level = replace(answer, pose_deg=(0.0, 0.0, 0.0), vertices=answer.layer("model space").vertices)
    cells = row(level, FACE, SEEN, MAKERS)
    centre = np.array([cells[f"centre_{axis}"] for axis in "xyz"])
    about = face_mm() - face_mm().mean(0)
    placed = about * np.array([1, -1, 1]) / cells["mm_per_px"] + centre
    assert placed == pytest.approx(level.vertices, abs=1e-3)


def test_a_picture_without_an_answer_is_a_row_that_says_why():
    cells = row(None, None, SEEN, MAKERS, problem="It is damaged.")
    assert cells["problem"] == "It is damaged."
    assert cells["face"] is cells["x0"] is cells["landmarks"] is None
    assert (cells["input"], cells["frame"], cells["method"]) == ("a.png", 3, "fake")


def test_cells_become_text_as_the_command_line_writes_such_words(answer):
    cells = row(replace(answer, left_out=("image space", "confidence")), FACE, SEEN, MAKERS, 1)
    assert as_text("left_out", cells["left_out"]) == "image-space confidence"
    assert as_text("x1", 70.0) == "70.00"
    assert as_text("steadied", False) == "0"
    assert as_text("problem", None) == ""
    assert as_text("landmark_states", [0, 2]) == "0 2"


def test_an_older_table_is_read_and_a_newer_one_refused():
    old = known({"input": "a.png", "x0": 1.0, "abandoned": 3, "schema": "unmask.rows/1"})
    assert old["input"] == "a.png"
    assert old["landmarks"] is None
    assert list(old) == list(BY_NAME)
    for schema in ("unmask.rows/99", "unmask.answer/1", "unmask.rows/x", ""):
        with pytest.raises(InputError):
            known({"schema": schema})
    assert known({"schema": SCHEMA})
