"""Frames with faces, which cell answers for which face, and the loss."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from models.errors import InputError
from models.geometry.transforms import rotation_from_euler
from models.networks.finder import FinderForm, Sight, cells_of, encoded
from models.synthetic.cutout import Cutout, Kind, cut_out
from models.synthetic.frame import compose
from models.synthetic.head import load_head
from models.synthetic.stock import Stock, new_pictures, save_labels
from models.training.__main__ import main
from models.training.finder import FinderTask, FrameBatch, Frames, assigned, crop_stock, finder_loss
from models.training.recipes import FinderLoss, FinderRecipe

SIZE = 128


def test_a_cut_out_is_the_same_every_time_and_clear_around_the_head():
    head = load_head()
    first, again = cut_out(1, 2, head, 96), cut_out(1, 2, head, 96)
    assert np.array_equal(first.rgba, again.rgba)
    alpha = first.rgba[..., 3]
    assert 0.1 < (alpha > 200).mean() < 0.95
    assert (alpha == 0).mean() > 0.05


def test_cut_outs_are_faces_backs_of_heads_and_bodies():
    head = load_head()
    cutouts = [cut_out(3, index, head, 48) for index in range(24)]
    assert {cutout.kind for cutout in cutouts} == set(Kind)
    for cutout in cutouts:
        if cutout.kind is Kind.FACE:
            assert 0 <= cutout.seen <= 1
            assert cutout.rotation[2, 2] > -0.1  # towards the camera, in profile at most
        else:
            assert cutout.seen == 0
        if cutout.kind is Kind.BACK:
            assert cutout.rotation[2, 2] < -0.3


def disc_stock() -> Stock:
    """One red disc as face; its landmarks lie on its rim, the nose to the right of it."""
    side, angle = 64, np.linspace(0, 2 * np.pi, 68, endpoint=False)
    y, x = np.mgrid[:side, :side]
    rgba = np.zeros((1, side, side, 4), np.uint8)
    rgba[0, (x - 31.5) ** 2 + (y - 31.5) ** 2 < 16**2] = (255, 0, 0, 255)
    landmarks = 31.5 + 15.5 * np.stack([np.cos(angle), np.sin(angle)], -1)
    turn = rotation_from_euler(torch.tensor([0.1, 0.5, 0.2])).numpy()
    return Stock(
        rgba,
        np.zeros(1, np.uint8),
        landmarks[None].astype(np.float32),
        turn[None],
        np.ones(1, np.float32),
        np.full((1, 64, 64, 3), 90, np.uint8),
    )


def test_boxes_of_a_frame_lie_around_what_was_pasted():
    stock, checked = disc_stock(), 0
    for index in range(40):
        frame = compose([stock], 5, index, SIZE)
        assert frame.image.shape == (SIZE, SIZE, 3)
        if len(frame.boxes) != 1 or not frame.wanted[0]:
            continue
        x0, y0, x1, y1 = frame.boxes[0].clip(0, SIZE - 1)
        image = frame.image.astype(int)
        red = image[..., 0] - image[..., 1:].max(-1) > 60
        rows, columns = np.nonzero(red)
        if len(rows) < 200:
            continue  # covered, or without colours
        inside = (columns >= x0 - 4) & (columns <= x1 + 4) & (rows >= y0 - 4) & (rows <= y1 + 4)
        assert inside.mean() > 0.9  # but for noise, and blobs of a skin as red
        checked += 1
    assert checked > 5


def test_a_frame_is_the_same_every_time():
    stock = disc_stock()
    first, again = compose([stock], 1, 7, SIZE), compose([stock], 1, 7, SIZE)
    assert np.array_equal(first.image, again.image)
    assert np.array_equal(first.boxes, again.boxes)


def test_rotations_stay_rotations_when_mirrored_and_turned():
    stock = disc_stock()
    for index in range(20):
        for rotation in compose([stock], 2, index, SIZE).rotation:
            np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-5)
            assert np.linalg.det(rotation) == pytest.approx(1, abs=1e-5)


def test_a_folder_without_a_stock_is_named(tmp_path):
    with pytest.raises(InputError, match="no stock"):
        Stock.read(tmp_path)


def only(box: list[float], state: int = 1) -> FrameBatch:
    return FrameBatch(
        torch.zeros(1, 3, SIZE, SIZE, dtype=torch.uint8),
        torch.tensor([[box, [0.0, 0, 0, 0]]]),
        torch.eye(3).expand(1, 2, 3, 3),
        torch.tensor([[state, 0]], dtype=torch.int8),
    )


@pytest.mark.parametrize(("side", "stride"), [(20, 8), (40, 8), (80, 16), (125, 32)])
def test_cells_of_the_right_level_answer_for_a_face(side, stride):
    places, strides = cells_of(SIZE, SIZE)
    box = [64 - side / 2, 64 - side / 2, 64 + side / 2, 64 + side / 2]
    face, counts = assigned(only(box).boxes, only(box).state, places, strides)
    own = face[0] == 0
    assert own.any()
    assert (strides[own] == stride).any()
    assert (places[own] - 64).abs().max() <= max(0.25 * side, 0.61 * stride)
    assert counts[0, own].all()
    assert counts[0, (places - 64).abs().amax(-1) > side].all()


def test_of_a_face_no_one_sees_nothing_is_asked():
    places, strides = cells_of(SIZE, SIZE)
    batch = only([40, 40, 80, 80], state=-1)
    face, counts = assigned(batch.boxes, batch.state, places, strides)
    assert (face == -1).all()
    assert not counts[0, (places - 60).abs().amax(-1) < 20].any()
    assert counts[0, (places - 60).abs().amax(-1) > 30].all()


def test_the_right_answer_costs_next_to_nothing_and_less_than_any_other():
    batch = only([40, 40, 80, 84])
    places, strides = cells_of(SIZE, SIZE)
    face, _ = assigned(batch.boxes, batch.state, places, strides)
    right = Sight(
        torch.where(face >= 0, 12.0, -12.0),
        batch.boxes[:, :1].expand(1, len(places), 4),
        torch.tensor([1.0, 0, 0, 0, 1, 0]).expand(1, len(places), 6),
    )
    best, terms = finder_loss(right, batch, FinderLoss())
    assert float(best) < 0.01
    assert float(terms["overlap"]) == pytest.approx(1)
    for worse in (
        right._replace(score=-right.score),
        right._replace(box=right.box + 6),
        right._replace(box=right.box * torch.tensor([1, 1, 1.2, 1.2])),
        right._replace(rotation=right.rotation.flip(-1)),
    ):
        assert float(finder_loss(worse, batch, FinderLoss())[0]) > 0.05


def test_a_frame_without_faces_has_a_finite_loss():
    batch = only([0, 0, 0, 0], state=0)
    places, _ = cells_of(SIZE, SIZE)
    code = encoded(torch.tensor([[[0.0, 0, 30, 30]]]).expand(1, len(places), 4), *cells_of(SIZE, SIZE))
    assert code.isfinite().all()
    sight = Sight(torch.zeros(1, len(places)), torch.rand(1, len(places), 4), torch.rand(1, len(places), 6))
    total, _ = finder_loss(sight, batch, FinderLoss())
    assert torch.isfinite(total)


def kept(stock: Stock, folder: Path) -> Path:
    """The same stock as a folder."""
    new_pictures(folder, "rgba", len(stock), stock.rgba.shape[1:])[:] = stock.rgba
    new_pictures(folder, "backdrops", 1, stock.backdrops.shape[1:])[:] = stock.backdrops
    labels = zip(stock.kind, stock.rgba, stock.landmarks, stock.rotation, stock.seen, strict=True)
    save_labels(folder, [Cutout(Kind(kind), *rest) for kind, *rest in labels])
    return folder


def test_training_learns_where_the_faces_are(tmp_path):
    recipe = FinderRecipe(batch=8, frame=SIZE, form=FinderForm(stem=(4, 8), widths=(8, 16, 16)))
    folder = kept(disc_stock(), tmp_path)
    task = FinderTask(recipe, [folder])
    batch = next(iter(Frames([folder], 1, 0, recipe.batch, SIZE)))
    assert batch.images.shape == (8, 3, SIZE, SIZE)
    optimiser = torch.optim.AdamW(task.network.parameters(), 5e-3)
    losses = []
    for _ in range(40):
        loss, terms = task.loss(task.network, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.6 * losses[0]
    assert float(terms["overlap"]) > 0.6


def crops(folder: Path, sides: list[int]) -> Path:
    """Labelled crops of noise, one of each side; the last one not to be trusted."""
    count, rng = len(sides), np.random.default_rng(0)
    names = np.array([f"face{k:02d}" for k in range(count)])
    with tarfile.open(folder / "crops.tar", "w") as tar:
        for name, side in zip(names, sides, strict=True):
            data = cv2.imencode(".png", rng.integers(0, 256, (side, side, 3), np.uint8))[1].tobytes()
            member = tarfile.TarInfo(f"{name}.webp")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    np.savez(
        folder / "labels.npz",
        name=names,
        points21=np.zeros((count, 21, 2), np.float32),
        visible21=np.zeros((count, 21), bool),
        landmarks68_tddfa=rng.uniform(10, 30, (count, 68, 3)).astype(np.float32),
        rotation_tddfa=np.tile(np.eye(3, dtype=np.float32), (count, 1, 1)),
        disagreement_percent=np.where(np.arange(count) == count - 1, 9.0, 1.0).astype(np.float32),
    )
    return folder


def test_real_crops_become_cut_outs_that_fade_out(tmp_path):
    beside = kept(disc_stock(), tmp_path / "stock")
    source = tmp_path / "source"
    source.mkdir()
    folder = crop_stock(crops(source, [40, 40, 40, 40]), tmp_path / "crops", beside)
    stock = Stock.read(folder)
    assert len(stock) == 2, "the first is kept aside, the last is not to be trusted"
    assert (stock.rgba[0, [0, -1], :, 3] == 0).all()
    assert (stock.rgba[0, 15:25, 15:25, 3] == 255).all()
    assert np.array_equal(stock.backdrops, Stock.read(beside).backdrops)
    assert compose([Stock.read(beside), stock], 3, 1, SIZE).image.shape == (SIZE, SIZE, 3)


def test_crops_of_two_sizes_are_refused(tmp_path):
    beside = kept(disc_stock(), tmp_path / "stock")
    source = tmp_path / "source"
    source.mkdir()
    with pytest.raises(InputError, match="no square of 40 px"):
        crop_stock(crops(source, [40, 40, 48, 40]), tmp_path / "crops", beside)


def test_what_a_training_does_not_know_is_refused(tmp_path, capsys):
    assert main(["finder", "--out", str(tmp_path), "--pool", "9"]) == 1
    assert "no --pool" in capsys.readouterr().err
