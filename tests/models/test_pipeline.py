"""Frame in, answers in the frame's own pixels out; the method is a fake that knows the truth."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from models.errors import MethodError
from models.geometry.crops import warp_crop
from models.geometry.transforms import rotation_from_euler
from models.loading import load
from models.metrics.states import state_shares
from models.pipeline import (
    back_project,
    crop_of,
    outside_the_picture,
    reconstruct,
    reconstruct_all,
    turned_pose,
)
from models.reconstruction import (
    STATE_SCALARS,
    MapLayer,
    MeshLayer,
    PointLayer,
    Reconstruction,
    Scalar,
    Space,
    State,
    Topology,
    frozen,
)
from models.reconstructor import Face
from tests.fakes.reconstructor import FakeReconstructor

SIZE = 64
TOPOLOGY = Topology(
    name="fan",
    triangles=np.array([[0, 1, 2]], np.int32),
    uv=np.zeros((4, 2), np.float32),
    landmark_vertices=np.zeros((68, 3), np.int32),
    landmark_weights=np.full((68, 3), 1 / 3, np.float32),
    mirror=np.arange(4, dtype=np.int32),
    regions=np.zeros(4, np.uint8),
    region_names=("face",),
)
POINTS = np.array([[0, 0, 0], [10, 0, 5], [0, 20, -3], [63, 63, 8]], np.float32)


def answer(vertices: np.ndarray = POINTS, pose: tuple[float, float, float] = (5, 20, -10)) -> Reconstruction:
    """An answer in crop space with one layer of each kind."""
    square = np.array([[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1]], float)
    px = Scalar("disagreement", frozen(np.arange(4)), 0, 4, "px")
    share = Scalar("visibility", frozen(np.ones(4)), 0, 1)
    return Reconstruction(
        method="fake",
        space=Space.CROP,
        topology=TOPOLOGY,
        vertices=frozen(vertices),
        pose_deg=pose,
        layers=(
            MeshLayer(
                "image space", Space.CROP, frozen(vertices), TOPOLOGY.triangles, scalars=(px,), pose_deg=pose
            ),
            MeshLayer("neutral", Space.MODEL, frozen(vertices), TOPOLOGY.triangles),
            PointLayer("seen", Space.CROP, frozen(vertices)),
            MapLayer("visible mask", frozen(np.ones((32, 32))), square, Space.CROP),
            MapLayer("depth", frozen(np.full((32, 32), 3)), square, Space.CROP, -5, 5, "px"),
        ),
        scalars=(px, share),
        mm_per_px=2.0,
    )


class Dot:
    """Answers with the place of the brightest pixel of each crop, as all its vertices."""

    name = "dot"
    size = SIZE
    topology = TOPOLOGY
    switches = ("sight",)

    def __init__(self, angle: float = 0.0) -> None:
        self.angle = angle
        self.calls: list[tuple[tuple[int, ...], frozenset[str]]] = []

    def crop(self, face: Face) -> np.ndarray:
        x0, y0, x1, y1 = face.box
        return similarity((x1 - x0) / SIZE, self.angle, ((x0 + x1) / 2, (y0 + y1) / 2))

    def __call__(self, crops: np.ndarray, without: frozenset[str] = frozenset()) -> list[Reconstruction]:
        self.calls.append((crops.shape, without))
        places = [np.unravel_index(crop[..., 0].argmax(), crop.shape[:2]) for crop in crops]
        return [answer(np.tile(np.array([[x, y, 1]], float), (4, 1))) for y, x in places]


def similarity(scale: float, angle: float, centre: tuple[float, float]) -> np.ndarray:
    """T_image_crop of a turned square whose centre is `centre`."""
    c, s = scale * math.cos(angle), scale * math.sin(angle)
    middle = (SIZE - 1) / 2
    shift = np.array(centre) - np.array([[c, -s], [s, c]]) @ [middle, middle]
    return np.array([[c, -s, shift[0]], [s, c, shift[1]], [0, 0, 1]])


def spotted(places: list[tuple[int, int]], shape: tuple[int, int] = (240, 320)) -> np.ndarray:
    """A dark picture with a soft bright spot at each (x, y)."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    light = sum((np.exp(-((x - a) ** 2 + (y - b) ** 2) / 50) for a, b in places), np.zeros(shape))
    return np.repeat((255 * np.clip(light, 0, 1)).astype(np.uint8)[..., None], 3, 2)


