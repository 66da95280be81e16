"""What a file of others is, by its content and not by its name; nothing in it is executed."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.errors import InputError, MissingAssetError, UnmaskError, WeightsError
from models.file_formats import reading
from models.file_formats.numpy_file import check_length, read_array, read_header

__all__ = ["Find", "recognise"]

FACE_PIXELS = 43_867  # of the 256 x 256 UV layout that PRNet and DSFNet share
TABLE_MAGIC = bytes.fromhex("57fb808b247547db")  # at the end of a TensorFlow .index: LevelDB's table
LEGACY_TORCH = bytes.fromhex("8a0a6cfc9c46f9206aa85019")  # PyTorch's magic number, after two bytes
LARGEST_TEXT, LARGEST_ONNX = 8 << 20, 16 << 20  # bytes
MOST_LINES = 200_000  # of a table of numbers
LARGEST_FILE = 1 << 30  # bytes; the face models known here have half as many
MOST_FILES = 20_000  # looked at in one folder
KIT = "ICT-FaceKit"


@dataclass(frozen=True, slots=True)
class Find:
    """A file, or a folder, that was recognised.

    Attributes:
        name: What the loaders call it, e.g. "mb05_120x120.pth".
        source: Where it lies.
    """

    name: str
    source: Path


def recognise(path: Path, passed_over: Callable[[UnmaskError], object] = lambda _: None) -> tuple[Find, ...]:
    """What a file is, with the other half of a checkpoint in two files; or all that a folder holds.

    Args:
        path: The file or folder.
        passed_over: Is told of each file in a folder that seems to be something known, but is broken or asks
            to run code; the others are taken.

    Raises:
        InputError: It is not there, cannot be read, or is nothing known here.
        WeightsError: It seems to be something known, but is broken or asks to run code.
    """
    if path.is_dir():
        found = tuple(_in_folder(path, passed_over))
        if not found:
            raise InputError(f"Nothing in {path} is known here. `unmask assets` lists what is.")
        return found
    names = _names(path)
    if not names:
        raise InputError(f"{path.name} is none of the files known here. `unmask assets` lists those.")
    return names


def _in_folder(folder: Path, passed_over: Callable[[UnmaskError], object]) -> Iterator[Find]:
    """All that is recognised in a folder and those within it; what is broken is told."""
    kits = set[Path]()
    for number, path in enumerate(_visible(folder)):
        if number >= MOST_FILES:
            raise InputError(
                f"{folder} holds more than {MOST_FILES:,} files. Give the file or its own folder."
            )
        if path.name == "generic_neutral_mesh.obj" and any(path.parent.glob("identity*.obj")):
            kits.add(path.parent)
            yield Find(KIT, path.parent)
        if path.is_file() and path.parent not in kits and ".data-" not in path.name:
            try:
                yield from _names(path)
            except UnmaskError as error:
                passed_over(error)


def _visible(folder: Path) -> Iterator[Path]:
    """All files below a folder, by name; hidden folders are left alone."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(place, name) for name in sorted(files))


def _names(path: Path) -> tuple[Find, ...]:
    """The finds of a file; none if it is nothing known. Raises as `recognise`."""
    try:
        with reading(path, "a file known here"):
            return _looked_at(path)
    except MissingAssetError:
        raise InputError(f"{path} cannot be read: it is not there. Check the path.") from None


def _looked_at(path: Path) -> tuple[Find, ...]:
    if ".data-" in path.name:
        path = path.with_name(path.name.partition(".data-")[0] + ".index")
        if not path.is_file():
            raise WeightsError(f"{path.name} must lie beside its .data file. Give both, or their folder.")
    with path.open("rb") as file:
        head, size = file.read(256), path.stat().st_size
        file.seek(max(size - len(TABLE_MAGIC), 0))
        tail = file.read()
    if size > LARGEST_FILE:
        return ()
    if tail == TABLE_MAGIC:
        return _checkpoint(path)
    for begins, look in LOOKS:
        if head.startswith(begins):
            name = look(path)
            return (Find(name, path),) if name else ()
    name = _text(path, head, size)
    return (Find(name, path),) if name else ()


def _checkpoint(path: Path) -> tuple[Find, ...]:
    """A TensorFlow checkpoint by the names of its variables."""
    from models.file_formats.tensorflow_file import read_index

    entries = read_index(path)
    stems = {"resfcn256": "256_256_resfcn256_weight", "resnet_v1_50": "model-400000"}
    scopes = {name.partition("/")[0] for name in entries}
    stem = next((stem for scope, stem in stems.items() if scope in scopes), None)
    if stem is None:
        return ()
    data = path.with_name(f"{path.stem}.data-00000-of-00001")
    if not data.is_file():
        raise WeightsError(f"{data.name} must lie beside {path.name}. Give both, or their folder.")
    if data.stat().st_size < max(entry.offset + entry.size for entry in entries.values()):
        raise WeightsError(f"{data.name} is not whole. Get it anew.")
    return Find(f"{stem}.index", path), Find(f"{stem}.data-00000-of-00001", data)


def _zip(path: Path) -> str:
    """A .pth of today, or a .npz."""
    with zipfile.ZipFile(path) as file:
        inside = set(file.namelist())
    if any(name.endswith("/data.pkl") for name in inside):
        return _torch(path)
    if inside >= {"u_base.npy", "w_shp_base.npy", "w_exp_base.npy"}:
        return "bfm68.npz"
    return "generic_model.npz" if {"v_template.npy", "shapedirs.npy"} <= inside else ""


