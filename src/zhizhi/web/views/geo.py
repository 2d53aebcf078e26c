"""What the map fetches once: areas and zones."""

from __future__ import annotations

import gzip

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from zhizhi.trust.scoping import Scope
from zhizhi.web import places
from zhizhi.web.access import CASE_READERS, for_roles


@require_GET
@for_roles(*CASE_READERS)
def areas(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Return grid cells and towns."""
    return area_answer(request)


def area_answer(request: HttpRequest) -> HttpResponse:
    """Answer with the drawn areas; unchanged ones are answered with 304."""
    version = places.area_version()
    tag = f'"{version}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified()
    body = places.area_shapes(version)
    is_compressed = "gzip" in request.headers.get("Accept-Encoding", "")
    answer = HttpResponse(
        body if is_compressed else gzip.decompress(body), content_type="application/geo+json"
    )
    if is_compressed:
        answer["Content-Encoding"] = "gzip"
    answer["ETag"] = tag
    answer["Vary"] = "Accept-Encoding"
    answer["Cache-Control"] = "private, max-age=86400"
    return answer


@require_GET
@for_roles(*CASE_READERS)
def zones(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Return the zones in force."""
    return zone_answer()


def zone_answer() -> HttpResponse:
    """Answer with the zones in force."""
    return JsonResponse(places.zone_shapes(timezone.now()))
