"""The in-app messages of whoever is signed in."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from zhizhi.engine import awaiting, delivering, wording
from zhizhi.engine.models import Message
from zhizhi.trust.scoping import Scope
from zhizhi.web.access import CASE_READERS, EVERYBODY, for_roles
from zhizhi.web.digits import whole_number
from zhizhi.web.words import clock_name

SHOWN = 50


@require_GET
@for_roles(*EVERYBODY)
def inbox(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Show the newest messages, the unread ones first."""
    found = _inbox(scope).select_related("case", "task").order_by("-pk")
    unread, read = found.filter(read_at=None), found.filter(read_at__isnull=False)
    context = {
        "unread_rows": [_row(message) for message in unread[:SHOWN]],
        "unread_count": unread.count(),
        "read_rows": [_row(message) for message in read[:SHOWN]],
        "may_open": scope.has(*CASE_READERS),
        "now": timezone.now(),
    }
    return render(request, "web/messages.html", context)


@require_POST
@for_roles(*EVERYBODY)
def mark_read(request: HttpRequest, scope: Scope, pk: int) -> HttpResponse:
    """Note that somebody of the recipient's has read the message."""
    message = _inbox(scope).filter(pk=pk)
    if not message.exists():
        raise Http404
    delivering.mark_read(message, now=timezone.now())
    return redirect("web:messages")


@require_POST
@for_roles(*EVERYBODY)
def mark_all_read(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Note that everything up to the newest message that was shown has been read."""
    newest = whole_number(request.POST.get("newest", ""))
    if newest is not None:
        delivering.mark_read(_inbox(scope).filter(pk__lte=newest), now=timezone.now())
    return redirect("web:messages")


def _inbox(scope: Scope) -> QuerySet[Message]:
    return Message.objects.visible_to(scope).filter(channel="inbox", state__in=Message.SHOWN)


def _row(message: Message) -> dict[str, Any]:
    page = awaiting.page_of(message.template)
    return {"message": message, "text": _text(message), "page": page and reverse(page)}


def _text(message: Message) -> str:
    """Return the words in the reader's language and time; a clock's kind is stored as a word."""
    task = message.task
    if "due" in message.payload and task and task.due_at:
        message.payload["due"] = f"{timezone.localtime(task.due_at):%H:%M}"
    if "kind" in message.payload:
        message.payload["kind"] = clock_name(str(message.payload["kind"]))
    try:
        return wording.words_of(message)
    except wording.TemplateUnfit:
        return _("This message has no text any more.")
