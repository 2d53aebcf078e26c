"""The case: its page, its detail on the desk, and what may be done with it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from zhizhi.directory.models import Unit
from zhizhi.engine import closing, dispatching
from zhizhi.engine.models import Case, Task
from zhizhi.trust import evidence as sealed
from zhizhi.trust.models import Evidence
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import CASE_READERS, Role, actor_of, for_roles, is_fragment
from zhizhi.web.facts import case_facts
from zhizhi.web.places import units_in


def _case(scope: Scope, pk: int) -> Case:
    return get_object_or_404(Case.objects.visible_to(scope), pk=pk)


def _done(request: HttpRequest, scope: Scope, case: Case, said: str) -> HttpResponse:
    """Answer an action: the fresh detail to htmx, else back to where the form was."""
    if is_fragment(request):
        case = _case(scope, case.pk)
        facts = case_facts(request, scope, case, now=timezone.now())
        return render(request, "web/parts/detail.html", {**facts, "said": said})
    messages.success(request, said)
    back = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        return redirect(back)
    return redirect("web:case", pk=case.pk)


@require_GET
@for_roles(*CASE_READERS)
def case_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show one case whole; prints."""
    facts = case_facts(request, scope, _case(scope, pk), now=timezone.now())
    return render(request, "web/case.html", facts)


@require_GET
@for_roles(*CASE_READERS)
def detail(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Return the detail pane of the desk."""
    facts = case_facts(request, scope, _case(scope, pk), now=timezone.now())
    return render(request, "web/parts/detail.html", facts)


@require_GET
@for_roles(Role.OPERATOR)
def suggestions(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Return the nearest fit units; the first has the focus, so one more key sends it."""
    case, now = _case(scope, pk), timezone.now()
    found = dispatching.nearest_fit(case, limit=5, now=now)
    visible = set(units_in(scope).values_list("pk", flat=True))
    context = {"case": case, "now": now, "found": [s for s in found if s.unit.pk in visible]}
    template = "web/parts/suggestions.html" if is_fragment(request) else "web/suggestions.html"
    return render(request, template, context)


@require_POST
@for_roles(Role.OPERATOR)
def acknowledge(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Note that the viewer has seen the case."""
    case = dispatching.acknowledge(_case(scope, pk), by=actor_of(request), now=timezone.now())
    return _done(request, scope, case, _("Acknowledged."))


@require_POST
@for_roles(Role.OPERATOR)
def dispatch(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Send the chosen unit, or the nearest fit one."""
    case, chosen, now = _case(scope, pk), request.POST.get("unit", ""), timezone.now()
    if chosen.isdigit():
        unit = get_object_or_404(units_in(scope), pk=int(chosen))
        dispatching.dispatch(case, unit, by=actor_of(request), now=now)
        return _done(request, scope, case, _("{unit} has the task.").format(unit=unit.name))
    [task] = dispatching.dispatch_nearest(case, by=actor_of(request), now=now)
    return _done(request, scope, case, _("{unit} has the task.").format(unit=task.unit))


@require_POST
@for_roles(Role.OPERATOR)
def undo(request: HttpRequest, scope: Scope, pk: int, task: int) -> HttpResponse:
    """Take the dispatch back while its message is held."""
    case = _case(scope, pk)
    mine = get_object_or_404(Task.objects.visible_to(scope), pk=task, case=case)
    dispatching.undo_dispatch(mine, by=actor_of(request), now=timezone.now())
    return _done(request, scope, case, _("Dispatch undone; nothing was sent."))


@require_POST
@for_roles(Role.OPERATOR)
def dismiss(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """End the case as a false alarm."""
    return _with_reason(request, scope, pk, closing.dismiss, _("Dismissed as a false alarm."))


@require_POST
@for_roles(Role.INSPECTOR)
def reopen(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Open an ended case again."""
    return _with_reason(request, scope, pk, closing.reopen, _("Opened again."))


def _with_reason(
    request: HttpRequest, scope: Scope, pk: int, verb: Callable[..., Case], said: str
) -> HttpResponse:
    case, reason = _case(scope, pk), request.POST.get("reason", "").strip()
    if not reason:
        messages.error(request, _("Say why: the reason is part of the record."))
        return redirect("web:case", pk=pk)
    verb(case, reason=reason[:500], by=actor_of(request), now=timezone.now())
    return _done(request, scope, case, said)


@require_POST
@for_roles(Role.INSPECTOR)
def inspect(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Close a handled case, or send it back."""
    case, note = _case(scope, pk), request.POST.get("note", "").strip()[:500]
    is_passed = request.POST.get("verdict") == "passed"
    if not is_passed and not note:
        messages.error(request, _("Say what is missing: whoever handles it needs to know."))
        return redirect("web:case", pk=pk)
    closing.inspect(case, is_passed=is_passed, note=note, by=actor_of(request), now=timezone.now())
    return _done(request, scope, case, _("Closed.") if is_passed else _("Sent back."))


@require_GET
@for_roles(*CASE_READERS)
def photo(request: HttpRequest, scope: Scope, pk: int, photo: int) -> HttpResponse:
    """Return the working copy of a photo; the sealed original has its own page and trace."""
    case = _case(scope, pk)
    row = get_object_or_404(Evidence.objects.exclude(working_copy=""), pk=photo, case=case.pk)
    answer = HttpResponse(sealed.working_copy(row), content_type="image/jpeg")
    answer["Cache-Control"] = "private, no-store"
    return answer


def unit_of(scope: Scope) -> Unit | None:
    """Return the unit whose phone this is."""
    for grant in scope.of(Role.UNIT_MEMBER):
        if grant.unit is not None:
            return Unit.objects.get(pk=grant.unit)
    return None
