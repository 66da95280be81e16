import platform

import numpy as np
import pyqtgraph
import PySide6
import torch
from PySide6.QtCore import Qt, qVersion

from resources import program_version
from viewer.methods.terms import Terms
from viewer.state.driver import Driver
from viewer.state.state import State
from viewer.window.about import AboutDialog, about, as_html, as_text

DIGEST = "0123456789abcdef" * 4
FILES = [Terms("dsfnet · open", DIGEST[:12], "Theirs <1>", "/files/a.safetensors", DIGEST)]
STATE = State(device="cuda:1", driver=Driver("Mesa", "llvmpipe <x>", "4.5"))


def rows():
    return {name: value for section in about(STATE, FILES) for name, value in section.rows}


def test_every_part_is_told_by_its_version():
    told = rows()
    assert told["Unmask"] == program_version()
    assert told["Python"] == platform.python_version()
    assert told["Qt"] == qVersion()
    assert told["PySide6-Essentials"] == PySide6.__version__
    assert told["torch"] == torch.__version__
    assert told["numpy"] == np.__version__
    assert told["pyqtgraph"] == pyqtgraph.__version__
    assert told["opencv-python"]


def test_the_driver_and_the_device_are_told_or_that_nothing_has_drawn():
    told = rows()
    assert told["Methods run on"] == "CUDA:1"
    assert (told["OpenGL vendor"], told["OpenGL version"]) == ("Mesa", "4.5")
    fresh = dict(row for section in about(State(), []) for row in section.rows)
    assert fresh["OpenGL renderer"] == "no 3D panel has drawn yet"


def test_the_weights_are_told_with_all_of_their_sha256_and_their_licence():
    text = as_text(about(STATE, FILES))
    for part in ("Weights in use: dsfnet · open", DIGEST, "Theirs <1>", "/files/a.safetensors"):
        assert part in text


def test_what_files_and_drivers_say_is_no_markup():
    html = as_html(about(STATE, FILES))
    assert "Theirs &lt;1&gt;" in html
    assert "llvmpipe &lt;x&gt;" in html


def test_all_of_it_can_be_copied(qtbot):
    copied = []
    dialog = AboutDialog(about(STATE, FILES), copied.append)
    qtbot.addWidget(dialog)
    qtbot.mouseClick(dialog.copy, Qt.MouseButton.LeftButton)
    assert copied == [as_text(about(STATE, FILES))]
    assert "llvmpipe <x>" in dialog.told.toPlainText()
