"""What an operator does to several cases at once."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from zhizhi.trust.scoping import Scope
from zhizhi.web import bulk
from zhizhi.web.access import Role, actor_of, for_roles, is_fragment
from zhizhi.web.digits import whole_number, whole_numbers
from zhizhi.web.views.cases import LONGEST

UNDONE = ("dispatch", "macro")  # what can be taken back while it is held


@require_POST
@for_roles(Role.OPERATOR)
def act_on_many(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Do one thing to all chosen cases and list what became of each."""
    verb = request.POST.get("verb", "")
    chosen = whole_numbers(request.POST.getlist("case"))
    reason = request.POST.get("reason", "").strip()[:LONGEST]
    macro = whole_number(request.POST.get("macro", ""))
    if said := _missing(verb, chosen, reason) or _macro_missing(verb, macro):
        return _shown(request, {"said": said}, status=400)
    acting = bulk.Acting(scope, actor_of(request), timezone.now(), reason, macro)
    outcomes = bulk.carry_out(verb, chosen, acting)
    done = [one.case for one in outcomes if one.case is not None and one.is_done]
    refused = [one for one in outcomes if not one.is_done]
    undo = done if verb in UNDONE else []
    return _shown(request, {"outcomes": outcomes, "done": done, "refused": refused, "undo": undo})


def _missing(verb: str, chosen: list[int], reason: str) -> str:
    """Say what the request lacks; empty when it is complete."""
    if not chosen or verb not in bulk.VERBS:
        return _("Choose at least one case and what to do with it. Nothing was done.")
    if len(chosen) > bulk.MOST_CASES:
        said = _("At most {most} cases at once. Choose fewer; nothing was done.")
        return said.format(most=bulk.MOST_CASES)
    if verb in bulk.NEEDS_REASON and not reason:
        return _("Say why: the reason is part of the record. Nothing was done.")
    return ""


def _macro_missing(verb: str, macro: int | None) -> str:
    if verb == "macro" and macro is None:
        return _("Choose a macro. Nothing was done.")
    return ""


def _shown(request: HttpRequest, context: dict[str, object], *, status: int = 200) -> HttpResponse:
    template = "web/parts/outcomes.html" if is_fragment(request) else "web/outcomes.html"
    return render(request, template, context, status=status)
