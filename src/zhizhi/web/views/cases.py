"""The case: its page, its detail on the desk, and what may be done with it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from zhizhi.engine import closing, declining, dispatching
from zhizhi.engine.models import Case, Task
from zhizhi.engine.reasons import ReasonMissing
from zhizhi.engine.timeline import leave
from zhizhi.trust import evidence as sealed
from zhizhi.trust.audit import Leaf
from zhizhi.trust.models import Evidence
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import CASE_READERS, Role, actor_of, for_roles, is_fragment
from zhizhi.web.digits import whole_number
from zhizhi.web.facts import case_facts
from zhizhi.web.live import newest_seq
from zhizhi.web.looking import is_new_look, note_report, report_of
from zhizhi.web.places import units_in
from zhizhi.web.ranges import ranged

LONGEST = 500  # characters of a reason


def visible_case(scope: Scope, pk: int) -> Case:
    """Return a case that the viewer may see, or answer 404."""
    return get_object_or_404(Case.objects.visible_to(scope).select_related("area"), pk=pk)


def _show(
    request: HttpRequest, scope: Scope, pk: int, template: str, *, said: str = "", status: int = 200
) -> HttpResponse:
    after, now = newest_seq(), timezone.now()
    facts = case_facts(scope, visible_case(scope, pk), actor=actor_of(request), now=now)
    note_report(request, scope, facts["report"] and facts["report"]["row"], now)
    return render(request, template, {**facts, "said": said, "after": after}, status=status)


def done(request: HttpRequest, scope: Scope, case: Case, said: str) -> HttpResponse:
    """Answer an action: the fresh detail to htmx, else the case's page."""
    if is_fragment(request):
        return _show(request, scope, case.pk, "web/parts/detail.html", said=said)
    messages.success(request, said)
    return redirect("web:case", pk=case.pk)


def refused(request: HttpRequest, scope: Scope, pk: int, said: str) -> HttpResponse:
    """Say what was missing; nothing was done."""
    is_part = is_fragment(request)
    template = "web/parts/detail.html" if is_part else "web/case.html"
    return _show(request, scope, pk, template, said=said, status=400)


@require_GET
@for_roles(*CASE_READERS)
def case_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show one case whole; prints."""
    return _show(request, scope, pk, "web/case.html")


@require_GET
@for_roles(*CASE_READERS)
def detail(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Return the detail pane of the desk."""
    return _show(request, scope, pk, "web/parts/detail.html")


