"""Who finds faces, side by side: found share clean and under covers, false alarms, time."""

from __future__ import annotations

import glob
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from models.detection.detectors import (
    HaarDetector,
    LearnedDetector,
    YuNetDetector,
    detector,
    with_second_look,
)
from models.errors import InputError, MissingAssetError
from models.evaluation.occlusion import CLEAN
from models.evaluation.occlusion_report import Layout
from models.evaluation.subjects import Subject
from models.file_formats.numpy_file import read_arrays
from models.geometry.arrays import Doubles, Photo
from models.ground_truth.pictures import read_picture
from models.ground_truth.record import box_of
from models.loading import load_finder, shipped_weights
from models.metrics.errors import box_iou
from models.occlusion.kinds import occluder
from models.occlusion.occluder import lay
from models.reconstruction import Array
from models.reconstructor import Detector, Face, Reconstructor
from models.synthetic.backdrop import draw_scenery
from models.synthetic.cutout import Kind, cut_out
from models.synthetic.head import load_head

FOUND_IOU = 0.4
PICTURES = (".jpg", ".jpeg", ".png", ".webp")
EMPTY_SEED, EMPTY_PX = 123_456_789, 320  # of pictures without faces; not one of a training run


@dataclass(frozen=True, slots=True)
class DetectorScore:
    """What one finder did on one set of pictures.

    Attributes:
        share: Of the true faces that a box meets with an IoU of at least 0.4; NaN without truth.
        overlap: Mean IoU over these.
        others: Boxes per picture beside the true one: false alarms, and true faces without truth.
        any_share: Of the pictures in which anything was found.
        ms: Median time per picture.
    """

    share: float
    overlap: float
    others: float
    any_share: float
    ms: float


def found_faces(detector: Detector, subjects: Sequence[Subject], kind: str) -> DetectorScore:
    """A finder on labelled pictures, clean or under one kind of cover."""
    best, others, any_, ms = [], [], [], []
    for subject in subjects:
        picture = subject.image()
        if kind != CLEAN:
            picture, _ = lay(picture, [occluder(kind, subject.landmarks[:, :2], subject.seed)])
        faces, took = _timed(detector, picture)
        overlaps = [float(box_iou(np.array(face.box), np.array(subject.box))) for face in faces]
        best.append(max(overlaps, default=0.0))
        others.append(sum(iou < FOUND_IOU for iou in overlaps))
        any_.append(bool(faces))
        ms.append(took)
    hit = np.array(best) >= FOUND_IOU
    overlap = float(np.array(best)[hit].mean()) if hit.any() else float("nan")
    return DetectorScore(
        float(hit.mean()), overlap, float(np.mean(others)), float(np.mean(any_)), float(np.median(ms))
    )


def found_anything(detector: Detector, pictures: Sequence[Photo]) -> DetectorScore:
    """A finder on pictures of which nothing is known but whether there is a face at all."""
    seen = [_timed(detector, picture) for picture in pictures]
    counts = np.array([len(faces) for faces, _ in seen])
    ms = float(np.median([took for _, took in seen]))
    return DetectorScore(float("nan"), float("nan"), float(counts.mean()), float((counts > 0).mean()), ms)


def detectors(method: Reconstructor, weights: str, yunet: Path | None) -> list[Detector]:
    """Our finder alone and with the second look, YuNet, Haar; without those whose default file is absent."""
    found: list[Detector] = []
    if weights != "open" or weights in shipped_weights("finder"):
        own = LearnedDetector(load_finder(weights))
        found += [own, with_second_look(own, method)]
    try:
        found.append(detector("yunet") if yunet is None else YuNetDetector(yunet))
    except MissingAssetError:
        if yunet is not None:
            raise
    return [*found, HaarDetector()]


def finder_tables(
    finders: Sequence[Detector],
    subjects: Sequence[Subject],
    kinds: Sequence[str],
    with_faces: Sequence[Photo],
    without_faces: Sequence[Photo],
    layout: Layout,
) -> str:
    """Found share under each cover; and what was found on pictures with and without faces."""
    shares, rest = [], []
    for finder in finders:
        row: list[object] = [finder.name]
        clean: DetectorScore | None = None
        for kind in (CLEAN, *kinds) if subjects else ():
            found = found_faces(finder, subjects, kind)
            clean = clean or found
            row.append(100 * found.share)
        shares.append(row)
        masked = found_anything(finder, with_faces) if with_faces else None
        empty = found_anything(finder, without_faces)
        nothing = float("nan")
        rest.append(
            [
                finder.name,
                clean.overlap if clean else nothing,
                clean.others if clean else nothing,
                100 * masked.any_share if masked else nothing,
                empty.others,
                clean.ms if clean else empty.ms,
            ]
        )
    heads = ["IoU of found", "others a photo", "unlabelled: any found, %", "empty: alarms a picture", "ms"]
    tables = [layout(["", *heads], rest)]
    if subjects:
        tables.insert(0, layout(["faces found, %", CLEAN, *kinds], shares))
    return "\n\n".join(tables)


