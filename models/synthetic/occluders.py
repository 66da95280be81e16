"""What surrounds and covers one head: clothes, worn things, held things."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from models.geometry.arrays import Floats, Rng
from models.synthetic import eyewear, held, matter, resting, worn
from models.synthetic.body import load_torso
from models.synthetic.camera import rotation
from models.synthetic.head import Head
from models.synthetic.scene import Occluder, Scene, Stream
from models.synthetic.surfaces import Colour, Mesh, clipped

_WORN: dict[Occluder, Callable[[Rng, Head, Floats], list[Mesh]]] = {
    Occluder.MASK: worn.face_mask,
    Occluder.SCARF: worn.scarf,
    Occluder.HAT: worn.hat,
    Occluder.HOOD: worn.hood,
    Occluder.SHAWL: worn.headscarf,
    Occluder.GLASSES: lambda rng, head, vertices: eyewear.glasses(rng, head, vertices, dark=False),
    Occluder.SUNGLASSES: lambda rng, head, vertices: eyewear.glasses(rng, head, vertices, dark=True),
}
_HELD: dict[Occluder, Callable[[Rng, Floats, held.Relief, Colour], list[Mesh]]] = {
    Occluder.HAND: held.hand,
    Occluder.CUP: held.cup,
    Occluder.PHONE: held.phone,
    Occluder.MICROPHONE: held.microphone,
    Occluder.BOARD: held.board,
    Occluder.BLOB: held.blob,
    Occluder.BALL: held.ball,
    Occluder.OTHER_HEAD: held.other_head,
    Occluder.RESTING_HAND: resting.resting_hand,
    Occluder.INSTRUMENT: resting.instrument,
}
_AT_MOUTH = (Occluder.CUP, Occluder.MICROPHONE, Occluder.INSTRUMENT)
_RESTS_AT = (8, 8, 7, 9, 5, 11, 4, 12, 57, 62, 3, 13)
_AIMS = {Occluder.RESTING_HAND: _RESTS_AT}
_POINTS = (8, 5, 11, 2, 14, 51, 57, 48, 54, 30, 33, 27, 19, 24, 36, 45, 62)


def occluder_meshes(
    scene: Scene, head: Head, vertices: Floats, turn: Floats
) -> tuple[list[Mesh], list[Mesh]]:
    """Pieces in head space, and pieces in camera space."""
    on_head: list[Mesh] = []
    before: list[Mesh] = []
    relief: held.Relief | None = None
    marks = head.landmarks(vertices)
    for kind, seed in scene.occluders:
        rng = np.random.default_rng(seed)
        if kind == Occluder.STRANDS:
            on_head += worn.loose_strands(rng, head, vertices, scene.hair)
        elif kind in _WORN:
            on_head += _WORN[kind](rng, head, vertices)
        else:
            relief = relief or held.Relief(vertices[: head.face_count] @ turn.T)
            point = 62 if kind in _AT_MOUTH else int(rng.choice(_AIMS.get(kind, _POINTS)))
            before += _HELD[kind](
                rng, (turn @ marks[point]).astype(np.float32), relief, scene.complexion.skin
            )
    return on_head, before


def torso_meshes(scene: Scene, head: Head, vertices: Floats, turn: Floats) -> list[Mesh]:
    """Shoulders in clothes, turned by themselves, and the skin above the neckline; camera space."""
    rng, torso, pose = scene.rng(Stream.DETAIL), load_torso(head), scene.pose
    own = rotation(pose.torso_pitch, pose.torso_yaw, pose.torso_roll)
    stretch = np.array([rng.uniform(0.9, 1.2), 1, rng.uniform(0.9, 1.15)], np.float32)
    local = (torso.vertices - torso.pivot) * stretch
    hinge = turn @ torso.pivot
    share = torso.follows_head[:, None]

    def placed(points: Floats) -> Floats:
        return np.asarray(hinge + share * (points @ turn.T) + (1 - share) * (points @ own.T), np.float32)

    uv = np.stack([np.arctan2(local[:, 0], local[:, 2]) * 150, -local[:, 1]], 1).astype(np.float32) / 100
    neckline = float(rng.choice([rng.uniform(5.1, 5.6), rng.uniform(5.5, 6.0)]))
    dip = float(rng.uniform(0, 0.007))  # dm lower per mm further to the front
    over = torso.height_dm + dip * np.maximum(torso.vertices[:, 2] - torso.pivot[2], 0) - neckline
    skin, cloth = matter.skin(rng, scene.complexion.skin), matter.cloth(rng)
    thick = float(rng.uniform(2, 8))
    dressed, dress = clipped(
        np.concatenate([placed(local + thick * torso.normals), uv], 1), torso.triangles, over
    )
    bare = (over[torso.triangles] > -0.35).any(1) & (torso.height_dm[torso.triangles] < 5.85).all(1)
    return [
        Mesh(placed(local - 0.5 * torso.normals), torso.triangles[bare], uv, skin),
        Mesh(dressed[:, :3].astype(np.float32), dress, dressed[:, 3:].astype(np.float32), cloth),
    ]
