"""What `unmask run` prints of an answer (tier 1)."""

import json

import numpy as np
from PIL import Image

from models.metrics.states import STATE_NAMES, state_shares
from tests.fakes.reconstructor import FakeReconstructor, fake_reconstruct
from viewer.cli import answering, run
from viewer.cli.options import Run


def test_the_line_of_a_picture_tells_how_much_was_seen_turned_away_and_covered(tmp_path, monkeypatch):
    asked = []

    def reconstruct(*question):
        asked.extend(fake_reconstruct(*question))
        return asked

    monkeypatch.setattr(answering, "reconstruct", reconstruct)
    path = tmp_path / "ann.png"
    Image.fromarray(np.full((200, 220, 3), 90, np.uint8)).save(path)
    wish = Run((path,), tmp_path / "out", box=(40.0, 30.0, 160.0, 170.0))
    ask = answering.Answering(FakeReconstructor(), "cpu", FakeReconstructor)
    line = run.run_one(wish, ask, path, tmp_path / "out" / "ann", run.planned(wish))
    shares = state_shares(asked[0])
    told = ", ".join(f"{shares[state]:.0%} {name}" for state, name in STATE_NAMES.items())
    assert told in line
    assert "likely error" not in line, "the fake does not say"
    assert (tmp_path / "out" / "ann.json").exists()


def test_a_box_is_in_px_of_the_file_though_the_picture_is_shown_smaller(tmp_path, monkeypatch):
    asked = []

    def reconstruct(image, faces, *rest):
        asked.append((image.shape, faces[0].box))
        return fake_reconstruct(image, faces, *rest)

    monkeypatch.setattr(answering, "reconstruct", reconstruct)
    path = tmp_path / "wide.png"
    Image.new("L", (12288, 600), 90).save(path)
    box = (1500.0, 60.0, 1800.0, 360.0)
    wish = Run((path,), tmp_path / "out", box=box)
    ask = answering.Answering(FakeReconstructor(), "cpu", FakeReconstructor)
    run.run_one(wish, ask, path, tmp_path / "out" / "a", run.planned(wish))
    ((shape, shown),) = asked
    assert shape == (400, 8192, 3)
    np.testing.assert_allclose(shown, [(edge + 0.5) * 2 / 3 - 0.5 for edge in box])
    record = json.loads((tmp_path / "out" / "a.json").read_text())
    np.testing.assert_allclose(record["faces"][0]["box"], box, atol=1e-3)
