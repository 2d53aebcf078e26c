"""The desk: queue, map, units and detail on one screen."""

from __future__ import annotations

import json

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from zhizhi.directory.models import SavedView
from zhizhi.engine.models import Case, Macro
from zhizhi.trust.scoping import Scope
from zhizhi.web import desk_now, places, queue
from zhizhi.web.access import DESK_READERS, Role, account_of, actor_of, for_roles
from zhizhi.web.board import board
from zhizhi.web.compressing import compressed
from zhizhi.web.digits import whole_number
from zhizhi.web.facts import case_facts
from zhizhi.web.live import newest_seq
from zhizhi.web.looking import note_report
from zhizhi.web.queue import Window
from zhizhi.web.unit_filter import UnitFilter
from zhizhi.web.views.saved import desk_at


@require_GET
@for_roles(*DESK_READERS)
def desk(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Show the queue that the address asks for, the map, the units and the chosen case."""
    account = account_of(request)
    if not request.GET and (begun := SavedView.objects.begun_with(_roles(scope))):
        return desk_at(begun.address)
    after, now = newest_seq(), timezone.now()
    wanted = queue.QueueFilter.of(request.GET)
    chosen = whole_number(request.GET.get("case", ""))
    case = Case.objects.visible_to(scope).filter(pk=chosen).first() if chosen else None
    rows = queue.page(scope, wanted, Window.of(request.GET), now=now)
    units = UnitFilter.of(request.GET)
    facts = case_facts(scope, case, actor=actor_of(request), now=now) if case else {}
    if facts:
        note_report(request, scope, facts["report"] and facts["report"]["row"], now)
    context = {
        **rows,
        "board": board(scope, now=now, wanted=units, needs=rows["needs"]),
        "wanted": wanted,
        "after": after,
        "bounds": json.dumps(places.bounds_of(scope)),
        "areas_url": places.areas_url(),
        "map_url": f"{reverse('web:map')}{wanted.address()}",
        "chosen": case.pk if case else None,
        "may_act": scope.has(Role.OPERATOR),
        "macros": _macros(scope),
        "views": SavedView.objects.usable_by(account).select_related("owner"),
        "may_hand_out": scope.has(Role.ADMINISTRATOR),
        "desk_roles": [(role.value, role.label) for role in DESK_READERS],
        **facts,
    }
    return render(request, "web/desk.html", context)


def _macros(scope: Scope) -> QuerySet[Macro]:
    """Return the macros that an operator may give to several cases at once."""
    operator = Scope(scope.account, scope.of(Role.OPERATOR))
    return Macro.objects.visible_to(operator).filter(retired_at=None).order_by("position", "pk")


def _roles(scope: Scope) -> list[str]:
    return [role for role in DESK_READERS if scope.has(role)]


@require_GET
@for_roles(*DESK_READERS)
def now(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Return what has to be drawn anew after a change: parts of the page, and the map's points."""
    question = desk_now.DeskQuestion.of(
        scope, request.GET, get_language() or settings.LANGUAGE_CODE
    )
    answer = compressed(request, desk_now.answer(question), "application/json")
    answer["Cache-Control"] = "no-store"
    return answer
