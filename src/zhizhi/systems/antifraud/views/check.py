"""The residents' check: is this a scam? Works without scripts and keeps nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from zhizhi.engine import settings_in_force
from zhizhi.systems.antifraud import checking
from zhizhi.systems.antifraud.apps import CHECKS, HELP_NUMBER
from zhizhi.systems.antifraud.forms import LONG, UNREADABLE, CheckForm
from zhizhi.systems.antifraud.lessons import LESSONS
from zhizhi.web.residents import drafts, tries
from zhizhi.web.residents.questions import LONGEST
from zhizhi.web.views.residents import show

TOO_LARGE, UNPROCESSABLE, TOO_MANY = 413, 422, 429
LONGEST_KEPT = 2000  # characters that stand in the field again


@sensitive_post_parameters("written")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def check_page(request: HttpRequest) -> HttpResponse:
    """Ask what somebody wants to know about, and answer."""
    if request.method != "POST":
        return _page(request, CheckForm())
    now, form = timezone.now(), CheckForm(request.POST)
    if status := refusal(request, form, now):
        return _page(request, form, status=status)
    told = form.cleaned_data
    try:
        found = checking.check(told["written"], kind=told["kind"], now=now)
    except checking.NotReadable:
        form.add_error("written", UNREADABLE)
        return _page(request, form, status=UNPROCESSABLE)
    lessons = [LESSONS[name] for name in found.typologies]
    is_short = len(told["written"].strip()) <= LONGEST
    return _page(request, form, {"checked": found, "lessons": lessons, "is_short": is_short})


def _page(
    request: HttpRequest, form: CheckForm, more: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    known = settings_in_force.snapshot()
    written = request.POST.get("written", "")
    context = {
        "form": form,
        "written": written if len(written) <= LONGEST_KEPT else "",
        "chosen": request.POST.get("kind", ""),
        "help_number": str(known[HELP_NUMBER]).strip(),
        "police_number": str(known["residents.police_number"]).strip(),
        **(more or {}),
    }
    return show(request, "antifraud/check.html", context, status=status)


def refusal(request: HttpRequest, form: CheckForm, now: datetime) -> int:
    """Return the status with which nothing is looked at, and say in the form why; or 0."""
    if not drafts.may(request, "fraud check", CHECKS, now):
        form.add_error(None, _too_many(now))
        return TOO_MANY
    if form.is_valid():
        return 0
    return TOO_LARGE if form.has_error("written", LONG) else UNPROCESSABLE


def _too_many(now: datetime) -> str:
    said = _("Too many checks came from here in this hour. Try again at {time}, or call.")
    return tries.again(said, now)
