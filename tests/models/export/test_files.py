"""Answers written to files and read back by others' programs."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.errors import InputError
from models.export.files import SCHEMA, write_answers, write_picture
from models.export.mesh import write_mesh
from models.export.outputs import write_whole
from models.export.overlay import draw_overlay, face_share
from models.metrics.states import STATE_NAMES, landmark_states, seen_share, state_shares
from models.reconstruction import Alarm, Reconstruction, Scalar, Space, State, frozen, most_likely
from tests.fakes.answers import HEIGHT, WIDTH, answer, photo


def written(path: Path, answers: list[Reconstruction]) -> dict:
    write_answers(path, answers, "ann.jpg", (WIDTH, HEIGHT), "1.2.3")
    return json.loads(path.read_text())


def test_the_json_holds_the_whole_answer(tmp_path):
    alarm = Alarm("empty-mask", "Nothing of this face was seen.", 12)
    record = written(tmp_path / "face.json", [answer((alarm,))])
    face = record["faces"][0]
    assert (record["schema"], record["written_by"]) == (SCHEMA, "unmask 1.2.3")
    assert record["image"] == {"name": "ann.jpg", "width_px": WIDTH, "height_px": HEIGHT}
    np.testing.assert_allclose(face["landmarks"], answer().landmarks, atol=1e-4)
    assert face["pose_deg"] == {"pitch": 3.0, "yaw": -12.0, "roll": 6.0}
    assert face["box"] == [40.0, 30.0, 160.0, 170.0]
    assert face["took_part"] == ["image space", "model space", "visibility mask"]
    assert face["left_out"] == ["confidence"]
    assert face["alarms"] == [{"code": alarm.code, "text": alarm.text, "count": 12}]
    assert face["visible_share"] == seen_share(answer())
    assert 0 < face["visible_share"] < 1
    assert face["scalars"]["disagreement"]["unit"] == "px"


def test_the_json_tells_states_and_likely_error(tmp_path):
    own = np.tile(np.array([0.1, 0.2, 0.7], np.float32), (68, 1))
    own[3], own[5] = (0.5, 0.3, 0.2), (0.51, 0.0, 0.49)
    told = replace(
        answer(), landmark_states=frozen(own), likely_error=3.9, likely_range=(3.1, 5.2), alarms=()
    )
    face = written(tmp_path / "face.json", [told])["faces"][0]
    assert face["landmark_states"][0] == {"state": "covered", "probabilities": [0.1, 0.2, 0.7]}
    assert face["landmark_states"][3]["state"] == "turned away", "one half is not above one half"
    assert face["landmark_states"][5]["state"] == "seen"
    assert (face["likely_error"], face["likely_range"]) == (3.9, [3.1, 5.2])
    shares = face["state_shares"]
    assert list(shares) == ["seen", "turned away", "covered"]
    assert sum(shares.values()) == pytest.approx(1, abs=1e-3)
    states = most_likely(told.states)
    for state, name in STATE_NAMES.items():
        assert shares[name] == pytest.approx((states == state).mean(), abs=1e-4)


def test_the_json_tells_where_people_would_place_the_landmarks(tmp_path):
    assert written(tmp_path / "a.json", [answer()])["faces"][0]["landmarks_by_hand"] is None
    to_hand = frozen(np.full((68, 3), (0.0, 1.5, 0.0)))
    told = replace(answer(), to_hand_mm=to_hand, pose_deg=(0.0, 0.0, 0.0))
    face = written(tmp_path / "b.json", [told])["faces"][0]
    up = np.array(face["landmarks_by_hand"]) - np.array(face["landmarks"])
    np.testing.assert_allclose(up, np.tile((0, -1.5 / told.mm_per_px, 0), (68, 1)), atol=2e-3)


def test_landmarks_without_states_of_their_own_have_those_of_the_surface():
    told = answer()
    on_surface = told.topology.landmarks(told.states)
    np.testing.assert_array_equal(landmark_states(told), most_likely(on_surface))
    assert set(state_shares(told)) == set(State)
    assert landmark_states(replace(told, scalars=())) is None


def test_the_drawn_mask_ends_where_a_pixel_stops_counting_as_face():
    ramp = np.linspace(0, 1, 101, dtype=np.float32)
    share = face_share(ramp)
    assert (np.diff(share) >= 0).all()
    assert share[50] == pytest.approx(0.5)
    assert share[40] == 0
    assert share[60] == 1


@pytest.mark.parametrize("state", State)
def test_each_state_of_a_landmark_has_a_mark_of_its_own(state):
    blank = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    states = np.zeros((68, 3), np.float32)
    states[:, state] = 1
    told = replace(answer(), layers=(), box=None)
    marked = draw_overlay(blank, [replace(told, landmark_states=frozen(states))])
    others = [np.roll(states, k, 1) for k in (1, 2)]
    for other in others:
        assert (marked != draw_overlay(blank, [replace(told, landmark_states=frozen(other))])).any()


def test_the_json_says_what_its_numbers_mean(tmp_path):
    conventions = written(tmp_path / "face.json", [])["conventions"]
    assert "y down" in conventions["space"]
    assert "iBUG" in conventions["landmarks"]
    assert "AFLW2000" in conventions["pose_deg"]


def test_numbers_that_are_not_finite_become_null(tmp_path):
    lost = Scalar("visibility", frozen(np.full(len(answer().vertices), np.nan)), 0, 1)
    broken = replace(answer(), pose_deg=(np.nan, 1.0, np.inf), scalars=(lost,))
    face = written(tmp_path / "face.json", [broken])["faces"][0]
    assert face["pose_deg"] == {"pitch": None, "yaw": 1.0, "roll": None}
    assert face["scalars"]["visibility"] == {
        **{"unit": "", "known_share": 0.0},
        **{"mean": None, "median": None, "max": None},
    }


def test_a_method_that_says_nothing_of_visibility_leaves_its_share_open(tmp_path):
    silent = replace(answer(), scalars=())
    assert seen_share(silent) is None
    assert written(tmp_path / "face.json", [silent])["faces"][0]["visible_share"] is None


def test_folders_are_made_and_nothing_else_is_left_behind(tmp_path):
    write_mesh(tmp_path / "a" / "b" / "face.ply", answer())
    write_mesh(tmp_path / "a" / "b" / "face.ply", answer())
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["face.ply"]


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "face.json"
    write_whole(path, b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InputError, match=r"No space left on device.*Choose a folder"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [left.name for left in tmp_path.iterdir()] == ["face.json"]


def test_a_place_that_cannot_be_written_to_is_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"):
        write_mesh(tmp_path / "file" / "face.ply", answer())


def test_the_overlay_tints_what_was_seen_and_leaves_the_photo_alone(tmp_path):
    image = photo()
    image.flags.writeable = False
    drawn = draw_overlay(image, [answer()])
    changed = (drawn != image).any(-1)
    mask = answer().layer("visible mask")
    x, y = (mask.T_image_map @ [40, 32, 1])[:2].round().astype(int)
    assert changed[y, x], "the mask is there"
    assert not changed[:20].any(), "nothing above the box"
    write_picture(tmp_path / "o.png", drawn)
    with Image.open(io.BytesIO((tmp_path / "o.png").read_bytes())) as read:
        np.testing.assert_array_equal(np.asarray(read), drawn)


def test_an_overlay_of_a_face_outside_the_picture_or_without_numbers_is_the_photo():
    mapped = answer().mapped(Space.IMAGE, lambda points: points + np.float32(5000), np.array(
        [[1.0, 0, 5000], [0, 1, 5000], [0, 0, 1]]
    ))  # fmt: skip
    away = replace(mapped, box=(5000.0, 5000.0, 5100.0, 5100.0))
    lost = replace(answer(), layers=(), vertices=frozen(np.full_like(answer().vertices, np.nan)))
    np.testing.assert_array_equal(draw_overlay(photo(), [away, lost]), photo())


def test_the_json_of_a_picture_shown_smaller_is_in_px_of_its_file_and_leads_back(tmp_path):
    path = tmp_path / "face.json"
    write_answers(path, [answer()], "a.jpg", (WIDTH, HEIGHT), "1", file_size=(3 * WIDTH, 3 * HEIGHT))
    record = json.loads(path.read_text())
    face, image = record["faces"][0], record["image"]
    assert (image["width_px"], image["height_px"]) == (3 * WIDTH, 3 * HEIGHT)
    assert face["box"] == [121.0, 91.0, 481.0, 511.0]
    assert face["mm_per_px"] == pytest.approx(answer().mm_per_px / 3, rel=1e-4)
    np.testing.assert_allclose(
        np.array(face["landmarks"])[:, :2], 3 * answer().landmarks[:, :2] + 1, atol=1e-3
    )
    T = np.array(image["answered_at"]["T_file_answered"])
    np.testing.assert_allclose(T @ (40, 30, 1), (121, 91, 1))
    plain = tmp_path / "plain.json"
    write_answers(plain, [answer()], "a.jpg", (WIDTH, HEIGHT), "1")
    assert "answered_at" not in json.loads(plain.read_text())["image"]
    disagreement = [json.loads(p.read_text())["faces"][0]["scalars"]["disagreement"] for p in (path, plain)]
    assert disagreement[0]["mean"] == pytest.approx(3 * disagreement[1]["mean"], rel=1e-3)
