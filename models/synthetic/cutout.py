"""Heads with shoulders, hair and whatever covers them, cut out of their photo: to be pasted into frames."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Floats
from models.synthetic.camera import crop_camera, project_points, rotation
from models.synthetic.draw import draw_scene
from models.synthetic.head import Head
from models.synthetic.labels import seen_vertices
from models.synthetic.occluders import occluder_meshes, torso_meshes
from models.synthetic.photo import developed
from models.synthetic.rasterise_cpu import rasterise
from models.synthetic.render import Assembly, assemble, joined, paint, to_raster
from models.synthetic.scene import Framing, Occluder, Scene
from models.synthetic.textures import texture_bank

STREAM = 77  # of the chances that belong to cut-outs alone
GROUND = 0.18  # linear light behind what is cut out, for the exposure only
BEHIND = (Occluder.HAT, Occluder.HOOD, Occluder.SCARF)  # also seen from behind


class Kind(IntEnum):
    """What a cut-out shows."""

    FACE = 0
    BACK = 1  # of a head
    BODY = 2  # with what it holds, and no head


CHANCES = {Kind.FACE: 0.8, Kind.BACK: 0.1, Kind.BODY: 0.1}


@dataclass(frozen=True, eq=False, slots=True)
class Cutout:
    """Something to paste into a frame.

    Attributes:
        kind: Whether it is a face to be found.
        rgba: [S, S, 4] uint8, straight alpha.
        landmarks: [68, 3] px, hidden ones included.
        rotation: [3, 3] model to camera, y up in both.
        seen: Share of the face's vertices that can be seen, over what a bare face of this pose would show.
    """

    kind: Kind
    rgba: NDArray[np.uint8]
    landmarks: Floats
    rotation: Floats
    seen: float


def cut_out(seed: int, index: int, head: Head, size: int) -> Cutout:
    """The cut-out of that index; the same for all time."""
    rng = np.random.default_rng([seed, index, STREAM])
    kind = Kind(rng.choice(list(CHANCES), p=list(CHANCES.values())))
    scene = _scene(draw_scene(seed, index, head), kind, rng)
    vertices = head.vertices(scene.identity, scene.expression)
    turn = rotation(scene.pose.pitch, scene.pose.yaw, scene.pose.roll)
    camera = crop_camera(head.landmarks(vertices) @ turn.T, scene.framing, size)
    draw = _headless if kind is Kind.BODY else assemble
    whole = draw(scene, head, vertices, turn)
    screen, nearness = to_raster(whole.points, camera)
    fine = 2 * size
    raster = rasterise(screen, nearness, whole.triangles, whole.cutout, whole.uv, texture_bank(), fine)
    picture = np.zeros((fine, fine, 3), np.float32)
    paint(scene, head, whole, raster, camera, picture)
    covered = (raster.triangle >= 0).astype(np.float32)
    seen = 0.0
    if kind is Kind.FACE:
        bare = float((whole.normals[: head.face_count, 2] > 0).mean())
        seen = float(seen_vertices(raster, head, screen, whole.normals).mean()) / max(bare, 1e-3)
    marks = project_points(head.landmarks(vertices) @ turn.T, camera)
    return Cutout(kind, _rgba(picture, covered, rng), marks, turn, min(seen, 1.0))


def _scene(scene: Scene, kind: Kind, rng: np.random.Generator) -> Scene:
    """The scene with more around the head, turned away where its back is wanted."""
    margin = float(rng.uniform(1.8, 3.0))
    shift = (float(rng.uniform(-0.05, 0.05)), float(rng.uniform(0.0, 0.1)))
    scene = replace(scene, framing=Framing(scene.framing.distance_mm, margin, shift))
    if kind is not Kind.BACK:
        return scene
    away = float(np.radians(rng.uniform(130, 230)))
    pitch = float(np.clip(scene.pose.pitch, -0.5, 0.5))
    pose = replace(scene.pose, pitch=pitch, yaw=away, torso_yaw=away + float(rng.normal(0, 0.4)))
    occluders = tuple(occluder for occluder in scene.occluders if occluder[0] in BEHIND)
    return replace(scene, pose=pose, occluders=occluders)


def _headless(scene: Scene, head: Head, vertices: Floats, turn: Floats) -> Assembly:
    """Shoulders and what is held before the face, without the head and what it wears."""
    _, held = occluder_meshes(scene, head, vertices, turn)
    before = torso_meshes(scene, head, vertices, turn) + held
    whole = joined(scene, head, vertices, turn, (), before)
    own = len(head.triangles)
    return replace(
        whole, triangles=whole.triangles[own:], slot=whole.slot[own:], cutout=whole.cutout[own:], films=()
    )


def _rgba(picture: Floats, covered: Floats, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Halved, with colours that are the thing's own up to its rim."""
    size = len(picture) // 2
    alpha = cv2.resize(covered, (size, size), interpolation=cv2.INTER_AREA)[..., None]
    light = cv2.resize(picture * covered[..., None], (size, size), interpolation=cv2.INTER_AREA)
    light = np.where(alpha > 0, light / np.maximum(alpha, 1e-3), np.float32(GROUND))
    tone = developed(light, rng)
    return (np.concatenate([tone, alpha], 2).clip(0, 1) * 255 + 0.5).astype(np.uint8)
