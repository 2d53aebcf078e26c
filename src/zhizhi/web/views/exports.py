"""What may be taken out as a file: the queue as it is filtered, and a case whole."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from zhizhi.engine.models import Case
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import CASE_READERS, DESK_READERS, account_of, actor_of, for_roles
from zhizhi.web.exporting import files, printing
from zhizhi.web.exporting.case_file import case_file as written
from zhizhi.web.exporting.queue_list import queue_listing
from zhizhi.web.looking import record_report, report_of, told_in
from zhizhi.web.queue import QueueFilter


@require_GET
@for_roles(*DESK_READERS)
def queue(request: HttpRequest, scope: Scope, form: str) -> HttpResponseBase:
    """Send every case of the queue that the address asks for, as CSV or as a workbook."""
    listing = queue_listing(scope, QueueFilter.of(request.GET), now=timezone.now())
    return files.send(request, listing, form)


@require_GET
@for_roles(*CASE_READERS)
def case_file(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Send one case as PDF; where that cannot be, say so and what to do."""
    case = get_object_or_404(Case.objects.visible_to(scope).select_related("area"), pk=pk)
    by, user = actor_of(request), str(account_of(request))
    report = report_of(scope, case)
    if report is not None and told_in(report):
        record_report(request, scope, report, "case-file", timezone.now())
    order = printing.PaperOrder(
        title=_("Case file {code}").format(code=case.code),
        subject="case-file",
        back=reverse("web:case", args=[case.pk]),
        write=lambda now: written(scope, case, user=user, actor=by, now=now),
        wanted={"case": case.pk},
    )
    return printing.send(request, order)
