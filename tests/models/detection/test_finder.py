"""The finder's network, its decoding and the detectors built on it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from models.detection.detectors import LearnedDetector, YuNetDetector
from models.detection.learned import voted
from models.detection.second_look import SecondLook, refined, share_of_faces
from models.errors import InputError, MissingAssetError, WeightsError
from models.evaluation.finders import empty_pictures, found_anything, found_faces, group_table, groups_in
from models.evaluation.subjects import Subject
from models.evaluation.tables import table
from models.geometry.crops import crop_square
from models.geometry.transforms import rotation_from_6d
from models.loading import load_face_model, load_finder
from models.networks.blocks import fold_batch_norms
from models.networks.finder import (
    STRIDES,
    FinderForm,
    FinderNetwork,
    Sight,
    cells_of,
    decoded,
    encoded,
    see_both_ways,
    suppressed,
)
from models.reconstruction import Alarm, Reconstruction, Scalar, Space, frozen
from models.reconstructor import Face
from tests.fakes.reconstructor import FakeReconstructor

SMALL = FinderForm(stem=(4, 4), widths=(4, 8, 8))


@pytest.fixture(scope="module")
def network() -> FinderNetwork:
    torch.manual_seed(0)
    network = FinderNetwork(SMALL)
    for head in network.heads:
        torch.nn.init.normal_(head.weight, std=0.3)
    return network.eval()


def test_boxes_survive_their_code():
    places, strides = cells_of(64, 96)
    assert len(places) == 8 * 12 + 4 * 6 + 2 * 3
    generator = torch.Generator().manual_seed(1)
    low = 60 * torch.rand(len(places), 2, generator=generator)
    boxes = torch.cat([low, low + 12 + 80 * torch.rand(len(places), 2, generator=generator)], 1)
    torch.testing.assert_close(decoded(encoded(boxes, places, strides), places, strides), boxes)


def test_cells_lie_in_the_middle_of_their_pixels():
    places, strides = cells_of(64, 64)
    for stride in STRIDES:
        first = places[strides == stride][0]
        assert first.tolist() == [(stride - 1) / 2] * 2


def test_a_shift_by_the_coarsest_stride_moves_the_answer(network):
    step = STRIDES[-1]
    picture = torch.full((1, 3, 320, 320), 128.0)
    picture[..., 130:190, 100:170] = 255 * torch.rand(
        1, 3, 60, 70, generator=torch.Generator().manual_seed(2)
    )
    with torch.inference_mode():
        here, there = network(picture), network(picture.roll(step, -1))
    _, strides = cells_of(320, 320)
    for stride in STRIDES:
        side, level = 320 // stride, strides == stride
        before = here.box[0, level].unflatten(0, (side, side))
        after = there.box[0, level].unflatten(0, (side, side))
        inner = slice(96 // stride, 224 // stride)  # away from the border, where padding is seen
        moved = slice(96 // stride + step // stride, 224 // stride + step // stride)
        expected = before[inner, inner] + torch.tensor([step, 0.0, step, 0.0])
        torch.testing.assert_close(after[inner, moved], expected, atol=0.05, rtol=1e-3)


def test_a_mirrored_picture_gives_mirrored_boxes_and_turns(network):
    pictures = 255 * torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(4))
    with torch.inference_mode():
        one, other = see_both_ways(network, pictures), see_both_ways(network, pictures.flip(-1))
    places, strides = cells_of(64, 96)
    for k in (0, 7, 50, 100, 121):
        beside = torch.tensor([95 - places[k, 0], places[k, 1]])
        (m,) = ((places == beside).all(1) & (strides == strides[k])).nonzero()[:, 0].tolist()
        torch.testing.assert_close(one.score[:, k], other.score[:, m])
        x0, y0, x1, y1 = other.box[:, m].unbind(-1)
        torch.testing.assert_close(one.box[:, k], torch.stack((95 - x1, y0, 95 - x0, y1), -1))
        turned = rotation_from_6d(one.rotation[:, k])
        flip = torch.diag(torch.tensor([-1.0, 1.0, 1.0]))
        torch.testing.assert_close(flip @ rotation_from_6d(other.rotation[:, m]) @ flip, turned)


def test_folded_batch_norms_change_nothing():
    torch.manual_seed(1)
    network = FinderNetwork(SMALL)
    picture = 255 * torch.rand(2, 3, 64, 64)
    network.train()(picture)
    before = network.eval()(picture)
    after = fold_batch_norms(network)(picture)
    torch.testing.assert_close(after.score, before.score, atol=1e-4, rtol=1e-4)


def test_the_surest_of_overlapping_boxes_stays():
    boxes = torch.tensor([[0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10], [0, 0, 10, 4.0]])
    assert suppressed(boxes, torch.tensor([0.5, 0.9, 0.2, 0.8]), 0.5, 10) == [1, 3, 2]
    assert suppressed(boxes, torch.tensor([0.5, 0.9, 0.2, 0.8]), 0.5, 1) == [1]
    assert suppressed(boxes[:0], torch.zeros(0), 0.5, 5) == []


class Told(torch.nn.Module):
    """Says in its first cells where there are faces, in px of the picture; in the mirror likewise."""

    def __init__(self, boxes: list[list[float]], scores: list[float]):
        super().__init__()
        self.boxes, self.scores, self.sizes = torch.tensor(boxes).float(), torch.tensor(scores).logit(), []

    def __deepcopy__(self, memo):
        return self

    def forward(self, pictures):
        height, width = pictures.shape[-2:]
        self.sizes.append((height, width))
        count, cells = len(self.boxes), len(cells_of(height, width)[0])
        score, box = torch.full((2, cells), -9.0), torch.ones(2, cells, 4)
        rotation = torch.tensor([1.0, 0, 0, 0, 1, 0]).expand(2, cells, 6)
        first, columns = torch.arange(count), width // STRIDES[0]
        score[0, first], box[0, first] = self.scores, self.boxes
        x0, y0, x1, y1 = self.boxes.unbind(-1)
        score[1, columns - 1 - first] = self.scores
        box[1, columns - 1 - first] = torch.stack((width - 1 - x1, y0, width - 1 - x0, y1), -1)
        return Sight(score, box, rotation)


def test_boxes_come_back_in_pixels_of_the_picture():
    finder = LearnedDetector(Told([[9.5, 19.5, 59.5, 69.5], [50, 50, 90, 90]], [0.6, 0.8]))
    sure, other = finder(np.zeros((600, 1280, 3), np.uint8))  # four times as large as what is looked at
    assert other.box == pytest.approx((39.5, 79.5, 239.5, 279.5))
    assert sure.score == pytest.approx(0.8)
    assert sure.pose_deg == pytest.approx((0, 0, 0))


def test_unsure_boxes_about_a_sure_one_pull_it_by_their_score():
    finder = LearnedDetector(Told([[0, 0, 20, 20], [2, 0, 22, 20], [0, 15, 20, 35]], [0.6, 0.2, 0.2]))
    (face,) = finder(np.zeros((64, 64, 3), np.uint8))
    assert face.box == pytest.approx((0.5, 0, 20.5, 20))  # a quarter of the way; the third lies elsewhere


def test_what_is_unsure_is_no_face_and_is_looked_at_again_in_finer_pixels():
    network = Told([[10, 10, 30, 30]], [0.1])
    assert LearnedDetector(network)(np.zeros((500, 1000, 3), np.uint8)) == []
    assert network.sizes == [(160, 320), (320, 640)]


@pytest.mark.parametrize(
    ("side", "score", "looks"),
    [
        (100, 0.9, 1),  # sure and large
        (100, 0.4, 2),  # sure of nothing
        (30, 0.9, 2),  # small, but not any more in finer pixels
        (15, 0.9, 3),
    ],
)
def test_finer_pixels_are_looked_at_where_nothing_is_sure_or_a_face_is_small(side, score, looks):
    class Scene(Told):
        """One face, at whatever size it is looked at."""

        def forward(self, pictures):
            scale = pictures.shape[-1] / 320
            self.boxes = scale * torch.tensor([[40, 40, 40 + side, 40 + side]]).float()
            return super().forward(pictures)

    network = Scene([[0, 0, 1, 1]], [score])
    (face,) = LearnedDetector(network)(np.zeros((640, 1280, 3), np.uint8))
    assert [width for _, width in network.sizes] == [320, 640, 1280][:looks]
    assert face.box[2] - face.box[0] == pytest.approx(4 * side)


@pytest.mark.parametrize(("place", "looks"), [(200, 3), (120, 1)])
def test_where_faces_stand_apart_smaller_ones_are_looked_for_among_them(place, looks):
    class Group(Told):
        """Two large faces, apart or touching, and a third that only the finest pixels show."""

        def forward(self, pictures):
            scale = pictures.shape[-1] / 320
            self.boxes = scale * torch.tensor(
                [[60, 40, 130, 110], [place, 40, place + 70, 110], [5, 5, 23, 23]]
            )
            self.scores = torch.tensor([0.9, 0.8, 0.7 if scale > 2 else 0.05]).logit()
            return super().forward(pictures)

    network = Group([[0, 0, 1, 1]] * 3, [0.5] * 3)
    faces = LearnedDetector(network)(np.zeros((640, 1280, 3), np.uint8))
    assert [width for _, width in network.sizes] == [320, 640, 1280][:looks]
    assert len(faces) == looks if looks > 1 else len(faces) == 2


def test_the_finest_pixels_tell_of_small_faces_alone_even_where_nothing_is_sure():
    class Parts(Told):
        """Two unsure faces apart; in the finest pixels a jacket as large as they are, and a small face."""

        def forward(self, pictures):
            scale = pictures.shape[-1] / 320
            self.boxes = scale * torch.tensor([[20, 40, 55, 75], [200, 40, 235, 75], [100, 40, 160, 100]])
            self.scores = torch.tensor([0.5, 0.45, 0.9 if scale > 2 else 0.05]).logit()
            return super().forward(pictures)

    faces = LearnedDetector(Parts([[0, 0, 1, 1]] * 3, [0.5] * 3))(np.zeros((640, 1280, 3), np.uint8))
    assert [round(face.box[2] - face.box[0]) for face in faces] == [140, 140]


def test_finer_pixels_do_not_tell_again_what_was_sure_and_large():
    class Parts(Told):
        """A small and a large face; in finer pixels only parts of the large one."""

        def forward(self, pictures):
            scale = pictures.shape[-1] / 320
            large, part = [100, 20, 220, 140], [120, 30, 190, 100]
            self.boxes = scale * torch.tensor([large if scale == 1 else part, [20, 20, 50, 50]])
            return super().forward(pictures)

    faces = LearnedDetector(Parts([[0, 0, 1, 1]] * 2, [0.9, 0.8]))(np.zeros((320, 640, 3), np.uint8))
    assert [round(face.box[2] - face.box[0]) for face in faces] == [240, 60]


def test_a_small_picture_is_looked_at_once_as_it_is():
    network = Told([[10, 10, 30, 30]], [0.1])
    assert LearnedDetector(network)(np.zeros((100, 90, 3), np.uint8)) == []
    assert network.sizes == [(128, 96)]


@pytest.mark.parametrize("shape", [(1, 1), (20, 3000), (3000, 20), (7, 9), (33, 31), (0, 5)])
def test_pictures_of_any_size_are_taken(network, shape):
    for face in LearnedDetector(network)(np.zeros((*shape, 3), np.uint8)):
        assert np.isfinite(face.box).all()


@pytest.mark.parametrize("image", [np.zeros((30, 30), np.uint8), np.zeros((30, 30, 3)), None])
def test_what_is_no_picture_is_named(network, image):
    with pytest.raises(ValueError, match="an image is"):
        LearnedDetector(network)(image)


def written(path, network, form):
    save_file(network.state_dict(), path, {"recipe": json.dumps({"form": form})})
    return path


SIZES = {"stem": [4, 4], "widths": [4, 8, 8], "blocks": [1, 1, 1]}


def test_weights_come_back_from_their_file(network, tmp_path):
    loaded = load_finder(written(tmp_path / "own.safetensors", network, SIZES))
    picture = 255 * torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(3))
    with torch.inference_mode():
        torch.testing.assert_close(loaded(picture).box, network(picture).box, atol=1e-2, rtol=1e-3)


@pytest.mark.parametrize(
    "form",
    [
        {},
        SIZES | {"widths": [4, 8, 10**9]},
        SIZES | {"widths": [4, 8]},
        SIZES | {"stem": "44"},
        SIZES | {"blocks": [1, 1, 10**6]},
        SIZES | {"widths": [8, 8, 8]},
        SIZES | {"depth": [3]},
        SIZES | {"widths": 7},
        [],
    ],
)
def test_weights_that_do_not_fit_are_refused(network, tmp_path, form):
    with pytest.raises(WeightsError, match=r"own\.safetensors"):
        load_finder(written(tmp_path / "own.safetensors", network, form))


def test_a_file_that_is_no_weights_is_refused(tmp_path):
    (tmp_path / "a.safetensors").write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(WeightsError, match="cannot be read as a safetensors file"):
        load_finder(tmp_path / "a.safetensors")
    with pytest.raises(MissingAssetError):
        load_finder(tmp_path / "b.safetensors")


def test_a_file_that_is_not_yunet_is_refused(tmp_path):
    (tmp_path / "a.onnx").write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(WeightsError, match=r"a\.onnx is not YuNet"):
        YuNetDetector(tmp_path / "a.onnx")
    with pytest.raises(MissingAssetError, match=r"b\.onnx"):
        YuNetDetector(tmp_path / "b.onnx")


class Seeing(FakeReconstructor):
    """Sees the face where it is, wherever it is asked to look."""

    def __init__(self, boxes: list[tuple[float, float, float, float]], alarms: tuple[Alarm, ...] = ()):
        super().__init__(alarms=alarms)
        self.boxes, self.places = boxes, []

    def crop(self, face):
        self.places.append(super().crop(face))
        return self.places[-1]

    def __call__(self, crops, without=frozenset()):
        answers = super().__call__(crops, without)
        return [self.moved(*row) for row in zip(answers, self.boxes, self.places, strict=True)]

    def moved(self, answer, box, T):
        x0, y0, x1, y1 = box
        low, high = answer.landmarks[:, :2].min(0), answer.landmarks[:, :2].max(0)
        share = (answer.vertices[:, :2] - low) / (high - low)
        place = share * [x1 - x0, y1 - y0] + [x0, y0]
        vertices = answer.vertices.copy()
        vertices[:, :2] = (place - T[:2, 2]) / T[0, 0]
        return replace(answer, vertices=vertices)


TRUE_BOX = (100.0, 80.0, 200.0, 190.0)
PICTURE = np.zeros((300, 400, 3), np.uint8)


@pytest.mark.parametrize("jitter", [(10, 5, 15, -8), (-20, 0, -10, 20), (0, 25, 0, 10)])
def test_a_second_look_moves_a_box_to_the_truth(jitter):
    found = Face(tuple(np.add(TRUE_BOX, jitter).tolist()), 0.7, pose_deg=(1.0, 2.0, 3.0))
    (face,) = refined(PICTURE, [found], Seeing([TRUE_BOX]))
    assert face.box == pytest.approx(TRUE_BOX, abs=1e-3)
    assert (face.score, face.pose_deg) == (share_of_faces(0.7), (1.0, 2.0, 3.0))


@pytest.mark.parametrize("wild", [(300, 200, 390, 290), (0, 0, 300, 299), (140, 130, 160, 150)])
def test_a_box_that_would_jump_stays(wild):
    found = Face(TRUE_BOX, 0.9)
    assert refined(PICTURE, [found], Seeing([wild])) == [replace(found, score=share_of_faces(0.9))]


def test_where_nothing_is_seen_a_box_goes_half_the_way():
    found = Face((110.0, 100.0, 230.0, 190.0), 0.9)
    (face,) = refined(PICTURE, [found], Seeing([TRUE_BOX], (Alarm("empty-mask", "nothing seen", 1),)))
    assert face.box == pytest.approx((105, 90, 215, 190), abs=1e-3)


def test_two_finds_of_one_face_become_one():
    finds = [Face(TRUE_BOX, 0.9), Face((130.0, 100.0, 230.0, 200.0), 0.8)]
    (face,) = refined(PICTURE, finds, Seeing([TRUE_BOX, TRUE_BOX]))
    assert face.score == share_of_faces(0.9)


def test_an_unsure_find_goes_where_the_method_sees_no_face():
    alarm = Alarm("empty-mask", "nothing seen", 1)
    finds = [Face(TRUE_BOX, 0.9), Face((250.0, 100.0, 330.0, 180.0), 0.35)]
    method = Seeing([finds[0].box, finds[1].box], (alarm,))
    assert [face.score for face in refined(PICTURE, finds, method)] == [share_of_faces(0.9)]


def test_nothing_found_needs_no_second_look():
    assert refined(PICTURE, [], Seeing([])) == []


def shot(score: float, box: tuple[float, float, float, float]):
    """A detector that always answers the same."""

    def answer(image):
        return [Face(box, score)]

    answer.name = "same"
    return answer


def test_found_shares_are_counted_against_the_truth():
    subjects = [
        Subject(str(k), lambda: PICTURE, np.zeros((68, 3), np.float32), (0, 0, 0), box)
        for k, box in enumerate([TRUE_BOX, (200.0, 80.0, 300.0, 190.0)])
    ]
    found = found_faces(shot(0.5, (100.0, 80.0, 200.0, 157.0)), subjects, "clean")
    assert found.share == 0.5
    assert found.overlap == pytest.approx(0.7)
    assert found.others == 0.5
    assert found.any_share == 1


def test_pictures_without_faces_are_the_same_every_time():
    first, again = empty_pictures(2), empty_pictures(2)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert found_anything(shot(0.5, TRUE_BOX), first).others == 1


class Sees:
    """Answers each face with a mesh that spans its box, of which a share is visible."""

    name, size, switches = "sees", 64, ()

    def __init__(self, shares):
        self.topology, self._shares = load_face_model().topology, shares

    def crop(self, face):
        return crop_square(face.box, 1.5, self.size)

    def __call__(self, crops, without=frozenset()):
        mean = load_face_model().mean.numpy()
        marks = self.topology.landmarks(mean)[:, :2]
        middle, side = (marks.max(0) + marks.min(0)) / 2, np.ptp(marks, axis=0).max()
        mesh = ((mean - [*middle, 0]) * self.size / 1.5 / side + [31.5, 31.5, 0]).astype(np.float32)
        return [
            Reconstruction(
                "sees",
                Space.CROP,
                self.topology,
                frozen(mesh),
                scalars=(Scalar("visibility", frozen(np.linspace(0, 1, len(mesh)) > 1 - share), 0, 1),),
                pose_deg=(0.0, 0.0, 0.0),
                likely_error=3.0,
            )
            for share in self._shares
        ]


@pytest.mark.parametrize(
    ("scores", "shares", "left"),
    [
        ((0.9, 0.4), (0.8, 0.6), 2),  # unsure, but a face is seen there
        ((0.9, 0.4), (0.8, 0.2), 1),  # not half as sure: a quarter of a face must be seen
        ((0.9, 0.6), (0.8, 0.2), 2),  # surer: less will do
        ((0.9, 0.4), (0.8, 0.01), 1),  # beside a sure face next to nothing is seen
        ((0.45, 0.4), (0.5, 0.01), 2),  # nothing is sure: both may be covered faces
        ((0.9, 0.6), (0.8, 0.1), 1),  # far less sure, and little is seen
        ((0.9, 0.7), (0.8, 0.01), 2),  # about as sure, whatever is seen
    ],
)
def test_unsure_finds_beside_a_sure_one_must_show_a_face(scores, shares, left):
    boxes = ((20, 20, 80, 80), (120, 20, 180, 80))
    faces = [Face(box, score) for box, score in zip(boxes, scores, strict=True)]
    assert len(refined(np.full((200, 200, 3), 90, np.uint8), faces, Sees(shares))) == left


def test_a_box_without_an_area_stays_where_it_is():
    boxes = np.array([[5.0, 5.0, 5.0, 5.0], [0.0, 0.0, 10.0, 10.0]])
    np.testing.assert_array_equal(voted(boxes, boxes, np.ones(2)), boxes)


class Errs(FakeReconstructor):
    """Sees the face in each crop as the crop is; its likely error depends on where it is asked to look."""

    def __init__(self, percent):
        super().__init__()
        self.percent, self.faces = percent, []

    def crop(self, face):
        self.faces.append(face)
        return super().crop(face)

    def __call__(self, crops, without=frozenset()):
        asked = self.faces[-len(crops) :]
        answers = super().__call__(crops, without)
        return [replace(a, likely_error=self.percent(f)) for a, f in zip(answers, asked, strict=True)]


def found(*faces: Face):
    """A detector that answers the same for every picture of one shape, nothing for others."""

    def answer(image):
        return list(faces) if image.shape == PICTURE.shape else []

    answer.name = "same"
    return answer


def test_half_of_what_is_told_half_is_a_face_and_a_small_likely_error_speaks_for_one():
    def told(score, percent):
        answer = replace(FakeReconstructor()(np.zeros((1, 64, 64, 3), np.uint8))[0], likely_error=percent)
        return share_of_faces(score, answer)

    assert share_of_faces(0.5) == pytest.approx(0.46, abs=0.02)
    assert told(0.5, 3.0) > 0.9
    assert told(0.5, 16.0) == pytest.approx(0.5, abs=0.05)
    assert told(0.5, 40.0) < 0.2
    assert share_of_faces(0.0) < 0.001 < 0.999 < share_of_faces(1.0)


def test_beside_a_likely_face_what_is_unlikely_is_dropped_and_the_larger_one_comes_first():
    small, large, junk = (
        Face((10, 10, 40, 40), 0.95),
        Face((60, 60, 160, 160), 0.8),
        Face((200, 9, 390, 199), 0.5),
    )
    method = Errs(lambda face: 50.0 if face.box[0] >= 150 else 3.0)
    assert [face.box[0] for face in refined(PICTURE, [small, large, junk], method)] == pytest.approx(
        [large.box[0], small.box[0]], abs=20
    )


@pytest.mark.parametrize(("percent", "first"), [(10.0, "sure"), (3.0, "doubtful")])
def test_a_larger_find_that_may_be_no_face_does_not_come_before_a_face(percent, first):
    sure, doubtful = Face((10, 10, 60, 60), 0.95), Face((150, 60, 250, 160), 0.6)
    method = Errs(lambda face: percent if face.box[0] >= 100 else 3.0)
    told, _ = refined(PICTURE, [sure, doubtful], method)
    assert ("doubtful" if told.box[0] > 100 else "sure") == first


@pytest.mark.parametrize(("percent", "left"), [(40.0, 0), (4.0, 1)])
def test_an_unsure_find_alone_stays_where_the_answer_is_not_lost(percent, left):
    assert len(refined(PICTURE, [Face(TRUE_BOX, 0.35)], Errs(lambda face: percent))) == left


def test_a_sure_find_costs_a_glance_only():
    method, glances = Errs(lambda face: 3.0), []

    def glance(looks):
        glances.extend(face for _, face in looks)
        return [TRUE_BOX for _ in looks]

    sure = Face((104.0, 84.0, 204.0, 194.0), 0.95)
    (face,) = refined(PICTURE, [sure], method, glance)
    assert (face.box, glances, method.faces) == (TRUE_BOX, [sure], [])


def test_where_the_answer_is_probably_wrong_the_box_is_taken_whose_answer_errs_least():
    def percent(face):
        return 4.0 if face.box[0] + face.box[2] < 280 else 20.0

    method = Errs(percent)
    (face,) = refined(PICTURE, [Face((100.0, 80.0, 200.0, 180.0), 0.6)], method)
    assert percent(face) == 4.0
    calm = Errs(lambda face: 5.0)
    refined(PICTURE, [Face((100.0, 80.0, 200.0, 180.0), 0.6)], calm)
    assert len(calm.faces) == 1  # what is probably right costs one look


def test_a_picture_on_its_side_is_turned_and_its_face_told_where_it_is():
    face = Face((100.0, 80.0, 200.0, 180.0), 0.8)  # of the upright picture
    lying = np.ascontiguousarray(np.rot90(PICTURE, -1))
    (there,) = SecondLook(found(face), Errs(lambda face: 3.0))(lying)
    assert there.turn_deg == 90
    x0, y0, x1, y1 = there.box
    assert ((x0 + x1) / 2, (y0 + y1) / 2) == pytest.approx((299 - 130, 150), abs=12)


@pytest.mark.parametrize(("upright", "tries"), [((0.9, 3.0), 1), ((0.7, 3.0), 1), ((0.7, 9.0), 4)])
def test_other_turns_are_tried_only_where_the_upright_picture_leaves_doubt(upright, tries):
    score, percent = upright
    looks = []

    def first(image):
        looks.append(image.shape)
        return [Face((100.0, 80.0, 180.0, 180.0), score)]

    first.name = "counts"
    SecondLook(first, Errs(lambda face: percent))(PICTURE)
    assert len(looks) == tries


def test_a_head_that_leans_far_is_looked_at_in_a_crop_turned_along():
    class Leaning(Errs):
        def __call__(self, crops, without=frozenset()):
            return [replace(answer, pose_deg=(0.0, 0.0, 50.0)) for answer in super().__call__(crops, without)]

    method = Leaning(lambda face: 9.0 if len(method.faces) == 1 else 3.0)
    (face,) = refined(PICTURE, [Face((100.0, 80.0, 200.0, 180.0), 0.7)], method)
    assert face.turn_deg == 50


def test_a_profile_whose_angles_say_a_large_roll_is_not_turned():
    class Nodding(Errs):
        def __call__(self, crops, without=frozenset()):
            pose = (-102.0, -70.0, 91.0)  # 94 degrees aside, leaning by 20
            return [replace(answer, pose_deg=pose) for answer in super().__call__(crops, without)]

    method = Nodding(lambda face: 9.0 if len(method.faces) == 1 else 3.0)
    (face,) = refined(PICTURE, [Face((100.0, 80.0, 200.0, 180.0), 0.7)], method)
    assert face.turn_deg == 0


def test_faces_of_groups_are_counted_once_however_large_the_picture(tmp_path):
    Image.fromarray(PICTURE).save(tmp_path / "four.jpg")
    for k, left in enumerate((20, 220)):
        marks = np.random.default_rng(k).uniform((left, 50), (left + 100, 150), (68, 2))
        marks[:2] = (left, 50), (left + 100, 150)
        np.savez(tmp_path / f"four_f{k}.gt.npz", lm68=marks)

    def finds(image):
        side = image.shape[1] / 400
        boxes = ((20, 50, 120, 150), (25, 50, 125, 150), (130, 50, 180, 100))
        return [Face(tuple(side * edge for edge in box)) for box in boxes]

    finds.name = "always"
    rows = [line.split() for line in group_table([finds], groups_in(tmp_path), table).splitlines()[2:]]
    assert [row[1:4] for row in rows] == [["1", "1", "1"], ["2", "1", "1"], ["4", "1", "1"]]
    with pytest.raises(InputError, match="no groups"):
        groups_in(tmp_path / "none")
