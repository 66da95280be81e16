"""Files made to eat memory or time, or to break a library: one of our errors, and before it is eaten."""

from __future__ import annotations

import io
import json
import pickle
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from scipy.io import savemat

from models import file_formats
from models.errors import InputError, MissingAssetError, UnmaskError, WeightsError
from models.face_model.importing import read_face_model
from models.face_model.morphable import FaceModel
from models.file_formats import matlab_file, obj_file, reading
from models.file_formats.hdf5_file import read_hdf5
from models.file_formats.identify import recognise
from models.file_formats.matlab_file import read_matlab
from models.file_formats.numpy_file import read_array, read_arrays
from models.file_formats.obj_file import read_obj
from models.file_formats.pickle_file import read_pickled
from models.file_formats.tensorflow_file import read_index, read_tensorflow
from models.file_formats.torch_file import read_torch
from models.ground_truth import readers
from models.ground_truth.readers import read_truth
from models.loading import read_weights
from tests.fuzz.seeds import SEEDS
from tests.models.file_formats.test_tensorflow_file import entry, header, table, write

COLLIDING = {k * ((1 << 61) - 1): None for k in range(1, 2000)}
MOST = 1 << 20  # bytes that a small file may unpack to here


@pytest.fixture
def _small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_formats, "ALWAYS_BYTES", MOST)


@pytest.fixture
def _little_memory() -> Iterator[None]:
    """Fails what takes more than 64 MiB."""
    tracemalloc.start()
    yield
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 64 << 20


def test_whatever_a_library_raises_becomes_our_error_and_ours_pass(tmp_path: Path):
    path = tmp_path / "a.bin"
    for error in (
        IndexError("x"),
        RecursionError(),
        MemoryError(),
        AssertionError(),
        zlib.error("bad"),
        struct.error(),
    ):
        with (
            pytest.raises(WeightsError, match=r"a\.bin cannot be read as a test \(.+\)\. Get it anew"),
            reading(path, "a test"),
        ):
            raise error
    with pytest.raises(MissingAssetError, match="Check the path"), reading(path, "a test"):
        path.read_bytes()
    with pytest.raises(WeightsError, match="Is a directory"), reading(path, "a test"):
        tmp_path.read_bytes()
    with pytest.raises(InputError, match=r"^mine$"), reading(path, "a test"):
        raise InputError("mine")
    with pytest.raises(KeyboardInterrupt), reading(path, "a test"):
        raise KeyboardInterrupt


