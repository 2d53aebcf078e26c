"""What every page of the fishery watch shows around its content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from zhizhi.systems.fishery.views import access

PAGES = (
    ("fishery:overview", _("Overview"), access.READERS),
    ("fishery:violations", _("Violation records"), access.READERS),
    ("fishery:agency", _("Tasks of the agency"), access.OFFICERS),
    ("fishery:statistics", _("Statistics"), access.READERS),
    ("fishery:words", _("Words of reminders"), access.WORD_READERS),
)


def show(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render a page with the links that the viewer may follow."""
    scope = access.account_of(request).scope()
    pages = [(name, label) for name, label, roles in PAGES if scope.has(*roles)]
    return render(request, template, {**context, "fishery_pages": pages}, status=status)
