"""Answers read back from JSON, also from older versions of the program."""

from __future__ import annotations

import json

import numpy as np
import pytest

from models.errors import InputError
from models.export.answers import FACE, read_answers
from models.export.files import SCHEMA, answer_record, write_answers
from models.reconstructor import Face
from tests.fakes.reconstructor import FakeReconstructor, fake_reconstruct


def test_what_was_written_is_read_back_and_older_records_lack_only_what_came_later(tmp_path):
    image = np.zeros((120, 100, 3), np.uint8)
    answers = fake_reconstruct(image, [Face((10.0, 20.0, 70.0, 90.0))], FakeReconstructor())
    path = tmp_path / "a.json"
    write_answers(path, answers, "a.jpg", (100, 120), "1.0")
    record = read_answers(path)
    assert record["faces"] == [answer_record(answers[0])]
    assert tuple(record["faces"][0]) == FACE
    del record["faces"][0]["likely_error"]
    path.write_text(json.dumps(record))
    (face,) = read_answers(path)["faces"]
    assert face["likely_error"] is None
    assert face["landmarks"] == record["faces"][0]["landmarks"]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema": "unmask.rows/1", "faces": []}', '{"schema": "unmask.answer/1"}']
)
def test_what_is_no_answer_is_refused(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(InputError, match="Give a"):
        read_answers(path)


def test_a_record_of_a_later_version_is_refused(tmp_path):
    kind, _, version = SCHEMA.partition("/")
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"schema": f"{kind}/{int(version) + 1}", "faces": []}))
    with pytest.raises(InputError, match="newer than this program"):
        read_answers(path)
