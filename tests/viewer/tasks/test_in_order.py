"""Jobs of one thread: all of them, in order, and none that keeps the window from closing."""

from __future__ import annotations

from threading import Event

from viewer.state.state import State
from viewer.state.store import Store
from viewer.tasks.deadline import Deadline
from viewer.tasks.file_writer import FileWriter
from viewer.tasks.in_order import InOrder

LONG_S = 10.0


def test_all_jobs_run_in_the_order_in_which_they_came():
    seen: list[int] = []
    ended, jobs = Event(), InOrder("test")
    for number in range(20):
        jobs.submit(lambda number=number: seen.append(number))
    jobs.submit(ended.set)
    assert ended.wait(LONG_S)
    assert seen == list(range(20))
    assert jobs.close(LONG_S)


def test_a_job_that_fails_is_logged_and_the_next_one_runs(caplog):
    ended, jobs = Event(), InOrder("artist")
    jobs.submit(lambda: 1 // 0)
    jobs.submit(ended.set)
    assert ended.wait(LONG_S)
    assert "artist" in caplog.text
    assert jobs.close(LONG_S)


def test_closing_forgets_what_waits_and_is_not_held_up_by_what_never_ends():
    begun, gate, late = Event(), Event(), Event()
    jobs = InOrder("test")
    jobs.submit(lambda: (begun.set(), gate.wait(LONG_S)))
    jobs.submit(late.set)
    assert begun.wait(LONG_S)
    assert jobs.close(0.01) is False
    gate.set()
    assert jobs.close(LONG_S)
    jobs.submit(late.set)
    assert not late.is_set()


def test_a_file_that_is_never_finished_does_not_keep_its_writer_from_closing(qtbot):
    begun, gate = Event(), Event()

    def export(_step: object) -> None:
        begun.set()
        gate.wait(LONG_S)

    writer = FileWriter(Store(State()))
    writer.write("a.obj", export)
    assert begun.wait(LONG_S)
    assert writer.close(0.01) is False
    gate.set()
    assert writer.close(LONG_S)


def test_several_who_are_waited_for_share_one_time():
    until = Deadline(0.0)
    assert until.left_s == 0
    assert 0 < Deadline(LONG_S).left_s <= LONG_S
