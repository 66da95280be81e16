"""REALY: nose, mouth, forehead and cheek, frontal and side set."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from models.evaluation.protocol import Column, Measured, Protocol, Published, Sample, Setting
from models.evaluation.scan_measures import EXPRESSION_NOTE, upright
from models.geometry.arrays import Doubles
from models.ground_truth.sets.realy import REGIONS, Person, read_barycentric, read_photo, realy
from models.metrics.realy import globally_placed, region_errors
from models.reconstruction import Reconstruction

ALL = Column("all", "mean of four regions", "mm")


def samples(folder: Path, setting: Setting) -> Sequence[Sample]:
    """The pictures of both sets."""
    return [_sample(person) for person in realy(folder, setting.limit)]


def _sample(person: Person) -> Sample:
    return Sample(
        name=f"{person.view} {person.photo.stem}",
        image=read_photo(person),
        measure=partial(_measure, person),
        subsets=(person.view,),
        subject=str(person.number),
    )


def _measure(person: Person, answer: Reconstruction) -> Measured:
    vertices, triangles, _ = upright(answer)
    true = person.keypoints
    placed, marks = globally_placed(vertices, triangles, _keypoints(person, answer, vertices), true)
    errors = region_errors(placed, marks, true, person.regions)
    values = {name: person.mm * error for name, error in errors.items()}
    return Measured({"all": float(np.mean(list(values.values()))), **values})


def _keypoints(person: Person, answer: Reconstruction, vertices: Doubles) -> Doubles:
    """[85, 3] where the benchmark tells them for the answer's mesh, else [68, 3] its landmarks."""
    known = read_barycentric(person.root, len(vertices), len(answer.topology.triangles))
    if known is None:
        return np.asarray(answer.landmarks, np.float64) * (1.0, -1.0, 1.0)
    corners, weights = known
    return np.asarray((weights[..., None] * vertices[corners]).sum(1))


def _published(system: str, frontal: str, side: str | None) -> list[Published]:
    lists = "benchmark's page, as public lists have it"
    rows = [
        Published(system, "mean of four regions, frontal", frontal, lists, (ALL.title, "frontal", "mean"))
    ]
    if side is not None:
        rows.append(Published(system, "mean of four regions, side", side, lists, (ALL.title, "side", "mean")))
    return rows


PROTOCOL = Protocol(
    name="realy",
    title="REALY",
    layout="REALY_HIFI3D_keypoints, REALY_scan_region, metrical_scale.txt; NUMBER.jpg, NUMBER_VIEW.jpg",
    source="Chai et al. 2022 and its evaluation code.",
    notes=(
        "Similarity by seven keypoints; then each region by itself: rigid closest points with its "
        "keypoints, the "
        "scan's region drawn onto the answer, and the mean distance of the points that correspond, in mm.",
        "Keypoints: those the benchmark gives for the answer's topology (NAME.txt beside NAME.obj). "
        "Without, the 68 "
        "landmarks, which are the first of its 85; four further ones at nose and cheek are then left out.",
        "The region is drawn by the method of Amberg et al. 2007 with the benchmark's weights.",
        "Faces are found by the finder. Intervals are over people.",
        EXPRESSION_NOTE,
    ),
    samples=samples,
    columns=(ALL, *(Column(name, name, "mm") for name in REGIONS)),
    published=(
        *_published("MGCNet", "1.787 mm", None),
        *_published("3DDFA-V2", "1.926 mm", "1.943 mm"),
        *_published("PRNet", "2.013 mm", "2.032 mm"),
    ),
)
