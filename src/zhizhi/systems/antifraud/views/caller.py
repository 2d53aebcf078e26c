"""Is it really the police who call? The residents' page; it says nothing about anybody."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from zhizhi.engine import settings_in_force
from zhizhi.systems.antifraud import phrases
from zhizhi.systems.antifraud.apps import HELP_NUMBER
from zhizhi.web.residents import drafts, tries
from zhizhi.web.views.residents import show

LONGEST = 40
TOO_MANY, WRONG = 429, 422
RIGHT = "caller_right"  # in the session, for the page behind the answer


@sensitive_post_parameters("phrase")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def caller_page(request: HttpRequest) -> HttpResponse:
    """Ask for the phrase, and say whether somebody on duty calls with it."""
    if request.method != "POST":
        return _page(request, is_right=bool(request.session.pop(RIGHT, False)))
    now, written = timezone.now(), request.POST.get("phrase", "")[:LONGEST]
    tried = (("caller phrase", drafts.sender(request)),)
    if not tries.has_room(tried, now):
        return _page(request, tries.too_many(now), status=TOO_MANY)
    if not phrases.check(written, browser=drafts.browser(request), now=now):
        tries.note_wrong(tried, now)
        return _page(request, is_wrong=True, status=WRONG)
    request.session[RIGHT] = True
    return redirect("antifraud:caller")


def _page(
    request: HttpRequest, problem: str = "", *, is_right: bool = False, is_wrong: bool = False,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    known = settings_in_force.snapshot()
    context: dict[str, Any] = {
        "problem": problem,
        "is_right": is_right,
        "is_wrong": is_wrong,
        "minutes": known["antifraud.phrase_minutes"],
        "help_number": str(known[HELP_NUMBER]).strip(),
        "police_number": str(known["residents.police_number"]).strip(),
        "title": _("Is it really the police?"),
    }
    return show(request, "antifraud/caller.html", context, status=status)
