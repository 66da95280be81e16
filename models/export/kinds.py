"""What can be written of a picture and its answers: one row a kind, for the command and the window alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.catalogue import Provenance
from models.errors import InputError
from models.export.files import answers_json
from models.export.html import page
from models.export.landmarks import landmark_files
from models.export.maps import chart_files, chart_maps, frame_files, frame_maps, png
from models.export.mesh import TEXTURE_ENDING, mesh_files
from models.export.outputs import Outputs
from models.export.overlay import draw_dense, draw_overlay, draw_pose
from models.export.surface import in_file_px, surface_of
from models.geometry.arrays import Doubles, Photo
from models.geometry.rescaling import Size, rescaling
from models.reconstruction import Reconstruction

Files = dict[str, bytes]
"""Ending of a name -> what is in the file."""


@dataclass(frozen=True, eq=False, slots=True)
class Subject:
    """A picture and what was answered about it.

    Attributes:
        name: What the user calls the picture.
        image: [H, W, 3] the frame, as it was answered.
        answers: In IMAGE space.
        full_size: (width, height) of the picture's file, in whose px numbers and meshes are written.
        version: Of this program.
        weights: Those the method was loaded with; None where nobody knows.
    """

    name: str
    image: Photo
    answers: Sequence[Reconstruction]
    full_size: Size
    version: str
    weights: Provenance | None = None

    @property
    def shown_size(self) -> Size:
        """(width, height) of the frame, px."""
        return self.image.shape[1], self.image.shape[0]

    @property
    def T_file_image(self) -> Doubles:
        """[3, 3] from px of the frame to px of the picture's file."""
        return rescaling(self.shown_size, self.full_size)


@dataclass(frozen=True, slots=True)
class Kind:
    """Something that can be written.

    Attributes:
        name: As `--write` says it.
        tells: What it is.
        endings: Of all files that may come; the first always comes.
        of_picture: Writes what is about all faces; None for a kind that is about one.
        of_face: Writes what is about one answer; the text is the beginning of the files' names.
    """

    name: str
    tells: str
    endings: tuple[str, ...]
    of_picture: Callable[[Subject], Files] | None = None
    of_face: Callable[[Subject, Reconstruction, str], Files] | None = None


def files_of_picture(subject: Subject, kinds: Iterable[str]) -> Files:
    """What is written about all faces of a picture, of those kinds."""
    return {
        ending: data
        for kind in _rows(kinds)
        if kind.of_picture is not None
        for ending, data in kind.of_picture(subject).items()
    }


def files_of_face(
    subject: Subject, answer: Reconstruction, kinds: Iterable[str], stem: str
) -> Iterator[tuple[str, bytes]]:
    """What is written about one face, of those kinds; `stem` is the beginning of the files' names."""
    for kind in _rows(kinds):
        if kind.of_face is not None:
            yield from kind.of_face(subject, answer, stem).items()


def write_kind(
    subject: Subject,
    answer: Reconstruction,
    kind: str,
    path: Path,
    outputs: Outputs,
    beside: Outputs,
    ready: Callable[[], object] = lambda: None,
) -> None:
    """Write one kind of file to `path`, as `write_first`; `answer` is the face, for a kind about one."""
    first = KINDS[kind].endings[0]
    stem = _stem(path, first)
    files = files_of_picture(subject, [kind]) | dict(files_of_face(subject, answer, [kind], stem))
    write_first(files, first, path, stem, outputs, beside, ready)


def files_beside(kind: str, path: Path) -> tuple[Path, ...]:
    """What `write_kind` may write beside `path`."""
    first, *others = KINDS[kind].endings
    return tuple(path.with_name(_stem(path, first) + ending) for ending in others)


def write_first(
    files: Files,
    first: str,
    path: Path,
    stem: str,
    outputs: Outputs,
    beside: Outputs,
    ready: Callable[[], object] = lambda: None,
) -> None:
    """Write files, of which the user named one.

    Args:
        files: By the endings of their names.
        first: The ending of the one that `path` is to be.
        path: Its path.
        stem: Beginning of the other files' names.
        outputs: Writes the first.
        beside: Writes the others, which the user has not named.
        ready: Called once all is made; nothing is written if it raises.

    Raises:
        InputError: A file cannot be written, or one that belongs to it is there and may not be replaced.
    """
    others = {path.with_name(stem + ending): data for ending, data in files.items() if ending != first}
    if taken := next((other.name for other in others if not beside.free([other])), None):
        raise InputError(f"{taken} is there already, which belongs to it. Choose another name.")
    ready()
    outputs.write(path, files[first])
    for other, data in others.items():
        beside.write(other, data)


