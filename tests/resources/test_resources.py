"""The door to bundled files, and the manifest that describes them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import resources
from resources import AssetError
from resources.__main__ import complaints, main, shipped

MANIFEST = """
[[asset]]
path = "weights/small.safetensors"
origin = "us"
licence = "Apache-2.0"
purpose = "a test"
sha256 = "0"
size = 1

[[asset]]
path = "weights/theirs.safetensors"
origin = "them"
licence = "research only"
purpose = "a comparison"
fetch = "Download it from their page."
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("weights", "face_model", "samples", "shaders", "icons"):
        (tmp_path / name).mkdir()
    (tmp_path / "weights" / "small.safetensors").write_bytes(b"weights")
    (tmp_path / "manifest.toml").write_text(MANIFEST)
    return tmp_path


def test_every_shipped_file_agrees_with_the_manifest():
    assert complaints() == []


@pytest.mark.parametrize(
    "text", ["[[asset", '[[asset]]\npath = "a"\n', "asset = 3", "asset = [3]", "\x00", None]
)
def test_a_manifest_that_is_gone_or_damaged_says_what_to_do(folder, text):
    if text is None:
        (folder / "manifest.toml").unlink()
    else:
        (folder / "manifest.toml").write_text(text)
    with pytest.raises(AssetError, match=r"manifest\.toml .*Install Unmask again"):
        resources.manifest(folder)


def test_there_is_a_sample_photo_with_pixels():
    assert resources.samples()
    for path in resources.samples():
        with Image.open(path) as picture:
            assert min(picture.size) >= 256


def test_assets_are_found_by_their_bare_names(folder):
    (folder / "face_model" / "open_face.npz").touch()
    (folder / "shaders" / "mesh.vert").touch()
    (folder / "icons" / "open.svg").touch()
    assert resources.weights("small", folder) == folder / "weights" / "small.safetensors"
    assert resources.face_model("open", folder) == folder / "face_model" / "open_face.npz"
    assert resources.shader("mesh.vert", folder) == folder / "shaders" / "mesh.vert"
    assert resources.icon("open", folder) == folder / "icons" / "open.svg"


def test_a_missing_file_is_named_with_what_there_is_instead(folder):
    with pytest.raises(
        AssetError, match=r"large.safetensors is missing from .*weights. Choose one of those there: small"
    ) as caught:
        resources.weights("large", folder)
    assert "large" in str(caught.value)


def test_a_missing_file_one_can_fetch_says_how(folder):
    with pytest.raises(AssetError, match="Download it from their page"):
        resources.weights("theirs", folder)


def test_a_path_is_no_name(folder):
    with pytest.raises(ValueError, match="bare name"):
        resources.weights("../weights/small", folder)


def test_a_changed_a_new_and_a_vanished_file_are_each_complained_about(folder):
    (folder / "samples" / "new.jpg").write_bytes(b"picture")
    with (folder / "manifest.toml").open("a") as file:
        file.write('[[asset]]\npath = "samples/gone.jpg"\norigin = "a"\nlicence = "b"\npurpose = "c"\n')
    text = "\n".join(complaints(folder))
    assert "small.safetensors is not the file" in text
    assert "samples/new.jpg is not in manifest.toml" in text
    assert "samples/gone.jpg is in manifest.toml, but" in text
    assert "theirs" not in text, "a file to fetch need not be there"


def test_refreshing_mends_hashes_and_asks_for_the_rest(folder, capsys):
    assert main(["--refresh"], folder) == 0
    assert complaints(folder) == []
    (folder / "samples" / "new.jpg").write_bytes(b"picture")
    assert main(["--refresh"], folder) == 1
    assert "samples/new.jpg: origin, licence and purpose must be filled in" in capsys.readouterr().out
    fetched = [asset for asset in resources.manifest(folder) if asset.fetch]
    assert [asset.path for asset in fetched] == ["weights/theirs.safetensors"], "what one may fetch is kept"


def test_cards_need_no_row(folder):
    (folder / "weights" / "MODEL_CARD.md").touch()
    assert shipped(folder) == ("weights/small.safetensors",)


def test_resources_need_nothing_but_the_standard_library(tmp_path):
    shutil.copytree(
        resources.ROOT,
        tmp_path / "resources",
        ignore=shutil.ignore_patterns("*.npz", "*.safetensors", "__py*"),
    )
    code = "import resources; print(resources.samples()[0].name)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == resources.samples()[0].name


def test_a_folder_without_any_weights_says_how_to_get_some(folder):
    (folder / "weights" / "small.safetensors").unlink()
    with pytest.raises(AssetError, match=r"dsfnet-open.safetensors is missing.*python -m models.training"):
        resources.weights("dsfnet-open", folder)


def test_the_weights_that_ship_for_a_method_are_named(folder):
    (folder / "weights" / "dsfnet-open.safetensors").write_bytes(b"x")
    (folder / "weights" / "dsfnet-fine.safetensors").write_bytes(b"x")
    assert resources.weights_for("dsfnet", folder) == ("fine", "open")
    assert resources.weights_for("prnet", folder) == ()


def test_a_file_a_user_brought_is_found_in_their_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNMASK_ASSETS", str(tmp_path))
    with pytest.raises(resources.AssetError, match=r"face\.mat is not there"):
        resources.brought("face.mat")
    (tmp_path / "face.mat").write_bytes(b"x")
    assert resources.brought("face.mat") == tmp_path / "face.mat"
