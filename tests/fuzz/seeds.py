"""All files that are right; each is also given to what says what a file is, as those of a folder are."""

from __future__ import annotations

from dataclasses import replace

from models.file_formats.identify import recognise
from tests.fuzz.formats import FORMATS
from tests.fuzz.inputs import INPUTS
from tests.fuzz.sets import SETS

SEEDS = {
    seed.name: replace(seed, readers=tuple(dict.fromkeys((*seed.readers, recognise))))
    for seed in (*FORMATS, *SETS, *INPUTS)
}
assert len(SEEDS) == len(FORMATS) + len(SETS) + len(INPUTS), "two of one name"
