import pytest

from viewer.state.camera import Camera
from viewer.state.state import State
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