@require_GET
@for_roles(Role.OPERATOR)
def suggestions(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Return the nearest fit units; the first has the focus, so one more key sends it."""
    case, now = visible_case(scope, pk), timezone.now()
    found = dispatching.nearest_fit(case, limit=5, now=now, among=units_in(scope))
    context = {"case": case, "now": now, "found": found}
    template = "web/parts/suggestions.html" if is_fragment(request) else "web/suggestions.html"
    return render(request, template, context)


@require_POST
@for_roles(Role.OPERATOR)
def acknowledge(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Note that the viewer has seen the case."""
    case = dispatching.acknowledge(
        visible_case(scope, pk), by=actor_of(request), now=timezone.now()
    )
    return done(request, scope, case, _("Acknowledged."))


@require_POST
@for_roles(Role.OPERATOR)
def dispatch(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Send the chosen unit, or the nearest fit one."""
    case, now = visible_case(scope, pk), timezone.now()
    chosen = whole_number(request.POST.get("unit", ""))
    if chosen is not None:
        unit = get_object_or_404(units_in(scope), pk=chosen)
        task = dispatching.dispatch(case, unit, by=actor_of(request), now=now)
    else:
        by, among = actor_of(request), units_in(scope)
        [task] = dispatching.dispatch_nearest(case, by=by, now=now, among=among)
    return done(request, scope, case, _("{unit} has the task.").format(unit=task.unit))


def _task(scope: Scope, case: Case, pk: int) -> Task:
    return get_object_or_404(Task.objects.visible_to(scope), pk=pk, case=case)


@require_POST
@for_roles(Role.OPERATOR)
def undo(request: HttpRequest, scope: Scope, pk: int, task: int) -> HttpResponse:
    """Take the dispatch back while its message is held."""
    case = visible_case(scope, pk)
    mine = _task(scope, case, task)
    dispatching.undo_dispatch(mine, by=actor_of(request), now=timezone.now())
    return done(request, scope, case, _("Dispatch undone; nothing was sent."))


@require_POST
@for_roles(Role.OPERATOR)
def withdraw(request: HttpRequest, scope: Scope, pk: int, task: int) -> HttpResponse:
    """Withdraw a task that is no longer wanted; its unit is told."""
    mine = _task(scope, visible_case(scope, pk), task)

    def verb(_case: Case, *, reason: str, by: str, now: object) -> object:
        return dispatching.cancel_task(mine, reason=reason, by=by, now=timezone.now())

    return _with_reason(request, scope, pk, verb, _("Task withdrawn; the unit is told."))


@require_POST
@for_roles(Role.OPERATOR)
def waive(request: HttpRequest, scope: Scope, pk: int, task: int) -> HttpResponse:
    """Decide that a returned or expired task need not be done."""
    mine = _task(scope, visible_case(scope, pk), task)

    def verb(_case: Case, *, reason: str, by: str, now: object) -> object:
        return closing.waive(mine, reason=reason, by=by, now=timezone.now())

    return _with_reason(request, scope, pk, verb, _("Task waived."))


@require_POST
@for_roles(Role.OPERATOR)
def dismiss(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """End the case as a false alarm, or do not take up what people told: they are told why."""
    if "why" not in request.POST:
        return _with_reason(request, scope, pk, closing.dismiss, _("Dismissed as a false alarm."))
    case, why = visible_case(scope, pk), request.POST["why"]
    note = request.POST.get("reason", "")[:LONGEST]
    try:
        declining.decline(case, why, note=note, by=actor_of(request), now=timezone.now())
    except ReasonMissing:
        said = _("Choose why: whoever reported it is told. Nothing was done.")
        return refused(request, scope, pk, said)
    return done(request, scope, case, _("Not taken up; whoever reported it is told why."))


@require_POST
@for_roles(Role.INSPECTOR)
def reopen(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Open an ended case again."""
    return _with_reason(request, scope, pk, closing.reopen, _("Opened again."))


def _with_reason(
    request: HttpRequest, scope: Scope, pk: int, verb: Callable[..., object], said: str
) -> HttpResponse:
    case, reason = visible_case(scope, pk), request.POST.get("reason", "").strip()
    if not reason:
        return refused(
            request, scope, pk, _("Say why: the reason is part of the record. Nothing was done.")
        )
    verb(case, reason=reason[:LONGEST], by=actor_of(request), now=timezone.now())
    return done(request, scope, case, said)


@require_POST
@for_roles(Role.INSPECTOR)
def inspect(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Close a handled case, or send it back."""
    case, note = visible_case(scope, pk), request.POST.get("note", "").strip()[:LONGEST]
    is_passed = request.POST.get("verdict") == "passed"
    if not is_passed and not note:
        said = _("Say what is missing: whoever handles it needs to know. Nothing was done.")
        return refused(request, scope, pk, said)
    closing.inspect(case, is_passed=is_passed, note=note, by=actor_of(request), now=timezone.now())
    return done(request, scope, case, _("Closed.") if is_passed else _("Sent back."))


@require_GET
@for_roles(*CASE_READERS)
def photo(request: HttpRequest, scope: Scope, pk: int, photo: int) -> HttpResponse:
    """Return the working copy of a photo; the sealed original has its own page and trace."""
    case = visible_case(scope, pk)
    row = get_object_or_404(Evidence.objects.exclude(working_copy=""), pk=photo, case=case.pk)
    report = report_of(scope, case)
    if report is not None and row.pk in report.evidence:
        note_report(request, scope, report, timezone.now())
    answer = HttpResponse(sealed.working_copy(row), content_type="image/jpeg")
    answer["Cache-Control"] = "private, no-store"
    return answer


@require_GET
@for_roles(*CASE_READERS)
def voice(request: HttpRequest, scope: Scope, pk: int, voice: int) -> HttpResponse:
    """Play a voice note; who heard any part of it is in the audit chain."""
    case = visible_case(scope, pk)
    row = get_object_or_404(Evidence, pk=voice, case=case.pk, kind=sealed.VOICE)
    try:
        content = sealed.original(row)
    except sealed.EvidenceDamaged as damage:
        raise Http404 from damage
    now = timezone.now()
    if is_new_look(request, "voice", row.pk, now):
        detail = {"evidence": row.pk}
        subject = f"case:{case.pk}"
        leave(Leaf(actor_of(request), "evidence.open", subject, now, case.area_path, detail))
    return ranged(request, content, content_type=row.media_type)
