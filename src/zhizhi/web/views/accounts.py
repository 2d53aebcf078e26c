"""The security administrator's list of accounts, and taking a lost second factor away."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from zhizhi.directory import accounts, second_factor
from zhizhi.directory.models import Account
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import Role, account_of, actor_of, for_roles

SHOWN = 100
REASONS = {
    "lost": gettext_lazy("Lost"),
    "stolen": gettext_lazy("Stolen"),
    "broken": gettext_lazy("Broken"),
    "replaced": gettext_lazy("Replaced by another one"),
}


class ResetForm(forms.Form):
    """Why a second factor is taken away, and that it was checked who asks for it."""

    reason = forms.ChoiceField(label=gettext_lazy("Reason"), choices=list(REASONS.items()))
    is_checked = forms.BooleanField(
        label=gettext_lazy("I have checked in person who asks for it"),
        error_messages={"required": gettext_lazy("Check first who asks for it.")},
    )


@require_GET
@for_roles(Role.SECURITY_ADMINISTRATOR)
def account_list(request: HttpRequest, scope: Scope) -> HttpResponse:
    """List the accounts that the viewer keeps, narrowed by a part of name or post."""
    wanted = request.GET.get("q", "").strip()[:80]
    found = accounts.kept_by(scope)
    if wanted:
        found = found.filter(Q(username__icontains=wanted) | Q(call_sign__icontains=wanted))
    rows = list(found.prefetch_related("roles")[: SHOWN + 1])
    armed = second_factor.having_one(rows)
    context = {
        "rows": [_row(row, has_factor=row.pk in armed) for row in rows[:SHOWN]],
        "wanted": wanted,
        "is_more": len(rows) > SHOWN,
        "most": SHOWN,
    }
    return render(request, "web/accounts.html", context)


@require_GET
@for_roles(Role.SECURITY_ADMINISTRATOR)
def account_page(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show one account: its roles, its factors, and the way back for whoever lost them."""
    return _page(request, get_object_or_404(accounts.kept_by(scope), pk=pk), ResetForm())


@require_POST
@for_roles(Role.SECURITY_ADMINISTRATOR)
def reset(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Take the second factor of another account away, with a reason."""
    row, form = get_object_or_404(accounts.kept_by(scope), pk=pk), ResetForm(request.POST)
    if not form.is_valid() or row == account_of(request) or row.is_demo:
        return _page(request, row, form, status=400)
    second_factor.reset(
        row, reason=form.cleaned_data["reason"], by=actor_of(request), now=timezone.now()
    )
    messages.success(
        request, _("The second factor is gone; the next sign-in asks for another one.")
    )
    return redirect("web:account-page", pk)


def _page(request: HttpRequest, row: Account, form: ResetForm, status: int = 200) -> HttpResponse:
    kinds = [kind == "totp" for kind in second_factor.factors(row).values_list("type", flat=True)]
    context = {
        **_row(row, has_factor=bool(kinds)),
        "kinds": kinds,
        "form": form,
        "is_own": row == account_of(request),
    }
    return render(request, "web/account_page.html", context, status=status)


def _row(row: Account, *, has_factor: bool) -> dict[str, Any]:
    roles = list(dict.fromkeys(role.get_role_display() for role in row.roles.all()))
    return {"account": row, "roles": roles, "has_factor": has_factor}
