"""Pages are sent compressed: without a proxy in front, a slow line is what people wait for."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware

KINDS = frozenset({"text/html", "image/svg+xml"})


class CompressingMiddleware(GZipMiddleware):
    """Compresses documents and drawings, padded at random so that their size tells no secret.

    Streams must not wait for a compressor, and what two hundred desks fetch after every change is
    dearer to compress than to send; neither is touched.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        if response.streaming or kind not in KINDS:
            return response
        return super().process_response(request, response)
