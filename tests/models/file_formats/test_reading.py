from __future__ import annotations

import codecs
import os
import pickle
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from scipy.io import savemat

from models import file_formats
from models.errors import InputError, MissingAssetError, WeightsError
from models.file_formats.hdf5_file import read_hdf5
from models.file_formats.matlab_file import read_matlab
from models.file_formats.pickle_file import read_pickled
from models.ground_truth.readers import read_truth

SHARED = Path(__file__).resolve().parents[4] / "shared/assets/3ddfa_v2_official"


def saved(folder: Path, held: object, protocol: int = 2) -> Path:
    path = folder / "model.pkl"
    path.write_bytes(pickle.dumps(held, protocol))
    return path


class Runs:
    """Pickles as a call of `function`."""

    def __init__(self, function: Any, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_arrays_numbers_and_text_come_back_as_they_were_pickled(tmp_path: Path, protocol: int):
    rng = np.random.default_rng(0)
    held = {
        "u": rng.normal(size=(7, 3)).astype(np.float32),
        "columns first": np.asfortranarray(rng.normal(size=(4, 5))),
        "other end first": np.arange(6, dtype=">i4"),
        "names": np.array(["a", "bc"]),
        "one": np.float64(3.5),
        "list": [1, 2.5, None, True, ("text", b"\x00\xff")],
        3: {"deep": np.arange(3)},
    }
    got = read_pickled(saved(tmp_path, held, protocol))
    for name in ("u", "columns first", "other end first", "names"):
        np.testing.assert_array_equal(got[name], held[name])
    assert got["one"] == 3.5
    assert got["list"] == held["list"]
    np.testing.assert_array_equal(got[3]["deep"], [0, 1, 2])


def test_a_shared_array_is_shared_and_a_loop_ends(tmp_path: Path):
    array = np.arange(4)
    held: dict[str, Any] = {"a": array, "b": array}
    held["itself"] = held
    got = read_pickled(saved(tmp_path, held))
    assert got["a"] is got["b"]
    assert got["itself"] is None


def test_sparse_matrices_and_arrays_wrapped_by_chumpy_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    module = types.ModuleType("chumpy.ch")
    kind = type("Ch", (), {"__module__": "chumpy.ch"})
    module.Ch = kind  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "chumpy", types.ModuleType("chumpy"))
    monkeypatch.setitem(sys.modules, "chumpy.ch", module)
    wrapped = kind()
    wrapped.x, wrapped._dirty_vars, wrapped._itr = np.arange(6.0).reshape(2, 3), set(), None
    joints = sparse.csc_matrix(np.eye(3)[:, [2, 0, 1]])
    path = saved(tmp_path, {"shapedirs": wrapped, "J_regressor": joints})
    monkeypatch.undo()
    got = read_pickled(path)
    np.testing.assert_array_equal(got["shapedirs"], [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(got["J_regressor"].toarray(), joints.toarray())


def test_a_dict_saved_as_npy_is_read_and_so_is_a_plain_one(tmp_path: Path):
    path = tmp_path / "patch.npy"
    np.save(path, np.array({"basis": np.arange(5)}, dtype=object), allow_pickle=True)
    np.testing.assert_array_equal(read_pickled(path)["basis"], np.arange(5))
    np.save(path, np.ones((2, 3)))
    np.testing.assert_array_equal(read_pickled(path), np.ones((2, 3)))


@pytest.mark.parametrize(
    "hostile",
    [
        Runs(os.system, "touch ran"),
        Runs(eval, "open('ran', 'w')"),
        Runs(getattr, "", "join"),
        Runs(np.load, "ran"),
        Runs(codecs.encode, "touch", "zlib"),
        {"u": np.arange(3), "more": [Runs(Path, "ran")]},
    ],
)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_pickle_that_runs_something_is_refused_and_nothing_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hostile: object, protocol: int
):
    monkeypatch.chdir(tmp_path)
    path = saved(tmp_path, hostile, protocol)
    with pytest.raises(WeightsError, match=r"model\.pkl .*not loaded"):
        read_pickled(path)
    assert not (tmp_path / "ran").exists()


def array_claiming(shape: tuple[int, ...], data: bytes) -> bytes:
    """The pickle of a float32 array with another shape in it."""
    honest = pickle.dumps(np.zeros(1, np.float32), 2)
    assert b"K\x01\x85" in honest
    sides = b"".join(b"\x8a\x08" + side.to_bytes(8, "little") for side in shape)
    return honest.replace(b"K\x01K\x01\x85", b"K\x01(" + sides + b"t", 1)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a pickle",
        pickle.dumps({"u": np.arange(9)}, 4)[:-20],
        array_claiming((1 << 40,), b""),
        b"\x80\x02]r\xff\xff\xff\x7f.",  # memo slot two billion
        b"\x80\x02" + b"]" * 90 + b"a" * 89 + b".",  # lists in lists
        b"\x80\x02cnumpy\nndarray\nN}X\x01\x00\x00\x00aNs\x86b.",  # sets an attribute of a class
    ],
)
def test_a_broken_or_greedy_pickle_is_an_error_that_names_the_file(tmp_path: Path, data: bytes):
    path = tmp_path / "model.pkl"
    path.write_bytes(data)
    with pytest.raises(WeightsError, match=r"model\.pkl"):
        read_pickled(path)


