"""Things before the face that do not turn with it; built in camera space (mm, y up, z to the camera)."""

from __future__ import annotations

import numpy as np

from models.geometry.arrays import Floats, Rng
from models.synthetic import matter
from models.synthetic.body import load_hand
from models.synthetic.surfaces import Colour, Kind, Mesh, Surface, ellipsoid, sheet, tube
from models.synthetic.textures import Tile

CELL_MM = 12.0


class Relief:
    """How far the head reaches towards the camera, on a coarse grid: what things rest on."""

    def __init__(self, points: Floats) -> None:
        """`points` [P, 3] of the head, camera space."""
        self._low = points[:, :2].min(0)
        cells = np.floor((points[:, :2] - self._low) / CELL_MM).astype(int)
        self._grid = np.full(cells.max(0) + 1, -1e3, np.float32)
        np.maximum.at(self._grid, (cells[:, 0], cells[:, 1]), points[:, 2])

    def depth(self, points: Floats) -> Floats:
        """[K] nearest depth of the head under points [K, 3]; far away beside it."""
        cells = np.floor((points[:, :2] - self._low) / CELL_MM).astype(int)
        inside = ((cells >= 0) & (cells < self._grid.shape)).all(1)
        out = np.full(len(points), -1e3, np.float32)
        out[inside] = self._grid[cells[inside, 0], cells[inside, 1]]
        return out

    def rested(self, points: Floats, sink: float, gap_mm: float) -> Floats:
        """`points` moved along z until all but a share `sink` of them clear the head by `gap_mm`."""
        need = self.depth(points) + gap_mm - points[:, 2]
        push = np.quantile(need, 1 - sink)
        if push < -500:
            push = np.float64(0)
        return np.asarray(points + np.array([0, 0, push]), np.float32)


def frame_of(direction: float, tilt: float, lean: float) -> Floats:
    """[3, 3]: columns across, along and towards, turned in the picture, then tilted out of it."""
    c, s = np.cos(direction), np.sin(direction)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    ct, st, cl, sl = np.cos(tilt), np.sin(tilt), np.cos(lean), np.sin(lean)
    pitch = np.array([[1, 0, 0], [0, ct, -st], [0, st, ct]])
    swing = np.array([[cl, 0, sl], [0, 1, 0], [-sl, 0, cl]])
    return np.asarray(turn @ pitch @ swing)