@pytest.mark.parametrize("angle", [0.0, 0.5, -2.0])
def test_a_whole_face_among_the_layers_turns_with_its_crop_and_others_have_no_pose(angle):
    moved = back_project(answer(), similarity(2, angle, (30, 40)), (0, 0, 10, 10))
    whole, neutral = moved.layers[:2]
    assert whole.pose_deg == moved.pose_deg
    assert neutral.pose_deg is None


@pytest.mark.parametrize("angle", [0.0, 0.5, -2.0])
def test_what_a_method_sees_in_a_crop_is_found_where_it_is_in_the_frame(angle):
    places = [(80, 60), (200, 150), (40, 200)]
    faces = [Face((x - 55, y - 45, x + 25, y + 35)) for x, y in places]  # off centre, 80 px wide
    method = Dot(angle)
    found = reconstruct(spotted(places), faces, method)
    for one, place, face in zip(found, places, faces, strict=True):
        assert one.space is Space.IMAGE
        assert one.box == face.box
        assert one.vertices[0, :2] == pytest.approx(place, abs=1.5)
    assert method.calls == [((3, SIZE, SIZE, 3), frozenset())]


@pytest.mark.parametrize("name", ["dsfnet", "prnet", "mgcnet", "tddfa"])
@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_every_method_sees_a_turned_picture_as_it_sees_the_upright_one(name, quarter):
    method, side = load(name), 100
    picture = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    x0, y0, x1, y1 = box = np.array([30.0, 25.0, 62.0, 70.0])
    last = side - 1
    turned = [box, (y0, last - x1, y1, last - x0), last - box[[2, 3, 0, 1]], (last - y1, x0, last - y0, x1)]
    upright = Face((x0, y0, x1, y1))
    leaning = Face(tuple(float(edge) for edge in turned[quarter]), turn_deg=-90.0 * quarter)
    crop = warp_crop(picture, crop_of(method, upright), method.size)
    again = warp_crop(np.rot90(picture, quarter), crop_of(method, leaning), method.size)
    assert np.abs(crop.astype(int) - again).mean() < 1


def test_a_turned_face_is_told_in_the_frame_of_its_picture():
    face = Face((20, 30, 100, 110), turn_deg=-90.0)
    (one,) = reconstruct(spotted([(60, 45)]), [face], Dot())
    assert one.turn_deg == -90
    assert one.vertices[0, :2] == pytest.approx((60, 45), abs=1.5)
    (upright,) = reconstruct(spotted([(60, 45)]), [replace(face, turn_deg=0.0)], Dot())
    assert upright.pose_deg == (5, 20, -10)
    assert one.pose_deg == pytest.approx(turned_pose((5, 20, -10), similarity(1, -math.pi / 2, (0, 0))))
    assert one.pose_deg[2] < -60


def test_switches_reach_the_method():
    method = Dot()
    reconstruct(spotted([(50, 50)]), [Face((10, 10, 90, 90))], method, frozenset({"sight"}))
    assert method.calls[0][1] == {"sight"}


def test_a_method_is_asked_for_bare_answers_where_it_offers_them():
    class Offers(Dot):
        def bare(self, crops, without=frozenset()):
            return [replace(answer, layers=()) for answer in self(crops, without)]

    asked = [(spotted([(50, 50)]), [Face((10, 10, 90, 90))])]
    for method, kept in ((Offers(), False), (Dot(), True)):
        ((whole,),) = reconstruct_all(asked, method)
        ((bare,),) = reconstruct_all(asked, method, bare=True)
        assert whole.layers
        assert bool(bare.layers) is kept
        assert np.array_equal(bare.vertices, whole.vertices)


