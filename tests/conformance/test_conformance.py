"""The tool itself: a client that is missing, fails or says nothing has not passed."""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest

from tests.conformance import __main__ as tool
from tests.conformance import clients
from tests.conformance.breaking import FLAWS, broken
from tests.conformance.clients import CLIENTS, MISSING, Verdict, ask

Client = Callable[[str], Path]


@pytest.fixture
def client(tmp_path: Path) -> Client:
    """Make a program that stands for the interpreter of the clients and runs these words."""

    def made(words: str) -> Path:
        program = tmp_path / "python"
        program.write_text(f"#!{sys.executable}\n{words}\n", encoding="utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return program

    return made


@pytest.mark.parametrize(
    ("words", "is_good", "told"),
    [
        ("print('all read')", True, "all read"),
        ("", False, "said nothing"),
        ("print('half'); raise SystemExit('no next page')", False, "no next page"),
        ("assert 0, 'two cases alike'", False, "AssertionError: two cases alike"),
    ],
)
def test_a_client_has_passed_when_it_ends_well_and_says_so(
    words: str, is_good: bool, told: str, client: Client
) -> None:
    verdict = ask("gdal", "http://127.0.0.1:1", "x", python=client(words))

    assert (verdict.is_good, verdict.told) == (is_good, told)


def test_a_client_that_is_not_installed_has_failed(tmp_path: Path) -> None:
    verdict = ask("cap", "http://127.0.0.1:1", "x", python=tmp_path / "nobody")

    assert str(verdict) == f"FAILED  cap: {MISSING}"


def test_a_client_that_takes_too_long_has_failed(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "WITHIN_S", 0.3)
    slow = client("import time; time.sleep(9)")

    assert not ask("gdal", "http://127.0.0.1:1", "x", python=slow).is_good


@pytest.mark.parametrize("failing", [*CLIENTS, ""])
def test_one_that_fails_fails_all(failing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        tool, "ask", lambda name, *_told: Verdict(name, is_good=name != failing, told="")
    )

    assert tool.passes("", "") is (failing == "")


@pytest.mark.parametrize(
    ("verdict", "has_noticed"),
    [((False, "two alike"), True), ((True, "all read"), False), ((False, MISSING), False)],
)
def test_a_broken_answer_has_to_be_noticed_by_who_is_there(
    verdict: tuple[bool, str], has_noticed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tool, "ask", lambda name, *_told: Verdict(name, *verdict))

    assert tool.notices("http://127.0.0.1:1", "") is has_noticed


class Plain(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"conf/core of " + self.headers["Host"].encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_told: object) -> None:
        pass


@pytest.fixture
def plain() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Plain)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_answer_is_broken_at_its_address_alone(plain: str) -> None:
    path, flaw = FLAWS["owslib"]

    with broken(plain, path, flaw) as url:
        host = url.removeprefix("http://")
        assert httpx.get(url + path, trust_env=False).text == f"conf/cores of {host}"
        assert httpx.get(f"{url}/ogc/", trust_env=False).text == f"conf/core of {host}"


def test_every_client_has_an_answer_broken_for_it() -> None:
    assert set(FLAWS) == set(CLIENTS)
    assert all(path.is_file() for path in CLIENTS.values())
