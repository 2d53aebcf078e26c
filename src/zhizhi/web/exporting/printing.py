"""Answering with a file on paper: who took it is written down first, and a refusal says why."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from zhizhi.web.exporting import files
from zhizhi.web.exporting.paper import PaperMissing
from zhizhi.web.exporting.press import PressBusy, PressFailed, presses

PDF = "application/pdf"
AGAIN_S = 10  # when somebody who was sent away may come back
NUMBERS = {  # of the sheets; the style of paper fills them
    "page_number": mark_safe('<span class="page"></span>'),
    "page_count": mark_safe('<span class="pages"></span>'),
}
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Manuscript:
    """A page that is to be laid out, and the pictures that it names."""

    html: str
    pictures: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PaperOrder:
    """A file that somebody asks for: its name, how the audit log calls it, and what is in it."""

    title: str
    subject: str  # "case-file"
    back: str  # where whoever gets no file goes on
    write: Callable[[datetime], Manuscript]
    wanted: Mapping[str, Any] = field(default_factory=dict)  # ids and codes


def send(request: HttpRequest, order: PaperOrder) -> HttpResponse:
    """Write ``order`` down, lay it out, and answer with it as PDF."""
    try:
        presses.check()
        now = timezone.now()
        files.record(request, order.subject, now=now, form="pdf", rows=1, **order.wanted)
        manuscript = order.write(now)
        content = presses.pdf(manuscript.html, manuscript.pictures)
    except (PaperMissing, PressBusy, PressFailed) as error:
        return refused(request, error, back=order.back)
    return files.attached(HttpResponse(content, content_type=PDF), order.title, "pdf")


def refused(request: HttpRequest, error: Exception, *, back: str) -> HttpResponse:
    """Say why there is no file and what to do; a busy server says when to come again."""
    if isinstance(error, PressFailed):
        _log.error("a file could not be laid out: %s", error)
    context = {"said": _said(error), "back": back}
    answer = render(request, "web/not_written.html", context, status=503)
    if not isinstance(error, PaperMissing):
        answer["Retry-After"] = str(AGAIN_S)
    return answer


def _said(error: Exception) -> str:
    if isinstance(error, PaperMissing):
        return _(
            "This server cannot write PDF: a library is missing. Print the page from the browser "
            "meanwhile, and tell your administrator: zhizhi doctor says what to install."
        )
    if isinstance(error, PressBusy):
        return _(
            "Many files are being written just now. Nothing is wrong: try again in {seconds} "
            "seconds."
        ).format(seconds=AGAIN_S)
    return _(
        "This file took too long to write. Try again; if it happens again, tell your "
        "administrator: the server's log says more."
    )
