"""Photos of faces as training samples: cropped and covered by chance, with labels of the fitted mesh."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from models.face_model.morphable import FaceModel
from models.geometry.arrays import Floats, Rng
from models.geometry.transforms import euler_from_rotation
from models.ground_truth import aflw
from models.synthetic.backdrop import draw_backdrop
from models.synthetic.camera import crop_camera, project_points, rotation
from models.synthetic.dataset import Rows, rendered_row
from models.synthetic.draw import draw_scene
from models.synthetic.head import Head, load_head
from models.synthetic.labels import Labels
from models.synthetic.occluders import occluder_meshes
from models.synthetic.photo import worn_out
from models.synthetic.rasterise_cpu import Raster, rasterise
from models.synthetic.render import Assembly, joined, paint, scene_labels, to_raster
from models.synthetic.scene import Framing, Light, Occluder, Scene
from models.synthetic.textures import texture_bank
from models.training import aflw_fits
from models.training.hand_states import HandStates, Told, told_by_hand, with_prior
from models.training.losses import LOWER, UPPER

FIRST_KEY = 4021  # sets these streams of chance apart from those of scenes
BANDS_DEG, SHARES = (30.0, 60.0), (0.4, 0.3, 0.3)  # of |yaw|; of the samples: photos are mostly frontal
THINGS, FLAT = 0.5, 0.22  # share of samples covered by things in space; by something flat
UNLABELLED = 0.3  # how often a face nobody labelled by hand is drawn beside one that was
GREY = 3.0  # of 255: pictures whose channels differ less have no colours
OPEN, SHUT = 1.5, 1.5  # how much more often the most open mouths and the most closed eyes are drawn
WORN_OUT = 0.4  # share of samples that lose detail once more
_KINDS = {
    Occluder.HAND: 4.0,
    Occluder.MASK: 3.0,
    Occluder.SUNGLASSES: 2.5,
    Occluder.GLASSES: 1.0,
    Occluder.STRANDS: 1.0,
    Occluder.SCARF: 1.5,
    Occluder.CUP: 1.0,
    Occluder.PHONE: 1.0,
    Occluder.MICROPHONE: 1.0,
    Occluder.BOARD: 3.0,
    Occluder.BLOB: 2.0,
    Occluder.HAT: 1.0,
    Occluder.HOOD: 0.7,
    Occluder.BALL: 0.7,
    Occluder.OTHER_HEAD: 0.5,
    Occluder.RESTING_HAND: 1.5,
    Occluder.INSTRUMENT: 1.0,
    Occluder.SHAWL: 0.5,
}


@dataclass(frozen=True, slots=True)
class Photographs:
    """Makes samples of a folder of crops; small, so that it travels to other processes.

    Attributes:
        folder: Holds crops.tar and labels.npz; cache: What `fitted` wrote.
        share: Of samples that are photographs; the others are rendered.
        hand: Hand labels of their states; None: what lies before a face by itself is not known.
        masks: What another network takes for face, see masks.py.
    """

    folder: Path
    cache: Path
    share: float
    hand: Path | None = None
    masks: Path | None = None

    @staticmethod
    def fitted(
        folder: Path,
        cache: Path,
        face_model: FaceModel,
        share: float = 0.5,
        hand: Path | None = None,
        masks: Path | None = None,
    ) -> Photographs:
        """Fit the face model to the folder's labels, unless the cache holds that already."""
        aflw_fits.cached_fits(aflw.read_labels(folder), face_model, cache)
        return Photographs(folder.resolve(), cache.resolve(), share, hand, masks)

    def __call__(self, seed: int, index: int, size: int) -> Rows:
        """One face of a `FaceBatch`."""
        rng = np.random.default_rng([FIRST_KEY, seed, index])
        if rng.random() >= self.share:
            return rendered_row(seed, index, size)
        return photograph_row(_opened(self.folder, self.cache, self.hand, self.masks), rng, seed, index, size)


@dataclass(frozen=True, eq=False, slots=True)
class Album:
    """Fitted photos. Attributes as in `Labels` and `Fits`, of the U usable faces only.

    Attributes:
        up_to: [U] chance to be picked, summed up to each face.
        hand: What people said of them; None if nobody did.
        masks: [U, S, S] uint8 of 255: what another network takes for face in the whole crop; None without.
        placed: [U, 68, 2] px of the photo, landmarks that people placed, NaN elsewhere; None without.
    """

    crops: aflw.Crops
    name: NDArray[np.str_]
    identity: Floats
    expression: Floats
    rotation: Floats
    camera: Floats
    up_to: Floats
    hand: HandStates | None = None
    masks: NDArray[np.uint8] | None = None
    placed: Floats | None = None

    def pick(self, rng: Rng) -> int:
        """One of the faces, turned ones more often than they were photographed."""
        return int(np.searchsorted(self.up_to, rng.random() * self.up_to[-1], side="right"))

    def picture(self, k: int) -> NDArray[np.uint8]:
        """[H, W, 3] RGB."""
        return self.crops.read(str(self.name[k]))


