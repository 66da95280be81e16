"""AFLW2000-3D: 68 points in 2D and 3D by yaw, dense where the user's BFM is there, head pose."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from models.errors import MissingAssetError
from models.evaluation.dense_truth import DenseTruth
from models.evaluation.landmark_measures import (
    KNOWS_ERROR,
    LIKELY,
    NME_2D,
    NME_3D,
    NME_EYES,
    POSE,
    POSE_NOTE,
    landmark_values,
)
from models.evaluation.protocol import Column, Measured, Protocol, Published, Sample, Setting
from models.ground_truth.aflw2000 import LabelledFace, aflw2000, read_parameters
from models.ground_truth.labelled import Labelled
from models.loading import fetched
from models.reconstruction import Reconstruction

BFM = "BFM.mat"
DENSE_3D = ("NME 3D, dense", "all", "mean")
POSE_MAE = ("head pose, mean of three", "all", "mean")
BALANCED_2D = (NME_2D.title, "balanced", "mean")


def samples(folder: Path, setting: Setting) -> Sequence[Sample]:
    """Its photos, each with its fitted truth."""
    dense = _dense(setting.face_model)
    return [_sample(face, dense) for face in aflw2000(folder, setting.limit)]


def _dense(path: Path | None) -> DenseTruth | None:
    if path is not None:
        return DenseTruth.read(path)
    try:
        return DenseTruth.read(fetched(BFM))
    except MissingAssetError:
        return None


def _sample(face: LabelledFace, dense: DenseTruth | None) -> Sample:
    labelled = Labelled(face.name, face.image, face.landmarks, pose_deg=face.pose_deg)
    return Sample(
        name=face.name,
        image=face.image,
        measure=partial(_measure, labelled, face.truth, dense),
        box=face.box,
        yaw_deg=face.pose_deg[1],
        points=face.landmarks,
    )


def _measure(
    face: Labelled, truth: Path | None, dense: DenseTruth | None, answer: Reconstruction
) -> Measured:
    measured = landmark_values(answer, face)
    if dense is None or truth is None:
        return measured
    height = face.image().shape[0]
    values = dense.measure(answer, np.asarray(face.points, np.float64), read_parameters(truth), height)
    return Measured({**measured.values, **values}, measured.arrays)


PROTOCOL = Protocol(
    name="aflw2000",
    title="AFLW2000-3D",
    layout="NAME.jpg beside NAME.mat as published (or NAME.gt.npz: lm68, euler_deg)",
    source="Zhu et al. 2016 (3DDFA): NME over 68 points by yaw; Feng et al. 2018 (PRNet) for dense figures.",
    notes=(
        "Original points (pt3d_68), 1 px taken from x and y; yaw bins by Pose_Para; NME in % of sqrt(w h) "
        "of the "
        "box of the true points; mean over images, balanced = mean of the three bin means.",
        "NME 3D: own mean z of the 68 taken from answer and truth (SADRNet, DSFNet).",
        POSE_NOTE,
        "Dense: the fitted BFM face of the .mat, 43,867 points of the UV layout for methods that answer on "
        "it, else "
        "the vertices of the open face that both meshes reach; box of the dense points; own mean z out. "
        "Reconstruction error: after the similarity of known correspondence, % of the 3D outer eye "
        "distance. Only "
        f"where {BFM} of face3d is at hand.",
        "The truth is itself a fitted face model: figures below about 3 % are its convention as much as "
        "accuracy.",
    ),
    samples=samples,
    columns=(
        NME_2D,
        NME_3D,
        NME_EYES,
        *POSE,
        Column("dense", "NME 2D, dense", "%"),
        Column("dense3d", "NME 3D, dense", "%"),
        Column("reconstruction", "reconstruction error, dense", "%"),
        LIKELY,
    ),
    pooled=KNOWS_ERROR,
    published=(
        *(
            Published(system, "NME 2D 68 points, balanced", value, source, BALANCED_2D)
            for system, value, source in (
                ("PRNet", "3.62 %", "Feng et al. 2018, as public lists have it"),
                ("3DDFA-V2", "3.51 %", "Guo et al. 2020, as public lists have it"),
                ("MGCNet", "3.20 %", "Shang et al. 2020, as public lists have it"),
                ("DSFNet", "3.27 %", "Li et al. 2023, unconfirmed"),
            )
        ),
        Published(
            "PRNet",
            "NME 2D / 3D of 68 points, all images alike",
            "3.26 / 4.70 %",
            "its repository, issue 145",
        ),
        Published("PRNet", "NME 3D dense, own centring of z", "4.40 %", "Feng et al. 2018"),
        Published("3DDFA-V2", "NME 3D dense", "4.18 %", "as public lists have it", DENSE_3D),
        Published("DSFNet", "NME 3D dense, 43,867 points", "3.80 %", "Li et al. 2023, abstract", DENSE_3D),
        Published("PRNet", "reconstruction error, after closest points", "3.96 %", "Feng et al. 2018"),
        Published(
            "3DDFA-V2",
            "pose MAE, yaw alone",
            "4.3°",
            "as public lists have it",
            ("head pose, yaw", "all", "mean"),
        ),
        Published("DSFNet", "pose MAE", "3.25°", "Li et al. 2023, as public lists have it", POSE_MAE),
    ),
    by_yaw=True,
    limits={"nme": 10.0},
)
