"""What holds for every test: nothing is asked of the network, and none fails for being slow."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("any machine", deadline=None, suppress_health_check=(HealthCheck.too_slow,))
settings.load_profile("any machine")

HERE = ("127.0.0.1", "::1", "localhost")


@pytest.fixture(autouse=True)
def no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Internet sockets are refused; tests marked `sockets`, of fetching, may talk to this machine alone."""
    own = request.node.get_closest_marker("sockets") is not None

    def guarded(name: str) -> Any:
        real = getattr(socket.socket, name)

        def call(this: socket.socket, address: Any, *rest: Any) -> Any:
            internet = this.family in (socket.AF_INET, socket.AF_INET6)
            if internet and not (own and address[0] in HERE):
                raise AssertionError(f"a test asked the network: {name} {address}")
            return real(this, address, *rest)

        return call

    for name in ("connect", "connect_ex", "bind"):
        monkeypatch.setattr(socket.socket, name, guarded(name))
