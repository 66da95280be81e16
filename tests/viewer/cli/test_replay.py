"""`unmask replay`: the same answers end in 0, others in 1 and a sentence for each figure that differs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from PIL import Image

from models.occlusion.occluder import Occluder
from models.reconstructor import Face
from tests.fakes.reconstructor import FakeReconstructor, fake_reconstruct
from viewer.__main__ import main
from viewer.cases.case import Case
from viewer.cases.case_file import read_file, write_file
from viewer.cases.commands import save
from viewer.cases.numbers import SAME, differences
from viewer.cases.pictures import png
from viewer.cases.replaying import shown_again
from viewer.cli import answering, case_answers, render, replay
from viewer.inference.request import occluders_of
from viewer.sources.still import read_still
from viewer.state.comparison import Comparison, Pinned, Side
from viewer.state.occlusion import Layer, Occlusion, Stack
from viewer.state.setting import Setting
from viewer.state.shown import FoundBy, Search
from viewer.state.state import State

FACE = Face((60.0, 40.0, 180.0, 190.0))
PRNET = Setting("prnet", "open")


@pytest.fixture(autouse=True)
def fakes(monkeypatch):
    """Methods and detectors without weights."""

    def reconstruct(image, faces, method, without):
        """As the fake, but what lies on the face moves it, and every method answers otherwise."""
        shift = image[60:150, 80:160].mean() / 50 + len(method.name)
        answers = fake_reconstruct(image, faces, method, without)
        return [replace(answer, vertices=answer.vertices + np.float32(shift)) for answer in answers]

    monkeypatch.setattr(case_answers, "load", lambda name, weights, device: FakeReconstructor(name))
    for module in (replay, case_answers):
        monkeypatch.setattr(module, "detect", lambda image, detector: [FACE])
    monkeypatch.setattr(answering, "reconstruct", reconstruct)


def asked(setting: Setting):
    method = FakeReconstructor(setting.method)
    return lambda image, faces: answering.reconstruct(image, faces, method, setting.without)


@pytest.fixture
def case(tmp_path) -> Path:
    """A case with an occluder, a second method and a pinned answer about another picture."""
    folder = tmp_path / "case"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name in ("face.png", "other.png"):
        Image.fromarray(rng.integers(0, 255, (240, 260, 3), np.uint8)).save(folder / name)
    frame, other = read_still(folder / "face.png"), read_still(folder / "other.png")
    rgba = np.full((50, 50, 4), 255, np.uint8)
    layer = Layer("patch", Occluder("patch", rgba, np.array([[1.0, 0, 90], [0, 1, 90], [0, 0, 1]])))
    usual = Setting("dsfnet", "open")
    pinned = shown_again(other, [FACE], None, asked(usual), lambda image: [FACE])
    state = State(
        opened=(str(folder / "face.png"),),
        occlusion=Occlusion(stack=Stack((layer,))),
        panel_layout="a-b",
        comparison=Comparison(
            Side(pinned=Pinned(pinned, 0, usual, (str(folder / "other.png"),))), Side("", PRNET)
        ),
    )
    shown = shown_again(frame, [FACE], occluders_of(state), asked(usual), lambda image: [FACE])
    others = {PRNET: tuple(asked(PRNET)(shown.frame.image, shown.faces))}
    shown = replace(shown, others=others, search=Search(FoundBy.DETECTED))
    path = folder / "face.case.json"
    save(replace(state, shown=shown), path, lambda setting: None, lambda done, of: None)
    return path


def replayed(case: Path, *words: str) -> int:
    return main(["replay", str(case), "--out", str(case.parent.parent / "out"), *words])


def changed(path: Path, **parts: object) -> Case:
    case = replace(read_file(path), **parts)
    write_file(path, case)
    return case


def with_first_face(case: Case, **parts: object):
    first = case.answers[0]
    face = replace(first.faces[0], **parts)
    return (replace(first, faces=(face,)), *case.answers[1:])


def test_the_same_answers_are_told_as_the_same_and_written(case, capsys):
    assert replayed(case) == 0
    assert capsys.readouterr().out == f"{case}: the same\n"
    written = sorted(path.name for path in (case.parent.parent / "out").iterdir())
    stems = ("face-2", "face-pinned-1", "face")
    assert written == sorted(f"{stem}.{kind}" for stem in stems for kind in ("json", "png"))
    answers = json.loads((case.parent.parent / "out" / "face-2.json").read_text())
    assert answers["faces"][0]["method"] == "prnet"


def test_an_answer_that_differs_is_told_figure_by_figure_and_ends_in_1(case, capsys):
    was = read_file(case)
    face = was.answers[0].faces[0]
    points = ((face.landmarks_px[0][0] + 9, *face.landmarks_px[0][1:]), *face.landmarks_px[1:])
    pose = (face.pose_deg[0] + 1, *face.pose_deg[1:])
    shares = MappingProxyType({**face.state_shares, "seen": face.state_shares["seen"] / 2})
    changed(case, answers=with_first_face(was, landmarks_px=points, pose_deg=pose, state_shares=shares))
    assert replayed(case) == 1
    told = capsys.readouterr().out.splitlines()
    assert [line.removeprefix(f"{case}: dsfnet open: face 1, ").split(":")[0] for line in told] == [
        "pitch",
        "landmarks",
        "share seen",
    ]
    assert "1 of 68 differ, the most by 9 px (at most 0.4)" in told[1]


@pytest.mark.parametrize(
    ("name", "spoil", "told"),
    [
        ("occluders", lambda case: replace(case.occluders, layers=()), "dsfnet open: face 1, landmarks"),
        ("pinned", lambda case: (replace(case.pinned[0], faces=(case.pinned[0].faces[0],) * 2),), "pinned"),
        ("who", None, ""),
        (
            "faces",
            lambda case: (replace(case.faces[0], box_px=(0.0, 0.0, 100.0, 100.0)),),
            "where it was found",
        ),
        ("answers", lambda case: (), "holds no figures to compare with"),
    ],
)
def test_whatever_part_of_the_case_is_not_as_it_was_is_noticed(case, capsys, name, spoil, told):
    if spoil is not None:
        changed(case, **{name: spoil(read_file(case))})
    assert replayed(case) == (0 if spoil is None else 1)
    assert told in capsys.readouterr().out


def test_a_picture_that_differs_alone_is_noticed(case, capsys):
    was = read_file(case)
    black = png(np.zeros((148, 160, 3), np.uint8))
    changed(case, answers=(replace(was.answers[0], thumbnail=black), *was.answers[1:]))
    assert replayed(case) == 1
    assert "of its pixels differ clearly" in capsys.readouterr().out


def test_what_another_machine_changes_is_not_called_a_difference(case):
    """Half of every tolerance is none, twice each is one."""
    then = read_file(case).answers[0]
    face = then.faces[0]
    size = np.sqrt(120 * 150)

    def moved(by: float):
        off = by * SAME.points_percent / 100 * size
        points = tuple((x + off, y, z) for x, y, z in face.landmarks_px)
        pose = tuple(angle + by * SAME.pose_deg for angle in face.pose_deg)
        mm = face.mm_per_px * (1 + by * SAME.scale)
        return replace(then, faces=(replace(face, landmarks_px=points, pose_deg=pose, mm_per_px=mm),))

    assert differences(then, moved(0.5)) == ()
    assert len(differences(then, moved(2))) == 5  # three angles, landmarks, scale


def test_a_turn_is_compared_round_the_circle(case):
    then = read_file(case).answers[0]
    face = then.faces[0]
    left, right = (
        replace(then, faces=(replace(face, pose_deg=(0.0, 0.0, roll)),)) for roll in (179.99, -179.99)
    )
    assert differences(left, right) == ()


@pytest.mark.parametrize("damage", ["gone", "cut", "no case"])
def test_a_case_that_cannot_be_used_ends_in_1_with_a_sentence_and_is_left_alone(case, capsys, damage):
    if damage == "gone":
        (case.parent / "face.png").unlink()
    elif damage == "cut":
        case.write_text(case.read_text()[:300])
    else:
        case.write_text("{}")
    before = case.read_bytes()
    assert replayed(case) == 1
    error = capsys.readouterr().err
    assert error.startswith("unmask: face.case.json ")
    assert error.count(". ") >= 1
    assert case.read_bytes() == before
    assert not (case.parent.parent / "out").exists()


def test_nothing_is_written_over_unless_that_is_wished(case, capsys):
    assert replayed(case) == 0
    capsys.readouterr()
    assert replayed(case) == 1
    assert "are there already" in capsys.readouterr().err
    assert replayed(case, "--overwrite") == 0
    assert main(["replay", str(case), "--out", str(case.parent), "--overwrite"]) == 1
    assert "over an input" in capsys.readouterr().err


def test_weights_of_another_hash_are_told_and_do_not_count_by_themselves(case, capsys):
    was = read_file(case)
    other = replace(was.who, sha256="ab" * 32)
    changed(case, who=other, answers=(replace(was.answers[0], who=other), *was.answers[1:]))
    assert replayed(case) == 0
    assert "other weights open than when the case was saved" in capsys.readouterr().err


def test_a_case_is_rendered_as_it_was_saved(case, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(render, "load", lambda name, weights="open", device="cpu": FakeReconstructor(name))
    drawn = []
    monkeypatch.setattr(render, "faces_figure", lambda rows, wish: drawn.extend(rows) or "sheet")
    monkeypatch.setattr(render, "figure_file", lambda sheet, path: b"figure")
    out = tmp_path / "figure.svg"
    assert main(["render", str(case), "--out", str(out)]) == 0, capsys.readouterr().err
    (row,) = drawn
    then = read_file(case).answers
    assert [answer.method for answer in row.answers] == [one.who.method for one in then]
    assert (row.image[100:130, 100:130] == 255).all(), "the occluder lies on the picture"
    assert out.read_bytes() == b"figure"


@pytest.mark.parametrize("part", ["input", "answers"])
def test_a_case_with_nothing_to_render_is_a_sentence(case, tmp_path, capsys, part):
    empty = replace(read_file(case), **{part: None if part == "input" else ()})
    write_file(case, empty)
    assert main(["render", str(case), "--out", str(tmp_path / "figure.svg")]) == 1
    assert "Save it" in capsys.readouterr().err or part == "input"
    assert not (tmp_path / "figure.svg").exists()