@lru_cache(maxsize=1)
def _opened(folder: Path, cache: Path, hand: Path | None, masks: Path | None) -> Album:
    labels = aflw.read_labels(folder)
    with np.load(cache, allow_pickle=False) as file:
        fits = {
            name: file[name] for name in ("identity", "expression", "rotation", "camera", "error_percent")
        }
    rows = aflw_fits.usable(labels, torch.from_numpy(fits.pop("error_percent")))
    found = {name: values[rows] for name, values in fits.items()}
    names, told = labels.name[rows], None if hand is None else HandStates.read(hand)
    landmarks, placed = labels.landmarks[rows, :, :2].numpy(), labels.placed[rows, :, None].numpy() > 0
    likely = chances(found["rotation"]) * moved(landmarks)
    if told is not None:
        likely *= np.where([name in told.row for name in names], 1.0, UNLABELLED)
    return Album(
        aflw.Crops(folder),
        names,
        **found,
        up_to=np.cumsum(likely),
        hand=told,
        masks=None if masks is None else np.load(masks, mmap_mode="r")[rows],
        placed=np.where(placed, landmarks, np.nan) if placed.any() else None,
    )


def chances(rotation: Floats) -> Floats:
    """[U] for rotations [U, 3, 3]: every band of yaw together has its share."""
    yaw_deg = euler_from_rotation(torch.from_numpy(rotation))[:, 1].rad2deg().abs().numpy()
    band = np.digitize(yaw_deg, BANDS_DEG)
    return np.asarray(np.array(SHARES)[band] / np.bincount(band, minlength=len(SHARES))[band])


def moved(landmarks: Floats) -> Floats:
    """[U] how much more often a face [U, 68, 2] is drawn: open mouths, closed eyes are rare."""
    size = np.sqrt(np.prod(np.ptp(landmarks, axis=1), -1))
    apart = np.linalg.norm(landmarks[:, LOWER] - landmarks[:, UPPER], axis=-1) / size[:, None]
    lips, lids = apart[:, :3].mean(1), apart[:, 3:].mean(1)
    return np.asarray(1 + OPEN * (lips > np.quantile(lips, 0.85)) + SHUT * (lids < np.quantile(lids, 0.1)))


def photograph_row(album: Album, rng: Rng, seed: int, index: int, size: int) -> Rows:
    """A photo of the album, turned, shifted, scaled and covered by chance, with its labels."""
    head, k = load_head(), album.pick(rng)
    turn, vertices, camera = _framed(album, k, head, rng, size)
    marks = head.landmarks(vertices) @ turn.T
    rolled = turn @ album.rotation[k].T
    picture = album.picture(k)
    light, there = _photographed(picture, album.camera[k], rolled, camera, rng, 2 * size)
    flat_marks = 2 * project_points(marks, camera)[:, :2] + 0.5
    scene = _lit_alike(_scene(album, k, turn, draw_scene(seed, index, head), rng), light, flat_marks, rng)
    shown, whole, screen, nearness = _covered(scene, head, vertices, turn, camera, light)
    if rng.random() < FLAT:
        area = _flat_area(flat_marks, rng, 2 * size)
        light[area] = _filling(album, scene, rng, 2 * size)[area]
        shown = shown._replace(triangle=np.where(area, len(whole.triangles), shown.triangle).astype(np.int32))
    labels = scene_labels(shown, there, head, screen, nearness, whole.normals, turn)
    told = _told(album, k, labels, shown, head, flat_marks)
    if album.masks is not None:
        told = with_prior(told, _prior(album.masks[k], picture, album.camera[k], rolled, camera, size))
    face = told.mask == 1
    return {
        "images": _developed(light, _is_grey(picture), rng, size),
        "mask": told.mask,
        "uv": np.where(face, labels.uv, 0).astype(np.float16),
        "depth": np.where(face, labels.depth, 0).astype(np.float16),
        "identity": scene.identity,
        "expression": scene.expression,
        "rotation": turn,
        "camera": camera,
        "visibility": labels.visibility,
        "states": told.states,
        "landmark_states": told.landmark_states,
        "placed": _placed(album, k, rolled, camera),
    }


