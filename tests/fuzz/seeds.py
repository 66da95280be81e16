"""All files that are right."""

from __future__ import annotations

from tests.fuzz.formats import FORMATS
from tests.fuzz.inputs import INPUTS
from tests.fuzz.sets import SETS

SEEDS = {seed.name: seed for seed in (*FORMATS, *SETS, *INPUTS)}
assert len(SEEDS) == len(FORMATS) + len(SETS) + len(INPUTS), "two of one name"
