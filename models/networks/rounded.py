"""Networks computed in bfloat16, where the machine multiplies that fast."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from models.networks.packed import packed


class InBfloat16(nn.Module):
    """A network computed in bfloat16: float32 in and out, also in tuples; `exact` is what it rounds.

    What other rounded networks take on may stay in bfloat16 (`back` is false).
    """

    def __init__(self, network: nn.Module, back: bool = True) -> None:
        super().__init__()
        self.exact = network
        self.network = packed(deepcopy(network).to(torch.bfloat16))
        self._back = back

    def forward(self, *given: Any) -> Any:
        """As the network does, each number rounded to eight bits on its way."""
        found = self.network(*(_as(torch.bfloat16, part) for part in given))
        return _as(torch.float32, found) if self._back else found


def _as(kind: torch.dtype, value: Any) -> Any:
    """A tensor, or tuples of them, of that kind."""
    if isinstance(value, Tensor):
        return value.to(kind)
    parts = (_as(kind, part) for part in value)
    return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)


def exactly(network: nn.Module) -> nn.Module:
    """`network` with every part that is computed in bfloat16 put back; changed in place."""
    for name, part in list(network.named_modules()):
        if isinstance(part, InBfloat16):
            network.set_submodule(name, part.exact)
    return network


def multiplies_bfloat16(device: torch.device) -> bool:
    """Whether the machine multiplies bfloat16 fast; others only imitate it."""
    asked = torch.cpu._is_avx512_bf16_supported if device.type == "cpu" else torch.cuda.is_bf16_supported
    return asked()
