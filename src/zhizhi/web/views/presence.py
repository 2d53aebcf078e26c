"""Signs of life of open tabs: who has which case open."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from zhizhi.engine import attending
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import Role, account_of, for_roles
from zhizhi.web.views.cases import visible_case

TAB = re.compile(r"[0-9a-f]{8,32}")


@require_POST
@for_roles(Role.OPERATOR)
def enter(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Note that the tab has the case open; answers with the call signs of the others."""
    account, case, now = account_of(request), visible_case(scope, pk), timezone.now()
    tab = request.POST.get("tab", "")
    if TAB.fullmatch(tab):
        attending.enter(account.pk, tab, case, now=now)
    return JsonResponse({"who": attending.others(case, account.pk, now=now)})


@require_POST
@for_roles(Role.OPERATOR)
def leave(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Note that the tab is closed."""
    attending.leave(account_of(request).pk, request.POST.get("tab", "")[:32])
    return HttpResponse(status=204)
