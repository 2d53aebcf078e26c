from __future__ import annotations

import gzip
import socket
import threading
from pathlib import Path

import pytest

from zhizhi.sources.ais import listening


def test_a_file_is_read_in_groups_of_lines(tmp_path: Path) -> None:
    path = tmp_path / "log.nmea"
    path.write_bytes(b"one\ntwo\nthree\n")
    assert list(listening.from_file(path, lines=2)) == [[b"one\n", b"two\n"], [b"three\n"]]


def test_a_gzip_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.nmea.gz"
    path.write_bytes(gzip.compress(b"one\ntwo\n" * 1000)[:-12])
    with pytest.raises(EOFError):
        list(listening.from_file(path))


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_datagrams_are_split_into_lines_and_silence_gives_an_empty_group() -> None:
    port = free_port()
    lines = listening.from_udp("127.0.0.1", port, idle_s=0.05)
    assert next(lines) == []

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"one\r\ntwo\r\n", ("127.0.0.1", port))

    assert next(lines) == [b"one", b"two"]
    lines.close()  # type: ignore[attr-defined]


def test_a_line_that_arrives_in_two_pieces_is_joined() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        port = server.getsockname()[1]

        def speak() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"one\ntw")
                connection.sendall(b"o\nthree")

        speaker = threading.Thread(target=speak)
        speaker.start()
        got = [line for group in listening.from_tcp("127.0.0.1", port) for line in group]
        speaker.join()
    assert got == [b"one", b"two", b"three"]
