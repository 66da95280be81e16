"""A method measured without some of its parts."""

from __future__ import annotations

import numpy as np
import pytest

from models.errors import InputError
from models.evaluation.__main__ import main
from models.evaluation.left_out import LeftOut
from models.loading import load
from models.reconstruction import MODEL_SPACE


def test_what_is_left_out_takes_no_part_whatever_else_is_asked() -> None:
    method = load("dsfnet")
    crops = np.full((1, method.size, method.size, 3), 120, np.uint8)
    fewer = LeftOut(method, frozenset({"refinement"}))
    assert fewer.switches == tuple(name for name in method.switches if name != "refinement")
    (plain,) = fewer(crops)
    assert plain.left_out == ("refinement",)
    (both,) = fewer(crops, frozenset({MODEL_SPACE}))
    assert set(both.left_out) == {MODEL_SPACE, "refinement"}
    assert np.abs(plain.vertices - method(crops)[0].vertices).max() > 0.01


@pytest.mark.parametrize(("typed", "refused"), [("hair", "hair"), ("Refinement,my-nose", "my nose")])
def test_a_part_there_is_not_is_refused_by_name(
    capsys: pytest.CaptureFixture[str], typed: str, refused: str
) -> None:
    assert main(["synthetic", "--count", "1", "--without", typed]) == 1
    told = capsys.readouterr().err
    assert f"has no part {refused} to leave out" in told
    assert "visibility mask, refinement" in told


def test_the_error_is_the_projects_own() -> None:
    with pytest.raises(InputError, match="It has: image space"):
        LeftOut(load("dsfnet"), frozenset({"hair"}))
