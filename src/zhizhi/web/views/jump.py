"""What the command box fetches while somebody types."""

from __future__ import annotations

from dataclasses import asdict

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from zhizhi.trust.scoping import Scope
from zhizhi.web import jumping
from zhizhi.web.access import DESK_READERS, account_of, for_roles
from zhizhi.web.context import navigation


@require_GET
@for_roles(*DESK_READERS)
def jump(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Return what the typed text may mean."""
    asked = jumping.Asked(
        text=request.GET.get("q", "").strip()[: jumping.LONGEST],
        scope=scope,
        account=account_of(request),
        now=timezone.now(),
        pages=tuple((str(item["label"]), item["url"]) for item in navigation(request)),
    )
    answer = JsonResponse({"found": [asdict(one) for one in jumping.jumps(asked)]})
    answer["Cache-Control"] = "no-store"
    return answer
