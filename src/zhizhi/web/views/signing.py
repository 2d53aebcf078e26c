"""Signing in and out, choosing the theme, and where everybody starts."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import authenticate, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from zhizhi.directory.accounts import DemoOnly, demo_accounts, sign_in_demo
from zhizhi.directory.models import Account
from zhizhi.web import entering
from zhizhi.web.access import DESK_READERS, Role, account_of
from zhizhi.web.context import THEMES
from zhizhi.web.guesses import TurnedAway, counted
from zhizhi.web.words import ROLE_LINES


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Send everybody to the page of their work."""
    if not request.user.is_authenticated:
        return redirect("web:sign-in")
    scope = account_of(request).scope()
    starts = (
        (DESK_READERS[:3], "web:desk"),
        ((Role.UNIT_MEMBER,), "web:my"),
        ((Role.AGENCY_OFFICER,), "fishery:agency"),
        ((Role.TECHNICAL_REVIEWER, Role.LEGAL_REVIEWER), "fishery:violations"),
        ((Role.ADMINISTRATOR,), "web:zones"),
        ((Role.SECURITY_ADMINISTRATOR,), "web:accounts"),
        ((Role.AUDITOR,), "web:health"),
    )
    for roles, start in starts:
        if scope.has(*roles):
            return redirect(start)
    return render(request, "web/no_role.html", status=403)


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for the password; with a right one the second factor comes next.

    Five failures lock the name at this address for a quarter hour.
    """
    refused = None
    if request.method == "POST":
        refused = counted(request, lambda: _knocked(request))
        if refused is None:
            return redirect("web:enter-code")
    demo = [
        {"account": account, "role": _role(account), "line": _line(account)}
        for account in demo_accounts().prefetch_related("roles")
    ]
    context = {
        "error": refused.text if refused else "",
        "demo": demo,
        "next": next_page(request),
        "username": request.POST.get("username", ""),
    }
    answer = render(request, "web/sign_in.html", context, status=refused.status if refused else 200)
    return refused.told(answer) if refused else answer


def _knocked(request: HttpRequest) -> TurnedAway | None:
    """Let whoever shows a right password come to the door; returns why not.

    Names that nobody has are answered like names with another password.
    """
    name, password = request.POST.get("username", ""), request.POST.get("password", "")
    now, account = timezone.now(), authenticate(request, username=name, password=password)
    if isinstance(account, Account):
        entering.knock(request, account, next_page=next_page(request), now=now)
        return None
    if getattr(request, "axes_locked_out", False):
        text = _("Too many attempts. Wait fifteen minutes or ask your administrator.")
        return TurnedAway(text, now + timedelta(hours=settings.AXES_COOLOFF_TIME))
    return TurnedAway(_("Name or password is wrong."))


@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in as one of the demonstration's posts; only in demo mode."""
    try:
        sign_in_demo(request, request.POST.get("username", ""))
    except DemoOnly:
        return render(request, "403.html", status=403)
    return redirect(next_page(request))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("web:sign-in")


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Remember light, dark or the device's own choice on this device."""
    theme = request.POST.get("theme", "auto")
    response = redirect(next_page(request))
    if theme in THEMES:
        response.set_cookie("theme", theme, max_age=31_536_000, samesite="Lax", httponly=True)
    return response


def _role(account: Account) -> str:
    return next((role.get_role_display() for role in account.roles.all()), "")


def _line(account: Account) -> str:
    return next((str(ROLE_LINES.get(role.role, "")) for role in account.roles.all()), "")


def next_page(request: HttpRequest) -> str:
    """Return the page asked for before, if it is one of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    parts = urlsplit(wanted)
    is_page = is_ours and parts.path.startswith("/")
    return f"{parts.path}?{parts.query}".rstrip("?") if is_page else "/"
