"""Lines of AIS sentences from a receiver: over UDP, from a TCP server, or out of a file."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from pathlib import Path

_CHUNK = 65_536
_LONGEST_TAIL = 4_096


def from_file(path: Path, *, lines: int = 500) -> Iterator[list[bytes]]:
    """Yield the lines of a plain or gzip file in groups; raises EOFError when gzip is cut off."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as file:
        group: list[bytes] = []
        for line in file:
            group.append(line)
            if len(group) == lines:
                yield group
                group = []
        if group:
            yield group


def from_udp(host: str, port: int, *, idle_s: float = 1.0) -> Iterator[list[bytes]]:
    """Yield the lines of each datagram, and an empty group after ``idle_s`` of silence."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind((host, port))
        receiver.settimeout(idle_s)
        while True:
            try:
                datagram, _ = receiver.recvfrom(_CHUNK)
            except TimeoutError:
                yield []
                continue
            yield datagram.splitlines()


def from_tcp(host: str, port: int, *, idle_s: float = 1.0) -> Iterator[list[bytes]]:
    """Yield lines as a TCP server sends them; ends when the server closes the connection."""
    with socket.create_connection((host, port), timeout=10) as connection:
        connection.settimeout(idle_s)
        tail = b""
        while True:
            try:
                chunk = connection.recv(_CHUNK)
            except TimeoutError:
                yield []
                continue
            if not chunk:
                break
            *whole, tail = (tail + chunk).split(b"\n")
            tail = tail[-_LONGEST_TAIL:]
            yield whole
        if tail:
            yield [tail]
