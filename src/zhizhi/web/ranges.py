"""Sending a part of a file: some browsers play sound only from servers that can (RFC 9110, 14)."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse

_RANGE = re.compile(r"bytes=(\d{0,12})-(\d{0,12})")


def ranged(request: HttpRequest, content: bytes, *, content_type: str) -> HttpResponse:
    """Answer with all of ``content``, or with the one range that is asked for."""
    wanted = _RANGE.fullmatch(request.headers.get("Range", ""))
    size = len(content)
    if wanted is None or wanted[0] == "bytes=-":
        answer = HttpResponse(content, content_type=content_type)
    elif (part := _part(wanted[1], wanted[2], size)) is None:
        answer = HttpResponse(status=416)
        answer["Content-Range"] = f"bytes */{size}"
    else:
        first, last = part
        answer = HttpResponse(content[first : last + 1], content_type=content_type, status=206)
        answer["Content-Range"] = f"bytes {first}-{last}/{size}"
    answer["Accept-Ranges"] = "bytes"
    answer["Cache-Control"] = "private, no-store"
    answer["Content-Disposition"] = "inline"
    return answer


def _part(first: str, last: str, size: int) -> tuple[int, int] | None:
    """Return the first and last byte of a range; None where the file has none of them."""
    if not first:
        length = min(int(last), size)
        return (size - length, size - 1) if length else None
    start, end = int(first), min(int(last) if last else size - 1, size - 1)
    return (start, end) if start <= end else None
