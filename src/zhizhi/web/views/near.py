"""Before a report is filed: what was reported near by already, to be followed instead."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from zhizhi.engine import nearby
from zhizhi.engine.models import Case
from zhizhi.engine.reporting import ReportRefused
from zhizhi.engine.unfinished import Unfinished
from zhizhi.web.digits import whole_number
from zhizhi.web.residents import drafts
from zhizhi.web.residents import near as offers
from zhizhi.web.views.following import PLAIN
from zhizhi.web.views.reporting import TOO_MANY, arrived, onward, too_many
from zhizhi.web.views.residents import numbers, show
from zhizhi.web.words import age, case_kind_name

STATES = {**PLAIN, Case.State.OPEN: gettext_lazy("Somebody on duty looks at it.")}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def near(request: HttpRequest) -> HttpResponse:
    """Show what may be the same, or follow one of it; without an offer the questions go on."""
    now = timezone.now()
    draft = drafts.of(request, now)
    if draft is None:
        return redirect("web:resident-report")
    if drafts.SENT in draft.answers:
        return redirect("web:report-sent")
    if request.method == "POST":
        return _follow(request, draft, now)
    return _page(request, draft, now)


def _follow(request: HttpRequest, draft: Unfinished, now: datetime) -> HttpResponse:
    chosen = whole_number(request.POST.get("same", ""))
    line = offers.offer(draft).get(chosen or 0)
    if line is None:
        return redirect("web:report-near")  # it has ended meanwhile
    if not drafts.may_send(request, now):
        return _page(request, draft, now, too_many(now), TOO_MANY)
    try:
        filed = nearby.file_and_follow(offers.report_of(draft, now), line.case, now=now)
    except ReportRefused:
        return onward(draft)  # the last page says which answer has to be looked at again
    return arrived(request, draft, filed, now)


def _page(
    request: HttpRequest, draft: Unfinished, now: datetime, problem: str = "", status: int = 200
) -> HttpResponse:
    lines = [
        {"number": number, "kind": case_kind_name(line.case.kind), "metres": line.metres,
         "age": age(line.case.opened_at, now), "state": STATES[line.case.state]}
        for number, line in offers.offer(draft).items()
    ]  # fmt: skip
    if not lines:
        return onward(draft)
    context = {
        "lines": lines, "problem": problem, "numbers": numbers(), "on": onward(draft)["Location"],
    }  # fmt: skip
    return show(request, "resident/report/near.html", context, status=status)