def _placed(album: Album, k: int, rolled: Floats, camera: Floats) -> Floats:
    """[68, 2] crop px of the landmarks that people placed in the photo, NaN elsewhere."""
    if album.placed is None:
        return np.full((68, 2), np.nan, np.float32)
    T = _onto_raster(album.camera[k], rolled, camera)
    return np.asarray((album.placed[k] @ T[:, :2].T + T[:, 2] - 0.5) / 2, np.float32)


def _told(album: Album, k: int, labels: Labels, shown: Raster, head: Head, marks: Floats) -> Told:
    """What is known of the face: by geometry, and by hand where people labelled it."""
    columns, rows = np.rint(marks).clip(0, len(shown.triangle) - 1).astype(int).T
    pasted = shown.triangle[rows, columns] >= len(head.triangles)
    if album.hand is None:
        return Told(labels.mask, labels.states, labels.landmark_states)
    return told_by_hand(album.hand.of(str(album.name[k])), labels, pasted)


def _prior(
    mask: NDArray[np.uint8],
    picture: NDArray[np.uint8],
    camera: Floats,
    rolled: Floats,
    wanted: Floats,
    size: int,
) -> Floats:
    """[size / 2, size / 2] in 0..1: a mask of the whole photo, where the new crop lies."""
    whole = cv2.resize(mask, picture.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    T = _onto_raster(camera, rolled, wanted)
    seen = cv2.warpAffine(whole, T, (2 * size, 2 * size), flags=cv2.INTER_LINEAR)
    return np.asarray(cv2.resize(seen, (size // 2, size // 2), interpolation=cv2.INTER_AREA) / 255)


def _framed(album: Album, k: int, head: Head, rng: Rng, size: int) -> tuple[Floats, Floats, Floats]:
    """Rotation [3, 3], the head's vertices [P, 3] mm and the camera [4] of a crop by chance."""
    roll = np.clip(rng.normal(0, 9), -30, 30) if rng.random() < 0.6 else rng.uniform(-30, 30)
    turn = np.asarray(rotation(0.0, 0.0, float(np.radians(roll))) @ album.rotation[k], np.float32)
    vertices = head.vertices(album.identity[k], album.expression[k])
    shift = (float(rng.uniform(-0.08, 0.08)), float(rng.uniform(-0.08, 0.08)))
    framing = Framing(None, float(rng.uniform(1.3, 1.75)), shift)
    return turn, vertices, crop_camera(head.landmarks(vertices) @ turn.T, framing, size)


def _photographed(
    picture: NDArray[np.uint8], camera: Floats, rolled: Floats, wanted: Floats, rng: Rng, fine: int
) -> tuple[Floats, NDArray[np.bool_]]:
    """The photo seen by another camera, linear light [fine, fine, 3]; and where there is photo.

    Args:
        picture: [H, W, 3]; camera: [4] its own.
        rolled: [3, 3] turn about the line of sight from there to the `wanted` camera [4].
        rng: Chooses what fills the rest.
        fine: Side of the raster: twice that of the wanted camera's crop.
    """
    T_raster_photo = _onto_raster(camera, rolled, wanted)
    kind = (cv2.BORDER_REFLECT_101, cv2.BORDER_REPLICATE, cv2.BORDER_CONSTANT)[
        int(rng.choice(3, p=[0.4, 0.3, 0.3]))
    ]
    seen = cv2.warpAffine(picture, T_raster_photo, (fine, fine), flags=cv2.INTER_CUBIC, borderMode=kind)
    there = cv2.warpAffine(
        np.ones(picture.shape[:2], np.uint8), T_raster_photo, (fine, fine), flags=cv2.INTER_NEAREST
    )
    return np.square(seen.astype(np.float32) / 255), there > 0


def _onto_raster(camera: Floats, rolled: Floats, wanted: Floats) -> Floats:
    """[2, 3] px of the photo to px of the raster, twice the wanted crop's."""
    flip = np.diag([1.0, -1.0])
    matrix = wanted[0] / camera[0] * flip @ rolled[:2, :2] @ flip
    offset = wanted[1:3] - matrix @ camera[1:3]
    return np.asarray(np.concatenate([2 * matrix, (2 * offset + 0.5)[:, None]], 1))


def _scene(album: Album, k: int, turn: Floats, drawn: Scene, rng: Rng) -> Scene:
    """Light and materials by chance around the fitted face; maybe things before it."""
    pitch, yaw, roll = euler_from_rotation(torch.from_numpy(turn)).tolist()
    pose = replace(drawn.pose, pitch=pitch, yaw=yaw, roll=roll)
    things: list[tuple[Occluder, int]] = []
    if rng.random() < THINGS:
        kinds, chances = tuple(_KINDS), np.array(list(_KINDS.values())) / sum(_KINDS.values())
        count = 1 if rng.random() < 0.75 else 2
        chosen = rng.choice(len(kinds), count, replace=False, p=chances)
        things = [(kinds[int(c)], int(rng.integers(2**31))) for c in chosen]
    return replace(
        drawn, pose=pose, identity=album.identity[k], expression=album.expression[k], occluders=tuple(things)
    )


def _covered(
    scene: Scene, head: Head, vertices: Floats, turn: Floats, camera: Floats, light: Floats
) -> tuple[Raster, Assembly, Floats, Floats]:
    """Draws the things of the scene into the photo `light`; the fitted head only hides and is hidden.

    Returns:
        The z-buffer of head and things, both as one mesh, and its vertices in raster px with their nearness.
    """
    whole = joined(scene, head, vertices, turn, *occluder_meshes(scene, head, vertices, turn))
    screen, nearness = to_raster(whole.points, camera)
    raster = rasterise(
        screen, nearness, whole.triangles, whole.cutout, whole.uv, texture_bank(), light.shape[0]
    )
    if scene.occluders:
        things = np.where(raster.triangle >= len(head.triangles), raster.triangle, -1).astype(np.int32)
        paint(scene, head, whole, raster._replace(triangle=things), camera, light)
    return raster, whole, screen, nearness


def _lit_alike(scene: Scene, light: Floats, marks: Floats, rng: Rng) -> Scene:
    """The scene as bright as the photo, its hands of the colour of the photo's face.

    Args:
        scene: As drawn.
        light: [fine, fine, 3] the photo.
        marks: [68, 2] raster px.
        rng: How far from alike.
    """
    columns, rows = np.rint(marks[17:]).clip(0, len(light) - 1).astype(int).T
    colour = np.median(light[rows, columns], axis=0)
    bright = np.clip(colour.mean() / np.mean(scene.complexion.skin), 0.3, 2.5) * np.exp(rng.normal(0, 0.25))
    red, green, blue = np.clip(colour / bright, 0.005, 0.9).tolist()
    old, gain = scene.light, np.float32(bright)
    lit = Light(old.key, old.key_colour * gain, old.softness, old.directions, old.colours * gain)
    return replace(scene, light=lit, complexion=replace(scene.complexion, skin=(red, green, blue)))


def _is_grey(picture: NDArray[np.uint8]) -> bool:
    red, green, blue = picture[::4, ::4].astype(np.int16).reshape(-1, 3).T
    return bool(np.abs(red - green).mean() + np.abs(blue - green).mean() < GREY)


def _developed(light: Floats, grey: bool, rng: Rng, size: int) -> NDArray[np.uint8]:
    """[3, size, size]: linear light halved and in display values, now and then worn out by its way here."""
    if grey:
        light = np.repeat(light.mean(2, keepdims=True), 3, 2)
    tone = np.sqrt(cv2.resize(light, (size, size), interpolation=cv2.INTER_AREA).clip(0, 1))
    image = worn_out(tone, rng) if rng.random() < WORN_OUT else (tone * 255 + 0.5).astype(np.uint8)
    return np.ascontiguousarray(image.transpose(2, 0, 1))


def _flat_area(marks: Floats, rng: Rng, fine: int) -> NDArray[np.bool_]:
    """[fine, fine] a rectangle whose edge runs across the face `marks` [68, 2]: about half is hidden."""
    low, high = marks.min(0), marks.max(0)
    side = float((high - low).max())
    edge = (low + high) / 2 + rng.normal(0, 0.15, 2) * side
    angle = float(rng.integers(4) * 90 + (rng.normal(0, 12) if rng.random() < 0.7 else rng.uniform(0, 90)))
    deep, wide = (float(v) * side for v in rng.uniform((0.4, 0.5), (2.5, 3.0)))
    across = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    centre = edge + across * deep / 2
    corners = cv2.boxPoints(((float(centre[0]), float(centre[1])), (deep, wide), angle))
    area = np.zeros((fine, fine), np.uint8)
    cv2.fillConvexPoly(area, np.rint(corners).astype(np.int32), 1)
    return area > 0


def _filling(album: Album, scene: Scene, rng: Rng, fine: int) -> Floats:
    """[fine, fine, 3] linear light: one colour, a made-up texture, or another photo."""
    kind = rng.random()
    if kind < 0.4:
        return np.broadcast_to(np.square(rng.uniform(0, 1, 3) * rng.uniform(0.3, 1)), (fine, fine, 3)).astype(
            np.float32
        )
    if kind < 0.7:
        return draw_backdrop(scene, fine)
    other = album.picture(int(rng.integers(len(album.name))))
    turned = np.rot90(other, int(rng.integers(1, 4)))
    return np.square(cv2.resize(turned, (fine, fine)).astype(np.float32) / 255)
