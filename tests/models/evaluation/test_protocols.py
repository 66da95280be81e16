"""Every protocol gives the number that follows from its definition, worked out here by other means."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image
from scipy.io import savemat
from scipy.spatial.transform import Rotation

from models.evaluation.dense_truth import DenseTruth
from models.evaluation.landmark_measures import STATES, covered_of, landmark_values
from models.evaluation.protocol import Row, Setting
from models.evaluation.protocols import florence, protocols
from models.evaluation.protocols.synthetic import samples_of
from models.evaluation.rendered import RenderedFaces
from models.face_model.bfm_uv import drawing
from models.face_model.linear import LinearModel
from models.ground_truth.aflw2000 import Parameters
from models.ground_truth.labelled import UNKNOWN, Labelled
from models.methods.bfm_uv import bfm_layout
from models.reconstruction import (
    STATE_SCALARS,
    Correspondence,
    Reconstruction,
    Scalar,
    Space,
    State,
    Topology,
    frozen,
)
from tests.fakes.marks import LANDMARKS_ONLY, marked
from tests.models.ground_truth.test_sets import obj, picked, write

RNG = np.random.default_rng(0)
TRUE = np.concatenate([RNG.uniform(20, 120, (68, 2)), RNG.uniform(-30, 30, (68, 1))], 1)
NO_PICTURE = np.zeros((150, 160, 3), np.uint8)


def told(points: np.ndarray, pose=(0.0, 0.0, 0.0), states: np.ndarray | None = None) -> Reconstruction:
    """An answer with these landmarks, pose, and probabilities of states."""
    answer = replace(marked(points), pose_deg=pose)
    return answer if states is None else replace(answer, landmark_states=frozen(states))


def test_landmark_errors_are_those_of_their_definition():
    own = TRUE + RNG.normal(0, 2, TRUE.shape)
    face = Labelled("a", lambda: NO_PICTURE, frozen(TRUE), pose_deg=(5.0, -40.0, 10.0))
    values = landmark_values(told(own, (7.0, -35.0, 9.0)), face).values
    own, true = own.astype(np.float32).astype(float), TRUE.astype(np.float32).astype(float)
    size = np.sqrt(np.prod([max(true[:, k]) - min(true[:, k]) for k in (0, 1)]))
    flat = [np.hypot(*(own[k] - true[k])[:2]) for k in range(68)]
    assert values["nme"] == pytest.approx(100 * sum(flat) / 68 / size)
    assert values["nme_inner"] == pytest.approx(100 * sum(flat[17:]) / 51 / size)
    eyes = np.hypot(*(true[36] - true[45])[:2])
    assert values["nme_eyes"] == pytest.approx(100 * sum(flat) / 68 / eyes)
    deep = own - true
    deep[:, 2] -= deep[:, 2].mean()
    assert values["nme3d"] == pytest.approx(100 * np.sqrt((deep**2).sum(1)).mean() / size)
    assert [values[key] for key in ("pitch", "yaw", "roll", "pose")] == pytest.approx([2, 5, 1, 8 / 3])

    def turn(pitch, yaw, roll):
        return Rotation.from_euler("XYZ", (-pitch, -yaw, -roll), degrees=True)

    apart = (turn(7, -35, 9).inv() * turn(5, -40, 10)).magnitude()
    assert values["geodesic"] == pytest.approx(np.degrees(apart), abs=1e-4)
    assert "nme_seen" not in values, "nobody said what was seen"


def test_points_that_people_placed_are_held_against_landmarks_as_people_place_them():
    to_hand = frozen(np.full((68, 3), (4.0, 0.0, 0.0)))
    answer = replace(told(TRUE), to_hand_mm=to_hand, mm_per_px=2.0)
    by_hand = Labelled("a", lambda: NO_PICTURE, frozen(TRUE[:, :2] + (2.0, 0.0)), by_hand=True)
    fitted = [Labelled("a", lambda: NO_PICTURE, frozen(TRUE[:, :k])) for k in (2, 3)]
    for face in (by_hand, *fitted):
        assert landmark_values(answer, face).values["nme"] == pytest.approx(0, abs=1e-4)


def test_no_pose_beyond_99_degrees_is_scored():
    face = Labelled("a", lambda: NO_PICTURE, frozen(TRUE), pose_deg=(5.0, -99.5, 10.0))
    assert "pose" not in landmark_values(told(TRUE), face).values


def state_rows(probabilities: np.ndarray, truth: np.ndarray) -> list[Row]:
    rows = []
    for i, (p, states) in enumerate(zip(probabilities, truth, strict=True)):
        face = Labelled(str(i), lambda: NO_PICTURE, frozen(TRUE[:, :2]), states)
        measured = landmark_values(told(TRUE, states=p), face)
        rows.append(Row(str(i), 0, 0, (), str(i), True, 1, measured.values, measured.arrays))
    return rows


def test_figures_of_states_are_those_of_their_definition():
    rng = np.random.default_rng(1)
    p = rng.dirichlet((1, 1, 1), (3, 68))
    truth = rng.choice([State.SEEN, State.TURNED_AWAY, State.COVERED, UNKNOWN], (3, 68)).astype(np.uint8)
    found = {pooled.title: pooled.of(state_rows(p, truth)) for pooled in STATES}
    p = p.astype(np.float32).astype(float)
    seen, covered = truth == State.SEEN, truth == State.COVERED
    pairs = p[covered][:, 2][:, None] - p[seen][:, 2][None]
    auc = (pairs > 0).mean() + 0.5 * (pairs == 0).mean()
    assert found["covered against visible, ROC-AUC"] == pytest.approx(auc)
    hidden = covered | (truth == State.TURNED_AWAY)
    called = p[..., 0] <= 0.5
    hits, known = (called & hidden).sum(), seen | hidden
    precision, recall = hits / (called & known).sum(), hits / hidden.sum()
    wanted = 2 * precision * recall / (precision + recall)
    assert found["hidden against visible, F1"] == pytest.approx(wanted)
    assert found["visible called hidden"] == pytest.approx(100 * (called & seen).sum() / seen.sum())
    inner = np.zeros((3, 68), bool)
    inner[:, 17:] = True
    share = 100 * (called & seen & inner).sum() / (seen & inner).sum()
    assert found["visible called hidden, inner 51 points"] == pytest.approx(share)
    either = seen[0] | covered[0]
    assert covered_of(truth[0]) == pytest.approx(covered[0].sum() / either.sum())


def test_visible_and_covered_points_are_measured_apart():
    shift = np.where(np.arange(68) < 30, 3.0, 6.0)
    own = TRUE + np.column_stack([shift, np.zeros(68), np.zeros(68)])
    states = np.where(np.arange(68) < 30, State.SEEN, State.COVERED).astype(np.uint8)
    points = TRUE[:, :2].copy()
    points[40] = np.nan
    face = Labelled("a", lambda: NO_PICTURE, frozen(points), states)
    values = landmark_values(told(own), face).values
    size = np.sqrt(np.prod(np.nanmax(points, 0) - np.nanmin(points, 0)))
    assert values["nme_seen"] == pytest.approx(300 / size, rel=1e-4)
    assert values["nme_covered"] == pytest.approx(600 / size, rel=1e-4)
    assert values["nme"] == pytest.approx(100 * (30 * 3 + 37 * 6) / 67 / size, rel=1e-4)
    assert "nme_eyes" not in values, "not all points are placed"


def linear(vertices: int) -> LinearModel:
    rng = np.random.default_rng(2)
    return LinearModel(
        name="made up",
        mean=frozen(rng.normal(0, 60, (vertices, 3))),
        identity=frozen(rng.normal(0, 1e-3, (199, vertices, 3))),
        expression=frozen(rng.normal(0, 1, (29, vertices, 3))),
        identity_sigma=frozen(np.ones(199)),
        expression_sigma=frozen(np.ones(29)),
        triangles=np.array([[0, 1, 2]], np.int32),
    )


def open_topology(count: int, regions: np.ndarray | None = None) -> Topology:
    return replace(
        LANDMARKS_ONLY,
        name="open face",
        uv=np.zeros((count, 2), np.float32),
        mirror=np.arange(count, dtype=np.int32),
        regions=np.zeros(count, np.uint8) if regions is None else regions.astype(np.uint8),
        region_names=("brows", "eyes", "nose", "lips", "jaw", "forehead", "cheeks"),
    )


def test_dense_truth_is_rebuilt_from_the_published_coefficients():
    model, rng = linear(80), np.random.default_rng(3)
    own = np.repeat(np.arange(80, dtype=np.int32)[:, None], 3, 1)
    identity = Correspondence(own, frozen(np.full((80, 3), 1 / 3)))
    truth = DenseTruth(model, identity, None)
    pose = np.array([0.2, -0.7, 0.1, 210, 190, 5, 8e-4])
    shape, smile = rng.normal(0, 1e3, 199), rng.normal(0, 1, 29)
    vertices = truth.vertices(Parameters(pose, shape, smile), height=450)
    micrometres = 1e3 * (
        model.mean.astype(float)
        + np.einsum("k,knd->nd", shape, model.identity.astype(float))
        + np.einsum("k,knd->nd", smile, model.expression.astype(float))
    )
    turn = Rotation.from_euler("XYZ", (-0.2, 0.7, -0.1)).as_matrix()
    from_one = 8e-4 * micrometres @ turn.T + (210, 190, 5)
    assert vertices[:, 0] == pytest.approx(from_one[:, 0] - 1, abs=1e-3)
    assert vertices[:, 1] == pytest.approx(450 + 1 - from_one[:, 1] - 1, abs=1e-3)
    assert vertices[:, 2] == pytest.approx(from_one[:, 2], abs=1e-3)

    moved = frozen(np.add(vertices, (3, 4, 100)))
    answer = replace(marked(TRUE), topology=open_topology(80), vertices=moved)
    values = truth.measure(answer, TRUE, Parameters(pose, shape, smile), 450)
    size = np.sqrt(np.prod(np.ptp(vertices[:, :2], axis=0)))
    assert values["dense"] == pytest.approx(500 / size, rel=1e-4)
    assert values["dense3d"] == pytest.approx(500 / size, rel=1e-4), "an offset in depth is no error"
    assert values["reconstruction"] == pytest.approx(0, abs=1e-3)


def test_methods_on_the_uv_layout_are_measured_at_its_cells():
    """A surface that is an affine image of the chart: what a cell holds follows from its column and row."""
    corners = np.array([[0, 0], [1, 0], [0, 1], [1, 1.0]])
    cells = np.column_stack([255 * corners[:, 0], 255 - 255 * corners[:, 1]])

    def surface(places):
        return np.column_stack([100 + places[:, 0], 60 + 0.8 * places[:, 1], 0.1 * places.sum(1)])

    triangles = np.array([[0, 1, 2], [1, 3, 2]])
    truth = DenseTruth(linear(4), Correspondence(np.zeros((4, 3), np.int32), frozen(np.zeros((4, 3)))), None)
    truth = replace(truth, drawn=drawing(corners, triangles))
    layout = bfm_layout()
    rows, columns = np.nonzero(layout.mask)
    own = np.add(surface(np.column_stack([columns, rows])), (3, 4, 50))
    answer = replace(marked(TRUE), topology=layout.topology(), vertices=frozen(own))
    pair = truth._paired(answer, surface(cells))
    assert pair is not None
    assert len(pair[0]) == 43_867
    assert pair[1] == pytest.approx(np.subtract(own, (3, 4, 50)), abs=1e-3)


def test_rendered_faces_are_measured_by_state_and_region():
    count, rng = 90, np.random.default_rng(4)
    regions = np.arange(count) % 7
    topology = open_topology(count, regions)
    vertices = frozen(rng.uniform(10, 118, (count, 3)))
    states = np.where(np.arange(count) < 40, 0, np.where(np.arange(count) < 60, 1, 2)).astype(np.uint8)
    faces = RenderedFaces(
        topology=topology,
        images=np.zeros((1, 128, 128, 3), np.uint8),
        vertices=vertices[None],
        pose_deg=np.array([[0.0, 20.0, 0.0]]),
        mask=np.zeros((1, 64, 64), bool),
        visible=(states == 0)[None],
        states=states[None],
        mm_per_px=np.array([1.5]),
    )
    (sample,) = samples_of(faces, "seed 1")
    assert (sample.square, sample.yaw_deg) == (True, 20.0)
    assert sample.covered == pytest.approx(30 / 70)
    away = np.array([2.0, 0, 0]) * (states == 2)[:, None] + np.array([0, 1.0, 0]) * (states == 0)[:, None]
    p = np.eye(3)[np.where(np.arange(count) < 30, 0, 2)]
    answer = replace(
        marked(TRUE),
        topology=topology,
        vertices=frozen(vertices + away + (0, 0, 7)),
        pose_deg=(0.0, 26.0, 0.0),
        scalars=tuple(Scalar(name, frozen(p[:, k]), 0, 1) for k, name in enumerate(STATE_SCALARS)),
    )
    measured = sample.measure(answer)
    size = np.sqrt(np.prod(np.ptp(vertices[:, :2].astype(float), axis=0)))
    values = measured.values
    assert values["dense_seen"] == pytest.approx(100 / size, rel=1e-4)
    assert values["dense_away"] == pytest.approx(0, abs=1e-4)
    assert values["dense_covered"] == pytest.approx(200 / size, rel=1e-4)
    assert values["dense"] == pytest.approx(100 * (40 + 2 * 30) / 90 / size, rel=1e-4)
    assert values["mm"] == pytest.approx(1.5 * 100 / 90, rel=1e-4)
    lips = regions == 3
    assert values["mm_lips"] == pytest.approx(1.5 * np.linalg.norm(away[lips], axis=1).mean(), rel=1e-4)
    assert values["yaw"] == 6
    row = Row("a", 20, 0, (), "a", True, 1, values, measured.arrays)
    found = {pooled.title: pooled.of([row, row]) for pooled in protocols()["synthetic"].pooled}
    assert found["vertices seen told so"] == pytest.approx(100 * 30 / 40)
    assert found["vertices turned away told so"] == 0
    assert found["vertices covered told so"] == 100
    assert found["P(seen) of vertices, expected calibration error"] == pytest.approx(10 / 90)


def head(side: int = 21) -> tuple[np.ndarray, np.ndarray]:
    """A face-like surface, mm, y up, z to the front."""
    x, y = np.meshgrid(np.linspace(-75, 75, side), np.linspace(-90, 90, side))
    z = 70 * np.exp(-((x / 65) ** 2) - (y / 85) ** 2) + 20 * np.exp(-((x / 14) ** 2) - ((y + 8) / 22) ** 2)
    index = np.arange(side * side).reshape(side, side)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]
    triangles = np.concatenate([np.stack([a, b, c], -1), np.stack([b, d, c], -1)]).reshape(-1, 3)
    return np.stack([x, y, z + 0.02 * x], -1).reshape(-1, 3), triangles


VERTICES, TRIANGLES = head()
PLACES = np.array([(-45, 27), (-15, 27), (15, 27), (45, 27), (0, -27), (-22, -45), (22, -45), (0, -9)])
AT = np.array([np.linalg.norm(VERTICES[:, :2] - place, axis=1).argmin() for place in PLACES])
SEVEN = VERTICES[AT[:7]]
LANDMARKS = np.zeros(68, np.int64)
LANDMARKS[[36, 39, 42, 45, 33, 48, 54, 30]] = AT
HEAD = replace(
    open_topology(len(VERTICES), np.arange(len(VERTICES)) % 7),
    triangles=TRIANGLES.astype(np.int32),
    landmark_vertices=np.repeat(LANDMARKS[:, None], 3, 1).astype(np.int32),
)


def answer_of(vertices: np.ndarray) -> Reconstruction:
    """An answer about a surface in mm, y up: turned, in px, y down."""
    px = 1.7 * Rotation.from_euler("xyz", (10, -30, 5), degrees=True).apply(vertices) + (220, 0, 0)
    return Reconstruction("fake", Space.IMAGE, HEAD, frozen(px * (1, -1, 1) + (0, 200, 0)), (0.0, 0.0, 0.0))


def nearest_mm(vertices: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Of each point the distance to the surface, looking at every triangle."""
    return trimesh.proximity.closest_point_naive(trimesh.Trimesh(vertices, TRIANGLES, process=False), points)[
        1
    ]