def _torch(path: Path) -> str:
    """Weights by the shape of their first layers."""
    from models.file_formats.torch_file import read_torch

    shapes = {key: tuple(value.shape) for key, value in read_torch(path).items()}
    if "rebuilder.mean_posmap_tensor" in shapes or "hrnet.conv1.weight" in shapes:
        return "net.pth"
    if "fc_param.weight" not in shapes and shapes.get("fc.weight", (0,))[0] != 62:
        return ""
    firsts: dict[tuple[int, ...], str] = {
        (16, 3, 3, 3): "mb05_120x120.pth",
        (32, 3, 3, 3): "mb1_120x120.pth",
        (32, 3, 5, 5): "resnet22.pth",
    }
    return firsts.get(shapes.get("conv1.weight", ()), "")


def _pickle(path: Path) -> str:
    """A pickle by its keys and sizes, or weights in PyTorch's older form."""
    with path.open("rb") as file:
        if file.read(2 + len(LEGACY_TORCH))[2:] == LEGACY_TORCH:
            return _torch(path)
    from models.file_formats.pickle_file import read_pickled

    held = read_pickled(path)
    if isinstance(held, np.ndarray):
        return "tri.pkl" if held.ndim == 2 and held.shape[0] == 3 and held.dtype.kind in "iu" else ""
    keys = set(held) if isinstance(held, dict) else set()
    if keys >= {"mean", "std"} and np.size(held["mean"]) == 62:
        return "param_mean_std_62d_120x120.pkl"
    if keys >= {"u", "w_shp", "w_exp"}:
        return "bfm_noneck_v3.pkl" if np.size(held["u"]) == 3 * 38_365 else "bfm_noneck_v3_slim.pkl"
    return "generic_model.pkl" if keys >= {"v_template", "shapedirs", "f"} else ""


def _npy(path: Path) -> str:
    """A .npy by its header; one of objects by its keys."""
    with path.open("rb") as file:
        header = read_header(file)
        shape, _, dtype = header
        if not dtype.hasobject:
            check_length(header, path.stat().st_size - file.tell())
    if dtype.hasobject:
        from models.file_formats.pickle_file import read_pickled

        held = read_pickled(path)
        known = isinstance(held, dict) and {"shapeMU_uv", "shapePC_uv", "expPC_uv"} <= set(held)
        return "BFM_UVspace_patch.npy" if known else ""
    if shape == (256, 256, 3) and dtype.kind == "f":  # the position map of a photo is in px, hence larger
        return "mean_shape_map.npy" if np.abs(read_array(path)).max() < 10 else ""
    shapes = {
        (38_365,): "indices.npy",
        (FACE_PIXELS, 3): "canonical_vertices.npy",
    }
    return shapes.get(shape, "")


def _matlab(path: Path) -> str:
    """A .mat by its variables."""
    from models.file_formats.matlab_file import read_matlab

    held = read_matlab(path)
    if getattr(held.get("UV"), "shape", None) == (53_215, 2):
        return "BFM_UV.mat"
    if {"shapeMU", "shapePC", "tl"} <= held.keys():
        return "01_MorphableModel.mat"
    return "BFM.mat" if getattr(held.get("model"), "shapeMU", None) is not None else ""


def _hdf5(path: Path) -> str:
    """An .h5 by the arrays it has."""
    from models.file_formats.hdf5_file import read_hdf5

    if read_hdf5(path, {"shape/representer/idx_lm68"}):
        return "bfm09_trim_exp_uv_presplit.h5"
    wanted = {"shape/model/mean", "expression/model/mean"}
    return "basel_face_model.h5" if read_hdf5(path, wanted).keys() == wanted else ""


def _onnx(path: Path) -> str:
    """YuNet by the names of its outputs."""
    if path.stat().st_size > LARGEST_ONNX:
        return ""
    data = path.read_bytes()
    known = all(name in data for name in (b"cls_8", b"obj_8", b"bbox_8", b"kps_8"))
    return "face_detection_yunet_2023mar.onnx" if known else ""


def _text(path: Path, head: bytes, size: int) -> str:
    """A table of numbers by its rows and columns."""
    if size > LARGEST_TEXT or not head or head.strip(b"0123456789+-.eE \t\r\n"):
        return ""
    data = path.read_bytes()
    if data.count(b"\n") > MOST_LINES:
        return ""
    rows = data.split(b"\n")
    try:
        table = np.array([[float(word) for word in row.split()] for row in rows if row.strip()])
    except ValueError:  # words, or rows of different lengths
        return ""
    if table.shape == (2, 68):
        return "uv_kpt_ind.txt"
    triangles = table.ndim == 2 and table.shape[1] == 3 and table.max() == FACE_PIXELS - 1
    return "triangles.txt" if triangles else ""


LOOKS: tuple[tuple[bytes, Callable[[Path], str]], ...] = (
    (b"PK\x03\x04", _zip),
    (b"\x93NUMPY", _npy),
    (b"MATLAB 5.0", _matlab),
    (b"\x89HDF\r\n\x1a\n", _hdf5),
    (b"\x80", _pickle),
    (b"\x08", _onnx),
)
"""How a file begins -> how to look at the rest of it."""
