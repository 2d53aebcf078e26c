"""The steps of a case's course: more time, giving back, waiting, supervision, asking again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from zhizhi.engine import dispatching, extending, revisiting, supervising, suspending
from zhizhi.engine.local_time import midnight
from zhizhi.engine.models import Case, Extension, Report, Task
from zhizhi.engine.reasons import ReasonMissing
from zhizhi.engine.states import StateConflict
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import Role, actor_of, for_roles
from zhizhi.web.course import ANSWERERS, DECIDERS, HANDLERS, SUPERVISORS
from zhizhi.web.views.cases import LONGEST, done, refused, visible_case


def _words(request: HttpRequest, name: str = "reason") -> str:
    return request.POST.get(name, "").strip()[:LONGEST]


def _do(
    request: HttpRequest, scope: Scope, case: Case, verb: Callable[[], object], said: str
) -> HttpResponse:
    """Do it, or say what was missing."""
    try:
        verb()
    except ReasonMissing:
        problem = _("Say why: the reason is part of the record. Nothing was done.")
    except suspending.ReviewRefused:
        problem = _("Choose a day that lies ahead, and not too far. Nothing was done.")
    except extending.EndTooEarly:
        problem = _("Choose an end behind the one in force. Nothing was done.")
    else:
        return done(request, scope, case, said)
    return refused(request, scope, case.pk, problem)


def _own_task(request: HttpRequest, scope: Scope, case: Case, pk: int) -> Task:
    task = get_object_or_404(Task.objects.visible_to(scope), pk=pk, case=case)
    if not extending.is_handler(task, actor_of(request)):
        raise Http404
    return task


@require_POST
@for_roles(*HANDLERS)
def extend(request: HttpRequest, scope: Scope, pk: int, task: int) -> HttpResponse:
    """Ask for more time for a task of the viewer's own unit or agency."""
    case, by = visible_case(scope, pk), actor_of(request)
    mine = _own_task(request, scope, case, task)
    until = _moment(request.POST.get("until", ""))

    def verb() -> object:
        if until is None:
            raise extending.EndTooEarly
        reason = _words(request)
        return extending.ask(mine, reason=reason, due_at=until, by=by, now=timezone.now())

    return _do(request, scope, case, verb, _("Asked for; the time stands still until then."))


def _moment(text: str) -> datetime | None:
    """Return the moment that a field holds in local time; None for anything else."""
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return timezone.make_aware(found) if found and timezone.is_naive(found) else found


@require_POST
@for_roles(*HANDLERS)
def give_back(request: HttpRequest, scope: Scope, pk: int, task: int) -> HttpResponse:
    """Give a task of the viewer's own agency or unit back."""
    case, by = visible_case(scope, pk), actor_of(request)
    mine = _own_task(request, scope, case, task)

    def verb() -> object:
        return dispatching.return_task(mine, reason=_words(request), by=by, now=timezone.now())

    return _do(request, scope, case, verb, _("The task is returned."))


@require_POST
@for_roles(*DECIDERS)
def decide(request: HttpRequest, scope: Scope, pk: int, extension: int) -> HttpResponse:
    """Grant more time, or refuse it."""
    case, by = visible_case(scope, pk), actor_of(request)
    rows = Extension.objects.visible_to(scope).select_related("task")
    asked = get_object_or_404(rows, pk=extension, task__case=case)
    is_granted = request.POST.get("verdict") == "granted"

    def verb() -> object:
        answer = _words(request)
        return extending.decide(
            asked, is_granted=is_granted, answer=answer, by=by, now=timezone.now()
        )

    return _do(request, scope, case, verb, _("More time granted.") if is_granted else _("Refused."))


@require_POST
@for_roles(Role.LEADER)
def suspend(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Let the case wait until a day."""
    case, by = visible_case(scope, pk), actor_of(request)

    def verb() -> object:
        try:
            day = parse_date(request.POST.get("day", ""))
        except ValueError:
            day = None
        if day is None:
            raise suspending.ReviewRefused
        return suspending.suspend(
            case, reason=_words(request), review_at=midnight(day), by=by, now=timezone.now()
        )

    return _do(request, scope, case, verb, _("The case waits; its time limits stand still."))


@require_POST
@for_roles(Role.LEADER)
def resume(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Let the case go on."""
    case, by = visible_case(scope, pk), actor_of(request)
    made = suspending.of(case)
    if made is None:
        raise StateConflict("it does not wait", code="not-suspended", record=case)

    def verb() -> object:
        return suspending.resume(made, note=_words(request), by=by, now=timezone.now())

    return _do(request, scope, case, verb, _("The case goes on."))


@require_POST
@for_roles(*SUPERVISORS)
def supervise(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Give an instruction that has to be answered."""
    case, by = visible_case(scope, pk), actor_of(request)

    def verb() -> object:
        return supervising.supervise(case, instruction=_words(request), by=by, now=timezone.now())

    return _do(request, scope, case, verb, _("Under supervision; whoever handles it is told."))


@require_POST
@for_roles(*ANSWERERS)
def answer(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Answer an instruction of supervision."""
    case, by = visible_case(scope, pk), actor_of(request)
    made = supervising.of(case)
    if made is None:
        raise StateConflict("nothing waits", code="not-supervised", record=case)

    def verb() -> object:
        return supervising.answer(made, words=_words(request), by=by, now=timezone.now())

    return _do(request, scope, case, verb, _("Answered; supervision is told."))


@require_POST
@for_roles(Role.OPERATOR)
def revisit(request: HttpRequest, scope: Scope, pk: int, report: int) -> HttpResponse:
    """Keep what a reporter said when asked again."""
    case, by = visible_case(scope, pk), actor_of(request)
    rows = Report.objects.visible_to(scope).select_related("case", "key", "person__key")
    told = get_object_or_404(rows, pk=report, case=case)
    outcome = request.POST.get("outcome", "")
    if outcome not in revisiting.Outcome.values:
        problem = _("Choose what the reporter said. Nothing was done.")
        return refused(request, scope, pk, problem)

    def verb() -> object:
        return revisiting.revisit(told, outcome, note=_words(request), by=by, now=timezone.now())

    return _do(request, scope, case, verb, _("Noted."))
