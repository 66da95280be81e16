"""What one is looking at: each panel in plain words, for those who see it for the first time."""

from __future__ import annotations

from collections.abc import Iterator

from viewer.state.layout import PanelRow, panels_shown
from viewer.state.state import State

PANEL_HELP = {
    "photo": (
        "The picture as it was opened, with the face box the method looked at. Marks are the 68 "
        "landmarks: a dot was seen, a diamond is turned away, a cross is covered."
    ),
    "image": (
        "Image space: only the pixels the network took for visible face, put where it saw them in depth. "
        "Holes are what it did not see. Nothing here was guessed."
    ),
    "model": (
        "The whole face as a face model completes it from what was seen. Patterned parts were turned "
        "away or covered: the model made them up."
    ),
    "fused": (
        "The final answer: the visible surface and the completed face put together. Patterned parts "
        "were not seen."
    ),
    "uv": (
        "The face unrolled like a map, so that every part is in sight at once. Dots show where "
        "visible pixels fell."
    ),
    "changed": "How far every point moved because of the occluders, compared with the answer without them.",
    "seen": (
        "Which parts the method says were seen, turned away or covered. Colours and patterns are in "
        "the legend."
    ),
    "followed": "Which of the two branches the final face lies nearer to at every point.",
    "apart": (
        "How far the two branches disagree at every point. Where they do, at least one of them is wrong."
    ),
    "maps": (
        "All that the network said on the way to its answer, as small pictures with the range of their "
        "numbers: dark is the first, bright the second. Click one to enlarge it; hover to read a number."
    ),
    "photo-wipe": "The same photo with answer A left of the line and answer B right of it. Drag the line.",
    "wipe": "Answer A left of the line and answer B right of it, in space.",
    "difference": "How far A lies from B at every point.",
    "difference-uv": "How far A lies from B, on the unrolled face.",
}
METHOD_HELP = "What one method answers about the same face. Its title chooses the method."
HEAD_HELP = "The grey head around a face is drawn for the eye: no method predicted it."


def panel_help(row: PanelRow) -> str:
    """What a panel shows."""
    return METHOD_HELP if row.slot is not None else PANEL_HELP[row.name]


def help_on(state: State) -> Iterator[tuple[str, str]]:
    """Title and explanation of every panel in sight."""
    for row in panels_shown(state):
        yield row.title, panel_help(row)
    if state.head:
        yield "Head", HEAD_HELP
