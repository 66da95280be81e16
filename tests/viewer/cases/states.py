"""States as a user may leave them, drawn at random, and a disk that is not there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from hypothesis import strategies as st

from models.occlusion.fillings import FILLINGS, Filling
from models.occlusion.occluder import Occluder
from models.reconstruction import frozen
from models.reconstructor import Face
from viewer.cases.case import MediaFile, Who
from viewer.sources.source import Frame
from viewer.state.camera import Camera, Link, turn
from viewer.state.comparison import LAYERS, Comparison, Mode, Side
from viewer.state.layout import PANEL_LAYOUTS, PANELS, STYLED, panel_row
from viewer.state.occlusion import Brush, Layer, Occlusion, Plan, Stack, Tool
from viewer.state.probe import Probe
from viewer.state.setting import Setting
from viewer.state.shown import Shown
from viewer.state.state import State
from viewer.state.style import OVERLAYS, LayerStyle, Look, Theme


@dataclass(frozen=True)
class NoDisk:
    """Files by their names alone."""

    def file(self, path: Path) -> MediaFile:
        return MediaFile(path.name, "ab" * 32, 5)

    def picture(self, frame: Frame) -> MediaFile | None:
        return None

    def relative(self, path: Path) -> str:
        return path.name

    def who(self, setting: Setting) -> Who:
        return Who(setting.method, setting.weights, "cd" * 32, setting.without)

    def detector(self, name: str) -> str:
        return ""


names = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=12)
seeds = st.integers(0, 2**31)
sizes = st.floats(0.01, 500)
shifts = st.floats(-3000, 3000)
shares = st.floats(0, 1)
angles = st.floats(-180, 180)
poses = st.none() | st.tuples(angles, angles, angles)
settings = st.builds(
    Setting,
    st.sampled_from(["dsfnet", "tddfa"]),
    st.sampled_from(["open", "research"]),
    st.frozensets(st.sampled_from(["image space", "model space", "confidence"]), max_size=2),
)
cameras = st.builds(
    Camera,
    st.builds(turn, st.just((0.3, -0.8, 0.5)), angles),
    st.floats(0.2, 40),
    st.tuples(st.floats(-3, 3), st.floats(-3, 3)),
    st.booleans(),
)
spans = st.none() | st.tuples(st.floats(-900, 0), st.floats(0.001, 900))
styles = st.builds(LayerStyle, st.sampled_from(Look), st.booleans(), shares, spans)


@st.composite
def boxes(draw):
    x, y = draw(shifts), draw(shifts)
    return (x, y, x + draw(sizes), y + draw(sizes))


faces = st.builds(
    Face,
    boxes(),
    shares,
    st.none() | st.integers(0, 99),
    poses,
    st.sampled_from([0.0, 90.0, -90.0, 180.0]),
)


@st.composite
def occluders(draw):
    generator = np.random.default_rng(draw(seeds))
    rows, columns = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    T = np.array([[draw(sizes), 0.5, draw(shifts)], [0.25, draw(sizes), draw(shifts)], [0, 0, 1]])
    if abs(np.linalg.det(T)) < 1e-3:
        T = np.eye(3)
    return Occluder(draw(names), generator.integers(0, 256, (rows, columns, 4), np.uint8), T)


fillings = st.builds(
    Filling,
    st.sampled_from(FILLINGS),
    st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255)),
    st.floats(0.5, 90),
    st.tuples(st.integers(-300, 300), st.integers(-300, 300)),
)
layers = st.builds(Layer, names, occluders(), st.booleans(), st.none() | fillings, seeds)
anchors = st.none() | seeds.map(lambda seed: frozen(np.random.default_rng(seed).uniform(0, 500, (68, 2))))
occlusions = st.builds(
    Occlusion,
    stack=st.builds(Stack, st.lists(layers, max_size=3).map(tuple), anchors),
    selected=st.just(-1),
    tool=st.sampled_from(Tool),
    brush=st.builds(
        Brush, st.sampled_from(FILLINGS), st.tuples(*[st.integers(0, 255)] * 3), st.floats(1, 90)
    ),
    seed=seeds,
    anew=st.booleans(),
    plan=st.builds(Plan, st.sampled_from(["bottom", "mask"]), st.integers(1, 60), st.integers(1, 20)),
    factor=st.floats(0, 9),
    threshold_percent=st.floats(0, 90),
)
sides = st.builds(Side, st.sampled_from(LAYERS), st.none() | settings)
comparisons = st.builds(Comparison, sides, sides, st.sampled_from(Mode), shares, st.booleans())


def frame_of(shown=(64, 48), full=None) -> Frame:
    image = np.full((shown[1], shown[0], 3), 90, np.uint8)
    image.flags.writeable = False
    return Frame(image, "photo.png", path=Path("/photos/photo.png"), file_size=full)


@st.composite
def states(draw, full=None):
    """All that a case keeps; what is shown is a picture of 64 x 48 px nobody was asked about."""
    frame, who = frame_of(full=full), draw(settings)
    own = st.dictionaries(st.sampled_from([row.name for row in PANELS if row.looks]), cameras, max_size=2)
    saved = st.dictionaries(names, cameras, max_size=3)
    looks = {name: draw(st.just(panel_row(name).style) | styles) for name in STYLED}
    found = tuple(draw(st.lists(faces, max_size=2)))
    return State(
        frame=frame,
        opened=("/photos/photo.png",),
        shown=Shown(frame, found),
        boxes=draw(st.none() | st.just(found)),
        camera=draw(cameras),
        link=draw(st.sampled_from(Link)),
        cameras=MappingProxyType(draw(own)),
        views=MappingProxyType(draw(saved)),
        method=who.method,
        weights=who.weights,
        switched_off=who.without,
        detector=draw(st.sampled_from(["finder", "haar"])),
        lineup=tuple(draw(st.lists(settings, max_size=3))),
        steady=draw(st.booleans()),
        overlays=draw(st.frozensets(st.sampled_from(OVERLAYS))),
        styles=MappingProxyType(looks),
        selected_face=draw(st.integers(0, 3)),
        probe=draw(st.none() | st.builds(Probe, st.integers(0, 999), st.just((0.0, 0.0, 0.0)), names)),
        whole_photo=draw(st.booleans()),
        head=draw(st.booleans()),
        truth_in_3d=draw(st.booleans()),
        theme=draw(st.sampled_from(Theme)),
        comparison=draw(comparisons),
        occlusion=draw(occlusions),
        panel_layout=draw(st.sampled_from([row.name for row in PANEL_LAYOUTS])),
        normaliser=draw(st.sampled_from(["box", "diagonal"])),
        notes=draw(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=50)),
    )
