from dataclasses import fields

import pytest
from PySide6.QtCore import QObject
from shiboken6 import delete

from viewer.state.camera import Camera
from viewer.state.state import Changes, State
from viewer.state.store import Store


def test_a_change_is_told_with_the_state_before_and_after(qtbot):
    store = Store()
    first = store.state
    with qtbot.waitSignal(store.changed) as told:
        store.update(camera=Camera(zoom=2))
    new, old = told.args
    assert old is first
    assert new is store.state
    assert new.camera.zoom == 2


def test_nothing_is_told_when_nothing_changes(qtbot):
    store = Store(State(method="dsfnet"))
    with qtbot.assertNotEmitted(store.changed):
        store.update(method=store.state.method, notice=None)


def test_what_is_not_changed_keeps_its_identity(qtbot):
    store = Store()
    styles = store.state.styles
    store.update(busy=True)
    assert store.state.styles is styles


def test_a_field_that_does_not_exist_is_refused(qtbot):
    with pytest.raises(TypeError):
        Store().update(no_such_field=1)


def test_a_handler_is_told_of_its_part_only_now_and_whenever_that_is_another(qtbot):
    store, told = Store(), []
    store.on(lambda state: (state.method, state.weights), told.append)
    store.update(steady=False)
    store.update(method="other")
    store.update(method="other", weights="open")
    assert told == [("dsfnet", "open"), ("other", "open")]


def test_a_handler_whose_widget_is_gone_is_not_called(qtbot):
    store, told, owner = Store(), [], QObject()
    store.on(lambda state: state.method, told.append, owner)
    delete(owner)
    store.update(method="other")
    assert told == ["dsfnet"]


def test_a_change_made_while_another_is_told_is_told_after_it(qtbot):
    store, told = Store(), []
    store.on(lambda state: state.method, lambda method: store.update(busy=method == "other"))
    store.changed.connect(lambda new, old: told.append((new.method, new.busy)))
    store.update(method="other")
    assert told == [("other", False), ("other", True)]


def test_the_changes_that_may_be_asked_for_are_the_fields_of_the_state():
    assert set(Changes.__annotations__) == {field.name for field in fields(State)}
