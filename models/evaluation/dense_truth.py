"""Dense truth of AFLW2000-3D: the fitted BFM face rebuilt from its coefficients, where the user has BFM."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from scipy.sparse import csr_matrix

from models.errors import InputError
from models.face_model.bfm_uv import drawing
from models.face_model.importing import read_face_model, topology_of
from models.face_model.linear import LinearModel
from models.geometry.arrays import Bools, Doubles
from models.geometry.transforms import rotation_from_euler
from models.ground_truth.aflw2000 import Parameters
from models.loading import load_face_model
from models.methods.bfm_uv import bfm_layout, bfm_places
from models.metrics.correspondence import common, reached
from models.metrics.errors import box_size, nme3d_percent, nme_percent, reconstruction_error
from models.reconstruction import Correspondence, Reconstruction

MICROMETRES = 1000.0  # per mm
LAYOUT = "BFM UV layout"  # the topology of PRNet and the published DSFNet
SHAPES, EXPRESSIONS = 199, 29
OUTER_EYES = [36, 45]


@dataclass(frozen=True, eq=False, slots=True)
class DenseTruth:
    """The user's BFM, and how its vertices compare with those of answers.

    Attributes:
        model: With 199 shapes and 29 expressions, as face3d packs it.
        open_face: Where the open face's vertices lie on it.
        drawn: [256 * 256, N] its vertices on the UV layout; None where the file has no UV beside it.
    """

    model: LinearModel
    open_face: Correspondence
    drawn: csr_matrix | None

    @staticmethod
    @lru_cache(maxsize=1)
    def read(path: Path) -> DenseTruth:
        """From BFM.mat of face3d, BFM_UV.mat beside it if it is there.

        Raises:
            InputError, WeightsError, MissingAssetError: It is not there, none, or of other coefficients.
        """
        model = read_face_model(path)
        if len(model.identity) != SHAPES or len(model.expression) != EXPRESSIONS:
            raise InputError(
                f"{path.name} has {len(model.identity)} shapes and {len(model.expression)} expressions; "
                f"the truth "
                f"of AFLW2000-3D is told in {SHAPES} and {EXPRESSIONS}. Give BFM.mat as face3d makes it."
            )
        known = topology_of(model, load_face_model(), bfm_places()).open_face
        assert known is not None
        uv = None if model.uv is None else model.uv.astype(np.float64)
        return DenseTruth(model, known, None if uv is None else drawing(uv, model.triangles.astype(np.int64)))

    def vertices(self, parameters: Parameters, height: int) -> Doubles:
        """[N, 3] px of the photo from 0, y down, z to the camera from an arbitrary zero.

        Args:
            parameters: Of the photo.
            height: Of the photo, px. The published points have y = height + 1 - y up, counted from 1.
        """
        shape = (parameters.shape[None].astype(np.float32), parameters.expression[None].astype(np.float32))
        mm = self.model.vertices(*shape)[0].astype(np.float64)
        R = rotation_from_euler(torch.from_numpy(parameters.pose[:3])).numpy()
        px = MICROMETRES * parameters.pose[6] * mm @ R.T + parameters.pose[3:6]
        return np.stack([px[:, 0] - 1, height - px[:, 1], px[:, 2]], 1)

    def measure(
        self, answer: Reconstruction, landmarks: Doubles, parameters: Parameters, height: int
    ) -> dict[str, float]:
        """Dense NME in 2D and 3D and the reconstruction error, percent; empty where meshes do not correspond.

        Args:
            answer: In image px.
            landmarks: [68, 3] true, image px: their outer eyes scale the reconstruction error.
            parameters, height: As in `vertices`.
        """
        pair = self._paired(answer, self.vertices(parameters, height))
        if pair is None:
            return {}
        own, true = pair
        size = box_size(true)
        eyes = float(np.linalg.norm(np.diff(landmarks[OUTER_EYES], axis=0)))
        return {
            "dense": float(nme_percent(own, true, size=lambda _: size)),
            "dense3d": float(nme3d_percent(own, true, size=lambda _: size)),
            "reconstruction": 100 * reconstruction_error(own, true, eyes),
        }

    def _paired(self, answer: Reconstruction, vertices: Doubles) -> tuple[Doubles, Doubles] | None:
        """Twice [P, 3]: answer and truth at the same places of the face."""
        if answer.topology.name == LAYOUT and self.drawn is not None:
            cells = bfm_layout().mask.ravel()
            covered = np.diff(self.drawn.indptr)[cells] > 0
            own, true = answer.vertices.astype(np.float64), (self.drawn @ vertices)[cells]
            return (own[covered], true[covered]) if len(own) == len(true) else None
        own_open, there = common(answer), reached(answer.topology)
        if own_open is None or there is None:
            return None
        both: Bools = there & (True if self.open_face.reached is None else self.open_face.reached)
        true_open = self.open_face(np.asarray(vertices, np.float32))
        return own_open[both].astype(np.float64), true_open[both].astype(np.float64)
