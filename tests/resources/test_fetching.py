"""A download arrives whole and checked, or says why not and keeps what can be gone on from."""

from __future__ import annotations

import errno
import hashlib
import io
import socket
from pathlib import Path

import pytest

from resources import fetching
from resources.fetching import FetchError, Received, download
from tests.resources.serving import Server, serving

pytestmark = pytest.mark.sockets

CONTENT = bytes(range(256)) * 4096  # 1 MiB
HALF = len(CONTENT) // 2
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server():
    with serving(CONTENT) as running:
        yield running


@pytest.fixture
def part(tmp_path) -> Path:
    return tmp_path / "brought" / "weights.pth.part"


def fetch(server: Server, part: Path) -> list[Received]:
    return list(download(server.url, part, sha256=SHA256, size=len(CONTENT)))


def begun(part: Path, content: bytes = CONTENT[:HALF]) -> None:
    part.parent.mkdir()
    part.write_bytes(content)


def test_a_whole_file_arrives_and_the_progress_ends_at_its_size(server, part):
    progress = fetch(server, part)
    assert part.read_bytes() == CONTENT
    assert progress[0] == Received(0, len(CONTENT))
    assert progress[-1] == Received(len(CONTENT), len(CONTENT))
    assert [step.there for step in progress] == sorted(step.there for step in progress)


def test_a_file_of_unknown_size_and_checksum_arrives(server, part):
    assert list(download(server.url, part))[-1].there == len(CONTENT)
    assert part.read_bytes() == CONTENT


def test_it_goes_on_from_what_is_there(server, part):
    begun(part)
    assert fetch(server, part)[0].there == HALF
    assert part.read_bytes() == CONTENT
    assert server.asked == [f"bytes={HALF}-"]


def test_a_server_without_ranges_is_asked_once_and_sends_all_anew(server, part):
    server.ranges = False
    begun(part, b"?" * HALF)
    assert fetch(server, part)[0].there == 0
    assert part.read_bytes() == CONTENT
    assert len(server.asked) == 1


def test_a_whole_part_is_only_checked(server, part):
    begun(part, CONTENT)
    assert fetch(server, part) == []
    assert server.asked == []


def test_a_whole_part_of_unknown_size_is_recognised_by_the_servers_answer(server, part):
    begun(part, CONTENT)
    assert list(download(server.url, part)) == []
    assert part.read_bytes() == CONTENT


def test_a_part_longer_than_the_servers_file_is_given_up(server, part):
    begun(part, CONTENT + b"more")
    with pytest.raises(FetchError, match="Fetch it anew"):
        list(download(server.url, part))
    assert not part.exists()


def test_a_wrong_checksum_is_said_and_nothing_is_left_to_go_on_from(server, part):
    server.content = CONTENT[:-1] + b"?"
    with pytest.raises(FetchError, match="checksum differs"):
        fetch(server, part)
    assert not part.exists()


def test_another_size_is_refused_before_a_byte_is_written(server, part):
    server.content = CONTENT * 2
    with pytest.raises(FetchError, match=r"2,097,152 bytes for weights.pth, where 1,048,576 are expected"):
        fetch(server, part)
    assert not part.exists()


def test_a_broken_connection_keeps_what_came_and_the_next_try_goes_on(server, part):
    server.breaks_after = HALF
    with pytest.raises(FetchError, match="broke after 524,288 of 1,048,576 bytes; they are kept"):
        fetch(server, part)
    assert part.read_bytes() == CONTENT[:HALF]
    assert len(server.asked) == 1, "it does not try again by itself"
    server.breaks_after = None
    fetch(server, part)
    assert part.read_bytes() == CONTENT
    assert server.asked[1:] == [f"bytes={HALF}-"]


def test_giving_up_keeps_what_came_and_the_next_try_goes_on(server, part):
    series = download(server.url, part, sha256=SHA256, size=len(CONTENT))
    assert next(series).there == 0
    came = next(series).there
    series.close()
    assert 0 < came < len(CONTENT)
    assert part.read_bytes() == CONTENT[:came]
    assert fetch(server, part)[0].there == came
    assert part.read_bytes() == CONTENT


def test_a_full_disk_is_said_before_the_download(server, part, monkeypatch):
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    with pytest.raises(FetchError, match=r"disk is full: weights.pth .*1,048,576 bytes are needed, 1,000"):
        fetch(server, part)
    assert not part.exists()


class SmallDisk(io.FileIO):
    """A file on a disk with room for half of it."""

    def write(self, data):
        if self.tell() + len(data) > HALF:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)


def test_a_disk_that_fills_up_keeps_what_fitted(server, part, monkeypatch):
    monkeypatch.setattr(Path, "open", lambda path, mode: SmallDisk(path, mode.replace("b", "")))
    with pytest.raises(
        FetchError, match=r"disk is full: weights.pth does not fit .*what came so far is kept"
    ):
        fetch(server, part)
    monkeypatch.undo()
    kept = part.read_bytes()
    assert kept
    assert CONTENT.startswith(kept)
    assert fetch(server, part)[0].there == len(kept)


def test_a_folder_that_cannot_be_made_is_named(server, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FetchError, match="UNMASK_ASSETS"):
        fetch(server, tmp_path / "file" / "weights.pth.part")


def test_a_redirect_is_followed(server, part):
    server.moved["/file"] = "/elsewhere"
    fetch(server, part)
    assert part.read_bytes() == CONTENT


@pytest.mark.parametrize("url", ["http://example.org/file", "file:///etc/passwd", "ftp://127.0.0.1/file"])
def test_what_is_not_https_is_refused_also_behind_a_redirect(server, part, url):
    with pytest.raises(FetchError, match="not https"):
        list(download(url, part))
    server.moved["/file"] = url
    with pytest.raises(FetchError, match=r"not https|not allowed"):
        fetch(server, part)


def test_an_endless_circle_of_redirects_ends(server, part):
    server.moved["/file"] = "/file"
    with pytest.raises(FetchError, match="302"):
        fetch(server, part)


def test_a_vanished_file_is_said_with_its_address(server, part):
    server.status = 404
    with pytest.raises(FetchError, match=f"127.0.0.1 answers 404 .*{server.url}"):
        fetch(server, part)


def test_without_a_network_it_says_so(part):
    with socket.socket() as closed:  # bound, never listening: connections are refused
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/file"
        with pytest.raises(FetchError, match=r"cannot be reached .*All else works without a network"):
            list(download(url, part))
