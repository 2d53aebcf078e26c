"""A resident's report, one question to a page; every page is a plain form."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from zhizhi.engine import reporting, settings_in_force
from zhizhi.engine.models import Case, Report
from zhizhi.engine.reporting import Filed, ReportRefused
from zhizhi.engine.unfinished import Unfinished
from zhizhi.web.exporting.colours import THEMES
from zhizhi.web.exporting.drawing import place_map
from zhizhi.web.residents import drafts, finding, kinds, near, tries
from zhizhi.web.residents.drafts import STEPS
from zhizhi.web.residents.questions import (
    CONSENT,
    ContactForm,
    KindForm,
    PhotoForm,
    PlaceForm,
    TellingForm,
    TimeForm,
)
from zhizhi.web.views.residents import numbers, show

FORMS: dict[str, type[forms.Form]] = {
    "kind": KindForm,
    "telling": TellingForm,
    "where": PlaceForm,
    "when": TimeForm,
    "photo": PhotoForm,
    "contact": ContactForm,
}
MARK, VIEW, WORDS = "mark", "view", "words"  # what the map has told; no answer yet
SOUGHT = "sought"  # by which words a kind was looked for
UNPROCESSABLE, TOO_MANY = 422, 429
# Which answer has to be looked at again; all others are about the time.
REFUSED_AT = {
    "unknown-kind": "kind", "outside": "where", "swapped": "where", "out-of-range": "where",
}  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def start(request: HttpRequest) -> HttpResponse:
    """Say what will be asked, and begin."""
    now = timezone.now()
    if request.method != "POST":
        return show(request, "resident/report/start.html", {"life": _minutes(), **_calls()})
    return drafts.keep(redirect("web:report-question", "kind"), drafts.begin(now), now)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def question(request: HttpRequest, step: str) -> HttpResponse:
    """Ask one question, or take its answer and go on to the next."""
    if step not in STEPS:
        raise Http404
    now = timezone.now()
    draft = drafts.of(request, now)
    if draft is not None and drafts.SENT in draft.answers:
        return redirect("web:report-sent")
    if request.method == "POST":
        return _take(request, step, draft, now)
    if draft is None:
        return redirect("web:resident-report")
    return _ask(request, step, _form(step, draft, now), draft)


def _take(request: HttpRequest, step: str, draft: Unfinished | None, now: datetime) -> HttpResponse:
    """Keep a good answer; a wrong one comes back with everything that was typed."""
    is_late = draft is None
    draft = draft or drafts.begin(now)
    asked = {"kind": _on_the_search, "where": _on_the_map}.get(step)
    if asked and (answer := asked(request, draft, now)):
        return answer
    if step == "photo" and (refusal := _on_the_photo(request, draft, now)):
        return refusal
    form = _form(step, draft, now, request)
    if not form.is_valid():
        return drafts.keep(_ask(request, step, form, draft, UNPROCESSABLE), draft, now)
    if isinstance(form, PhotoForm):
        draft.photo = form.cleaned_data["photo"] or draft.photo
        draft.answers[step] = {}
    else:
        draft.answers[step] = form.answer()  # type: ignore[attr-defined] # each of ours has it
    if not is_late and step in near.ASKS and near.look(request, draft, now):
        return drafts.keep(redirect("web:report-near"), draft, now)
    following = drafts.missing(draft) if is_late or "check" in request.POST else _next(step)
    if following == "":
        return drafts.keep(redirect("web:report-check"), draft, now)
    address = redirect("web:report-question", following)
    if is_late:
        address["Location"] += "?late=1"
    return drafts.keep(address, draft, now)


def onward(draft: Unfinished) -> HttpResponse:
    """Go on to the first question that is still to be answered, or to the check of all."""
    step = drafts.missing(draft)
    return redirect("web:report-question", step) if step else redirect("web:report-check")


def _next(step: str) -> str:
    """Return the question after ``step``; nothing after the last one."""
    names = list(STEPS)
    return "" if step == names[-1] else names[names.index(step) + 1]


def _form(
    step: str, draft: Unfinished, now: datetime, request: HttpRequest | None = None
) -> forms.Form:
    """Return the form of a question with what was answered, or with what is sent now."""
    told: dict[str, Any] = draft.answers.get(step, {})
    extra: dict[str, Any] = {}
    if step == "telling":
        extra["kind"] = draft.answers.get("kind", {}).get("kind", "")
    elif step == "where":
        extra["marked"] = draft.answers.get(MARK)
        told = {**told, "place": draft.answers.get(WORDS, told.get("place", ""))}
    elif step == "when":
        extra["now"] = now
    if request is None:
        return FORMS[step](initial=told, **extra)
    return FORMS[step](request.POST, request.FILES, **extra)


def _ask(
    request: HttpRequest, step: str, form: forms.Form, draft: Unfinished, status: int = 200
) -> HttpResponse:
    names = list(STEPS)
    place = names.index(step)
    context: dict[str, Any] = {
        "form": form,
        "step": step,
        "number": place + 1,
        "count": len(names),
        "before": names[place - 1] if place else "",
        "is_change": "check" in request.GET or "check" in request.POST,
        "is_late": "late" in request.GET,
        "until": draft.expires_at,
        "has_photo": draft.photo is not None,
        "life": _minutes(),
        "keep_days": settings_in_force.value("residents.keep_days"),
        "consent": CONSENT,
        "consent_days": settings_in_force.value("residents.consent_days"),
        **_calls(),
    }
    if step == "kind":
        context |= _kind_facts(draft)
    if step == "where":
        context |= _map_facts(draft) | {"towns": finding.communities()}
    return show(request, f"resident/report/{step}.html", context, status=status)


def _kind_facts(draft: Unfinished) -> dict[str, Any]:
    offered, words = kinds.offered(), draft.answers.get(SOUGHT, "")
    found = kinds.matching(words, offered)
    return {"kinds": kinds.arranged(offered), "words": words, "found": found}


def _on_the_search(request: HttpRequest, draft: Unfinished, now: datetime) -> HttpResponse | None:
    """Look for a kind by words, or show all again.

    Return on a chosen kind presses the first button, which is the search: it then means to go on.
    """
    words = " ".join(request.POST.get("words", "").replace("\x00", "").split())
    words = words[: kinds.LONGEST_WORDS]
    is_onward = "kind" in request.POST and words == draft.answers.get(SOUGHT, "")
    if "all" in request.POST:
        words = ""
    elif "find" not in request.POST or is_onward:
        return None
    draft.answers[SOUGHT] = words
    address = redirect("web:report-question", "kind")
    if "check" in request.POST:
        address["Location"] += "?check=1"
    return drafts.keep(address, draft, now)


def _map_facts(draft: Unfinished) -> dict[str, Any]:
    return {
        "mark": draft.answers.get(MARK),
        "is_near": VIEW in draft.answers,
        "sizes": finding.SIZES,
        "stamp": draft.answers.get("taps", 0),
    }


def _on_the_map(request: HttpRequest, draft: Unfinished, now: datetime) -> HttpResponse | None:
    """Take a tap, which marks the place and comes nearer, or go back to the whole district."""
    words = request.POST.get("place", "")[:400]
    size = next((name for name in finding.SIZES if f"{name}.x" in request.POST), "")
    if not size and "whole" not in request.POST:
        return None
    draft.answers[WORDS] = words
    draft.answers["taps"] = draft.answers.get("taps", 0) + 1
    if size:
        view = tuple(draft.answers.get(VIEW) or finding.whole())
        found = finding.tapped(view, size, request.POST[f"{size}.x"], request.POST[f"{size}.y"])
        if found is not None:
            draft.answers[MARK] = found.written()
            draft.answers[VIEW] = finding.nearer(view, (found.lon, found.lat))
    else:
        draft.answers.pop(VIEW, None)
        draft.answers.pop(MARK, None)
    address = redirect("web:report-question", "where")
    address["Location"] += ("?check=1" if "check" in request.POST else "") + "#map"
    return drafts.keep(address, draft, now)


def _on_the_photo(request: HttpRequest, draft: Unfinished, now: datetime) -> HttpResponse | None:
    """Take the photo out again, or refuse one more when this address sent too many."""
    if "remove" in request.POST:
        draft.photo = None
        return drafts.keep(redirect("web:report-question", "photo"), draft, now)
    if "photo" in request.FILES and not drafts.may(
        request, "photo", "residents.photos_per_address", now
    ):
        form = PhotoForm(request.POST)
        form.add_error("photo", too_many(now))
        return drafts.keep(_ask(request, "photo", form, draft, TOO_MANY), draft, now)
    return None


@require_safe
@never_cache
def photo(request: HttpRequest) -> HttpResponse:
    """Show the photo of the unfinished report to the browser that sent it."""
    draft = drafts.of(request, timezone.now())
    if draft is None or draft.photo is None:
        raise Http404
    return HttpResponse(draft.photo, content_type="image/jpeg")


@require_safe
@never_cache
def drawn_map(request: HttpRequest, size: str) -> HttpResponse:
    """Draw the map on which a place is tapped: the view and the mark of this browser's report."""
    if size not in finding.SIZES:
        raise Http404
    now = timezone.now()
    draft = drafts.of(request, now)
    told = draft.answers if draft else {}
    mark = told.get(MARK)
    at = (mark["lon"], mark["lat"]) if mark else None
    asked = request.COOKIES.get("theme", "")
    view = tuple(told.get(VIEW) or finding.whole())
    theme = asked if asked in THEMES else "light"
    drawn = place_map(view, at, now=now, wide=finding.SIZES[size], theme=theme)
    return HttpResponse(drawn, content_type="image/svg+xml; charset=utf-8")


