"""What a user opens or types, and what Unmask wrote and reads again: a small file of each."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PySide6.QtCore import QSettings

from models.batch.plan import RECORD, Plan, begin
from models.batch.rows import Makers, Seen, row
from models.batch.tables import FORMS, encoded, read_rows
from models.errors import InputError
from models.evaluation.comparison import differences, read_report
from models.evaluation.journal import Journal
from models.evaluation.protocol import Row
from models.evaluation.report import SCHEMA as REPORT
from models.export.files import write_answers
from models.export.reading import read_answers
from models.ground_truth.pictures import read_picture
from models.reconstructor import Face
from tests.fakes.answers import HEIGHT, WIDTH, answer, photo
from tests.fakes.films import film
from tests.fuzz.seed import Reader, Seed
from tests.viewer.cases.states import frame_of
from viewer.cases.locating import Located
from viewer.cases.restoring import frame_changes, read_whole, view_changes
from viewer.mining.filtering import FilterError, parsed
from viewer.presentation.script import BUNDLED, read_presentation
from viewer.sources.named import expanded
from viewer.sources.still import is_picture, read_still
from viewer.sources.video import VideoReader
from viewer.state.setting import Setting
from viewer.state.settings import Settings
from viewer.state.state import State

FIRST_CASE = Path(__file__).parents[1] / "viewer/cases/first_version.case.json"
PIXELS = photo()[:48, :64]
IDENTITY = {"method": "fake", "weights": "open"}


def frames(path: Path) -> None:
    """Every frame of a video, the last first."""
    reader = VideoReader(path)
    try:
        count = reader.open()
        for index in (count - 1, *range(min(count, 12))):
            try:
                reader.read(index)
            except InputError:
                continue
    finally:
        reader.close()


def case(path: Path) -> None:
    """What a window shows of a case."""
    held = read_whole(path)
    found = Located(held, path, settings={who: Setting(who.method, who.weights) for who in held.lineup})
    state = replace(State(), **view_changes(found, State()))
    frame_changes(found, state, frame_of())


def settings(path: Path) -> None:
    """What a window begins with."""
    Settings(QSettings(str(path), QSettings.Format.IniFormat)).restored(State())


def listed(path: Path) -> None:
    """The files a list names."""
    expanded((), (path,))


def filtered(path: Path) -> None:
    """What is typed as a filter."""
    try:
        parsed(path.read_text(encoding="utf-8", errors="replace"))
    except FilterError:
        return


def table(path: Path) -> None:
    """All rows of a table."""
    list(read_rows(path))


def batch(path: Path) -> None:
    """To go on with a batch."""
    begin(Plan((), {}), path.parent, resume=True)


def journal(path: Path) -> None:
    """To go on with an evaluation."""
    held = Journal(path, IDENTITY)
    try:
        held.rows()
    finally:
        held.close()


def report(path: Path) -> None:
    """An evaluation compared with itself."""
    told = read_report(path)
    differences(told, told, draws=2)


def _picture(form: str, pixels: Any = PIXELS, **options: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, form, **options)
    return out.getvalue()


def _pages() -> list[Image.Image]:
    return [Image.fromarray(np.roll(PIXELS, 9 * k, 0)) for k in range(2)]


def _written(name: str, write: Callable[[Path], object]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        write(path)
        return path.read_bytes()


def _film(name: str, codec: str = "mpeg4", **options: Any) -> Seed:
    return Seed(name, _written(name, lambda path: film(path, codec, count=12, **options)), (frames,))


def _journal(path: Path) -> None:
    held = Journal(path, IDENTITY)
    values, arrays = {"nme": 3.5}, {"landmarks": np.zeros((68, 2), np.float32)}
    held.put(Row("a", 12.0, 0.5, ("full",), "ann", True, 8.0, values, arrays))
    held.close()


def _answers(path: Path) -> None:
    write_answers(path, [answer()], "a.jpg", (WIDTH, HEIGHT), "1.0")


def _settings(path: Path) -> None:
    kept = Settings(QSettings(str(path), QSettings.Format.IniFormat))
    kept.keep(State(recent=("/photos/a.png",)))
    kept.sync()


def _report() -> bytes:
    column = {"key": "nme", "title": "NME", "unit": "%"}
    faces = [
        {
            "name": f"{k}",
            "found": True,
            "subject": "",
            "yaw_deg": 10.0 * k,
            "subsets": ["full"],
            "values": {"nme": k},
        }
        for k in range(9)
    ]
    held = {
        "schema": REPORT,
        "method": "dsfnet",
        "weights": {"name": "open"},
        "protocol": {"name": "aflw2000"},
        "run": {"data": "photos", "boxes": "given"},
        "columns": [column],
        "faces": faces,
    }
    return json.dumps(held).encode()


def _tables() -> tuple[Seed, ...]:
    face, makers = Face((40.0, 30.0, 160.0, 170.0)), Makers("1.0", "fake", detector="finder")
    seen = Seen("photo.png", width_px=WIDTH, height_px=HEIGHT)
    rows = [row(answer(), face, seen, makers, 1), row(None, None, seen, makers, problem="is damaged")]
    forms = [form for form in FORMS if form != "parquet" or find_spec("pyarrow")]
    return tuple(Seed(f"answers.{form}", encoded(rows, form), (table,)) for form in forms)


def _record() -> bytes:
    return json.dumps(Plan((), {}).record()).encode()


EXIF = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"  # turned
SHOWN = tuple((Path(step.picture).name, b"") for step in read_presentation().steps)
TURNED = (0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)
STILL: tuple[Reader, ...] = (read_still, is_picture, read_picture)
GREY = PIXELS[..., 0].astype(np.uint16) * 40

INPUTS = (
    Seed("face.png", _picture("PNG"), STILL),
    Seed("deep.png", _picture("PNG", GREY), STILL),
    Seed(
        "face.jpg",
        _picture("JPEG", exif=EXIF),
        STILL,
    ),
    Seed("rows.jpg", _picture("JPEG", progressive=True), STILL),
    Seed("face.gif", _picture("GIF", save_all=True, append_images=_pages()), STILL),
    Seed("face.bmp", _picture("BMP"), STILL),
    Seed("face.ppm", _picture("PPM"), STILL),
    Seed("face.tif", _picture("TIFF", compression="tiff_lzw", save_all=True, append_images=_pages()), STILL),
    Seed("deep.tif", _picture("TIFF", GREY), STILL),
    Seed("thermal.tif", _picture("TIFF", GREY.astype(np.float32)), STILL),
    Seed("face.webp", _picture("WEBP", save_all=True, append_images=_pages()), STILL),
    Seed("face.avif", _picture("AVIF"), STILL),
    _film("phone.mp4", matrix=TURNED),
    _film("square.mov", pixel_aspect=Fraction(4, 3)),
    _film("film.mkv"),
    _film("b-frames.avi"),
    _film("web.webm", "libvpx", b_frames=0),
    _film("camcorder.mts", "mpeg2video"),
    _film("disc.m2ts", "mpeg2video"),
    _film("broadcast.ts", "mpeg2video"),
    _film("disc.mpg", "mpeg2video"),
    _film("old.flv", "flv", b_frames=0),
    _film("web.mp4", "libx264"),
    Seed("view.case.json", FIRST_CASE.read_bytes(), (case,)),
    Seed("what_it_saw.presentation.json", BUNDLED.read_bytes(), (read_presentation,), SHOWN),
    Seed("unmask.ini", _written("unmask.ini", _settings), (settings,)),
    Seed(
        "list.txt",
        b"photos/face.png\n# remark\nsub/a.png\n",
        (listed,),
    ),
    Seed("filter.txt", b"(nme > 3.5 and not method == 'dsfnet') or yaw_deg < -1e2", (filtered,)),
    Seed(
        "answer.json",
        _written("answer.json", _answers),
        (read_answers,),
    ),
    *_tables(),
    Seed(RECORD, _record(), (batch,)),
    Seed("journal.sqlite", _written("journal.sqlite", _journal), (journal,)),
    Seed("report.json", _report(), (report,)),
)
