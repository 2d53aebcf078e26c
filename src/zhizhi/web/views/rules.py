"""Rules: what each detector does, with which numbers, and how often it was right."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from zhizhi.trust.scoping import Scope
from zhizhi.web import rule_facts
from zhizhi.web.access import RULE_READERS, Role, for_roles


@require_safe
@for_roles(*RULE_READERS)
def rule_list(request: HttpRequest, scope: Scope) -> HttpResponse:
    """List the rules with what they found in the last days."""
    now = timezone.now()
    rows = [
        {"rule": rule, "figures": rule_facts.figures_of(rule, scope, now=now)}
        for rule in rule_facts.rules()
    ]
    return render(request, "web/rules.html", {"rows": rows})


@require_safe
@for_roles(*RULE_READERS)
def rule_page(request: HttpRequest, scope: Scope, code: str) -> HttpResponse:
    """Show one rule: words, numbers, zones, figures, last changes; no case in particular."""
    rule = next((one for one in rule_facts.rules() if one.code == code), None)
    if rule is None:
        raise Http404
    facts = rule_facts.page_facts(rule, scope, now=timezone.now())
    may_change = scope.has(Role.ADMINISTRATOR)
    return render(request, "web/rule.html", {**facts, "may_change": may_change})
