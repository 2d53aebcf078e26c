"""Who may open which of the fishery's pages: role and scope together, denied by default."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from zhizhi.directory.models import Account, RoleAssignment
from zhizhi.trust.scoping import Scope

Role = RoleAssignment.Role

READERS = (
    Role.OPERATOR,
    Role.INSPECTOR,
    Role.LEADER,
    Role.ADMINISTRATOR,
    Role.TECHNICAL_REVIEWER,
    Role.LEGAL_REVIEWER,
    Role.AGENCY_OFFICER,
)
MASKERS = (Role.OPERATOR, Role.TECHNICAL_REVIEWER)
SENDERS = (Role.OPERATOR, Role.LEGAL_REVIEWER)
WRITERS = (Role.ADMINISTRATOR,)
REVIEWERS = {"technical": Role.TECHNICAL_REVIEWER, "legal": Role.LEGAL_REVIEWER}


def account_of(request: HttpRequest) -> Account:
    """Return who is signed in; raises PermissionDenied for nobody."""
    if isinstance(request.user, Account):
        return request.user
    raise PermissionDenied


def actor_of(request: HttpRequest) -> str:
    """Return how timelines name the one who is signed in."""
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
