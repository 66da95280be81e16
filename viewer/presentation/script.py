"""Presentations as files: JSON of at most 1 MB, checked before anything of it is used. No Qt."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from models.errors import InputError
from resources import ROOT
from viewer.cases.records import Checked, MalformedError, Sized, Within, typed
from viewer.state.layout import PANEL_LAYOUTS
from viewer.state.presentation import AUTO_S, Presentation, Step
from viewer.state.setting import PARTS

SCHEMA: Literal["unmask.presentation/1"] = "unmask.presentation/1"
ENDING = ".presentation.json"
BUNDLED = ROOT / "samples" / f"what_it_saw{ENDING}"
LARGEST_BYTES = 1_000_000


def _occluders(kinds: tuple[str, ...]) -> tuple[str, ...]:
    from models.occlusion.kinds import KINDS  # brings OpenCV, which no start has to wait for

    for kind in kinds:
        if kind not in KINDS:
            raise ValueError(f"there is no occluder {kind!r}; there are {', '.join(KINDS)}")
    return kinds


def _parts(names: frozenset[str]) -> frozenset[str]:
    for name in sorted(names - set(PARTS)):
        raise ValueError(f"there is no part {name!r}; there are {', '.join(PARTS)}")
    return names


def _panel_layout(name: str) -> str:
    names = [layout.name for layout in PANEL_LAYOUTS]
    if name not in names:
        raise ValueError(f"there is no panel layout {name!r}; there are {', '.join(names)}")
    return name


@dataclass(frozen=True, slots=True)
class Written:
    """A step as its file has it; `picture` counts from the folder of that file."""

    title: Annotated[str, Sized(80, 1)]
    caption: Annotated[str, Sized(400)]
    picture: Annotated[str, Sized(4096, 1)]
    occluders: Annotated[tuple[Annotated[str, Sized(40)], ...], Sized(8), Checked(_occluders)] = ()
    switched_off: Annotated[frozenset[Annotated[str, Sized(40)]], Sized(8), Checked(_parts)] = frozenset()
    panel_layout: Annotated[str, Checked(_panel_layout)] = "branches"
    seconds: Annotated[float, Within(1, 3600)] = AUTO_S


@dataclass(frozen=True, slots=True)
class Script:
    """What the file holds."""

    schema: Literal["unmask.presentation/1"]
    steps: Annotated[tuple[Written, ...], Sized(200, 1)]


def read_presentation(path: Path = BUNDLED) -> Presentation:
    """The presentation in a file, at its first step.

    Raises:
        InputError: It cannot be read, is none, or damaged, or a picture is not there; names the file, the
            key, and what to do.
    """
    script = _script(_read(path), path.name)
    steps = tuple(_step(written, number, path) for number, written in enumerate(script.steps, 1))
    return Presentation(steps)


def _read(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise InputError(f"{path} is no file. Choose a {ENDING} file.")
        with path.open("rb") as stream:
            data = stream.read(LARGEST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{str(path)!r} cannot be read ({reason}). Check its name and folder.") from error
    if len(data) > LARGEST_BYTES:
        raise InputError(f"{path.name} is larger than a presentation can be (1 MB). Choose a {ENDING} file.")
    return data


def _script(data: bytes, name: str) -> Script:
    try:
        values = json.loads(data)
        if not isinstance(values, dict) or values.get("schema") != SCHEMA:
            raise InputError(
                f"{name} is no presentation: its schema is not {SCHEMA}. Choose a {ENDING} file."
            )
        script: Script = typed(Script, values)
    except MalformedError as error:
        raise InputError(f"{name}: {error.key or 'the whole'} {error.what}. Mend that key.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} is no JSON. Choose a {ENDING} file.") from error
    return script


def _step(written: Written, number: int, path: Path) -> Step:
    picture = (path.parent / written.picture).absolute()
    if not os.path.isfile(picture):  # False also where no disk can hold the name
        raise InputError(
            f"{path.name}: the picture of step {number}, {written.picture}, is not there. "
            "Put it beside the presentation, or mend the path."
        )
    return Step(
        written.title,
        written.caption,
        str(picture),
        written.occluders,
        written.switched_off,
        written.panel_layout,
        written.seconds,
    )
