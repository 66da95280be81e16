"""How sure a figure is: bootstrap intervals over faces, or over people where several pictures show one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from models.geometry.arrays import Doubles, Ints

DRAWS = 1000
LEVEL = 0.95
SEED = 20_260
AT_ONCE = 1_000_000  # numbers resampled together


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
    return _ends(np.array([statistic(rows) for rows in resamples(clusters, draws, seed)]))


def interval_of(
    of: Callable[..., Any],
    values: Doubles,
    clusters: Sequence[str],
    draws: int = DRAWS,
    seed: int = SEED,
) -> tuple[float, float]:
    """As `interval` for what numpy makes of numbers: many resamples at once where each face stands alone.

    Args:
        of: Such as np.mean or np.median: takes an array and `axis`.
        values: [F].
        clusters, draws, seed: As in `resamples`.
    """
    count = len(values)
    if count < 2 or len(set(clusters)) < count:
        return interval(lambda rows: float(of(values[rows])), clusters, draws, seed)
    rng, at_once = np.random.default_rng(seed), max(1, AT_ONCE // count)
    parts = [min(at_once, draws - start) for start in range(0, draws, at_once)]
    return _ends(np.concatenate([of(values[rng.integers(0, count, (n, count))], axis=1) for n in parts]))


def _ends(values: Doubles) -> tuple[float, float]:
    values = values[np.isfinite(values)]
    if not len(values):
        return float("nan"), float("nan")
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]).tolist()
    return low, high
