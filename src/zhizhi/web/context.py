"""What every page's frame needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from zhizhi.directory.models import Account, LookReview
from zhizhi.engine.models import Appeal, Message
from zhizhi.engine.system import systems
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import (
    DESK_READERS,
    GRANT_READERS,
    GUARDIAN_READERS,
    ROUTING_READERS,
    RULE_READERS,
    Role,
)
from zhizhi.web.elder import step_of
from zhizhi.web.session_limits import LIMITS

THEMES = ("auto", "light", "dark")


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return theme, demo note, unread messages and the navigation of whoever is signed in."""
    theme = request.COOKIES.get("theme", "auto")
    scope = _scope(request)
    return {
        "theme": theme if theme in THEMES else "auto",
        "themes": (("auto", _("As the device")), ("light", _("Light")), ("dark", _("Dark"))),
        "elder": step_of(request),
        "is_demo": settings.DEMO,
        "is_limited": scope is not None and LIMITS in getattr(request, "session", {}),
        "navigation": list(_navigation(request, scope)) if scope else [],
        "unread": _unread(scope) if scope else 0,
        "may_jump": scope is not None and scope.has(*DESK_READERS),
    }


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the pages of whoever is signed in: label, url, and whether it is the one shown."""
    scope = _scope(request)
    return list(_navigation(request, scope)) if scope else []


def _scope(request: HttpRequest) -> Scope | None:
    account = getattr(request, "user", None)
    return account.scope() if isinstance(account, Account) else None


def _unread(scope: Scope) -> int:
    inbox = Message.objects.visible_to(scope).filter(channel="inbox", state__in=Message.SHOWN)
    return inbox.filter(read_at=None).count()


def _navigation(request: HttpRequest, scope: Scope) -> Iterator[dict[str, Any]]:
    pages = [
        (_("Desk"), reverse("web:desk"), DESK_READERS),
        (_("Replay"), reverse("web:replay"), DESK_READERS),
        (_("My tasks"), reverse("web:my"), (Role.UNIT_MEMBER,)),
        *(
            (system.verbose_name, f"/{system.label}/", system.readers)
            for system in systems()
            if system.has_pages
        ),
        (_("Statistics"), reverse("web:statistics"), DESK_READERS),
        (_("Units"), reverse("web:units"), DESK_READERS),
        (_("Rules"), reverse("web:rules"), RULE_READERS),
        (_("Routing"), reverse("web:routing"), ROUTING_READERS),
        (_("Zones"), reverse("web:zones"), (Role.ADMINISTRATOR,)),
        (_("Macros"), reverse("web:macros"), (Role.ADMINISTRATOR,)),
        (_("Settings"), reverse("web:settings"), (Role.ADMINISTRATOR,)),
        (_("Walls"), reverse("web:walls"), (Role.ADMINISTRATOR,)),
        (_("Access"), reverse("web:grants"), GRANT_READERS),
        (_("Guardians"), reverse("web:guardianships"), GUARDIAN_READERS),
        (_("Emergencies"), reverse("web:grant-reviews"), (Role.AUDITOR,)),
        (_("Looks of the staff"), reverse("web:look-reviews"), LookReview.WATCHERS),
        (_("Objections"), reverse("web:claims"), (Role.AUDITOR,)),
        (_("Appeals"), reverse("web:appeals"), Appeal.DECIDERS),
        (_("Accounts"), reverse("web:accounts"), (Role.SECURITY_ADMINISTRATOR,)),
        (_("Health"), reverse("web:health"), (Role.ADMINISTRATOR, Role.AUDITOR)),
    ]
    for label, url, roles in pages:
        if scope.has(*roles):
            yield {"label": label, "url": url, "is_here": request.path.startswith(url)}
