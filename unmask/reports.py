"""Methods measured on sets of faces."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from models.catalogue import USUAL_DETECTOR
from models.evaluation.command import Asked, measured
from models.evaluation.protocol import Setting
from models.evaluation.report import FILES, Report, write_report
from models.export.outputs import Outputs


def evaluate(
    protocol: str,
    data: str | Path | None = None,
    out: str | Path | None = None,
    *,
    method: str = "dsfnet",
    weights: str = "open",
    device: str = "cpu",
    detected: bool = False,
    finder: str = USUAL_DETECTOR,
    setting: Setting = Setting(),  # noqa: B008, frozen
) -> Report:
    """A method measured on a set of faces, as `unmask evaluate` does; figures come with 95 % intervals.

    Args:
        protocol: Which, e.g. "aflw2000", "now" or "synthetic"; `unmask evaluate --help` lists them.
        data: Folder of the set as it is distributed; None for faces made here.
        out: Folder that keeps each face at once, so that the same call goes on where it was; report.md and
            its tables are written there. None keeps and writes nothing.
        method, weights, device: As `load` takes them.
        detected: Whether face boxes come from the finder, as a user's would; else from the truth.
        finder: Who looks for faces where nobody knows their boxes.
        setting: How many faces, which seed.

    Returns:
        Figures (NME in % of the named normaliser, degrees, mm: each says its unit), and what was measured of
        each face.

    Raises:
        UnmaskError: There is no such protocol, method or set, or a report is there already.
    """
    with TemporaryDirectory(prefix="unmask-evaluate-") as passing:
        asked = Asked(
            protocol=protocol,
            data=None if data is None else Path(data),
            out=Path(passing if out is None else out),
            method=method,
            weights=weights,
            device=device,
            detected=detected,
            finder=finder,
            setting=setting,
        )
        outputs = Outputs()
        outputs.refuse(asked.out / name for name in FILES)
        report = measured(asked, command=f"unmask.evaluate({protocol!r})")
        if out is not None:
            write_report(asked.out, report, outputs)
    return report