def hand(
    rng: Rng, target: Floats, relief: Relief, skin: Colour, curls: Floats | None = None,
    frame: Floats | None = None, contact: Floats | None = None,
) -> list[Mesh]:  # fmt: skip
    """A hand with its forearm that touches or covers the face near `target` [3].

    Its pose is by chance unless given: `curls` [5, 3] radians, `frame` [3, 3] (columns across the palm, along
    the fingers, out of it) and `contact` [3], the place in the hand that comes to `target`.
    """
    model = load_hand()
    if curls is None:
        gesture = rng.random()
        if gesture < 0.4:  # flat
            curls = rng.uniform(-0.1, 0.45, (5, 3))
        elif gesture < 0.65:  # fist, cheek on it
            curls = rng.uniform(1.1, 1.7, (5, 3))
        elif gesture < 0.85:  # one or two fingers out
            curls = rng.uniform(0.9, 1.6, (5, 3))
            curls[int(rng.integers(1, 3)) :: int(rng.integers(2, 5))] = rng.uniform(0, 0.35)
        else:
            curls = rng.uniform(0, 1.2, (5, 1)) * np.ones((1, 3))
        curls[0] *= 0.5
    fan = rng.uniform(0, 0.2) * np.array([1.5, 1, 0.2, -0.6, -1.3])
    points = model.posed(curls, fan)
    if rng.random() < 0.5:
        points = points * np.array([-1, 1, 1], np.float32)  # a right hand; both sides are drawn anyway
    palm_in = rng.random() < 0.75
    own: Floats = frame_of(
        rng.normal(0, 0.9), rng.normal(-0.15, 0.3), rng.normal(0, 0.4) + (np.pi if palm_in else 0)
    )
    turned: Floats = own if frame is None else frame
    touch = np.asarray((0, rng.uniform(-10, 95), 0) if contact is None else contact, np.float64)
    size = float(rng.uniform(0.82, 1.1))
    placed: Floats = (points - touch) * size @ turned.T + target
    placed = relief.rested(placed.astype(np.float32), float(rng.uniform(0.02, 0.12)), 1.0)
    surface = matter.skin(rng, skin if rng.random() < 0.75 else None)
    uv = (points[:, :2] / 128).astype(np.float32)
    if rng.random() < 0.08:
        surface = matter.cloth(rng, 0.9)  # a glove
    pieces = [Mesh(placed, model.triangles, uv, surface)]
    if rng.random() < 0.5:  # a sleeve
        start = float(rng.uniform(-200, -95))
        path = np.array([[0, start, 0], [0, start - 60, 0], [0, start - 200, 0]]) + np.array([0, 0, 4])
        wide = np.array([37, 40, 46]) * rng.uniform(0.95, 1.3)
        sleeve = tube(path.astype(np.float32), wide.astype(np.float32), matter.cloth(rng), 14)
        moved = (sleeve.vertices - touch) * size @ turned.T + target
        shift = placed[0] - ((points[0] - touch) * size @ turned.T + target)
        pieces.append(Mesh((moved + shift).astype(np.float32), sleeve.triangles, sleeve.uv, sleeve.surface))
    return pieces


def grip(rng: Rng, at: Floats, relief: Relief, skin: Colour) -> list[Mesh]:
    """Often a hand that holds a thing at `at` [3]."""
    curls = rng.uniform(0.6, 1.2, (5, 3))
    return hand(rng, at, relief, skin, curls) if rng.random() < 0.6 else []


def cup(rng: Rng, target: Floats, relief: Relief, skin: Colour) -> list[Mesh]:
    """A mug, glass or can at the mouth, often with a hand."""
    radius, height = float(rng.uniform(28, 46)), float(rng.uniform(75, 130))
    frame = frame_of(rng.normal(0, 0.25), rng.uniform(-0.9, 0.3), 0)
    path = np.linspace([0, 0, 0], [0, -height, 0], 5)
    wide = radius * np.linspace(1, rng.uniform(0.75, 1.0), 5)
    mesh = tube(path.astype(np.float32), wide.astype(np.float32), matter.solid(rng), 20)
    flat = mesh.vertices.copy()
    flat[:, 1] = flat[:, 1].clip(-height, 0)
    placed = flat @ frame.T + target + [0, rng.uniform(-20, 25), 0]
    body = Mesh(relief.rested(placed.astype(np.float32), 0.1, 2.0), mesh.triangles, mesh.uv, mesh.surface)
    side = body.vertices.mean(0) + np.array([rng.choice([-1, 1]) * radius, 0, radius * 0.5])
    return [body, *grip(rng, side, Relief(body.vertices), skin)]


def phone(rng: Rng, target: Floats, relief: Relief, skin: Colour) -> list[Mesh]:
    """A phone or camera before or beside the face."""
    half = (
        np.array([36, 74, 4.5]) * rng.uniform(0.9, 1.1)
        if rng.random() < 0.7
        else rng.uniform([40, 30, 20], [70, 50, 30])
    )
    frame = frame_of(
        rng.normal(0, 0.5) + (np.pi / 2 if rng.random() < 0.3 else 0), rng.normal(0, 0.25), rng.normal(0, 0.6)
    )
    front, edge = matter.solid(rng, 0.8), matter.solid(rng, 0.8)
    pieces = _box(half, front, edge)
    offset = target + np.array([rng.normal(0, 10), rng.normal(0, 10), 0])
    corners = np.concatenate([p.vertices for p in pieces]) @ frame.T + offset
    shift = relief.rested(corners.astype(np.float32), 0.0, 3.0)[0] - corners[0]
    placed = [p.moved(frame.astype(np.float32), (offset + shift).astype(np.float32)) for p in pieces]
    behind = offset + shift + frame @ np.array([0, -half[1] * 0.5, half[2]])
    return [*placed, *grip(rng, behind, Relief(placed[0].vertices), skin)]


