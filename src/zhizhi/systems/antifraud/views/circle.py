"""My protected circle: join with a number, invite relatives, confirm, leave, see who looked."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from zhizhi.engine import settings_in_force
from zhizhi.engine.states import StateConflict
from zhizhi.systems.antifraud import circling, joining
from zhizhi.systems.antifraud.circle_forms import LONGEST, InvitationForm, InviteForm, PhoneForm
from zhizhi.systems.antifraud.circling import CircleFull, NotIn, OwnNumber
from zhizhi.systems.antifraud.models import CirclePerson
from zhizhi.trust import access
from zhizhi.web.residents import drafts, tries
from zhizhi.web.residents.lookers import look_lines
from zhizhi.web.views.residents import show

CONFLICT, UNPROCESSABLE, TOO_MANY = 409, 422, 429
ASKED, ENTERED = "circle_asked", "circle"  # in the session: who has to enter a code, who has
SHOWN = 50


@sensitive_post_parameters("phone")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def circle_page(request: HttpRequest) -> HttpResponse:
    """Show the own circle to whoever has come in; else ask for the number and send a code."""
    now = timezone.now()
    who = _mine(request, now)
    if who is not None:
        return _own_page(request, who, InviteForm(), now)
    if request.method != "POST":
        return _page(request, "antifraud/circle_door.html", {"form": PhoneForm()})
    form = PhoneForm(request.POST)
    if not form.is_valid():
        return _page(request, "antifraud/circle_door.html", {"form": form}, UNPROCESSABLE)
    if not _may_send(request, form.cleaned_data["phone"], now):
        form.add_error(None, _too_many(now))
        return _page(request, "antifraud/circle_door.html", {"form": form}, TOO_MANY)
    request.session[ASKED] = joining.ask_code(form.cleaned_data["phone"], now=now).pk
    return redirect("antifraud:circle-code")


@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def code_page(request: HttpRequest) -> HttpResponse:
    """Ask for the code that was sent; whoever enters it agrees and is in."""
    now, pk = timezone.now(), request.session.get(ASKED)
    if pk is None:
        return redirect("antifraud:circle")
    context: dict[str, Any] = {
        "minutes": settings_in_force.value("antifraud.code_minutes"),
        **_agreeing(),
    }
    if request.method != "POST":
        return _page(request, "antifraud/circle_code.html", context)
    tried = tries.tried(request, "circle code", str(pk))
    if not tries.has_room(tried, now):
        context["problem"] = tries.too_many(now)
        return _page(request, "antifraud/circle_code.html", context, TOO_MANY)
    row = CirclePerson.objects.filter(pk=pk).first()
    if row is None or not joining.enter(row, request.POST.get("code", "")[:LONGEST], now=now):
        tries.note_wrong(tried, now)
        context["problem"] = _("Wrong, entered before, or its time is over. Ask for a new one.")
        return _page(request, "antifraud/circle_code.html", context, UNPROCESSABLE)
    del request.session[ASKED]
    _remember(request, row)
    return redirect("antifraud:circle")


@sensitive_post_parameters("phone")
@require_POST
@never_cache
def invite(request: HttpRequest) -> HttpResponse:
    """Invite a relative by number."""
    now, form = timezone.now(), InviteForm(request.POST)
    who = _mine(request, now)
    if who is None:
        return redirect("antifraud:circle")
    if not form.is_valid():
        return _own_page(request, who, form, now, UNPROCESSABLE)
    with suppress(NotIn):  # left meanwhile, in another window: the page asks for the number
        if status := _invite(request, who, form, now):
            return _own_page(request, who, form, now, status)
    return redirect("antifraud:circle")


def _invite(request: HttpRequest, who: CirclePerson, form: InviteForm, now: datetime) -> int:
    """Return the status with which nobody is invited, and say in the form why; or 0."""
    phone, relation = form.cleaned_data["phone"], form.cleaned_data["relation"]
    if not _may_send(request, phone, now):
        form.add_error(None, _too_many(now))
        return TOO_MANY
    try:
        row = circling.invite(who, phone, relation, now=now)
    except OwnNumber:
        form.add_error("phone", _("This is your own number."))
        return UNPROCESSABLE
    except CircleFull:
        form.add_error(None, _("Your circle is full. Take somebody out first."))
        return UNPROCESSABLE
    except StateConflict:
        form.add_error("phone", _("This relative is invited or in your circle already."))
        return CONFLICT
    said = _("Invitation {number} is on its way. Tell your relative that it is from you.")
    messages.success(request, said.format(number=row))
    return 0


@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def confirm(request: HttpRequest) -> HttpResponse:
    """Let whoever was invited say yes or no with number and code; nothing is told before."""
    if request.method != "POST":
        return _invitation_page(request, InvitationForm())
    now, form = timezone.now(), InvitationForm(request.POST)
    if not form.is_valid():
        return _invitation_page(request, form, UNPROCESSABLE)
    tried = tries.tried(request, "circle invitation", str(form.pk))
    if not tries.has_room(tried, now):
        form.add_error(None, tries.too_many(now))
        return _invitation_page(request, form, TOO_MANY)
    code = form.cleaned_data["code"]
    if "refuse" in request.POST and circling.refuse(form.pk, code, now=now):
        messages.success(
            request, _("Refused. Your number was destroyed, unless you joined before.")
        )
        return redirect("antifraud:circle-confirm")
    row = None if "refuse" in request.POST else circling.confirm(form.pk, code, now=now)
    if row is None:
        tries.note_wrong(tried, now)
        said = _("No invitation waits that has this number and this code. Check both.")
        form.add_error(None, said)
        return _invitation_page(request, form, UNPROCESSABLE)
    _remember(request, row.relative)
    messages.success(request, _("Confirmed. You can leave with one tap at any time."))
    return redirect("antifraud:circle")


@require_POST
@never_cache
def end_member(request: HttpRequest, pk: int) -> HttpResponse:
    """End one tie: a relative leaves, or is taken out. One tap, at once."""
    now = timezone.now()
    who = _mine(request, now)
    found = circling.mine(who, pk) if who is not None else None
    if found is None:
        raise Http404
    with suppress(StateConflict):  # by the same press of the button: the page says so
        circling.end(*found, now=now)
    messages.success(request, _("Ended. From now on nobody is asked because of it."))
    return redirect("antifraud:circle")


@require_POST
@never_cache
def leave(request: HttpRequest) -> HttpResponse:
    """Leave altogether: every circle ends and the number is destroyed. One tap, at once."""
    now = timezone.now()
    who = _mine(request, now)
    if who is None:
        raise Http404
    joining.leave(who, now=now)
    request.session.pop(ENTERED, None)
    messages.success(
        request, _("You have left. Your number was destroyed, and every circle ended.")
    )
    return redirect("antifraud:circle")


@require_safe
@never_cache
def looks(request: HttpRequest) -> HttpResponse:
    """Show who looked at the own number, here and in warnings about it since it was shown."""
    now = timezone.now()
    who = _mine(request, now)
    if who is None:
        raise Http404
    rows = access.shown(*circling.names_of(who), now=now).filter(at__gte=who.made_at)
    context = {
        "lines": look_lines(None, list(rows[:SHOWN])),
        "count": rows.count(),
        "hidden_days": access.LONGEST_HIDDEN.days,
    }
    return _page(request, "antifraud/circle_looks.html", context)


def _mine(request: HttpRequest, now: datetime) -> CirclePerson | None:
    """Return who has shown a code in this browser, and is still in."""
    pk = request.session.get(ENTERED)
    rows = CirclePerson.objects.exclude(number="").select_related("person__key")
    row = rows.filter(pk=pk).first() if pk is not None else None
    return row if row is not None and joining.is_in(row, now=now) else None


def _remember(request: HttpRequest, row: CirclePerson) -> None:
    request.session.cycle_key()
    request.session[ENTERED] = row.pk


def _may_send(request: HttpRequest, phone: str, now: datetime) -> bool:
    """Count one more message of this address and to this number; known or not, it is the same."""
    is_here = drafts.may(request, "circle message", "antifraud.codes_per_address", now)
    return is_here and joining.may_ask(phone, now=now)


def _too_many(now: datetime) -> str:
    return tries.again(_("Too many messages in this hour. Try again at {time}."), now)


def _own_page(
    request: HttpRequest, who: CirclePerson, form: InviteForm, now: datetime, status: int = 200
) -> HttpResponse:
    known = settings_in_force.snapshot()
    rows, most = circling.shown(who), known["antifraud.circle_most"]
    count = sum(row.state != row.State.ENDED for row in rows)
    context = {
        "form": form,
        "rows": rows,
        "count": count,
        "most": most,
        "is_full": count >= most,
        "circles": list(circling.asked_of(who)),
        "invite_days": known["antifraud.invite_days"],
        "until": joining.agreed_until(who, now=now),
    }
    return _page(request, "antifraud/circle.html", context, status)


def _invitation_page(request: HttpRequest, form: InvitationForm, status: int = 200) -> HttpResponse:
    return _page(request, "antifraud/circle_confirm.html", {"form": form, **_agreeing()}, status)


def _agreeing() -> dict[str, Any]:
    return {"days": settings_in_force.value("antifraud.circle_days")}


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    return show(request, template, {"title": _("Protected circle"), **context}, status=status)
