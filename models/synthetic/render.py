"""Scenes to pictures and exact maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Floats
from models.synthetic.appearance import paint_list, part_surfaces
from models.synthetic.backdrop import draw_backdrop
from models.synthetic.camera import crop_camera, project_points, rotation
from models.synthetic.hair import beard_meshes, hair_meshes
from models.synthetic.head import Head
from models.synthetic.labels import Labels, read_labels
from models.synthetic.lighting import environment, unshadowed
from models.synthetic.occluders import occluder_meshes, torso_meshes
from models.synthetic.photo import borders, take_photo, within
from models.synthetic.rasterise_cpu import Raster, depth_only, rasterise, vertex_normals_cpu
from models.synthetic.scene import Light, Scene
from models.synthetic.shading import shade
from models.synthetic.surfaces import Mesh
from models.synthetic.textures import Tile, texture_bank, tile_index

SHADOW_SIZE, SHADOW_REACH_MM = 176, 210.0


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """One synthetic photo and all that is known of it.

    Attributes:
        image: [S, S, 3] uint8 RGB.
        labels: Mask, UV and depth of S/2 cells; visibility per vertex.
        rotation: [3, 3]; camera: [4], see `camera.project`.
        landmarks: [68, 3] crop px.
    """

    image: NDArray[np.uint8]
    labels: Labels
    rotation: Floats
    camera: Floats
    landmarks: Floats


@dataclass(frozen=True, eq=False, slots=True)
class Assembly:
    """All pieces of a scene as one mesh in camera space (mm); the head comes first.

    Attributes:
        points, normals, uv: Per vertex; triangles: [T, 3]; slot: [T] row of `rows`; cutout: [T].
        films: Pieces one sees through.
        beard: How many triangles, the last, are of a beard: it belongs to the face.
    """

    points: Floats
    normals: Floats
    uv: Floats
    triangles: NDArray[np.int32]
    slot: NDArray[np.int16]
    rows: Floats
    cutout: NDArray[np.int16]
    films: tuple[Mesh, ...]
    beard: int = 0


def render(scene: Scene, head: Head, size: int = 128) -> Sample:
    """Draw a scene at twice `size` and halve it."""
    vertices = head.vertices(scene.identity, scene.expression)
    pose = scene.pose
    turn = rotation(pose.pitch, pose.yaw, pose.roll)
    camera = crop_camera(head.landmarks(vertices) @ turn.T, scene.framing, size)
    whole = assemble(scene, head, vertices, turn)
    fine = 2 * size
    screen, nearness = to_raster(whole.points, camera)
    bank = texture_bank()
    raster = rasterise(screen, nearness, whole.triangles, whole.cutout, whole.uv, bank, fine)
    there = within(size, borders(scene, size)).repeat(2, 0).repeat(2, 1)
    shown = raster
    if whole.beard:  # hides nothing that one would call covered
        shown = rasterise(
            screen,
            nearness,
            whole.triangles[: -whole.beard],
            whole.cutout[: -whole.beard],
            whole.uv,
            bank,
            fine,
        )
    labels = scene_labels(shown, there, head, screen, nearness, whole.normals, turn)
    picture = draw_backdrop(scene, fine)
    paint(scene, head, whole, raster, camera, picture)
    small = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    marks = project_points(head.landmarks(vertices) @ turn.T, camera)
    return Sample(take_photo(small, scene), labels, turn, camera, marks)


def scene_labels(
    shown: Raster,
    there: NDArray[np.bool_],
    head: Head,
    screen: Floats,
    nearness: Floats,
    normals: Floats,
    turn: Floats,
) -> Labels:
    """The labels of a picture that shows what `shown` says, where it is `there` [fine, fine].

    Args:
        shown, head, normals, turn: As in `read_labels`.
        there: False outside the picture.
        screen: [P, 3], nearness: [P]: of the head's vertices, others may follow.
    """
    nothing = np.full(len(head.closed), -1, np.int16)
    nothing[head.face_triangle_count : head.closed_face_count] = -2  # what closes a hole has two sides
    count = len(head.mean)
    bare = rasterise(
        screen[:count], nearness[:count], head.closed, nothing, head.skin_uv, texture_bank(), len(there)
    )
    inside = [r._replace(triangle=np.where(there, r.triangle, -1).astype(np.int32)) for r in (shown, bare)]
    return read_labels(inside[0], inside[1], head, screen, normals, turn)


def to_raster(points: Floats, camera: Floats) -> tuple[Floats, Floats]:
    """Raster px (twice the crop's; depth stays in crop px) and nearness of camera-space points."""
    screen = project_points(points, camera)
    screen[:, :2] = 2 * screen[:, :2] + 0.5
    return screen, (1.0 / (1.0 - camera[3] * points[:, 2])).astype(np.float32)


def assemble(scene: Scene, head: Head, vertices: Floats, turn: Floats) -> Assembly:
    """The head and everything around it."""
    down = turn.T @ np.array([0.0, -1.0, 0.0], np.float32)
    attached = hair_meshes(scene.hair, head, vertices, down)
    face = scene.complexion
    beard = beard_meshes(face.beard_amount, face.beard, scene.hair.seed, head, vertices, down)
    beard = [mesh.moved(turn, np.zeros(3, np.float32)) for mesh in beard]
    worn, held = occluder_meshes(scene, head, vertices, turn)
    held = torso_meshes(scene, head, vertices, turn) + held
    whole = joined(scene, head, vertices, turn, (*attached, *worn), (*held, *beard))
    return replace(whole, beard=sum(len(mesh.triangles) for mesh in beard))


def joined(
    scene: Scene, head: Head, vertices: Floats, turn: Floats, on_head: Sequence[Mesh], before: Sequence[Mesh]
) -> Assembly:
    """The head with pieces given in head space and pieces given in camera space, all in camera space."""
    nothing = np.zeros(3, np.float32)
    pieces = [*(mesh.moved(turn, nothing) for mesh in on_head), *before]
    solid = [mesh for mesh in pieces if mesh.hides]
    films = tuple(mesh for mesh in pieces if not mesh.hides)
    surfaces = part_surfaces(head.part_names, scene)
    rows = np.stack([s.row() for s in (*surfaces, *(m.surface for m in solid))])
    points = np.concatenate([vertices @ turn.T, *(m.vertices for m in solid)]).astype(np.float32)
    starts = np.cumsum([len(vertices), *(len(m.vertices) for m in solid)])
    triangles = np.concatenate(
        [head.triangles, *(m.triangles + start for m, start in zip(solid, starts, strict=False))]
    ).astype(np.int32)
    slots = [
        head.part,
        *(np.full(len(m.triangles), len(surfaces) + k, np.int16) for k, m in enumerate(solid)),
    ]
    slot = np.concatenate(slots)
    uv = np.concatenate([head.skin_uv, *(m.uv for m in solid)]).astype(np.float32)
    cutout = rows[slot, 14].astype(np.int16)
    return Assembly(points, vertex_normals_cpu(points, triangles), uv, triangles, slot, rows, cutout, films)


def paint(scene: Scene, head: Head, whole: Assembly, raster: Raster, camera: Floats, picture: Floats) -> None:
    """Shade the pixels of `picture` (linear light, the raster's size) that triangles cover; then lenses."""
    _shade(scene, head, whole, raster.triangle, raster.weights, camera, picture)
    _films(whole.films, scene, camera, raster.depth, picture)


def _shade(
    scene: Scene, head: Head, whole: Assembly, triangle: NDArray[np.int32], weights: Floats, camera: Floats,
    picture: Floats,
) -> None:  # fmt: skip
    pose, light, bank = scene.pose, scene.light, texture_bank()
    turn = rotation(pose.pitch, pose.yaw, pose.roll)
    around = environment(light.directions, light.colours)
    in_head = environment(light.directions @ turn, light.colours)
    on_head = (head.transfer @ in_head).clip(0, None)
    ambient = np.concatenate([on_head, unshadowed(whole.normals[len(on_head) :], around)])
    to_light = _towards_light(light)
    seen = np.asarray(whole.points @ to_light[:, :3].T + to_light[:, 3], np.float32)
    shadow = depth_only(seen, whole.triangles, whole.cutout, whole.uv, bank, SHADOW_SIZE)
    far = 1e5 if camera[3] == 0 else 1 / camera[3]
    view = np.array([0, 0, far], np.float32)
    shade(
        triangle, weights, whole.triangles, whole.slot, whole.rows, whole.points, whole.normals, ambient,
        whole.uv, head.fields, paint_list(scene.complexion, scene.hair), bank, view, light.key,
        light.key_colour.astype(np.float32), shadow, to_light, np.float32(light.softness), picture,
    )  # fmt: skip


def _towards_light(light: Light) -> Floats:
    """[3, 4] camera space to px (and mm of depth) of the light's depth picture."""
    k = light.key
    side = np.cross([0.0, 1.0, 0.0] if abs(k[1]) < 0.9 else [1.0, 0.0, 0.0], k)
    side /= np.linalg.norm(side)
    axes = np.stack([side, np.cross(k, side), k])
    scale = SHADOW_SIZE / (2 * SHADOW_REACH_MM)
    out = np.zeros((3, 4), np.float32)
    out[:2, :3], out[2, :3] = axes[:2] * scale, axes[2]
    out[:2, 3] = SHADOW_SIZE / 2 - axes[:2] @ np.array([0, -20.0, 0]) * scale
    return out


def _films(films: tuple[Mesh, ...], scene: Scene, camera: Floats, depth: Floats, picture: Floats) -> None:
    """Clear lenses: a tint and a reflection, windows or streaks, where they lie in front."""
    fine, bank = depth.shape[0], texture_bank()
    rng = np.random.default_rng([scene.seed, scene.index, 99])
    for film in films:
        screen, nearness = to_raster(film.vertices, camera)
        cutout = np.full(len(film.triangles), -2, np.int16)
        raster = rasterise(screen, nearness, film.triangles, cutout, film.uv, bank, fine)
        here = (raster.triangle >= 0) & (raster.depth > depth)
        tint = np.array(film.surface.colour, np.float32)
        rows, columns = np.nonzero(here)
        patches = bank[tile_index(Tile.EDGES, int(rng.integers(4)))]
        zoom, (up, left) = rng.uniform(0.6, 2.0) * 256 / fine, rng.uniform(0, 256, 2)
        window = patches[(rows * zoom + up).astype(int) & 255, (columns * zoom + left).astype(int) & 255]
        slant = (columns * rng.uniform(0.3, 1) + rows * rng.uniform(-1, 1)) / fine * rng.uniform(3, 12)
        streak = np.maximum(np.sin(slant + rng.uniform(0, 6)) - rng.uniform(0.2, 1.1), 0)
        bright = np.maximum(window / 255.0 - rng.uniform(0.5, 0.9), 0) * rng.uniform(1, 4)
        glare = (streak if rng.random() < 0.4 else bright) * film.surface.shine
        picture[here] = picture[here] * tint + glare[:, None].astype(np.float32)
