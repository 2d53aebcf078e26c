"""The trail of a ward: for whoever may see the open case, for this purpose alone, on record."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from zhizhi.directory.accounts import person_name
from zhizhi.directory.posts import post_for
from zhizhi.engine.granting import CaseInHand
from zhizhi.engine.models import Case
from zhizhi.systems.guardian import tracing
from zhizhi.systems.guardian.models import Enrolment
from zhizhi.trust import access, consenting
from zhizhi.trust.access import Look
from zhizhi.trust.consenting import ConsentMissing
from zhizhi.trust.grounds import TAGS
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import actor_of, for_roles
from zhizhi.web.looking import is_new_look
from zhizhi.web.views.cases import visible_case

PURPOSE = "bring-home"


@require_GET
@never_cache
@for_roles(*tracing.SEEKERS)
def trail(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show where the tags of the ward of an open case were read."""
    case, now = visible_case(scope, pk), timezone.now()
    row = tracing.enrolment_of(case)
    if row is None:
        raise Http404
    try:
        _note(request, scope, case, row, now)
    except ConsentMissing:
        context = {"case": case, "is_refused": True}
        return render(request, "guardian/trail.html", context, status=403)
    context = {"case": case, "points": tracing.trail(case, row, now=now), "now": now}
    return render(request, "guardian/trail.html", context)


def _note(request: HttpRequest, scope: Scope, case: Case, row: Enrolment, now: datetime) -> None:
    """Put the look on record, once in a while; raises ConsentMissing when nobody agrees."""
    who = person_name(row.ward_id)
    ground = consenting.ground(PURPOSE, who, (TAGS,), now=now)
    if not is_new_look(request, "trail", case.pk, now):
        return
    post = post_for(scope, case.area_path)
    look = Look(actor_of(request), who, (TAGS,), PURPOSE, CaseInHand.of(case), post)
    with transaction.atomic():
        access.record(look, refusal="", now=now, ground=ground)