def test_matlab_structs_have_their_fields(tmp_path: Path):
    path = tmp_path / "BFM.mat"
    savemat(path, {"model": {"shapeMU": np.arange(6.0)[:, None], "tri": np.ones((3, 4))}})
    model = read_matlab(path)["model"]
    np.testing.assert_array_equal(model.shapeMU, np.arange(6.0))
    assert model.tri.shape == (3, 4)


def test_a_matlab_file_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "bomb.mat"
    savemat(path, {"zeros": np.zeros(1 << 20)}, do_compression=True)
    assert path.stat().st_size < 1 << 16
    assert read_matlab(path)["zeros"].shape == (1 << 20,)
    monkeypatch.setattr(file_formats, "ALWAYS_BYTES", 1 << 20)
    with pytest.raises(WeightsError, match=r"bomb\.mat"):
        read_matlab(path)


@pytest.mark.parametrize("data", [b"", b"x" * 500, b"\x89HDF\r\n\x1a\n" + b"0" * 600])
def test_what_is_no_matlab_file_is_an_error_that_names_it(tmp_path: Path, data: bytes):
    path = tmp_path / "BFM.mat"
    path.write_bytes(data)
    with pytest.raises(WeightsError, match=r"BFM\.mat"):
        read_matlab(path)


def test_hdf5_arrays_are_read_by_name_and_never_from_other_files(tmp_path: Path):
    h5py = pytest.importorskip("h5py")
    secret, path, linked = tmp_path / "secret.h5", tmp_path / "model.h5", tmp_path / "linked.h5"
    for name in (secret, path):
        with h5py.File(name, "w") as file:
            file["shape/model/mean"] = np.arange(6.0)
            file["shape/other"] = np.zeros(3)
    with h5py.File(linked, "w") as file:
        file["mean"] = h5py.ExternalLink(str(secret), "shape/model/mean")
    with h5py.File(tmp_path / "desktop.h5", "w") as file:
        file.create_dataset("mean", (4,), "u1", external=[(str(secret), 0, 4)])
    got = read_hdf5(path, {"shape/model/mean", "absent"})
    assert list(got) == ["shape/model/mean"]
    np.testing.assert_array_equal(got["shape/model/mean"], np.arange(6.0))
    assert read_hdf5(linked) == {}
    with pytest.raises(WeightsError, match="other files"):
        read_hdf5(tmp_path / "desktop.h5")
    (tmp_path / "text.h5").write_text("no")
    with pytest.raises(WeightsError, match=r"text\.h5"):
        read_hdf5(tmp_path / "text.h5")


def test_a_missing_file_is_a_missing_asset(tmp_path: Path):
    for read in (read_pickled, read_matlab, read_hdf5):
        with pytest.raises(MissingAssetError, match="nowhere"):
            read(tmp_path / "nowhere")


@pytest.mark.shared
def test_the_official_pickles_are_read():
    if not SHARED.is_dir():
        pytest.skip("needs ../shared/assets")
    whitening = read_pickled(SHARED / "param_mean_std_62d_120x120.pkl")
    assert whitening["mean"][:2] == pytest.approx([3.4926363e-4, 2.5279013e-7], rel=1e-5)
    assert whitening["std"][11] == pytest.approx(20.803040)
    triangles = read_pickled(SHARED / "tri.pkl")
    assert triangles.shape == (3, 76073)
    assert triangles.max() == 38364
    assert read_matlab(SHARED / "BFM_UV.mat")["UV"].shape == (53215, 2)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_folder_or_a_pipe_is_no_file_and_nobody_waits_for_it(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.pts")
    for path in (tmp_path, tmp_path / "pipe.pts"):
        with pytest.raises(WeightsError, match="a folder or a device"):
            file_formats.read_bytes(path)
    with pytest.raises(InputError, match="a folder or a device"):
        read_truth(tmp_path / "pipe.pts")


def test_a_file_larger_than_asked_for_is_refused_unread(tmp_path: Path):
    path = tmp_path / "long"
    path.write_bytes(bytes(9))
    assert file_formats.read_bytes(path, 9) == bytes(9)
    with pytest.raises(WeightsError, match="no more than"):
        file_formats.read_bytes(path, 8)
