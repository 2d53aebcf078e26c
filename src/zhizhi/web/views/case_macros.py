"""Macros of one case: what they would do, doing one, undoing it."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from zhizhi.engine import macros
from zhizhi.engine.macros.running import Chosen
from zhizhi.engine.models import MacroRun
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import Role, actor_of, for_roles, is_fragment
from zhizhi.web.digits import whole_number
from zhizhi.web.macros.previews import previews
from zhizhi.web.macros.telling import run_words
from zhizhi.web.places import units_in
from zhizhi.web.views.cases import done, visible_case


@require_GET
@for_roles(Role.OPERATOR)
def of_case(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Return the macros of a case; a number key gives one to it."""
    case, now = visible_case(scope, pk), timezone.now()
    context = {"case": case, "now": now, "macros": previews(scope, case, now=now)}
    template = "web/parts/macros.html" if is_fragment(request) else "web/case_macros.html"
    return render(request, template, context)


@require_POST
@for_roles(Role.OPERATOR)
def run(request: HttpRequest, scope: Scope, pk: int, macro: int) -> HttpResponse:
    """Give a macro to a case: what was shown, or nothing."""
    case = visible_case(scope, pk)
    mine = next((one for one in macros.usable(scope, case) if one.pk == macro), None)
    if mine is None:
        raise Http404
    seen = whole_number(request.POST.get("version", ""))
    order = macros.Order(
        actor_of(request), timezone.now(), units_in(scope), seen,
        None if seen is None else _chosen(request),
    )  # fmt: skip
    return done(request, scope, case, run_words(macros.run(mine, case, order)))


def _chosen(request: HttpRequest) -> Chosen:
    """Return the units that the form was sent with, by the places of their steps."""
    read = {
        place: whole_number(request.POST.get(f"unit-{place}", ""))
        for place in range(macros.MOST_STEPS)
    }
    return {place: unit for place, unit in read.items() if unit is not None}


@require_POST
@for_roles(Role.OPERATOR)
def undo(request: HttpRequest, scope: Scope, pk: int, run: int) -> HttpResponse:
    """Take a whole macro back while it is held."""
    case = visible_case(scope, pk)
    mine = get_object_or_404(MacroRun.objects.visible_to(scope), pk=run, case=case)
    macros.undo(mine, by=actor_of(request), now=timezone.now())
    said = _("Macro undone: units, messages and acknowledgement are taken back.")
    return done(request, scope, case, said)