def test_no_face_is_an_empty_list_and_the_method_is_not_asked():
    method = Dot()
    assert reconstruct(spotted([]), [], method) == []
    assert method.calls == []


@pytest.mark.parametrize(
    "view",
    [lambda a: a[:, ::-1], lambda a: a[::2, ::2], lambda a: a.transpose(1, 0, 2), np.asfortranarray],
    ids=["mirrored", "strided", "transposed", "column-major"],
)
def test_a_view_of_an_array_is_as_good_as_a_copy(view):
    image = view(spotted([(90, 70), (20, 20)]))
    face = Face((10, 10, 100, 100))
    seen, copied = reconstruct(image, [face], Dot()), reconstruct(image.copy("C"), [face], Dot())
    assert (seen[0].vertices == copied[0].vertices).all()


def test_the_frame_is_not_changed_and_may_be_read_only():
    image = spotted([(50, 50)])
    before = image.copy()
    image.flags.writeable = False
    reconstruct(image, [Face((10, 10, 90, 90))], Dot())
    assert (image == before).all()


@pytest.mark.parametrize(
    ("image", "told"),
    [
        (np.zeros((8, 8), np.uint8), r"uint8 \[8, 8\]"),
        (np.zeros((8, 8, 4), np.uint8), r"\[8, 8, 4\]"),
        (np.zeros((8, 8, 3), np.uint16), "uint16"),
        (np.zeros((8, 8, 3)), "float64"),
        (np.zeros((0, 8, 3), np.uint8), "no pixels"),
        ([[[0, 0, 0]]], "list"),
        (None, "NoneType"),
    ],
)
def test_what_is_no_picture_is_named(image, told):
    with pytest.raises(ValueError, match=told):
        reconstruct(image, [Face((0, 0, 4, 4))], Dot())


@pytest.mark.parametrize("box", [(5, 5, 5, 9), (9, 5, 5, 9), (0, 0, math.nan, 4), (0, 0, math.inf, 4)])
def test_a_box_without_area_is_named(box):
    with pytest.raises(ValueError, match="face box"):
        reconstruct(spotted([]), [Face(box)], Dot())


def test_a_face_beyond_the_border_is_still_answered():
    assert len(reconstruct(spotted([(2, 2)]), [Face((-60, -60, 20, 20))], Dot())) == 1


def test_a_method_that_loses_a_face_is_told_so():
    class Forgetful(Dot):
        def __call__(self, crops: np.ndarray, without: frozenset[str] = frozenset()) -> list[Reconstruction]:
            return super().__call__(crops)[1:]

    with pytest.raises(MethodError, match="asked about 2 faces and answered for 1"):
        reconstruct(spotted([]), [Face((0, 0, 9, 9)), Face((9, 9, 20, 20))], Forgetful())


@pytest.mark.parametrize(
    "T", [np.diag([-1.0, 1, 1]), np.diag([1.0, 2, 1]), np.zeros((3, 3)), np.full((3, 3), math.nan), np.eye(2)]
)
def test_a_mirrored_or_skewed_crop_is_refused(T):
    method = Dot()
    method.crop = lambda face: T
    with pytest.raises(MethodError, match="crop"):
        reconstruct(spotted([]), [Face((0, 0, 9, 9))], method)


@pytest.mark.parametrize("angle", [0.0, math.pi / 2, 2.5])
def test_depth_is_scaled_like_the_plane_however_the_crop_is_turned(angle):
    moved = back_project(answer(), similarity(3, angle, (100, 90)), (0, 0, 1, 1))
    gaps = np.linalg.norm(POINTS[:, None] - POINTS[None], axis=-1)
    moved_gaps = np.linalg.norm(moved.vertices[:, None] - moved.vertices[None], axis=-1)
    assert moved_gaps == pytest.approx(3 * gaps, rel=1e-5)
    assert moved.vertices[:, 2] == pytest.approx(3 * POINTS[:, 2])
    assert moved.mm_per_px == pytest.approx(2 / 3)


