"""The phone's page: tasks, the way there, the patrol of the day."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from zhizhi.directory.models import Area, Unit
from zhizhi.engine.models import CheckIn, Message, Task, Zone
from zhizhi.trust.scoping import Scope, any_of, inside
from zhizhi.web.access import Role, is_fragment
from zhizhi.web.field import navigating
from zhizhi.web.field.forms import CheckInForm, ReportForm
from zhizhi.web.live import newest_seq
from zhizhi.web.words import told_by

HIDDEN = ("lon", "lat", "device_at", "sent_at")
HIDDEN_OF_PATROL = (*HIDDEN, "accuracy_m", "fixed_at")
MOST_ENDED = 5
MOST_PLACES = 300  # a longer list is no help on a phone: then the larger areas alone


def show_phone(
    request: HttpRequest,
    scope: Scope,
    *,
    form: ReportForm | None = None,
    reported: Task | None = None,
    patrol: CheckInForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """Show the page; ``form`` and ``patrol`` come back with what was wrong in them."""
    after, now = newest_seq(), timezone.now()
    units = units_of(scope)
    context = {
        "units": units,
        **_tasks(request, scope, now),
        "form": form or ReportForm(),
        "hidden_fields": HIDDEN,
        "reported": reported,
        "patrol": patrol or CheckInForm(units=units),
        "patrol_hidden": HIDDEN_OF_PATROL,
        "patrol_key": secrets.token_hex(16),
        "places": places_near(units),
        "patrolled": patrolled(scope, units, now),
        "after": after,
        "now": now,
    }
    template = "web/parts/my_tasks.html" if is_fragment(request) else "web/my.html"
    return render(request, template, context, status=status)


def units_of(scope: Scope) -> list[Unit]:
    """Return the units that the reader belongs to."""
    mine = [grant.unit for grant in scope.of(Role.UNIT_MEMBER) if grant.unit is not None]
    rows = Unit.objects.filter(pk__in=mine, retired_at__isnull=True)
    return list(rows.select_related("area").order_by("code"))


def places_near(units: list[Unit]) -> list[tuple[str, str]]:
    """Return the areas to choose from where the phone cannot say where it is: code and name."""
    homes = any_of(inside("path", unit.area.path) for unit in units)
    rows = Area.objects.in_force().filter(homes).order_by("path")
    rows = rows.exclude(kind__in=(Area.Kind.DISTRICT, Area.Kind.TOWN, Area.Kind.BUILDING))
    found = list(rows.values_list("code", "name")[: MOST_PLACES + 1])
    if len(found) > MOST_PLACES:
        larger = rows.filter(kind=Area.Kind.COMMUNITY)
        found = list(larger.values_list("code", "name")[:MOST_PLACES])
    return found


def patrolled(scope: Scope, units: list[Unit], now: datetime) -> list[CheckIn]:
    """Return today's check-ins of the units, the newest first."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = CheckIn.objects.visible_to(scope).filter(unit__in=units, at__gte=midnight)
    return list(rows.defer("photo").select_related("unit", "area").order_by("-at"))


def _tasks(request: HttpRequest, scope: Scope, now: datetime) -> dict[str, Any]:
    app = navigating.chosen_app(request)
    tasks = Task.objects.visible_to(scope).select_related("case", "case__area", "unit")
    zones = dict(Zone.objects.filter(is_current=True).values_list("key", "name"))
    return {
        "live": [
            {
                "task": task,
                "zone": zones.get(task.case.zone, task.case.zone) or told_by(task.case),
                "key": secrets.token_hex(16),
                "links": navigating.links(task.case.lon, task.case.lat, app),
            }
            for task in _told(tasks.filter(state__in=Task.LIVE), now).order_by("offered_at")
        ],
        "ended": tasks.filter(ended_at__isnull=False).order_by("-ended_at")[:MOST_ENDED],
        "map_apps": navigating.APPS.values(),
        "map_app": app,
    }


def _told(tasks: QuerySet[Task], now: datetime) -> QuerySet[Task]:
    """Leave out the tasks of which the unit is not told yet, because they may still be undone."""
    held = tasks.filter(messages__state=Message.State.HELD, messages__not_before__gt=now)
    return tasks.exclude(pk__in=held.values("pk"))
