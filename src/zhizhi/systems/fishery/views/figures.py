"""The statistics page and its export."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from zhizhi.systems.fishery import counting, exporting
from zhizhi.systems.fishery.forms import StaySpanForm, zone_names
from zhizhi.systems.fishery.views import access
from zhizhi.systems.fishery.views.frame import show
from zhizhi.web.exporting import files, printing
from zhizhi.web.exporting.report import manuscript

USUAL_SPAN = timedelta(days=6)


@login_required
@require_safe
def statistics_page(request: HttpRequest) -> HttpResponse:
    """Show what became of the stays, by zone and by day, each number with its definition."""
    form, names = _form(request)
    found = _count(request, form)
    if found is None:
        return show(request, "fishery/statistics.html", {"form": form}, status=422)
    context: dict[str, Any] = {
        "form": form,
        "total": found.total,
        "totals": list(zip(counting.HEADINGS, found.total.values(), strict=True)),
        "headings": counting.HEADINGS,
        "definitions": [
            (heading, counting.DEFINITIONS[key])
            for heading, key in zip(counting.HEADINGS, counting.COLUMNS, strict=True)
        ],
        "by_zone": [(names.get(key, key), row) for key, row in sorted(found.by_zone.items())],
        "by_day": sorted(found.by_day.items()),
        "query": request.GET.urlencode(),
        "chart": exporting.chart(found, form.cleaned_data),
        "zone_name": names.get(form.cleaned_data["zone"], ""),
    }
    return show(request, "fishery/statistics.html", context)


@login_required
@require_safe
def export(request: HttpRequest) -> HttpResponseBase:
    """Send the same figures as CSV or as a workbook."""
    form, names = _form(request)
    found = _count(request, form)
    if found is None:
        return show(request, "fishery/statistics.html", {"form": form}, status=422)
    listing = exporting.statistics_listing(found, names, form.cleaned_data)
    return files.send(request, listing, "xlsx" if request.GET.get("format") == "xlsx" else "csv")


@login_required
@require_safe
def report(request: HttpRequest) -> HttpResponse:
    """Send the same figures as a report on paper."""
    form, names = _form(request)
    found = _count(request, form)
    if found is None:
        return show(request, "fishery/statistics.html", {"form": form}, status=422)
    asked, user = form.cleaned_data, str(access.account_of(request))
    wanted = {"first": str(asked["first"]), "last": str(asked["last"]), "zone": asked["zone"]}
    written = exporting.report(found, names, asked)
    order = printing.PaperOrder(
        title=written.title,
        subject="report:fishery.statistics",
        back=f"{reverse('fishery:statistics')}?{request.GET.urlencode()}",
        write=lambda now: manuscript(written, user=user, now=now),
        wanted=wanted,
    )
    return printing.send(request, order)


def _form(request: HttpRequest) -> tuple[StaySpanForm, dict[str, str]]:
    names = zone_names()
    today = timezone.localdate()
    usual = {"first": today - USUAL_SPAN, "last": today, "zone": ""}
    asked = {key: request.GET.get(key, value) for key, value in usual.items()}
    return StaySpanForm(asked, zones=names), names


def _count(request: HttpRequest, form: StaySpanForm) -> counting.Statistics | None:
    """Return the figures, or None when the form needs mending."""
    scope = access.scope_for(request, *access.READERS)
    if not form.is_valid():
        return None
    stays = counting.visible_stays(scope)
    if form.cleaned_data["zone"]:
        stays = stays.filter(zone=form.cleaned_data["zone"])
    return counting.statistics(
        stays,
        first=form.cleaned_data["first"],
        last=form.cleaned_data["last"],
        zone=timezone.get_current_timezone(),
    )
