import math

import pytest

from viewer.state.camera import STANDARD_VIEWS, Camera, Quaternion, product, seen_from, turn
from viewer.state.state import MAX_RECENT, State, toggled, with_recent, with_styles
from viewer.state.style import LayerStyle, Look

Point = tuple[float, float, float]


def turned(q: Quaternion, point: Point) -> Point:
    """q p q*: the point after the turn, by the definition."""
    w, x, y, z = q
    rotated = hamilton(hamilton(q, (0.0, *point)), (w, -x, -y, -z))
    return rotated[1], rotated[2], rotated[3]


def hamilton(p: Quaternion, q: Quaternion) -> Quaternion:
    a, b, c, d = p
    e, f, g, h = q
    return (
        a * e - b * f - c * g - d * h,
        a * f + b * e + c * h - d * g,
        a * g - b * h + c * e + d * f,
        a * h + b * g - c * f + d * e,
    )


@pytest.mark.parametrize(
    ("view", "near"),
    [
        ("front", (0.0, 0.0, 1.0)),
        ("left", (-1.0, 0.0, 0.0)),
        ("right", (1.0, 0.0, 0.0)),
        ("top", (0.0, 1.0, 0.0)),
    ],
)
def test_a_standard_view_brings_its_side_of_the_face_nearest_to_the_viewer(view: str, near: Point):
    assert turned(STANDARD_VIEWS[view], near) == pytest.approx((0.0, 0.0, 1.0), abs=1e-12)


def test_the_product_turns_by_the_second_first():
    p, q = turn((1, 0, 0), 90), turn((0, 0, 1), 90)
    x_axis = (1.0, 0.0, 0.0)
    assert turned(product(p, q), x_axis) == pytest.approx(turned(p, turned(q, x_axis)), abs=1e-12)


def test_a_thousand_small_turns_stay_a_turn():
    rotation: Quaternion = (1.0, 0.0, 0.0, 0.0)
    for _ in range(1000):
        rotation = product(turn((0.3, 1, 0.2), 1.7), rotation)
    assert math.hypot(*rotation) == pytest.approx(1, abs=1e-12)


def test_a_standard_view_keeps_the_kind_of_camera_but_not_zoom_and_pan():
    camera = seen_from(Camera(zoom=3, pan=(1, 2), perspective=True), "left")
    assert camera == Camera(rotation=STANDARD_VIEWS["left"], perspective=True)


def test_toggling_twice_changes_nothing():
    once = toggled(frozenset({"a"}), "b")
    assert once == {"a", "b"}
    assert toggled(once, "b") == {"a"}


def test_a_file_opened_again_moves_to_the_front_of_the_recent_ones():
    assert with_recent(("b", "a"), "a") == ("a", "b")


def test_no_more_recent_files_are_kept_than_fit_a_menu():
    recent: tuple[str, ...] = ()
    for index in range(MAX_RECENT + 3):
        recent = with_recent(recent, str(index))
    assert len(recent) == MAX_RECENT
    assert recent[0] == str(MAX_RECENT + 2)


def test_changing_one_panels_look_leaves_the_state_and_the_other_panels_alone():
    state = State()
    styles = with_styles(state, {"model": LayerStyle(Look.NORMALS)})
    assert styles["model"].look is Look.NORMALS
    assert styles["fused"] is state.styles["fused"]
    assert state.styles["model"].look is not Look.NORMALS


def test_there_is_no_answer_without_a_frame():
    assert State().answer is None
