"""Pictures looked at and answered together: the rows of one by one, in order, whatever is wrong with some."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import resources
from models.batch import waves as batch_waves
from models.batch.waves import ahead, together
from tests.fakes.work import FakeWork
from viewer.app.models_work import models_work
from viewer.inference.worker import Work
from viewer.mining.series import mining
from viewer.mining.waves import AT_ONCE, Pace
from viewer.state.mining import Run
from viewer.state.setting import Setting

FAKE = Setting("fake", "open")


@dataclass
class Together:
    """A fake that can be asked about several pictures at once, and keeps of how many it was."""

    fake: FakeWork = field(default_factory=FakeWork)
    detected: list[int] = field(default_factory=list)
    answered: list[int] = field(default_factory=list)

    def work(self) -> Work:
        alone = self.fake.work()

        def detect_all(images, by):
            self.detected.append(len(images))
            return [alone.detect(image, by) for image in images]

        def reconstruct_all(asked, method, without):
            self.answered.append(len(asked))
            return [alone.reconstruct(image, faces, method, without) for image, faces in asked]

        return replace(alone, detect_all=detect_all, reconstruct_all=reconstruct_all)


def photos(folder: Path, count: int, value: int = 40) -> tuple[Path, ...]:
    paths = [folder / f"{number}.png" for number in range(count)]
    for number, path in enumerate(paths):
        Image.fromarray(np.full((60 + number, 80, 3), value + 10 * number, np.uint8)).save(path)
    return tuple(paths)


def run_of(paths: tuple[Path, ...], *settings: Setting, is_video: bool = False) -> Run:
    return Run("faces", paths, is_video, settings or (FAKE,), "finder", 0)


def rows_of(run: Run, work: Work, longest_s: float = np.inf) -> list[dict]:
    rows: list = []
    for _ in mining(run, work, rows.extend, "cpu", longest_s):
        pass
    return rows


def untimed(rows: list[dict]) -> list[dict]:
    return [{name: value for name, value in row.items() if not name.endswith("_ms")} for row in rows]


def test_rows_are_those_of_one_picture_after_the_other(tmp_path):
    paths = list(photos(tmp_path, 14))
    paths[5].write_text("no picture")
    Image.fromarray(np.zeros((60, 80, 3), np.uint8)).save(paths[8])  # no face
    run = run_of(tuple(paths), FAKE, Setting("other", "open"))
    several = Together()
    rows = rows_of(run, several.work())
    assert untimed(rows) == untimed(rows_of(run, FakeWork().work()))
    assert [row["picture"] for row in rows] == sorted(row["picture"] for row in rows)
    assert several.detected == [2, 3, 6], "two alone, then twice as many each time, less what is no picture"
    assert several.answered == [2, 2, 3, 3, 6, 6]


def test_no_more_go_together_than_a_run_may_take_to_end(tmp_path):
    slow = Together()
    assert len(rows_of(run_of(photos(tmp_path, 5)), slow.work(), longest_s=0)) == 5
    assert slow.detected == []
    pace = Pace(1.0)
    sizes = pace.sizes()

    def after(step_s: float) -> int:
        pace.took(step_s)
        return next(sizes)

    assert [after(0.1) for _ in range(5)] == [2, 4, 8, AT_ONCE, AT_ONCE]
    assert [after(0.7), after(1.5), after(9), after(9), after(9)] == [8, 4, 2, 1, 1]


def test_one_that_breaks_down_among_several_does_not_spoil_the_others(tmp_path):
    fake = FakeWork()
    plain = fake.answer

    def answer(image, faces, method, without):
        if image[0, 0, 0] == 80:  # the fourth
            raise RuntimeError("it is odd")
        return plain(image, faces, method, without)

    fake.answer = answer
    rows = rows_of(run_of(photos(tmp_path, 7)), Together(fake).work())
    assert [row["outcome"] for row in rows] == ["answered"] * 4 + ["problem"] + ["answered"] * 2
    assert "it is odd" in rows[4]["problem"]


def test_a_picture_no_face_can_be_looked_for_in_is_a_row_and_the_others_are_answered(tmp_path):
    several = Together()
    work = several.work()
    alone = work.detect

    def detect(image, by):
        if image[0, 0, 0] == 60:
            raise RuntimeError("it is odd")
        return alone(image, by)

    broken = replace(work, detect=detect, detect_all=lambda images, by: [detect(one, by) for one in images])
    rows = rows_of(run_of(photos(tmp_path, 3)), broken)
    assert [row["outcome"] for row in rows] == ["answered", "answered", "problem"]


def test_a_run_can_be_ended_between_the_steps_of_a_wave(tmp_path):
    several = Together()
    rows: list = []
    steps = mining(run_of(photos(tmp_path, 9)), several.work(), rows.extend, "cpu", np.inf)
    while not several.detected:
        step = next(steps)
    steps.close()
    assert several.answered == []
    assert len(rows) == step.done == 2


@pytest.mark.parametrize("fails_at", [0, 2])
def test_a_reader_is_let_go_of_whatever_happens(tmp_path, monkeypatch, fails_at):
    told = []

    class Reader:
        def open(self):
            told.append("open")
            if fails_at == 0:
                raise OSError("gone")
            return 4

        def read(self, index):
            raise OSError(f"no {index}")

        def close(self):
            told.append("close")

    monkeypatch.setattr("viewer.mining.series.reader_of", lambda run: Reader())
    if fails_at == 0:
        with pytest.raises(OSError, match="gone"):
            rows_of(run_of(photos(tmp_path, 4)), FakeWork().work())
    else:
        assert len(rows_of(run_of(photos(tmp_path, 4)), FakeWork().work())) == 4
    assert told == ["open", "close"]


def test_waves_hold_so_many_pictures_and_no_more_pixels_than_fit(monkeypatch):
    monkeypatch.setattr(batch_waves, "PIXELS_AT_ONCE", 100)
    pixels = [10, 10, 10, 10, 90, 20, 300, 5, 5]
    held = list(together(pixels, lambda size: size, iter([1, 2, *[4] * 9])))
    assert held == [[10], [10, 10], [10, 90], [20], [300], [5, 5]]


def test_the_next_wave_is_read_while_this_one_is_looked_at():
    from concurrent.futures import ThreadPoolExecutor
    from threading import Event

    second = Event()

    def waves():
        yield [1]
        second.set()
        yield [2]

    with ThreadPoolExecutor(1) as thread:
        coming = ahead(waves(), thread)
        assert next(coming) == [1]
        assert second.wait(10), "before anybody asks for it"
        assert list(coming) == [[2]]


def test_the_real_models_answer_the_same_together(tmp_path):
    paths = [tmp_path / f"{number}.png" for number in range(4)]
    for number, path in enumerate(paths):
        with Image.open(resources.samples()[number % len(resources.samples())]) as sample:
            sample.convert("RGB").resize((200 + 8 * number, 200)).save(path)
    work = models_work()
    run = run_of(tuple(paths), Setting("dsfnet", "open"))
    told, alone = (
        rows_of(run, some) for some in (work, replace(work, detect_all=None, reconstruct_all=None))
    )
    assert [row["outcome"] for row in told] == [row["outcome"] for row in alone]
    assert {"answered"} <= {row["outcome"] for row in told}
    for ours, theirs in zip(told, alone, strict=True):
        for name in ("centre_x", "centre_y", "yaw_deg", "pitch_deg", "seen_percent", "likely_error_percent"):
            if theirs[name] is not None:
                assert ours[name] == pytest.approx(theirs[name], abs=0.3)
