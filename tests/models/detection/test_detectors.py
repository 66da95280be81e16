"""The default detector on drawn faces, on the shipped photos, and on what is no face at all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import cv2
import numpy as np
import pytest
from PIL import Image

import resources
from models.catalogue import DETECTOR_NEEDS
from models.detection import detect
from models.detection.detectors import DEFAULT, DETECTORS, HaarDetector, detect_all, looking_twice
from models.detection.detectors import detector as named_detector
from models.detection.haar import FRONTAL, Look
from models.metrics.errors import box_iou
from models.reconstructor import Detector, Face
from viewer.sources.still import read_still


def drawn_face(size: int = 200) -> np.ndarray:
    """[size, size, 3]: an oval with brows, eyes, nose and mouth; its box as `expected_box` says."""
    picture = np.full((size, size, 3), 95, np.uint8)
    shapes = [((100, 100), (58, 78), 200), ((100, 62), (52, 34), 210), ((100, 146), (24, 6), 110)]
    for x in (76, 124):
        shapes += [((x, 84), (19, 9), 120), ((x, 88), (13, 6), 60), ((x, 72), (18, 4), 70)]
    shapes += [((100, 104), (9, 22), 225), ((93, 122), (5, 3), 110), ((107, 122), (5, 3), 110)]
    unit = size / 200
    for centre, axes, grey in shapes:
        middle = (round(centre[0] * unit), round(centre[1] * unit))
        radii = (round(axes[0] * unit), round(axes[1] * unit))
        cv2.ellipse(picture, middle, radii, 0, 0, 360, (grey, grey, grey), -1)
    return cv2.GaussianBlur(picture, (0, 0), 2.2 * unit)


def scene(places: list[tuple[int, int, int]], shape: tuple[int, int] = (480, 640)) -> np.ndarray:
    """Drawn faces of side `size` with their top-left corners at (x, y), for each (x, y, size)."""
    picture = np.full((*shape, 3), 95, np.uint8)
    for x, y, size in places:
        picture[y : y + size, x : x + size] = drawn_face(size)
    return picture


def expected_box(x: float, y: float, size: float) -> np.ndarray:
    return np.array([x + 0.21 * size, y + 0.34 * size, x + 0.79 * size, y + 0.89 * size])


def overlap(face: Face, box: np.ndarray) -> float:
    return float(box_iou(np.array(face.box), box))


@pytest.fixture(scope="module")
def detector() -> HaarDetector:
    return HaarDetector()


def test_a_face_is_found_with_its_box_from_brows_to_chin(detector):
    (face,) = detector(scene([(120, 60, 300)]))
    assert overlap(face, expected_box(120, 60, 300)) > 0.6
    assert 0.8 < face.score <= 1


def test_faces_of_several_sizes_come_surest_first(detector):
    places = [(20, 20, 180), (380, 200, 240)]
    faces = detector(scene(places))
    assert len(faces) == 2
    for place in places:
        assert max(overlap(face, expected_box(*place)) for face in faces) > 0.6
    assert all(first.score >= second.score for first, second in pairwise(faces))


@pytest.mark.parametrize("lean_deg", [-30, 30, 60])
def test_a_leaning_head_is_found(detector, lean_deg):
    turn = cv2.getRotationMatrix2D((320, 240), -lean_deg, 1)
    picture = cv2.warpAffine(scene([(200, 120, 240)]), turn, (640, 480), borderValue=(95, 95, 95))
    (face,) = detector(picture)
    middle = turn @ [320, 120 + 0.615 * 240, 1]
    x0, y0, x1, y1 = face.box
    assert ((x0 + x1) / 2, (y0 + y1) / 2) == pytest.approx(middle, abs=20)


@pytest.mark.parametrize("factor", [0.5, 3.0, 8.0])
def test_the_box_grows_with_the_picture(detector, factor):
    picture = scene([(150, 60, 320)])
    resized = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    (face,) = detector(resized)
    assert overlap(face, factor * expected_box(150, 60, 320)) > 0.6


def test_a_face_cut_by_the_border_does_not_harm(detector):
    for face in detector(scene([(120, 60, 300)])[:, 200:]):
        assert np.isfinite(face.box).all()


@pytest.mark.parametrize("shape", [(1, 1), (5, 400), (400, 5), (23, 23), (24, 24), (24, 3000)])
def test_tiny_and_thin_pictures_hold_no_face(detector, shape):
    assert detector(np.full((*shape, 3), 128, np.uint8)) == []


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_an_empty_picture_holds_no_face(detector, grey):
    assert detector(np.full((300, 400, 3), grey, np.uint8)) == []


def test_noise_holds_no_face(detector):
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
    assert detector(noise) == []


@pytest.mark.parametrize(
    ("image", "told"),
    [
        (np.zeros((30, 30), np.uint8), r"uint8 \[30, 30\]"),
        (np.zeros((30, 30, 4), np.uint8), r"\[30, 30, 4\]"),
        (np.zeros((30, 30, 3)), "float64"),
        (None, "NoneType"),
    ],
)
def test_what_is_no_picture_is_named(detector, image, told):
    with pytest.raises(ValueError, match=told):
        detector(image)


def test_a_read_only_view_is_as_good_as_a_copy(detector):
    picture = scene([(120, 60, 300)])[:, ::-1]
    picture.flags.writeable = False
    assert detector(picture) == detector(picture.copy())


def test_threads_may_share_a_detector(detector):
    pictures = [scene([(20 * i, 10 * i, 300)]) for i in range(6)]
    with ThreadPoolExecutor(3) as threads:
        together = list(threads.map(detector, pictures))
    assert together == [detector(picture) for picture in pictures]


def test_fewer_looks_make_a_faster_detector_with_the_same_seam():
    quick: Detector = HaarDetector(looks=[Look(FRONTAL)], second_looks=[])
    assert len(quick(scene([(120, 60, 300)]))) == 1
    assert quick.name == "haar"


@pytest.mark.parametrize(
    ("name", "box"), [("astronaut", (180, 89, 270, 178)), ("grace_hopper", (172, 160, 347, 342))]
)
def test_the_face_of_a_shipped_photo_comes_first(name, box):
    (path,) = [path for path in resources.samples() if path.stem == name]
    with Image.open(path) as photo:
        surest = detect(np.asarray(photo.convert("RGB")))[0]
    assert overlap(surest, np.array(box)) > 0.7  # read off the photos by eye
    assert surest.score > 0.5


@pytest.fixture(scope="module")
def finder() -> Detector:
    return named_detector("finder")


@pytest.mark.parametrize("grey", [0, 90, 255])
def test_the_finder_sees_no_face_in_a_plain_picture(finder, grey):
    assert finder(np.full((300, 400, 3), grey, np.uint8)) == []


def test_the_finder_sees_several_faces_in_one_picture(finder):
    names = ("astronaut", "grace_hopper", "render_mask", "render_sunglasses")
    paths = {path.stem: path for path in resources.samples()}
    canvas = np.full((640, 640, 3), 120, np.uint8)
    for k, name in enumerate(names):
        with Image.open(paths[name]) as photo:
            tile = np.asarray(photo.convert("RGB").resize((320, 320)))
        y, x = 320 * (k // 2), 320 * (k % 2)
        canvas[y : y + 320, x : x + 320] = tile
    middles = [((x0 + x1) / 2, (y0 + y1) / 2) for x0, y0, x1, y1 in (face.box for face in finder(canvas))]
    tiles = {(int(x // 320), int(y // 320)) for x, y in middles}
    assert tiles == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_every_detector_has_a_name_of_its_own():
    assert HaarDetector().name == "haar"
    assert set(DETECTORS) == set(DETECTOR_NEEDS)
    assert looking_twice().name == f"{DEFAULT}, second look"


@pytest.mark.parametrize("path", resources.samples(), ids=lambda path: path.stem)
def test_each_sample_that_ships_shows_one_face(path):
    with Image.open(path) as picture:
        image = np.asarray(picture.convert("RGB"))
    assert len(detect(image)) == 1


def test_a_folder_at_once_is_told_as_picture_by_picture():
    """Sure and unsure finds, another turn, other sizes, several faces, none: each goes its own way."""
    photos = {path.stem: read_still(path).image for path in resources.samples()}
    plain = photos["astronaut"]
    hidden = plain.copy()
    hidden[130:200, 150:300] = 120
    images = [
        photos["grace_hopper"],
        np.ascontiguousarray(np.rot90(plain)),
        photos["render_hand"],
        hidden,
        np.full((90, 120, 3), 128, np.uint8),
        np.concatenate([plain[:256, :400], plain[:256, :400]], 1),
        plain,
    ]
    alone = [detect(image) for image in images]
    assert [len(faces) for faces in alone] == [1, 1, 1, 1, 0, 2, 1]
    for one, other in zip(alone, detect_all(images), strict=True):
        assert [face.turn_deg for face in other] == pytest.approx([face.turn_deg for face in one], abs=0.1)
        assert np.array([face.box for face in other]) == pytest.approx(
            np.array([face.box for face in one]), abs=0.1
        )
        assert [face.score for face in other] == pytest.approx([face.score for face in one], abs=1e-3)
