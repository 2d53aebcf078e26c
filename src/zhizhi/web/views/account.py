"""One's own account: which second factors it has, and changing them."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from zhizhi.directory import passkeys, second_factor
from zhizhi.directory.models import Account
from zhizhi.directory.second_factor import LastFactor
from zhizhi.trust.scoping import Scope
from zhizhi.web import entering, session_limits
from zhizhi.web.access import EVERYBODY, account_of, for_roles
from zhizhi.web.views.entering import (
    app_added,
    app_facts,
    drawn_again,
    kept,
    said,
    shown,
    tried,
)

SEED = "app_seed"
FEW = 3  # recovery codes left: time for new ones


@require_GET
@never_cache
@for_roles(*EVERYBODY)
def account(request: HttpRequest, _scope: Scope) -> HttpResponse:
    """Show the own factors and what may be done with them."""
    return _page(request)


@require_http_methods(["GET", "POST"])
@never_cache
@for_roles(*EVERYBODY)
def session(request: HttpRequest, _scope: Scope) -> HttpResponse:
    """Say how many seconds the session lasts if nothing is done, and at most; POST is a deed."""
    now = timezone.now()
    if request.method == "POST":
        session_limits.touch(request.session, account_of(request), now=now)
    found = session_limits.left(request.session, now=now)
    idle, whole = (one.total_seconds() for one in found) if found else (None, None)
    return JsonResponse({"idle_s": idle, "whole_s": whole})


@require_POST
@for_roles(*EVERYBODY)
def confirm(request: HttpRequest, _scope: Scope) -> HttpResponse:
    """Take a code, so that for ten minutes the factors may be changed."""
    if refused := tried(account_of(request), request.POST.get("code", "")):
        return refused.told(_page(request, {"error": refused.text}, status=refused.status))
    entering.confirm(request, now=timezone.now())
    return redirect("web:account")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@for_roles(*EVERYBODY)
def app(request: HttpRequest, _scope: Scope) -> HttpResponse:
    """Set an authenticator app up, in place of the one that was."""
    if not _may_change(request):
        return redirect("web:account")
    who = account_of(request)
    seed = request.session.setdefault(SEED, secrets.token_urlsafe(24))
    secret, refused = second_factor.app_secret(who, seed), None
    if request.method == "POST":
        refused = app_added(who, secret, request.POST.get("code", ""), is_first=False)
        if refused is None:
            del request.session[SEED]
            return _changed(request, _("The app is set up; other sessions have ended."))
    context = {"is_own": True, **app_facts(who, secret)}
    return drawn_again(request, "web/set_up_factor.html", context, refused)


@require_POST
@for_roles(*EVERYBODY)
def renew_codes(request: HttpRequest, _scope: Scope) -> HttpResponse:
    """Make new recovery codes and show them once."""
    if not _may_change(request):
        return redirect("web:account")
    codes = second_factor.renew_codes(account_of(request), now=timezone.now())
    return render(request, "web/recovery_codes.html", {"codes": codes})


@require_POST
@for_roles(*EVERYBODY)
def remove(request: HttpRequest, _scope: Scope, pk: int) -> HttpResponse:
    """Take one of several factors away."""
    if not _may_change(request):
        return redirect("web:account")
    try:
        second_factor.remove(account_of(request), pk, now=timezone.now())
    except (LastFactor, Authenticator.DoesNotExist):
        messages.error(request, _("The last factor stays; set up another one first."))
        return redirect("web:account")
    return _changed(request, _("It is gone; other sessions have ended."))


@require_GET
@never_cache
@for_roles(*EVERYBODY)
def passkey_question(request: HttpRequest, _scope: Scope) -> HttpResponse:
    """Ask the browser for a new passkey, or first for one that is there."""
    who = account_of(request)
    if entering.is_fresh(request, now=timezone.now()):
        return JsonResponse(passkeys.ask_new(request, who))
    return JsonResponse(passkeys.ask(request, who))


@require_POST
@for_roles(*EVERYBODY)
def passkey(request: HttpRequest, _scope: Scope) -> HttpResponse:
    """Keep the passkey that the browser made; without a fresh proof, take its answer as one."""
    who, now = account_of(request), timezone.now()
    if who.is_demo:
        return JsonResponse({"error": _no_need()}, status=400)
    is_fresh = entering.is_fresh(request, now=now)
    refused = kept(request, who, is_first=False) if is_fresh else shown(request, who)
    if refused:
        return said(refused)
    entering.confirm(request, now=now)
    if is_fresh:
        _stay(request, who)
    return JsonResponse({"next": redirect("web:account")["Location"]})


def _page(
    request: HttpRequest, told: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    who, now = account_of(request), timezone.now()
    rows = list(second_factor.factors(who))
    left = len(second_factor.recovery_codes(who))
    context = {
        "factors": [{"row": row, "is_app": row.type == "totp"} for row in rows],
        "has_app": any(row.type == "totp" for row in rows),
        "has_passkey": any(row.type == "webauthn" for row in rows),
        "is_only": len(rows) == 1,
        "left": left,
        "is_few": left <= FEW,
        "is_fresh": entering.is_fresh(request, now=now),
        "ends_at": _ends_at(request),
        "roles": [role.get_role_display() for role in who.roles.order_by("pk")],
        **(told or {}),
    }
    return render(request, "web/account.html", context, status=status)


def _ends_at(request: HttpRequest) -> datetime | None:
    """Return when the session ends whatever is done; None in a demonstration."""
    now = timezone.now()
    found = session_limits.left(request.session, now=now)
    return now + found[1] if found else None


def _may_change(request: HttpRequest) -> bool:
    """Say whether a factor was shown lately; says what is to be done if not."""
    if account_of(request).is_demo:
        messages.error(request, _no_need())
        return False
    if not entering.is_fresh(request, now=timezone.now()):
        messages.error(request, _("Show a code or a passkey first."))
        return False
    return True


def _no_need() -> str:
    return _("Accounts of the demonstration have no second factor.")


def _changed(request: HttpRequest, text: str) -> HttpResponse:
    """Keep this session, the only one that goes on, and say what was done."""
    _stay(request, account_of(request))
    messages.success(request, text)
    return redirect("web:account")


def _stay(request: HttpRequest, who: Account) -> None:
    who.refresh_from_db()
    update_session_auth_hash(request, who)
