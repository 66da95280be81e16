"""All names of `unmask`, imported with the first of them that is asked for."""

from __future__ import annotations

from models.batch.tables import read_rows
from models.detection.detectors import detect, detect_all
from models.errors import InputError, MethodError, MissingAssetError, UnmaskError, WeightsError
from models.evaluation.protocol import Setting
from models.export.figure import Row
from models.export.mesh import write_mesh
from models.export.reading import read_answers
from models.export.wish import Wish
from models.loading import load, methods
from models.metrics.errors import nme_percent
from models.pipeline import reconstruct, reconstruct_all
from models.reconstruction import Reconstruction, Scalar, Space, State, Topology
from models.reconstructor import Detector, Face, Reconstructor
from models.robustness.change import change
from models.robustness.sweep import Sweep
from resources import samples
from unmask.cases import open_case, replay
from unmask.occluders import OCCLUDERS, Covered, occlude, sweep
from unmask.pictures import read
from unmask.reports import evaluate
from unmask.videos import Moment, track
from unmask.writing import EXPORTS, Maps, export, export_onnx, maps, render, write_figure

__all__ = [
    "EXPORTS",
    "OCCLUDERS",
    "Covered",
    "Detector",
    "Face",
    "InputError",
    "Maps",
    "MethodError",
    "MissingAssetError",
    "Moment",
    "Reconstruction",
    "Reconstructor",
    "Row",
    "Scalar",
    "Setting",
    "Space",
    "State",
    "Sweep",
    "Topology",
    "UnmaskError",
    "WeightsError",
    "Wish",
    "change",
    "detect",
    "detect_all",
    "evaluate",
    "export",
    "export_onnx",
    "load",
    "maps",
    "methods",
    "nme_percent",
    "occlude",
    "open_case",
    "read",
    "read_answers",
    "read_rows",
    "reconstruct",
    "reconstruct_all",
    "render",
    "replay",
    "samples",
    "sweep",
    "track",
    "write_figure",
    "write_mesh",
]