def _box(half: Floats, front: Surface, edge: Surface) -> list[Mesh]:
    """Front and sides of a box around the origin."""
    x, y, z = half
    corner = [(-x, y), (x, y), (x, -y), (-x, -y), (-x, y)]
    face = np.array([[[-x, y, z], [x, y, z]], [[-x, -y, z], [x, -y, z]]], np.float32)
    rim = np.array([[[a, b, z] for a, b in corner], [[a, b, -z] for a, b in corner]], np.float32)
    return [sheet(face, front), sheet(face * [1, 1, -1], front), sheet(rim, edge)]


def microphone(rng: Rng, target: Floats, relief: Relief, skin: Colour) -> list[Mesh]:
    """A microphone at the mouth."""
    radius = float(rng.uniform(18, 30))
    frame = frame_of(rng.normal(0, 0.9), rng.uniform(-1.2, 0.2), 0)
    dark = Surface(
        Kind.MATTER,
        (0.02, 0.02, 0.02),
        (0.12, 0.12, 0.12),
        matter.some_tile(rng, Tile.WEAVE),
        (3, 3),
        0.8,
        0.2,
        25.0,
    )
    ball = ellipsoid(
        np.zeros(3), np.array([1, 1.1, 1]) * radius, dark if rng.random() < 0.6 else matter.solid(rng)
    )
    handle = np.linspace([0, -radius, 0], [0, -radius - 150, 0], 4).astype(np.float32)
    stick = tube(handle, np.linspace(0.7, 0.5, 4).astype(np.float32) * radius, matter.solid(rng), 12)
    placed = ball.moved(frame.astype(np.float32), target + np.array([rng.normal(0, 8), -12, 0], np.float32))
    rested = relief.rested(placed.vertices, 0.0, 3.0)
    shift = rested[0] - ball.vertices[0] @ frame.T
    pieces = [p.moved(frame.astype(np.float32), shift.astype(np.float32)) for p in (ball, stick)]
    return [
        *pieces,
        *grip(rng, shift + frame @ np.array([0, -radius - 60, 10]), Relief(pieces[1].vertices), skin),
    ]


def board(rng: Rng, target: Floats, relief: Relief, skin: Colour) -> list[Mesh]:
    """Paper, a book, a wall or somebody's back: a straight edge that may cover half the face."""
    width, height = rng.uniform(90, 420, 2)
    frame = frame_of(
        rng.choice([0, 0, np.pi / 2]) + rng.normal(0, 0.35), rng.normal(0, 0.3), rng.normal(0, 0.3)
    )
    x, y = np.linspace(-width / 2, width / 2, 7), np.linspace(height / 2, -height / 2, 7)
    bend = rng.normal(0, 12)
    points = np.stack(np.broadcast_arrays(x[None], y[:, None], bend * (x[None] / width * 2) ** 2), -1)
    edge = np.array([rng.choice([-0.5, 0.5]) * width, rng.uniform(-0.4, 0.4) * height, 0])
    if rng.random() < 0.15:
        edge = np.array([rng.uniform(-0.4, 0.4) * width, rng.uniform(-0.4, 0.4) * height, 0])
    placed = (points.reshape(-1, 3) - edge) @ frame.T + target
    placed = relief.rested(placed.astype(np.float32), 0.0, float(rng.uniform(2, 50)))
    mesh = sheet(placed.reshape(7, 7, 3), matter.paper(rng))
    pieces = [mesh]
    if rng.random() < 0.3:
        pieces += hand(rng, placed[int(rng.integers(len(placed)))], Relief(placed), skin)
    return pieces


