"""Our form of a published computation beside its plain restatement: stage by stage, same weights, one run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from models.evaluation.reference.dsfnet import Plain, all_of_them, by_chance, evenly
from models.evaluation.reference.made_up_dsfnet import made_up, picture
from models.evaluation.reference.peers_speed import peers_speed
from models.evaluation.reference.tddfa_speed import tddfa_speed
from models.evaluation.reference.timing import Stage, median_ms
from models.evaluation.tables import table
from models.metrics.errors import nme3d_percent
from models.networks.published import PublishedDSFNet
from models.networks.published_fast import FastHighResolutionNetwork, fast_precision, quickened
from models.networks.published_geometry import observe, rebuild


def dsfnet_speed(repeats: int, size: int = 256) -> str:
    """DSFNet as published, one crop: table of stages, and how far the answers are apart."""
    network, tables = made_up(size)
    plain = Plain(replace(tables, state={key: value.clone() for key, value in tables.state.items()}))
    precision = fast_precision(torch.device("cpu"))
    ours = quickened(network, precision)
    crops = picture(1, size, seed=7)
    with torch.inference_mode():
        stages = _dsfnet_stages(plain, ours, crops, repeats)
        apart = _apart(plain, ours, crops)
    rows = [[s.name, s.original, s.ours, s.ratio] for s in stages]
    title = f"dsfnet-published, {size} px, made-up weights, {torch.get_num_threads()} threads"
    title += f", our face model in {precision.face_model}, the rest in {precision.backbone}"
    text = table(["ms", "original", "ours", "times"], rows)
    told = f"answers apart: {apart:.4f} % of the face (NME of all points)"
    return f"{title}, median of {repeats}\n\n{text}\n\n{told}"


def _apart(plain: Plain, ours: PublishedDSFNet, crops: Tensor) -> float:
    """NME in percent between both on the cells of the face, chance taken out of the original."""
    face = plain.tables.face.flatten()
    theirs = plain(crops, all_of_them, evenly).face.flatten(2)[..., face].mT.numpy()
    answer = ours(crops, parity="cuda17").fused.face[..., face].mT.numpy()
    return float(nme3d_percent(answer, theirs).mean())


def _dsfnet_stages(plain: Plain, ours: PublishedDSFNet, crops: Tensor, repeats: int) -> list[Stage]:
    quick = ours.hrnet
    assert isinstance(quick, FastHighResolutionNetwork)
    maps = plain.backbone(crops)
    heads = plain.heads(maps)
    seen, confidence, _ = plain.to_chart(heads)
    answer = ours(crops)
    fast_maps = quick.scales(crops)
    chart = torch.cat((answer.image_space.face, answer.model_space.face) * 2, 1).unflatten(2, crops.shape[2:])
    coefficients = torch.cat((heads.shape, heads.expression), 1).repeat(2, 1)
    mean = plain.mean[None]
    flat = (
        answer.observed.positions,
        ours.mean,
        answer.observed.confidence,
        answer.observed.present & ours.face,
    )
    named: list[tuple[str, Callable[[], object], Callable[[], object]]] = [
        ("backbone", lambda: plain.backbone(crops), lambda: quick.scales(crops)),
        ("dense heads, regression", lambda: plain.heads(maps), lambda: quick.look(fast_maps)),
        ("to the chart", lambda: plain.to_chart(heads), lambda: observe(answer.sight)),
        (
            "face model, both branches",
            lambda: [plain.offsets(heads.shape, heads.expression) for _ in range(2)],
            lambda: ours._offsets(coefficients),
        ),
        (
            "a fit (of three)",
            lambda: plain.rebuild(seen, mean, confidence, seen, by_chance),
            lambda: rebuild(*flat, None),
        ),
        ("fusion", lambda: plain.fuse(chart, heads.feature), lambda: ours.unet(chart, heads.feature)),
        ("crop to fused face", lambda: plain(crops), lambda: ours(crops)),
    ]
    times = median_ms([work for _, *both in named for work in both], repeats)
    return [Stage(row[0], *times[2 * k : 2 * k + 2]) for k, row in enumerate(named)]


def published_speed(repeats: int) -> str:
    """The tables of every published system there is a restatement of."""
    return "\n\n".join(system(repeats) for system in (dsfnet_speed, tddfa_speed, peers_speed))
