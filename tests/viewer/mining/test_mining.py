"""The run and the commands: what is answered, what comes out on top, what a user does with it."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import InputError, MissingAssetError
from models.export.sheet import Text
from models.geometry.turning import Turn
from models.reconstruction import Alarm
from models.reconstructor import Face
from tests.fakes.desktop import FakeDesktop
from tests.fakes.mined import marked, mined, mined_row
from tests.fakes.reconstructor import FakeReconstructor, fake_reconstruct
from tests.fakes.sources import FakeRecording, picture
from tests.fakes.work import FakeWork
from viewer.app.commands import Commands
from viewer.inference.session import Session
from viewer.mining import curves
from viewer.mining.contact_sheet import EACH, as_pdf, as_png, parts_of
from viewer.mining.ordering import shown_rows
from viewer.mining.series import mining
from viewer.mining.written import FORMS, as_csv, as_parquet
from viewer.state.mining import (
    COLUMNS,
    NO_ROWS,
    FaceKey,
    Mark,
    Mining,
    Plan,
    Run,
    Sort,
    Table,
    Verdict,
    marks_as_json,
    marks_from_json,
)
from viewer.state.notice import Notice, Severity
from viewer.state.setting import Setting
from viewer.state.store import Store

FAKE = Setting("fake", "open")
BOX = (32.0, 48.0, 128.0, 192.0)  # where FakeWork finds the face of a picture of 320 x 240 px


def write_picture(path: Path, value: int = 90) -> Path:
    cv2.imwrite(str(path), np.full((240, 320, 3), value, np.uint8))
    return path


def write_truth(photo: Path, shift_px: float = 0.0) -> None:
    landmarks = fake_reconstruct(np.zeros((240, 320, 3), np.uint8), [Face(BOX)], FakeReconstructor())[
        0
    ].landmarks
    text = json.dumps({"landmarks": (landmarks[:, :2] + shift_px).tolist()})
    photo.with_suffix(".gt.json").write_text(text)


def run_of(*paths: Path, settings: tuple[Setting, ...] = (FAKE,), draws: int = 0) -> Run:
    return Run("faces", paths, False, settings, "finder", draws)


def answered(run: Run, work: FakeWork | None = None) -> Table:
    """The table of a whole run."""
    rows: list = []
    steps = list(mining(run, (work or FakeWork()).work(), rows.extend))
    done = [step.done for step in steps]
    assert done == sorted(done)
    assert {*done} - {0} == set(range(1, len(run.paths) + 1))
    assert all(step.total == len(run.paths) for step in steps)
    assert steps[-1].left_s == 0
    return NO_ROWS.extended(rows)


def names(table: Table, rows) -> list[str]:
    return [Path(table.texts["input"][row]).stem for row in rows]


def in_order(table: Table, **changes) -> list[str]:
    return names(table, shown_rows(replace(Mining(table=table), **changes)).rows)


def test_planted_failures_come_out_on_top_where_there_is_truth(tmp_path):
    paths = [write_picture(tmp_path / f"{number}.png") for number in range(12)]
    for number, path in enumerate(paths):
        write_truth(path, {3: 40.0, 7: 25.0, 9: 12.0}.get(number, 0.02 * number))
    table = answered(run_of(*paths))
    assert in_order(table)[:3] == ["3", "7", "9"]
    errors = dict(zip(names(table, range(12)), table.numbers["nme_percent"], strict=True))
    assert errors["3"] > errors["7"] > errors["9"] > 5 > errors["11"]
    assert table.numbers["box_iou"][3] < table.numbers["box_iou"][0]


def test_planted_failures_come_out_on_top_where_there_is_none(tmp_path):
    planted = {64: 14.0, 69: 9.0}

    def answer(image, faces, method, without):
        found = fake_reconstruct(image, faces, method, without)
        return [replace(one, likely_error=planted.get(int(image[0, 0, 0]), 2.0)) for one in found]

    paths = [write_picture(tmp_path / f"{value}.png", value) for value in range(60, 72)]
    table = answered(run_of(*paths), FakeWork(answer=answer))
    assert in_order(table)[:2] == ["64", "69"]
    assert not np.isfinite(table.numbers["nme_percent"]).any()


def test_every_picture_is_answered_exactly_once_by_each_method_whatever_is_wrong_with_it(tmp_path):
    good, dark = write_picture(tmp_path / "good.png"), write_picture(tmp_path / "dark.png", 0)
    text, gone = tmp_path / "text.png", tmp_path / "gone.png"
    text.write_text("no picture")
    two = write_picture(tmp_path / "two.png", 220)
    settings = (FAKE, Setting("other", "open"))
    table = answered(run_of(good, dark, text, gone, two, settings=settings))
    found = Counter(
        zip(names(table, range(len(table))), table.texts["method"], table.texts["outcome"], strict=True)
    )
    assert found == {
        (name, method, outcome): 2 if name == "two" else 1
        for method in ("fake", "other")
        for name, outcome in (
            ("good", "answered"),
            ("dark", "no face"),
            ("text", "problem"),
            ("gone", "problem"),
            ("two", "answered"),
        )
    }
    why = dict(zip(names(table, range(len(table))), table.texts["problem"], strict=True))
    assert "text.png" in why["text"]
    assert "gone.png" in why["gone"]
    assert why["dark"] == ""
    assert set(in_order(table)[:6]) == {"dark", "text", "gone"}, "what has no answer comes first"


def test_faces_are_looked_for_once_however_many_methods_answer(tmp_path):
    work = FakeWork()
    paths = [write_picture(tmp_path / f"{number}.png") for number in range(3)]
    answered(run_of(*paths, settings=(FAKE, Setting("other", "open"))), work)
    assert work.detections == 3
    assert work.loaded == [("fake", "open"), ("other", "open")]


def test_a_method_that_breaks_down_on_a_picture_does_not_spoil_the_next(tmp_path):
    def answer(image, faces, method, without):
        if image[0, 0, 0] == 61:
            raise RuntimeError("out of memory")
        return fake_reconstruct(image, faces, method, without)

    paths = [write_picture(tmp_path / f"{value}.png", value) for value in (60, 61, 62)]
    table = answered(run_of(*paths), FakeWork(answer=answer))
    assert table.texts["outcome"] == ("answered", "problem", "answered")
    assert "out of memory" in table.texts["problem"][1]


def test_a_method_that_cannot_be_loaded_ends_the_run_before_it_begins(tmp_path):
    run = run_of(write_picture(tmp_path / "a.png"), settings=(Setting("fake", "missing"),))
    with pytest.raises(MissingAssetError):
        next(mining(run, FakeWork().work(), lambda rows: None))


def test_a_row_tells_what_the_answer_admits(tmp_path):
    work = FakeWork(alarms=(Alarm("empty-mask", "Nothing was seen."),))
    table = answered(run_of(write_picture(tmp_path / "a.png"), draws=2), work)
    assert table.number("yaw_deg", 0) == -12
    shares = [table.number(name, 0) for name in ("seen_percent", "covered_percent", "turned_away_percent")]
    assert sum(shares) == pytest.approx(100, abs=0.1)
    assert table.number("disagreement_mm", 0) > 0
    assert table.number("box_jitter_percent", 0) > 0
    assert np.isnan(table.number("jitter_percent", 0)), "a picture does not tremble"
    assert table.texts["alarms"] == ("empty-mask",)
    assert table.box(0) == BOX
    assert (table.whole("width_px", 0), table.whole("height_px", 0)) == (320, 240)


def test_a_truth_that_cannot_be_read_is_told_and_the_answer_stays(tmp_path):
    path = write_picture(tmp_path / "a.png")
    path.with_suffix(".gt.json").write_text("{")
    table = answered(run_of(path))
    assert table.texts["outcome"] == ("answered",)
    assert "a.gt.json" in table.texts["notices"][0]


# -- marks -----------------------------------------------------------------------------------------------

texts = st.sampled_from(["", "open", "/faces/ä 'b'.png", 'two\nlines, "quoted"'])
keys = st.builds(
    FaceKey, texts, st.integers(0, 9), st.integers(0, 3), method=texts, weights=texts, left_out=texts
)
marks = st.builds(Mark, st.sampled_from([None, *Verdict]), texts)


@given(st.dictionaries(keys, marks, max_size=5))
def test_marks_survive_being_written_as_json(known):
    written = json.dumps(marks_as_json(known))
    assert dict(marks_from_json(json.loads(written))) == known


(ONE,) = marks_as_json({FaceKey("a", 0, 1, "m", "w"): Mark()})


@pytest.mark.parametrize(
    "value",
    [
        *(None, {}, [1], [{}], "text", [{"input": "a"}]),
        *([ONE | wrong] for wrong in ({"frame": "1"}, {"frame": -1}, {"mark": "so so"}, {"face": True})),
    ],
)
def test_what_is_no_list_of_marks_is_refused(value):
    with pytest.raises(InputError):
        marks_from_json(value)


def test_a_mark_belongs_to_the_answer_of_one_method_and_outlives_the_run():
    faces = mined(mined_row(0), mined_row(0, method="other"))
    noted = marked(faces, 0, Mark(Verdict.BAD, "mouth"))
    assert [noted.text("mark", row) for row in (0, 1)] == ["bad", ""]
    again = replace(noted, table=mined(mined_row(5), mined_row(0)).table)
    assert [again.text("note", row) for row in (0, 1)] == ["", "mouth"]
    assert not marked(noted, 0, Mark()).marks


# -- files -----------------------------------------------------------------------------------------------

ROWS = mined(
    mined_row(0, nme_percent=2.5),
    mined_row(1, nme_percent=None, alarms=["empty-mask"]),
    mined_row(2, nme_percent=9.0),
)
NOTED = marked(ROWS, 2, Mark(Verdict.BAD, 'hand, "before" it'))


def test_a_csv_table_holds_the_rows_in_their_order_with_all_columns():
    lines = list(csv.DictReader(io.StringIO(as_csv(NOTED, np.array([2, 0, 1])).decode())))
    assert list(lines[0]) == [column.name for column in COLUMNS]
    assert [line["picture"] for line in lines] == ["2", "0", "1"]
    assert [line["nme_percent"] for line in lines] == ["9.00", "2.50", ""]
    assert lines[0]["note"] == 'hand, "before" it'
    assert lines[2]["alarms"] == "empty-mask"


def test_a_parquet_table_holds_the_same_with_types_and_meanings():
    pytest.importorskip("pyarrow")
    import pyarrow.parquet as parquet

    table = parquet.read_table(io.BytesIO(as_parquet(NOTED, np.array([2, 0, 1]))))
    assert table.column_names == [column.name for column in COLUMNS]
    assert table["nme_percent"].to_pylist() == [9.0, 2.5, None]
    assert table["frame"].to_pylist() == [0, 0, 0]
    assert table["mark"].to_pylist() == ["bad", None, None]
    assert table["alarms"].to_pylist() == [[], [], ["empty-mask"]], "a list, as in every table of answers"
    assert table.schema.field("nme_percent").metadata[b"unit"] == b"%"


def test_without_its_library_parquet_is_refused_in_a_sentence(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(InputError, match="pip install"):
        as_parquet(NOTED, np.array([0]))


def test_a_contact_sheet_holds_both_ends_of_the_order_and_no_row_twice():
    many = mined(
        *(mined_row(index, suspicion=float(index)) for index in range(100)), mined_row(100, suspicion=None)
    )
    (worst, first), (best, last) = parts_of(many, shown_rows(many).rows)
    assert (len(first), len(last)) == (EACH, EACH)
    assert first[:2] == (99, 98)
    assert last[:2] == (0, 1)
    assert "worst" in worst
    assert "best" in best
    few = mined(*(mined_row(index, suspicion=float(index)) for index in range(3)))
    (_, first), (_, last) = parts_of(few, shown_rows(few).rows)
    assert (first, last) == ((2, 1), (0,))


def test_a_contact_sheet_is_drawn_as_picture_and_document(qapp, tmp_path):
    paths = [write_picture(tmp_path / "a.png", 200), tmp_path / "gone.png"]
    faces = mined(mined_row(0, input=str(paths[0])), mined_row(1, input=str(paths[1]), outcome="problem"))
    faces = replace(faces, run=run_of(*paths))
    drawn = cv2.imdecode(np.frombuffer(as_png(faces, np.array([0, 1])), np.uint8), cv2.IMREAD_COLOR)
    assert (drawn == 200).all(2).sum() > 20_000, "the face is on it"
    assert as_pdf(faces, np.array([0, 1])).startswith(b"%PDF")


def errors_of_two():
    """Two methods; the first has errors 1, 2, 3, 4 %, the second 2 and 6, one face without truth."""
    rows = [mined_row(i, nme_percent=i + 1.0, covered_percent=5.0 + 20 * i) for i in range(4)]
    rows += [
        mined_row(4 + i, setting=1, nme_percent=e, covered_percent=45.0) for i, e in enumerate((2.0, 6.0))
    ]
    rows.append(mined_row(6, likely_error_percent=3.0))
    faces = mined(*rows)
    run = replace(faces.run, settings=(Setting("fake", "open"), Setting("peer", "open")))
    return replace(faces, run=run, current=1)


def test_the_cumulative_curve_of_a_run_has_a_line_for_each_method_and_the_face_on_it():
    faces = errors_of_two()
    everything = np.arange(len(faces.table))
    sheet = curves.cumulative_sheet(faces, everything)
    told = [item.text for item in sheet.items if isinstance(item, Text)]
    assert {"fake · open (4)", "peer · open (2)", "the face shown: 2.00, 50 % no worse"} <= set(told)
    assert "NME (%)" in told
    assert curves.shares(faces.table.numbers["nme_percent"][:4]).tolist() == [
        *([1, 25], [2, 50], [3, 75], [4, 100])
    ]
    no_truth = replace(faces, current=-1)
    assert curves.error_column(no_truth, np.array([6])) == "likely_error_percent"
    with pytest.raises(InputError, match="neither ground truth nor"):
        curves.cumulative_sheet(mined(mined_row(0)), np.array([0]))


def test_errors_are_averaged_over_the_covered_share():
    x = np.array([0, 9.9, 12, 100, np.nan, 50])
    y = np.array([1, 3.0, 7, 5, 9, np.nan])
    assert curves.means(x, y).tolist() == [[4.95, 2.0], [12.0, 7.0], [100.0, 5.0]]
    faces = errors_of_two()
    sheet = curves.covered_sheet(faces, np.arange(len(faces.table)))
    told = [item.text for item in sheet.items if isinstance(item, Text)]
    assert {"Covered (%)", "NME (%)", "peer · open: mean of 10 % each"} <= set(told)
    with pytest.raises(InputError, match="does not say what is covered"):
        curves.covered_sheet(faces, np.array([6]))


def test_likely_errors_are_held_against_the_true_ones():
    told = np.array([4.0, 1.0, np.nan, 3.0, 2.0])
    true = np.array([5.0, 1.5, 1.0, np.nan, 2.5])
    assert curves.tenths(told, true).tolist() == [[1.0, 1.5], [2.0, 2.5], [4.0, 5.0]]
    many = np.arange(40.0)
    line = curves.tenths(many[::-1], 2 * many[::-1])
    assert line.tolist() == [[1.5 + 4 * k, 3.0 + 8 * k] for k in range(10)]
    faces = mined(*(mined_row(i, nme_percent=i + 2.0, likely_error_percent=i + 1.5) for i in range(4)))
    sheet = curves.reliable_sheet(faces, np.arange(4))
    names = [item.text for item in sheet.items if isinstance(item, Text)]
    assert any(name.endswith("(4): 0.5 off on the mean") for name in names)
    assert {"Likely error (%)", "NME (%)"} <= set(names)
    with pytest.raises(InputError, match="both ground truth and a likely error"):
        curves.reliable_sheet(mined(mined_row(0, nme_percent=2.0)), np.array([0]))


def test_curves_are_written_as_picture_and_page(qapp):
    faces = mined(
        *(
            mined_row(i, nme_percent=i + 1.0, covered_percent=9.0 * i, likely_error_percent=2.0)
            for i in range(3)
        )
    )
    rows = np.arange(3)
    for kind in ("curve", "covered", "reliability"):
        picture = FORMS[f"{kind}-png"].encoded(faces, rows)
        assert cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR).shape == (800, 1200, 3)
        assert FORMS[f"{kind}-pdf"].encoded(faces, rows).startswith(b"%PDF")


# -- commands --------------------------------------------------------------------------------------------


@dataclass
class Desk:
    store: Store
    session: Session
    commands: Commands
    desktop: FakeDesktop
    work: FakeWork

    @property
    def mining(self) -> Mining:
        return self.store.state.mining


@pytest.fixture
def desk(qtbot) -> Iterator[Desk]:
    work, desktop, store = FakeWork(), FakeDesktop(), Store()
    session = Session(store, work.work())
    commands = Commands(store, session, desktop)
    yield Desk(store, session, commands, desktop, work)
    work.gate.set()
    assert commands.close()
    assert session.close(5)


def mine(qtbot, desk: Desk, *paths: Path) -> None:
    desk.commands.mining.mine(paths)
    qtbot.waitUntil(lambda: desk.mining.running is None)


def folder_of(tmp_path: Path, count: int = 3) -> Path:
    folder = tmp_path / "album"
    folder.mkdir()
    for number in range(count):
        write_picture(folder / f"{number}.png", 60 + number)
    return folder


def test_a_folder_is_mined_in_the_background_by_who_answers_in_the_window(qtbot, desk, tmp_path):
    mine(qtbot, desk, folder_of(tmp_path, 12))
    assert names(desk.mining.table, range(12)) == [str(number) for number in range(12)]
    assert desk.mining.run.name == "album"
    assert set(desk.mining.table.texts["method"]) == {desk.store.state.method}
    assert desk.mining.shows == 1
    assert desk.store.state.frame is None, "the panels show what they showed"


def test_the_banner_about_an_empty_folder_goes_when_another_one_is_mined(qtbot, desk, tmp_path):
    (tmp_path / "empty").mkdir()
    mine(qtbot, desk, tmp_path / "empty")
    assert desk.store.state.notice.cause == f"There is no picture or video in {tmp_path / 'empty'}."
    assert desk.store.state.notice.remedy.startswith("Choose a folder that holds some itself")
    mine(qtbot, desk, folder_of(tmp_path, 1))
    assert desk.store.state.notice is None
    other = Notice(Severity.INFO, "Wrote a.ply.")
    desk.store.update(notice=other)
    mine(qtbot, desk, tmp_path / "album")
    assert desk.store.state.notice == other, "it is about something else"


def test_others_answer_if_the_plan_says_so(qtbot, desk, tmp_path):
    desk.commands.mining.plan(Plan((FAKE, Setting("other", "open")), draws=2))
    mine(qtbot, desk, folder_of(tmp_path, 1))
    assert desk.mining.table.texts["method"] == ("fake", "other")
    assert np.isfinite(desk.mining.table.numbers["box_jitter_percent"]).all()


def test_a_list_names_the_pictures(qtbot, desk, tmp_path):
    folder = folder_of(tmp_path)
    (tmp_path / "faces.txt").write_text(f"# two of them\n{folder / '2.png'}\n{folder / '0.png'}\n")
    mine(qtbot, desk, tmp_path / "faces.txt")
    assert names(desk.mining.table, range(2)) == ["2", "0"]


def test_a_run_can_be_cancelled_and_keeps_its_rows(qtbot, desk, tmp_path):
    desk.work.gate.clear()
    desk.commands.mining.mine([folder_of(tmp_path, 5)])
    assert desk.work.reached.wait(10)
    desk.commands.mining.cancel()
    desk.work.gate.set()
    qtbot.waitUntil(lambda: desk.mining.running is None)
    assert 1 <= len(desk.mining.table) < 5


def test_a_second_run_waits_for_the_user_to_cancel_the_first(qtbot, desk, tmp_path):
    folder = folder_of(tmp_path)
    desk.work.gate.clear()
    desk.commands.mining.mine([folder])
    desk.commands.mining.mine([folder])
    assert "still under way" in desk.store.state.notice.cause
    desk.work.gate.set()
    qtbot.waitUntil(lambda: desk.mining.running is None)
    assert len(desk.mining.table) == 3


def test_what_cannot_be_mined_is_told(qtbot, desk, tmp_path):
    (tmp_path / "void").mkdir()
    desk.commands.mining.mine([tmp_path / "void"])
    assert "no picture" in desk.store.state.notice.cause
    assert desk.mining.run is None
    desk.store.update(weights="missing")
    mine(qtbot, desk, folder_of(tmp_path))
    assert "not there" in desk.store.state.notice.cause


def opened_run(qtbot, desk: Desk, tmp_path: Path) -> None:
    """Three pictures mined, the second with two faces, and ready to be opened."""
    folder = folder_of(tmp_path)
    write_picture(folder / "1.png", 220)
    frames = [replace(picture(f"{n}.png", value), index=n, count=3) for n, value in enumerate((60, 220, 62))]
    desk.desktop.sources[str(folder / "0.png")] = FakeRecording("album", frames)
    mine(qtbot, desk, folder)


def test_opening_a_row_shows_its_picture_and_selects_its_face(qtbot, desk, tmp_path):
    opened_run(qtbot, desk, tmp_path)
    assert names(desk.mining.table, range(4)) == ["0", "1", "1", "2"]
    desk.commands.mining.open_row(2)
    qtbot.waitUntil(lambda: desk.store.state.selected_face == 1)
    assert desk.store.state.shown.frame.name == "1.png"
    source = desk.session.recording
    desk.commands.mining.open_row(3)
    qtbot.waitUntil(
        lambda: desk.store.state.answer is not None and desk.store.state.shown.frame.name == "2.png"
    )
    assert desk.session.recording is source, "the run is walked through, not opened again"
    assert desk.mining.current == 3


@pytest.mark.parametrize("turn", [Turn(mirrored=True), Turn(2)], ids=["mirrored", "upside down"])
def test_in_a_picture_turned_by_hand_the_face_of_the_row_is_selected_where_it_then_lies(
    qtbot, desk, tmp_path, turn
):
    opened_run(qtbot, desk, tmp_path)
    left, right = 0, 1
    desk.commands.mining.open_row(0)
    qtbot.waitUntil(lambda: desk.store.state.answer is not None and not desk.store.state.busy)
    desk.commands.playback.turn_as(turn)
    for row, place in ((2, left), (3, left), (1, right), (3, left), (2, left)):
        desk.commands.mining.open_row(row)
        qtbot.waitUntil(lambda: desk.commands.mining._row == -1 and not desk.store.state.busy)
        assert desk.store.state.selected_face == place


@pytest.mark.parametrize("elsewhere", ["another photo", "another picture of the run"])
def test_no_row_can_be_marked_while_another_picture_is_shown(qtbot, desk, tmp_path, elsewhere):
    opened_run(qtbot, desk, tmp_path)
    desk.commands.mining.open_row(2)
    qtbot.waitUntil(lambda: desk.store.state.selected_face == 1 and not desk.store.state.busy)
    assert desk.mining.current == 2
    if elsewhere == "another photo":
        desk.commands.playback.open("photo.png")
    else:
        desk.session.recording.seek(0)
    qtbot.waitUntil(lambda: desk.mining.current == -1)
    desk.commands.mining.mark(Verdict.BAD)
    assert not desk.mining.marks


def test_opening_a_row_lets_its_method_answer(qtbot, desk, tmp_path):
    desk.commands.mining.plan(Plan((Setting("other", "open", frozenset({"model space"})),)))
    opened_run(qtbot, desk, tmp_path)
    desk.commands.mining.open_row(0)
    qtbot.waitUntil(lambda: desk.store.state.answer is not None and not desk.store.state.busy)
    assert desk.store.state.answer.method == "other"
    assert desk.store.state.answer.left_out == ("model space",)


def test_the_open_row_is_marked_and_noted(qtbot, desk, tmp_path):
    opened_run(qtbot, desk, tmp_path)
    desk.commands.mining.mark(Verdict.BAD)
    assert not desk.mining.marks, "no row is open"
    desk.commands.mining.open_row(0)
    desk.commands.mining.mark(Verdict.BAD)
    desk.desktop.typed = "sunglasses"
    desk.commands.mining.note()
    assert desk.mining.mark(0) == Mark(Verdict.BAD, "sunglasses")
    desk.commands.mining.mark(Verdict.BAD)
    assert desk.mining.mark(0) == Mark(None, "sunglasses")


@pytest.mark.parametrize(("said", "left"), [(None, "sunglasses"), ("", ""), ("a\n b ", "a b")])
def test_a_note_is_changed_taken_away_and_kept_by_who_thinks_better_of_it(
    qtbot, desk, tmp_path, monkeypatch, said, left
):
    opened_run(qtbot, desk, tmp_path)
    desk.commands.mining.open_row(0)
    desk.commands.mining.set_note("sunglasses")
    monkeypatch.setattr(desk.desktop, "ask_notes", lambda question, notes: said)
    desk.commands.mining.note()
    assert desk.mining.mark(0).note == left


def test_the_rows_shown_are_written_in_their_order(qtbot, desk, tmp_path):
    mine(qtbot, desk, folder_of(tmp_path))
    desk.commands.mining.filter("picture > 0")
    desk.commands.mining.sort(Sort("picture", True))
    desk.desktop.chosen = str(tmp_path)
    desk.commands.mining.export("csv")
    qtbot.waitUntil(lambda: (tmp_path / "album-mining.csv").exists())
    lines = list(csv.DictReader((tmp_path / "album-mining.csv").read_text().splitlines()))
    assert [line["picture"] for line in lines] == ["2", "1"]
    desk.commands.mining.filter("picture > 9")
    desk.commands.mining.export("csv")
    assert "no rows" in desk.store.state.notice.cause
