from dataclasses import replace

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QDialogButtonBox

from tests.fakes.desk import a_desk, at_rest
from tests.fakes.work import FakeWork
from viewer.app.models_work import models_work
from viewer.app.startup import first_state
from viewer.cli.options import Launch
from viewer.cli.parser import parse
from viewer.preferences.dialog import PreferencesDialog
from viewer.state.notice import Severity
from viewer.state.settings import Settings
from viewer.state.state import State
from viewer.state.style import Theme

TWO = ("cpu", "cuda:0")


@pytest.fixture
def desk(qtbot):
    with a_desk(qtbot, work=FakeWork(there=TWO)) as made:
        yield made


@pytest.fixture
def dialog(qtbot, desk):
    made = PreferencesDialog(desk.store, desk.commands.preferences)
    qtbot.addWidget(made)
    return made


def settings_at(tmp_path):
    return Settings(QSettings(str(tmp_path / "kept.ini"), QSettings.Format.IniFormat))


def pick(box, value):
    """As a user picks a row of a list."""
    place = box.findData(value)
    assert box.model().item(place).isEnabled()
    box.setCurrentIndex(place)
    box.activated.emit(place)


def test_left_to_itself_a_method_runs_on_the_fastest_device(desk):
    assert desk.state.device == "cuda:0"
    assert [device.name for device in desk.state.devices] == ["cpu", "cuda:0"]


def test_another_device_loads_the_method_there_and_answers_again(qtbot, desk, dialog):
    with qtbot.waitSignal(desk.session.answered):
        pick(dialog.device, "cpu")
    at_rest(qtbot, desk)
    assert desk.work.ran_on == ["cuda:0", "cpu"]
    assert desk.state.device == "cpu"
    assert "CPU" in dialog.runs_on()


def test_the_name_of_the_device_it_runs_on_anyway_loads_nothing_again(qtbot, desk, dialog):
    with qtbot.waitSignal(desk.session.answered):
        pick(dialog.device, "cuda:0")
    assert desk.work.ran_on == ["cuda:0"]


def test_a_device_whose_memory_runs_out_hands_over_to_the_cpu_and_says_so(qtbot, desk):
    desk.work.full = "cuda:0"
    desk.commands.playback.open("other.png")
    qtbot.waitUntil(lambda: desk.state.device == "cpu" and desk.state.answer is not None)
    at_rest(qtbot, desk)
    notice = desk.state.notice
    assert notice.severity is Severity.WARNING
    assert "cuda:0 has too little free memory" in notice.cause
    assert "The CPU answers" in notice.remedy
    assert desk.state.device_wish == "cpu"


def test_a_device_of_the_last_session_that_is_gone_hands_over_to_the_fastest(qtbot):
    with a_desk(qtbot, first=State(device_wish="cuda:3"), work=FakeWork(there=TWO)) as desk:
        at_rest(qtbot, desk)
        assert desk.state.answer is not None
        assert (desk.state.device_wish, desk.state.device) == ("auto", "cuda:0")
        assert "cuda:3" in desk.state.notice.cause


def test_memory_of_the_machine_itself_is_no_matter_of_the_device(qtbot):
    with a_desk(qtbot) as desk:
        desk.work.full = "cpu"
        desk.commands.playback.open("other.png")
        qtbot.waitUntil(lambda: desk.state.notice is not None)
        assert "CPU answers" not in desk.state.notice.remedy


def test_a_limit_of_threads_holds_from_the_next_answer_on(qtbot, desk, dialog):
    with qtbot.waitSignal(desk.session.answered):
        dialog.threads.setValue(3)
    assert desk.work.threads == [3]
    with qtbot.waitSignal(desk.session.answered):
        dialog.threads.setValue(0)
    assert desk.work.threads == [3, 0]


