"""A trembling method about a moving picture of known motion: tremble goes, the motion comes in time."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from models.geometry.transforms import euler_from_rotation, rotation_from_euler
from models.metrics.errors import delay_frames, jitter_percent
from models.reconstruction import MeshLayer, Scalar, Space, frozen
from models.tracking.motion import face_motion, similarity
from models.tracking.smoothing import Steady, steadied
from tests.fakes.marks import LANDMARKS_ONLY, marked

FRAMES, SIDE = 60, 200
NOISE_PX = 0.25  # 0.3 % of the face
SIZE_PX = 80.0


def texture() -> np.ndarray:
    """[S, S, 3] a picture with detail of many sizes."""
    rng = np.random.default_rng(3)
    layers = [
        cv2.resize(rng.uniform(0, 1, (n, n)), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        for n in (9, 25, 60)
    ]
    grey = np.clip(255 * sum(layers) / 3, 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, -1)


def face() -> np.ndarray:
    """[68, 3] landmarks in the middle of the picture, 80 px wide."""
    points = np.random.default_rng(5).uniform(-0.5, 0.5, (68, 3))
    points[:4, :2] = [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]
    return points * SIZE_PX + np.array([SIDE / 2, SIDE / 2, 0])


def motion(name: str, t: float) -> np.ndarray:
    """[2, 3] from frame 0 to the moment t, seconds."""
    match name:
        case "calm":
            x, y, turn = 1.2 * np.sin(2 * t), 0.8 * np.sin(3 * t), 0.0
        case "nodding":
            x, y, turn = 0.0, 18 * np.sin(2 * np.pi * 1.2 * t), 0.0
        case _:
            x, y, turn = 25 * np.tanh(8 * (t - 1)), 0.0, 12 * np.tanh(8 * (t - 1))
    M = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), turn, 1.0)
    return M + np.array([[0, 0, x], [0, 0, y]])


def film(name: str, seed: int = 0):
    """Frames, true landmarks [T, 68, 2], and answers with white noise."""
    picture, points, rng = texture(), face(), np.random.default_rng(seed)
    for i in range(FRAMES):
        M = motion(name, i / 30)
        image = cv2.warpAffine(picture, M, (SIDE, SIDE), borderMode=cv2.BORDER_REFLECT)
        truth = np.column_stack((points[:, :2] @ M[:, :2].T + M[:, 2], points[:, 2]))
        yield image, i / 30, truth, marked(truth + rng.normal(0, NOISE_PX, truth.shape))


def held(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """[T, 68, 3] truth, raw answers and steadied ones."""
    state: Steady | None = None
    rows = []
    for image, time_s, truth, answer in film(name):
        state, result = steadied(state, image, time_s, answer)
        rows.append((truth, answer.landmarks, result.landmarks))
    truth, raw, steady = np.moveaxis(np.array(rows, np.float64), 1, 0)
    return truth, raw, steady


def off(track: np.ndarray, truth: np.ndarray) -> float:
    return float(np.linalg.norm((track - truth)[5:, :, :2], axis=-1).mean())


@pytest.mark.parametrize("name", ["calm", "nodding", "fast turn"])
def test_noise_is_more_than_halved_and_nothing_comes_late(name):
    truth, raw, steady = held(name)
    floor = jitter_percent(truth)
    assert jitter_percent(steady) - floor < 0.5 * (jitter_percent(raw) - floor)
    assert off(steady, truth) < 0.7 * off(raw, truth)
    assert abs(delay_frames(truth[..., :2].reshape(FRAMES, -1), steady[..., :2].reshape(FRAMES, -1))) <= 0.1


def test_tremble_on_a_calm_face_is_under_the_goal():
    _, raw, steady = held("calm")
    assert jitter_percent(raw) > 0.85
    assert jitter_percent(steady) <= 0.30


def test_an_expression_the_motion_of_the_head_does_not_explain_comes_in_at_once():
    picture, points = texture(), face()
    state, _ = steadied(None, picture, 0.0, marked(points))
    opened = points.copy()
    opened[60:, 1] += 0.05 * SIZE_PX
    state, result = steadied(state, picture, 1 / 30, marked(opened))
    assert result.landmarks[60:] == pytest.approx(opened[60:], abs=1e-3)
    assert result.landmarks[:60] == pytest.approx(opened[:60], abs=1e-3)


def test_a_long_gap_between_frames_leaves_little_of_the_past():
    state, _ = steadied(None, texture(), 0.0, marked(face()))
    near = face() + np.array([0.2, 0, 0])
    _, soon = steadied(state, texture(), 0.033, marked(near))
    _, late = steadied(state, texture(), 0.8, marked(near))
    moved = [float((answer.landmarks - face())[:, 0].mean()) for answer in (soon, late)]
    assert moved[0] == pytest.approx(0.2 * (1 - np.exp(-0.033 / 0.116)), abs=0.01)
    assert moved[1] > 0.19


@pytest.mark.parametrize("change", ["time", "computation", "topology", "astray"])
def test_what_does_not_go_on_begins_anew(change):
    state, first = steadied(None, texture(), 1.0, marked(face()))
    answer = marked(face() + 0.2)
    match change:
        case "computation":
            answer = replace(answer, took_part=("model space",))
        case "topology":
            answer = replace(answer, topology=replace(LANDMARKS_ONLY))
        case "astray":
            answer = replace(answer, vertices=frozen(face() * np.nan))
    state, result = steadied(state, texture(), 1.0 if change == "time" else 1.1, answer)
    assert not first.steadied
    assert result is answer
    assert state.answer is answer


def test_without_anything_to_follow_in_the_picture_tremble_still_goes():
    plain = np.full((SIDE, SIDE, 3), 90, np.uint8)
    state: Steady | None = None
    raw, steady = [], []
    for _, time_s, _, answer in film("calm"):
        state, result = steadied(state, plain, time_s, answer)
        raw.append(answer.landmarks)
        steady.append(result.landmarks)
    assert jitter_percent(np.array(steady)) < 0.5 * jitter_percent(np.array(raw))


def test_what_is_covered_is_not_followed():
    """A hand sweeps over a still face: the hidden landmarks must not go along with it."""
    before = texture()
    now = before.copy()
    now[:, : SIDE // 2] = np.roll(before, 12, axis=0)[:, : SIDE // 2]
    points = face()
    seen = Scalar("visibility", frozen((points[:, 0] > SIDE / 2 + 8).astype(np.float32)), 0, 1)
    answer = replace(marked(points), scalars=(seen,))
    state, _ = steadied(None, before, 0.0, answer)
    _, result = steadied(state, now, 1 / 30, answer)
    assert np.abs(result.landmarks - points).max() < 0.1


def test_branches_pose_and_scale_go_along_and_maps_stay():
    picture, points = texture(), face()
    triangles = LANDMARKS_ONLY.triangles
    branch = MeshLayer("model space", Space.IMAGE, frozen(points + 3), triangles, pose_deg=(5.0, 0.0, 10.3))
    seen = MeshLayer("visible surface", Space.IMAGE, frozen(points), np.array([[0, 1, 2]], np.int32))
    still = replace(marked(points), layers=(branch, seen), pose_deg=(0.0, 0.0, 10.0), mm_per_px=2.0)
    state, _ = steadied(None, picture, 0.0, still)
    angle = np.radians(0.3)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    middle = points.mean(0)
    turned = marked((points - middle) @ turn.T + middle)  # clockwise as seen, y being down
    answer = replace(
        turned,
        layers=(replace(branch, vertices=frozen(turned.vertices + 3)), seen),
        pose_deg=(0.0, 0.0, 10.3),
    )
    _, result = steadied(state, picture, 1 / 30, answer)
    assert result.steadied
    assert 10.0 < result.pose_deg[2] < 10.2
    assert result.mm_per_px == pytest.approx(answer.mm_per_px, rel=1e-3)
    assert result.layer("model space").vertices == pytest.approx(result.vertices + 3, abs=1e-3)
    assert result.layer("model space").pose_deg[2] - result.pose_deg[2] == pytest.approx(0, abs=0.02)
    assert result.layer("visible surface") is seen


def test_the_motion_of_a_picture_is_measured_to_a_tenth_of_a_pixel():
    picture, points = texture(), face()
    M = cv2.getRotationMatrix2D((90, 110), 3.0, 1.02) + np.array([[0, 0, 4.3], [0, 0, -2.6]])
    now = cv2.warpAffine(picture, M, (SIDE, SIDE))
    found = face_motion(picture, now, points[:, :2], (60, 60, 140, 140))
    assert found is not None
    there = points[:, :2]
    assert there @ found[:, :2].T + found[:, 2] == pytest.approx(there @ M[:, :2].T + M[:, 2], abs=0.1)


@pytest.mark.parametrize(
    "box", [(300.0, 300.0, 380.0, 380.0), (60.0, 60.0, 61.0, 61.0), (np.nan, 0.0, 9.0, 9.0)]
)
def test_no_motion_is_told_where_nothing_can_be_seen(box):
    assert face_motion(texture(), texture(), face()[:, :2], box) is None
    assert face_motion(texture(), texture()[:-1], face()[:, :2], (60, 60, 140, 140)) is None


def test_a_similarity_is_found_and_points_in_one_place_give_none():
    points = face()
    angles = np.array([0.2, -0.3, 0.1])
    rotation = rotation_from_euler(torch.from_numpy(angles)).numpy()
    found = similarity(points, 1.3 * points @ rotation.T + np.array([1.0, 2.0, 3.0]))
    assert found is not None
    scale, R, shift = found
    assert scale == pytest.approx(1.3)
    assert euler_from_rotation(torch.from_numpy(R)).numpy() == pytest.approx(angles)
    assert shift == pytest.approx([1, 2, 3])
    assert similarity(points * 0, points) is None
    assert similarity(points * np.nan, points) is None
