"""The patrol of a day: which unit was where and looked."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from zhizhi.directory.models import Unit
from zhizhi.engine import patrolling
from zhizhi.engine.local_time import midnight
from zhizhi.engine.models import CheckIn
from zhizhi.trust.scoping import Scope
from zhizhi.trust.vault import Erased
from zhizhi.web.access import DESK_READERS, actor_of, for_roles
from zhizhi.web.digits import whole_number
from zhizhi.web.places import units_in
from zhizhi.web.words import actor_names

PAGE = 100


@require_safe
@for_roles(*DESK_READERS)
def day_list(request: HttpRequest, scope: Scope) -> HttpResponse:
    """List the check-ins of a day, of all units or of one."""
    now = timezone.now()
    day = _day(request.GET.get("day", ""), now)
    unit = units_in(scope).filter(pk=whole_number(request.GET.get("unit", "")) or 0).first()
    rows = _of_day(scope, day, unit)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    names = actor_names(row.by for row in page.object_list)
    context: dict[str, Any] = {
        "day": day,
        "before": day - timedelta(days=1),
        "after_day": day + timedelta(days=1) if day < timezone.localdate(now) else None,
        "unit": unit,
        "units": units_in(scope).filter(check_ins__in=_of_day(scope, day, None)).distinct(),
        "page": page,
        "lines": [{"row": row, "who": names[row.by]} for row in page.object_list],
    }
    return render(request, "web/check_ins.html", context)


@require_safe
@for_roles(*DESK_READERS)
def photo(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Return the photo of a check-in; the look is on record."""
    row = get_object_or_404(CheckIn.objects.visible_to(scope).select_related("photo_key"), pk=pk)
    try:
        content = patrolling.photo_of(row, by=actor_of(request), now=timezone.now())
    except Erased as gone:
        raise Http404 from gone
    answer = HttpResponse(content, content_type="image/jpeg")
    answer["Cache-Control"] = "private, no-store"
    return answer


def _day(text: str, now: datetime) -> date:
    try:
        return min(date.fromisoformat(text), timezone.localdate(now))
    except ValueError:
        return timezone.localdate(now)


def _of_day(scope: Scope, day: date, unit: Unit | None) -> Any:
    start, end = midnight(day), midnight(day + timedelta(days=1))
    rows = CheckIn.objects.visible_to(scope).filter(at__gte=start, at__lt=end)
    if unit is not None:
        rows = rows.filter(unit=unit)
    return rows.defer("photo").select_related("unit", "area").order_by("-at", "-pk")
