"""What the map fetches."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from zhizhi.directory.models import Unit
from zhizhi.trust.scoping import Scope
from zhizhi.web import places, queue
from zhizhi.web.access import DESK_READERS, for_roles


@require_GET
@for_roles(*DESK_READERS)
def areas(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Return the grid cells; unchanged ones are answered with 304."""
    stamp = places.current_stamp()
    tag = f'"{stamp}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified()
    answer = HttpResponse(places.grid_shapes(stamp), content_type="application/geo+json")
    answer["ETag"] = tag
    answer["Cache-Control"] = "private, max-age=86400"
    return answer


@require_GET
@for_roles(*DESK_READERS)
def counts(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Return the number of live cases by grid cell."""
    return JsonResponse(places.counts(scope))


@require_GET
@for_roles(*DESK_READERS)
def zones(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Return the zones in force."""
    return JsonResponse(places.zone_shapes(timezone.now()))


@require_GET
@for_roles(*DESK_READERS)
def alerts(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Return the cases of the queue as columns of points."""
    wanted = queue.QueueFilter.of(request.GET)
    rank = {"urgent": 0, "important": 1, "normal": 2}
    cases = list(queue.cases_of(scope, wanted).values_list("pk", "lon", "lat", "severity")[:5000])
    return JsonResponse(
        {
            "id": [row[0] for row in cases],
            "lon": [row[1] for row in cases],
            "lat": [row[2] for row in cases],
            "kind": [rank[row[3]] for row in cases],
        }
    )


@require_GET
@for_roles(*DESK_READERS)
def units(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Return the units as columns of points; kind 1 is busy."""
    found = list(
        places.units_in(scope)
        .exclude(status=Unit.Status.OFF_DUTY)
        .values_list("pk", "lon", "lat", "status")
    )
    return JsonResponse(
        {
            "id": [row[0] for row in found],
            "lon": [row[1] for row in found],
            "lat": [row[2] for row in found],
            "kind": [int(row[3] != Unit.Status.AVAILABLE) for row in found],
        }
    )
