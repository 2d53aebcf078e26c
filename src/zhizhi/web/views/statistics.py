"""The statistics of an area over some days, on a page and on paper."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from zhizhi.trust.scoping import Scope
from zhizhi.web.access import DESK_READERS, account_of, for_roles
from zhizhi.web.exporting import printing
from zhizhi.web.exporting.report import manuscript
from zhizhi.web.reporting import paper
from zhizhi.web.reporting.facts import facts
from zhizhi.web.reporting.forms import AreaSpanForm, presets


@require_GET
@for_roles(*DESK_READERS)
def statistics_page(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Show what happened in an area over some days, each number with its list."""
    form = _form(request, scope)
    today = timezone.localdate()
    context = {"form": form, "presets": presets(today), "query": request.GET.urlencode()}
    if not form.is_valid():
        return render(request, "web/statistics.html", context, status=422)
    found = facts(scope, form.place, form.span, now=timezone.now())
    context |= {**found, "area": form.place, "span": form.span, "is_counted": True}
    return render(request, "web/statistics.html", context)


@require_GET
@for_roles(*DESK_READERS)
def statistics_file(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Send the same figures as a report on paper."""
    form = _form(request, scope)
    if not form.is_valid():
        context = {"form": form, "presets": presets(timezone.localdate())}
        return render(request, "web/statistics.html", context, status=422)
    area, span, user = form.place, form.span, str(account_of(request))
    order = printing.PaperOrder(
        title=f"{paper.title(area)} {span}",
        subject="report:statistics",
        back=f"{reverse('web:statistics')}?{request.GET.urlencode()}",
        write=lambda now: manuscript(paper.report(scope, area, span, now=now), user=user, now=now),
        wanted={"area": area.path, "span": str(span)},
    )
    return printing.send(request, order)


def _form(request: HttpRequest, scope: Scope) -> AreaSpanForm:
    return AreaSpanForm(request.GET.dict(), scope=scope, today=timezone.localdate())
