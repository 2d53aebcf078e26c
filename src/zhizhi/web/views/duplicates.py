"""Cases that may be about the same: side by side, joined, and taken out again."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from zhizhi.engine import likening, merging
from zhizhi.engine.models import Case
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import Role, actor_of, for_roles
from zhizhi.web.digits import whole_number
from zhizhi.web.views.cases import LONGEST, done, visible_case

SHOWN = 10


@require_GET
@for_roles(Role.OPERATOR)
def duplicates(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show which cases may be about the same as one, and why."""
    case = visible_case(scope, pk)
    among = Case.objects.visible_to(scope).select_related("area").defer("area__boundary")
    rests = case.state in Case.RESTING
    found = [] if rests else likening.candidates(case, among)[:SHOWN]
    may_leave = merging.may_join(case)
    rows = [
        {"one": one, "percent": max(0, round(100 * one.likeness.score)),
         "words": round(100 * one.likeness.title), "hours": round(24 * one.likeness.days),
         "join": may_leave, "take": merging.may_join(one.case)}
        for one in found
    ]  # fmt: skip
    return render(request, "web/duplicates.html", {"case": case, "rows": rows, "rests": rests})


@require_POST
@for_roles(Role.OPERATOR)
def merge(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Join a case with another one; both, and what stands for them, must be in the own area."""
    case = visible_case(scope, pk)
    chosen = whole_number(request.POST.get("into", ""))
    if chosen is None:
        return redirect("web:duplicates", pk=case.pk)
    into = visible_case(scope, chosen)
    root = visible_case(scope, merging.root_of(into).pk)
    alike = likening.candidates(case, Case.objects.visible_to(scope).filter(pk=root.pk))
    merging.merge(
        case, into, why=request.POST.get("reason", "").strip()[:LONGEST],
        score=alike[0].parts() if alike else None, by=actor_of(request), now=timezone.now(),
    )  # fmt: skip
    return done(request, scope, root, _("Joined. Both reporters read what becomes of this case."))


@require_POST
@for_roles(Role.OPERATOR)
def unmerge(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Take a joined case out again, exactly as it was."""
    case = visible_case(scope, pk)
    visible_case(scope, merging.root_of(case).pk)
    why = request.POST.get("reason", "").strip()[:LONGEST]
    merging.unmerge(case, why=why, by=actor_of(request), now=timezone.now())
    return done(request, scope, case, _("Taken out again: it is as it was before."))
