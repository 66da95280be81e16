"""What the evaluation commands print."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from models.detection.detectors import detect, looking_twice
from models.evaluation.benchmark import stages
from models.evaluation.figure import draw_figure
from models.evaluation.occlusion import Measured, trials
from models.evaluation.occlusion_report import (
    LEGEND,
    Layout,
    group_table,
    occlusion_tables,
    reliability_table,
    write_trials,
)
from models.evaluation.rendered import RenderedFaces, ask_about_square, rendered_faces, score_rendered
from models.evaluation.scoring import ask, face_sizes_px, score, scored_poses, views_of
from models.evaluation.subjects import photo_subjects, rendered_subjects
from models.evaluation.tables import (
    comparison,
    nme_table,
    pose_table,
    rendered_table,
    residual_table,
    table,
    write_csv,
)
from models.ground_truth.aflw2000 import LabelledFace, aflw2000
from models.ground_truth.pictures import read_picture
from models.loading import load_face_model
from models.reconstructor import Face, Reconstructor


def aflw2000_report(
    folder: Path, method: Reconstructor, limit: int | None, detected: bool, csv: Path | None
) -> str:
    """Score every view of `method` on AFLW2000-3D; original 68 points, yaw of Pose_Para, 0-based px."""
    faces = aflw2000(folder, limit)
    detector = looking_twice() if detected else None
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


def occlusion_report(
    method: Reconstructor,
    photos: Sequence[LabelledFace],
    natural: frozenset[str] | None,
    rendered: RenderedFaces | None,
    kinds: Sequence[str],
    detected: bool = False,
    layout: Layout = table,
    csv: Path | None = None,
    figure: Path | None = None,
) -> str:
    """Score `method` clean and under every kind of cover, on photos and on rendered faces.

    Args:
        method: Under test.
        photos: With true landmarks; may be empty.
        natural: Names of those in which something covers the face by itself; None if unknown.
        rendered: Of which everything is known; None to do without.
        kinds: Of covers.
        detected: Boxes come from our finder, in the covered picture, instead of from the truth.
        layout: `table` or `markdown`.
        csv, figure: Files to write, if any.
    """
    find = detect if detected else None
    on_photos = list(trials(photo_subjects(photos), method, kinds, find))
    on_rendered: list[Measured] = []
    if rendered is not None:
        square = None if detected else lambda picture, face: ask_about_square(picture, method)
        on_rendered = list(trials(rendered_subjects(rendered), method, kinds, find, square))
    if csv is not None:
        write_trials(csv, [*on_photos, *on_rendered])
    if figure is not None:
        draw_figure(figure, on_photos, on_rendered)
    parts = []
    if on_photos:
        parts += [f"{len(photos)} photos, {_box(detected)}", occlusion_tables(on_photos, layout)]
        parts += _groups(on_photos, natural, layout)
    if on_rendered:
        count = len({row.subject for row in on_rendered})
        looked = _box(True) if detected else "the whole square"
        parts += [f"{count} rendered faces, {looked}", occlusion_tables(on_rendered, layout)]
        parts.append(reliability_table(on_rendered, layout))
    return "\n\n".join([*parts, LEGEND])


def _groups(rows: Sequence[Measured], natural: frozenset[str] | None, layout: Layout) -> list[str]:
    names = frozenset(row.subject for row in rows)
    if natural is None or not natural & names:
        return ["No list says which faces are covered by nature (index.json beside the folder)."]
    groups = {"free faces": names - natural, "naturally covered": names & natural}
    return [group_table(rows, groups, layout)]


def _box(detected: bool) -> str:
    return "boxes from our finder" if detected else "boxes from the truth"


def speed_report(method: Reconstructor, photo: Path | None, repeats: int) -> str:
    """Time the stages on one face of a photo, or of noise where none is given."""
    image, face = _picture(photo)
    rows = [(s.name, s.median_ms, s.p90_ms) for s in stages(image, face, method, looking_twice(), repeats)]
    title = f"{method.name}, {image.shape[1]} x {image.shape[0]} px, {torch.get_num_threads()} threads"
    return f"{title}, median of {repeats}\n\n" + table(["ms", "median", "p90"], rows)


def _picture(photo: Path | None) -> tuple[NDArray[np.uint8], Face]:
    if photo is None:
        image = np.random.default_rng(0).integers(0, 256, (450, 450, 3), np.uint8)
        return image, Face((150, 150, 300, 300))
    image = read_picture(photo)
    height, width = image.shape[:2]
    middle = Face((width * 0.3, height * 0.3, width * 0.7, height * 0.7))
    return image, next(iter(detect(image)), middle)
