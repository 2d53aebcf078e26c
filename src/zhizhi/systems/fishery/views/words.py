"""The editor of reminder texts: every edit is a new version, and everybody sees who made it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from zhizhi.engine.states import StateConflict
from zhizhi.systems.fishery import wording
from zhizhi.systems.fishery.forms import WordingForm
from zhizhi.systems.fishery.views import access
from zhizhi.systems.fishery.views.frame import show
from zhizhi.web.words import actor_name


def purpose(code: str) -> str:
    """Return when a text is used."""
    return {
        wording.REMINDER: _("Text message to a telephone, sent by its operator"),
        wording.HAIL: _("Call to a vessel on ship radio, read out by the duty desk"),
        wording.CALL: _("Call over the loudspeaker beside a camera, made by the duty desk"),
        wording.DISSUASION: _("Note to the operators when the second stage begins"),
        wording.LIFTED: _("Correction of a reminder after an appeal was upheld"),
    }[code]


@login_required
@require_safe
def word_list(request: HttpRequest) -> HttpResponse:
    """List the texts with their version in force."""
    access.scope_for(request, *access.WORD_READERS)
    rows = []
    for code in wording.CODES:
        version = wording.current_version(code)
        texts = wording.texts(code, version)
        rows.append({"code": code, "purpose": purpose(code), "version": version, "texts": texts})
    return show(request, "fishery/words.html", {"rows": rows})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def word_page(request: HttpRequest, code: str) -> HttpResponse:
    """Show one text with its history; administrators preview and publish the next version."""
    if code not in wording.CODES:
        raise Http404
    if request.method == "POST":
        access.scope_for(request, *access.WRITERS)
        return _post(request, code)
    access.scope_for(request, *access.WORD_READERS)
    return _show(request, code, _fresh_form(code))


def _post(request: HttpRequest, code: str) -> HttpResponse:
    form = WordingForm(request.POST)
    if not form.is_valid():
        return _show(request, code, form, status=422)
    if "preview" in request.POST:
        return _show(request, code, form)
    after = form.cleaned_data["after"]
    try:
        wording.publish(
            code, form.texts(), after=after, by=access.actor_of(request), now=timezone.now()
        )
    except StateConflict:
        messages.error(
            request,
            _("Somebody has published version %(number)s meanwhile. Your text is kept below.")
            % {"number": wording.current_version(code)},
        )
        return _show(request, code, form, status=409)
    messages.success(request, _("Published. Messages from now on use the new words."))
    return redirect("fishery:word", code=code)


def _fresh_form(code: str) -> WordingForm:
    version = wording.current_version(code)
    texts = wording.texts(code, version)
    initial = {"after": version, "zh_hans": texts.get("zh-hans", ""), "en": texts.get("en", "")}
    return WordingForm(initial=initial)


def _show(request: HttpRequest, code: str, form: WordingForm, *, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        "code": code,
        "purpose": purpose(code),
        "form": form,
        "previews": _previews(code, form),
        "versions": [(row, actor_name(row.created_by)) for row in wording.versions(code)],
        "version": wording.current_version(code),
        "may_write": access.account_of(request).scope().has(*access.WRITERS),
    }
    return show(request, "fishery/word.html", context, status=status)


def _previews(code: str, form: WordingForm) -> list[dict[str, Any]]:
    """Return how each text would go out, filled with the longest values, and its length."""
    if form.is_bound and form.is_valid():
        texts = form.texts()
    else:
        texts = wording.texts(code, wording.current_version(code))
    filled = {language: wording.preview(text) for language, text in texts.items()}
    return [
        {"language": language, "text": text, "length": wording.length(text)}
        for language, text in filled.items()
    ]
