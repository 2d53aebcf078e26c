"""What I agreed to: every agreement of a resident, and withdrawing it."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from zhizhi.directory import people
from zhizhi.engine import agreeing
from zhizhi.web.residents.agreed import agreement_lines
from zhizhi.web.views.following import mine
from zhizhi.web.views.residents import numbers, show


@require_safe
@never_cache
def agreements(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what the resident agreed to, in force or ended."""
    report = mine(request, pk)
    lines = agreement_lines(report, agreeing.agreements_of(report), timezone.now())
    context = {
        "report": report,
        "lines": lines,
        "count": sum(line.is_live for line in lines),
        "done": request.GET.get("done", ""),
        "numbers": numbers(),
    }
    return show(request, "resident/agreements.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def withdraw(request: HttpRequest, pk: int, number: int | None = None) -> HttpResponse:
    """Say what ends when one agreement, or each of them, is withdrawn; after a yes, end it."""
    report, now = mine(request, pk), timezone.now()
    known = agreeing.agreements_of(report)
    if number is not None and number not in {one.pk for one in known}:
        raise Http404
    back = reverse("web:agreements", args=[pk])
    live = [one for one in known if one.is_in_force(now) and number in {None, one.pk}]
    if not live:  # ended meanwhile, perhaps by the same press of the button: the page says so
        return redirect(back)
    if request.method == "POST":
        agreeing.withdraw(report, [one.pk for one in live], by=people.OWNER, now=now)
        return redirect(f"{back}?done=withdraw")
    lines = agreement_lines(report, live, now)
    context = {"report": report, "lines": lines, "number": number, "numbers": numbers()}
    return show(request, "resident/end_agreement.html", context)
