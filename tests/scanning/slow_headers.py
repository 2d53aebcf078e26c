"""``python -m tests.scanning.slow_headers``: many connections that send a header byte by byte.

They hold the web process's connections open for as long as they like (Slowloris); whoever asks
meanwhile must be answered as quickly as ever: 99 of 100 within a second.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from tests.browser.server import serve
from tests.scanning.visiting import visitor

BEGINNING = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
A_BYTE_EVERY_S = 2.0
WITHIN_S = 1.0
SHARE = 0.99
PAGES = ("/healthz", "/desk/")


class Slow:
    """Connections that have begun a request and never end it."""

    def __init__(self, port: int, count: int) -> None:
        self.sockets = [socket.create_connection(("127.0.0.1", port)) for _one in range(count)]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._drip, daemon=True)

    def __enter__(self) -> Slow:
        for one in self.sockets:
            one.sendall(BEGINNING)
        self._thread.start()
        return self

    def __exit__(self, *_told: object) -> None:
        self._over.set()
        self._thread.join()
        for one in self.sockets:
            one.close()

    def _drip(self) -> None:
        while not self._over.wait(A_BYTE_EVERY_S):
            for one in self.sockets:
                with contextlib.suppress(OSError):
                    one.sendall(b"a")

    def held(self) -> int:
        """Return how many connections the server still keeps open, without an answer."""
        return sum(self._is_held(one) for one in self.sockets)

    @staticmethod
    def _is_held(one: socket.socket) -> bool:
        one.setblocking(False)
        try:
            return one.recv(1) == b"\0"  # anything read is an answer or the end
        except BlockingIOError:
            return True
        except OSError:
            return False
        finally:
            one.setblocking(True)


def waits(client: httpx.Client, path: str, times: int) -> Iterator[float]:
    """Ask ``times`` times on new connections; yields how long each good answer took, else inf."""
    for _time in range(times):
        began = time.perf_counter()
        try:
            answer = client.get(path, headers={"Connection": "close"})
            is_good = answer.status_code == 200
        except httpx.HTTPError:
            is_good = False
        yield time.perf_counter() - began if is_good else float("inf")


def told(label: str, found: list[float]) -> dict[str, object]:
    """Return what ``found`` amounts to: the share in time, the middle and the longest."""
    ordered = sorted(found)
    within = sum(one < WITHIN_S for one in found) / len(found)
    return {
        "asked": label, "answers": len(found), "within_1_s": within,
        "median_ms": round(ordered[len(ordered) // 2] * 1000), "worst_ms": round(
            min(ordered[-1], 999.0) * 1000
        ), "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip


def trial(url: str, *, connections: int, times: int) -> bool:
    """Ask alone and beside slow connections; says whether 99 of 100 answers came in time."""
    client, is_good = visitor(url, "operator"), True
    for path in PAGES:
        print(json.dumps(told(f"{path} alone", list(waits(client, path, times)))), flush=True)
    with Slow(int(url.rpartition(":")[2]), connections) as slow:
        time.sleep(2 * A_BYTE_EVERY_S)
        for path in PAGES:
            line = told(f"{path} beside", list(waits(client, path, times)))
            is_good = is_good and float(str(line["within_1_s"])) >= SHARE
            print(json.dumps({**line, "held": slow.held()}), flush=True)
    return is_good


def main() -> int:
    """Return 0 when 99 of 100 answers of each page come within a second."""
    parser = argparse.ArgumentParser(prog="tests.scanning.slow_headers", description=__doc__)
    parser.add_argument("--connections", type=int, default=300)
    parser.add_argument("--times", type=int, default=100)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, serve(Path(home)) as server:
        return int(not trial(server.url, connections=chosen.connections, times=chosen.times))


if __name__ == "__main__":
    sys.exit(main())
