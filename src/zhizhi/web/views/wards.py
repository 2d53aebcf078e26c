"""My wards: what a guardian agrees to for somebody else, and who looked at that person's data."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from zhizhi.directory import guarding
from zhizhi.directory.guarding import GuardianshipOver, WardSpoke
from zhizhi.directory.models import Guardianship
from zhizhi.engine.states import StateConflict
from zhizhi.trust.grounds import BRING_HOME, TAGS
from zhizhi.web.digits import whole_number
from zhizhi.web.residents import objecting, tries
from zhizhi.web.residents.guarded import (
    TEXT,
    AgreeForm,
    mine,
    mine_in_force,
    remember,
    ward_line,
    wards,
)
from zhizhi.web.residents.lookers import WARD_FIELDS
from zhizhi.web.residents.objecting import TooLong
from zhizhi.web.views.residents import numbers, show


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def enter(request: HttpRequest) -> HttpResponse:
    """Ask for number and code, and show the wards of whoever has shown them."""
    if request.method != "POST":
        return _door(request)
    number, secret = request.POST.get("number", "")[:40], request.POST.get("secret", "")[:40]
    now, pk = timezone.now(), whole_number(number.rpartition("-")[2].strip())
    tried = tries.tried(request, "code of guardian", str(pk or ""))
    if not tries.has_room(tried, now):
        return _door(request, number, tries.too_many(now), 429)
    row = guarding.find(pk, secret) if pk is not None else None
    if row is None:
        tries.note_wrong(tried, now)
        said = _("No guardianship has this number and this code. Check both.")
        return _door(request, number, said, 404)
    remember(request, row)
    return redirect("web:ward", row.pk)


@require_safe
@never_cache
def ward(request: HttpRequest, pk: int) -> HttpResponse:
    """Show until when it holds, what is agreed to, and where to change that."""
    line = ward_line(mine(request, pk), timezone.now())
    context = {"line": line, "done": request.GET.get("done", ""), "numbers": numbers()}
    return show(request, "resident/ward.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def agree(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what is agreed to, and agree for the ward; fewer data than before narrows it."""
    now = timezone.now()
    row = mine_in_force(request, pk, now)
    if request.method != "POST":
        return _agree_page(request, row)
    form = AgreeForm(request.POST)
    if not form.is_valid():
        return _agree_page(request, row, str(form.errors["kinds"][0]), 422)
    try:
        guarding.agree(row, BRING_HOME, form.cleaned_data["kinds"], text=TEXT, now=now)
    except WardSpoke:
        said = _("Your ward has agreed in person, or does not want it: that counts more.")
        return _agree_page(request, row, said, 409)
    except (GuardianshipOver, StateConflict):
        return redirect("web:ward", pk)  # ended or changed meanwhile: the page says so
    return redirect(f"{request.path.removesuffix('agree/')}?done=agree")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what ends with the agreement; after a yes, end it."""
    now = timezone.now()
    row = mine_in_force(request, pk, now)
    line = ward_line(row, now)
    if line.agreed is None:
        return redirect("web:ward", pk)
    if request.method != "POST":
        return show(request, "resident/ward_withdraw.html", {"line": line, "numbers": numbers()})
    try:
        guarding.withdraw(row, line.agreed.pk, now=now)
    except StateConflict:
        return redirect("web:ward", pk)  # by the same press of the button: the page says so
    return redirect(f"{request.path.removesuffix('withdraw/')}?done=withdraw")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def resign(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what ends with the guardianship; after a yes, the guardian gives it back."""
    now = timezone.now()
    row = mine_in_force(request, pk, now)
    if request.method != "POST":
        context = {"line": ward_line(row, now), "numbers": numbers()}
        return show(request, "resident/ward_resign.html", context)
    with suppress(StateConflict):  # ended meanwhile: the page says so
        guarding.resign(row, now=now)
    return redirect("web:ward", pk)


@require_safe
@never_cache
def looks(request: HttpRequest, pk: int) -> HttpResponse:
    """Show who looked at the ward's data."""
    return _looks_page(request, mine_in_force(request, pk, timezone.now()))


@require_POST
@never_cache
def object_to(request: HttpRequest, pk: int, record: int) -> HttpResponse:
    """Take the guardian's objection to one look at the ward's data."""
    row = mine_in_force(request, pk, timezone.now())
    if problem := objecting.take(request, row, record):
        return _looks_page(request, row, problem)
    return redirect("web:ward-looks", pk)


def _looks_page(
    request: HttpRequest, row: Guardianship, problem: TooLong | None = None
) -> HttpResponse:
    context = {**objecting.context(request, row, problem), "row": row}
    return show(request, "resident/ward_looks.html", context, status=422 if problem else 200)


def _door(
    request: HttpRequest, number: str = "", problem: str = "", status: int = 200
) -> HttpResponse:
    now = timezone.now()
    context = {
        "number": number,
        "problem": problem,
        "lines": [ward_line(row, now) for row in wards(request)],
        "numbers": numbers(),
    }
    return show(request, "resident/wards.html", context, status=status)


def _agree_page(
    request: HttpRequest, row: Guardianship, problem: str = "", status: int = 200
) -> HttpResponse:
    line = ward_line(row, timezone.now())
    agreed = line.agreed.data if line.agreed else [one for one in WARD_FIELDS if one != TAGS]
    ticked = request.POST.getlist("kinds") if request.method == "POST" else agreed
    context: dict[str, Any] = {
        "line": line,
        "kinds": [(code, name, code in ticked) for code, name in WARD_FIELDS.items()],
        "text": TEXT,
        "problem": problem,
        "numbers": numbers(),
    }
    return show(request, "resident/ward_agree.html", context, status=status)
