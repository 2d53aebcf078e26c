"""Wall passes: an administrator makes one, hands its address over, and withdraws it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from zhizhi.directory import walls as passes
from zhizhi.directory.models import WallPass
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import Role, actor_of, for_roles
from zhizhi.web.wall import admission
from zhizhi.web.wall.forms import WallPassForm


@require_GET
@for_roles(Role.ADMINISTRATOR)
def walls(request: HttpRequest, scope: Scope) -> HttpResponse:
    """List the passes of the own area and offer to make one."""
    return _page(request, scope, WallPassForm(scope=scope))


@require_POST
@for_roles(Role.ADMINISTRATOR)
def issue(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Make a pass and show its address, this once: it is not kept and cannot be shown again."""
    now = timezone.now()
    form = WallPassForm(request.POST, scope=scope, now=now)
    if not form.is_valid():
        return _page(request, scope, form, status=400)
    row, token = passes.issue(**form.cleaned_data, by=actor_of(request), now=now)
    address = f"{request.build_absolute_uri(reverse('web:wall'))}?token={token}"
    shown: dict[str, Any] = (
        {"token": token} if row.use == WallPass.Use.PROGRAMS else {"address": address}
    )
    return _page(request, scope, WallPassForm(scope=scope), made=row, **shown)


@require_POST
@for_roles(Role.ADMINISTRATOR)
def withdraw(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Let a screen show nothing any more."""
    row = get_object_or_404(passes.visible_to(scope), pk=pk)
    passes.withdraw(row, by=actor_of(request), now=timezone.now())
    admission.forget()
    messages.success(request, _("{name} shows nothing any more.").format(name=row.name))
    return redirect("web:walls")


def _page(
    request: HttpRequest, scope: Scope, form: WallPassForm, *, status: int = 200, **made: Any
) -> HttpResponse:
    now = timezone.now()
    rows = passes.visible_to(scope)
    shown = [{"row": row, "state": row.state_at(now)} for row in rows]
    context = {
        "form": form,
        "valid": [one for one in shown if one["state"] == WallPass.State.VALID],
        "ended": [one for one in shown if one["state"] != WallPass.State.VALID],
        **made,
    }
    answer = render(request, "web/walls.html", context, status=status)
    answer["Cache-Control"] = "no-store"
    return answer
