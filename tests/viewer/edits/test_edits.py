from dataclasses import replace

import pytest

from tests.fakes.desk import a_desk, at_rest
from tests.fakes.mined import mined, mined_row
from viewer.edits.actions import ACTIONS
from viewer.state.layout import style_of
from viewer.state.mining import Mark, Verdict
from viewer.state.state import State
from viewer.state.store import Store
from viewer.state.style import LayerStyle, Look
from viewer.tasks.edits import Edits


@pytest.fixture
def bench(qtbot):
    """A history of edits of one text, in `State.notes`."""
    store = Store()
    return store, Edits(store)


def write(bench, text, about="notes", drag=0, thing=None):
    store, edits = bench
    before = store.state.notes
    edits.push(
        f"Write {text}",
        undo=lambda: store.update(notes=before),
        redo=lambda: store.update(notes=text),
        about=about,
        drag=drag,
        thing=thing,
    )


def test_an_edit_is_done_taken_back_and_done_again(bench):
    store, edits = bench
    write(bench, "a")
    write(bench, "b")
    assert (store.state.notes, store.state.undo, store.state.redo) == ("b", "Write b", "")
    edits.undo()
    assert (store.state.notes, store.state.undo, store.state.redo) == ("a", "Write a", "Write b")
    edits.redo()
    assert (store.state.notes, store.state.redo) == ("b", "")


def test_edits_of_one_drag_are_one_and_of_another_thing_are_not(bench):
    store, edits = bench
    for text in ("a", "ab", "abc"):
        write(bench, text, drag=7, thing=1)
    write(bench, "x", drag=7, thing=2)
    edits.undo()
    assert store.state.notes == "abc"
    edits.undo()
    assert (store.state.notes, store.state.undo) == ("", "")


def test_what_is_forgotten_is_neither_undone_nor_named_wherever_it_stands(bench):
    store, edits = bench
    write(bench, "kept")
    write(bench, "gone", about="picture")
    write(bench, "last")
    edits.forget("picture")
    assert store.state.undo == "Write last"
    edits.undo()
    assert store.state.undo == "Write kept"
    edits.undo()
    assert (store.state.notes, store.state.undo) == ("", "")
    edits.redo()
    assert (store.state.notes, store.state.redo) == ("kept", "Write last")


def test_what_is_forgotten_while_it_waits_to_be_redone_is_not_redone(bench):
    store, edits = bench
    write(bench, "a", about="picture")
    edits.undo()
    edits.forget("picture")
    assert store.state.redo == ""
    edits.redo()
    assert store.state.notes == ""


def test_the_menu_says_what_would_be_undone():
    undo = next(row for row in ACTIONS if row.name == "undo")
    assert undo.text_now(State(undo="Move face box")) == "Undo: Move face box"
    assert not undo.enabled(State())


def test_a_mark_of_mining_is_undone_though_another_picture_was_opened_since(qtbot):
    with a_desk(qtbot) as desk:
        desk.store.update(mining=replace(mined(mined_row(0), mined_row(1)), current=0))
        desk.commands.mining.mark(Verdict.BAD)
        desk.commands.mining.set_note("mouth")
        assert desk.state.mining.mark(0) == Mark(Verdict.BAD, "mouth")
        with qtbot.waitSignal(desk.session.answered):
            desk.commands.playback.open("other.png")
        at_rest(qtbot, desk)
        desk.store.update(mining=replace(desk.state.mining, current=1))
        desk.commands.edits.undo()
        assert desk.state.mining.mark(0) == Mark(Verdict.BAD, "")
        desk.commands.edits.undo()
        assert not desk.state.mining.marks
        desk.commands.edits.redo()
        assert desk.state.mining.mark(0) == Mark(Verdict.BAD, "")


def drawn(state: State) -> tuple[object, ...]:
    return state.styles, state.overlays, state.head, state.truth_in_3d


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda display: display.toggle_overlay("depth"), "Show over the photo: depth"),
        (lambda display: display.toggle_overlay("landmarks"), "Hide over the photo: landmarks"),
        (lambda display: display.set_look("fused", Look.DEPTH), "Look of Fused"),
        (lambda display: display.set_style("fused", LayerStyle(Look.ERROR, span=(0, 3))), "Look of Fused"),
        (lambda display: display.set_mesh_look(Look.DEPTH), "Look of the meshes over the photo"),
        (lambda display: display.set_look_everywhere(Look.WIRE), "Look of the panels: wire"),
        (lambda display: display.toggle_head(), "Hide the head"),
        (lambda display: display.toggle_truth_in_3d(), "Show ground truth in 3D"),
        (lambda display: display.toggle_wire(), "Show edges"),
    ],
)
def test_how_things_are_drawn_is_undone_as_one_edit_among_the_others(qtbot, change, words):
    with a_desk(qtbot) as desk:
        before = drawn(desk.state)
        change(desk.commands.display)
        after = drawn(desk.state)
        assert after != before
        assert desk.state.undo == words
        desk.commands.edits.undo()
        assert drawn(desk.state) == before
        assert desk.state.undo == ""
        desk.commands.edits.redo()
        assert drawn(desk.state) == after


def test_a_slider_that_is_dragged_is_one_edit_and_nothing_is_none(qtbot):
    with a_desk(qtbot) as desk:
        display, before = desk.commands.display, style_of(desk.state, "photo").opacity
        display.set_mesh_opacity(before)
        assert desk.state.undo == "", "nothing was changed"
        for opacity in (0.6, 0.5, 0.4):
            display.set_mesh_opacity(opacity)
        for opacity in (0.3, 0.2):
            display.set_style("photo", replace(style_of(desk.state, "photo"), opacity=opacity))
        desk.commands.edits.undo()
        assert style_of(desk.state, "photo").opacity == before
        assert desk.state.undo == ""
        desk.commands.edits.redo()
        assert style_of(desk.state, "photo").opacity == 0.2


def test_edits_of_the_drawing_outlive_a_picture_but_not_that_a_case_draws_otherwise(qtbot):
    with a_desk(qtbot) as desk:
        desk.commands.display.toggle_head()
        with qtbot.waitSignal(desk.session.answered):
            desk.commands.playback.open("other.png")
        at_rest(qtbot, desk)
        assert desk.state.undo == "Hide the head"
        desk.store.update(overlays=frozenset())
        assert desk.state.undo == ""
        desk.commands.edits.undo()
        assert not desk.state.head
