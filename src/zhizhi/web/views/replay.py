"""Replay: the desk's screen at any past moment, and what happened next."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from zhizhi.engine import zone_history
from zhizhi.trust.scoping import Scope
from zhizhi.web import places
from zhizhi.web.access import DESK_READERS, actor_of, for_roles
from zhizhi.web.digits import whole_number
from zhizhi.web.looking import is_new_look
from zhizhi.web.replay import marks, moments, vessels
from zhizhi.web.replay.detail import detail
from zhizhi.web.replay.moments import HOUR, MINUTE, History
from zhizhi.web.replay.screen import PastFilter, screen

SPEEDS = (1, 10, 60, 300, 600)
PARTS = {
    "queue": "web/replay/queue.html",
    "tabs": "web/parts/tabs.html",
    "board-head": "web/parts/board_head.html",
    "board-rows": "web/replay/board.html",
    "detail": "web/replay/detail.html",
    "clock": "web/replay/clock.html",
    "steps": "web/replay/steps.html",
    "marks": "web/replay/marks.html",
}


@require_GET
@for_roles(*DESK_READERS)
def replay(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Show the screen of the moment that the address asks for; without one, of now."""
    history = History.until(timezone.now())
    context = _context(request, scope, history)
    context |= {
        "bounds": json.dumps(places.bounds_of(scope)),
        "areas_url": places.areas_url(),
        "first": history.first,
        "last": history.last,
        "bars": marks.strip(scope, history),
        "speeds": SPEEDS,
    }
    return render(request, "web/replay.html", context)


@require_GET
@for_roles(*DESK_READERS)
def then(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Return what has to be drawn for another moment: parts of the page, and the map's points."""
    context = _context(request, scope, History.until(timezone.now()))
    body = {
        "at": context["written"],
        "seconds": context["seconds"],
        "most": context["most"],
        "parts": {name: render_to_string(template, context) for name, template in PARTS.items()},
        "counts": {str(pk): count for pk, count in context["grids"].items()},
        "alerts": context["places"],
        "units": context["board"]["points"],
        "vessels": vessels.points(context["seen"]),
        "zones": _zone_mark(context["at"]),
    }
    answer = HttpResponse(orjson.dumps(body), content_type="application/json")
    answer["Cache-Control"] = "private, no-store"
    return answer


@require_GET
@for_roles(*DESK_READERS)
def zones(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Return the zones that were in force at the moment."""
    at = History.until(timezone.now()).moment(request.GET.get("at", ""))
    answer = JsonResponse(places.zone_shapes(at, zone_history.in_force_at(at)))
    answer["Cache-Control"] = "private, no-store"
    return answer


def _context(request: HttpRequest, scope: Scope, history: History) -> dict[str, Any]:
    at = history.moment(request.GET.get("at", ""))
    written = moments.write(at)
    state, severity = request.GET.get("state", ""), request.GET.get("severity", "")
    wanted = PastFilter.then(state, severity, written)
    pk = whole_number(request.GET.get("case", ""))
    chosen = detail(scope, pk, at=at) if pk else {}
    shows = bool(chosen) and request.GET.get("seen") == "1"
    return {
        **screen(scope, wanted, at=at),
        **chosen,
        "wanted": wanted,
        "chosen": pk if chosen else None,
        "is_early": pk is not None and not chosen,
        "at": at,
        "written": written,
        "seconds": round((at - history.first).total_seconds()),
        "most": round((history.last - history.first).total_seconds()),
        "is_present": at == history.last,
        "steps": _steps(history, at),
        "marks": marks.around(scope, at, case=pk if chosen else None),
        "shows_seen": shows,
        "seen": _seen(request, chosen["case"], at) if shows else [],
    }


def _zone_mark(at: datetime) -> str:
    """Return what changes with the drawing of the zones: their versions, and the day of seasons."""
    known = zone_history.in_force_at(at, but=("boundary",))
    told = [places.day_of(at), [(zone.key, zone.version) for zone in known]]
    return hashlib.sha256(orjson.dumps(told)).hexdigest()[:16]


def _seen(request: HttpRequest, case: Any, at: datetime) -> list[dict[str, Any]]:
    """Return who was last seen around the case, and leave a trace of the look."""
    now = timezone.now()
    if is_new_look(request, "replay", case.pk, now):
        vessels.leave_trace(case, at=at, by=actor_of(request), now=now)
    return vessels.last_seen(case, at=at)


def _steps(history: History, at: datetime) -> list[dict[str, Any]]:
    """Return the links that move the moment without a script."""
    named = [
        (_("To the beginning"), "Home", history.first),
        (_("1 h back"), "PageDown", at - HOUR),
        (_("1 min back"), "←", at - MINUTE),
        (_("1 min on"), "→", at + MINUTE),
        (_("1 h on"), "PageUp", at + HOUR),
        (_("To now"), "End", history.last),
    ]
    return [
        {"label": label, "key": key, "written": moments.write(history.held(moment))}
        for label, key, moment in named
    ]