@require_safe
@never_cache
def check(request: HttpRequest) -> HttpResponse:
    """Show all answers before they are sent, each with a way to change it."""
    draft = drafts.of(request, timezone.now())
    if draft is None:
        return redirect("web:resident-report")
    if drafts.SENT in draft.answers:
        return redirect("web:report-sent")
    if drafts.missing(draft):
        return onward(draft)
    return _checked(request, draft)


def _checked(
    request: HttpRequest, draft: Unfinished, problem: str = "", status: int = 200, step: str = ""
) -> HttpResponse:
    told = draft.answers
    context = {
        "kind": reporting.kind_name(told["kind"]["kind"]),
        "told": told,
        "by": Report.PlaceBy(told["where"]["at"]["by"]).label,
        "occurred_at": parse_datetime(told["when"]["occurred_at"]),
        "has_photo": draft.photo is not None,
        "until": draft.expires_at,
        "problem": problem,
        "problem_step": step,
        **_calls(),
    }
    return show(request, "resident/report/check.html", context, status=status)


@require_POST
@never_cache
def send(request: HttpRequest) -> HttpResponse:
    """File the report; sent twice, it is one report with one receipt."""
    now = timezone.now()
    draft = drafts.of(request, now)
    if draft is None:
        return show(
            request, "resident/report/late.html", {"life": _minutes(), **_calls()}, status=410
        )
    if drafts.SENT in draft.answers:
        return redirect("web:report-sent")
    if drafts.missing(draft):
        return onward(draft)
    if not drafts.may_send(request, now):
        return _checked(request, draft, too_many(now), TOO_MANY)
    try:
        filed = reporting.file_report(drafts.report_of(draft), now=now)
    except ReportRefused as refused:
        step = REFUSED_AT.get(refused.code, "when")
        said = _("Something has changed since you answered. Please look at this answer again.")
        return _checked(request, draft, said, UNPROCESSABLE, step)
    return arrived(request, draft, filed, now)


