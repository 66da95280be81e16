"""`python -m models.training.lp300w FOLDER --out BANK`: 300W-LP as a bank that `--stock BANK` trains on.

FOLDER is 300W-LP as published (Zhu et al. 2016): AFW, HELEN, IBUG, LFPW and their mirror images in *_Flip, in
each NAME_k.jpg beside NAME_k.mat, one face turned further with k. Of a .mat are read pt2d (68 points, px
counted from 1) and Pose_Para (pitch, yaw, roll). The open face model is fitted to these, as the shape
coefficients given are those of the Basel model; all turns of a face share one shape. What covers a face is
not told: a vertex is called seen where the face itself does not hide it. Call again to go on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.errors import InputError, UnmaskError
from models.face_model.fitting import Fits, fit
from models.face_model.morphable import FaceModel
from models.geometry.arrays import Floats
from models.geometry.crops import crop_square, warp_crop
from models.geometry.landmarks import JAW
from models.geometry.transforms import rotation_from_euler
from models.ground_truth.pictures import read_picture
from models.ground_truth.readers import read_truth
from models.ground_truth.record import box_of
from models.ground_truth.sets.lp300w import find_faces
from models.loading import load_face_model
from models.methods.dsfnet.evidence import CROP_FACTOR
from models.synthetic.bank import AT_ONCE, PHOTOGRAPHED, VIEWS, write_scenes
from models.synthetic.dataset import CROP_PX, Rows
from models.synthetic.head import Head, load_head
from models.synthetic.labels import seen_vertices
from models.synthetic.rasterise_cpu import rasterise, vertex_normals_cpu
from models.synthetic.render import to_raster
from models.training.aflw_fits import NOISE

FITTED_PERCENT = 6.0  # pictures that the model fits worse are left out
TURNED = 0.35  # sine of the turn to the side from which the far jaw is hidden, its points thus guessed ...
GUESSED_SHARE = 0.25  # ... by the warp that made the picture: they count less
_log = logging.getLogger(__name__)


class Turns(NamedTuple):
    """One face in K turns.

    Attributes:
        pictures: K of [H, W, 3] uint8 RGB.
        landmarks: [K, 68, 2] px from 0, y down.
        rotation: [K, 3, 3] as the set tells it, model to camera, y up in both.
    """

    pictures: list[NDArray[np.uint8]]
    landmarks: Tensor
    rotation: Tensor


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a conversion is; kept in the bank.

    Attributes:
        digest: Of the names of all pictures.
        faces: Converted, of all; scenes: Written.
        used, unread, implausible: Pictures in the bank; whose .mat or pixels are missing or broken; whose
            labels no face of the model fits.
    """

    digest: str
    faces: int = 0
    scenes: int = 0
    used: int = 0
    unread: int = 0
    implausible: int = 0


