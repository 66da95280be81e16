"""How far apart the branches of a method are."""

from __future__ import annotations

import numpy as np

from models.reconstruction import Reconstruction


def disagreement_px(answer: Reconstruction) -> tuple[float, float] | None:
    """Mean and 95th percentile of the distance between the branches, image px; None where nobody knows."""
    scalar = next((scalar for scalar in answer.scalars if scalar.name == "disagreement"), None)
    if scalar is None or not np.isfinite(scalar.values).any():
        return None
    px = scalar.values / (answer.mm_per_px if scalar.unit == "mm" else 1.0)
    return float(np.nanmean(px)), float(np.nanpercentile(px, 95))
