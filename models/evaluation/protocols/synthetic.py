"""Our own benchmark: rendered faces of a fixed seed, of which every vertex, pixel and state is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from models.errors import MissingAssetError
from models.evaluation.calibration import Reliability
from models.evaluation.landmark_measures import (
    KNOWS_ERROR,
    LIKELY,
    NME_2D,
    NME_3D,
    POSE,
    POSE_NOTE,
    STATES,
    STATES_NOTE,
    landmark_reliability,
    landmark_values,
)
from models.evaluation.protocol import NAN, Column, Measured, Pooled, Protocol, Rows, Sample, Setting
from models.evaluation.rendered import (
    RenderedFaces,
    at_true_vertices,
    comparable_vertices,
    mask_iou,
    rendered_faces,
)
from models.evaluation.visibility_sets import rendered_cases
from models.geometry.arrays import Doubles
from models.ground_truth.labelled import Labelled
from models.loading import load_face_model
from models.metrics.errors import box_size, nme3d_percent, nme_percent
from models.metrics.states import vertex_states
from models.reconstruction import STATE_SCALARS, Reconstruction, State

REGIONS = ("brows", "eyes", "nose", "lips", "jaw", "forehead", "cheeks")
BY_STATE = {State.SEEN: "seen", State.TURNED_AWAY: "away", State.COVERED: "covered"}
BINS = ("counts", "predicted", "actual")


def samples(_folder: Path, setting: Setting) -> Sequence[Sample]:
    """The first faces of the seed.

    Raises:
        MissingAssetError: What renders them is not installed.
    """
    try:
        faces = rendered_faces(setting.seed, setting.limit or setting.count, load_face_model())
    except ImportError as error:
        raise MissingAssetError(
            f"Faces cannot be rendered here ({error}). Install what rendering needs: pip install "
            f"unmask[train]."
        ) from error
    return samples_of(faces, f"seed {setting.seed}")


def samples_of(faces: RenderedFaces, title: str) -> list[Sample]:
    """Rendered faces, each asked about as a whole square."""
    return [
        Sample(
            name=f"{title}, {i}",
            image=case.image,
            measure=partial(_measure, faces, i, case.states),
            square=True,
            yaw_deg=float(faces.pose_deg[i, 1]),
            covered=_covered(faces, i),
            points=case.points,
        )
        for i, case in enumerate(rendered_cases(faces))
    ]


def _covered(faces: RenderedFaces, i: int) -> float:
    """Of the vertices not turned away, the share that is covered."""
    assert faces.states is not None
    either = np.isin(faces.states[i], (State.SEEN, State.COVERED))
    return float((faces.states[i][either] == State.COVERED).mean()) if either.any() else NAN


def _measure(faces: RenderedFaces, i: int, states: np.ndarray, answer: Reconstruction) -> Measured:
    marks = faces.topology.landmarks(faces.vertices[i])
    pitch, yaw, roll = faces.pose_deg[i].tolist()
    face = Labelled(str(i), lambda: faces.images[i], marks, states, (pitch, yaw, roll))
    measured = landmark_values(answer, face)
    values = {**measured.values, "mask_iou": mask_iou([answer], faces.mask[i : i + 1])}
    return Measured({**values, **_dense(faces, i, answer)}, {**measured.arrays, **_told(faces, i, answer)})


def _dense(faces: RenderedFaces, i: int, answer: Reconstruction) -> dict[str, float]:
    """NME of all vertices, of those in each state, and mm by region; empty where meshes do not correspond."""
    on_it = comparable_vertices(answer.topology, faces.topology)
    if on_it is None:
        return {}
    assert faces.states is not None
    assert faces.mm_per_px is not None
    true, own = faces.vertices[i][on_it], at_true_vertices(answer)[on_it]
    size = box_size(faces.vertices[i])
    states, regions = faces.states[i][on_it], faces.topology.regions[on_it]
    values = {
        "dense": float(nme_percent(own, true, size=lambda _: size)),
        "dense3d": float(nme3d_percent(own, true, size=lambda _: size)),
    }
    for state, key in BY_STATE.items():
        values[f"dense_{key}"] = float(nme3d_percent(own, true, states == state, lambda _: size))
    mm = _distances(own, true) * float(faces.mm_per_px[i])
    values["mm"] = float(mm.mean())
    for region in REGIONS:
        of = regions == faces.topology.region_names.index(region)
        values[f"mm_{region}"] = float(mm[of].mean()) if of.any() else NAN
    return values


def _distances(own: np.ndarray, true: np.ndarray) -> Doubles:
    """[N] px, the mean depths of both taken out."""
    difference = np.asarray(own, np.float64) - true
    difference[:, 2] -= difference[:, 2].mean()
    return np.asarray(np.linalg.norm(difference, axis=1))


def _told(faces: RenderedFaces, i: int, answer: Reconstruction) -> dict[str, Doubles]:
    """P(seen) of vertices in bins, and how many vertices have which state by which answer [3, 3]."""
    told = vertex_states(answer)
    p_seen = {scalar.name: scalar.values for scalar in answer.scalars}.get(STATE_SCALARS[0])
    assert faces.states is not None
    true = faces.states[i]
    if told is None or p_seen is None or len(told) != len(true):
        return {}
    known = np.isin(true, tuple(State))
    bins = Reliability.of(p_seen[known], true[known] == State.SEEN)
    pairs = np.bincount(3 * true[known].astype(int) + told[known], minlength=9).reshape(3, 3)
    return {
        "counts": bins.counts,
        "predicted": bins.predicted,
        "actual": bins.actual,
        "confusion": pairs.astype(np.float64),
    }


def _vertex_bins(rows: Rows) -> Reliability:
    total = Reliability.none()
    for row in rows:
        if set(BINS) <= set(row.arrays):
            total += Reliability(*(np.asarray(row.arrays[name], np.float64) for name in BINS))
    return total


def _reliability(rows: Rows) -> Mapping[str, Reliability]:
    return {**landmark_reliability(rows), "P(seen) of vertices": _vertex_bins(rows)}


def _recall(state: State, rows: Rows) -> float:
    """Of the vertices in a state, the share told so, percent."""
    pairs = [np.asarray(row.arrays["confusion"], np.float64) for row in rows if "confusion" in row.arrays]
    total = np.sum(pairs, axis=0) if pairs else np.zeros((3, 3))
    return float(100 * total[state, state] / total[state].sum()) if total[state].sum() else NAN


PROTOCOL = Protocol(
    name="synthetic",
    title="Rendered faces",
    layout="no DATA: faces are rendered from --seed and --count",
    source="This project: the renderer that training uses, at a seed kept from training.",
    notes=(
        "A face is a function of seed and number, the same on every machine to the rounding of floats.",
        "Dense: vertices of the open face that the answer's mesh reaches, box of all its vertices, own "
        "mean z out; "
        "apart for vertices that are seen, turned away and covered, by the renderer's word.",
        "mm: mean distance of vertices, mean depth out, at the true scale of the middle of the head.",
        "The method is shown the whole rendered square; NME of 68 points by the box of the true points.",
        POSE_NOTE,
        STATES_NOTE,
    ),
    samples=samples,
    columns=(
        Column("dense3d", "NME 3D, dense", "%"),
        Column("dense", "NME 2D, dense", "%"),
        Column("dense_seen", "NME 3D, seen vertices", "%"),
        Column("dense_away", "NME 3D, vertices turned away", "%"),
        Column("dense_covered", "NME 3D, covered vertices", "%"),
        Column("mm", "distance, whole face", "mm"),
        *(Column(f"mm_{region}", f"distance, {region}", "mm") for region in REGIONS),
        NME_2D,
        NME_3D,
        *POSE,
        Column("mask_iou", "visible-face mask, IoU", "", larger_is_better=True),
        LIKELY,
    ),
    pooled=(
        *(
            Pooled(f"vertices {title} told so", "%", partial(_recall, state))
            for state, title in zip(State, ("seen", "turned away", "covered"), strict=True)
        ),
        Pooled("P(seen) of vertices, expected calibration error", "", lambda rows: _vertex_bins(rows).error),
        *STATES,
        *KNOWS_ERROR,
    ),
    reliability=_reliability,
    by_yaw=True,
    needs_data=False,
)
