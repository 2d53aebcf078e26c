"""What every page's frame needs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from zhizhi.directory.models import Account
from zhizhi.engine.system import systems
from zhizhi.web.access import DESK_READERS, Role

THEMES = ("auto", "light", "dark")


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return theme, demo note and the navigation of whoever is signed in."""
    theme = request.COOKIES.get("theme", "auto")
    return {
        "theme": theme if theme in THEMES else "auto",
        "is_demo": settings.DEMO,
        "navigation": list(_navigation(request)),
    }


def _navigation(request: HttpRequest) -> list[dict[str, Any]]:
    account = getattr(request, "user", None)
    if not isinstance(account, Account):
        return []
    scope = account.scope()
    pages = [
        (_("Desk"), reverse("web:desk"), DESK_READERS),
        (_("My tasks"), reverse("web:my"), (Role.UNIT_MEMBER,)),
        *(
            (system.verbose_name, f"/{system.label}/", system.readers)
            for system in systems()
            if system.has_pages
        ),
        (_("Zones"), reverse("web:zones"), (Role.ADMINISTRATOR,)),
        (_("Health"), reverse("web:health"), (Role.ADMINISTRATOR, Role.AUDITOR)),
    ]
    return [
        {"label": label, "url": url, "is_here": request.path.startswith(url)}
        for label, url, roles in pages
        if scope.has(*roles)
    ]
