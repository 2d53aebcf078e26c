"""What is sent compressed, and what is not."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping

import pytest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import Client, RequestFactory

from zhizhi.web.compressing import CompressingMiddleware


def answered(response: HttpResponse | StreamingHttpResponse, accepts: str = "gzip") -> object:
    request: HttpRequest = RequestFactory().get("/", headers={"accept-encoding": accepts})
    return CompressingMiddleware(lambda _request: response)(request)


@pytest.mark.parametrize(
    ("kind", "size", "is_compressed"),
    [("text/html; charset=utf-8", 199, False), ("text/html; charset=utf-8", 200, True),
     ("image/svg+xml", 5000, True), ("application/json", 5000, False),
     ("application/pdf", 5000, False)],
)  # fmt: skip
def test_documents_of_some_length_are_compressed(kind: str, size: int, is_compressed: bool) -> None:
    answer = answered(HttpResponse("x" * size, content_type=kind))

    assert isinstance(answer, HttpResponse)
    assert ("Content-Encoding" in answer.headers) is is_compressed
    content = gzip.decompress(answer.content) if is_compressed else answer.content
    assert content == b"x" * size


def test_whoever_cannot_read_it_gets_it_plain() -> None:
    answer = answered(HttpResponse("x" * 5000, content_type="text/html"), accepts="")

    assert isinstance(answer, HttpResponse)
    assert "Content-Encoding" not in answer.headers


def test_a_stream_is_never_held_up() -> None:
    answer = answered(StreamingHttpResponse(iter([b"x" * 500]), content_type="text/html"))

    assert isinstance(answer, StreamingHttpResponse)
    assert "Content-Encoding" not in answer.headers


def sent(path: str) -> tuple[Mapping[str, str], bytes]:
    answer = Client().get(path, headers={"accept-encoding": "gzip"})
    content = b"".join(answer)
    answer.close()
    return answer.headers, content


@pytest.mark.django_db  # the end of a request looks after connections
@pytest.mark.parametrize("name", ["app.css", "desk.js"])
def test_built_files_are_sent_compressed(name: str) -> None:
    headers, content = sent(f"/static/web/build/{name}")

    assert headers["Content-Encoding"] == "gzip"
    assert len(gzip.decompress(content)) > len(content) > 200


@pytest.mark.django_db
def test_a_file_whose_name_tells_its_content_is_kept_for_ever() -> None:
    headers, content = sent("/static/web/build/page.js")
    part = re.findall(r"part-[A-Z0-9]+[.]js", gzip.decompress(content).decode())[0]

    assert "immutable" in sent(f"/static/web/build/{part}")[0]["Cache-Control"]
    assert "immutable" not in headers["Cache-Control"]