def convert(folder: Path, out: Path) -> Progress:
    """Fill the bank `out` with the faces of `folder`, from where it was left.

    Raises:
        InputError: No pictures there, or `out` holds another bank.
    """
    faces = find_faces(folder)
    done = _begun(out, faces)
    face_model, head = load_face_model(), load_head()
    room = sum(-(-len(paths) // VIEWS) for paths in faces)
    while done.faces < len(faces):
        chunk, rows, start = faces[done.faces : done.faces + AT_ONCE], list[Rows](), done.scenes
        for paths in chunk:
            turns = read_turns(paths)
            views = _views(turns, face_model, head) if turns.pictures else []
            scenes = list(grouped(views))
            rows += scenes
            done = replace(
                done,
                scenes=done.scenes + len(scenes),
                used=done.used + len(views),
                unread=done.unread + len(paths) - len(turns.pictures),
                implausible=done.implausible + len(turns.pictures) - len(views),
            )
        done = replace(done, faces=done.faces + len(chunk))
        if rows:
            write_scenes(out, rows, start, room)
        _note(out, done)
        _log.info("%d of %d faces, %d scenes", done.faces, len(faces), done.scenes)
    if not done.used:
        raise InputError(f"{folder} holds no picture that could be used: see what is said of each above.")
    return done


def read_turns(paths: list[Path]) -> Turns:
    """What can be read of one face's pictures; the others are named in the log."""
    pictures, landmarks, angles = [], [], []
    for path in paths:
        try:
            picture = read_picture(path)
            truth = read_truth(path.with_suffix(".mat"), (picture.shape[1], picture.shape[0]))
            if truth.landmarks is None or truth.pose_deg is None:
                raise InputError(f"{path.stem}.mat holds no Pose_Para. Get it again.")
        except InputError as error:
            _log.warning("%s/%s is left out: %s", path.parent.name, path.name, error)
            continue
        pictures.append(picture)
        landmarks.append(truth.landmarks[:, :2].astype(np.float32))
        angles.append(np.radians(truth.pose_deg).astype(np.float32))
    marks = torch.from_numpy(np.array(landmarks, np.float32).reshape(-1, 68, 2))
    turns = rotation_from_euler(torch.from_numpy(np.array(angles, np.float32).reshape(-1, 3)))
    return Turns(pictures, marks, turns)


def fitted(turns: Turns, face_model: FaceModel) -> Fits:
    """The face model fitted to every turn, its shape the mean of those of all plausible ones.

    The turns are first fitted one by one. Then each is placed anew, the common shape held, so that rotation,
    camera and error are those of the shape that is written.
    """
    weights = torch.ones(turns.landmarks.shape[:2])
    forward = turns.rotation[:, 0, 2, None]  # where the nose points: right of the camera if positive
    jaw = face_model.landmarks(face_model.mean[None])[0, JAW, 0]
    weights[:, JAW] = torch.where((forward.abs() > TURNED) & (forward * jaw > 0), GUESSED_SHARE, 1.0)
    alone = fit(face_model, turns.landmarks, weights, rotation=turns.rotation, noise=NOISE)
    good = (alone.error_percent < FITTED_PERCENT).float()[:, None]
    share = good / good.sum().clamp(min=1)
    identity, expression = (share * alone.identity).sum(0), (share * alone.expression).sum(0)
    shape = face_model.vertices(identity[None], expression[None])[0]
    stiff = replace(face_model, mean=shape, basis=torch.zeros_like(face_model.basis[:1]))
    placed = fit(stiff, turns.landmarks, weights, rotation=turns.rotation, noise=NOISE)
    count = len(turns.pictures)
    error = torch.maximum(placed.error_percent, alone.error_percent)
    return Fits(
        identity.expand(count, -1), expression.expand(count, -1), placed.rotation, placed.camera, error
    )


def _views(turns: Turns, face_model: FaceModel, head: Head) -> list[Rows]:
    """The plausible turns as views of a bank."""
    fits = fitted(turns, face_model)
    kept = torch.nonzero(fits.error_percent < FITTED_PERCENT)[:, 0].tolist()
    return [
        _view(turns.pictures[k], turns.landmarks[k].numpy(), [v[k].numpy() for v in fits[:4]], head)
        for k in kept
    ]


def _view(picture: NDArray[np.uint8], landmarks: Floats, labels: list[Floats], head: Head) -> Rows:
    """The crop around landmarks [68, 2], and the labels of a fit carried from the picture to it."""
    identity, expression, rotation, camera = labels
    T_image_crop = crop_square(box_of(landmarks), CROP_FACTOR, CROP_PX)
    scale, offset = T_image_crop[0, 0], T_image_crop[:2, 2]
    in_crop = np.array([camera[0] / scale, *((camera[1:3] - offset) / scale), 0.0], np.float32)
    points = head.vertices(identity, expression) @ rotation.T
    return {
        "images": warp_crop(picture, T_image_crop, CROP_PX).transpose(2, 0, 1),
        "identity": identity,
        "expression": expression,
        "rotation": rotation,
        "camera": in_crop,
        "visibility": np.packbits(_not_hidden(points.astype(np.float32), in_crop, head)),
    }


def _not_hidden(points: Floats, camera: Floats, head: Head) -> NDArray[np.bool_]:
    """[N] which vertices of a bare head, [P, 3] in camera space, the crop shows."""
    screen, nearness = to_raster(points, camera)
    closed, unread = np.full(len(head.triangles), -2, np.int16), np.zeros((len(points), 2), np.float32)
    tile = np.zeros((1, 256, 256), np.uint8)
    raster = rasterise(screen, nearness, head.triangles, closed, unread, tile, 2 * CROP_PX)
    normals = vertex_normals_cpu(points, head.triangles)
    return seen_vertices(raster, head, screen, normals).astype(bool)


def grouped(views: list[Rows]) -> Iterator[Rows]:
    """Scenes of VIEWS views that lie far apart in the list; the first ones again where too few are left."""
    scenes = -(-len(views) // VIEWS)
    for k in range(scenes):
        chosen = views[k::scenes]
        chosen = [chosen[v % len(chosen)] for v in range(VIEWS)]
        yield {name: np.stack([view[name] for view in chosen]) for name in chosen[0]}


def _begun(out: Path, faces: list[list[Path]]) -> Progress:
    """How far the bank `out` is with these faces."""
    names = "\n".join(f"{path.parent.name}/{path.name}" for paths in faces for path in paths)
    digest, note = hashlib.sha256(names.encode()).hexdigest(), out / PHOTOGRAPHED
    out.mkdir(parents=True, exist_ok=True)
    if not note.exists():
        if (out / "written").exists():
            raise InputError(f"{out} holds rendered faces. Give another folder as --out.")
        _note(out, Progress(digest))
    try:
        held = json.loads(note.read_text())
        done = Progress(str(held["digest"]), *(int(held[field.name]) for field in fields(Progress)[1:]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{note} cannot be read ({error!r}). Delete {out} and begin anew.") from error
    if done.digest != digest:
        raise InputError(f"{out} was begun with other pictures. Give another folder as --out.")
    return done


def _note(out: Path, done: Progress) -> None:
    beside = out / f"{PHOTOGRAPHED}.partial"
    beside.write_text(json.dumps(asdict(done)))
    beside.replace(out / PHOTOGRAPHED)


def main(arguments: list[str] | None = None) -> int:
    """Parse and convert; 0, or 1 with a sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python -m models.training.lp300w", description=__doc__)
    parser.add_argument("folder", type=Path, help="of 300W-LP, as published")
    parser.add_argument("--out", type=Path, required=True, help="folder of the bank; gone on with")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        done = convert(options.folder, options.out)
    except UnmaskError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(
        f"{options.out}: {done.scenes} scenes of {done.faces} faces from {done.used} pictures; left out: "
        f"{done.unread} missing or broken, {done.implausible} fitted worse than {FITTED_PERCENT:g} %"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
