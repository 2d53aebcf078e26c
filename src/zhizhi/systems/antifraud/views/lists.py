"""The scam lists as the staff see them: look something up, decide about it, take it back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from zhizhi.engine.states import StateConflict
from zhizhi.systems.antifraud import listing
from zhizhi.systems.antifraud.forms import USUAL_DAYS, DecisionForm, ThingForm
from zhizhi.systems.antifraud.models import ListEntry
from zhizhi.web.access import DESK_READERS, Role, account_of, actor_of, scope_for
from zhizhi.web.words import actor_name

DECIDERS = (Role.OPERATOR,)
SHOWN = 100


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def list_page(request: HttpRequest) -> HttpResponse:
    """Show the entries in force; look something up, or decide about it.

    What is looked up is sent in the body, so that it is in no address and no log.
    """
    scope_for(request, *DESK_READERS)
    now = timezone.now()
    if request.method != "POST":
        return _show(request, ThingForm(), now)
    if "stance" in request.POST:
        scope_for(request, *DECIDERS)
        return _decide(request, now)
    asked = ThingForm(request.POST)
    if not asked.is_valid():
        return _show(request, asked, now, status=422)
    return _show(request, asked, now, _fresh(asked, now))


def _fresh(asked: ThingForm, now: datetime) -> DecisionForm:
    standing = listing.standings([asked.thing], now)[asked.thing]
    entry = standing.entry
    own = listing.key_of(asked.thing.kind, asked.thing.value)
    seen = entry.pk if entry is not None and entry.key == own else None
    return DecisionForm(initial={**asked.cleaned_data, "seen": seen, "days": USUAL_DAYS})


def _decide(request: HttpRequest, now: datetime) -> HttpResponse:
    form, asked = DecisionForm(request.POST), ThingForm(request.POST)
    if not form.is_valid():
        return _show(request, asked, now, form, status=422)
    told = form.cleaned_data
    try:
        listing.decide(
            form.thing,
            told["stance"],
            reason=told["reason"],
            name=told["name"],
            expires_at=form.expires_at(now),
            seen=told["seen"],
            by=actor_of(request),
            now=now,
        )
    except StateConflict:
        messages.error(request, _("Somebody has decided about this meanwhile. Look it up again."))
        return _show(request, asked, now, form, status=409)
    messages.success(request, _("Decided. It holds from now on."))
    return redirect("antifraud:lists")


def _show(
    request: HttpRequest,
    asked: ThingForm,
    now: datetime,
    form: DecisionForm | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    rows = ListEntry.objects.filter(listing.in_force(now))
    is_read = asked.is_bound and asked.is_valid()
    context: dict[str, Any] = {
        "asked": asked,
        "form": form,
        "standing": listing.standings([asked.thing], now)[asked.thing] if is_read else None,
        "read": asked.thing.value if is_read else "",
        "rows": [(row, actor_name(row.made_by)) for row in rows[:SHOWN]],
        "count": rows.count(),
        "may_decide": account_of(request).scope().has(*DECIDERS),
    }
    return render(request, "antifraud/lists.html", context, status=status)


@login_required
@require_POST
def end_entry(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an entry back before it expires."""
    scope_for(request, *DECIDERS)
    entry = get_object_or_404(ListEntry, pk=pk)
    try:
        listing.end(entry, by=actor_of(request), now=timezone.now())
    except StateConflict:
        messages.error(request, _("This entry has already ended."))
    else:
        messages.success(request, _("The entry has ended."))
    return redirect("antifraud:lists")
