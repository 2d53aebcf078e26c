"""Who may open which page: sign-in, role and scope together, denied by default."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from zhizhi.directory.models import Account, Guardianship, RoleAssignment
from zhizhi.trust.scoping import Scope

Role = RoleAssignment.Role
Page = Callable[..., HttpResponseBase]

DESK_READERS = (Role.OPERATOR, Role.INSPECTOR, Role.LEADER, Role.ADMINISTRATOR)
CASE_READERS = (
    *DESK_READERS,
    Role.AGENCY_OFFICER,
    Role.TECHNICAL_REVIEWER,
    Role.LEGAL_REVIEWER,
    Role.UNIT_MEMBER,
)
GUARDIAN_READERS = (*Guardianship.PROPOSERS, Role.LEADER, Role.LEGAL_REVIEWER)
GRANT_ASKERS = (Role.OPERATOR, Role.INSPECTOR, Role.AGENCY_OFFICER)
GRANT_READERS = (*GRANT_ASKERS, Role.LEADER, Role.LEGAL_REVIEWER)
ROUTING_READERS = (Role.ADMINISTRATOR, Role.LEADER)
RULE_READERS = (*DESK_READERS, Role.AUDITOR)
EVERYBODY = tuple(Role)


def account_of(request: HttpRequest) -> Account:
    """Return who is signed in; raises PermissionDenied for nobody."""
    if isinstance(request.user, Account):
        return request.user
    raise PermissionDenied


def actor_of(request: HttpRequest) -> str:
    """Return how timelines name the one who is signed in: "account:12"."""
    return f"account:{account_of(request).pk}"


def scope_for(request: HttpRequest, *roles: str) -> Scope:
    """Return what the viewer may see in one of ``roles``; raises PermissionDenied without any.

    Only the grants with these roles are kept: a reviewer of one town who is a leader of another
    reviews in the first alone.
    """
    scope = account_of(request).scope()
    grants = scope.of(*roles)
    if not grants:
        raise PermissionDenied
    return Scope(scope.account, grants)


def for_roles(*roles: str) -> Callable[[Page], Page]:
    """Let a page be opened by ``roles`` only; the page's first arguments are request and scope.

    Whoever is not signed in goes to the sign-in page; fragments and data answer 401 instead.
    """

    def decorate(page: Page) -> Page:
        @wraps(page)
        def guarded(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                if is_fragment(request) or request.path.startswith(("/geo/", "/events/")):
                    return HttpResponse(status=401)
                return redirect_to_login(_came_from(request))
            return page(request, scope_for(request, *roles), *arguments, **named)

        return guarded

    return decorate


def _came_from(request: HttpRequest) -> str:
    """Return where to go on after signing in: the page, or the one whose form was sent.

    An address that only takes what is sent to it has nothing to show.
    """
    if request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    referer = urlsplit(request.headers.get("Referer", ""))
    is_ours = referer.netloc == request.get_host()
    return urlunsplit(("", "", referer.path, referer.query, "")) if is_ours else "/"


def is_fragment(request: HttpRequest) -> bool:
    """Say whether htmx asks for a part of a page."""
    return "HX-Request" in request.headers
