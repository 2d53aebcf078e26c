"""Guardianships at the desk: proposing one, being the second person, ending one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from zhizhi.directory import binding, guarding, people
from zhizhi.directory.binding import Proposal, Someone
from zhizhi.directory.granting import NotSecond
from zhizhi.directory.guarding import Ended
from zhizhi.directory.identity import IdentityInvalid, WrongWorld
from zhizhi.directory.models import Guardianship
from zhizhi.directory.people import PersonalData
from zhizhi.directory.posts import post_for
from zhizhi.engine.states import StateConflict
from zhizhi.trust import vault
from zhizhi.trust.access import AccessRefused
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import GUARDIAN_READERS, account_of, actor_of, for_roles
from zhizhi.web.digits import whole_number
from zhizhi.web.grant_words import DENIED

SHOWN = 100
ENDS = (Ended.OVER, Ended.RESIGNED, Ended.OBJECTED)


class ProposeForm(forms.Form):
    """Who shall be whose guardian; whoever is known already is not asked for again."""

    ward_name = forms.CharField(label=gettext_lazy("Name of the ward"), max_length=80)
    ward_phone = forms.CharField(
        label=gettext_lazy("Number of the ward"), max_length=20, required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel"}),
        help_text=gettext_lazy("Only if the ward carries a telephone."),
    )  # fmt: skip
    guardian_name = forms.CharField(label=gettext_lazy("Name of the guardian"), max_length=80)
    guardian_phone = forms.CharField(
        label=gettext_lazy("Number of the guardian"), max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "tel"}),
    )  # fmt: skip
    relation = forms.ChoiceField(
        label=gettext_lazy("The guardian is the ward's"), choices=Guardianship.Relation.choices
    )
    basis = forms.ChoiceField(
        label=gettext_lazy("What you have seen"), choices=Guardianship.Basis.choices,
        help_text=gettext_lazy("The document stays with the guardian; no copy is kept."),
    )  # fmt: skip
    until = forms.DateField(
        label=gettext_lazy("Until"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("A year at most. It ends by itself and is renewed in the same way."),
    )  # fmt: skip

    def __init__(self, *arguments: Any, known: dict[str, Someone], now: datetime, **named: Any):
        super().__init__(*arguments, **named)
        self.known, self.now = known, now
        for who in known:
            del self.fields[f"{who}_name"], self.fields[f"{who}_phone"]
        self.initial.setdefault("until", timezone.localtime(now + guarding.LONGEST).date())

    def clean_until(self) -> datetime:
        """Return the end: the beginning of that day, or the whole year on its last."""
        day = self.cleaned_data["until"]
        latest = self.now + guarding.LONGEST
        until = timezone.make_aware(datetime.combine(day, datetime.min.time()))
        if not self.now < until <= latest:
            raise ValidationError(_("Choose a day after today and within a year."))
        return until

    def clean(self) -> dict[str, Any]:
        """Take the people as they were written; what is wrong stands at the number."""
        found = super().clean() or {}
        for who in ("ward", "guardian"):
            if who not in self.known and found.get(f"{who}_name"):
                try:
                    found[who] = _admitted(found[f"{who}_name"], found.get(f"{who}_phone", ""))
                except (IdentityInvalid, WrongWorld) as error:
                    self.add_error(f"{who}_phone", str(error))
        return found

    def proposal(self) -> Proposal:
        """Return what is proposed, once the form is right."""
        given = {**self.cleaned_data, **self.known}
        return Proposal(
            given["ward"], given["guardian"], given["relation"], given["basis"], given["until"]
        )


@require_GET
@never_cache
@for_roles(*GUARDIAN_READERS)
def guardianships(request: HttpRequest, scope: Scope) -> HttpResponse:
    """List what waits for a second person, and what is in force or has ended."""
    me, now = account_of(request), timezone.now()
    rows = list(_seen(scope).order_by("-pk")[:SHOWN])
    waiting = [row for row in rows if row.may_be_confirmed(now)]
    mine = [row for row in waiting if not guarding.may_confirm(row, me)]
    context = {
        "now": now,
        "mine": mine,
        "waiting": [row for row in waiting if row not in mine],
        "live": [row for row in rows if row.is_in_force(now)],
        "over": [row for row in rows if row not in waiting and not row.is_in_force(now)],
        "may_propose": scope.has(*Guardianship.PROPOSERS),
    }
    return render(request, "web/guardianships.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@for_roles(*Guardianship.PROPOSERS)
def propose(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Write down who shall be whose guardian; somebody else has to confirm it."""
    known, now = _known(request, scope), timezone.now()
    form = ProposeForm(request.POST or None, known=known, now=now)
    if request.method == "POST" and form.is_valid():
        path = scope.grants[0].area_path
        try:
            row = binding.propose(form.proposal(), area_path=path, by=account_of(request), now=now)
        except StateConflict:
            form.add_error(None, _("This was proposed already; it waits for a second person."))
        except vault.Erased:
            form.add_error(None, _("This person's data was erased."))
        except ValueError:
            form.add_error(None, _("A guardian is somebody else than the ward."))
        else:
            messages.success(request, _("Proposed. Somebody of another office has to confirm it."))
            return redirect("web:guardianship", row.pk)
    context = {"form": form, "known": known}
    status = 422 if request.method == "POST" else 200
    return render(request, "web/guardianship_propose.html", context, status=status)


