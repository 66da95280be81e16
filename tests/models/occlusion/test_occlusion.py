"""Covers: exact where they are laid, nowhere else, and on the part of the face they are meant for."""

from __future__ import annotations

import math
from itertools import pairwise

import cv2
import numpy as np
import pytest

from models.occlusion.__main__ import main, sketched_landmarks
from models.occlusion.face_frame import face_frame
from models.occlusion.fillings import FILLINGS, Filling, fill
from models.occlusion.kinds import KINDS, occluder
from models.occlusion.occluder import Occluder, lay, moved, placed, scaled, turned
from models.occlusion.sweeps import covered_share, face_area, growing, sliding

SIDE = 240
JAW, BROWS, EYES, MOUTH = slice(0, 17), slice(17, 27), slice(36, 48), slice(48, 68)
SEEDS = range(12)


def photo(seed: int = 0, shape: tuple[int, int] = (60, 80)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3), np.uint8)


def at(x: float, y: float) -> np.ndarray:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], float)


def scribble(seed: int = 1, shape: tuple[int, int] = (20, 30)) -> np.ndarray:
    """A random sprite, a third of it clear, a third of it solid."""
    rng = np.random.default_rng(seed)
    rgba = rng.integers(0, 256, (*shape, 4), np.uint8)
    rgba[..., 3] = np.where(
        rng.random(shape) < 1 / 3, 0, np.where(rng.random(shape) < 0.5, 255, rgba[..., 3])
    )
    return rgba


def hidden_points(one: Occluder, landmarks: np.ndarray, side: int = SIDE) -> np.ndarray:
    """[68] bool."""
    _, hidden = lay(np.zeros((side, side, 3), np.uint8), [one])
    x, y = np.rint(landmarks).astype(int).T.clip(0, side - 1)
    return hidden[y, x] > 0.5


def test_a_cover_on_whole_pixels_is_laid_by_the_alpha_formula_and_nowhere_else():
    under, rgba = photo(), scribble()
    laid, hidden = lay(under, [Occluder("scribble", rgba, at(7, 11))])
    expected = under.astype(float)
    a = rgba[..., 3:] / 255
    expected[11:31, 7:37] = under[11:31, 7:37] * (1 - a) + rgba[..., :3] * a
    assert np.array_equal(laid, np.rint(expected).astype(np.uint8))
    assert hidden[11:31, 7:37] == pytest.approx(a[..., 0], abs=1e-6)
    desktop = np.ones((60, 80), bool)
    desktop[11:31, 7:37] = False
    assert not hidden[desktop].any()


def test_what_lies_beyond_the_photo_is_cut_off():
    under, rgba = photo(), scribble()
    laid, _ = lay(under, [Occluder("scribble", rgba, at(-10, -5))])
    whole = np.pad(under, ((5, 0), (10, 0), (0, 0)))
    assert np.array_equal(laid, lay(whole, [Occluder("scribble", rgba, at(0, 0))])[0][5:, 10:])
    for far in ((200, 0), (0, 200), (-31, 0), (0, -21)):
        same, hidden = lay(under, [Occluder("scribble", rgba, at(*far))])
        assert np.array_equal(same, under)
        assert not hidden.any()


def test_the_photo_itself_is_not_changed_and_no_cover_leaves_it_as_it_is():
    under = photo()
    before = under.copy()
    lay(under, [Occluder("scribble", scribble(), at(3, 3))])
    assert np.array_equal(under, before)
    assert np.array_equal(lay(under, [])[0], under)


def test_later_covers_lie_above_earlier_ones_and_hide_together():
    red, blue = (
        np.full((10, 10, 4), (255, 0, 0, 255), np.uint8),
        np.full((10, 10, 4), (0, 0, 255, 102), np.uint8),
    )
    occluders = [Occluder("red", red, at(5, 5)), Occluder("blue", blue, at(10, 5))]
    laid, hidden = lay(photo(), occluders)
    assert laid[6, 12].tolist() == [153, 0, 102]
    assert lay(photo(), occluders[::-1])[0][6, 12].tolist() == [255, 0, 0]
    assert hidden[6, 17] == pytest.approx(0.4)
    both = lay(photo(), [occluders[1], occluders[1]])[1]
    assert both[6, 12] == pytest.approx(1 - 0.6**2)


