"""No test reaches the network; those of fetching reach this machine."""

from __future__ import annotations

import socket

import pytest


@pytest.mark.parametrize("marked", [False, pytest.param(True, marks=pytest.mark.sockets)])
def test_no_test_can_reach_another_machine(marked: bool):
    with socket.socket() as asking, pytest.raises(AssertionError, match="asked the network"):
        asking.connect(("192.0.2.1", 80))


def test_a_test_that_is_not_of_fetching_cannot_serve_either():
    with socket.socket() as serving, pytest.raises(AssertionError, match="asked the network"):
        serving.bind(("127.0.0.1", 0))


@pytest.mark.sockets
def test_tests_of_fetching_reach_this_machine():
    with socket.socket() as serving, socket.socket() as asking:
        serving.bind(("127.0.0.1", 0))
        serving.listen()
        asking.connect(serving.getsockname())
