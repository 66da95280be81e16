"""Covering a face step by step, and jittering its box: with methods whose answers follow a formula."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from models.occlusion.fillings import Filling
from models.occlusion.occluder import lay, moved
from models.occlusion.sweeps import covered_share, sliding
from models.reconstruction import MeshLayer, frozen
from models.reconstructor import Face
from models.robustness.change import change, under_cover, with_change
from models.robustness.jitter import Jitter, jittering, spread, with_spread
from models.robustness.sweep import SLIDING, Step, Sweep, Swept, sweeping
from tests.fakes.occluded import PER_SHARE_PX, PLAIN, ask_boxed, ask_covered

FACE = Face((60.0, 40.0, 180.0, 190.0))
PHOTO = np.full((240, 260, 3), PLAIN, np.uint8)


@pytest.fixture(scope="module")
def reference():
    return ask_covered(PHOTO, FACE)


def made(sweep):
    *_, result = sweeping(sweep, PHOTO, FACE.box, ask_covered)
    return result


def test_the_way_of_a_vertex_is_in_mm_and_a_shift_of_all_depths_is_none(reference):
    far = replace(reference, vertices=frozen(reference.vertices + np.array([3, 4, 50], np.float32)))
    found = change(far, reference, np.zeros(PHOTO.shape[:2], np.float32))
    assert found.rows[0].branch == "fused"
    assert found.rows[0].all_mm == pytest.approx(5 * reference.mm_per_px, rel=1e-5)
    assert found.vertex_mm[0] == pytest.approx(np.full(len(far.vertices), 5 * reference.mm_per_px), rel=1e-4)
    assert [row.all_mm for row in found.rows[1:]] == [0, 0]
    low, high = reference.landmarks.min(0), reference.landmarks.max(0)
    size = np.sqrt((high[0] - low[0]) * (high[1] - low[1]))
    assert found.percent(found.rows[0].all_mm) == pytest.approx(100 * 5 / size, rel=1e-5)


def test_open_and_covered_vertices_are_told_apart_by_the_cover_over_them(reference):
    hidden = np.zeros(PHOTO.shape[:2], np.float32)
    hidden[:, :120] = 1
    under = under_cover(reference.vertices, hidden)
    assert (under == (np.rint(reference.vertices[:, 0]) < 120)).all()
    vertices = reference.vertices.copy()
    vertices[under, 0] += 2
    row = change(replace(reference, vertices=vertices), reference, hidden).rows[0]
    assert (row.covered_mm, row.open_mm) == pytest.approx((2 * reference.mm_per_px, 0), rel=1e-5)
    assert np.isnan(change(reference, reference, np.zeros_like(hidden)).rows[0].covered_mm)


def test_a_vertex_beyond_the_picture_is_under_no_cover(reference):
    away = frozen(reference.vertices - 1000)
    assert not under_cover(away, np.ones(PHOTO.shape[:2], np.float32)).any()


def test_every_branch_is_coloured_by_its_own_change(reference):
    layers = tuple(
        replace(layer, vertices=frozen(layer.vertices + np.array([2, 0, 0], np.float32)))
        if isinstance(layer, MeshLayer) and layer.name == "model space"
        else layer
        for layer in reference.layers
    )
    answer = replace(reference, layers=layers)
    marked = with_change(answer, change(answer, reference, np.zeros(PHOTO.shape[:2], np.float32)))
    assert not marked.scalar("change").values.any()
    own = {s.name: s for s in marked.layer("model space").scalars}["change"]
    assert own.values == pytest.approx(2 * reference.mm_per_px, rel=1e-5)
    assert own.unit == "mm"


def test_answers_of_two_topologies_are_refused(reference):
    fewer = replace(reference, vertices=reference.vertices[:-1])
    with pytest.raises(ValueError, match="cannot be compared"):
        change(fewer, reference, np.zeros(PHOTO.shape[:2], np.float32))


@pytest.mark.parametrize("what", ["bottom", "left"])
def test_an_error_of_k_times_the_covered_share_gives_that_line_and_its_breaking_point(reference, what):
    sweep = Sweep(what, steps=8, seed=3)
    result = made(sweep)
    per_share = 100 * PER_SHARE_PX * reference.mm_per_px / result.face_mm
    assert len(result.steps) == 9
    assert result.shares[0] == 0
    assert (np.diff(result.shares) >= 0).all()
    assert result.percent() == pytest.approx(per_share * result.shares, abs=0.025 * per_share)
    threshold = per_share * result.shares[-1] / 2
    assert result.breaking(2.0, threshold).share == pytest.approx(threshold / per_share, abs=0.03)
    assert result.breaking(2.0, 2 * per_share) is None


def test_the_limit_is_a_multiple_of_the_error_without_a_cover_plus_a_threshold(reference):
    rows = ask_rows(reference, (1.0, 2.0, 4.0))
    taken = tuple(Step(None, share, row) for share, row in zip((0.0, 0.2, 0.6), rows, strict=True))
    result = Swept(Sweep("top", steps=2), taken, reference.box, face_mm=100.0)
    breaking = result.breaking(factor=2.0, threshold_percent=1.0)
    assert (breaking.share, breaking.limit_percent) == pytest.approx((0.4, 3.0))


def ask_rows(reference, ways_mm):
    row = change(reference, reference, np.zeros(PHOTO.shape[:2], np.float32)).rows[0]
    return [(replace(row, all_mm=way),) for way in ways_mm]


def test_a_sliding_patch_gives_a_map_of_where_it_hurts(reference):
    sweep = Sweep(SLIDING, grid=(4, 3), patch=0.2, filling=Filling("colour", (200, 0, 0)))
    result = made(sweep)
    cells = result.sensitivity()
    assert cells.shape == (4, 3)
    assert result.breaking() is None
    per_share = 100 * PER_SHARE_PX * reference.mm_per_px / result.face_mm
    assert cells.reshape(-1) == pytest.approx(per_share * result.shares[1:], abs=0.01 * per_share)
    assert cells[1, 1] > cells[0, 0]  # the corner of the box lies beyond the face's outline


@pytest.mark.parametrize("kind", ["colour", "noise", "blur", "patch"])
def test_patches_of_a_sweep_are_those_laid_on_the_whole_photo(reference, kind):
    photo = np.random.default_rng(0).integers(0, 256, (600, 700, 3), np.uint8)
    about = replace(reference, box=(260.0, 240.0, 380.0, 390.0))
    sweep = Sweep(SLIDING, grid=(2, 2), filling=Filling(kind, size_px=5, offset_px=(-30, 20)), seed=4)
    whole = sliding(photo, about.box, (2, 2), 0.25 * 150, sweep.filling, 4)
    for one, other in zip(sweep.occluders(photo, about), whole, strict=True):
        assert (lay(photo, [one])[0] == lay(photo, [other])[0]).all()


def test_the_same_seed_sweeps_the_same():
    sweep = Sweep("random", steps=3, seed=5)
    first, second = made(sweep), made(sweep)
    assert first.csv() == second.csv()


def test_steps_say_how_much_their_cover_hides(reference):
    for step in made(Sweep("right", steps=2)).steps:
        occluders = () if step.occluder is None else (step.occluder,)
        assert step.share == covered_share(lay(PHOTO, occluders)[1], reference.landmarks)
    assert step.share == pytest.approx(1, abs=0.02)


def test_a_step_costs_one_answer_so_that_stopping_takes_no_longer():
    asked = []

    def ask(image, face):
        asked.append(face.box)
        return ask_covered(image, face)

    series = sweeping(Sweep("top", steps=5), PHOTO, FACE.box, ask)
    for count in (1, 2, 3):
        assert len(next(series).steps) == count
        assert asked == [FACE.box] * (count + 1)


def test_a_table_of_a_sweep_has_a_line_per_step_and_no_invented_figures(reference):
    sweep = Sweep(SLIDING, grid=(1, 2))
    table = made(sweep).csv()
    lines = list(csv.DictReader(io.StringIO(table)))
    assert [line["step"] for line in lines] == ["0", "1", "2"]
    assert [(line["row"], line["column"]) for line in lines] == [("", ""), ("0", "0"), ("0", "1")]
    assert lines[0]["fused_covered_mm"] == ""
    assert float(lines[1]["model_space_all_percent"]) > 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"what": "sideways"},
        {"steps": 0},
        {"steps": 9999},
        {"grid": (0, 3), "what": SLIDING},
        {"patch": 0},
        {"seed": -1},
    ],
)
def test_a_sweep_that_cannot_be_made_is_refused_in_a_sentence(wrong):
    with pytest.raises(ValueError, match="not"):
        Sweep(**wrong)


def test_the_spread_of_a_face_that_follows_its_box_is_that_of_the_boxes(reference):
    jitter = Jitter(draws=12, shift_px=5, scale=0.0, seed=1)
    *_, found = jittering(jitter, PHOTO, FACE.box, ask_boxed)
    assert found.draws == 12
    corners = np.array([box[:2] for box in jitter.boxes(FACE.box)])
    analytic = np.sqrt(corners.var(axis=0, ddof=1).sum()) * reference.mm_per_px
    assert found.vertex_mm == pytest.approx(np.full(len(found.vertex_mm), analytic), rel=1e-4)
    assert found.mean_percent == pytest.approx(100 * analytic / found.face_mm, rel=1e-4)
    assert with_spread(reference, found).scalar("spread").values is found.vertex_mm


def test_boxes_are_shifted_and_scaled_as_much_as_asked_and_the_same_for_a_seed():
    jitter = Jitter(draws=400, shift_px=3, scale=0.1, seed=2)
    boxes = np.array(jitter.boxes(FACE.box))
    assert (boxes == np.array(jitter.boxes(FACE.box))).all()
    assert (boxes != np.array(replace(jitter, seed=3).boxes(FACE.box))).any()
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    assert middles.std(0) == pytest.approx([3, 3], rel=0.12)
    assert middles.mean(0) == pytest.approx([120, 115], abs=0.6)
    widths = boxes[:, 2] - boxes[:, 0]
    assert np.log(widths / 120).std() == pytest.approx(0.1, rel=0.12)
    assert (boxes[:, 3] - boxes[:, 1]) / widths == pytest.approx(150 / 120)


@pytest.mark.parametrize("wrong", [{"draws": 1}, {"shift_px": -1}, {"scale": 2}, {"scale": float("nan")}])
def test_a_jitter_that_cannot_be_made_is_refused(wrong):
    with pytest.raises(ValueError, match="box"):
        Jitter(**wrong)


def test_no_depth_offset_counts_as_spread(reference):
    deep = [frozen(reference.vertices + np.array([0, 0, z], np.float32)) for z in (0, 30, 60)]
    assert spread(Jitter(), deep, reference).vertex_mm == pytest.approx(0, abs=1e-4)


def test_a_cover_moved_by_whole_pixels_moves_what_it_hides_byte_for_byte(reference):
    occluder = Sweep(SLIDING, grid=(1, 1), filling=Filling("noise"), seed=1).occluders(PHOTO, reference)[0]
    one, other = lay(PHOTO, [occluder])[0], lay(PHOTO, [moved(occluder, 7, 3)])[0]
    assert (one[:-3, :-7] == other[3:, 7:]).all()
