"""Objecting to a look, on the pages where residents and guardians see who looked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from zhizhi.directory.models import Guardianship
from zhizhi.engine import claiming
from zhizhi.engine.claiming import Whose
from zhizhi.engine.models import Report
from zhizhi.engine.states import StateConflict
from zhizhi.trust import access
from zhizhi.web.residents.lookers import look_lines
from zhizhi.web.views.residents import numbers

AT_ONCE = 50  # looks on one page
ROUTES = {Report: "web:look-object", Guardianship: "web:ward-look-object"}


@dataclass(frozen=True, slots=True)
class TooLong:
    """An objection that was not taken, with the words that were typed."""

    said: str
    record: int
    reason: str


def take(request: HttpRequest, whose: Whose, record: int) -> TooLong | None:
    """Take the objection of the form; returns what is wrong with it, or nothing.

    One that was made already is left as it is: the page says so.
    """
    reason = request.POST.get("reason", "").strip()
    if len(reason) > claiming.LONGEST:
        said = _("Please write at most {n} characters.").format(n=claiming.LONGEST)
        return TooLong(said, record, reason)
    try:
        claiming.object_to(whose, record, reason=reason, now=timezone.now())
    except claiming.NotShown as error:
        raise Http404 from error
    except StateConflict:
        pass  # by the same press of the button, or from another browser
    return None


def context(request: HttpRequest, whose: Whose, problem: TooLong | None = None) -> dict[str, Any]:
    """Return what both pages of looks show: a part of them, and a form for each."""
    records = access.shown(*claiming.looked_at(whose), now=timezone.now())
    page = Paginator(records, AT_ONCE).get_page(request.GET.get("page"))
    return {
        "page": page,
        "count": page.paginator.count,
        "lines": look_lines(whose, list(page.object_list)),
        "route": ROUTES[type(whose)],
        "owner": whose.pk,
        "hidden_days": access.LONGEST_HIDDEN.days,
        "within": claiming.answer_within().days,
        "longest": claiming.LONGEST,
        "problem": problem,
        "numbers": numbers(),
    }
