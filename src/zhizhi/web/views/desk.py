"""The desk: queue, map and detail on one screen."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from zhizhi.engine.models import Case, Severity
from zhizhi.trust.scoping import Scope
from zhizhi.web import queue
from zhizhi.web.access import DESK_READERS, for_roles
from zhizhi.web.facts import case_facts
from zhizhi.web.places import areas_url, bounds_of


@require_GET
@for_roles(*DESK_READERS)
def desk(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Show the queue that the address asks for, the map, and the chosen case."""
    now = timezone.now()
    wanted = queue.QueueFilter.of(request.GET)
    chosen = request.GET.get("case", "")
    case = (
        Case.objects.visible_to(scope).filter(pk=int(chosen)).first() if chosen.isdigit() else None
    )
    context = {
        **queue.rows(scope, wanted, now=now),
        "wanted": wanted,
        "states": [("live", None), *Case.State.choices, ("all", None)],
        "severities": Severity.choices,
        "bounds": json.dumps(bounds_of(scope)),
        "areas_url": areas_url(),
        "chosen": case.pk if case else None,
        **(case_facts(request, scope, case, now=now) if case else {}),
    }
    return render(request, "web/desk.html", context)


@require_GET
@for_roles(*DESK_READERS)
def queue_part(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Return the rows alone, for the live page."""
    wanted = queue.QueueFilter.of(request.GET)
    context = queue.rows(scope, wanted, now=timezone.now())
    chosen = request.GET.get("case", "")
    context |= {"chosen": int(chosen) if chosen.isdigit() else None, "wanted": wanted}
    return render(request, "web/parts/queue.html", context)
