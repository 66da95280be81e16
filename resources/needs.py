"""Which files each method runs on: what ships for it, what a user must bring."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from resources import ROOT, AssetError, brought_folder, remedy, weights_for
from resources import weights as shipped

__all__ = [
    "BETTER_WITH",
    "DETECTOR_NEEDS",
    "NEEDS",
    "OFFICIAL",
    "USUAL_DETECTOR",
    "YUNET",
    "Need",
    "detector_lacks",
    "is_path",
    "made_possible",
    "missing",
    "weights_files",
    "weights_of",
    "weights_usually",
]

USUAL = "open"  # the weights that ship for every method of ours
OFFICIAL = "official"  # the name of the weights a user brought


@dataclass(frozen=True, slots=True)
class Need:
    """Something a method cannot run without.

    Attributes:
        what: In a few words, e.g. "the network's weights".
        any_of: Names in the folder of brought files; one of them is enough, the first is the usual one.
    """

    what: str
    any_of: tuple[str, ...]

    def met(self) -> bool:
        """Whether one of the files lies in the folder of brought files."""
        return any((brought_folder() / name).exists() for name in self.any_of)

    def sentence(self, root: Path = ROOT) -> str:
        """What is missing and how to get it."""
        first, *others = self.any_of
        instead = f" (or {', '.join(others)})" if others else ""
        return f"{first}{instead} is not there: {self.what}. {remedy(f'brought/{first}', root)}"


NEEDS: dict[str, tuple[Need, ...]] = {
    "dsfnet-published": (
        Need("the network's weights", ("net.pth",)),
        Need("the face model", ("BFM.mat",)),
        Need("the face model's UV layout", ("BFM_UV.mat", "BFM_UVspace_patch.npy")),
    ),
    "tddfa": (
        Need("the network's weights", ("mb1_120x120.pth", "mb05_120x120.pth", "resnet22.pth")),
        Need("mean and deviation of its parameters", ("param_mean_std_62d_120x120.pkl",)),
        Need("the face model", ("bfm_noneck_v3.pkl", "bfm_noneck_v3_slim.pkl", "bfm68.npz")),
    ),
    "prnet": (
        Need("the network's weights, first part", ("256_256_resfcn256_weight.index",)),
        Need("the network's weights, second part", ("256_256_resfcn256_weight.data-00000-of-00001",)),
    ),
    "mgcnet": (
        Need("the network's weights, first part", ("model-400000.index",)),
        Need("the network's weights, second part", ("model-400000.data-00000-of-00001",)),
        Need("the face model", ("bfm09_trim_exp_uv_presplit.h5",)),
    ),
}
"""Method -> what its official weights need. A method of its own authors' package is not in it."""

BETTER_WITH: dict[str, tuple[str, ...]] = {"tddfa": ("tri.pkl", "indices.npy", "BFM_UV.mat")}
"""Method -> files its official weights run without: the triangles and UV of its face model."""

USUAL_DETECTOR = "finder"
YUNET = Need("the network of YuNet", ("face_detection_yunet_2023mar.onnx",))

DETECTOR_NEEDS: dict[str, Need | None] = {
    USUAL_DETECTOR: None,
    "finder-research": None,
    "yunet": YUNET,
    "haar": None,
}
"""Who can look for faces, the usual one first -> what a user must bring for it."""

OURS = frozenset({"dsfnet", *NEEDS})


def missing(method: str, weights: str = "open", root: Path = ROOT) -> list[str]:
    """Why a method cannot run: a sentence for each thing missing, with how to get it; empty if it can.

    Opens no file and loads no weights. Knows nothing of third parties' methods, hence finds nothing missing.

    Args:
        method: As in `models.catalogue.methods()`.
        weights: A name of weights that ship, "official", or the path of a file.
        root: The folder of what ships.
    """
    if method not in OURS:
        return []
    if weights == OFFICIAL:
        if method not in NEEDS:
            return [
                f"There are no official weights of {method}. Choose the method dsfnet-published for those."
            ]
        return [need.sentence(root) for need in NEEDS[method] if not need.met()]
    there = weights_for(method, root)
    if weights in there:
        try:
            shipped(f"{method}-{weights}", root)
        except AssetError as error:
            return [str(error)]
        return []
    if is_path(weights) or Path(weights).is_file():
        return [] if Path(weights).is_file() else [f"There is no weights file {weights}. Check the path."]
    instead = ", ".join((*there, *([OFFICIAL] if method in NEEDS else [])))
    return [f"No weights {weights!r} ship for {method}. Choose one of: {instead}."]


def is_path(weights: str | Path) -> bool:
    """Whether weights are asked for by the path of a file, whatever lies in the current folder."""
    text = str(weights)
    return bool(Path(text).suffix) or "/" in text or os.sep in text


def weights_usually(method: str, root: Path = ROOT) -> str:
    """The weights a method answers with where none were asked for, there or not: never others instead."""
    names = weights_of(method, root)
    return USUAL if USUAL in names else names[0]


def detector_lacks(name: str, root: Path = ROOT) -> str:
    """Why one of DETECTOR_NEEDS cannot look for faces, with how to get what is missing; empty if it can."""
    need = DETECTOR_NEEDS[name]
    return "" if need is None or need.met() else need.sentence(root)


def made_possible() -> tuple[str, ...]:
    """The methods whose official weights are complete."""
    return tuple(method for method, needs in NEEDS.items() if all(need.met() for need in needs))


def weights_of(method: str, root: Path = ROOT) -> tuple[str, ...]:
    """The names a method's weights can be asked by, there or not: what ships, then the official ones.

    A third party's method has "open" alone.
    """
    return (*weights_for(method, root), *([OFFICIAL] if method in NEEDS else [])) or ("open",)


def weights_files(method: str, weights: str, root: Path = ROOT) -> list[Path]:
    """The files that weights which are there lie in; none for a third party's method."""
    if weights in weights_for(method, root):
        return [shipped(f"{method}-{weights}", root)]
    if weights != OFFICIAL:
        return [Path(weights)] if Path(weights).is_file() else []
    of_network = [need for need in NEEDS.get(method, ()) if "weights" in need.what]
    there = [[brought_folder() / name for name in need.any_of] for need in of_network]
    return [path for paths in there for path in [path for path in paths if path.exists()][:1]]
