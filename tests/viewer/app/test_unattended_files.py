"""What a session that writes files and quits may write over (tier 1)."""

from __future__ import annotations

import pytest

from models.errors import InputError
from viewer.app.unattended import outputs_of
from viewer.cli.options import Launch


def test_no_picture_of_the_opened_folder_is_written_over_whatever_is_wished(tmp_path):
    (tmp_path / "a.png").write_bytes(b"a picture")
    outputs = outputs_of(Launch((tmp_path,), screenshot=tmp_path / "a.png", overwrite=True))
    with pytest.raises(InputError, match="over an input"):
        outputs.write(tmp_path / "a.png", b"the window")
    assert (tmp_path / "a.png").read_bytes() == b"a picture"


def test_files_elsewhere_are_replaced_only_by_wish(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "shot.png").write_bytes(b"old")
    with pytest.raises(InputError, match="there already"):
        outputs_of(Launch((tmp_path / "in",))).write(tmp_path / "shot.png", b"new")
    outputs_of(Launch((tmp_path / "in",), overwrite=True)).write(tmp_path / "shot.png", b"new")
    assert (tmp_path / "shot.png").read_bytes() == b"new"


def test_a_folder_that_is_not_there_is_no_matter_here(tmp_path):
    outputs_of(Launch((tmp_path / "gone",))).write(tmp_path / "shot.png", b"new")
    assert (tmp_path / "shot.png").exists()
