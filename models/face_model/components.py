"""Principal components of what sliders can do, each exactly symmetric or antisymmetric."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.geometry.arrays import Doubles, Ints


@dataclass(frozen=True, eq=False, slots=True)
class Components:
    """What moves the base mesh, largest first.

    Attributes:
        offsets: [C, V, 3] mm for one standard deviation.
        names: What each mostly came from.
        scores: [S, C]: the samples the components were made of, as coefficients.
        share: Share of the sliders' variance that the components keep.
        symmetric: [C] whether a component moves both sides alike; else a mirrored face has the opposite sign.
    """

    offsets: Doubles
    names: tuple[str, ...]
    scores: Doubles
    share: float
    symmetric: NDArray[np.bool_]


def principal_components(
    samples: Doubles, effects: Doubles, names: list[str], mirror: Ints, weights: Doubles, count: int
) -> Components:
    """Components of x = sum_k s_k d_k about x = 0, for a population as often mirrored as not.

    Such a population's second moment splits into that of the symmetric and that of the antisymmetric part.
    With M = E[s s^T] = L L^T and L^T D W D^T L = U diag(v) U^T the rows of U^T L^T D are the components.

    Args:
        samples: [S, K] slider values; centred by the caller if the mean is to be left out.
        effects: [K, V, 3] mm per unit of a slider.
        names: K names.
        mirror: [V].
        weights: [V] how much each vertex counts.
        count: C.
    """
    values, vectors = np.linalg.eigh(samples.T @ samples / len(samples))
    kept = values > values.max() * 1e-9
    root = vectors[:, kept] * np.sqrt(values[kept])  # [K, R]
    back = samples @ (vectors[:, kept] / np.sqrt(values[kept]))  # [S, R] white
    flipped = effects[:, mirror] * (-1, 1, 1)
    found: list[tuple[float, Doubles, bool, Doubles]] = []
    total = 0.0
    for part, symmetric in (((effects + flipped) / 2, True), ((effects - flipped) / 2, False)):
        moved = np.tensordot(root.T, part, 1)  # [R, V, 3]
        weighted = (moved * np.sqrt(weights)[:, None]).reshape(len(moved), -1)
        variance, turn = np.linalg.eigh(weighted @ weighted.T)
        total += float(variance.sum())
        for index in np.argsort(-variance)[:count]:
            found.append((float(variance[index]), turn[:, index], symmetric, root))
    found.sort(key=lambda entry: -entry[0])
    offsets, labels, scores = [], [], []
    strength = np.linalg.norm((effects * np.sqrt(weights)[:, None]).reshape(len(effects), -1), axis=1)
    for _, turn, symmetric, _ in found[:count]:
        mix = root @ turn  # [K] slider values of one standard deviation
        part = (effects + flipped * (1 if symmetric else -1)) / 2
        sign = np.sign(mix[np.abs(mix * strength).argmax()])
        offsets.append(sign * np.tensordot(mix, part, 1))
        scores.append(sign * back @ turn)
        labels.append(_label(mix * strength * sign, names, symmetric))
    share = sum(entry[0] for entry in found[:count]) / total
    return Components(
        np.array(offsets), tuple(labels), np.array(scores).T, share, np.array([f[2] for f in found[:count]])
    )


def without_similarity(effects: Doubles, vertices: Doubles, weights: Doubles) -> Doubles:
    """`effects` [K, V, 3] less the whole head's movement, turn and growth, judged by `weights` [V]."""
    centre = (weights[:, None] * vertices).sum(0) / weights.sum()
    arm = vertices - centre
    modes = [np.broadcast_to(axis, arm.shape) for axis in np.eye(3)]
    modes += [np.cross(axis, arm) for axis in np.eye(3)] + [arm]
    basis = np.stack([mode.ravel() for mode in modes], 1)
    root = np.sqrt(weights).repeat(3)
    flat = effects.reshape(len(effects), -1)
    solved = np.linalg.lstsq(basis * root[:, None], (flat * root).T, rcond=None)[0]
    return np.asarray((flat - (basis @ solved).T).reshape(effects.shape))


def _label(contribution: Doubles, names: list[str], symmetric: bool) -> str:
    """The two sliders that contribute most, with their signs."""
    top = np.argsort(-np.abs(contribution))[:2]
    text = " ".join(f"{'+' if contribution[k] > 0 else '-'}{names[k]}" for k in top)
    return text if symmetric else f"{text} (asymmetric)"