def image_answer(points: np.ndarray) -> Reconstruction:
    return Reconstruction("fake", Space.IMAGE, HEAD, frozen(points), (0.0, 0.0, 0.0))


def photo(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (64, 64), (120, 90, 80)).save(path)


def sample_of(name: str, folder: Path):
    return protocols()[name].samples(folder, Setting())


@pytest.fixture
def now_folder(tmp_path: Path) -> Path:
    photo(tmp_path / "iphone_pictures/S/multiview_occlusions/IMG_1.jpg")
    write(tmp_path / "imagepathsvalidation.txt", "S/multiview_occlusions/IMG_1.jpg")
    write(tmp_path / "scans/S/a.obj", obj(0.1 * VERTICES, TRIANGLES))  # cm
    write(tmp_path / "scans_lmks_onlypp/S/a.pp", picked(0.1 * SEVEN))
    return tmp_path


def test_now_finds_the_scan_in_the_answer_and_a_layer_upon_it(now_folder):
    (sample,) = sample_of("now", now_folder)
    assert sample.subsets == ("multiview_occlusions",)
    assert sample.measure(answer_of(VERTICES)).values["median"] < 0.01
    bumps = VERTICES.copy()
    bumps[:, 2] += 3 * np.cos(bumps[:, 0] / 6)
    measured = sample.measure(answer_of(bumps))
    marks = SEVEN
    bridge = (marks[1] + marks[2]) / 2
    centre = marks[4] + 0.3 * (bridge - marks[4])
    radius = 1.4 * (np.linalg.norm(marks[0] - marks[3]) + np.linalg.norm(marks[4] - bridge)) / 2
    inner = VERTICES[np.linalg.norm(VERTICES - centre, axis=1) <= radius]
    still = nearest_mm(bumps, inner)
    assert measured.arrays["moments"][0] == len(inner)
    assert 0.5 * still.mean() < measured.values["mean"] <= 1.02 * still.mean(), (
        "the fit only brings it nearer"
    )
    row = Row("a", 0, 0, (), "a", True, 1, measured.values, measured.arrays)
    pooled = {one.title: one.of([row]) for one in protocols()["now"].pooled}
    assert pooled["all points of all faces, median"] == pytest.approx(measured.values["median"], abs=0.011)
    assert pooled["all points of all faces, mean"] == pytest.approx(measured.values["mean"])
    assert pooled["all points of all faces, root mean square"] == pytest.approx(measured.values["rmse"])


