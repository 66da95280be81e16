"""A face with both branches, then without each: what is asked, and what the video shows."""

from __future__ import annotations

import av
import numpy as np

from tests.fakes.desk import a_desk
from tests.fakes.reconstructor import fake_reconstruct
from tests.fakes.work import FakeWork


def test_a_video_shows_the_selected_face_with_both_branches_and_without_each(qtbot, tmp_path):
    asked = []

    def answering(image, faces, method, without):
        asked.append((without, [face.box for face in faces]))
        return fake_reconstruct(image, faces, method, without)

    with a_desk(qtbot, work=FakeWork(answer=answering)) as desk:
        desk.desktop.chosen = str(tmp_path)
        asked.clear()
        with qtbot.waitSignal(desk.commands.export.exported, timeout=60_000) as told:
            desk.commands.export.export_toggling()
        box = desk.state.shown.faces[0].box
    assert told.args == [str(tmp_path / "photo-branches.mp4")]
    assert asked == [(frozenset(without), [box]) for without in ((), ("image space",), ("model space",))]
    with av.open(told.args[0]) as container:
        pictures = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]
    first, second, last = (pictures[round(len(pictures) * share)] for share in (0.1, 0.5, 0.9))
    assert np.abs(first - second).mean() > 0.05
    assert np.abs(second - last).mean() > 0.05


def test_where_there_are_no_two_branches_that_is_told(qtbot):
    with a_desk(qtbot) as desk:
        desk.desktop.chosen = "somewhere"
        desk.store.update(switches=("confidence",))
        desk.commands.export.export_toggling()
        assert "no two branches" in desk.state.notice.cause
        assert desk.state.writing is None
