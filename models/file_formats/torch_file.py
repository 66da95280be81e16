"""Tensors out of a file that torch.save wrote, without running it."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models.errors import WeightsError
from models.file_formats import LIMIT_BYTES, most_unpacked, reading
from models.file_formats.numpy_file import check_sum
from models.file_formats.pickle_file import look_over_pickles

LARGEST_PICKLE = 4 << 20  # bytes of what lists the tensors; their numbers lie elsewhere
OLD_PICKLES = 5  # magic number, version, system, tensors, keys: how files began before they were archives
PREFIX = "module."  # what DataParallel puts before every key


def read_torch(path: Path) -> dict[str, Tensor]:
    """The state dict of a .pth file: by itself, or under "state_dict"; keys without DataParallel's prefix.

    Raises:
        MissingAssetError: It is not there.
        WeightsError: It holds anything but tensors, would have to run code, or is broken.
    """
    with reading(path, "a file of tensors"):
        _look_over(path)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of an odd protocol: what comes of it is checked below
                held = torch.load(path, map_location="cpu", weights_only=True)
        except pickle.UnpicklingError as error:
            raise WeightsError(
                f"{path.name} is no file of tensors alone, or is broken; it was not loaded. "
                f"Get it from its makers. ({_first_line(error)})"
            ) from error
        return _tensors(held, path)


def _look_over(path: Path) -> None:
    """Before anything is unpacked: sizes, and the pickles within; any exception if it is broken."""
    size = path.stat().st_size
    if size > LIMIT_BYTES:
        raise WeightsError(f"{path.name} holds {size >> 20} MiB, more than any network known here.")
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            look_over_pickles(file.read(LARGEST_PICKLE), size, OLD_PICKLES)
        return
    with zipfile.ZipFile(path) as archive:
        sizes = [part.file_size for part in archive.infolist()]
        check_sum(sizes, most_unpacked(size))
        for part in archive.infolist():
            if part.filename.endswith(".pkl"):
                if part.file_size > LARGEST_PICKLE:
                    raise ValueError("it lists more than any network has")
                look_over_pickles(archive.read(part), sum(sizes))


def _tensors(held: Any, path: Path) -> dict[str, Tensor]:
    inner = held.get("state_dict", held) if isinstance(held, dict) else held
    if not isinstance(inner, dict) or not inner:
        raise WeightsError(f"{path.name} holds no state dict. Choose the file of a network's weights.")
    if wrong := [key for key, value in inner.items() if not isinstance(value, Tensor)]:
        raise WeightsError(f"{path.name} holds {wrong[0]!r}, which is no tensor. Choose another file.")
    if any(
        value.numel() * value.element_size() > value.untyped_storage().nbytes() for value in inner.values()
    ):
        raise WeightsError(f"{path.name} holds a tensor that is larger than what is stored. Get it anew.")
    return {str(key).removeprefix(PREFIX): value for key, value in inner.items()}


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
