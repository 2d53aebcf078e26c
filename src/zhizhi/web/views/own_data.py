"""My data: what is kept, a copy of it, a correction, and destroying it."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from zhizhi.directory import people
from zhizhi.directory.identity import IdentityInvalid, WrongWorld
from zhizhi.directory.people import PersonalData
from zhizhi.engine import claiming, erasing
from zhizhi.engine.models import Report
from zhizhi.trust import erasing as receipts
from zhizhi.trust import holding, vault
from zhizhi.web.exporting import files, printing
from zhizhi.web.exporting.paper import PaperMissing
from zhizhi.web.exporting.press import PressBusy, PressFailed, presses
from zhizhi.web.residents import own_copy
from zhizhi.web.views.following import mine
from zhizhi.web.views.residents import numbers, show

HOLDS = {
    "open-case": gettext_lazy("The matter is still being dealt with. It goes when it has ended."),
    "open-claim": gettext_lazy("You wait for an answer. It goes when you have it."),
    "offence": gettext_lazy("It is evidence in a procedure. The law makes us keep it."),
}
PARTS = {
    "person": gettext_lazy("Name and number"),
    "report": gettext_lazy("What you wrote"),
    "evidence": gettext_lazy("Photo"),
    "claim": gettext_lazy("What you demanded and were answered"),
    "clues": gettext_lazy("Keyed hashes of what you named"),
}


class OwnContactForm(forms.Form):
    """The own name and number, mended by whoever they belong to."""

    name = forms.CharField(label=gettext_lazy("How we may call you"), required=False, max_length=40)
    phone = forms.CharField(
        label=gettext_lazy("Mobile number"),
        max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
        error_messages={"required": gettext_lazy("Write your number.")},
    )

    def clean_phone(self) -> str:
        try:
            PersonalData(phone=self.cleaned_data["phone"]).admit()
        except (IdentityInvalid, WrongWorld) as wrong:
            raise forms.ValidationError(str(wrong)) from wrong
        return str(self.cleaned_data["phone"])


@require_safe
@never_cache
def own_data(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what is kept about residents, what can be done with it, and what was destroyed."""
    return _page(request, mine(request, pk), OwnContactForm())


@require_POST
@never_cache
def copy(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """Send the resident everything that is kept, as JSON or PDF."""
    report, now = mine(request, pk), timezone.now()
    if form not in {"json", "pdf"}:
        raise Http404
    title = _("My data {number}").format(number=report.number)
    try:
        if form == "pdf":
            presses.check()
        lines = own_copy.held(report, now)
        if form == "json":
            content = own_copy.as_json(report, lines, now)
            answer = HttpResponse(content, content_type="application/json; charset=utf-8")
        else:
            page = own_copy.on_paper(report, lines, now)
            sheet = presses.pdf(page.html, page.pictures)
            answer = HttpResponse(sheet, content_type=printing.PDF)
    except (PaperMissing, PressBusy, PressFailed) as error:
        return printing.refused(request, error, back=reverse("web:own-data", args=[pk]))
    return files.attached(answer, title, form)


@require_POST
@never_cache
def contact(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the resident's own correction of name and number in force at once."""
    report, form = mine(request, pk), OwnContactForm(request.POST)
    person = report.person
    if person is None:
        raise Http404
    if not form.is_valid():
        return _page(request, report, form, status=422)
    data = PersonalData(form.cleaned_data["name"], form.cleaned_data["phone"])
    try:
        people.seal_person(person, data, by=people.OWNER, now=timezone.now())
    except (vault.Erased, WrongWorld) as error:
        raise Http404 from error
    return redirect(reverse("web:own-data", args=[pk]) + "?done=contact")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def erase(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what goes at once and what has to stay and why; after a yes, destroy it."""
    report = mine(request, pk)
    if request.method == "POST":
        erasing.erase(report, by=people.OWNER, now=timezone.now())
        return redirect(reverse("web:own-data", args=[pk]) + "?done=erase#receipts")
    held = holding.holds(erasing.subject_of(report))
    context = {"report": report, "held": [_hold(one.ref, one.reason) for one in held],
               "numbers": numbers()}  # fmt: skip
    return show(request, "resident/erase.html", context)


@require_safe
@never_cache
def receipt(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Send the signed receipt of an erasure, with the proof that it is in the audit log."""
    report = mine(request, pk)
    own = receipts.receipts_of(str(erasing.subject_of(report)))
    row = next((one for one in own if one.pk == number), None)
    if row is None:
        raise Http404
    content = json.dumps(receipts.told(row), ensure_ascii=False, indent=1)
    answer = HttpResponse(content, content_type="application/json; charset=utf-8")
    return files.attached(answer, _("Receipt {number}").format(number=row.pk), "json")


def _page(
    request: HttpRequest, report: Report, form: OwnContactForm, *, status: int = 200
) -> HttpResponse:
    own = receipts.receipts_of(str(erasing.subject_of(report)))
    person = report.person
    context: dict[str, Any] = {
        "report": report,
        "form": form,
        "kinds": own_copy.kinds(),
        "may_call": person is not None and person.key.destroyed_at is None,
        "receipts": [_receipt(row) for row in own],
        "done": request.GET.get("done", ""),
        "within": claiming.answer_within().days,
        "numbers": numbers(),
    }
    return show(request, "resident/own_data.html", context, status=status)


def _receipt(row: Any) -> dict[str, Any]:
    return {
        "row": row,
        "destroyed": [_part(ref) for ref in row.destroyed],
        "held": [_hold(ref, reason) for ref, reason in row.held],
    }


def _part(ref: str) -> str:
    return str(PARTS.get(ref.partition(":")[0], _("Other data")))


def _hold(ref: str, reason: str) -> dict[str, str]:
    return {"what": _part(ref), "why": str(HOLDS.get(reason, _("The law makes us keep it.")))}
