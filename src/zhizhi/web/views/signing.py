"""Signing in and out, choosing the theme, and where everybody starts."""

from __future__ import annotations

from urllib.parse import urlsplit

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
    error = ""
    if request.method == "POST":
        name, password = request.POST.get("username", ""), request.POST.get("password", "")
        account = authenticate(request, username=name, password=password)
        if isinstance(account, Account):
            wanted = next_page(request)
            entering.knock(request, account, next_page=wanted, now=timezone.now())
            return redirect("web:enter-code")
        locked = getattr(request, "axes_locked_out", False)
        error = (
            _("Too many attempts. Wait fifteen minutes or ask your administrator.")
            if locked
            else _("Name or password is wrong.")
        )
    demo = [
        {"account": account, "role": _role(account), "line": _line(account)}
        for account in demo_accounts().prefetch_related("roles")
    ]
    context = {
        "error": error,
        "demo": demo,
        "next": next_page(request),
        "username": request.POST.get("username", ""),
    }
    return render(request, "web/sign_in.html", context, status=403 if error else 200)


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
    return f"{parts.path}?{parts.query}".rstrip("?") if is_ours and parts.path else "/"
