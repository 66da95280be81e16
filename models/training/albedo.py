"""A linear model of skin colours, measured on the faces the renderer draws."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from models.synthetic.appearance import paint_list
from models.synthetic.draw import draw_scene
from models.synthetic.head import load_head
from models.synthetic.shading import skin_albedo
from models.synthetic.textures import texture_bank

FIRST = 30_000_000  # scenes that neither training nor tests look at
DISPLAY = 1 / 2.2  # linear light to the values of a picture


def albedo_basis(seed: int, components: int, draws: int) -> tuple[Tensor, Tensor]:
    """Mean [N, 3] and principal components [A, N, 3] per standard deviation, of colours in 0..1 as displayed.

    Args:
        seed: Of the scenes.
        components: A.
        draws: Faces to draw; at least A + 1.
    """
    if draws <= components:
        raise ValueError(f"{draws} faces cannot tell {components} components")
    head, bank = load_head(), texture_bank()
    count = head.face_count
    fields, uv = head.fields[:count], head.skin_uv[:count]
    rows = []
    for index in range(draws):
        scene = draw_scene(seed, FIRST + index, head)
        linear = skin_albedo(fields, uv, paint_list(scene.complexion, scene.hair), bank)
        rows.append(np.clip(linear, 0, 1).ravel() ** DISPLAY)
    values = torch.from_numpy(np.stack(rows).astype(np.float32))
    mean = values.mean(0)
    _, spread, directions = torch.linalg.svd(values - mean, full_matrices=False)
    scaled = directions[:components] * (spread[:components, None] / (draws - 1) ** 0.5)
    return mean.unflatten(0, (-1, 3)), scaled.unflatten(1, (-1, 3))