def test_stirling_measures_after_seven_landmarks_alone(tmp_path):
    photo(tmp_path / "LQ/F1001_1.jpg")
    write(tmp_path / "F_3D_N/F1001_N.obj", obj(VERTICES, TRIANGLES))
    lines = "\n".join(f"{i} {x} {y} {z}" for i, (x, y, z) in enumerate(SEVEN, 1))
    write(tmp_path / "annotations/F_3D_N/F1001_N.lnd", lines)
    (sample,) = sample_of("stirling", tmp_path)
    assert sample.measure(answer_of(VERTICES)).values["rmse"] < 0.01
    raised = np.add(VERTICES, (0, 0, 4.0))
    raised[AT[:7]] = SEVEN
    values = sample.measure(answer_of(raised)).values
    bridge = (SEVEN[1] + SEVEN[2]) / 2
    radius = 1.2 * (np.linalg.norm(SEVEN[0] - SEVEN[3]) + np.linalg.norm(SEVEN[4] - bridge)) / 2
    centre = SEVEN[4] + 0.3 * (bridge - SEVEN[4])
    inner = VERTICES[np.linalg.norm(VERTICES - centre, axis=1) <= radius]
    wanted = nearest_mm(raised, inner)
    assert values["rmse"] == pytest.approx(np.sqrt((wanted**2).mean()), abs=0.02)
    assert values["mean"] == pytest.approx(wanted.mean(), abs=0.02)


