"""What the evaluation commands print."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from models.detection import HaarDetector
from models.evaluation.benchmark import stages
from models.evaluation.datasets import aflw2000
from models.evaluation.protocols import ask, face_sizes_px, score, scored_poses, views_of
from models.evaluation.rendered import rendered_faces, score_rendered
from models.evaluation.tables import (
    comparison,
    nme_table,
    pose_table,
    rendered_table,
    residual_table,
    table,
    write_csv,
)
from models.loading import load_face_model
from models.reconstructor import Face, Reconstructor


def aflw2000_report(
    folder: Path, method: Reconstructor, limit: int | None, detected: bool, csv: Path | None
) -> str:
    """Score every view of `method` on AFLW2000-3D; original 68 points, yaw of Pose_Para, 0-based px."""
    faces = aflw2000(folder, limit)
    detector = HaarDetector() if detected else None
    scores = [score(faces, answers) for answers in ask(faces, method, views_of(method), detector)]
    if csv is not None:
        write_csv(csv, faces, scores)
    first = scores[0]
    right, down = first.offset_px.tolist()
    return "\n\n".join(
        [
            f"AFLW2000-3D, {len(faces)} faces, pt3d_68 minus 1 px, box "
            f"{'detected' if detected else 'from the truth'}, {torch.get_num_threads()} threads",
            nme_table(scores),
            comparison(scores),
            pose_table(scores) + f"\n({scored_poses(faces)} faces; any |angle| > 99 degrees is left out)",
            f"Landmark bias of {first.view.name!r}, upright faces\n" + residual_table(first),
            f"Mean offset right {right:+.2f} px, down {down:+.2f} px at a mean face size of "
            f"{face_sizes_px(faces).mean():.0f} px",
        ]
    )


def synthetic_report(method: Reconstructor, seed: int, count: int) -> str:
    """Score the views of `method` on rendered faces, where hidden vertices are known too."""
    faces = rendered_faces(seed, count, load_face_model())
    views = [view for view in views_of(method) if view.layer is None]
    title = f"{count} rendered faces of seed {seed}; dense errors by the box around all vertices"
    return f"{title}\n\n" + rendered_table(score_rendered(faces, method, views))


def speed_report(method: Reconstructor, photo: Path | None, repeats: int) -> str:
    """Time the stages on one face of a photo, or of noise where none is given."""
    image, face = _picture(photo)
    rows = [(s.name, s.median_ms, s.p90_ms) for s in stages(image, face, method, HaarDetector(), repeats)]
    title = f"{method.name}, {image.shape[1]} x {image.shape[0]} px, {torch.get_num_threads()} threads"
    return f"{title}, median of {repeats}\n\n" + table(["ms", "median", "p90"], rows)


def _picture(photo: Path | None) -> tuple[NDArray[np.uint8], Face]:
    if photo is None:
        image = np.random.default_rng(0).integers(0, 256, (450, 450, 3), np.uint8)
        return image, Face((150, 150, 300, 300))
    with Image.open(photo) as picture:
        image = np.asarray(picture.convert("RGB"), np.uint8)
    height, width = image.shape[:2]
    middle = Face((width * 0.3, height * 0.3, width * 0.7, height * 0.7))
    return image, next(iter(HaarDetector()(image)), middle)
