from collections.abc import Callable
from threading import Event, active_count, current_thread, main_thread
from typing import Any

import pytest
from PySide6.QtCore import Qt

from viewer.tasks.latest_only import Abandoned, LatestOnly, Newest


@pytest.fixture
def worker():
    made: list[LatestOnly] = []

    def make(work: Callable[[Any], Any]) -> LatestOnly:
        made.append(LatestOnly(work))
        return made[-1]

    yield make
    for one in made:
        assert one.close(5)


def test_a_job_is_answered_with_itself_and_its_result(qtbot, worker):
    jobs = worker(lambda job: job * 2)
    with qtbot.waitSignal(jobs.done) as done:
        jobs.submit(21)
    assert done.args == [21, 42]


def test_work_runs_on_another_thread_and_is_reported_on_the_gui_thread(qtbot, worker):
    told: list[bool] = []
    jobs = worker(lambda _: current_thread() is main_thread())
    jobs.done.connect(lambda _, on_main: told.append(on_main or current_thread() is not main_thread()))
    with qtbot.waitSignal(jobs.done):
        jobs.submit(None)
    assert told == [False]


def test_there_is_no_thread_before_the_first_job(qtbot):
    before = active_count()
    jobs = LatestOnly(lambda job: job)
    assert active_count() == before
    assert jobs.close(5)
    jobs.submit(1)
    assert active_count() == before


def test_of_the_jobs_that_wait_only_the_newest_runs(qtbot, worker):
    release, ran = Event(), []

    def work(job: int) -> None:
        ran.append(job)
        release.wait(5)

    jobs = worker(work)
    for job in range(6):
        jobs.submit(job)
    release.set()
    with qtbot.waitSignal(jobs.busy_changed, check_params_cb=lambda busy: not busy):
        pass
    assert ran == [0, 5]


def test_a_job_that_fails_is_told_and_the_next_one_runs(qtbot, worker):
    def work(job: str) -> str:
        if job == "bad":
            raise ValueError("broken")
        return job

    jobs = worker(work)
    with qtbot.waitSignal(jobs.failed) as failed:
        jobs.submit("bad")
    assert failed.args[0] == "bad"
    assert str(failed.args[1]) == "broken"
    with qtbot.waitSignal(jobs.done):
        jobs.submit("good")


def test_work_that_exits_is_told_instead_of_ending_the_thread_silently(qtbot, worker):
    def work(_: object) -> None:
        raise SystemExit(3)

    jobs = worker(work)
    with qtbot.waitSignal(jobs.failed) as failed:
        jobs.submit(1)
    assert isinstance(failed.args[1], SystemExit)


def test_a_waiting_job_that_is_forgotten_never_runs(qtbot, worker):
    release, ran = Event(), []

    def work(job: int) -> None:
        ran.append(job)
        release.wait(5)

    jobs = worker(work)
    jobs.submit(1)
    jobs.submit(2)
    jobs.forget_waiting()
    release.set()
    with qtbot.waitSignal(jobs.busy_changed, check_params_cb=lambda busy: not busy):
        pass
    assert ran == [1]


def test_closing_while_busy_waits_for_what_runs_and_reports_nothing(qtbot):
    started, release = Event(), Event()

    def work(_: object) -> None:
        started.set()
        release.wait(5)

    jobs = LatestOnly(work)
    told: list[object] = []
    jobs.done.connect(lambda *_: told.append(1))
    jobs.submit(1)
    jobs.submit(2)
    assert started.wait(5)
    release.set()
    assert jobs.close(5)
    qtbot.wait(0)
    assert told == []


def test_closing_does_not_hang_on_work_that_never_ends(qtbot):
    started, release = Event(), Event()

    def work(_: object) -> None:
        started.set()
        release.wait(30)

    jobs = LatestOnly(work)
    jobs.submit(1)
    assert started.wait(5)
    assert jobs.close(0.05) is False
    release.set()
    assert jobs.close(5)


def test_after_closing_nothing_runs_any_more(qtbot):
    ran: list[int] = []
    jobs = LatestOnly(ran.append)
    assert jobs.close(5)
    jobs.submit(1)
    assert not jobs.busy
    assert ran == []


def test_of_values_put_faster_than_taken_the_newest_is_taken_once(qtbot):
    newest = Newest()
    with qtbot.waitSignal(newest.arrived):
        for value in range(5):
            newest.put(value)
    assert newest.take() == 4
    assert newest.take() is None


def test_values_not_yet_taken_are_announced_once(qtbot):
    newest, announced = Newest(), []
    newest.arrived.connect(lambda: announced.append(newest.take()))
    for value in range(5):
        newest.put(value)
    qtbot.waitUntil(lambda: bool(announced))
    qtbot.wait(0)
    assert announced == [4]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), GeneratorExit(), BaseException("any")])
def test_no_exception_of_any_kind_ends_the_thread(qtbot, worker, error):
    def work(job: object) -> object:
        if job == "bad":
            raise error
        return job

    jobs = worker(work)
    with qtbot.waitSignal(jobs.failed) as failed:
        jobs.submit("bad")
    assert failed.args[1] is error
    with qtbot.waitSignal(jobs.done):
        jobs.submit("good")


def test_a_job_that_never_returns_is_told_and_can_be_left_for_a_new_thread(qtbot):
    release, told = Event(), []
    jobs = LatestOnly(lambda _: release.wait(10), patience_s=0.01)
    left = jobs._thread
    jobs.failed.connect(lambda job, error: told.append((job, type(error))))
    with qtbot.waitSignal(jobs.slow):
        jobs.submit(1)
    jobs.submit(2)
    with qtbot.waitSignal(jobs.done) as done:
        jobs.abandon(lambda job: job * 10)
    assert told == [(1, Abandoned)]
    assert done.args == [2, 20]
    release.set()
    left.join(5)
    assert not left.is_alive()
    qtbot.wait(0)
    assert (told, jobs.busy) == ([(1, Abandoned)], False), "what the left one brings is dropped"
    assert jobs.close(5)


def test_a_result_that_was_on_its_way_when_its_job_was_abandoned_is_dropped(qtbot, worker):
    on_its_way, told = Event(), []
    jobs = worker(lambda job: job)
    left = jobs._thread
    jobs._returned.connect(lambda *_: on_its_way.set(), Qt.ConnectionType.DirectConnection)
    jobs.done.connect(lambda job, _: told.append(job))
    jobs.submit(1)
    assert on_its_way.wait(5)
    jobs.abandon(lambda job: job)
    with qtbot.waitSignal(jobs.done):
        jobs.submit(2)
    assert told == [2]
    left.join(5)
