"""The wall: one screen that shows how a part of the district is doing; nothing is done from it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import orjson
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from zhizhi.directory.models import WallPass
from zhizhi.trust.scoping import Scope
from zhizhi.web import places
from zhizhi.web.live import newest_seq, stream
from zhizhi.web.snapshot import Snapshots
from zhizhi.web.views import geo
from zhizhi.web.views.events import last_heard, server_sent
from zhizhi.web.wall import admission, scenes
from zhizhi.web.wall.admission import NotAdmitted, for_walls
from zhizhi.web.wall.figures import whole
from zhizhi.web.wall.outline import outline

_snapshots = Snapshots()
THEMES = ("dark", "light")
BEAT_S = 3.0  # how long the stream of a withdrawn pass may go on
YEAR_S = 31_536_000
REST = 9.0  # a wall's numbers take at most a tenth of the machine, however many cases there are


@require_GET
def wall(request: HttpRequest) -> HttpResponse:
    """Show the wall; a token in the address becomes a cookie, so that nobody reads it there."""
    token, theme = request.GET.get("token", ""), request.GET.get("theme", "")
    if token:
        return _enter(request, token)
    if theme in THEMES:
        answer = redirect("web:wall")
        answer.set_cookie(
            "wall-theme", theme, YEAR_S, path=admission.PATH, samesite="Lax", httponly=True
        )
        return answer
    return _show(request)


def _enter(request: HttpRequest, token: str) -> HttpResponse:
    row = admission.admitted_by(token)
    if isinstance(row, NotAdmitted):
        return admission.refused(request, row)
    answer = redirect("web:wall")
    admission.remember(answer, row)
    answer["Cache-Control"] = "no-store"
    return answer


def _show(request: HttpRequest) -> HttpResponse:
    row = admission.admitted(request)
    if isinstance(row, NotAdmitted):
        return admission.refused(request, row)
    after, now, scope = newest_seq(), timezone.now(), row.scope()
    theme = request.COOKIES.get("wall-theme", "")
    facts = scenes.facts(scope, row.area, now=now)
    points = places.alert_points(scope, whole(row.area), now=now)
    context = {
        **facts,
        "outline": outline(row.area, facts["places"]["found"], points),
        "scenes": scenes.SCENES,
        "row": row,
        "after": after,
        "wall_theme": theme if theme in THEMES else THEMES[0],
        "other_theme": THEMES[theme != THEMES[1]],
        "bounds": json.dumps(places.box(row.area)),
        "areas_url": places.areas_url("web:wall-areas"),
        "time_zone": settings.TIME_ZONE,
        "built": built(),
    }
    answer = render(request, "web/wall.html", context)
    admission.remember(answer, row)
    answer["Cache-Control"] = "no-store"
    return answer


@cache
def built() -> str:
    """Return which build of the script this process serves: a page with another loads itself."""
    found = finders.find("web/build/wall.js")
    return str(Path(found).stat().st_mtime_ns) if isinstance(found, str) else ""


@require_GET
@for_walls
def now(request: HttpRequest, row: WallPass, scope: Scope) -> HttpResponse:
    """Return what has changed on the wall, and the time."""
    key = (row.area.path, get_language())
    body = _snapshots.get(
        key,
        newest_seq(),
        lambda: orjson.dumps(scenes.snapshot(scope, row.area, now=timezone.now())),
        rest=REST,
    )
    answer = HttpResponse(body, content_type="application/json")
    answer["X-Built"] = built()
    answer["X-Now"] = str(round(timezone.now().timestamp() * 1000))
    answer["Cache-Control"] = "no-store"
    return answer


@require_GET
async def events(request: HttpRequest) -> HttpResponseBase:
    """Stream what changes in the area of the pass; ends within seconds when it is withdrawn."""
    row = await sync_to_async(admission.admitted)(request)
    if isinstance(row, NotAdmitted):
        return HttpResponse(status=403)
    listened = stream(
        row.scope(),
        last_heard(request),
        renewed=lambda: admission.scope_now(row.pk),
        beat_s=BEAT_S,
    )
    return server_sent(listened)


@require_GET
@for_walls
def areas(request: HttpRequest, row: WallPass, scope: Scope) -> HttpResponse:
    """Return grid cells, towns and waters for the map."""
    return geo.area_answer(request)


@require_GET
@for_walls
def zones(request: HttpRequest, row: WallPass, scope: Scope) -> HttpResponse:
    """Return the zones in force for the map."""
    return geo.zone_answer()
