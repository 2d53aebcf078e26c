"""The first page of the fishery watch: zones in season, stays now, reminders today."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from zhizhi.engine import settings_in_force
from zhizhi.engine.models import Case, Zone
from zhizhi.kernel.seasons import day_of_year, open_days
from zhizhi.systems.fishery import counting
from zhizhi.systems.fishery.forms import zone_names
from zhizhi.systems.fishery.models import Stay, Violation
from zhizhi.systems.fishery.views import access
from zhizhi.systems.fishery.views.frame import show
from zhizhi.trust.scoping import Scope

SHOWN = 50


@login_required
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Show what goes on now, over what the viewer may see."""
    scope = access.scope_for(request, *access.READERS)
    now = timezone.now()
    stays = counting.visible_stays(scope)
    unanswered = stays.exclude(case__state__in=Case.FINAL).filter(left_at__isnull=True)
    ongoing = unanswered.annotate(became=counting.outcome()).filter(became=counting.Outcome.ONGOING)
    context: dict[str, Any] = {
        "now": now,
        "zones": _zones(scope, now, dict(ongoing.values_list("zone").annotate(Count("pk")))),
        "stays": _named(ongoing.select_related("case", "reminder").order_by("-found_at")[:SHOWN]),
        "reminded": _reminded_since(stays, timezone.localtime(now)),
        "waiting": Violation.objects.visible_to(scope)
        .filter(state__in=Violation.UNDER_REVIEW)
        .count(),
        "limit": settings_in_force.value("fishery.limit_minutes"),
        "second_stage": settings_in_force.value("fishery.second_stage_minutes"),
    }
    return show(request, "fishery/overview.html", context)


def _named(stays: Iterable[Stay]) -> list[tuple[Stay, str]]:
    """Return each stay with the name of its zone."""
    names = zone_names()
    return [(stay, names.get(stay.zone, stay.zone)) for stay in stays]


def _reminded_since(stays: QuerySet[Stay], local: datetime) -> int:
    """Return how many reminders were accepted since midnight."""
    midnight = datetime.combine(local.date(), time(), local.tzinfo)
    return stays.filter(
        reminder__state__in=counting.ACCEPTED, reminder__sent_at__gte=midnight
    ).count()


def _zones(scope: Scope, now: datetime, stays: dict[str, int]) -> list[dict[str, Any]]:
    """Return the no-fishing zones of the viewer's areas, those in season first."""
    today = day_of_year(f"{timezone.localdate(now):%m-%d}")
    rows = [
        {
            "zone": zone,
            "is_in_season": bool(open_days(zone.seasons)[today]),
            "stays": stays.get(zone.key, 0),
        }
        for zone in Zone.objects.filter(is_current=True, kind="no_fishing").order_by("name")
        if any(zone.area_path.startswith(grant.area_path) for grant in scope.grants)
    ]
    return sorted(rows, key=lambda row: not row["is_in_season"])
