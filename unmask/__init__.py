"""What Unmask does, for programs: arrays in, arrays out, no window.

A picture is [H, W, 3] uint8 RGB, px with (0, 0) the centre of its top-left pixel; answers are in px of the
picture unless they say another space (`Space`). Importing this is quick: torch and OpenCV are loaded with the
first name that needs them. What goes wrong is an `UnmaskError` whose text says what to do, or a `ValueError`
for a call that cannot be meant.

>>> import unmask
>>> image = unmask.read(unmask.samples()[0])
>>> dsfnet = unmask.load("dsfnet")
>>> faces = unmask.detect(image)
>>> (answer,) = unmask.reconstruct(image, faces, dsfnet)
>>> answer.vertices.shape[1], answer.landmarks.shape  # px of the picture, depth in the same unit
(3, (68, 3))
>>> seen = answer.scalar("visibility").values  # [N] P(seen) of every vertex, 0..1
>>> answer.likely_error < 5  # NME, %
True
>>> wish = unmask.Wish("branches", width=640, height=240)
>>> unmask.render(image, [answer], wish).shape  # what was seen beside what was completed
(240, 640, 4)
>>> covered = unmask.occlude(image, answer, "hand", seed=1)
>>> (other,) = unmask.reconstruct(covered.image, faces, dsfnet)
>>> bool(other.scalar("visibility").values.mean() < seen.mean())
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unmask.names import *  # noqa: F403, the names that `unmask.names` lists
else:
    from importlib import import_module

    def __getattr__(name: str) -> Any:
        if name.startswith("_") and name != "__all__":
            raise AttributeError(name)
        found = import_module("unmask.names")
        globals().update({key: getattr(found, key) for key in ("__all__", *found.__all__)})
        if name not in globals():
            raise AttributeError(f"unmask has no {name!r}; it has {', '.join(found.__all__)}")
        return globals()[name]

    def __dir__() -> list[str]:
        return list(__getattr__("__all__"))
