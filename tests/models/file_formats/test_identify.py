"""A file is recognised by what is in it, whatever it is called, and nothing in it runs."""

from __future__ import annotations

import pickle
import shutil
from contextlib import suppress
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from scipy.io import savemat

from models.errors import InputError, UnmaskError, WeightsError
from models.file_formats.identify import FACE_PIXELS, Find, recognise
from tests.models.file_formats.test_tensorflow_file import write

OFFICIAL = Path(__file__).parents[4] / "shared/assets"


def weights(first: tuple[int, ...], last: str = "fc_param") -> dict[str, torch.Tensor]:
    return {"module.conv1.weight": torch.zeros(first), f"module.{last}.weight": torch.zeros(62, 8)}


def h5(path: Path, *names: str) -> None:
    with h5py.File(path, "w") as file:
        for name in names:
            file[name] = np.zeros(3)


def dump(path: Path, value: object) -> None:
    path.write_bytes(pickle.dumps(value, protocol=2))


def npy(path: Path, value: object) -> None:
    with path.open("wb") as file:
        np.save(file, value)


def npz(path: Path, *names: str) -> None:
    with path.open("wb") as file:
        np.savez(file, **{name: np.zeros(3) for name in names})


LAYERS = {"hrnet.conv1.weight": torch.zeros(64, 3, 3, 3)}
MODEL = {"shapeMU": np.zeros((6, 1)), "shapePC": np.zeros((6, 2))}
WRITERS = {
    "mb05_120x120.pth": lambda path: torch.save({"epoch": 62, "state_dict": weights((16, 3, 3, 3))}, path),
    "mb1_120x120.pth": lambda path: torch.save(
        {"state_dict": weights((32, 3, 3, 3))}, path, _use_new_zipfile_serialization=False
    ),
    "resnet22.pth": lambda path: torch.save(weights((32, 3, 5, 5), "fc"), path),
    "net.pth": lambda path: torch.save(LAYERS, path),
    "param_mean_std_62d_120x120.pkl": lambda path: dump(path, {"mean": np.zeros(62), "std": np.ones(62)}),
    "bfm_noneck_v3.pkl": lambda path: dump(
        path, {"u": np.zeros((115_095, 1), np.float32), "w_shp": np.zeros((3, 2)), "w_exp": np.zeros((3, 2))}
    ),
    "bfm_noneck_v3_slim.pkl": lambda path: dump(
        path, {"u": np.zeros((9, 1)), "w_shp": np.zeros((9, 2)), "w_exp": np.zeros((9, 2))}
    ),
    "tri.pkl": lambda path: dump(path, np.zeros((3, 5), np.int32)),
    "generic_model.pkl": lambda path: dump(
        path, {"v_template": np.zeros((4, 3)), "shapedirs": np.zeros((4, 3, 2)), "f": np.zeros((1, 3), int)}
    ),
    "generic_model.npz": lambda path: npz(path, "v_template", "shapedirs", "f"),
    "bfm68.npz": lambda path: npz(path, "u_base", "w_shp_base", "w_exp_base"),
    "indices.npy": lambda path: npy(path, np.zeros(38_365, np.int32)),
    "canonical_vertices.npy": lambda path: npy(path, np.zeros((FACE_PIXELS, 3))),
    "mean_shape_map.npy": lambda path: npy(path, np.ones((256, 256, 3), np.float32)),
    "BFM_UVspace_patch.npy": lambda path: npy(
        path, {"shapeMU_uv": np.zeros(3), "shapePC_uv": np.zeros(3), "expPC_uv": np.zeros(3)}
    ),
    "BFM.mat": lambda path: savemat(path, {"model": MODEL}, appendmat=False),
    "BFM_UV.mat": lambda path: savemat(path, {"UV": np.zeros((53_215, 2))}, appendmat=False),
    "01_MorphableModel.mat": lambda path: savemat(path, {**MODEL, "tl": np.zeros((2, 3))}, appendmat=False),
    "bfm09_trim_exp_uv_presplit.h5": lambda path: h5(
        path, "shape/model/mean", "expression/model/mean", "shape/representer/idx_lm68"
    ),
    "basel_face_model.h5": lambda path: h5(path, "shape/model/mean", "expression/model/mean"),
    "uv_kpt_ind.txt": lambda path: np.savetxt(path, np.zeros((2, 68))),
    "triangles.txt": lambda path: np.savetxt(path, [[0, 1, 2], [1, 2, FACE_PIXELS - 1]], fmt="%d"),
    "face_detection_yunet_2023mar.onnx": lambda path: path.write_bytes(b"\x08\x06 cls_8 obj_8 bbox_8 kps_8"),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_is_known_under_any_name(tmp_path, name):
    WRITERS[name](tmp_path / "download (1)")
    assert recognise(tmp_path / "download (1)") == (Find(name, tmp_path / "download (1)"),)


OTHERS = {
    "weights of another network": lambda path: torch.save({"conv1.weight": torch.zeros(16, 3, 3, 3)}, path),
    "another first layer": lambda path: torch.save(weights((8, 3, 3, 3)), path),
    "a pickle of words": lambda path: dump(path, {"mean": "value"}),
    "the position map of a photo": lambda path: npy(path, np.full((256, 256, 3), 200.0)),
    "any array": lambda path: npy(path, np.zeros(7)),
    "any mat": lambda path: savemat(path, {"pt3d_68": np.zeros((3, 68))}, appendmat=False),
    "any h5": lambda path: h5(path, "shape/model/mean"),
    "another table": lambda path: np.savetxt(path, np.zeros((3, 68))),
    "a ragged table": lambda path: path.write_text("1 2 3\n4 5\n"),
    "words": lambda path: path.write_text("Hello"),
    "another onnx": lambda path: path.write_bytes(b"\x08\x06"),
    "nothing": lambda path: path.write_bytes(b""),
}


@pytest.mark.parametrize("what", OTHERS)
def test_what_only_looks_like_it_is_not_taken(tmp_path, what):
    OTHERS[what](tmp_path / "file")
    with pytest.raises(InputError, match="none of the files known"):
        recognise(tmp_path / "file")


class Trap:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("save", [dump, npy, lambda path, value: torch.save({"conv1.weight": value}, path)])
def test_code_in_a_file_does_not_run(tmp_path, save):
    save(
        tmp_path / "file",
        np.array(Trap(tmp_path / "sprung"), object) if save is npy else Trap(tmp_path / "sprung"),
    )
    with pytest.raises(WeightsError, match="not loaded"):
        recognise(tmp_path / "file")
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("name", sorted(set(WRITERS) - {"face_detection_yunet_2023mar.onnx"}))
def test_half_a_file_is_no_crash(tmp_path, name):
    WRITERS[name](tmp_path / "whole")
    data = (tmp_path / "whole").read_bytes()
    (tmp_path / "half").write_bytes(data[: len(data) // 2])
    with suppress(UnmaskError):  # any other error fails; a table's first half may say what it is
        assert recognise(tmp_path / "half") == (Find(name, tmp_path / "half"),)


def checkpoint(folder: Path, stem: str, variable: str) -> None:
    index = write(folder, {variable: np.zeros((3, 3), np.float32), "beta1_power": np.float32([0.9])})
    index.rename(folder / f"{stem}.index")
    (folder / "model.data-00000-of-00001").rename(folder / f"{stem}.data-00000-of-00001")


@pytest.mark.parametrize(
    ("variable", "stem"),
    [
        ("resfcn256/Conv/weights", "256_256_resfcn256_weight"),
        ("resnet_v1_50/conv1/weights", "model-400000"),
    ],
)
def test_both_halves_of_a_checkpoint_are_taken_whichever_is_given(tmp_path, variable, stem):
    checkpoint(tmp_path, "mine", variable)
    index, data = tmp_path / "mine.index", tmp_path / "mine.data-00000-of-00001"
    both = (Find(f"{stem}.index", index), Find(f"{stem}.data-00000-of-00001", data))
    assert recognise(index) == recognise(data) == recognise(tmp_path) == both


@pytest.mark.parametrize("lost", ["mine.index", "mine.data-00000-of-00001"])
def test_half_a_checkpoint_is_refused_with_the_name_of_the_other(tmp_path, lost):
    checkpoint(tmp_path, "mine", "resfcn256/Conv/weights")
    (tmp_path / lost).unlink()
    (left,) = tmp_path.iterdir()
    with pytest.raises(WeightsError, match=lost):
        recognise(left)


def test_a_checkpoint_cut_short_or_of_another_network_is_not_taken(tmp_path):
    checkpoint(tmp_path, "mine", "vgg_16/conv1/weights")
    with pytest.raises(InputError, match="none of the files known"):
        recognise(tmp_path / "mine.index")
    checkpoint(tmp_path, "mine", "resfcn256/Conv/weights")
    with (tmp_path / "mine.data-00000-of-00001").open("r+b") as file:
        file.truncate(20)
    with pytest.raises(WeightsError, match="not whole"):
        recognise(tmp_path / "mine.index")


def test_all_that_a_folder_holds_is_found_and_the_rest_passed_over(tmp_path):
    for name in ("deep", ".hidden"):
        (tmp_path / name).mkdir()
    WRITERS["indices.npy"](tmp_path / ".hidden" / "indices.npy")
    for name in ("BFM_UV.mat", "tri.pkl"):
        WRITERS[name](tmp_path / "deep" / f"my {name}")
    OTHERS["words"](tmp_path / "readme.md")
    dump(tmp_path / "evil.pkl", Trap(tmp_path / "sprung"))
    assert {find.name for find in recognise(tmp_path)} == {"BFM_UV.mat", "tri.pkl"}
    assert not (tmp_path / "sprung").exists()


def test_a_folder_of_faces_is_taken_whole(tmp_path):
    kit = tmp_path / "clone" / "FaceXModel"
    kit.mkdir(parents=True)
    for name in ("generic_neutral_mesh", "identity000", "browDown_L"):
        (kit / f"{name}.obj").write_text("v 0 0 0\n")
    assert recognise(tmp_path) == (Find("ICT-FaceKit", kit),)


def test_an_empty_folder_and_an_absent_file_are_said(tmp_path):
    with pytest.raises(InputError, match="Nothing in"):
        recognise(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        recognise(tmp_path / "absent")


@pytest.mark.shared
def test_the_official_files_are_what_they_are_called(tmp_path):
    if not OFFICIAL.is_dir():
        pytest.skip("needs ../shared/assets")
    official = OFFICIAL / "3ddfa_v2_official"
    for path in sorted(official.glob("*.*")):
        shutil.copyfile(path, tmp_path / "file")
        assert [find.name for find in recognise(tmp_path / "file")] == [path.name]