@dataclass(frozen=True, eq=False, slots=True)
class Group:
    """A picture [H, W, 3] and the boxes [K, 4] px of the faces that somebody labelled in it."""

    picture: Photo
    boxes: Doubles

    def enlarged(self, times: int) -> Group:
        """The same with that many px for a px."""
        larger = cv2.resize(self.picture, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
        return Group(np.asarray(larger, np.uint8), self.boxes * times)


def groups_in(folder: Path) -> list[Group]:
    """Pictures NAME.jpg beside NAME_f0.gt.npz, NAME_f1.gt.npz ... (lm68); InputError if there is none."""
    groups = []
    for path in sorted(folder.glob("*.jpg")):
        truths = sorted(folder.glob(f"{glob.escape(path.stem)}_f*.gt.npz"))
        boxes = [box_of(_landmarks(truth)) for truth in truths]
        if boxes:
            groups.append(Group(read_picture(path), np.array(boxes, np.float64)))
    if not groups:
        raise InputError(f"{folder} holds no groups: expected NAME.jpg beside NAME_f0.gt.npz ... (lm68)")
    return groups


def _landmarks(truth: Path) -> Array:
    points = read_arrays(truth, {"lm68"}).get("lm68")
    if points is None or points.ndim != 2 or points.shape[1] < 2 or not np.isfinite(points).all():
        raise InputError(f"{truth.name} holds no landmarks (lm68). Get it again.")
    return points


def group_table(finders: Sequence[Detector], groups: Sequence[Group], layout: Layout) -> str:
    """Labelled faces found, other finds, and the time: as they are and enlarged twice and four times."""
    faces = sum(len(group.boxes) for group in groups)
    rows: list[list[object]] = []
    for finder in finders:
        for times in (1, 2, 4):
            found = others = 0
            ms = []
            for group in groups:
                larger = group if times == 1 else group.enlarged(times)
                finds, took = _timed(finder, larger.picture)
                met = [(box_iou(np.array(f.box), larger.boxes) >= FOUND_IOU) for f in finds]
                found += int(np.any(met, axis=0).sum()) if met else 0
                others += sum(not one.any() for one in met)
                ms.append(took)
            rows.append([finder.name, times, found, others, float(np.median(ms))])
    return layout([f"{len(groups)} groups", "enlarged", f"found of {faces}", "others", "ms"], rows)


def pictures_in(folder: Path) -> list[Photo]:
    """All pictures of a folder, by name; InputError if there is none."""
    paths = sorted(path for path in folder.glob("*") if path.suffix.lower() in PICTURES)
    if not paths:
        raise InputError(f"{folder} holds no pictures ({', '.join(PICTURES)})")
    return [read_picture(path) for path in paths]


def empty_pictures(count: int) -> list[Photo]:
    """Drawn scenes without faces: backdrops, every third with a headless body or the back of a head."""
    return [_empty(index) for index in range(count)]


def _empty(index: int) -> Photo:
    rng = np.random.default_rng([EMPTY_SEED, index])
    picture = np.sqrt(draw_scenery(rng, EMPTY_PX, people=0.0)).clip(0, 1)
    tries = iter(range(100 * index, 100 * index + 100))
    while index % 3 == 0:
        cutout = cut_out(EMPTY_SEED, next(tries), load_head(), EMPTY_PX)
        if cutout.kind is not Kind.FACE:
            alpha = cutout.rgba[..., 3:].astype(np.float32) / 255
            picture = picture + (cutout.rgba[..., :3] / np.float32(255) - picture) * alpha
            break
    image = np.asarray(picture * 255 + 0.5, np.uint8)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 0.6), np.uint8)


def _timed(detector: Detector, picture: Photo) -> tuple[list[Face], float]:
    start = time.perf_counter()
    faces = detector(picture)
    return faces, 1e3 * (time.perf_counter() - start)