def arrived(request: HttpRequest, draft: Unfinished, filed: Filed, now: datetime) -> HttpResponse:
    """Drop the answers, which are filed, and go to the receipt."""
    draft.answers, draft.photo = {drafts.SENT: filed.report.pk, "secret": filed.secret}, None
    remember(request, filed.report)
    return drafts.keep(redirect("web:report-sent"), draft, now)


@require_safe
@never_cache
def sent(request: HttpRequest) -> HttpResponse:
    """Show receipt number and secret code as long as the unfinished report would have lived."""
    draft = drafts.of(request, timezone.now())
    if draft is None or drafts.SENT not in draft.answers:
        return redirect("web:follow")
    report = reporting.find(str(draft.answers[drafts.SENT]), draft.answers["secret"])
    if report is None:
        return redirect("web:follow")
    secret = draft.answers["secret"]
    link = request.build_absolute_uri(f"/home/follow/{report.pk}/{secret}/")
    context = {"report": report, "secret": secret, "link": link, "until": draft.expires_at}
    context["is_joined"] = report.case.state == Case.State.MERGED
    return show(request, "resident/report/sent.html", context)


def remember(request: HttpRequest, report: Report) -> None:
    """Let this browser look at a report without asking for its code again."""
    known = [pk for pk in request.session.get("reports", []) if pk != report.pk]
    request.session["reports"] = [*known, report.pk][-20:]


def _minutes() -> int:
    return int(drafts.life().total_seconds() // 60)


def _calls() -> dict[str, Any]:
    return {"numbers": numbers()}


def too_many(now: datetime) -> str:
    """Say that this browser or address has to wait, and until when."""
    said = _(
        "Too many were sent from here in this hour. Your answers are kept: send again at {time}, "
        "or call."
    )
    return tries.again(said, now)
