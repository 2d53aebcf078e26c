"""Pages are sent compressed: without a proxy in front, a slow line is what people wait for."""

from __future__ import annotations

import gzip

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware

KINDS = frozenset({"text/html", "image/svg+xml"})


class CompressingMiddleware(GZipMiddleware):
    """Compresses documents and drawings, padded at random so that their size tells no secret.

    Streams must not wait for a compressor, and answers that many fetch are compressed once for all
    (``compressed``); neither is touched.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        if response.streaming or kind not in KINDS:
            return response
        return super().process_response(request, response)


def compressed(request: HttpRequest, body: bytes, kind: str) -> HttpResponse:
    """Answer with a body that is compressed already; plain where the browser cannot read it."""
    can_read = "gzip" in request.headers.get("Accept-Encoding", "")
    answer = HttpResponse(body if can_read else gzip.decompress(body), content_type=kind)
    if can_read:
        answer["Content-Encoding"] = "gzip"
    answer["Vary"] = "Accept-Encoding"
    return answer