@pytest.mark.parametrize("factor", [0.23, 0.5, 1.7])
def test_a_resized_cover_keeps_its_colour_and_its_area(factor):
    rgba = np.zeros((60, 60, 4), np.uint8)
    rgba[...] = (10, 200, 90, 0)
    cv2.circle(rgba, (30, 30), 22, (10, 200, 90, 255), -1, cv2.LINE_AA)
    T = np.array([[factor, 0, 20.3], [0, factor, 12.6], [0, 0, 1]])
    laid, hidden = lay(np.full((140, 140, 3), 255, np.uint8), [Occluder("disc", rgba, T)])
    assert hidden.sum() == pytest.approx(factor**2 * (rgba[..., 3] / 255).sum(), rel=0.01)
    expected = 255 * (1 - hidden[..., None]) + np.array([10, 200, 90]) * hidden[..., None]
    assert np.abs(laid - expected).max() <= 1  # no dark or light rim


def test_a_tilted_cover_is_laid_within_its_corners_and_not_beyond_its_horizon():
    T = np.array([[1, 0.2, 10], [0.1, 1, 8], [0.004, 0.002, 1]])
    one = Occluder("card", np.full((30, 40, 4), 255, np.uint8), T)
    _, hidden = lay(photo(), [one])
    outline = np.zeros((60, 80), np.uint8)
    cv2.fillConvexPoly(outline, np.rint(one.corners * 16).astype(np.int32), 1, cv2.LINE_8, 4)
    assert hidden.sum() == pytest.approx(outline.sum(), rel=0.08)
    T[2, 0] = -0.05
    with pytest.raises(ValueError, match="horizon"):
        lay(photo(), [Occluder("card", np.full((30, 40, 4), 255, np.uint8), T)])


def test_moving_turning_and_scaling_are_about_the_middle_or_a_given_point():
    one = Occluder("card", scribble(), at(10, 20))
    x, y = one.middle
    assert (x, y) == (24.5, 29.5)
    assert moved(one, 3, -4).middle == pytest.approx((x + 3, y - 4))
    assert turned(one, 0.7).middle == pytest.approx((x, y))
    assert scaled(one, 2.5).middle == pytest.approx((x, y))
    assert turned(one, math.pi / 2, about=(0, 0)).middle == pytest.approx((-y, x))
    assert scaled(one, 2, about=(0, 0)).corners == pytest.approx(2 * one.corners)
    back = turned(scaled(turned(scaled(one, 2), 0.3), 0.5), -0.3)
    assert back.T_image_occluder == pytest.approx(one.T_image_occluder)
    with pytest.raises(ValueError, match="above 0"):
        scaled(one, 0)


@pytest.mark.parametrize(
    ("rgba", "T"),
    [
        (np.zeros((3, 3, 3), np.uint8), np.eye(3)),
        (np.zeros((0, 3, 4), np.uint8), np.eye(3)),
        (np.zeros((3, 3, 4)), np.eye(3)),
        (np.zeros((3, 3, 4), np.uint8), np.zeros((3, 3))),
        (np.zeros((3, 3, 4), np.uint8), np.full((3, 3), np.nan)),
    ],
)
def test_what_is_no_cover_is_refused(rgba, T):
    with pytest.raises(ValueError, match=r"occluder"):
        Occluder("bad", rgba, T)


def test_a_cover_cannot_be_changed_behind_its_back():
    rgba, T = scribble(), at(0, 0)
    one = Occluder("scribble", rgba, T)
    rgba[:], T[:] = 0, 0
    assert one.rgba.any()
    assert np.linalg.det(one.T_image_occluder) == 1
    with pytest.raises(ValueError, match="read-only"):
        one.rgba[0, 0] = 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_draws_the_same_and_another_seed_another(kind):
    landmarks = sketched_landmarks()
    first, again, other = (occluder(kind, landmarks, seed) for seed in (3, 3, 4))
    assert np.array_equal(first.rgba, again.rgba)
    assert np.array_equal(first.T_image_occluder, again.T_image_occluder)
    assert first.rgba.shape != other.rgba.shape or not np.array_equal(first.rgba, other.rgba)
    assert first.kind == kind


@pytest.mark.parametrize("kind", KINDS)
def test_covers_move_turn_and_grow_with_the_face(kind):
    landmarks = sketched_landmarks()
    cos, sin = 1.7 * math.cos(0.6), 1.7 * math.sin(0.6)
    T = np.array([[cos, -sin, 150], [sin, cos, -40], [0, 0, 1]])
    carried = landmarks @ T[:2, :2].T + T[:2, 2]
    there, expected = occluder(kind, carried, 5), placed(occluder(kind, landmarks, 5), T)
    assert there.corners == pytest.approx(expected.corners, abs=2)
    big = np.full((500, 500, 3), 128, np.uint8)
    (a, hidden), (b, wanted) = lay(big, [there]), lay(big, [expected])
    assert np.abs(hidden - wanted).mean() < 0.002
    assert np.abs(a.astype(float) - b).mean() < 0.5


