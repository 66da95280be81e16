"""`unmask occlude`: files, figures, and refusals; with a method that answers by what is covered."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from models.errors import InputError
from models.occlusion.kinds import occluder
from models.occlusion.occluder import lay
from models.robustness.change import change
from models.robustness.jitter import Jitter, jittering
from models.robustness.sweep import SLIDING, Sweep, sweeping
from tests.fakes.occluded import PLAIN, ask_covered
from viewer.cli.occlude import _outputs, _planned, occlude, run_occlude
from viewer.cli.parser import parse_occlude
from viewer.occlusion.actions import KINDS
from viewer.occlusion.trials import planned_jitter, planned_sweep
from viewer.state.occlusion import Occlusion, Plan

BOX = "60,40,180,190"


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "face.png"
    Image.fromarray(np.full((240, 260, 3), PLAIN, np.uint8)).save(path)
    return path


def done(photo, *words):
    asked = parse_occlude([str(photo), "--out", str(photo.parent / "out"), "--box", BOX, *words])
    return occlude(asked, ask_covered, *_planned(asked), _outputs(asked))


def test_a_cover_a_sweep_and_a_jitter_are_written_as_the_pure_functions_give_them(photo):
    words = ("--kind", "cup", "--seed", "3", "--sweep", "sliding", "--grid", "2", "--jitter", "--draws", "3")
    paths = done(photo, *words)
    assert sorted(path.name for path in paths) == [
        "face-jitter.csv",
        "face-sweep.csv",
        "face.json",
        "face.png",
    ]
    image, box = np.asarray(Image.open(photo).convert("RGB")), (60.0, 40.0, 180.0, 190.0)
    *_, swept = sweeping(Sweep(SLIDING, grid=(2, 2), seed=3), image, box, ask_covered)
    *_, spread = jittering(Jitter(draws=3, seed=3), image, box, ask_covered)
    folder = photo.parent / "out"
    assert (folder / "face-sweep.csv").read_text() == swept.csv()
    assert (folder / "face-jitter.csv").read_text() == spread.csv()
    said = json.loads((folder / "face.json").read_text())
    assert said["schema"] == "unmask.occlusion/1"
    assert said["sweep"]["sensitivity_percent"] == swept.sensitivity().tolist()
    assert said["jitter"]["mean_spread_mm"] == spread.mean_mm
    from models.reconstructor import Face

    reference = ask_covered(image, Face(box))
    laid, hidden = lay(image, [occluder("cup", reference.landmarks[:, :2], 3)])
    row = change(ask_covered(laid, Face(box)), reference, hidden).rows[0]
    assert said["change"]["fused"]["all_mm"] == row.all_mm
    assert said["box_px"] == list(box)


def test_what_grows_is_the_kind_that_was_named_and_the_breaking_point_goes_by_its_definition(photo):
    done(photo, "--sweep", "growing", "--steps", "2", "--threshold", "1", "--factor", "3")
    said = json.loads((photo.parent / "out" / "face.json").read_text())["sweep"]
    assert said["what"] == "bottom"
    assert said["limit_percent"] == 1
    assert 0 < said["breaks_at_share"] < 1
    assert parse_occlude([str(photo), "--out", "o", "--kind", "cup", "--sweep", "growing"]).sweep == "cup"


def test_the_window_and_the_command_plan_the_same_trials(photo):
    words = ("--sweep", "sliding", "--grid", "5", "--patch", "30", "--seed", "7", "--jitter", "--shift", "2")
    sweep, jitter = _planned(parse_occlude([str(photo), "--out", "out", *words]))
    occlusion = Occlusion(plan=Plan(what="sliding", cells=5, patch_percent=30, shift_px=2), seed=7)
    assert (sweep, jitter) == (planned_sweep(occlusion), planned_jitter(occlusion))
    fresh = parse_occlude([str(photo), "--out", "out", "--sweep", "growing", "--jitter"])
    assert _planned(fresh) == (planned_sweep(Occlusion()), planned_jitter(Occlusion()))
    assert (fresh.factor, fresh.threshold_percent) == (Occlusion().factor, Occlusion().threshold_percent)


def test_the_window_offers_every_kind_there_is():
    from models.occlusion import kinds
    from models.occlusion.fillings import FILLINGS
    from models.robustness.sweep import GROWING
    from viewer.occlusion.occluders_section import FILLINGS as OFFERED
    from viewer.occlusion.trials_section import WHATS

    assert kinds.KINDS == KINDS
    assert tuple(OFFERED) == FILLINGS
    assert set(WHATS) == {SLIDING, *GROWING}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--kind", "beard"), "There is no occluder 'beard'"),
        (("--sweep", "growing", "--grow", "sideways"), "Nothing grows as 'sideways'"),
        (("--filling", "gold"), "There is no filling 'gold'"),
        (("--sweep", "sliding", "--grid", "99"), "a sweep has 1 to 400 steps"),
        (("--jitter", "--draws", "1"), "a spread needs 2 to 400 boxes"),
        (("--jitter", "--shift", "nan"), "a box is jittered by"),
        (("--device", "toaster"), "no device"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence_before_anything_is_loaded(
    photo, capsys, words, sentence
):
    assert run_occlude(parse_occlude([str(photo), "--out", str(photo.parent / "out"), *words])) == 1
    assert sentence in capsys.readouterr().err
    assert not (photo.parent / "out").exists()


def test_a_picture_without_a_face_is_refused(photo):
    asked = parse_occlude([str(photo), "--out", str(photo.parent / "out")])
    with pytest.raises(InputError, match="--box"):
        occlude(asked, ask_covered, None, None, _outputs(asked))


def test_a_table_of_a_jitter_has_a_line_per_vertex(photo):
    done(photo, "--jitter", "--draws", "2")
    with (photo.parent / "out" / "face-jitter.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 33 * 33