def test_realy_tells_its_regions_in_mm(tmp_path):
    photo(tmp_path / "images/1.png")
    write(tmp_path / "metrical_scale.txt", "20.0")
    points = np.zeros((85, 3))
    points[:68] = VERTICES[LANDMARKS] / 20
    write(tmp_path / "REALY_HIFI3D_keypoints/1.obj", obj(points))
    for k, region in enumerate(("nose", "mouth", "forehead", "cheek")):
        used, own = np.unique(TRIANGLES[k::4], return_inverse=True)
        write(tmp_path / f"REALY_scan_region/1/{region}.obj", obj(VERTICES[used] / 20, own.reshape(-1, 3)))
    (sample,) = sample_of("realy", tmp_path)
    assert sample.subsets == ("frontal",)
    assert sample.box is None
    values = sample.measure(answer_of(VERTICES)).values
    assert set(values) == {"all", "nose", "mouth", "forehead", "cheek"}
    assert values["cheek"] < 0.05
    flat = VERTICES * (1, 1, 0.7)
    worse = sample.measure(answer_of(flat)).values
    assert worse["cheek"] > 1, "a flat face is not the scan"
    assert worse["all"] == pytest.approx(np.mean([worse[k] for k in ("nose", "mouth", "forehead", "cheek")]))


