"""`unmask evaluate` as a user meets it: files, refusals, resumption, comparison."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.errors import InputError
from models.evaluation import command
from models.evaluation.comparison import differences, read_report
from models.evaluation.journal import NAME
from models.evaluation.protocols import protocols
from models.evaluation.report import FILES
from models.evaluation.summary import figures
from models.reconstruction import Reconstruction, Space, frozen
from tests.fakes.marks import LANDMARKS_ONLY

COUNT = 8


class Shifted:
    """Answers with the points of its box's grid, so many px too far to the right; cannot tell states."""

    name = "shifted"
    size = 32
    topology = LANDMARKS_ONLY
    switches: tuple[str, ...] = ()

    def __init__(self, px: float):
        self.px = px
        self.asked = 0

    def crop(self, face):
        x0, y0, x1, _ = face.box
        self.scale = (x1 - x0) / self.size
        return np.array([[self.scale, 0, x0], [0, self.scale, y0], [0, 0, 1]])

    def __call__(self, crops, without=frozenset()):
        self.asked += 1
        points = grid() * self.size
        points[:, 0] += self.px / self.scale
        flat = np.column_stack([points, np.zeros(68)])
        return [Reconstruction(self.name, Space.CROP, self.topology, frozen(flat), (0.0, 0.0, 0.0))]


