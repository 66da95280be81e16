"""Sets of labelled faces in the layouts in which they are distributed, each read to the last picture."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from models.evaluation.finders import groups_in, pictures_in
from models.ground_truth.aflw2000 import aflw2000, naturally_occluded, read_parameters
from models.ground_truth.hand_labels import read_hand_labels
from models.ground_truth.scanned import Scanned, read_marks, read_scan
from models.ground_truth.sets.aflw_database import aflw_database
from models.ground_truth.sets.cofw68 import cofw68
from models.ground_truth.sets.florence import florence
from models.ground_truth.sets.ibug import ibug
from models.ground_truth.sets.lp300w import lp300w
from models.ground_truth.sets.merl_rav import merl_rav
from models.ground_truth.sets.now import now
from models.ground_truth.sets.realy import read_barycentric, read_photo, realy
from models.ground_truth.sets.stirling import stirling
from models.ground_truth.sets.wflw import wflw
from tests.fakes import sets
from tests.fuzz.seed import Reader, seeds_of


def _labelled(read: Reader) -> Reader:
    """With the picture and the box of every face."""

    def reader(folder: Path) -> None:
        for face in read(folder):
            face.image()
            _ = face.box

    reader.__name__ = read.__name__
    return reader


def _scans(read: Reader) -> Reader:
    """With the picture, the mesh and the landmarks of every scan."""

    def reader(folder: Path) -> None:
        for one in read(folder):
            assert isinstance(one, Scanned)
            one.image()
            read_scan(one.scan)
            read_marks(one.landmarks)

    reader.__name__ = read.__name__
    return reader


def read_aflw2000(folder: Path) -> None:
    """With the fitted faces and the list of what is occluded by itself."""
    for face in aflw2000(folder / "photos"):
        read_parameters(face.truth)
    naturally_occluded(folder / "photos")


def _lines(folder: Path) -> None:
    """The faces of a list; only the first has a picture."""
    for face in wflw(folder):
        _ = face.box


def read_realy(folder: Path) -> None:
    """With every region, keypoint, scale and template."""
    for person in realy(folder):
        read_photo(person)()
        _ = person.keypoints, person.regions, person.mm
        read_barycentric(person.root, 7, 3)


def read_florence(folder: Path) -> None:
    """With mesh, colours and landmarks."""
    for model in florence(folder):
        model.colours(len(model.mesh().vertices))
        model.marks()


def _aflw2000_in(folder: Path) -> None:
    (folder / "photos").mkdir()
    sets.aflw2000_in(folder / "photos")
    entries = [{"file": "photos/image00002.jpg", "occlusion": "hand"}]
    (folder / "index.json").write_text(json.dumps(entries))


def _florence_in(folder: Path) -> None:
    sets.write(sets.florence_in(folder).with_suffix(".pp"), sets.picked(sets.SEVEN))


def _hand_in(folder: Path) -> None:
    states = np.arange(68) % 3
    np.savez(folder / "hand.npz", name=np.array(["a"]), points68=sets.POINTS[None], state68=states[None])


def _hand(folder: Path) -> None:
    read_hand_labels(folder / "hand.npz")


def _groups_in(folder: Path) -> None:
    sets.photo(folder / "two.jpg")
    np.savez(folder / "two_f0.gt.npz", lm68=np.column_stack([sets.POINTS, np.zeros(68)]))


def _groups(folder: Path) -> None:
    groups_in(folder)
    pictures_in(folder)


SETS = (
    *seeds_of(_aflw2000_in, read_aflw2000, "photos/*.mat", "index.json"),
    *seeds_of(sets.ibug_in, _labelled(ibug), "ibug/d.*"),
    *seeds_of(sets.merl_rav_in, _labelled(merl_rav), "**/testset/*.pts"),
    *seeds_of(sets.wflw_in, _lines, "WFLW_annotations/*/*"),
    *seeds_of(sets.cofw68_in, _labelled(cofw68), "COFW68_Data/*.mat", "COFW68_Data/test_annotations/1_*"),
    *seeds_of(sets.aflw_in, _labelled(aflw_database), "aflw.sqlite"),
    *seeds_of(sets.lp300w_in, _labelled(lp300w), "AFW/*"),
    *seeds_of(sets.now_in, _scans(now), "**/*.npy", "**/*.pp", "**/neutral.obj", "**/imagepaths*.txt"),
    *seeds_of(sets.stirling_in, _scans(stirling), "annotations/F_3D_N/*.lnd"),
    *seeds_of(sets.realy_in, read_realy, "data/*.*", "data/*/2.obj", "data/*/2/nose.obj"),
    *seeds_of(_florence_in, read_florence, "**/*.obj", "**/*.pp", "**/*.bmp"),
    *seeds_of(_hand_in, _hand, "*"),
    *seeds_of(_groups_in, _groups, "*"),
)
