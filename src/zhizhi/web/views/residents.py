"""The residents' start page: no sign-in, few large choices, elder mode, whom to call."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from zhizhi.engine import settings_in_force
from zhizhi.engine.system import systems
from zhizhi.web import elder
from zhizhi.web.views.signing import next_page

NUMBERS: tuple[tuple[str, str | Promise], ...] = (
    ("residents.district_number", gettext_lazy("District centre")),
    ("residents.hotline_number", gettext_lazy("Hotline for questions and complaints")),
    ("residents.police_number", gettext_lazy("Police")),
    ("residents.fire_number", gettext_lazy("Fire brigade")),
    ("residents.ambulance_number", gettext_lazy("Ambulance")),
)


def show(
    request: HttpRequest, template: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """Draw a page for residents; even staff who open it get no command box there."""
    return render(request, template, {**(context or {}), "may_jump": False}, status=status)


def numbers() -> list[dict[str, Any]]:
    """Return whom to call, without the numbers that are not set."""
    known = settings_in_force.snapshot()
    rows = [{"name": name, "number": str(known[key]).strip()} for key, name in NUMBERS]
    return [row for row in rows if row["number"]]


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what a resident can do here."""
    doors = [door for system in systems() for door in system.doors]
    return show(request, "resident/home.html", {"numbers": numbers(), "doors": doors})


@require_safe
def calls(request: HttpRequest) -> HttpResponse:
    """Show whom to call."""
    return show(request, "resident/calls.html", {"numbers": numbers()})


@require_safe
def data_use(request: HttpRequest) -> HttpResponse:
    """Say what the district does with what a resident tells it."""
    known = settings_in_force.snapshot()
    told = {
        "life": known["residents.draft_minutes"],
        "days": known["residents.keep_days"],
        "consent_days": known["residents.consent_days"],
    }
    return show(request, "resident/data_use.html", told)


@require_safe
def display(request: HttpRequest) -> HttpResponse:
    """Show the size of the letters, brightness and language to choose from."""
    return show(request, "resident/display.html", {"steps": elder.STEPS})


@require_POST
def choose_size(request: HttpRequest) -> HttpResponse:
    """Remember how large the letters shall be on this device."""
    response = redirect(next_page(request))
    elder.keep(response, request.POST.get("size", elder.OFF))
    return response
