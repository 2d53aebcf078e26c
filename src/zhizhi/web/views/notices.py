"""Notices of a case: written and sealed, read as they were sealed, or filled in for serving."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from zhizhi.directory import people
from zhizhi.directory.models import Agency
from zhizhi.directory.posts import post_for
from zhizhi.engine import noticing
from zhizhi.engine.granting import CaseInHand
from zhizhi.engine.models import Case, Notice
from zhizhi.trust import evidence, vault
from zhizhi.trust.access import AccessRefused
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import CASE_READERS, Role, actor_of, for_roles
from zhizhi.web.exporting import files, printing
from zhizhi.web.exporting.paper import PaperMissing
from zhizhi.web.exporting.press import PressBusy, PressFailed, presses
from zhizhi.web.looking import look_rate
from zhizhi.web.notices import writing
from zhizhi.web.notices.forms import NoticeForm, PurposeForm
from zhizhi.web.notices.listing import agency_of, may_issue


@require_http_methods(["GET", "HEAD", "POST"])
@for_roles(Role.AGENCY_OFFICER)
def notice(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Show the form of a notice, or issue it."""
    case = get_object_or_404(Case.objects.visible_to(scope).select_related("area"), pk=pk)
    agency = agency_of(scope, case)
    if agency is None or not noticing.declared(case):
        raise PermissionDenied
    form = _form(request, case)
    if request.method != "POST":
        return _page(request, case, form)
    refusal = _refusal(case, request.POST.get("kind", ""))
    if not may_issue(scope, case) or refusal:
        said = refusal or _("The case has ended; nothing can be issued in it any more.")
        return _page(request, case, form, said=said, status=409)
    if not form.is_valid():
        return _page(request, case, form, status=422)
    return _issue(request, case, agency, form)


def _form(request: HttpRequest, case: Case) -> NoticeForm:
    kinds = list(noticing.declared(case).values())
    system, today = noticing.system_of(case), timezone.localdate()
    asked = request.GET.get("kind", "")
    kind = next((one for one in kinds if one.code == asked), kinds[0])
    found = writing.proposed(system, kind, case) if system else ""
    initial = {"kind": kind.code, "found": found}
    return NoticeForm(request.POST or None, kinds=kinds, today=today, initial=initial)


def _refusal(case: Case, kind: str) -> str:
    system = noticing.system_of(case)
    return system.notice_refusal(case, kind) if system else ""


def _page(
    request: HttpRequest, case: Case, form: NoticeForm, *, said: str = "", status: int = 200
) -> HttpResponse:
    kinds = [
        {"notice": one, "refusal": _refusal(case, code)}
        for code, one in noticing.declared(case).items()
    ]
    context = {"case": case, "form": form, "kinds": kinds, "said": said}
    answer = render(request, "web/notice.html", context, status=status)
    answer["Cache-Control"] = "no-store"
    return answer


def _issue(request: HttpRequest, case: Case, agency: Agency, form: NoticeForm) -> HttpResponse:
    """Take a number, write the file and seal it; the person goes into the vault."""
    by, now, given = actor_of(request), timezone.now(), form.cleaned_data
    back = reverse("web:case", args=[case.pk])
    try:
        presses.check()
        draft = noticing.NoticeDraft(
            given["key"], given["kind"],
            writing.text(noticing.declared(case)[given["kind"]], agency, found=given["found"],
                         due_on=given["due_on"]),
            form.party(),
        )  # fmt: skip
        row, is_new = noticing.reserve(case, draft, agency, by=by, now=now)
        if is_new:
            noticing.written(row, _write, by=by, now=now)
    except (PaperMissing, PressBusy, PressFailed) as error:
        return printing.refused(request, error, back=back)
    number = writing.number_text(row.text["mark"], row.year, row.number)
    messages.success(request, _("{number} is issued and sealed.").format(number=number))
    return redirect("web:case", pk=case.pk)


def _write(row: Notice) -> bytes:
    page = writing.manuscript(row, now=row.at)
    return presses.pdf(page.html, page.pictures)


def _issued(scope: Scope, pk: int, number: int) -> Notice:
    rows = Notice.objects.visible_to(scope).filter(case=pk, state=Notice.State.ISSUED)
    return get_object_or_404(rows.select_related("case", "evidence", "person"), pk=number)


@require_GET
@for_roles(*CASE_READERS)
def notice_file(request: HttpRequest, scope: Scope, pk: int, number: int) -> HttpResponse:
    """Send the notice as it was sealed: with blanks for who it is addressed to."""
    row = _issued(scope, pk, number)
    if row.evidence is None:
        raise PermissionDenied
    content = evidence.original(row.evidence)
    now = timezone.now()
    files.record(request, "notice", now=now, form="pdf", rows=1, case=pk, notice=row.pk)
    return _pdf(row, content)


@require_POST
@for_roles(Role.AGENCY_OFFICER)
def notice_filled(request: HttpRequest, scope: Scope, pk: int, number: int) -> HttpResponse:
    """Send a copy with the person filled in; leaves an access record, and is kept nowhere."""
    row, form = _issued(scope, pk, number), PurposeForm(request.POST)
    back = reverse("web:case", args=[pk])
    if not form.is_valid() or row.person is None or agency_of(scope, row.case) is None:
        raise PermissionDenied
    now = timezone.now()
    try:
        presses.check()
        party = people.open_person(
            row.person, people.FIELDS, actor=actor_of(request), now=now,
            purpose=form.cleaned_data["purpose"],
            case=CaseInHand.of(row.case), post=post_for(scope, row.case.area_path),
            rate=look_rate(),
        )  # fmt: skip
        files.record(request, "notice-filled", now=now, form="pdf", rows=1, case=pk, notice=row.pk)
        page = writing.manuscript(row, now=now, party=party)
        return _pdf(row, presses.pdf(page.html, page.pictures))
    except (AccessRefused, vault.Erased) as refused:
        return _not_filled(request, refused, back)
    except (PaperMissing, PressBusy, PressFailed) as error:
        return printing.refused(request, error, back=back)


def _not_filled(request: HttpRequest, refused: Exception, back: str) -> HttpResponse:
    if isinstance(refused, vault.Erased):
        said = _("This person's data was erased. The notice as it was sealed can still be read.")
    elif isinstance(refused, AccessRefused) and refused.code == people.TOO_MANY:
        said = _(
            "You have looked up as many people for this purpose as one may in an hour. "
            "The attempt is on record."
        )
    else:
        said = _(
            "The case has ended, so nobody's data is opened for it. The attempt is on record."
            " A second person may agree to a look; ask under Access."
        )
    context = {"said": said, "back": back}
    return render(request, "web/not_written.html", context, status=403)


def _pdf(row: Notice, content: bytes) -> HttpResponse:
    name = writing.number_text(row.text["mark"], row.year, row.number)
    return files.attached(HttpResponse(content, content_type=printing.PDF), name, "pdf")