MUST_HIDE = {
    "mask": [MOUTH, slice(5, 12), slice(30, 36)],
    "sunglasses": [EYES],
    "scarf": [MOUTH, slice(6, 11)],
    "microphone": [slice(61, 64), slice(65, 68)],
    "cup": [slice(56, 59)],
}
MUST_LEAVE = {
    "mask": [EYES, BROWS],
    "sunglasses": [MOUTH, slice(4, 13), slice(30, 36)],
    "scarf": [EYES, BROWS],
    "microphone": [EYES, BROWS],
    "cup": [EYES, BROWS],
}


@pytest.mark.parametrize("kind", MUST_HIDE)
def test_a_kind_hides_what_it_is_for_and_leaves_the_rest(kind):
    landmarks = sketched_landmarks()
    for seed in SEEDS:
        gone = hidden_points(occluder(kind, landmarks, seed), landmarks)
        assert all(gone[part].all() for part in MUST_HIDE[kind]), seed
        assert not any(gone[part].any() for part in MUST_LEAVE[kind]), seed


def test_a_half_board_hides_about_half_the_points_from_every_side():
    landmarks = sketched_landmarks()
    sides = set()
    for seed in range(30):
        gone = hidden_points(occluder("half board", landmarks, seed), landmarks)
        assert 0.35 <= gone.mean() <= 0.65
        away = landmarks[gone].mean(0) - landmarks.mean(0)
        sides.add((int(np.abs(away).argmax()), bool(away[np.abs(away).argmax()] > 0)))
    assert len(sides) == 4


@pytest.mark.parametrize(("kind", "least"), [("hand", 0.08), ("random", 0.01)])
def test_what_lies_anywhere_hides_some_of_the_face_and_not_all(kind, least):
    landmarks = sketched_landmarks()
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    shares = [covered_share(lay(picture, [occluder(kind, landmarks, seed)])[1], landmarks) for seed in SEEDS]
    assert min(shares) >= least
    assert max(shares) < 0.95
    assert np.mean(shares) > 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_a_profile_gets_its_cover_too(kind):
    """The far half of a face turned by 80 degrees is folded onto the near one."""
    flat = face_frame(sketched_landmarks()).points
    depth = 0.45 - 0.9 * flat[:, 0] ** 2
    turned_x = flat[:, 0] * math.cos(1.4) + depth * math.sin(1.4)
    landmarks = np.stack([turned_x, flat[:, 1]], 1) * 130 + 110
    for seed in range(3):
        assert 0.02 < hidden_points(occluder(kind, landmarks, seed), landmarks).mean() < 0.9


@pytest.mark.parametrize(
    "landmarks", [np.zeros((68, 2)), np.ones((5, 2)), np.full((68, 2), np.nan), np.ones(68)]
)
def test_what_is_no_face_is_refused(landmarks):
    with pytest.raises(ValueError, match="68"):
        occluder("mask", landmarks, 0)


def test_an_unknown_kind_names_the_known_ones():
    with pytest.raises(ValueError, match="half board"):
        occluder("umbrella", sketched_landmarks(), 0)


@pytest.mark.parametrize("kind", FILLINGS)
def test_a_filling_hides_the_painted_area_and_nothing_else(kind):
    under, area = photo(), np.zeros((60, 80), np.float32)
    area[10:30, 15:40], area[10:30, 40] = 1, 0.4
    one = fill(under, area, Filling(kind), seed=2)
    laid, hidden = lay(under, [one])
    assert hidden == pytest.approx(area, abs=1e-6)
    assert np.array_equal(laid[area == 0], under[area == 0])
    assert not np.array_equal(laid[area == 1], under[area == 1])
    assert np.array_equal(laid, lay(under, [fill(under, area, Filling(kind), seed=2)])[0])


def test_fillings_show_what_they_say():
    under = photo()
    area = np.zeros((60, 80), bool)
    area[5:25, 8:28] = True

    def shown(filling: Filling) -> np.ndarray:
        return lay(under, [fill(under, area, filling, 0)])[0][5:25, 8:28]

    assert (shown(Filling("colour", (1, 2, 3))) == (1, 2, 3)).all()
    assert np.array_equal(shown(Filling("patch", offset_px=(30, 12))), under[17:37, 38:58])
    assert np.array_equal(shown(Filling("patch", offset_px=(0, -25)))[:20], under[:20, 8:28][::-1])
    assert shown(Filling("blur", size_px=6)).std() < under[5:25, 8:28].std() / 4
    noise = shown(Filling("noise", size_px=5))
    assert (noise[:5, :5] == noise[0, 0]).all()
    assert len(np.unique(noise.reshape(-1, 3), axis=0)) == 16


