"""Tensors out of a file that torch.save wrote, without running it."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models.errors import MissingAssetError, WeightsError
from models.file_formats import LIMIT_BYTES

PREFIX = "module."  # what DataParallel puts before every key


def read_torch(path: Path) -> dict[str, Tensor]:
    """The state dict of a .pth file: by itself, or under "state_dict"; keys without DataParallel's prefix.

    Raises:
        MissingAssetError: It is not there.
        WeightsError: It holds anything but tensors, would have to run code, or is broken.
    """
    _check_size(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of an odd protocol: what comes of it is checked below
            held = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"{path.name} is no file of tensors alone, or is broken; it was not loaded. "
            f"Get it from its makers. ({_first_line(error)})"
        ) from error
    except (RuntimeError, ValueError, EOFError, KeyError, TypeError, AttributeError, OSError) as error:
        raise WeightsError(f"{path.name} cannot be read ({_first_line(error)}). Get it anew.") from error
    return _tensors(held, path)


def _check_size(path: Path) -> None:
    """Before anything is unpacked."""
    if not path.is_file():
        raise MissingAssetError(f"There is no file {path}. Check the path.")
    size = path.stat().st_size
    if zipfile.is_zipfile(path):
        try:
            with zipfile.ZipFile(path) as archive:
                size = max(size, sum(part.file_size for part in archive.infolist()))
        except zipfile.BadZipFile as error:
            raise WeightsError(f"{path.name} is a broken archive ({error}). Get it anew.") from error
    if size > LIMIT_BYTES:
        raise WeightsError(f"{path.name} holds {size >> 20} MiB, more than any network known here.")


def _tensors(held: Any, path: Path) -> dict[str, Tensor]:
    inner = held.get("state_dict", held) if isinstance(held, dict) else held
    if not isinstance(inner, dict) or not inner:
        raise WeightsError(f"{path.name} holds no state dict. Choose the file of a network's weights.")
    if wrong := [key for key, value in inner.items() if not isinstance(value, Tensor)]:
        raise WeightsError(f"{path.name} holds {wrong[0]!r}, which is no tensor. Choose another file.")
    return {str(key).removeprefix(PREFIX): value for key, value in inner.items()}


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