def grid() -> np.ndarray:
    """[68, 2] in 0..1, spanning all of it."""
    return np.random.default_rng(5).permutation(
        np.stack(np.meshgrid(np.linspace(0, 1, 17), np.linspace(0, 1, 4)), -1).reshape(68, 2)
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Eight faces of 300-W whose boxes are 40 px wide and high."""
    folder = tmp_path / "helen/testset"
    folder.mkdir(parents=True)
    for i in range(COUNT):
        points = grid() * 40 + (10 + i, 12) + 1
        lines = "\n".join(f"{x:.4f} {y:.4f}" for x, y in points)
        (folder / f"{i}.pts").write_text(f"version: 1\nn_points: 68\n{{\n{lines}\n}}\n")
        Image.new("RGB", (80, 70), (90, 60, 30)).save(folder / f"{i}.png")
    return tmp_path / "helen"


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    monkeypatch.setattr(command, "figures", lambda protocol, rows: figures(protocol, rows, draws=20))


@pytest.fixture
def method(monkeypatch):
    """The method under test, wherever one is loaded."""
    made = Shifted(2.0)
    monkeypatch.setattr(command, "load", lambda *_: made)
    monkeypatch.setattr(command, "looking_twice", lambda _name: lambda _image: [])
    return made


def words(data: Path, out: Path, *more: str) -> list[str]:
    return ["300w", str(data), "--out", str(out), "--threads", "1", *more]


def test_a_run_writes_its_files_with_the_golden_figure(data, tmp_path, method, capsys):
    assert command.main(words(data, tmp_path / "out")) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*FILES, NAME}
    record = json.loads((tmp_path / "out/report.json").read_text())
    means = {(f["figure"], f["group"]): f for f in record["figures"] if f["statistic"] == "mean"}
    assert means["NME 2D, 68 points", "all"]["value"] == pytest.approx(100 * 2 / 40, abs=1e-3)
    assert means["NME 2D, 68 points", "all"]["count"] == COUNT
    assert record["weights"]["sha256"]
    assert record["run"]["command"].startswith("unmask evaluate 300w")
    assert "torch" in record["run"]["packages"]
    with (tmp_path / "out/faces.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == [f"testset/{i}" for i in range(COUNT)]
    assert [float(row["nme"]) for row in rows] == pytest.approx([5.0] * COUNT, abs=1e-3)
    text = capsys.readouterr().out
    assert "NME 2D, 68 points, mean | 5.00 % [5.00, 5.00]" in text
    for name in ("figures.png", "worst.png"):
        with Image.open(tmp_path / "out" / name) as picture:
            assert np.ptp(np.asarray(picture)) > 200


def test_a_report_that_is_there_is_not_written_over(data, tmp_path, method, capsys):
    assert command.main(words(data, tmp_path / "out")) == 0
    asked = method.asked
    assert command.main(words(data, tmp_path / "out")) == 1
    assert "there already" in capsys.readouterr().err
    assert command.main(words(data, tmp_path / "out", "--overwrite")) == 0
    assert method.asked == asked, "the journal knew all faces"


def test_a_longer_run_goes_on_from_a_shorter_one(data, tmp_path, method):
    assert command.main(words(data, tmp_path / "out", "--limit", "3")) == 0
    assert command.main(words(data, tmp_path / "out", "--overwrite")) == 0
    assert method.asked == COUNT
    assert len(json.loads((tmp_path / "out/report.json").read_text())["faces"]) == COUNT


def test_another_method_does_not_go_on_from_it(data, tmp_path, method, capsys):
    assert command.main(words(data, tmp_path / "out", "--limit", "2")) == 0
    assert command.main(words(data, tmp_path / "out", "--overwrite", "--method", "prnet")) == 1
    assert "another run" in capsys.readouterr().err


def test_boxes_of_the_finder_are_asked_for_and_missed_faces_counted(data, tmp_path, method):
    assert command.main(words(data, tmp_path / "out", "--box", "detected")) == 0
    faces = json.loads((tmp_path / "out/report.json").read_text())["faces"]
    assert [face["found"] for face in faces] == [False] * COUNT
    assert "8 lost by the finder" in (tmp_path / "out/report.md").read_text()


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (["now", "--out", "x"], "needs its data"),
        (["now", "/nowhere", "--out", "x"], "no folder"),
        (["--compare", "a.json", "b.json"], r"a\.json"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(asked, says, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert command.main(asked) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    with pytest.raises(Exception, match=says):
        command.evaluate(asked)


def reports(data, tmp_path, monkeypatch, *shifts):
    monkeypatch.setattr(command, "looking_twice", lambda _name: lambda _image: [])
    for px in shifts:
        monkeypatch.setattr(command, "load", lambda *_, px=px: Shifted(px))
        assert command.main(words(data, tmp_path / f"{px}")) == 0
    return [tmp_path / f"{px}/report.json" for px in shifts]


def test_two_reports_are_held_against_each_other_face_by_face(data, tmp_path, monkeypatch, capsys):
    first, second = reports(data, tmp_path, monkeypatch, 2.0, 1.0)
    found = differences(read_report(first), read_report(second))
    (one,) = [d for d in found if (d.column.key, d.group) == ("nme", "all")]
    assert (one.count, one.first, one.second) == (
        COUNT,
        pytest.approx(5, abs=1e-3),
        pytest.approx(2.5, abs=1e-3),
    )
    assert one.mean == pytest.approx(2.5, abs=1e-3)
    assert one.low <= one.mean <= one.high
    assert (one.verdict, one.better_share) == ("B better", 0)
    capsys.readouterr()
    assert command.main(["--compare", str(first), str(second), "--out", str(tmp_path / "c.md")]) == 0
    assert "B better" in capsys.readouterr().out
    assert command.main(["--compare", str(first), str(second), "--out", str(first)]) == 1, (
        "never over an input"
    )


def test_a_report_against_itself_shows_no_difference(data, tmp_path, monkeypatch):
    (path,) = reports(data, tmp_path, monkeypatch, 2.0)
    found = differences(read_report(path), read_report(path))
    assert {d.verdict for d in found} == {"no difference shown"}
    assert {d.better_share for d in found} == {0.5}


def test_a_report_from_before_versions_had_their_form_is_read_and_a_later_one_told(
    data, tmp_path, monkeypatch
):
    (path,) = reports(data, tmp_path, monkeypatch, 2.0)
    record = json.loads(path.read_text())
    assert record["schema"] == "unmask.evaluation/1"
    path.write_text(json.dumps(record | {"schema": "unmask evaluation 1"}))
    assert read_report(path).protocol == "300w"
    path.write_text(json.dumps(record | {"schema": "unmask.evaluation/2"}))
    with pytest.raises(InputError, match="version 2 is newer than this program"):
        read_report(path)


@pytest.mark.parametrize("change", ["schema", "protocol", "faces", "columns"])
def test_reports_that_do_not_belong_together_are_refused(data, tmp_path, monkeypatch, change):
    (path,) = reports(data, tmp_path, monkeypatch, 2.0)
    record = json.loads(path.read_text())
    record[change] = {"schema": "other", "protocol": {"name": "now"}, "faces": [], "columns": [{"x": 1}]}[
        change
    ]
    other = tmp_path / "other.json"
    other.write_text(json.dumps(record))
    with pytest.raises(InputError):
        differences(read_report(path), read_report(other))


def test_every_protocol_tells_how_it_is_fed_and_by_whom_it_was_made():
    for name, one in protocols().items():
        assert name == one.name
        assert one.columns
        assert one.layout
        assert one.source
        assert {*one.limits} <= {column.key for column in one.columns}
        assert len({column.key for column in one.columns}) == len(one.columns)
        titles = {column.title for column in one.columns} | {pooled.title for pooled in one.pooled}
        assert all(p.source and (p.ours is None or p.ours[0] in titles) for p in one.published)
    assert {"aflw2000", "aflw", "florence", "now", "realy", "stirling", "cofw68", "synthetic"} <= set(
        protocols()
    )
