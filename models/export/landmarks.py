"""The 68 landmarks as the files other programs read: .pts, .txt and .mat.

They are called NAME-landmarks, for a file beside a picture with the picture's name is taken for its truth.
"""

from __future__ import annotations

import io

import numpy as np
from scipy.io import savemat

from models.export.camera import camera_of
from models.metrics.states import STATE_NAMES, landmark_probabilities
from models.reconstruction import Array, Reconstruction, State


def landmark_files(answer: Reconstruction) -> dict[str, bytes]:
    """Name's ending -> file, of an answer in IMAGE space."""
    points, states = answer.landmarks, landmark_probabilities(answer)
    return {
        "-landmarks.pts": _pts(points),
        "-landmarks.txt": _txt(points, states),
        "-landmarks.mat": _mat(answer, points, states),
    }


def _pts(points: Array) -> bytes:
    """IBUG's: x and y, counted from 1."""
    rows = "".join(f"{x + 1:.4f} {y + 1:.4f}\n" for x, y, _ in points.tolist())
    return f"version: 1\nn_points: {len(points)}\n{{\n{rows}}}\n".encode()


def _txt(points: Array, states: Array | None) -> bytes:
    """A table: x y z, counted from 0, and the probabilities of the states; nan where nobody says."""
    told = np.full((len(points), 3), np.nan) if states is None else states
    names = "  ".join(f"P({STATE_NAMES[state]})" for state in State)
    lines = [
        "# 68 landmarks in iBUG order. px of the picture, (0, 0) = centre of the top-left pixel, y down,",
        "# z towards the camera.",
        f"# x  y  z  {names}",
        *(" ".join(f"{v:.5g}" if k > 2 else f"{v:.4f}" for k, v in enumerate(row)) for row in
          np.concatenate([points, told], 1).tolist()),
    ]  # fmt: skip
    return ("\n".join(lines) + "\n").encode()


def _mat(answer: Reconstruction, points: Array, states: Array | None) -> bytes:
    """As AFLW2000 and 300W-LP: pt3d_68 counted from 1, Pose_Para in radians; and the states."""
    camera = camera_of(answer)
    pose = [*np.radians(answer.pose_deg).tolist(), *camera.translation_px.tolist(), camera.px_per_mm]
    arrays = {
        "pt3d_68": (points.astype(np.float64) + np.array([1, 1, 0])).T,
        "Pose_Para": np.array([pose]),
        "method": answer.method,
    }
    if states is not None:
        arrays |= {"state_probabilities": states, "state_names": [STATE_NAMES[state] for state in State]}
    buffer = io.BytesIO()
    savemat(buffer, arrays)
    return buffer.getvalue()
