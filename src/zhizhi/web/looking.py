"""What a viewer looks at again and again leaves one line of the audit in a while, not hundreds."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.http import HttpRequest

from zhizhi.directory.posts import post_for
from zhizhi.engine import settings_in_force
from zhizhi.engine.granting import CaseInHand
from zhizhi.engine.models import Case, Report
from zhizhi.trust import access, grounds
from zhizhi.trust.access import Look
from zhizhi.trust.allowances import Rate
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import actor_of

HOUR = timedelta(hours=1)
TRACED = timedelta(minutes=10)  # one line of the audit for each record and viewer in that time
WORDS = ("telling", "place", "remark")


def is_new_look(request: HttpRequest, kind: str, pk: int, now: datetime) -> bool:
    """Say whether this viewer's look at a record has to be written down, and remember that it is.

    Only the newest record of a kind is remembered: whoever goes to and fro is written down again.
    """
    looks = request.session.get(f"{kind}_looks", {})
    if now.timestamp() - looks.get(str(pk), 0) <= TRACED.total_seconds():
        return False
    request.session[f"{kind}_looks"] = {str(pk): now.timestamp()}
    return True


def note_report(request: HttpRequest, scope: Scope, report: Report | None, now: datetime) -> None:
    """Put on record that the viewer sees what a resident wrote or photographed, once in a while."""
    if report is not None and told_in(report) and is_new_look(request, "report", report.pk, now):
        record_report(request, scope, report, "handle-case", now)


def record_report(
    request: HttpRequest, scope: Scope, report: Report, purpose: str, now: datetime
) -> None:
    """Put on record that the viewer sees a report; the resident sees that on the own page."""
    post = post_for(scope, report.case.area_path)
    case = CaseInHand.of(report.case)
    subject = f"report:{report.pk}"
    look = Look(actor_of(request), subject, told_in(report), purpose, case, post)
    with transaction.atomic():
        access.record(look, refusal="", now=now, ground=grounds.by_law(purpose))


def told_in(report: Report) -> tuple[str, ...]:
    """Return which words and pictures of a report there are to see: none once it was forgotten."""
    if report.forgotten_at is not None:
        return ()
    words = tuple(name for name in WORDS if getattr(report, name))
    return (*words, "photo") if report.evidence else words


def report_of(scope: Scope, case: Case) -> Report | None:
    """Return the report that the viewer sees in ``case``."""
    return Report.objects.visible_to(scope).filter(case=case).select_related("case").first()


def look_rate() -> Rate:
    """Return how many people one account may look up for one purpose."""
    return Rate(most=settings_in_force.value("people.looks_per_hour"), within=HOUR)
