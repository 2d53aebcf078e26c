"""A web server on a free port that answers what a test tells it to."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase


@dataclass
class Answers:
    """What came in, and what to answer."""

    status: int = 200
    body: bytes = b"{}"
    location: str = ""
    is_endless: bool = False  # goes on sending a byte now and then until the other side leaves
    seen: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""


def drip(answer: BufferedIOBase) -> None:
    """Begin a header that never ends, one byte at a time."""
    with suppress(OSError):
        answer.write(b"X-Endless: ")
        while True:
            answer.write(b"x")
            time.sleep(0.02)


@contextmanager
def answering(status: int = 200) -> Iterator[Answers]:
    """Serve on 127.0.0.1 for the block."""
    answers = Answers(status)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            answers.seen.append((self.path, dict(self.headers), self.rfile.read(length)))
            self.send_response(answers.status)
            if answers.location:
                self.send_header("Location", answers.location)
            if answers.is_endless:
                drip(self.wfile)
                return
            self.send_header("Content-Length", str(len(answers.body)))
            self.end_headers()
            with suppress(OSError):  # whoever has heard enough hangs up
                self.wfile.write(answers.body)

        do_GET = do_POST  # noqa: N815 - the server's name

        def log_message(self, *given: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    answers.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield answers
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
