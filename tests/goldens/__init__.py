"""What the shipped weights answer on the bundled samples: `python -m tests.goldens` writes it anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import resources
from models.loading import load
from models.pipeline import reconstruct
from models.reconstruction import Reconstruction
from models.reconstructor import Face

FOLDER = Path(__file__).parent
SAMPLES = {
    "astronaut": (179.0, 88.0, 274.0, 180.0),
    "grace_hopper": (172.0, 156.0, 350.0, 332.0),
    "render_hand": (87.0, 64.0, 303.0, 292.0),
    "render_mask": (100.0, 68.0, 306.0, 302.0),
    "render_sunglasses": (65.0, 103.0, 271.0, 318.0),
}
PEERS = ("prnet", "mgcnet", "tddfa")
EVERY = 97  # one vertex of so many is kept


def picture(name: str) -> np.ndarray:
    """[H, W, 3] RGB of a bundled sample."""
    (path,) = (path for path in resources.samples() if path.stem == name)
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def answer(name: str, weights: str, method: str = "dsfnet") -> Reconstruction:
    """What a method says of a sample in its box."""
    return reconstruct(picture(name), [Face(SAMPLES[name])], load(method, weights))[0]


def summary(answer: Reconstruction) -> dict[str, Any]:
    """What a golden keeps of an answer, rounded."""
    assert answer.states is not None
    assert answer.landmark_states is not None
    share = answer.scalar("image-space share").values
    return {
        "vertices": answer.vertices[::EVERY].astype(float).round(1).tolist(),
        "states": answer.states[::EVERY].astype(float).round(2).tolist(),
        "landmark states": answer.landmark_states.astype(float).round(2).tolist(),
        "share": share[::EVERY].astype(float).round(2).tolist(),
        "pose": [round(angle, 1) for angle in answer.pose_deg],
        "likely error": None if answer.likely_error is None else round(answer.likely_error, 1),
        "alarms": [alarm.code for alarm in answer.alarms],
    }


def peer_summary(answer: Reconstruction) -> dict[str, Any]:
    """What the golden of a peer keeps of an answer, rounded."""
    return {
        "landmarks": answer.landmarks.astype(float).round(1).tolist(),
        "pose": [round(angle, 1) for angle in answer.pose_deg],
        "alarms": [alarm.code for alarm in answer.alarms],
    }


def write(weights: str, method: str = "dsfnet") -> None:
    """The golden of some weights, one line a sample."""
    kept = peer_summary if method in PEERS else summary
    lines = [f"{json.dumps(name)}: {json.dumps(kept(answer(name, weights, method)))}" for name in SAMPLES]
    (FOLDER / f"{method}-{weights}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


def read(weights: str, method: str = "dsfnet") -> dict[str, dict[str, Any]]:
    """What `write` wrote."""
    return dict(json.loads((FOLDER / f"{method}-{weights}.json").read_text()))
