"""An installation whose answers are broken on the way, each so that one client must notice."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx

Break = Callable[[bytes], bytes]
PASSED_ON = ("Authorization", "Accept", "Host", "Content-Type")
# What is done to answers below an address, so that the client of this name must notice.
FLAWS: Mapping[str, tuple[str, Break]] = {
    # No page leads to the next one: whoever reads in pages reads less than there is.
    "gdal": ("/ogc/collections/cases", lambda body: body.replace(b'"rel":"next"', b'"rel":"last"')),
    "owslib": ("/ogc/conformance", lambda body: body.replace(b"conf/core", b"conf/cores")),
    "cap": ("/cap/", lambda body: body.replace(b"<scope>Restricted", b"<scope>Bogus")),
    # The number of a report is told to nobody: what was filed cannot be asked for.
    "three": ("/open311/requests.", lambda body: body.replace(b"service_request_id", b"number")),
    # A word that the specification does not know.
    "open311": ("/open311/services.xml", lambda body: body.replace(b">true<", b">yes<")),
}


@contextlib.contextmanager
def broken(url: str, path: str, flaw: Break) -> Iterator[str]:
    """Serve ``url`` on another port, with a flaw in the answers below ``path``."""

    class Passing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._pass_on(b"")

        def do_POST(self) -> None:
            self._pass_on(self.rfile.read(int(self.headers["Content-Length"])))

        def _pass_on(self, sent: bytes) -> None:
            told = {name: self.headers[name] for name in PASSED_ON if name in self.headers}
            answer = httpx.request(
                self.command, url + self.path, headers=told, content=sent, trust_env=False,
                timeout=30,
            )  # fmt: skip
            body = flaw(answer.content) if self.path.startswith(path) else answer.content
            self.send_response(answer.status_code)
            for name in ("Content-Type", "Location", "WWW-Authenticate"):
                if name in answer.headers:
                    self.send_header(name, answer.headers[name])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_told: object) -> None:
            """Say nothing: the client tells what it found."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Passing)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