def blob(rng: Rng, target: Floats, relief: Relief, skin: Colour) -> list[Mesh]:
    """Any shape of anything: a leaf, a bag, a sleeve, a splash."""
    angle = np.linspace(0, 2 * np.pi, 33)
    waves = sum(rng.normal(0, 0.35 / k) * np.cos(k * angle + rng.uniform(0, 6)) for k in range(1, 6))
    outline = np.maximum(1 + waves * (angle < 7), 0.15) * rng.uniform(14, 62)
    if rng.random() < 0.4:
        outline = outline[(np.arange(33) // int(rng.integers(2, 8))) * int(rng.integers(1, 3)) % 32]
    outline[-1] = outline[0]
    stretch = np.exp(rng.normal(0, 0.35))
    share = np.array([0.02, 0.5, 0.85, 1.0])[:, None]
    dome = rng.uniform(0, 25) * (1 - share**2) + 0 * angle
    ring = np.stack(
        [share * outline * np.cos(angle) * stretch, share * outline * np.sin(angle) / stretch, dome], -1
    )
    turned = ring.reshape(-1, 3) @ frame_of(rng.uniform(0, 6), 0, 0).T + target + rng.normal(0, 15, 3)
    placed = relief.rested(turned.astype(np.float32), 0.0, float(rng.uniform(1, 30)))
    surface = matter.paper(rng) if rng.random() < 0.5 else matter.cloth(rng)
    return [sheet(placed.reshape(4, 33, 3), surface)]


def ball(rng: Rng, target: Floats, relief: Relief, skin: Colour) -> list[Mesh]:
    """A fruit, a balloon, a lens."""
    mesh = ellipsoid(
        np.zeros(3), rng.uniform(14, 60) * np.exp(rng.normal(0, 0.15, 3)), matter.solid(rng, 0.8), 12, 20
    )
    placed = relief.rested((mesh.vertices + target + rng.normal(0, 15, 3)).astype(np.float32), 0.1, 3.0)
    return [Mesh(placed, mesh.triangles, mesh.uv, mesh.surface)]


def other_head(rng: Rng, target: Floats, relief: Relief, skin: Colour) -> list[Mesh]:
    """The back or side of somebody else's head, with an ear and a shoulder."""
    axes = np.array([74, 104, 88]) * rng.uniform(0.85, 1.1)
    side = rng.choice([-1, 1])
    colour = matter.skin(rng, None)
    hair = Surface(
        Kind.HAIR, matter.some_colour(rng) if rng.random() < 0.1 else (0.02, 0.015, 0.012),
        (0.10, 0.07, 0.05),
        matter.some_tile(rng, Tile.LOCKS, Tile.STRANDS), (2, 1), 1.0, 0.08, 12.0, 0.3,
    )  # fmt: skip
    centre = target + np.array([side * rng.uniform(35, 95), rng.normal(-20, 40), 0])
    skull = ellipsoid(np.zeros(3), axes, hair, 14, 24)
    rested = relief.rested((skull.vertices + centre).astype(np.float32), 0.0, 5.0)
    at = rested[0] - skull.vertices[0]
    cheek = ellipsoid(at + np.array([-side * 14, -26, 8]), axes * [0.86, 0.8, 0.93], colour, 12, 20)
    neck = tube(
        np.linspace(at + np.array([0, -70, 0]), at + np.array([0, -190, -10]), 4).astype(np.float32),
        np.full(4, 55.0, np.float32),
        colour,
        14,
    )
    coat = ellipsoid(at + np.array([0, -260, -20]), np.array([210, 120, 110.0]), matter.cloth(rng), 12, 20)
    return [Mesh(rested, skull.triangles, skull.uv, hair), cheek, neck, coat]
