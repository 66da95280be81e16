"""Florence (MICC): scans drawn from many sides, and how far their surface is from the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError, MissingAssetError
from models.evaluation.protocol import Column, Measured, Protocol, Published, Sample, Setting
from models.evaluation.turned_scans import View, drawn, face_box, view_of
from models.geometry.arrays import Bools, Doubles
from models.ground_truth.labelled import spread
from models.ground_truth.sets.florence import Model, florence
from models.loading import load
from models.metrics.scans import SEVEN_OF_68, Placed, refined, scan_distances
from models.pipeline import reconstruct
from models.reconstruction import Reconstruction
from models.reconstructor import Face

PITCHES_DEG, YAWS_DEG = (-15.0, 20.0, 25.0), tuple(float(yaw) for yaw in range(-80, 81, 20))
FACE_MM, TIP_MM, NEAR_MM = (
    95.0,
    30.0,
    3.0,
)  # about the tip of the nose; of the nose bottom; of a found landmark
MIDDLE_MM = 110.0  # about the frontmost point: what is taken for the face before its landmarks are known
TIP = 30  # of the nose, among the 68
NME = Column("nme", "distance of the scan, share of the outer eye distance", "%")
MM = Column("mm", "distance of the scan", "mm")


@dataclass(frozen=True, eq=False, slots=True)
class Scan:
    """A scan made ready: vertices [P, 3] mm, which of them are face, tip of the nose, outer eye distance."""

    vertices: Doubles
    triangles: NDArray[np.int64]
    colours: NDArray[np.uint8]
    face: Bools
    tip: Doubles
    eyes_mm: float


def samples(folder: Path, setting: Setting) -> Sequence[Sample]:
    """Every scan in every turn; reads all scans once to know where their faces are.

    Raises:
        MissingAssetError: What draws scans is not installed.
    """
    try:
        import models.synthetic.rasterise_cpu  # noqa: F401
    except ImportError as error:
        raise MissingAssetError(
            f"Scans cannot be drawn here ({error}). Install what rendering needs: pip install unmask[train]."
        ) from error
    turns = [(model, pitch, yaw) for model in florence(folder) for pitch in PITCHES_DEG for yaw in YAWS_DEG]
    return [_sample(*turn) for turn in spread(turns, setting.limit)]


def _sample(model: Model, pitch: float, yaw: float) -> Sample:
    face = _face(model)
    return Sample(
        name=f"{model.subject}, pitch {pitch:+.0f}, yaw {yaw:+.0f}",
        image=partial(_picture, model, pitch, yaw),
        measure=partial(_measure, model, pitch, yaw),
        box=face_box(view_of(face, pitch, yaw), face),
        yaw_deg=yaw,
        subsets=(f"pitch {pitch:+.0f}",),
        subject=model.subject,
    )


def _picture(model: Model, pitch: float, yaw: float) -> NDArray[np.uint8]:
    scan = _scan(model)
    return drawn(view_of(_face(model), pitch, yaw), scan.vertices, scan.triangles, scan.colours)


def _face(model: Model) -> Doubles:
    scan = _scan(model)
    return scan.vertices[scan.face]


@lru_cache(maxsize=2)
def _scan(model: Model) -> Scan:
    mesh = model.mesh()
    vertices, triangles = np.asarray(mesh.vertices, np.float64), mesh.triangles.astype(np.int64)
    colours = model.colours(len(vertices))
    given = model.marks()
    marks = _found_marks(vertices, triangles, colours, model.subject) if given is None else given
    near_nose = np.linalg.norm(vertices - marks[4], axis=1) <= TIP_MM
    if not near_nose.any():
        raise InputError(f"{model.scan.name}: no point of the scan lies at its nose. Check its landmarks.")
    tip = vertices[near_nose][vertices[near_nose, 2].argmax()]
    face = np.linalg.norm(vertices - tip, axis=1) <= FACE_MM
    return Scan(vertices, triangles, colours, face, tip, float(np.linalg.norm(marks[0] - marks[3])))


def _found_marks(
    vertices: Doubles, triangles: NDArray[np.int64], colours: NDArray[np.uint8], name: str
) -> Doubles:
    """[7, 3] where our own method, whatever is under test, sees landmarks on the frontal view of a scan."""
    front = vertices[vertices[:, 2].argmax()]
    face = vertices[np.linalg.norm(vertices - front, axis=1) <= MIDDLE_MM]
    view = view_of(face, 0.0, 0.0)
    picture = drawn(view, vertices, triangles, colours)
    (answer,) = reconstruct(picture, [Face(face_box(view, face))], load("dsfnet"))
    flat = view.to_scan(answer.landmarks[list(SEVEN_OF_68)].astype(np.float64))[:, :2]
    found = []
    for point in flat:
        near = vertices[np.linalg.norm(vertices[:, :2] - point, axis=1) <= NEAR_MM]
        if not len(near):
            raise InputError(
                f"No landmarks were found on the scan of {name}. Lay NAME.pp with seven beside it."
            )
        found.append(near[near[:, 2].argmax()])
    return np.array(found)


def _measure(model: Model, pitch: float, yaw: float, answer: Reconstruction) -> Measured:
    scan, view = _scan(model), view_of(_face(model), pitch, yaw)
    mm, landmarks = _in_scan(view, answer.vertices), _in_scan(view, answer.landmarks)
    mm = mm + scan.tip - landmarks[TIP]
    placed = refined(Placed(mm, answer.topology.triangles.astype(np.int64), 1.0), scan.vertices[scan.face])
    distances = scan_distances(placed, scan.vertices[scan.face])
    return Measured({"nme": 100 * float(distances.mean()) / scan.eyes_mm, "mm": float(distances.mean())})


def _in_scan(view: View, points: NDArray[np.floating]) -> Doubles:
    return view.to_scan(np.asarray(points, np.float64))


PROTOCOL = Protocol(
    name="florence",
    title="Florence 2D/3D faces (MICC)",
    layout="subject_01/Model/frontal1/obj/NAME.obj with its texture, ... as distributed",
    source="Jackson et al. 2017 and Feng et al. 2018 (PRNet), as described there; no code was published.",
    notes=(
        "Each scan is drawn orthographically at pitch -15, 20, 25 and yaw -80 to 80 degrees in steps of "
        "20, the "
        "face box from the scan. Textures are read at the vertices.",
        "Face: scan points within 95 mm of the tip of the nose. The answer is turned back as the scan was, "
        "its "
        "nose laid on the scan's, then fitted by scale, rotation and translation; the mean distance of the "
        "scan "
        "points to its surface is divided by the 3D distance of the outer eye corners.",
        "Landmarks of a scan: NAME.pp, .lnd or .txt beside it (seven), else found on its frontal view by "
        "dsfnet, "
        "whatever method is under test. Intervals are over people.",
    ),
    samples=samples,
    columns=(NME, MM),
    published=(Published("PRNet", "NME", "3.755 %", "Feng et al. 2018", (NME.title, "all", "mean")),),
    by_yaw=True,
)
