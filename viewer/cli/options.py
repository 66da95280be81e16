"""What the command line can ask for, as values. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from models.catalogue import USUAL_DETECTOR
from models.export.wish import Wish
from models.geometry.arrays import Box

USUALLY_WRITTEN = ("json", "overlay", "ply", "glb")
"""What `unmask run` writes of a picture if nothing is said."""


@dataclass(frozen=True, slots=True)
class Launch:
    """What the window was asked to open with.

    Attributes:
        paths: Pictures, a video or a folder; empty opens the first bundled photo.
        camera: Index of a camera to open instead; None for none.
        method, weights: Who answers; None leaves what the last session used.
        detector: Who looks for faces; None likewise.
        without: Parts of the computation to leave out at first.
        device: Where to run, as in State.device_wish; None for what the last session used.
        theme: "dark", "light", or None for what the last session used.
        panel_layout: Which panels stand side by side; None for those of the last session.
        screenshot: Where to write a picture of the whole window once the first answer is drawn; then quit.
        export: Folder for the mesh (PLY, GLB) and the answer (JSON) once it is there; then quit.
        tour: Folder for a picture of every panel layout with something in it; then quit.
        overwrite: Whether files that are there already are replaced; an input never is.
    """

    paths: tuple[Path, ...] = ()
    camera: int | None = None
    method: str | None = None
    weights: str | None = None
    detector: str | None = None
    without: frozenset[str] = frozenset()
    device: str | None = None
    theme: str | None = None
    panel_layout: str | None = None
    screenshot: Path | None = None
    export: Path | None = None
    tour: Path | None = None
    overwrite: bool = False

    @property
    def unattended(self) -> bool:
        """Whether the session only writes files and ends."""
        return self.screenshot is not None or self.export is not None or self.tour is not None


@dataclass(frozen=True, slots=True)
class Run:
    """What `unmask run` was asked to do.

    Attributes:
        images: Pictures, videos, folders, patterns of names, and lists of such as "@NAME", in order.
        out: Folder for the files.
        method, weights, device: Who answers, and where it runs.
        detector: Who looks for faces.
        without: Parts of the computation to leave out.
        branches: The branches to keep; None keeps all.
        box: The face's box in each picture, image px; None looks for faces.
        lists: Files that name more inputs, one a line.
        recursive: Whether folders are taken with all folders inside.
        every: Of a video, each so-many-th frame is answered.
        video: Whether a video's frames are written too, with what was seen drawn over them.
        write: Kinds of files about each picture, see models.export.kinds.
        overwrite: As in Launch.
    """

    images: tuple[Path, ...]
    out: Path
    method: str = "dsfnet"
    weights: str = "open"
    detector: str = USUAL_DETECTOR
    device: str = "cpu"
    without: frozenset[str] = frozenset()
    branches: frozenset[str] | None = None
    box: Box | None = None
    lists: tuple[Path, ...] = ()
    recursive: bool = False
    every: int = 1
    write: tuple[str, ...] = USUALLY_WRITTEN
    video: bool = False
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class Replay:
    """What `unmask replay` was asked to do.

    Attributes:
        case: The case file.
        out: Folder for the answers.
        device: Where the methods run.
        overwrite: As in Launch.
    """

    case: Path
    out: Path
    device: str = "cpu"
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """What `unmask batch` was asked to do.

    Attributes:
        images, lists, recursive, every: As in Run; also tar archives.
        out: Folder for the table and what goes with it.
        method, weights, device, detector, without, box: As in Run.
        workers: Processes; 0 as many as there are cores, on a GPU one.
        resume: Whether a batch that stands in the folder is gone on with.
        form: Of the table, see `models.batch.tables.FORMS`.
        meshes: Kind of mesh written for each face, see `models.batch.shard.MESH_KINDS`; empty for none.
        evidence: Whether a picture of what was seen is written for each picture with a face.
        size: Pictures of a shard; 0 chooses.
        cluster: Address of a Ray cluster, or "local"; empty for none.
    """

    images: tuple[Path, ...]
    out: Path
    method: str = "dsfnet"
    weights: str = "open"
    detector: str = USUAL_DETECTOR
    device: str = "cpu"
    without: frozenset[str] = frozenset()
    box: Box | None = None
    lists: tuple[Path, ...] = ()
    recursive: bool = False
    every: int = 1
    workers: int = 0
    resume: bool = False
    form: str = "parquet"
    meshes: str = ""
    evidence: bool = False
    size: int = 0
    cluster: str = ""


@dataclass(frozen=True, slots=True)
class Occlude:
    """What `unmask occlude` was asked to do.

    Attributes:
        image: The picture.
        out: Folder for the files.
        method, weights, detector, device, without, box, overwrite: As in Run.
        kinds: Covers to lay, from the bottom up.
        seed: Of occluders, sweep and jitter.
        sweep: What sweeps over the face; None for no sweep.
        steps, cells, patch_percent: See models.robustness.sweep.Sweep.
        filling: What a sliding patch shows.
        factor, threshold_percent: Define the breaking point.
        jitter: Whether to jitter the box.
        draws, shift_px, scale_percent: See models.robustness.jitter.Jitter.
    """

    image: Path
    out: Path
    method: str = "dsfnet"
    weights: str = "open"
    detector: str = USUAL_DETECTOR
    device: str = "cpu"
    without: frozenset[str] = frozenset()
    box: Box | None = None
    kinds: tuple[str, ...] = ()
    seed: int = 0
    sweep: str | None = None
    steps: int = 16
    cells: int = 8
    patch_percent: float = 25.0
    filling: str = "colour"
    factor: float = 2.0
    threshold_percent: float = 5.0
    jitter: bool = False
    draws: int = 24
    shift_px: float = 4.0
    scale_percent: float = 5.0
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class Render:
    """What `unmask render` was asked to do.

    Attributes:
        paths: Pictures and cases, or one video. A case is answered as it was saved.
        out: The file: .png, .svg, .pdf, .mp4 or .webm.
        wish: How it is to look.
        method, weights, device, detector, without, box, overwrite: As in Run.
        peers: Other methods, whose faces stand beside.
        kinds: Occluders, each of which gives every face one more row.
        seed: Of the occluders.
        frames_per_s: Of a video that is made of a video, or that toggles.
        toggle: A video leaves the branches out in turn instead of turning the faces.
    """

    paths: tuple[Path, ...]
    out: Path
    wish: Wish
    method: str = "dsfnet"
    weights: str = "open"
    detector: str = USUAL_DETECTOR
    device: str = "cpu"
    without: frozenset[str] = frozenset()
    box: Box | None = None
    peers: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    seed: int = 0
    frames_per_s: float = 25.0
    toggle: bool = False
    overwrite: bool = False
