"""MATLAB files of strangers: read as scipy reads sound ones, refused in a sentence where they are damaged."""

from __future__ import annotations

import io
import random
import struct

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from models.errors import InputError, WeightsError
from models.file_formats.identify import recognise
from models.file_formats.matlab_file import HEADER, MatlabError, variables
from models.ground_truth.readers import read_truth

MOST = 1 << 20
HELD = {
    "pt3d_68": np.arange(204.0).reshape(3, 68),
    "single": np.float32([[1.5, 2.5]]),
    "small": np.uint8([[1], [2]]),
    "wide": np.int64([[-1, 1 << 40]]),
    "box": np.zeros((2, 3, 4)),
    "text": "Basel",
    "empty": np.zeros((0, 3)),
}


def saved(held: dict[str, object], **options: bool) -> bytes:
    file = io.BytesIO()
    savemat(file, held, **options)
    return file.getvalue()


@pytest.mark.parametrize("packed", [False, True])
def test_arrays_come_as_scipy_reads_them(packed):
    data = saved(HELD, do_compression=packed)
    got, wanted = variables(data, MOST), loadmat(io.BytesIO(data))
    assert got.keys() == HELD.keys() - {"text"}, "texts are of no use here"
    for name, array in got.items():
        assert array.dtype == wanted[name].dtype
        assert np.array_equal(array, wanted[name])


def test_structs_have_their_fields_and_what_is_not_known_is_left_out():
    model = {"mean": np.ones((3, 1)), "inner": {"n": 2.0}}
    held = {"model": model, "cells": np.array([1, "a"], object), "complex": 1j}
    got = variables(saved(held), MOST)
    assert got.keys() == {"model"}
    assert got["model"].mean.shape == (3, 1)
    assert got["model"].inner.n == 2


def test_only_what_is_wanted_is_read():
    assert variables(saved(HELD), MOST, ("small", "gone")).keys() == {"small"}


def test_what_unpacks_to_more_than_allowed_is_refused():
    data = saved({"zeros": np.zeros(1 << 18)}, do_compression=True)
    with pytest.raises(MatlabError, match="unpacks to more"):
        variables(data, MOST)


def test_a_matrix_that_claims_more_numbers_than_it_holds_is_refused():
    data = bytearray(saved({"a": np.zeros((3, 4))}))
    at = data.index(struct.pack("<ii", 3, 4))
    for rows, columns in ((3, 5), (1 << 30, 1 << 30), (-1, 4), (0, 0)):
        data[at : at + 8] = struct.pack("<ii", rows, columns)
        if min(rows, columns) < 0:
            assert variables(bytes(data), MOST) == {}
        else:
            with pytest.raises(MatlabError, match="does not hold as many"):
                variables(bytes(data), MOST)


@pytest.mark.parametrize("packed", [False, True])
def test_damage_of_any_kind_ends_in_a_sentence(packed):
    whole = saved({**HELD, "model": {"mean": np.ones(3)}}, do_compression=packed)
    draw = random.Random(0)
    refused = 0
    for _ in range(2000):
        data = bytearray(whole[: draw.randrange(HEADER, len(whole))] if draw.random() < 0.2 else whole)
        for _ in range(draw.randrange(1, 4)):
            data[draw.randrange(HEADER - 4, len(data))] = draw.randrange(256)
        try:
            variables(bytes(data), MOST)
        except MatlabError:
            refused += 1
    assert refused > 100


def test_damaged_truth_is_refused_and_sound_truth_read(tmp_path):
    points = np.random.default_rng(0).uniform(10, 90, (3, 68))
    path = tmp_path / "photo.mat"
    path.write_bytes(saved({"pt3d_68": points, "Pose_Para": np.zeros((1, 7))}))
    truth = read_truth(path, (100, 100))
    assert truth.landmarks == pytest.approx(points.T - (1, 1, 0), abs=1e-4)
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(InputError, match="damaged"):
        read_truth(path, (100, 100))


@pytest.mark.parametrize("shape", [b"\xff\xff\xff\xff", b"(1,,)", b"((((", b"'a'  ", b"(-1,)"])
def test_an_npy_whose_header_is_damaged_is_refused_and_the_rest_of_the_folder_known(tmp_path, shape):
    file = io.BytesIO()
    np.save(file, np.zeros(3))
    (tmp_path / "bad.npy").write_bytes(file.getvalue().replace(b"(3,)", shape))
    with pytest.raises((InputError, WeightsError)):
        recognise(tmp_path / "bad.npy")
    np.save(tmp_path / "canonical.npy", np.zeros((43_867, 3)))
    assert [find.name for find in recognise(tmp_path)] == ["canonical_vertices.npy"]