def test_layers_follow_and_model_space_stays():
    T = similarity(3, 0.3, (100, 90))
    moved = back_project(answer(), T, (0, 0, 1, 1))
    assert (moved.layer("image space").vertices == moved.vertices).all()
    assert (moved.layer("seen").points == moved.vertices).all()
    assert (moved.layer("neutral").vertices == POINTS).all()
    assert [layer.space for layer in moved.layers] == [Space.IMAGE, Space.MODEL, *[Space.IMAGE] * 3]
    assert moved.layer("visible mask").T_image_map @ [0, 0, 1] == pytest.approx(T @ [0.5, 0.5, 1])


def test_values_in_px_grow_with_the_scale_and_shares_do_not():
    moved = back_project(answer(), similarity(3, 0.3, (100, 90)), (0, 0, 1, 1))
    for scalar in (moved.scalar("disagreement"), moved.layer("image space").scalars[0]):
        assert scalar.values == pytest.approx(3 * np.arange(4))
        assert scalar.high == pytest.approx(12)
    assert (moved.scalar("visibility").values == 1).all()
    assert moved.layer("depth").values == pytest.approx(np.full((32, 32), 9))
    assert moved.layer("depth").low == pytest.approx(-15)
    assert (moved.layer("visible mask").values == 1).all()


def test_arrays_stay_read_only():
    moved = back_project(answer(), similarity(3, 0.3, (100, 90)), (0, 0, 1, 1))
    for array in (moved.vertices, moved.layer("seen").points, moved.layer("depth").values):
        assert not array.flags.writeable


def test_an_upright_crop_keeps_the_pose_to_the_last_bit():
    pose = (12.3, 97.1, -33.3)
    assert turned_pose(pose, similarity(2.7, 0, (10, 10))) == pose


