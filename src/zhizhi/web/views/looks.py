"""Who looked at my data: every look that a resident may see, and an objection to each."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from zhizhi.engine import claiming
from zhizhi.engine.models import Report
from zhizhi.engine.states import StateConflict
from zhizhi.trust import access
from zhizhi.web.residents.lookers import look_lines
from zhizhi.web.views.following import mine
from zhizhi.web.views.residents import numbers, show

AT_ONCE = 50  # looks on one page


@require_safe
@never_cache
def looks(request: HttpRequest, pk: int) -> HttpResponse:
    """Show who looked at the data of this report and of its reporter."""
    return _page(request, mine(request, pk))


@require_POST
@never_cache
def object_to(request: HttpRequest, pk: int, record: int) -> HttpResponse:
    """Take an objection to one look."""
    report, reason = mine(request, pk), request.POST.get("reason", "").strip()
    if len(reason) > claiming.LONGEST:
        said = _("Please write at most {n} characters.").format(n=claiming.LONGEST)
        return _page(request, report, problem=said, record=record, reason=reason)
    try:
        claiming.object_to(report, record, reason=reason, now=timezone.now())
    except claiming.NotShown as error:
        raise Http404 from error
    except StateConflict:
        pass  # by the same press of the button, or from another browser: the page says so
    return redirect("web:looks", pk)


def _page(
    request: HttpRequest, report: Report, *, problem: str = "", record: int = 0, reason: str = ""
) -> HttpResponse:
    rows = access.shown(*claiming.subjects_of(report), now=timezone.now())
    page = Paginator(rows, AT_ONCE).get_page(request.GET.get("page"))
    context = {
        "report": report,
        "page": page,
        "count": page.paginator.count,
        "lines": look_lines(report, list(page.object_list)),
        "hidden_days": access.LONGEST_HIDDEN.days,
        "within": claiming.answer_within().days,
        "longest": claiming.LONGEST,
        "problem": problem,
        "problem_record": record,
        "reason": reason,
        "numbers": numbers(),
    }
    return show(request, "resident/looks.html", context, status=422 if problem else 200)
