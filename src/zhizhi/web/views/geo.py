"""What the map fetches once, areas and zones; and the whole map as a drawing."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from zhizhi.trust.scoping import Scope
from zhizhi.web import places
from zhizhi.web.access import CASE_READERS, DESK_READERS, for_roles
from zhizhi.web.compressing import compressed
from zhizhi.web.exporting.colours import THEMES
from zhizhi.web.exporting.drawing import district_map
from zhizhi.web.queue import QueueFilter


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
    answer = compressed(request, body, "application/geo+json")
    answer["ETag"] = tag
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


@require_GET
@for_roles(*DESK_READERS)
def drawing(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Return the desk's map as a drawing: for whoever has no script."""
    asked = request.GET.get("theme", "")
    theme = asked if asked in THEMES else "light"
    wanted, is_small = QueueFilter.of(request.GET), request.GET.get("size") == "small"
    drawn = district_map(scope, wanted, now=timezone.now(), theme=theme, is_small=is_small)
    answer = HttpResponse(drawn, content_type="image/svg+xml; charset=utf-8")
    answer["Cache-Control"] = "private, no-store"
    return answer