def test_nothing_painted_hides_nothing_and_bad_paint_is_refused():
    under = photo()
    assert not lay(under, [fill(under, np.zeros((60, 80)), Filling())])[1].any()
    with pytest.raises(ValueError, match="as large"):
        fill(under, np.zeros((10, 10)), Filling())
    for bad in ({"kind": "glue"}, {"colour": (0, 0, 300)}, {"size_px": 0.0}):
        with pytest.raises(ValueError, match=r"filling|colour|size_px"):
            Filling(**bad)


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_a_growing_board_hides_even_steps_of_the_face_from_its_side(side):
    landmarks = sketched_landmarks() + np.array([13, 5])
    picture = np.zeros((SIDE + 60, SIDE + 60, 3), np.uint8)
    hidden = [lay(picture, [one])[1] for one in growing(side, landmarks, 5)]
    shares = [covered_share(part, landmarks) for part in hidden]
    assert shares == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0], abs=0.015)
    y, x = np.nonzero((hidden[0] > 0.5) & face_area(landmarks, *hidden[0].shape))
    middle = (landmarks.min(0) + landmarks.max(0)) / 2
    towards = {"left": middle[0] - x, "right": x - middle[0], "top": middle[1] - y, "bottom": y - middle[1]}
    assert towards[side].min() > 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_growing_kind_never_uncovers_and_ends_whole(kind):
    landmarks = sketched_landmarks()
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    steps = [lay(picture, [one])[1] for one in growing(kind, landmarks, 4, seed=1)]
    assert all((after >= before - 1e-6).all() for before, after in pairwise(steps))
    assert np.array_equal(steps[-1], lay(picture, [occluder(kind, landmarks, 1)])[1])
    assert 0 < steps[0].sum() < steps[-1].sum()


def test_a_sliding_patch_tiles_its_box_row_by_row():
    under = photo(shape=(64, 96))
    patches = sliding(under, (8, 4, 88, 60), (4, 5), 16.0)
    hidden = np.stack([lay(under, [patch])[1] for patch in patches])
    y, x = np.indices((64, 96))
    weight = hidden.sum((1, 2))
    centres = np.stack([(hidden * x).sum((1, 2)), (hidden * y).sum((1, 2))], 1) / weight[:, None]
    expected = [(8 + 16 * (c + 0.5), 4 + 14 * (r + 0.5)) for r in range(4) for c in range(5)]
    assert centres == pytest.approx(np.array(expected), abs=0.05)
    assert weight == pytest.approx(np.full(20, 256.0), rel=0.01)
    assert (hidden.sum(0)[5:59, 9:87] >= 0.99).all()


def test_a_patch_beyond_the_photo_hides_nothing():
    under = photo()
    assert not lay(under, [sliding(under, (200, 200, 220, 220), (1, 1), 8)[0]])[1].any()


def test_the_covered_share_is_the_mean_over_the_face():
    hidden = np.zeros((40, 50), np.float32)
    hidden[:, 10:20] = 0.5
    face = np.zeros((40, 50), bool)
    face[5:15, 15:35] = True
    assert covered_share(hidden, face) == pytest.approx(0.5 * 5 / 20)
    assert math.isnan(covered_share(hidden, np.zeros((40, 50), bool)))
    square = np.column_stack([np.tile([[20.0, 5], [29, 5], [29, 14], [20, 14]], (17, 1)), np.ones(68)])
    assert covered_share(hidden + 0.25, square) == pytest.approx(0.25)  # landmarks in space will do
    with pytest.raises(ValueError, match="as large"):
        covered_share(hidden, face[:10])


@pytest.mark.parametrize("steps", [0, -1])
def test_sweeps_need_steps_and_a_known_name(steps):
    with pytest.raises(ValueError, match="step"):
        growing("left", sketched_landmarks(), steps)
    with pytest.raises(ValueError, match="mask"):
        growing("umbrella", sketched_landmarks(), 3)


def test_the_sheet_is_written_or_the_reason_told(tmp_path, capsys):
    assert main([str(tmp_path / "sheet.png"), "--seeds", "1"]) == 0
    assert cv2.imread(str(tmp_path / "sheet.png")).shape == (len(KINDS) * SIDE, SIDE, 3)
    assert main([str(tmp_path / "sheet.png"), str(tmp_path / "no.jpg")]) == 1
    assert "no.jpg" in capsys.readouterr().err