def test_torch_is_given_the_limit_and_its_own_number_back():
    import torch

    own, limit = torch.get_num_threads(), models_work().limit_threads
    try:
        limit(own + 1)
        assert torch.get_num_threads() == own + 1
        limit(0)
        assert torch.get_num_threads() == own
    finally:
        torch.set_num_threads(own)


def test_real_devices_begin_with_the_cpu_and_take_an_answer_there():
    work = models_work()
    assert work.devices()[0].name == "cpu"
    assert all(work.device(device.name) == device.name for device in work.devices())


def test_theme_detector_and_method_are_chosen_at_once(qtbot, desk, dialog):
    pick(dialog.theme, Theme.LIGHT)
    assert desk.state.theme is Theme.LIGHT
    pick(dialog.detector, "haar")
    assert desk.state.detector == "haar"
    other = next(
        dialog.method.itemData(place)
        for place in range(dialog.method.count())
        if dialog.method.model().item(place).isEnabled() and place != dialog.method.currentIndex()
    )
    pick(dialog.method, other)
    assert (desk.state.method, desk.state.weights) == (other.method, other.weights)


def test_what_cannot_be_chosen_is_greyed_and_says_why(dialog, desk, qtbot, tmp_path, monkeypatch):
    monkeypatch.setenv("UNMASK_ASSETS", str(tmp_path))
    fresh = PreferencesDialog(desk.store, desk.commands.preferences)
    qtbot.addWidget(fresh)
    place = fresh.detector.findData("yunet")
    assert not fresh.detector.model().item(place).isEnabled()
    assert fresh.detector.itemData(place, Qt.ItemDataRole.ToolTipRole)


def test_the_dialog_follows_what_is_chosen_elsewhere(desk, dialog):
    desk.commands.display.toggle_theme()
    desk.store.update(device_wish="cpu", threads=2)
    assert dialog.theme.currentData() is desk.state.theme
    assert dialog.device.currentData() == "cpu"
    assert dialog.threads.value() == 2


def test_restored_defaults_are_those_of_a_first_session(desk, dialog):
    desk.store.update(device_wish="cpu", threads=2, theme=Theme.LIGHT, detector="haar")
    buttons = dialog.findChild(QDialogButtonBox)
    next(button for button in buttons.buttons() if button.text() == "Restore defaults").click()
    first, state = State(), desk.state
    assert (state.device_wish, state.threads) == (first.device_wish, first.threads)
    assert (state.theme, state.detector) == (first.theme, first.detector)


def test_device_and_threads_outlive_the_session_and_the_command_line_has_the_word(tmp_path):
    settings = settings_at(tmp_path)
    settings.keep(State(device_wish="cuda:1", threads=4))
    assert settings.sync()
    kept = first_state(settings_at(tmp_path), Launch())
    assert (kept.device_wish, kept.threads, kept.notice) == ("cuda:1", 4, None)
    asked = parse(["--device", "cpu"])
    assert first_state(settings_at(tmp_path), asked).device_wish == "cpu"


@pytest.mark.parametrize(
    ("key", "value"), [("device", "toaster"), ("threads", "many"), ("threads", "9999"), ("theme", "mauve")]
)
def test_a_setting_that_makes_no_sense_falls_back_with_a_notice(tmp_path, key, value):
    settings_at(tmp_path).keep(State())
    store = QSettings(str(tmp_path / "kept.ini"), QSettings.Format.IniFormat)
    store.setValue(key, value)
    store.sync()
    first = first_state(settings_at(tmp_path), Launch())
    assert (first.device_wish, first.threads, first.theme) == ("auto", 0, Theme.DARK)
    assert key in first.notice.cause
    assert value in first.notice.cause


def test_a_damaged_file_of_settings_is_said_in_the_banner(tmp_path):
    (tmp_path / "kept.ini").write_bytes(bytes(range(256)))
    first = first_state(settings_at(tmp_path), Launch())
    assert "kept.ini.bad" in first.notice.cause
    assert replace(first, notice=None).device_wish == "auto"
