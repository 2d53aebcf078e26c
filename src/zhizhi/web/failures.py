"""What a page says when something went wrong: who was faster, or that nothing was saved."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import is_valid_path
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhizhi.engine.closing import WorkUndone
from zhizhi.engine.dispatching import NoUnitFits
from zhizhi.engine.macros import MacroImpossible
from zhizhi.engine.models import Case, Macro, Setting, Task
from zhizhi.engine.settings_in_force import declaration, in_force
from zhizhi.engine.states import StateConflict
from zhizhi.web.access import is_fragment
from zhizhi.web.macros.telling import left_words
from zhizhi.web.setting_facts import written
from zhizhi.web.words import actor_name

LOG = logging.getLogger(__name__)
RETRY_AFTER_S = 5
NUL = "\0"
SAID: dict[str, str | Promise] = {  # where naming who was faster would say nothing
    "nothing-held": gettext_lazy("Nothing of yours is held any more."),
    "supervised": gettext_lazy("An instruction of supervision waits for its answer."),
    "returned-too-often": gettext_lazy("Given back too often: the operators decide now."),
    "asked-too-often": gettext_lazy("More time was asked for as often as is allowed."),
    "not-running": gettext_lazy("No time limit runs that could be put off."),
    "suspended": gettext_lazy("The case waits: nothing was changed."),
    "not-suspended": gettext_lazy("The case does not wait."),
    "not-supervised": gettext_lazy("No instruction of supervision waits for an answer."),
    "too-late": gettext_lazy("The end that was asked for has passed."),
    "no-contact": gettext_lazy("The reporter left no number, or it was destroyed."),
    "asked-already": gettext_lazy("The reporter was asked already."),
    "macro-unfit": gettext_lazy("The macro is not for this case."),
}


class FailureMiddleware:
    """Turns lost races into 409 and a missing database into 503, as a page or as a fragment."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            response = self.get_response(request)
        except (OperationalError, InterfaceError) as error:  # sessions and sign-in read it too
            return unavailable(request, error)
        return above(request) if _is_opened(request, response) else response

    def process_view(self, request: HttpRequest, view: Any, *_told: Any) -> None:
        """Refuse text with a NUL, which PostgreSQL cannot keep and nobody can type (400).

        What programs send under a signature is read by its view as it arrived.
        """
        is_form = request.method == "POST" and not getattr(view, "csrf_exempt", False)
        sent = (request.GET, request.POST) if is_form else (request.GET,)
        if any(NUL in one for query in sent for name in query for one in query.getlist(name)):
            message = "text with a NUL character"
            raise SuspiciousOperation(message)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer the failures that have a page of their own."""
        if isinstance(error, StateConflict):
            return answer(request, "conflict", {"conflict": conflict_facts(error)})
        if isinstance(error, NoUnitFits):
            return answer(request, "no_unit", {})
        if isinstance(error, MacroImpossible):
            return answer(request, "macro_left", {"macro": error.macro, "left": left_of(error)})
        if isinstance(error, OperationalError | InterfaceError):
            return unavailable(request, error)
        return None


def unavailable(request: HttpRequest, error: Exception) -> HttpResponse:
    """Say that nothing was saved; needs neither database nor session."""
    LOG.error("database unavailable: %s", type(error).__name__)
    response = HttpResponse(render_to_string("web/unavailable.html"), status=503)
    response["Retry-After"] = str(RETRY_AFTER_S)
    if request.path.startswith("/wall/"):
        response["Refresh"] = str(RETRY_AFTER_S)  # nobody stands there to press a button
    return response


def _is_opened(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Say whether somebody opened an address to which a page sends its forms."""
    if response.status_code != 405 or request.method != "GET" or request.resolver_match is None:
        return False
    is_person = "text/html" in request.headers.get("Accept", "")
    return is_person and request.resolver_match.namespace == "web"


def above(request: HttpRequest) -> HttpResponse:
    """Lead to the page from which a form is sent here: its answer was bookmarked, or translated."""
    path = request.path
    while path != "/" and (path == request.path or not is_valid_path(path)):
        path = path.rstrip("/").rpartition("/")[0] + "/"
    return redirect(path)


def answer(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    """Answer 409 with ``name``: a note over the page for htmx, words for scripts, else a page."""
    if is_fragment(request):
        response = render(request, f"web/parts/{name}.html", context, status=409)
        response["HX-Retarget"] = "#toasts"
        response["HX-Reswap"] = "innerHTML"
        return response
    if wants_json(request):
        return JsonResponse({"arrived": False, "reason": _reason(context)}, status=409)
    context["back"] = request.headers.get("Referer", "/")
    return render(request, f"web/{name}.html", context, status=409)


def wants_json(request: HttpRequest) -> bool:
    """Say whether a script of ours asks, which shows words itself."""
    return request.headers.get("Accept", "").startswith("application/json")


def _reason(context: dict[str, Any]) -> str:
    told = context.get("conflict")
    if "left" in context:
        return " ".join(context["left"])
    if not told:
        return reason_of(NoUnitFits())
    return _("Not taken: the task is now “{state}”.").format(state=told["state"])


def left_of(error: MacroImpossible) -> list[str]:
    """Say which steps of a macro are not possible and why."""
    return left_words(error.macro.steps, error.results) or [_("All of it is done already.")]


def reason_of(error: StateConflict | NoUnitFits | MacroImpossible) -> str:
    """Say in one line why a case of several was left as it is."""
    if isinstance(error, MacroImpossible):
        return " ".join(left_of(error))
    if isinstance(error, NoUnitFits):
        return _("No fit unit is available. Free one, or call a unit by phone.")
    if error.code in SAID:
        return str(SAID[error.code])
    told = conflict_facts(error)
    at = f" {timezone.localtime(told['at']):%H:%M:%S}" if told["at"] else ""
    parts = [told["who"] + at if told["who"] else "", told["unit"], told["state"]]
    facts = " · ".join(str(part) for part in parts if part)
    head = _("Somebody was faster.") if told["is_race"] else _("Work is still undone.")
    return f"{head} {facts}".strip()


def conflict_facts(error: StateConflict) -> dict[str, Any]:
    """Return who was faster, when, and what the record is now."""
    record = error.record
    facts: dict[str, Any] = {"code": error.code, "who": "", "at": None, "state": "", "unit": None}
    facts["is_race"] = not isinstance(error, WorkUndone)
    facts["said"] = SAID.get(error.code, "")
    if isinstance(record, Task):
        facts |= {"unit": record.unit, "at": record.ended_at or record.offered_at}
        facts["who"] = actor_name(record.offered_by) if facts["is_race"] else ""
    elif isinstance(record, Case):
        last = record.timeline.order_by("-seq").first()
        facts |= {"who": actor_name(last.actor), "at": last.at} if last else {}
        if error.code == "already-acknowledged":
            facts |= {"who": actor_name(record.acknowledged_by), "at": record.acknowledged_at}
    elif hasattr(record, "created_by"):  # a zone
        facts |= {"who": actor_name(record.created_by), "at": record.created_at}
    elif isinstance(record, Macro):
        facts |= {"who": actor_name(record.changed_by), "at": record.changed_at}
        facts["state"] = _("version {n}").format(n=record.version)
    elif isinstance(record, Setting):
        facts |= {"who": actor_name(record.changed_by), "at": record.changed_at}
        facts["state"] = written(declaration(record.key), in_force(record))
    if isinstance(record, Task | Case):
        facts["state"] = record.get_state_display()
    return facts
