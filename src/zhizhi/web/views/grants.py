"""Access by two people: asking, agreeing, the one look, and the list of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from zhizhi.directory import granting
from zhizhi.directory.granting import NotSecond
from zhizhi.directory.models import AccessGrant
from zhizhi.engine import granting as asking
from zhizhi.engine.models import Case
from zhizhi.engine.states import StateConflict
from zhizhi.trust import vault
from zhizhi.trust.access import LONGEST_HIDDEN, AccessRefused
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import GRANT_ASKERS, GRANT_READERS, account_of, for_roles
from zhizhi.web.digits import whole_number
from zhizhi.web.grant_words import DENIED, REFUSED, WHY, grant_facts
from zhizhi.web.notices.forms import PurposeForm
from zhizhi.web.views import reporters

SHOWN = 100
REPORTER_PURPOSES = tuple((code, WHY[code]) for code in reporters.PURPOSES)


class AskForm(forms.Form):
    """Whose data, why, and for how long the person is not to know."""

    whose = forms.ChoiceField(label=gettext_lazy("Whose data"), widget=forms.RadioSelect)
    purpose = forms.ChoiceField(
        label=gettext_lazy("What for"), choices=(*REPORTER_PURPOSES, *PurposeForm.PURPOSES)
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason in words"), max_length=granting.LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy(
            "Without names and numbers of people. Sealed; second persons of the area read it, and"
            " auditors after an emergency, which needs a reason as well."
        ),
    )  # fmt: skip
    hidden_days = forms.IntegerField(
        label=gettext_lazy("Show the look to the person only after so many days"),
        min_value=0, max_value=LONGEST_HIDDEN.days, initial=0, required=False,
        help_text=gettext_lazy(
            "0: at once. Only where the law allows it and the case is open; never in an emergency."
        ),
    )  # fmt: skip

    def __init__(self, *arguments: Any, people: Sequence[asking.Someone], **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.people = {one.code: one for one in people}
        choice = self.fields["whose"]
        if isinstance(choice, forms.ChoiceField):
            choice.choices = [(one.code, _whose(one)) for one in people]
        if len(people) == 1:
            self.initial.setdefault("whose", people[0].code)

    def order(self, *, is_emergency: bool) -> asking.Order:
        """Return what is asked for; an emergency has one purpose alone."""
        given = self.cleaned_data
        purpose = asking.SAVE_LIFE if is_emergency else given["purpose"]
        hidden = timedelta(days=given["hidden_days"] or 0)
        return asking.Order(self.people[given["whose"]], purpose, given["reason"], hidden)


class DecideForm(forms.Form):
    """Yes, or no with words."""

    verdict = forms.ChoiceField(
        label=gettext_lazy("Your decision"),
        choices=[
            ("approve", gettext_lazy("I agree: one look, once")),
            ("refuse", gettext_lazy("I do not agree")),
        ],
        widget=forms.RadioSelect,
    )
    answer = forms.CharField(
        label=gettext_lazy("Why not"), max_length=granting.LONGEST, required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Needed when you do not agree; whoever asked reads it."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("verdict") == "refuse" and not found.get("answer", "").strip():
            self.add_error("answer", _("Say why not."))
        return found


@require_GET
@never_cache
@for_roles(*GRANT_READERS)
def grants(request: HttpRequest, scope: Scope) -> HttpResponse:
    """List what waits for the viewer as a second person, and the viewer's own grants."""
    number = whole_number(request.GET.get("case", "").rpartition("-")[2].strip())
    is_asker = scope.has(*GRANT_ASKERS)
    if number is not None and is_asker:
        return redirect("web:grant-ask", number)
    me, now = account_of(request), timezone.now()
    waiting = _seen(scope).filter(state=AccessGrant.State.ASKED, lapses_at__gt=now)
    own = _seen(scope).filter(asked_by=me).order_by("-pk")[:SHOWN]
    context = {
        "now": now,
        "is_asker": is_asker,
        "is_second": scope.has(*AccessGrant.APPROVERS),
        "waiting": [
            grant_facts(row, now) for row in waiting.order_by("lapses_at", "pk")
            if not granting.may_decide(row, me)
        ],
        "own": [grant_facts(row, now) for row in own],
        "was_wrong": "case" in request.GET,
    }  # fmt: skip
    return render(request, "web/grants.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@for_roles(*GRANT_ASKERS)
def ask(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Ask for a second person, or open at once in an emergency.

    A case that does not exist and one in which nobody can be asked for look alike.
    """
    case = asking.find_case(pk)
    people = asking.people_of(case, scope) if case else []
    form = AskForm(request.POST or None, people=people)
    if request.method != "POST":
        return _ask_page(request, pk, form)
    if case is None or not people or not form.is_valid():
        return _ask_page(request, pk, form, status=422)
    return _asked(request, case, form)


def _asked(request: HttpRequest, case: Case, form: AskForm) -> HttpResponse:
    me, now, is_emergency = account_of(request), timezone.now(), "emergency" in request.POST
    verb = asking.break_glass if is_emergency else asking.ask
    try:
        row = verb(case, form.order(is_emergency=is_emergency), by=me, now=now)
    except asking.NotNeeded:
        form.add_error(None, _("This look needs nobody else: take it on the page of the case."))
    except asking.CannotHide:
        form.add_error(
            "hidden_days", _("Only a look in an open case of your own can be shown later.")
        )
    except StateConflict:
        form.add_error(None, _("You have asked for this already; it waits for a second person."))
    else:
        if is_emergency:
            return _look(request, row)
        messages.success(request, _("Asked. A second person of another office has to agree."))
        return redirect("web:grant", row.pk)
    return _ask_page(request, case.pk, form, status=422)


@require_GET
@never_cache
@for_roles(*GRANT_READERS)
def grant(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show one grant: what is asked, why, and what the viewer may do."""
    return _page(request, _one(scope, pk), DecideForm())


@require_POST
@never_cache
@for_roles(*AccessGrant.APPROVERS)
def decide(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Agree, or not; for good."""
    row, form, me = _one(scope, pk), DecideForm(request.POST), account_of(request)
    if not form.is_valid():
        return _page(request, row, form, status=422)
    try:
        if form.cleaned_data["verdict"] == "approve":
            granting.approve(row, by=me, now=timezone.now())
            messages.success(request, _("You agreed. The look can be taken once."))
        else:
            granting.refuse(row, form.cleaned_data["answer"], by=me, now=timezone.now())
            messages.success(request, _("You did not agree; nothing is opened."))
    except NotSecond as denied:
        form.add_error(None, str(DENIED[denied.code]))
        return _page(request, row, form, status=403)
    except StateConflict:
        messages.warning(request, _("It does not wait any more: decided, withdrawn or too late."))
    return redirect("web:grant", pk)


@require_POST
@never_cache
@for_roles(*GRANT_ASKERS)
def use(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Take the one look; nobody but whoever asked."""
    row = _one(scope, pk)
    if row.asked_by_id != account_of(request).pk or row.kind == AccessGrant.Kind.LIST:
        raise PermissionDenied
    return _look(request, row)


@require_POST
@never_cache
@for_roles(*GRANT_READERS)
def revoke(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Withdraw a request or a grant that was not used."""
    row = _one(scope, pk)
    try:
        granting.revoke(row, by=account_of(request), now=timezone.now())
    except NotSecond as denied:
        return _page(request, row, DecideForm(), said=str(DENIED[denied.code]), status=403)
    except StateConflict:
        messages.warning(request, _("It had ended before."))
    else:
        messages.success(request, _("Withdrawn; nothing is opened any more."))
    return redirect("web:grant", pk)


def _look(request: HttpRequest, row: AccessGrant) -> HttpResponse:
    context: dict[str, Any] = {"grant": row}
    try:
        context["told"] = asking.look(row, by=account_of(request), now=timezone.now())
    except AccessRefused as refused:
        said = REFUSED.get(refused.code, gettext_lazy("It allows this look no more."))
        context["said"] = str(said)
    except vault.Erased:
        context["said"] = _("This person's data was erased.")
    status = 200 if "told" in context else 403
    return render(request, "web/grant_told.html", context, status=status)


def _seen(scope: Scope) -> QuerySet[AccessGrant]:
    return AccessGrant.objects.visible_to(scope).select_related("asked_by", "decided_by", "key")


def _one(scope: Scope, pk: int) -> AccessGrant:
    return get_object_or_404(_seen(scope), pk=pk)


def _page(
    request: HttpRequest, row: AccessGrant, form: DecideForm, *, said: str = "", status: int = 200
) -> HttpResponse:
    me, now = account_of(request), timezone.now()
    denied = granting.may_decide(row, me)
    is_own = row.asked_by_id == me.pk
    is_live = row.state == AccessGrant.State.ASKED or row.is_in_force(now)
    context = {
        **grant_facts(row, now),
        "words": granting.words(row),
        "form": form,
        "said": said,
        "is_own": is_own,
        "may_decide": not denied and row.may_be_decided(now),
        "denied": str(DENIED[denied]) if denied == "same-office" else "",
        "may_use": is_own and row.is_in_force(now) and row.kind != AccessGrant.Kind.LIST,
        "may_revoke": is_live and (is_own or not denied),
    }
    return render(request, "web/grant.html", context, status=status)


def _ask_page(request: HttpRequest, pk: int, form: AskForm, *, status: int = 200) -> HttpResponse:
    context = {"number": pk, "form": form, "people": form.people}
    return render(request, "web/grant_ask.html", context, status=status)


def _whose(one: asking.Someone) -> str:
    if one.number:
        return _("Whom notice {n} is addressed to").format(n=one.number)
    return _("Who reported it")
