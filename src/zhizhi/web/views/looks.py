"""Who looked at my data: every look that a resident may see, and an objection to each."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from zhizhi.engine.models import Report
from zhizhi.web.residents import objecting
from zhizhi.web.residents.objecting import TooLong
from zhizhi.web.views.following import mine
from zhizhi.web.views.residents import show


@require_safe
@never_cache
def looks(request: HttpRequest, pk: int) -> HttpResponse:
    """Show who looked at the data of this report and of its reporter."""
    return _page(request, mine(request, pk))


@require_POST
@never_cache
def object_to(request: HttpRequest, pk: int, record: int) -> HttpResponse:
    """Take an objection to one look."""
    report = mine(request, pk)
    if problem := objecting.take(request, report, record):
        return _page(request, report, problem)
    return redirect("web:looks", pk)


def _page(request: HttpRequest, report: Report, problem: TooLong | None = None) -> HttpResponse:
    context = {**objecting.context(request, report, problem), "report": report}
    return show(request, "resident/looks.html", context, status=422 if problem else 200)