@pytest.mark.usefixtures("_small_limit", "_little_memory")
def test_archives_are_bounded_by_the_sum_of_what_is_in_them(tmp_path: Path):
    np.savez_compressed(tmp_path / "one.npz", a=np.zeros(MOST // 16), b=np.zeros(3))
    assert read_arrays(tmp_path / "one.npz")["a"].shape == (MOST // 16,)
    np.savez_compressed(tmp_path / "many.npz", **{f"a{k}": np.zeros(MOST // 16) for k in range(3)})
    assert (tmp_path / "many.npz").stat().st_size < MOST // 40
    with pytest.raises(WeightsError, match=r"many\.npz.*unpacks to"):
        read_arrays(tmp_path / "many.npz")
    assert list(read_arrays(tmp_path / "many.npz", {"a1"})) == ["a1"]
    with h5py.File(tmp_path / "many.h5", "w") as file:
        for k in range(3):
            file.create_dataset(f"a{k}", (MOST // 16,), "f8", fillvalue=1.0, chunks=True, compression="gzip")
    with pytest.raises(WeightsError, match=r"many\.h5.*unpacks to"):
        read_hdf5(tmp_path / "many.h5")
    torch.save({"conv1.weight": torch.zeros(MOST)}, tmp_path / "a.pth")
    with (
        zipfile.ZipFile(tmp_path / "a.pth") as archive,
        zipfile.ZipFile(tmp_path / "b.pth", "w", 8) as packed,
    ):
        for name in archive.namelist():
            packed.writestr(name, archive.read(name))
    with pytest.raises(WeightsError, match=r"b\.pth.*unpacks to"):
        read_torch(tmp_path / "b.pth")


@pytest.mark.usefixtures("_little_memory")
def test_ten_kilobytes_of_hdf5_that_stand_for_gigabytes_are_refused(tmp_path: Path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("shape/model/mean", (1 << 30,), "f8", chunks=(1 << 16,))
        file.create_dataset("expression/model/mean", (3,), "f8")
    assert (tmp_path / "a.h5").stat().st_size < 10_000
    with pytest.raises(WeightsError, match=r"a\.h5"):
        recognise(tmp_path / "a.h5")
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file.create_dataset("a", (3,), h5py.string_dtype())
    with pytest.raises(WeightsError, match="no numbers"):
        read_hdf5(tmp_path / "b.h5")


@pytest.mark.usefixtures("_little_memory")
def test_an_array_that_claims_more_than_there_is_is_refused_before_memory_is_asked_for(tmp_path: Path):
    honest = io.BytesIO()
    np.save(honest, np.zeros(10, np.uint8))
    lying = honest.getvalue().replace(b"(10,), }" + b" " * 12, b"(1099511627776,), }" + b" ")
    assert len(lying) == len(honest.getvalue())
    (tmp_path / "a.npy").write_bytes(lying)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("lm68.npy", lying)
    for read in (read_array, recognise, read_pickled):
        with pytest.raises(WeightsError, match=r"a\.npy"):
            read(tmp_path / "a.npy")
    with pytest.raises(WeightsError, match=r"a\.npz.*lm68.*not whole"):
        read_arrays(tmp_path / "a.npz")


def test_an_archive_packed_in_an_unknown_way_is_our_error(tmp_path: Path):
    np.savez(tmp_path / "a.npz", v_template=np.zeros(3), shapedirs=np.zeros(3))
    data = (tmp_path / "a.npz").read_bytes()
    for signature, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        place = data.index(signature) + at
        data = data[:place] + b"\x63\x00" + data[place + 2 :]
    (tmp_path / "a.npz").write_bytes(data)
    for read in (read_arrays, FaceModel.read, read_face_model):
        with pytest.raises(WeightsError, match=r"a\.npz"):
            read(tmp_path / "a.npz")


def matlab(*parts: tuple[int, bytes]) -> bytes:
    def element(kind: int, data: bytes) -> bytes:
        return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)

    body = b"".join(element(kind, data) for kind, data in parts)
    return b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<HH", 0x0100, 0x4D49) + element(14, body)


@pytest.mark.usefixtures("_small_limit", "_little_memory")
def test_bytes_that_become_doubles_count_as_doubles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    count = MOST // 4
    form = ((6, struct.pack("<II", 6, 0)), (5, struct.pack("<ii", 1, count)), (1, b"a"))
    (tmp_path / "a.mat").write_bytes(matlab(*form, (2, bytes(count))))
    monkeypatch.setattr(file_formats, "MOST_FOLDED", 1)
    with pytest.raises(WeightsError, match=r"a\.mat.*unpacks to"):
        read_matlab(tmp_path / "a.mat")
    savemat(tmp_path / "many.mat", {f"a{k}": np.zeros(MOST // 16) for k in range(3)}, do_compression=True)
    with pytest.raises(WeightsError, match=r"many\.mat.*unpacks to"):
        read_matlab(tmp_path / "many.mat")


def test_a_matlab_file_of_endless_parts_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(matlab_file, "MOST_PARTS", 100)
    (tmp_path / "a.mat").write_bytes(matlab(*[(1, b"")] * 101))
    with pytest.raises(WeightsError, match=r"a\.mat.*parts"):
        read_matlab(tmp_path / "a.mat")


def nested(depth: int) -> Any:
    held: Any = [0.5]
    for _ in range(depth):
        held = [held, held]
    return held


def deep_key(depth: int) -> bytes:
    """A dict whose key is a tuple of itself twice, `depth` times; hashing it takes 2 ** depth steps."""
    doubled = b"".join(b"q%ch%c\x86" % (k, k) for k in range(1, depth))
    return b"\x80\x02}N" + doubled + b"Ns."


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize(
    ("held", "words"),
    [
        (COLLIDING, "numbers as keys"),
        ({(1, 2): 3}, "neither text nor numbers"),
        ({"mean": nested(30)}, "shares its parts"),
    ],
    ids=["colliding", "tuple", "shared"],
)
def test_pickles_that_eat_time_are_refused(tmp_path: Path, held: object, words: str, protocol: int):
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps(held, protocol))
    with pytest.raises(WeightsError, match=rf"a\.pkl.*{words}"):
        read_pickled(path)


def test_sets_and_keys_within_keys_are_never_hashed(tmp_path: Path):
    path = tmp_path / "a.pkl"
    for data in (pickle.dumps({1, 2}, 4), pickle.dumps(frozenset({1}), 4), deep_key(60)):
        path.write_bytes(data)
        with pytest.raises(WeightsError, match=r"a\.pkl.*not loaded"):
            read_pickled(path)


def test_weights_of_colliding_keys_are_refused_before_torch_sees_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for number, zipped in enumerate((True, False)):
        path = tmp_path / f"{number}.pth"
        torch.save(COLLIDING, path, _use_new_zipfile_serialization=zipped)
        with monkeypatch.context() as patch:
            patch.setattr(torch, "load", lambda *_, **__: pytest.fail("loaded"))
            with pytest.raises(WeightsError, match=r"\.pth.*numbers as keys"):
                read_torch(path)


def test_weights_that_name_something_without_end_are_refused_before_torch_sees_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    torch.save({"a": torch.zeros(3)}, tmp_path / "a.pth", _use_new_zipfile_serialization=False)
    data = (tmp_path / "a.pth").read_bytes()
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("loaded"))
    keys = data.rindex(b"X")  # the last pickle names the one storage, after the length of that name
    endless = data[: keys + 1] + b"\xff\xff\xff\x7f" + data[keys + 5 :]
    for changed in (data.replace(b"FloatStorage", b"x" * 400), endless):
        (tmp_path / "a.pth").write_bytes(changed)
        with pytest.raises(WeightsError, match=r"a\.pth"):
            read_torch(tmp_path / "a.pth")


def test_a_tensor_that_is_larger_than_what_is_stored_is_refused(tmp_path: Path):
    torch.save({"a": torch.zeros(1).expand(1 << 40)}, tmp_path / "a.pth")
    with pytest.raises(WeightsError, match="larger than what is stored"):
        read_torch(tmp_path / "a.pth")
    torch.save({"a": torch.zeros(77)}, tmp_path / "b.pth", _use_new_zipfile_serialization=False)
    data = (tmp_path / "b.pth").read_bytes()
    assert data.count(b"KM") == 2
    (tmp_path / "b.pth").write_bytes(data.replace(b"KM", b"J\xff\xff\xff\x7f"))
    with pytest.raises(WeightsError, match=r"b\.pth.*more numbers than are stored"):
        read_torch(tmp_path / "b.pth")


def test_deep_json_is_our_error_wherever_it_is_read(tmp_path: Path):
    deep = "[" * 100_000
    (tmp_path / "a.json").write_text(f'{{"landmarks": {deep}')
    with pytest.raises(InputError, match=r"a\.json"):
        read_truth(tmp_path / "a.json")
    for recipe in (deep, "[]"):
        save_file({"a": torch.zeros(1)}, tmp_path / "a.safetensors", {"recipe": recipe})
        with pytest.raises(WeightsError, match=r"a\.safetensors"):
            read_weights(tmp_path / "a.safetensors")
    (tmp_path / "generic_neutral_mesh.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    (tmp_path / "vertex_indices.json").write_text(deep)
    with pytest.raises(WeightsError, match=r"vertex_indices\.json"):
        read_face_model(tmp_path)


def test_text_that_becomes_far_more_in_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(obj_file, "LARGEST", 1000)
    monkeypatch.setattr(readers, "MOST_JSON", 1000)
    monkeypatch.setattr(readers, "MOST_TEXT", 1000)
    ply = (
        "ply\nformat ascii 1.0\nelement vertex 4\n"
        + "".join(f"property float {axis}\n" for axis in "xyz")
        + "end_header\n"
    )
    for name, text in {
        "a.obj": "v 0 0 0\n" * 200,
        "a.json": json.dumps({"landmarks": [[0, 0]] * 400}),
        "a.ply": ply + "0 0 0\n1 0 0\n0 1 0\n0 0 1\n" + " " * 1000,
    }.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(InputError, match=rf"{name}.* M"):
            read_truth(tmp_path / name)


def test_names_that_share_and_arrays_that_overlap_are_bounded(tmp_path: Path):
    (tmp_path / "long.index").write_bytes(table([header(), (b"a" * 600, b"")]))
    with pytest.raises(WeightsError, match="no end"):
        read_index(tmp_path / "long.index")
    ones = np.ones(2, np.float32)
    (tmp_path / "model.index").write_bytes(
        table([header(), *((bytes([97 + k]), entry(ones, 0)) for k in range(3))])
    )
    (tmp_path / "model.data-00000-of-00001").write_bytes(ones.tobytes())
    with pytest.raises(WeightsError, match="lists more than"):
        read_tensorflow(tmp_path / "model.index")


def test_an_obj_is_read_as_points_and_fans(monkeypatch: pytest.MonkeyPatch):
    data = b"# x\nv 0 0 0 1 1 1\nvn 0 0 1\nv\t1 0 0\nv 1 1 0\nv 0 1e0 0\nf 1/1/1 2//1 3 4\nf -4 -3 -1\n"
    points, triangles = read_obj(data)
    np.testing.assert_array_equal(points, [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    np.testing.assert_array_equal(triangles, [[0, 1, 2], [0, 2, 3], [0, 1, 3]])
    assert [part.shape for part in read_obj(b"")] == [(0, 3), (0, 3)]
    monkeypatch.setattr(obj_file, "MOST_POINTS", 2)
    monkeypatch.setattr(obj_file, "MOST_TRIANGLES", 2)
    for large in (b"v 0 0 0\n" * 3, b"f 1 2 3 4 5\n"):
        with pytest.raises(ValueError, match="more than 2 points or 2 triangles"):
            read_obj(large)
    for wrong in (b"v 0 0\n", b"v a b c\n", b"f 1 2 x\n"):
        with pytest.raises(ValueError, match=r".+"):
            read_obj(wrong)


def test_one_damaged_file_in_a_folder_is_told_and_the_rest_is_taken(tmp_path: Path):
    np.save(tmp_path / "good.npy", np.zeros(38_365, np.int32))
    (tmp_path / "bad.npy").write_bytes((tmp_path / "good.npy").read_bytes()[:-7])
    (tmp_path / "words.md").write_text("Hello")
    told: list[UnmaskError] = []
    assert [find.name for find in recognise(tmp_path, told.append)] == ["indices.npy"]
    assert len(told) == 1
    assert "bad.npy" in str(told[0])


def test_a_checkpoint_still_reads(tmp_path: Path):
    index = write(tmp_path, {"a": np.arange(3.0, dtype=np.float32)})
    np.testing.assert_array_equal(read_tensorflow(index)["a"], [0, 1, 2])


def test_a_face_model_that_lacks_a_part_its_reader_counts_on_is_our_error(tmp_path: Path):
    seed = SEEDS["presplit.h5"]
    path = seed.write(tmp_path)
    with h5py.File(path, "a") as file:
        del file["color/model/mean"]
    with pytest.raises(WeightsError, match=r"presplit\.h5 cannot be read as a face model.*color/model/mean"):
        read_face_model(path)
