"""The residents' door to report a scam: what belongs to it, then the questions of every report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from zhizhi.engine import settings_in_force
from zhizhi.kernel.identifiers import Identifier
from zhizhi.systems.antifraud import gathering, listing
from zhizhi.systems.antifraud.apps import SCAM
from zhizhi.systems.antifraud.forms import ReportForm
from zhizhi.systems.antifraud.models import ListKind
from zhizhi.systems.antifraud.views.check import LONGEST_KEPT, UNPROCESSABLE, refusal
from zhizhi.web.digits import whole_number
from zhizhi.web.residents import drafts
from zhizhi.web.views.residents import numbers, show


@sensitive_post_parameters("written")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def report_page(request: HttpRequest) -> HttpResponse:
    """Ask what is to be reported, then what of it belongs to the scam; then the report begins."""
    if request.method != "POST":
        return _page(request, ReportForm())
    now, form = timezone.now(), ReportForm(request.POST)
    if status := refusal(request, form, now):
        return _page(request, form, status=status)
    things = [thing for thing, _start, _stop in form.read.things]
    if "go" not in request.POST:
        return _choose(request, form, things, now)
    picked = {whole_number(one) for one in request.POST.getlist("thing")}
    chosen = [thing for number, thing in enumerate(things) if number in picked]
    if not chosen and not form.read.phrases:
        form.add_error(None, _("Choose at least one thing that belongs to the scam."))
        return _choose(request, form, things, now, UNPROCESSABLE)
    return _begin(request, form, chosen, now)


def _begin(
    request: HttpRequest, form: ReportForm, chosen: Sequence[Identifier], now: datetime
) -> HttpResponse:
    """Begin the report, or show that this browser has sent it already."""
    text, kind = form.cleaned_data["written"], form.cleaned_data["kind"]
    key = gathering.name_of(chosen, browser=drafts.browser(request), words=text)
    if before := gathering.sent_before(key):
        return _page(request, form, {"before": before})
    draft = drafts.begin(now)
    draft.answers |= {
        "key": key, "kind": {"kind": SCAM}, "telling": {"telling": text},
        drafts.FACTS: gathering.facts_of(chosen, kind=kind, address=drafts.sender(request)),
    }  # fmt: skip
    return drafts.keep(redirect("web:report-question", "where"), draft, now)


def _choose(
    request: HttpRequest,
    form: ReportForm,
    things: Sequence[Identifier],
    now: datetime,
    status: int = 200,
) -> HttpResponse:
    """Show what was found; what is verified is not chosen by itself."""
    standings = listing.standings(things, now) if things else {}
    picked = request.POST.getlist("thing")
    lines = [
        {"value": thing.value, "kind": ListKind(thing.kind).label,
         "entry": standings[thing].entry if standings[thing].is_allowed else None,
         "is_chosen": str(n) in picked if "go" in request.POST
         else not standings[thing].is_allowed}
        for n, thing in enumerate(things)
    ]  # fmt: skip
    return _page(request, form, {"is_choice": True, "lines": lines}, status=status)


def _page(
    request: HttpRequest, form: ReportForm, more: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    written = request.POST.get("written", "")
    context = {
        "form": form,
        "written": written if len(written) <= LONGEST_KEPT else "",
        "chosen": request.POST.get("kind", ""),
        "keep_days": settings_in_force.value("residents.keep_days"),
        "numbers": numbers(),
        **(more or {}),
    }
    return show(request, "antifraud/report.html", context, status=status)
