"""A small web server on this machine that misbehaves on demand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread


class Server(ThreadingHTTPServer):
    """Serves `content` at any path.

    Attributes:
        ranges: Whether it honours a Range.
        breaks_after: Bytes of an answer after which it hangs up; None for never.
        moved: Paths -> where they redirect to.
        status: What it answers with instead of the content.
        asked: The Range of each request so far, "" for none.
        gate: While it is not set, an answer stops half way.
    """

    daemon_threads = False  # so that closing waits for the threads that answer

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.ranges, self.breaks_after = content, True, None
        self.moved: dict[str, str] = {}
        self.status = 200
        self.asked: list[str] = []
        self.gate = Event()
        self.gate.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/file"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server = self.server
        if self.path in server.moved:
            return self._head(302, 0, Location=server.moved[self.path])
        asked = self.headers.get("Range", "")
        server.asked.append(asked)
        if server.status != 200:
            return self._head(server.status, 0)
        start = int(re.findall(r"\d+", asked)[0]) if asked and server.ranges else 0
        length = len(server.content)
        if start >= length > 0:
            return self._head(416, 0, **{"Content-Range": f"bytes */{length}"})
        body = server.content[start:]
        if start:
            self._head(206, len(body), **{"Content-Range": f"bytes {start}-{length - 1}/{length}"})
        else:
            self._head(200, len(body))
        self.wfile.write(body[: server.breaks_after][: len(body) // 2])
        self.wfile.flush()
        server.gate.wait()
        self.wfile.write(body[: server.breaks_after][len(body) // 2 :])
        self.close_connection = True
        return None

    def _head(self, status: int, length: int, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on stderr."""


@contextmanager
def serving(content: bytes) -> Iterator[Server]:
    """A server until the end of the block."""
    with Server(content) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.gate.set()
            server.shutdown()
            thread.join()
