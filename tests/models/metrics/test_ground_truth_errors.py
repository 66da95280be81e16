from dataclasses import replace
from math import dist, sqrt

import numpy as np
import pytest

from models.geometry.landmarks import MIRROR
from models.ground_truth.record import GroundTruth, TrueMesh
from models.metrics.ground_truth_errors import concerned, judged, spread, suspicion, with_errors
from models.metrics.normalisers import NORMALISERS, normaliser
from models.metrics.scores import figures
from models.reconstruction import MeshLayer, frozen
from models.reconstructor import Face
from tests.fakes.reconstructor import FakeReconstructor, fake_reconstruct

SIZE = (320, 240)
BOX = normaliser("box")


def answers(*boxes):
    image = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    faces = [Face(box) for box in boxes or ((60.0, 30.0, 220.0, 220.0),)]
    return fake_reconstruct(image, faces, FakeReconstructor())


def truth_of(points: np.ndarray, **fields) -> GroundTruth:
    return GroundTruth("truth", "", frozen(points), size=SIZE, **fields)


def face68(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform((60, 40, -30), (240, 200, 30), (68, 3))


def scan(mesh: np.ndarray, triangles: np.ndarray | None = None) -> GroundTruth:
    held = TrueMesh(frozen(mesh), np.zeros((0, 3), np.int32) if triangles is None else triangles)
    return GroundTruth("scan", "", mesh=held, size=SIZE)


def value(judgement, metric: str, points: str, key: str = "box", branch: str = "fused") -> float:
    rows = figures(judgement, normaliser(key))
    (row,) = [row for row in rows if row.metric == metric and row.points.startswith(points)]
    return dict(row.values)[branch]


def test_the_figures_are_those_of_plain_arithmetic():
    (answer,) = answers()
    seen = np.arange(68) % 4 > 0
    true = answer.landmarks + np.random.default_rng(3).normal(0, 4, (68, 3))
    judgement = judged(answer, truth_of(true, visible=seen))
    own = answer.landmarks.tolist()
    apart = [dist(a[:2], b[:2]) for a, b in zip(own, true.tolist(), strict=True)]
    xs, ys = [p[0] for p in true.tolist()], [p[1] for p in true.tolist()]
    wide, high = max(xs) - min(xs), max(ys) - min(ys)
    expected = {
        "box": sqrt(wide * high),
        "diagonal": sqrt(wide**2 + high**2),
        "outer-eyes": dist(true[36, :2], true[45, :2]),
        "pupils": dist(true[36:42, :2].mean(0), true[42:48, :2].mean(0)),
    }
    assert {row.key for row in NORMALISERS} == set(expected)
    for key, size in expected.items():
        assert value(judgement, "NME 2D", "68", key) == pytest.approx(100 * sum(apart) / 68 / size, rel=1e-4)
        hidden = [d for d, is_seen in zip(apart, seen, strict=True) if not is_seen]
        assert value(judgement, "NME 2D", "17 hidden", key) == pytest.approx(
            100 * sum(hidden) / 17 / size, rel=1e-4
        )


def test_every_figure_names_metric_points_and_normaliser():
    (answer,) = answers()
    judgement = judged(answer, truth_of(face68(), pose_deg=(3.0, -10.0, 6.0)))
    titles = [row.title for row in figures(judgement, BOX)]
    assert titles[0] == "NME 2D, 68 points, sqrt(w h) of the truth's box"
    assert any("visible points (by the answer)" in title for title in titles)
    assert any(title.startswith("NME 3D, 68 points") for title in titles)
    first = figures(judgement, BOX)[0]
    assert first.sentence("fused").startswith(f"{titles[0]}: ")
    assert first.sentence("fused").endswith(" % (fused)")
    assert value(judgement, "Pose error", "yaw") == pytest.approx(2)


def test_every_branch_has_its_own_figure_and_a_branch_left_out_has_none():
    image, face = np.zeros((SIZE[1], SIZE[0], 3), np.uint8), [Face((60.0, 30.0, 220.0, 220.0))]
    (answer,) = fake_reconstruct(image, face, FakeReconstructor())
    model = answer.topology.landmarks(answer.layer("model space").vertices)
    judgement = judged(answer, truth_of(model))
    assert value(judgement, "NME 2D", "68", branch="model space") == pytest.approx(0, abs=1e-5)
    assert value(judgement, "NME 2D", "68", branch="image space") > 0
    (alone,) = fake_reconstruct(image, face, FakeReconstructor(), frozenset({"image space"}))
    branches = [branch.branch for branch in judged(alone, truth_of(model)).branches]
    assert branches == ["fused", "model space"]


@pytest.mark.parametrize("normal", NORMALISERS, ids=lambda row: row.key)
def test_what_a_normaliser_draws_has_the_length_it_divides_by(normal):
    points = face68(1)
    lengths = np.linalg.norm(normal.lines(points)[:, 1] - normal.lines(points)[:, 0], axis=1)
    measured = sqrt(lengths[0] * lengths[1]) if normal.key == "box" else lengths[-1]
    assert measured == pytest.approx(float(normal.size(points)))


def test_points_that_are_no_landmarks_have_no_eyes():
    cloud = np.random.default_rng(0).uniform(0, 9, (500, 3))
    assert np.isnan(normaliser("outer-eyes").size(cloud))
    assert np.isfinite(normaliser("diagonal").size(cloud))


def test_an_unknown_normaliser_is_named():
    with pytest.raises(KeyError, match="pupils"):
        normaliser("chin")


def test_depth_of_the_truth_counts_from_anywhere_and_its_lack_is_no_error():
    (answer,) = answers()
    deep = judged(answer, truth_of(answer.landmarks + np.array([0, 0, 500])))
    assert value(deep, "NME 3D", "68") == pytest.approx(0, abs=1e-4)
    flat = judged(answer, truth_of(answer.landmarks[:, :2]))
    assert [row.metric for row in figures(flat, BOX)] == ["NME 2D"] * 3
    assert flat.landmarks == pytest.approx(answer.landmarks)


def test_a_good_truth_raises_no_suspicion():
    (answer,) = answers()
    noisy = answer.landmarks + np.random.default_rng(0).normal(0, 4, (68, 3))
    assert suspicion(answer.landmarks, frozen(noisy), SIZE) == ""


def test_flipped_mirrored_shifted_and_one_based_truths_are_told():
    own = frozen(face68(2) + np.array([20, 15, 0]))
    upside_down = own * np.array([1, -1, 1]) + [0, SIZE[1] - 1, 0]
    assert "flipped" in suspicion(own, frozen(upside_down), SIZE)
    assert "flipped" in suspicion(own, frozen(upside_down), None) or own[:, 1].mean() != pytest.approx(120)
    mirrored = (own * np.array([-1, 1, 1]) + [SIZE[0] - 1, 0, 0])[list(MIRROR)]
    assert "mirrored" in suspicion(own, frozen(mirrored), SIZE)
    assert "(+1, +1)" in suspicion(own, frozen(own + np.array([1, 1, 0])), SIZE)
    assert "shifted by (-30, +12)" in suspicion(own, frozen(own + np.array([-30, 12, 0])), SIZE)


def test_the_mirror_of_the_landmarks_undoes_itself():
    assert sorted(MIRROR) == list(range(68))
    assert [MIRROR[i] for i in MIRROR] == list(range(68))
    assert (MIRROR[36], MIRROR[48], MIRROR[0], MIRROR[8], MIRROR[30], MIRROR[31]) == (45, 54, 16, 8, 30, 35)


def test_the_truth_is_about_the_face_it_overlaps():
    two = answers((10.0, 40.0, 120.0, 200.0), (180.0, 40.0, 300.0, 200.0))
    assert concerned(two, truth_of(two[1].landmarks)) == 1
    assert concerned(two, truth_of(two[0].landmarks)) == 0
    assert concerned((), truth_of(two[0].landmarks)) is None


def test_error_is_one_more_scalar_of_answer_and_layers():
    (answer,) = answers()
    judgement = judged(answer, truth_of(answer.landmarks + np.array([3, -4, 0])))
    known = with_errors(answer, judgement)
    error = known.scalar("error")
    assert error.unit == "px"
    assert np.nanmax(error.values) == pytest.approx(5, abs=1e-3)
    assert np.nanmin(error.values) == pytest.approx(5, abs=1e-3)
    for layer in known.layers:
        if isinstance(layer, MeshLayer):
            assert len(layer.scalars[-1].values) == len(layer.vertices)
            assert layer.scalars[-1].name == "error"


def test_landmark_errors_spread_to_what_is_near_and_no_farther():
    at = frozen(np.array([[0, 0, 0], [10, 0, 0]]))
    vertices = frozen(np.array([[0, 0, 0], [5, 0, 0], [10, 0, 0], [10, 3, 0], [0, 40, 0]]))
    values = spread(np.array([1.0, 3.0]), at, vertices, reach=6)
    assert values[:3] == pytest.approx([1, 2, 3], abs=0.01)
    assert 2.5 < values[3] < 3
    assert np.isnan(values[4])


@pytest.mark.parametrize("place", [(1, 0), (-1, 0), (-1, SIZE[1] - 1)], ids=["down", "up", "from below"])
def test_a_mesh_of_the_same_points_is_compared_vertex_by_vertex_where_it_lies(place):
    (answer,) = answers()
    wrong = answer.vertices + np.array([3, 4, 200], np.float32)
    wrong[:, 1] = wrong[:, 1] * place[0] + place[1]
    judgement = judged(answer, scan(wrong, answer.topology.triangles))
    assert judgement.branches[0].vertex_px == pytest.approx(5, abs=1e-3)
    assert "in px of the picture" in figures(judgement, BOX)[-1].title
    assert value(judgement, "Mean distance 3D", "1,089") == pytest.approx(5 * answer.mm_per_px, rel=1e-3)


def turned(points: np.ndarray) -> np.ndarray:
    a, b = 0.15, -0.1
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    return points @ (about_x @ about_y).T


def test_a_mesh_of_the_same_points_elsewhere_is_compared_after_a_similarity():
    (answer,) = answers()
    elsewhere = 0.3 * turned(answer.vertices * [1, -1, 1]) + [900, 70, -4]
    judgement = judged(answer, scan(elsewhere, answer.topology.triangles))
    assert judgement.branches[0].vertex_px == pytest.approx(0, abs=1e-2)
    assert "similarity over all vertices" in figures(judgement, BOX)[-1].title


def test_a_scan_of_other_points_is_compared_by_the_distance_to_its_surface():
    (answer,) = answers()
    answer = replace(answer, pose_deg=(0.0, 0.0, 0.0))
    finer, corners = np.array(answer.vertices, np.float64), answer.topology.triangles
    centres = finer[corners].mean(1)
    fan = np.arange(len(centres))[:, None] + len(finer)
    triangles = np.concatenate(
        [np.column_stack([corners[:, [i, (i + 1) % 3]], fan]) for i in range(3)]
    ).astype(np.int32)
    measured = 0.5 * turned(np.concatenate([finer, centres]) * [1, -1, 1]) - [300, 20, 0]
    judgement = judged(answer, scan(measured, triangles))
    assert not judgement.warning
    assert np.mean(judgement.branches[0].vertex_px) < 1.2  # px, of a face 160 px wide
    title = figures(judgement, BOX)[0].title
    assert "closest points" in title
    assert "1,089 vertices" in title


def test_a_scan_of_something_else_is_told():
    (answer,) = answers()
    stick = np.random.default_rng(0).normal(0, 1, (400, 3)) * [0.05, 9, 0.05]
    assert "could not be aligned" in judged(answer, scan(stick)).warning
