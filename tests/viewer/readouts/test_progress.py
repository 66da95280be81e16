from dataclasses import replace

from viewer.readouts.progress import Kind, progress_text, task_of, time_text
from viewer.state.mining import Mining
from viewer.state.occlusion import Occlusion
from viewer.state.running import Running
from viewer.state.state import State

HALF = Running("x", 5, 10, 7.0)


def test_it_says_how_far_a_thing_is_and_how_long_it_takes():
    assert progress_text(Running("x", 34, 106, 154.0)) == "34 of 106, 3 min left"
    assert progress_text(Running("x", 34, 106, 59.6)) == "34 of 106, 60 s left"
    assert progress_text(Running("x", 1, 10**5, 9000.0)) == "1 of 100,000, 2 h 30 min left"
    assert progress_text(Running("x", 1, 4)) == "1 of 4"
    assert time_text(4.2) == "4 s"


def test_of_several_things_that_run_the_file_is_told_first():
    state = State(busy=True, doing="Loading the method")
    assert task_of(State()) is None
    assert task_of(state).kind is Kind.METHOD
    state = replace(state, occlusion=Occlusion(running=HALF))
    assert task_of(state).kind is Kind.TRIAL
    state = replace(state, mining=Mining(running=HALF))
    assert task_of(state).kind is Kind.MINING
    assert "Failure mining" in task_of(state).running.title
    state = replace(state, writing=HALF)
    assert task_of(state).kind is Kind.FILE


def test_a_file_can_be_cancelled_though_nobody_knows_how_far_it_is_unless_it_never_asks():
    assert task_of(State(writing=Running("Writing a", 0, 0))).can_stop
    assert not task_of(State(writing=Running("Writing a", 0, 0, stops=False))).can_stop
    assert task_of(State(writing=HALF)).can_stop


def test_what_plays_is_no_task():
    assert task_of(State(busy=True, live=True)) is None
