"""What a page says when something went wrong: who was faster, or that nothing was saved."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from zhizhi.engine.dispatching import NoUnitFits
from zhizhi.engine.models import Task
from zhizhi.engine.states import StateConflict
from zhizhi.web.access import is_fragment
from zhizhi.web.words import actor_name

LOG = logging.getLogger(__name__)


class FailureMiddleware:
    """Turns lost races into 409 and a missing database into 503, as a page or as a fragment."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            return self.get_response(request)
        except (OperationalError, InterfaceError) as error:  # sessions and sign-in read it too
            return unavailable(request, error)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer the failures that have a page of their own."""
        if isinstance(error, StateConflict):
            return answer(request, "conflict", 409, {"conflict": conflict_facts(error)})
        if isinstance(error, NoUnitFits):
            return answer(request, "no_unit", 409, {})
        if isinstance(error, DatabaseError) and not isinstance(error, InterfaceError):
            return unavailable(request, error) if isinstance(error, OperationalError) else None
        return None


def unavailable(request: HttpRequest, error: Exception) -> HttpResponse:
    """Say that nothing was saved; works without a database."""
    LOG.error("database unavailable: %s", type(error).__name__)
    response = render(request, "web/unavailable.html", status=503, using=None)
    response["Retry-After"] = "5"
    return response


def answer(request: HttpRequest, name: str, status: int, context: dict[str, Any]) -> HttpResponse:
    """Render ``name`` as a fragment for htmx, else as a page."""
    template = f"web/parts/{name}.html" if is_fragment(request) else f"web/{name}.html"
    return render(request, template, context, status=status)


def conflict_facts(error: StateConflict) -> dict[str, Any]:
    """Return who was faster, when, and what the record is now."""
    record = error.record
    facts: dict[str, Any] = {"code": error.code, "who": "", "at": None, "state": ""}
    if isinstance(record, Task):
        facts |= {"who": actor_name(record.offered_by), "at": record.offered_at}
        facts["unit"] = record.unit
    elif error.code == "already-acknowledged":
        facts |= {"who": actor_name(record.acknowledged_by), "at": record.acknowledged_at}
    if record is not None and hasattr(record, "get_state_display"):
        facts["state"] = record.get_state_display()
    return facts