def test_florence_turns_scans_and_brings_answers_back(tmp_path):
    pytest.importorskip("numba")
    write(tmp_path / "subject_01/Model/frontal1/obj/a.obj", obj(VERTICES, TRIANGLES))
    write(tmp_path / "subject_01/Model/frontal1/obj/a.pp", picked(SEVEN))
    samples = sample_of("florence", tmp_path)
    assert len(samples) == 27
    assert {sample.yaw_deg for sample in samples} == set(np.arange(-80.0, 81, 20))
    sample = next(s for s in samples if s.name == "subject_01, pitch +20, yaw -40")
    picture = sample.image()
    assert picture.shape == (450, 450, 3)
    x0, y0, x1, y1 = np.round(sample.box).astype(int)
    assert max(x1 - x0, y1 - y0) == pytest.approx(225, abs=2)
    shown = (picture != 128).any(2)
    assert shown[y0:y1, x0:x1].mean() > 0.4
    scan = florence._scan(next(iter(florence.florence(tmp_path))))
    view = florence.view_of(scan.vertices[scan.face], 20.0, -40.0)
    right = image_answer(np.add(view.to_picture(VERTICES), (0, 0, 55)))
    assert sample.measure(right).values["nme"] < 0.05
    turned = Rotation.from_euler("XYZ", (-20, 40, 0), degrees=True).as_matrix()
    assert pytest.approx(turned, abs=1e-6) == view.R
    flat = image_answer(view.to_picture(VERTICES * (1, 1, 0.6)))
    values = sample.measure(flat).values
    assert values["nme"] == pytest.approx(100 * values["mm"] / np.linalg.norm(SEVEN[0] - SEVEN[3]))
    assert values["mm"] > 1


def test_aflw2000_reads_the_published_layout_and_measures_it(tmp_path):
    photo(tmp_path / "image1.jpg")
    deep = TRUE.T + np.array([[1.0], [1], [0]])
    savemat(tmp_path / "image1.mat", {"pt3d_68": deep, "Pose_Para": np.radians([[3.0, 50, 0, 0, 0, 0, 1]])})
    (sample,) = sample_of("aflw2000", tmp_path)
    values = sample.measure(told(np.add(TRUE, (1.0, 0, 0)), (3.0, 48.0, 0.0))).values
    size = np.sqrt(np.prod(np.ptp(TRUE[:, :2], axis=0)))
    assert sample.yaw_deg == pytest.approx(50)
    assert values["nme"] == pytest.approx(100 / size, rel=1e-3)
    assert values["yaw"] == pytest.approx(2, abs=1e-4)
    assert "dense" not in values, "no BFM is at hand"
