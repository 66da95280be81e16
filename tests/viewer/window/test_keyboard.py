"""Every control has a name for assistive tools, and the keyboard reaches it."""

from dataclasses import replace
from itertools import islice

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QDialog,
    QDockWidget,
    QHeaderView,
    QLineEdit,
    QScrollBar,
    QTabBar,
    QTextEdit,
)

from models.catalogue import methods
from tests.fakes.mined import mined, mined_row
from tests.viewer.window.test_window import Opened, open_photo, opened  # noqa: F401
from viewer.app.startup import make_panels
from viewer.state.layout import PANEL_LAYOUTS

KINDS = (
    QAbstractButton,
    QAbstractSlider,
    QComboBox,
    QAbstractItemView,
    QAbstractSpinBox,
    QLineEdit,
    QTextEdit,
)
OF_QT = (QAbstractSpinBox, QComboBox, QTabBar, QLineEdit, QAbstractItemView)
"""What Qt puts inside of these is theirs."""

DIALOGS = ("preferences", "about", "shortcuts", "assets")


def controls(root):
    """Those of ours: not the parts Qt makes its own controls of."""
    for kind in KINDS:
        for control in root.findChildren(kind):
            inner = control.objectName().startswith("qt_") or isinstance(control, QScrollBar | QHeaderView)
            of_qt = any(isinstance(parent, OF_QT) for parent in parents(control))
            if not (inner or of_qt):
                yield control


def parents(control):
    """Those around it, the nearest first."""
    at = control
    while (at := at.parentWidget()) is not None:
        yield at


def unnamed(root):
    return [told(one) for one in controls(root) if not (one.accessibleName() or text_of(one))]


def unreachable(root):
    return [told(one) for one in controls(root) if one.focusPolicy() is Qt.FocusPolicy.NoFocus]


def text_of(control):
    return control.text() if isinstance(control, QAbstractButton) else ""


def told(control):
    around = [type(parent).__name__ for parent in islice(parents(control), 4)]
    name = control.accessibleName() or text_of(control) or control.objectName()
    return f"{type(control).__name__} {name!r} in {' in '.join(around)}"


def test_every_control_of_the_window_has_a_name_and_the_keyboard_reaches_it(qtbot, opened):  # noqa: F811
    open_photo(qtbot, opened)
    opened.store.update(mining=replace(mined(mined_row(0), mined_row(1)), current=0))
    for dock in opened.window.findChildren(QDockWidget):
        dock.show()
    assert len(list(controls(opened.window))) > 60
    assert unnamed(opened.window) == []
    assert unreachable(opened.window) == []


@pytest.mark.parametrize("name", DIALOGS)
def test_every_control_of_a_dialog_has_a_name_and_the_keyboard_reaches_it(qtbot, opened, name):  # noqa: F811
    assert methods()
    opened.assembly.actions[name].trigger()
    dialog = opened.window.findChild(QDialog, name)
    assert list(controls(dialog))
    assert unnamed(dialog) == []
    assert unreachable(dialog) == []
    dialog.close()


@pytest.mark.gl
def test_every_control_of_the_panels_has_a_name_and_the_keyboard_reaches_it(qtbot):
    panels = make_panels()
    for panel in panels.widgets.values():
        qtbot.addWidget(panel)
        assert unnamed(panel) == []
        assert unreachable(panel) == []
    assert {row for layout in PANEL_LAYOUTS for row in layout.panels} <= set(panels.widgets)
