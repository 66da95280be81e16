"""3DDFA-V2 beside its plain restatement: crop to landmarks and to all vertices, the same weights, one run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from models.evaluation.reference.made_up_tddfa import made_up
from models.evaluation.reference.tddfa import Plain
from models.evaluation.reference.timing import Stage, median_ms
from models.evaluation.tables import table
from models.geometry.crops import warp_crop
from models.methods.tddfa import release
from models.methods.tddfa.method import TDDFA
from models.metrics.errors import nme3d_percent
from models.pipeline import reconstruct
from models.reconstructor import Face

FACE = Face((120.0, 110.0, 300.0, 310.0))


def tddfa_speed(repeats: int) -> str:
    """mb05 with a made-up face of 38 k vertices: table of stages, and how far the answers are apart."""
    ours, plain = made_up()
    sparse, sparse_plain = made_up(rows=4, columns=17)  # 68 vertices
    picture = np.random.default_rng(7).integers(0, 256, (450, 450, 3), np.uint8)
    stages = _stages(ours, plain, picture) + _sparse_stages(sparse, sparse_plain, picture)
    times = median_ms([work for _, *both in stages for work in both], repeats)
    rows = [Stage(row[0], *times[2 * k : 2 * k + 2]) for k, row in enumerate(stages)]
    title = f"tddfa (mb05), 120 px, made-up weights, {torch.get_num_threads()} threads, median of {repeats}"
    text = table(["ms", "original", "ours", "times"], [[s.name, s.original, s.ours, s.ratio] for s in rows])
    apart = f"answers apart: {answers_apart(ours, plain, picture):.4f} % of the face (NME of all points)"
    return f"{title}\n\n{text}\n\n{apart}; ours also tells pose and which vertices face the camera"


def answers_apart(ours: TDDFA, plain: Plain, picture: NDArray[np.uint8]) -> float:
    """NME in percent between both on the same 120 px of a picture [H, W, 3], in crop px."""
    crop = release.cut(picture, _roi())
    answer = ours(crop[None])[0].vertices
    whole = (0.0, 0.0, float(ours.size), float(ours.size))
    theirs = plain.vertices(plain.network(crop[..., ::-1]), whole).T
    return float(nme3d_percent(answer[None], theirs[None]).mean())


def _roi() -> release.Roi:
    x0, y0, x1, y1 = FACE.box
    return release.roi_of_points(np.array([(x0, y0), (x1, y1)]))


_Both = tuple[str, Callable[[], object], Callable[[], object]]


def _stages(ours: TDDFA, plain: Plain, picture: NDArray[np.uint8]) -> list[_Both]:
    roi, T = _roi(), ours.crop(FACE)
    bgr = picture[..., ::-1].copy()
    crop = plain.crop(bgr, roi)
    rgb = np.ascontiguousarray(crop[..., ::-1])
    parameters = plain.network(crop)
    tensor = ours.parameters(rgb[None])
    return [
        ("crop", lambda: plain.crop(bgr, roi), lambda: warp_crop(picture, T, ours.size)),
        ("network", lambda: plain.network(crop), lambda: ours.parameters(rgb[None])),
        ("to 38 k vertices", lambda: plain.vertices(parameters, roi), lambda: ours.decoded(tensor)),
        (
            "picture to 38 k vertices",
            lambda: plain(bgr, roi),
            lambda: reconstruct(picture, [FACE], ours),
        ),
    ]


def _sparse_stages(ours: TDDFA, plain: Plain, picture: NDArray[np.uint8]) -> list[_Both]:
    roi, bgr = _roi(), picture[..., ::-1].copy()
    return [
        (
            "picture to 68 landmarks",
            lambda: plain(bgr, roi),
            lambda: reconstruct(picture, [FACE], ours),
        )
    ]
