"""Where answers are drawn that stand side by side. No GL."""

from __future__ import annotations

from models.reconstruction import Reconstruction
from viewer.gl.framing import Framing


def framing(first: Reconstruction | None, answer: Reconstruction) -> Framing:
    """Where an answer is drawn: where the first in line lies, so that both compare; depth as its own."""
    if first is None:
        return Framing.of(answer.vertices)
    own = Framing.of(first.vertices)
    x, y, z = own.centre
    return Framing((x, y, z + depth_between(first, answer)), own.radius)


def depth_between(first: Reconstruction, answer: Reconstruction) -> float:
    """How much nearer the camera an answer's landmarks lie than the first's, image px."""
    return float(answer.landmarks[:, 2].mean() - first.landmarks[:, 2].mean())
