"""Following a report with its receipt number and secret code, and rating the result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from zhizhi.engine import following, merging, rating, reporting, suspending
from zhizhi.engine.following import Milestone
from zhizhi.engine.models import Case, Report
from zhizhi.engine.reasons import ReasonMissing
from zhizhi.engine.states import StateConflict
from zhizhi.web.residents import tries
from zhizhi.web.residents.questions import RatingForm
from zhizhi.web.views.reporting import remember
from zhizhi.web.views.residents import numbers, show
from zhizhi.web.words import RATINGS, outcome_name

State = Case.State
PLAIN: dict[str, str | Promise] = {
    State.OPEN: gettext_lazy("We have your report. Somebody on duty looks at it."),
    State.DISPATCHED: gettext_lazy("Somebody is being sent there."),
    State.HANDLING: gettext_lazy("Somebody is on the way or there already."),
    State.HANDLED: gettext_lazy("It was dealt with. Another person checks the result."),
    State.CLOSED: gettext_lazy("It is done."),
    State.DISMISSED: gettext_lazy("We looked at it: nothing has to be done."),
}
STEPS: dict[str, str | Promise] = {
    "received": gettext_lazy("Report received"),
    "seen": gettext_lazy("Seen by somebody on duty"),
    "sent": gettext_lazy("Somebody was sent"),
    "arrived": gettext_lazy("Somebody was there"),
    "handled": gettext_lazy("Result from the spot"),
    "closed": gettext_lazy("Ended"),
    "rated": gettext_lazy("You rated the result"),
    "reopened": gettext_lazy("Opened again"),
    "joined": gettext_lazy("Others reported the same: it is dealt with together"),
    "apart": gettext_lazy("It is dealt with by itself again"),
    "longer": gettext_lazy("It takes longer than planned"),
    "waits": gettext_lazy("It has to wait for now"),
    "goes-on": gettext_lazy("It goes on"),
    "asked": gettext_lazy("We asked you whether it is solved"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def follow(request: HttpRequest) -> HttpResponse:
    """Ask for receipt number and secret code."""
    number, secret = request.POST.get("number", ""), request.POST.get("secret", "")
    if request.method != "POST":
        return _door(request)
    return _open(request, number, secret)


@require_safe
@never_cache
def by_link(request: HttpRequest, pk: int, secret: str) -> HttpResponse:
    """Open a report by the link that its reporter kept; the code leaves the address bar."""
    return _open(request, str(pk), secret)


def _open(request: HttpRequest, number: str, secret: str) -> HttpResponse:
    now = timezone.now()
    tried = tries.tried(request, "code of", reporting.pk_of(number[:40]))
    if not tries.has_room(tried, now):
        return _door(request, number, tries.too_many(now), 429)
    report = reporting.find(number[:40], secret[:40])
    if report is None:
        tries.note_wrong(tried, now)
        said = _("No report has this number and this code. Check both; a code has eight digits.")
        return _door(request, number, said, 404)
    remember(request, report)
    return redirect("web:followed", report.pk)


def _door(
    request: HttpRequest, number: str = "", problem: str = "", status: int = 200
) -> HttpResponse:
    known = request.session.get("reports", [])
    mine = following.reports_of(known) if known else []
    context = {"number": number[:40], "problem": problem, "mine": mine, "numbers": numbers()}
    return show(request, "resident/follow.html", context, status=status)


@require_safe
@never_cache
def followed(request: HttpRequest, pk: int) -> HttpResponse:
    """Show in plain words how far a report has come."""
    return _page(request, mine(request, pk), RatingForm())


@require_POST
@never_cache
def rate(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the rating of the result."""
    report, form = mine(request, pk), RatingForm(request.POST)
    if not form.is_valid():
        return _page(request, report, form, 422)
    stars, remark = form.cleaned_data["rating"], form.cleaned_data["remark"]
    try:
        rating.rate(report, stars, remark=remark, now=timezone.now())
    except ReasonMissing:
        form.add_error("remark", _("Tell us what was not good, so that it can be done better."))
        return _page(request, report, form, 422)
    except StateConflict:
        pass  # rated already, perhaps by the same press of the button: the page says so
    return redirect("web:followed", pk)


def mine(request: HttpRequest, pk: int) -> Report:
    """Return a report whose code this browser has shown."""
    if pk not in request.session.get("reports", []):
        raise Http404
    found = following.reports_of([pk])
    if not found:
        raise Http404
    return found[0]


def _page(
    request: HttpRequest, report: Report, form: RatingForm, status: int = 200
) -> HttpResponse:
    case, told = merging.root_of(report.case), following.milestones(report)
    lines = [
        {"at": one.at, "what": STEPS[one.what], "result": _result(one.result), "until": one.until}
        for one in told
    ]
    context: dict[str, Any] = {
        "report": report,
        "case": case,
        "kind": reporting.kind_name(report.kind),
        "plain": _plain(case, told),
        "waits": suspending.of(case),
        "lines": lines,
        "may_rate": rating.may_rate(report),
        "rated": RATINGS.get(str(report.rating or "")),
        "faces": list(RATINGS.items()),
        "form": form,
        "numbers": numbers(),
    }
    return show(request, "resident/followed.html", context, status=status)


def _plain(case: Case, told: Sequence[Milestone]) -> str | Promise:
    """Say where it stands in one sentence, and why nothing is done if that was told."""
    why = next((one.result for one in reversed(told) if one.what == "closed"), "")
    if case.state == State.DISMISSED and why:
        return _("We do not take it up. {why}.").format(why=outcome_name(why))
    return PLAIN[case.state]


def _result(outcome: str) -> str:
    return outcome_name(outcome) if outcome else ""
