"""Names of panels and of what they show (tier 1)."""

from models.reconstruction import BRANCH_TEXTS, IMAGE_SPACE, VISIBLE_SURFACE, branch_text
from viewer.readouts.difference import choices
from viewer.state.layout import PANELS, panel_row
from viewer.state.state import State


def test_what_was_seen_and_the_branch_completed_from_it_have_two_names():
    panel = panel_row("image")
    assert panel.layer == VISIBLE_SURFACE != IMAGE_SPACE
    assert panel.title.lower() == VISIBLE_SURFACE
    offered = {text for _, text, _ in choices(State())}
    assert {"fused", *BRANCH_TEXTS.values()} <= offered
    titles = {row.title.lower() for row in PANELS}
    assert not titles & {IMAGE_SPACE, branch_text(IMAGE_SPACE)}