@pytest.mark.parametrize("angle", [0.4, -1.2, math.pi / 2])
@pytest.mark.parametrize("pose", [(0.0, 0.0, 0.0), (20.0, -60.0, 15.0), (-30.0, 80.0, 5.0)])
def test_a_turned_crop_turns_the_pose_as_it_turns_the_points(angle, pose):
    """A head rendered by its pose in the crop, moved by T, must be the head rendered by the turned pose."""
    head = torch.randn(40, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    flip = torch.tensor([1.0, -1, 1], dtype=torch.float64)  # y up -> y down

    def drawn(pose_deg: tuple[float, float, float]) -> np.ndarray:
        rotation = rotation_from_euler(torch.deg2rad(torch.tensor(pose_deg, dtype=torch.float64)))
        return (head @ rotation.mT * flip).numpy()

    T = similarity(1.0, angle, (0, 0))
    in_crop = drawn(pose)
    moved = np.concatenate([in_crop[:, :2] @ T[:2, :2].T, in_crop[:, 2:]], 1)
    assert drawn(turned_pose(pose, T)) == pytest.approx(moved, abs=1e-6)


@pytest.mark.parametrize("angle", [0.0, 0.4, math.pi / 2])
def test_landmarks_as_people_place_them_stay_on_the_head_in_a_turned_and_larger_frame(angle):
    to_hand = np.zeros((68, 3), np.float32)
    to_hand[27], to_hand[36] = (0, 3, 1), (-2, 0, 0)
    told = replace(answer(pose=(20.0, -60.0, 15.0)), to_hand_mm=frozen(to_hand), mm_per_px=0.5)
    T = similarity(2.5, angle, (90, 40))
    points = told.landmarks_by_hand
    moved = np.concatenate([points[:, :2] @ T[:2, :2].T + T[:2, 2], 2.5 * points[:, 2:]], 1)
    framed = back_project(told, T, (0, 0, 10, 10))
    assert framed.landmarks_by_hand == pytest.approx(moved, abs=1e-3)
    far = np.linalg.norm(framed.landmarks_by_hand - framed.landmarks, axis=1) * framed.mm_per_px
    assert far[[27, 36, 0]] == pytest.approx([math.sqrt(10), 2, 0], abs=1e-4)


def test_landmarks_as_people_place_them_are_the_landmarks_where_nobody_measured_it():
    np.testing.assert_array_equal(answer().landmarks_by_hand, answer().landmarks)


def test_a_frontal_face_in_a_crop_turned_clockwise_has_that_roll():
    """AFLW2000 counts roll positive where the head leans to the viewer's right, i.e. clockwise."""
    assert turned_pose((0, 0, 0), similarity(2, math.radians(30), (5, 5))) == pytest.approx(
        (0, 0, 30), abs=1e-9
    )


def seen_all_over(vertices: np.ndarray) -> Reconstruction:
    values = (np.full(4, 0.8), np.full(4, 0.1), np.full(4, 0.1))
    states = tuple(Scalar(name, frozen(v), 0, 1) for name, v in zip(STATE_SCALARS, values, strict=True))
    told = frozen(np.tile([0.8, 0.1, 0.1], (68, 1)))
    return replace(answer(vertices), scalars=states, landmark_states=told)


def test_what_lies_beyond_the_picture_is_turned_away_for_sure_and_marked():
    points = np.array([[5, 5, 0], [-0.6, 5, 0], [5, 20.6, 0], [30.6, 5, 0]], np.float32)
    told = outside_the_picture(seen_all_over(points), 31, 21)
    assert told.states is not None
    np.testing.assert_allclose(told.states[0], [0.8, 0.1, 0.1], atol=1e-6)
    np.testing.assert_array_equal(told.states[1:], [[0, 1, 0]] * 3)
    np.testing.assert_array_equal(told.scalar("outside the picture").values, [0, 1, 1, 1])


def test_landmarks_beyond_the_picture_are_turned_away_and_others_as_told():
    inside, beyond = (np.full((4, 3), place, np.float32) for place in (5.0, 50.0))
    kept, lost = (outside_the_picture(seen_all_over(p), 31, 21).landmark_states for p in (inside, beyond))
    np.testing.assert_allclose(kept, [[0.8, 0.1, 0.1]] * 68, atol=1e-6)
    np.testing.assert_array_equal(lost, [[0, 1, 0]] * 68)


class Covered(FakeReconstructor):
    """Calls all but so many of the vertices, from the forehead down, covered."""

    def __init__(self, seen: float) -> None:
        super().__init__("covered")
        self.seen = seen

    def _states(self, share):
        states = np.zeros((len(share), 3))
        first = round(self.seen * len(share))
        states[:first, 0], states[first:, 2] = 1, 1
        return [Scalar(n, frozen(v), 0, 1) for n, v in zip(STATE_SCALARS, states.T, strict=True)]


def states_told(seen: float, box: tuple[float, float, float, float]) -> tuple[Reconstruction, dict[str, str]]:
    """An answer, and what is told of its states by the alarm's code."""
    (told,) = reconstruct(np.zeros((100, 100, 3), np.uint8), [Face(box)], Covered(seen))
    return told, {alarm.code: alarm.text for alarm in told.alarms}


def test_a_face_that_was_hardly_seen_is_told_with_its_shares_after_what_the_method_tells():
    assert states_told(0.9, (10, 10, 80, 80))[1] == {}
    assert list(states_told(0.4, (10, 10, 80, 80))[1]) == ["mostly-covered"]
    told, alarms = states_told(0.12, (10, 10, 80, 80))
    assert list(alarms) == ["little-seen", "mostly-covered"]
    assert "12%" in alarms["little-seen"]
    assert "88%" in alarms["mostly-covered"]
    assert [alarm.count for alarm in told.alarms] == pytest.approx([0.88 * len(told.vertices)] * 2, abs=1)


def test_what_lies_beyond_the_picture_is_not_told_as_covered():
    told, alarms = states_told(0.0, (-30, 10, 50, 80))
    covered = state_shares(told)[State.COVERED]
    assert 0.5 < covered < 0.9
    assert f"{covered:.0%}" in alarms["mostly-covered"]
    assert "mostly-covered" not in states_told(0.0, (-60, 10, 20, 80))[1]


def test_an_answer_within_the_picture_is_left_as_it_is():
    told = seen_all_over(np.full((4, 3), 5.0, np.float32))
    assert outside_the_picture(told, 31, 21) is told
