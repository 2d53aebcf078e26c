"""Units: who there is, where and at what; administrators keep them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
    require_safe,
)

from zhizhi.directory.models import Unit
from zhizhi.engine import fleet
from zhizhi.engine.models import Task
from zhizhi.engine.states import StateConflict
from zhizhi.trust.scoping import Scope
from zhizhi.web import unit_list
from zhizhi.web.access import DESK_READERS, Role, actor_of, for_roles
from zhizhi.web.exporting import files
from zhizhi.web.field.showing import patrolled
from zhizhi.web.places import units_in
from zhizhi.web.unit_form import ServiceForm, UnitForm, beginning
from zhizhi.web.words import actor_name

VERBS: dict[str, Callable[..., Unit]] = {
    "take-out": fleet.take_out,
    "bring-back": fleet.bring_back,
    "retire": fleet.retire,
}


@require_safe
@for_roles(*DESK_READERS)
def unit_page_list(request: HttpRequest, scope: Scope) -> HttpResponse:
    """List the units of a filter, a page at a time."""
    now, wanted = timezone.now(), unit_list.asked(request.GET)
    page = Paginator(unit_list.chosen(scope, wanted, now=now), unit_list.PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "page": page,
        "lines": unit_list.lines(scope, list(page.object_list), now=now),
        "wanted": wanted,
        "now": now,
        "may_keep": scope.has(Role.ADMINISTRATOR),
        **unit_list.choices(scope),
    }
    return render(request, "web/units.html", context)


@require_GET
@for_roles(*DESK_READERS)
def unit_export(request: HttpRequest, scope: Scope, form: str) -> HttpResponseBase:
    """Send the units of a filter as CSV or as a workbook."""
    now = timezone.now()
    listing = unit_list.unit_listing(scope, unit_list.asked(request.GET), now=now)
    return files.send(request, listing, form)


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(Role.ADMINISTRATOR)
def unit_new(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Make a unit."""
    if request.method != "POST":
        return _page(request, scope, None, UnitForm(initial=beginning(None), scope=scope))
    form = UnitForm(request.POST, scope=scope)
    if form.is_valid():
        try:
            unit = fleet.enlist(form.cleaned_data, by=actor_of(request), now=timezone.now())
        except fleet.CallSignTaken:
            form.add_error("code", _("Another unit has this call sign, perhaps a retired one."))
        else:
            messages.success(request, _("{unit} is in service.").format(unit=unit.name))
            return redirect("web:unit", unit.pk)
    return _page(request, scope, None, form, status=400)


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(Role.ADMINISTRATOR)
def unit_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show a unit and change what is known of it; nobody else's change is overwritten."""
    unit = get_object_or_404(units_in(scope).select_related("area", "agency"), pk=pk)
    if request.method != "POST":
        return _page(request, scope, unit, UnitForm(initial=beginning(unit), scope=scope))
    form = UnitForm(request.POST, initial=beginning(unit), scope=scope)
    if not form.is_valid():
        return _page(request, scope, unit, form, status=400)
    told: dict[str, Any] = {"by": actor_of(request), "now": timezone.now()}
    try:
        fleet.amend(unit, form.cleaned_data, seen=form.cleaned_data["seen"], **told)
    except fleet.CallSignTaken:
        form.add_error("code", _("Another unit has this call sign, perhaps a retired one."))
        return _page(request, scope, unit, form, status=400)
    except StateConflict:
        return _overtaken(request, scope, unit)
    messages.success(request, _("{unit} was changed.").format(unit=unit.name))
    return redirect("web:unit", unit.pk)


@require_POST
@for_roles(Role.ADMINISTRATOR)
def unit_service(request: HttpRequest, scope: Scope, pk: int, verb: str) -> HttpResponse:
    """Take a unit out of service, bring it back or retire it; not while it is at work."""
    unit = get_object_or_404(units_in(scope), pk=pk)
    service, start = ServiceForm(request.POST), UnitForm(initial=beginning(unit), scope=scope)
    if not service.is_valid():
        return _page(request, scope, unit, start, service=service, status=400)
    told = {**service.cleaned_data, "by": actor_of(request), "now": timezone.now()}
    try:
        VERBS[verb](unit, **told)
    except fleet.UnitAtWork as busy:
        task = Task.objects.visible_to(scope).filter(pk=busy.task.pk if busy.task else 0).first()
        more = {"service": service, "is_busy": True, "busy": task}
        return _page(request, scope, unit, start, status=409, **more)
    except StateConflict:
        again = ServiceForm(initial={"seen": unit.version, "reason": told["reason"]})
        return _page(
            request, scope, unit, UnitForm(initial=beginning(unit), scope=scope), service=again,
            who=actor_name(unit.changed_by), status=409,
        )  # fmt: skip
    said = {
        "take-out": _("{unit} is out of service."),
        "bring-back": _("{unit} is in service."),
        "retire": _("{unit} is retired."),
    }[verb]
    messages.success(request, said.format(unit=unit.name))
    return redirect("web:units") if verb == "retire" else redirect("web:unit", unit.pk)


def _overtaken(request: HttpRequest, scope: Scope, unit: Unit) -> HttpResponse:
    """Say who changed the unit meanwhile and keep what was typed; sent again, it replaces that."""
    typed = {name: request.POST.get(name, "") for name in request.POST}
    typed["capabilities"] = request.POST.getlist("capabilities")  # type: ignore[assignment]
    form = UnitForm(initial={**typed, "seen": unit.version}, scope=scope)
    return _page(request, scope, unit, form, who=actor_name(unit.changed_by), status=409)


def _page(
    request: HttpRequest, scope: Scope, unit: Unit | None, form: UnitForm, *, status: int = 200,
    **more: Any,
) -> HttpResponse:  # fmt: skip
    now = timezone.now()
    context = {
        "form": form,
        "unit": unit,
        "line": unit_list.lines(scope, [unit], now=now)[0] if unit else None,
        "service": ServiceForm(initial={"seen": unit.version}) if unit else None,
        "now": now,
        "patrolled": len(patrolled(scope, [unit], now)) if unit else 0,
        "who_changed": actor_name(unit.changed_by) if unit and unit.changed_by else "",
        **more,
    }
    return render(request, "web/unit.html", context, status=status)
