"""The table of what can be written, and the page among it."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace

import numpy as np
import pytest

from models.errors import InputError
from models.export import html, maps
from models.export.html import page
from models.export.kinds import (
    ALL,
    KINDS,
    Subject,
    checked,
    face_endings,
    files_of_face,
    files_of_picture,
    picture_endings,
)
from models.export.overlay import STATE_COLOURS, draw_dense, draw_pose
from models.metrics.states import landmark_states, vertex_states
from models.reconstruction import Alarm, State
from tests.fakes.answers import HEIGHT, WIDTH, answer, photo
from viewer.cli.options import USUALLY_WRITTEN


@pytest.fixture(autouse=True)
def small_pictures(monkeypatch):
    monkeypatch.setattr(maps, "TEXTURE_PX", 64)
    monkeypatch.setattr(maps, "MAPS_PX", 64)


def subject() -> Subject:
    return Subject("ann.jpg", photo(), [answer()], (2 * WIDTH, 2 * HEIGHT), "1.2.3")


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_kind_writes_what_it_says_and_no_other(kind):
    named = [kind.name]
    files = files_of_picture(subject(), named) | dict(files_of_face(subject(), answer(), named, "ann"))
    assert set(files) <= set(kind.endings)
    assert kind.endings[0] in files
    assert all(files.values())
    assert (kind.of_picture is None) != (kind.of_face is None)
    assert set(picture_endings(named) + face_endings(named)) == set(kind.endings)


def test_no_two_kinds_write_the_same_file():
    endings = [ending for kind in KINDS.values() for ending in kind.endings]
    assert len(endings) == len(set(endings))


def test_kinds_are_asked_for_by_name():
    assert checked(["ply", "json"]) == ("json", "ply")
    assert checked([ALL]) == tuple(KINDS)
    assert set(USUALLY_WRITTEN) < set(KINDS)
    with pytest.raises(InputError, match="'stl'"):
        checked(["stl"])


def test_landmarks_and_meshes_are_in_px_of_the_file():
    files = dict(files_of_face(subject(), answer(), ["landmarks"], "ann"))
    rows = files["-landmarks.txt"].decode().splitlines()[-68:]
    told = np.array([row.split()[:2] for row in rows], float)
    np.testing.assert_allclose(told, 2 * answer().landmarks[:, :2] + 0.5, atol=1e-3)


def data_of(text: bytes) -> dict:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text.decode(), re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def test_a_page_holds_every_branch_to_a_hundredth_of_a_px_and_the_states():
    data = data_of(page(photo(), [answer()], "ann.jpg", "1"))
    assert data["branches"] == ["image space", "model space", "fused"]
    (face,) = data["faces"]
    for branch in face["branches"]:
        whole = np.frombuffer(base64.b64decode(branch["places"]), "<u2").reshape(-1, 3)
        low, high = np.array(branch["low"]), np.array(branch["high"])
        true = answer().vertices if branch["name"] == "fused" else answer().layer(branch["name"]).vertices
        np.testing.assert_allclose(low + whole / 65535 * (high - low), true, atol=0.01)
    triangles = np.frombuffer(base64.b64decode(face["triangles"]), "<u2").reshape(-1, 3)
    np.testing.assert_array_equal(triangles, answer().topology.triangles)
    states = np.frombuffer(base64.b64decode(face["states"]), np.uint8).reshape(-1, 3)
    sure = np.abs(answer().states[:, State.SEEN] - 0.5) > 0.01
    seen = vertex_states(answer()) == State.SEEN
    np.testing.assert_array_equal((states[:, State.SEEN] > 127.5)[sure], seen[sure])
    assert face["landmarkStates"] == landmark_states(answer()).tolist()
    assert data["colours"] == [list(STATE_COLOURS[state]) for state in State]


def test_a_page_asks_nobody_and_believes_no_name():
    name = "</script><img src=x onerror=alert(1)> __DATA__"
    alarm = Alarm("odd", "</script><b>__TITLE__", 1)
    text = page(photo(), [answer((alarm,))], name, "1").decode()
    without_data = re.sub(r'(id="data">).*?(</script>)', r"\1\2", text, flags=re.DOTALL)
    addresses = set(re.findall(r"\w+://[^\s\"'<>]*", without_data))
    assert addresses == {"http://www.w3.org/2000/svg"}, "a name, not an address"
    assert "default-src 'none'" in text
    assert text.count("</script>") == 2
    assert "<img src=x" not in text
    assert data_of(text.encode())["faces"][0]["alarms"] == [alarm.text]


def test_a_page_stays_small_and_says_which_faces_it_leaves_out(monkeypatch):
    one = len(page(photo(), [answer()], "ann.jpg", "1"))
    monkeypatch.setattr(html, "LARGEST", one + 25_000)
    text = page(photo(), [answer()] * 3, "ann.jpg", "1")
    assert len(text) <= html.LARGEST
    data = data_of(text)
    assert len(data["faces"]) == 1
    assert data["notes"] == ["2 more faces are not in this page, to keep it small."]


def test_a_page_of_a_method_that_knows_no_states_says_so():
    (face,) = data_of(page(photo(), [replace(answer(), scalars=(), landmark_states=None)], "a", "1"))["faces"]
    assert (face["states"], face["landmarkStates"]) == (None, None)
    assert "This method does not say what was seen." in face["told"]


def test_a_dense_overlay_has_the_hue_of_each_state_and_leaves_the_rest_of_the_photo():
    grey = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    drawn = draw_dense(grey, [answer()]).astype(int)
    assert (drawn[:20] == 90).all()
    inner = (np.abs(answer().topology.uv - 0.5) < 0.4).all(1) & (answer().states.max(1) > 0.75)
    assert set(vertex_states(answer())[inner]) >= {State.SEEN, State.COVERED}
    for vertex in np.flatnonzero(inner):
        x, y = np.rint(answer().vertices[vertex, :2]).astype(int)
        state = State(int(vertex_states(answer())[vertex]))
        assert state is State.TURNED_AWAY or np.argmax(drawn[y, x]) == np.argmax(STATE_COLOURS[state])


def test_the_pose_box_is_drawn_around_the_face_and_turns_with_it():
    grey = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    boxes = [draw_pose(grey, [replace(answer(), pose_deg=(0, yaw, 0))]) for yaw in (0.0, 30.0)]
    changed = [(box != grey).any(-1) for box in boxes]
    assert (changed[0] != changed[1]).any()
    rows, columns = np.nonzero(changed[0])
    x0, y0 = answer().vertices[:, :2].min(0)
    x1, y1 = answer().vertices[:, :2].max(0)
    assert (columns.min(), rows.min()) == pytest.approx((max(x0, 0), max(y0, 0)), abs=4)
    assert (columns.max(), rows.max()) == pytest.approx((x1, y1), abs=4)