def picture_endings(kinds: Iterable[str]) -> tuple[str, ...]:
    """Of the files about all faces."""
    return tuple(ending for kind in _rows(kinds) if kind.of_picture is not None for ending in kind.endings)


def face_endings(kinds: Iterable[str]) -> tuple[str, ...]:
    """Of the files about one face."""
    return tuple(ending for kind in _rows(kinds) if kind.of_face is not None for ending in kind.endings)


def checked(names: Iterable[str]) -> tuple[str, ...]:
    """The kinds of those names in the order of the table, "all" being every one.

    Raises:
        InputError: There is no such kind.
    """
    wanted = set(names)
    unknown = sorted(wanted - {*KINDS, ALL})
    if unknown:
        raise InputError(f"Nothing is called {unknown[0]!r}. --write takes {', '.join((*KINDS, ALL))}.")
    return tuple(name for name in KINDS if ALL in wanted or name in wanted)


def _stem(path: Path, first: str) -> str:
    """What the names of all files of a kind begin with, whose first one is `path`."""
    return path.name[: -len(first)] if path.name.endswith(first) else path.stem


def _rows(kinds: Iterable[str]) -> list[Kind]:
    return [KINDS[name] for name in kinds]


def _json(s: Subject) -> Files:
    text = answers_json(s.answers, s.name, s.shown_size, s.version, s.weights, s.full_size)
    return {".json": text}


def _mesh(suffix: str) -> Callable[[Subject, Reconstruction, str], Files]:
    def files(s: Subject, answer: Reconstruction, stem: str) -> Files:
        return mesh_files(suffix, answer, s.image, stem=stem, T_file_image=s.T_file_image)

    return files


def _uv(s: Subject, answer: Reconstruction, _stem: str) -> Files:
    return chart_files(chart_maps(surface_of(answer), s.image))


def _maps(s: Subject, answer: Reconstruction, _stem: str) -> Files:
    return frame_files(frame_maps(surface_of(answer), answer.topology, *s.shown_size))


def _landmarks(s: Subject, answer: Reconstruction, _stem: str) -> Files:
    return landmark_files(in_file_px(answer, s.T_file_image))


ALL = "all"
KINDS = {
    kind.name: kind
    for kind in (
        Kind("json", "pose, landmarks, states, camera and coefficients", (".json",), _json),
        Kind("overlay", "what was seen, drawn over the photo", (".png",), lambda s: {
            ".png": png(draw_overlay(s.image, s.answers))
        }),
        Kind("ply", "mesh with colours and every scalar", (".ply",), of_face=_mesh(".ply")),
        Kind("glb", "mesh with texture and every scalar", (".glb",), of_face=_mesh(".glb")),
        Kind("obj", "mesh with texture", (".obj", ".mtl", TEXTURE_ENDING), of_face=_mesh(".obj")),
        Kind(
            "uv",
            "texture, position map and states over the chart",
            ("-uv.png", "-uv-texture.png", "-uv-position.png", "-uv-states.png", "-uv.npz"),
            of_face=_uv,
        ),
        Kind(
            "maps",
            "depth, normals, PNCC, mask and states over the picture",
            ("-depth.png", "-normals.png", "-pncc.png", "-mask.png", "-states.png", "-maps.npz"),
            of_face=_maps,
        ),
        Kind(
            "landmarks",
            "the 68 landmarks",
            ("-landmarks.pts", "-landmarks.txt", "-landmarks.mat"),
            of_face=_landmarks,
        ),
        Kind("dense", "the whole face, drawn over the photo", ("-dense.png",), lambda s: {
            "-dense.png": png(draw_dense(s.image, s.answers))
        }),
        Kind("pose", "a box turned as the head is", ("-pose.png",), lambda s: {
            "-pose.png": png(draw_pose(s.image, s.answers))
        }),
        Kind("html", "a page with the faces to turn, needs no network", (".html",), lambda s: {
            ".html": page(s.image, s.answers, s.name, s.version)
        }),
    )
}  # fmt: skip
