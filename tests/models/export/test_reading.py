"""Answers and landmarks as files: what a file says is what the answer said, in any version and form."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import resources
from models.errors import InputError
from models.export.camera import camera_of
from models.export.files import SCHEMA, write_answers
from models.export.landmarks import landmark_files
from models.export.reading import read_answers
from models.ground_truth.readers import read_truth
from models.metrics.states import landmark_probabilities
from models.reconstruction import Alarm, Coefficients, frozen
from tests.fakes.answers import HEIGHT, WIDTH, answer

IMAGE = {"name": "", "width_px": 1, "height_px": 1}
NUMBERS = Coefficients("identity", frozen(np.float32([0.5, -1.25, 2])))


def written(path: Path, *faces) -> dict:
    write_answers(path, faces, "ann.jpg", (WIDTH, HEIGHT), "1.2.3")
    return json.loads(path.read_text())


def offences(value: Any, schema: dict, place: str = "") -> list[str]:
    """Where a value is not as a JSON Schema has it, as far as ours say anything."""
    kinds = {"string": str, "integer": int, "number": (int, float), "object": dict, "array": list}
    kinds |= {"null": type(None), "boolean": bool}
    if "const" in schema and value != schema["const"]:
        return [f"{place} is {value!r}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{place} is {value!r}"]
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if not any(isinstance(value, kinds[name]) for name in names):
            return [f"{place} is a {type(value).__name__}"]
    found = []
    if isinstance(value, dict):
        known, others = schema.get("properties", {}), schema.get("additionalProperties")
        found += [f"{place} lacks {key}" for key in schema.get("required", ()) if key not in value]
        for key, part in value.items():
            wanted = known.get(key, others)
            found += offences(part, wanted, f"{place}/{key}") if isinstance(wanted, dict) else []
            found += [f"{place}/{key} is unheard of"] if known and wanted is None else []
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", 10**9):
            found.append(f"{place} has {len(value)} items")
        for number, part in enumerate(value):
            found += offences(part, schema.get("items", {}), f"{place}/{number}")
    return found


def test_what_is_written_is_as_the_schema_has_it(tmp_path):
    schema = json.loads(resources.schema("answer-2").read_text())
    full = replace(
        answer((Alarm("empty-mask", "Nothing was seen.", 2),)), coefficients=(NUMBERS,), likely_error=3.0
    )
    full = replace(full, to_hand_mm=frozen(np.ones((68, 3))))
    silent = replace(answer(), scalars=(), landmark_states=None, box=None, pose_deg=(np.nan, 1, 2))
    assert offences(written(tmp_path / "a.json", full, silent), schema) == []
    assert schema["properties"]["schema"]["const"] == SCHEMA


@pytest.mark.parametrize(
    "break_it",
    [
        lambda face: face.pop("camera"),
        lambda face: face["landmarks"].pop(),
        lambda face: face.update(nose=1),
        lambda face: face["landmark_states"][3].update(state="lost"),
    ],
)
def test_the_schema_refuses_what_is_not_written_so(tmp_path, break_it):
    record = written(tmp_path / "a.json", answer())
    break_it(record["faces"][0])
    assert offences(record, json.loads(resources.schema("answer-2").read_text()))


def test_an_answer_is_read_back_as_it_was(tmp_path):
    told = replace(answer((Alarm("empty-mask", "Nothing was seen.", 2),)), coefficients=(NUMBERS,))
    written(tmp_path / "a.json", told)
    read = read_answers(tmp_path / "a.json")
    (face,) = read.faces
    assert (read.version, read.image_name, read.size) == (2, "ann.jpg", (WIDTH, HEIGHT))
    assert (face.method, face.box, face.pose_deg) == (told.method, told.box, told.pose_deg)
    np.testing.assert_allclose(face.landmarks, told.landmarks, atol=1e-4)
    np.testing.assert_allclose(face.landmark_states, landmark_probabilities(told), atol=1e-4)
    np.testing.assert_array_equal(face.coefficients[0].values, NUMBERS.values)
    assert face.alarms == ("empty-mask",)


def test_the_camera_of_a_file_leads_from_the_face_models_space_to_the_picture(tmp_path):
    told = answer()
    written(tmp_path / "a.json", told)
    camera = read_answers(tmp_path / "a.json").faces[0].camera
    model = camera_of(told).model(told.landmarks)
    np.testing.assert_allclose(camera.project(model), told.landmarks, atol=0.02)
    np.testing.assert_allclose(camera_of(told).project(model), told.landmarks, atol=1e-3)
    spread = np.linalg.norm(told.landmarks[36] - told.landmarks[45]) * told.mm_per_px
    assert np.linalg.norm(model[36] - model[45]) == pytest.approx(spread, rel=1e-4), "in mm"


def test_answers_of_the_first_version_are_read_too(tmp_path):
    path = tmp_path / "old.json"
    record = written(path, answer())
    record["schema"] = "unmask.answer/1"
    for later in ("camera", "coefficients", "landmarks_by_hand"):
        del record["faces"][0][later]
    assert offences(record, json.loads(resources.schema("answer-1").read_text())) == []
    path.write_text(json.dumps(record))
    read = read_answers(path)
    assert (read.version, read.faces[0].camera, read.faces[0].coefficients) == (1, None, ())
    np.testing.assert_allclose(read.faces[0].landmarks, answer().landmarks, atol=1e-4)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[]", "is not unmask.answer"),
        ("{", "no JSON"),
        ('{"schema": "unmask.answer/99"}', "version 99"),
        ('{"schema": "unmask.answer/2", "image": {}}', "damaged"),
        (json.dumps({"schema": SCHEMA, "image": IMAGE, "faces": [3]}), "damaged"),
    ],
)
def test_what_is_no_answer_is_a_sentence(tmp_path, text, told):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(InputError, match=told):
        read_answers(tmp_path / "a.json")
    with pytest.raises(InputError, match="cannot be read"):
        read_answers(tmp_path / "none.json")


@pytest.mark.parametrize(("ending", "coordinates"), [(".pts", 2), (".mat", 3)])
def test_landmark_files_are_read_as_truth_files_are(tmp_path, ending, coordinates):
    for name, data in landmark_files(answer()).items():
        (tmp_path / f"a{name}").write_bytes(data)
    read = read_truth(tmp_path / f"a-landmarks{ending}", (WIDTH, HEIGHT))
    np.testing.assert_allclose(read.landmarks, answer().landmarks[:, :coordinates], atol=1e-3)
    if ending == ".mat":
        np.testing.assert_allclose(read.pose_deg, answer().pose_deg, atol=1e-4)


def test_the_table_of_landmarks_tells_their_states(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(landmark_files(answer())["-landmarks.txt"])
    table = np.loadtxt(path)
    np.testing.assert_allclose(table[:, :3], answer().landmarks, atol=1e-3)
    np.testing.assert_allclose(table[:, 3:], landmark_probabilities(answer()), rtol=1e-4, atol=1e-6)
    path.write_bytes(landmark_files(replace(answer(), scalars=()))["-landmarks.txt"])
    assert np.isnan(np.loadtxt(path)[:, 3:]).all()
