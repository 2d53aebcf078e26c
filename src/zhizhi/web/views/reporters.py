"""Looking at who reported a case, with a purpose and on record; and destroying it on request."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from zhizhi.directory import people
from zhizhi.directory.posts import post_for
from zhizhi.engine import rating
from zhizhi.engine.granting import CaseInHand
from zhizhi.engine.models import Report
from zhizhi.trust import vault
from zhizhi.trust.access import AccessRefused
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import Role, actor_of, for_roles
from zhizhi.web.looking import look_rate

PURPOSES = ("ask-reporter", "tell-result", "help-reporter")


@require_POST
@never_cache
@for_roles(Role.OPERATOR, Role.INSPECTOR)
def reporter(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show name and number of whoever reported the case; the look is on record before it."""
    report = _report(scope, pk)
    if report.person is None:
        raise Http404
    purpose = request.POST.get("purpose", "")
    try:
        told = people.open_person(
            report.person,
            ("name", "phone"),
            actor=actor_of(request),
            purpose=purpose if purpose in PURPOSES else "",
            case=CaseInHand.of(report.case),
            post=post_for(scope, report.case.area_path),
            now=timezone.now(),
            rate=look_rate(),
        )
    except (AccessRefused, vault.Erased) as refused:
        code = refused.code if isinstance(refused, AccessRefused) else ""
        context = {
            "case": report.case,
            "refused": True,
            "too_many": code == people.TOO_MANY,
            "not_agreed": code == people.NO_CONSENT,
        }
        return render(request, "web/reporter.html", context, status=403)
    return render(request, "web/reporter.html", {"case": report.case, "told": told})


@require_POST
@for_roles(Role.OPERATOR)
def forget(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Destroy what a resident told of the own person and in own words, on request."""
    report = _report(scope, pk)
    if rating.forget(report, by=actor_of(request), now=timezone.now()):
        messages.success(request, _("Words, name and number are destroyed."))
    else:
        messages.info(request, _("They were destroyed before."))
    return redirect("web:case", pk=pk)


def _report(scope: Scope, pk: int) -> Report:
    mine = Report.objects.visible_to(scope).select_related("case", "person__key", "key")
    return get_object_or_404(mine, case_id=pk)