@require_GET
@never_cache
@for_roles(*GUARDIAN_READERS)
def guardianship(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show one guardianship, and what the viewer may do about it."""
    return _page(request, scope, _one(scope, pk))


@require_POST
@never_cache
@for_roles(*GUARDIAN_READERS)
def look(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show the names of both; each of them sees that somebody looked."""
    row, now = _one(scope, pk), timezone.now()
    by, post = actor_of(request), post_for(scope, row.area_path)
    try:
        ward, guardian = (
            people.open_to_check(who, actor=by, post=post, now=now)
            for who in (row.ward, row.guardian)
        )
    except AccessRefused:
        said = _("You have looked too often within an hour.")
        return _page(request, scope, row, said=said, status=403)
    except vault.Erased:
        return _page(request, scope, row, said=_("This person's data was erased."), status=403)
    return _page(request, scope, row, ward=ward, guardian=guardian)


@require_POST
@never_cache
@for_roles(*Guardianship.CONFIRMERS)
def confirm(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Be the second person; the code for the guardian is shown in this answer alone."""
    row = _one(scope, pk)
    try:
        guarding.confirm(row, by=account_of(request), now=timezone.now())
    except NotSecond as denied:
        return _page(request, scope, row, said=str(DENIED[denied.code]), status=403)
    except StateConflict:
        messages.warning(request, _("It does not wait any more: confirmed, ended or too late."))
        return redirect("web:guardianship", pk)
    return _page(request, scope, row, secret=guarding.secret_of(row))


@require_POST
@never_cache
@for_roles(*GUARDIAN_READERS)
def end(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """End it at once, and with it what the guardian agreed to; an objection ends all of a ward."""
    row, why, now = _one(scope, pk), request.POST.get("why", ""), timezone.now()
    choices = dict(_ends(row))
    if why not in choices:
        return _page(request, scope, row, said=_("Say why it ends."), status=422)
    try:
        if why == Ended.OBJECTED:
            guarding.object_for(row.ward, by=actor_of(request), now=now)
        else:
            guarding.end(row, Ended(why), by=actor_of(request), now=now)
    except StateConflict:
        messages.warning(request, _("It had ended before."))
    else:
        messages.success(request, _("Ended. Nothing that the guardian agreed to counts any more."))
    return redirect("web:guardianship", pk)


def _admitted(name: str, phone: str) -> PersonalData:
    found = PersonalData(name, phone)
    found.admit()
    return found


def _known(request: HttpRequest, scope: Scope) -> dict[str, Someone]:
    """Return whom an earlier guardianship names, by ?ward=3 and ?guardian=3."""
    found: dict[str, Someone] = {}
    for who in ("ward", "guardian"):
        number = whole_number(request.GET.get(who, ""))
        if number is not None:
            found[who] = getattr(_one(scope, number), who)
    return found


def _ends(row: Guardianship) -> list[tuple[str, str]]:
    """Return why somebody may end it now, in words; nothing for what has ended."""
    if row.state == Guardianship.State.ENDED:
        return []
    is_waiting = row.state == Guardianship.State.PROPOSED
    first = (Ended.REFUSED, Ended.OBJECTED) if is_waiting else ENDS
    return [(one.value, str(one.label)) for one in first]


def _seen(scope: Scope) -> QuerySet[Guardianship]:
    rows = Guardianship.objects.visible_to(scope)
    return rows.select_related("proposed_by", "confirmed_by", "ward__key", "guardian__key")


def _one(scope: Scope, pk: int) -> Guardianship:
    return get_object_or_404(_seen(scope), pk=pk)


def _page(
    request: HttpRequest, scope: Scope, row: Guardianship, *, status: int = 200, **told: Any
) -> HttpResponse:
    me, now = account_of(request), timezone.now()
    denied = guarding.may_confirm(row, me)
    is_waiting = row.may_be_confirmed(now)
    context = {
        "row": row,
        "now": now,
        "is_waiting": is_waiting,
        "has_objected": _seen(scope).filter(ward=row.ward, ended_why=Ended.OBJECTED).exists(),
        "is_live": row.is_in_force(now),
        "may_confirm": is_waiting and not denied,
        "denied": str(DENIED[denied]) if denied in {"self", "same-office"} else "",
        "may_propose": scope.has(*Guardianship.PROPOSERS),
        "ends": _ends(row),
        **told,
    }
    return render(request, "web/guardianship.html", context, status=status)
