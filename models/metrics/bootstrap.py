"""How sure a figure is: bootstrap intervals over faces, or over people where several pictures show one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

DRAWS = 1000
LEVEL = 0.95
SEED = 20_260


def resamples(clusters: Sequence[str], draws: int = DRAWS, seed: int = SEED) -> Iterator[Ints]:
    """Indices of the faces of each resample: as many clusters as there are, drawn with replacement.

    Faces of one cluster (pictures of one person) come and go together, as they are not independent.
    Efron 1979; for clusters Davison and Hinkley 1997, 3.8.

    Args:
        clusters: [F] which cluster each face belongs to.
        draws: How many resamples.
        seed: The same seed, clusters and draws give the same resamples.

    Yields:
        [G] int64 rows, G = F where each face is its own cluster.
    """
    names, which = np.unique(np.asarray(clusters, dtype=str), return_inverse=True)
    rng = np.random.default_rng(seed)
    if len(names) == len(which):
        for _ in range(draws):
            yield rng.integers(0, len(which), len(which))
        return
    members = [np.flatnonzero(which == k) for k in range(len(names))]
    for _ in range(draws):
        yield np.concatenate([members[k] for k in rng.integers(0, len(names), len(names))])


def interval(
    statistic: Callable[[Ints], float], clusters: Sequence[str], draws: int = DRAWS, seed: int = SEED
) -> tuple[float, float]:
    """The percentile interval of 95 % of a figure.

    Args:
        statistic: The figure of the faces with these indices.
        clusters, draws, seed: As in `resamples`.

    Returns:
        Its 2.5 and 97.5 percentiles over the resamples; NaN with fewer than two clusters.
    """
    if len(set(clusters)) < 2:
        return float("nan"), float("nan")
    values = np.array([statistic(rows) for rows in resamples(clusters, draws, seed)])
    values = values[np.isfinite(values)]
    if not len(values):
        return float("nan"), float("nan")
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]).tolist()
    return low, high
