"""Pages as PDF: text that can be found again, our own pictures, and nothing from outside."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader

from zhizhi.web.exporting import paper

PAGE = '<html lang="zh"><title>t</title><body><p>禁渔区内停留超过三十分钟</p>{}</body></html>'


def read(body: str = "", **pictures: bytes) -> PdfReader:
    return PdfReader(BytesIO(paper.pdf(PAGE.format(body), pictures)))


def red() -> bytes:
    out = BytesIO()
    Image.new("RGB", (20, 10), (200, 10, 10)).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def door() -> Iterator[socket.socket]:
    """A socket that listens on this machine; who asks it for a page is noticed."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


def test_chinese_text_can_be_taken_out_again() -> None:
    assert "禁渔区内停留超过三十分钟" in read().pages[0].extract_text()


def test_a_picture_that_came_with_the_page_is_in_it_once_named() -> None:
    pictures = {"photo-1": red()}

    shown = PdfReader(BytesIO(paper.pdf(PAGE.format('<img src="zhizhi:photo-1">'), pictures)))
    other = PdfReader(BytesIO(paper.pdf(PAGE.format('<img src="zhizhi:photo-2">'), pictures)))

    assert len(shown.pages[0].images) == 1
    assert len(other.pages[0].images) == 0


@pytest.mark.parametrize(
    "body",
    ['<img src="http://127.0.0.1:{port}/a.jpg">',
     '<link rel="stylesheet" href="http://127.0.0.1:{port}/a.css">',
     '<style>@import "http://127.0.0.1:{port}/a.css"; p {{ background: '
     'url(http://127.0.0.1:{port}/b.png) }} @font-face {{ font-family: x; '
     'src: url(http://127.0.0.1:{port}/c.woff) }} p {{ font-family: x }}</style>',
     '<img src="data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22%3E%3Cimage '
     'href=%22http://127.0.0.1:{port}/d.png%22/%3E%3C/svg%3E">'],
)  # fmt: skip
def test_a_page_asks_nobody_for_anything(body: str, door: socket.socket) -> None:
    read(body.format(port=door.getsockname()[1]))

    with pytest.raises(BlockingIOError):
        door.accept()


def test_no_file_of_the_machine_gets_into_a_page(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(red())
    address = (tmp_path / "secret.jpg").as_uri()

    found = read(f'<img src="{address}"><link rel="attachment" href="{address}">')

    assert len(found.pages[0].images) == 0
    assert found.attachments == {}


@pytest.mark.parametrize("error", ["OSError('libpango-1.0.so.0')", "ImportError('cffi')"])
def test_a_missing_library_is_told_and_prints_nothing_into_the_output(
    error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "weasyprint.py").write_text(f"print('advice')\nraise {error}\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)

    with pytest.raises(paper.PaperMissing, match=r"libpango|cffi"):
        paper.load()

    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("script", "has"), [("echo Noto", True), ("true", False), ("exit 3", True)]
)
def test_a_chinese_font_is_looked_for_where_fonts_can_be_listed(
    script: str, has: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lister = tmp_path / "fc-list"
    lister.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    lister.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    assert paper.has_chinese_font() is has


def test_without_a_list_of_fonts_nobody_complains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert paper.has_chinese_font()
