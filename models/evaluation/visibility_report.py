"""What was seen and how wrong an answer is, told against true: tables and CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from models.errors import InputError
from models.evaluation.figure import draw_visibility
from models.evaluation.occlusion_report import Layout
from models.evaluation.side_by_side import COVERS
from models.evaluation.subjects import photo_subjects
from models.evaluation.tables import table
from models.evaluation.visibility import INNER, Case, Told, Truthfulness, by_part, mean, tell, truthfulness
from models.evaluation.visibility_errors import Trial, by_trouble, error_trials, trusted_without_a_face
from models.ground_truth.aflw2000 import LabelledFace
from models.reconstruction import SEEN_ABOVE, State
from models.reconstructor import Reconstructor

Sets = dict[str, Iterator[Case] | str]
COLUMNS = ("set", "name", "kind", "box", "seen", "turned away", "covered")
FIGURES = ("seen called hidden", "hidden called seen", "NME seen", "NME covered", "NME 68", "likely error")
LEGEND = """covered against visible: ROC-AUC and average precision (AP) of P(covered), without points turned
away; a guess has an AUC of 0.5 and an AP of the share covered.
hidden against visible: ROC-AUC of 1 - P(seen), F1 of calling hidden what has a P(seen) of 0.5 or less;
hidden is covered or turned away. ECE of P(seen), ten bins; bias: mean told less mean true.
inner: all but the jaw (points 18-68).
NME: mean distance to where people put the points (renders: to where they are), % of sqrt(w h) of the true
landmarks' box, over all points of a set."""


def visibility_report(
    method: Reconstructor,
    sets: Sets,
    photos: Sequence[LabelledFace],
    empty: int,
    layout: Layout = table,
    csv: Path | None = None,
    figure: Path | None = None,
) -> str:
    """Ask about every set, then about the photos under covers and in shifted boxes.

    Args:
        method: Under test.
        sets: Title of a set -> its faces, or why it is left out.
        photos: With true landmarks, to tell how wrong an answer is; they need no labels of states.
        empty: How many pictures without faces to draw.
        layout: `table` or `markdown`.
        csv, figure: Files to write, if any.
    """
    told = [tell(title, cases, method) for title, cases in sets.items() if not isinstance(cases, str)]
    trials = list(error_trials(photo_subjects(photos), method, COVERS))
    if csv is not None:
        write_visibility(csv, told, trials)
    if figure is not None:
        draw_visibility(figure, {one.title: one.reliability for one in told})
    title = ", ".join(f"{len(one.names)} {one.title}" for one in told)
    left_out = [f"{title} left out: {why}" for title, why in sets.items() if isinstance(why, str)]
    return "\n\n".join(
        [
            "\n".join([title, *left_out]),
            *state_tables(told, layout),
            LEGEND,
            *error_tables(trials, layout, trusted_without_a_face(method, empty)),
        ]
    )


def state_tables(told: Sequence[Told], layout: Layout) -> list[str]:
    """Covered, hidden and place of each set; then its parts of the face."""
    whole = [(one, truthfulness(one), truthfulness(one, INNER)) for one in told]
    tables = [_covered(whole, layout), _hidden(whole, layout), _places(whole, layout)]
    return tables + [_parts(one, layout) for one in told]


def error_tables(trials: Sequence[Trial], layout: Layout, trusted: float) -> list[str]:
    """How far the likely error can be believed, by what makes it hard."""
    header = ["likely error", "answers", "NME > 8, %", "AUC", "rank correlation", "mean NME", "mean likely"]
    lines = [
        [name, j.count, 100 * j.wrong_share, three(j.auc), three(j.correlation), j.nme, j.likely]
        for name, j in by_trouble(trials).items()
    ]
    if not any(np.isfinite(trial.likely) for trial in trials):
        said = "This method predicts no error of its answers."
    else:
        said = f"Pictures without a face, random boxes: likely error under 8 % in {100 * trusted:.0f} %."
    return [layout(header, lines), said]


def three(value: float) -> str:
    """A share with three digits; a dash where there is none."""
    return "-" if np.isnan(value) else f"{value:.3f}"


def write_visibility(path: Path, told: Sequence[Told], trials: Sequence[Trial]) -> None:
    """One line per face of each set, with how many points are what; then one per trial of the likely error.

    Raises:
        InputError: The file cannot be written.
    """
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow([*COLUMNS, *FIGURES])
            for one in told:
                writer.writerows(_face_rows(one))
            for t in trials:
                box = "shifted" if t.shifted else "right"
                figures = [float("nan")] * 4 + [t.nme, t.likely]
                writer.writerow(["covers", t.name, t.kind, box, *[""] * 3, *map(_digits, figures)])
    except OSError as error:
        raise InputError(
            f"{path} cannot be written ({error}); choose a file in a folder that exists"
        ) from error


def _face_rows(told: Told) -> Iterator[list[object]]:
    called = told.states[..., State.SEEN] <= SEEN_ABOVE
    for i, name in enumerate(told.names):
        seen, hidden, error = told.seen[i], told.hidden[i], told.error_percent[i]
        counts = [int((told.truth[i] == state).sum()) for state in State]
        figures = [mean(called[i, seen]), mean(~called[i, hidden])]
        figures += [mean(error[INNER][which[i, INNER]]) for which in (told.seen, told.covered)]
        yield [told.title, name, "", "", *counts, *map(_digits, figures), "", ""]


def _digits(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.4f}"


Whole = Sequence[tuple[Told, Truthfulness, Truthfulness]]


def _covered(whole: Whole, layout: Layout) -> str:
    header = ["covered against visible", "covered, %", "AUC", "AP", "inner: covered, %", "AUC", "AP"]
    lines = [[one.title, *(cell for part in parts for cell in _covered_cells(part))] for one, *parts in whole]
    return layout(header, lines)


def _covered_cells(part: Truthfulness) -> list[object]:
    return [100 * part.covered_share, three(part.covered_auc), three(part.covered_ap)]


def _hidden(whole: Whole, layout: Layout) -> str:
    header = ["hidden against visible", "AUC", "F1", "visible called hidden, %", "inner, %", "ECE", "bias"]
    lines = []
    for one, every, inner in whole:
        bins = one.reliability
        called = (100 * every.called_hidden, 100 * inner.called_hidden)
        figures = (
            three(every.hidden_auc),
            three(every.hidden_f1),
            *called,
            three(bins.error),
            three(bins.bias),
        )
        lines.append([one.title, *figures])
    return layout(header, lines)


def _places(whole: Whole, layout: Layout) -> str:
    header = ["NME of inner points, %", "visible", "covered"]
    return layout(header, [[one.title, inner.error_seen, inner.error_covered] for one, _, inner in whole])


def _parts(told: Told, layout: Layout) -> str:
    header = [told.title, "covered, %", "covered AUC", "hidden AUC", "F1", "visible called hidden, %"]
    lines = [
        [
            name,
            100 * part.covered_share,
            *(three(part.covered_auc), three(part.hidden_auc), three(part.hidden_f1)),
            100 * part.called_hidden,
        ]
        for name, part in by_part(told).items()
    ]
    return layout(header, lines)
