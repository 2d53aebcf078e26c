"""The words of messages: versioned templates with named places, and the engine's own texts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from zhizhi.engine.models import Message, Template
from zhizhi.engine.system import system_named

PLACE = re.compile(r"\{(\w+)\}")

ENGINE_TEXTS: Mapping[str, Any] = {
    "engine.task_offered": _("New task for {unit}: case {code}. Accept before {due}."),
    "engine.task_assigned": _("New task for {agency}: case {code}."),
    "engine.task_cancelled": _("The task of case {code} was withdrawn."),
    "engine.unaccepted": _("Nobody accepted the task of case {code}. Send somebody by hand."),
    "engine.returned": _("{unit} returned the task of case {code}: {reason}"),
    "engine.clock_overdue": _("Case {code} is past its time limit: {kind}."),
    "engine.clock_remind": _("Case {code}: {percent} % of the time to finish your task are over."),
    "engine.clock_warn": _("Case {code}: {percent} % of the time to finish a task are over."),
    "engine.clock_escalate": _("Case {code} is at {percent} % of its time limit and not finished."),
    "engine.clock_supervise": _(
        "Case {code} is at {percent} % of its time limit: supervision is called for."
    ),
    "engine.extension_asked": _("Case {code}: more time is asked for a task. Decide."),
    "engine.extension_granted": _("Case {code}: you have more time for your task."),
    "engine.extension_refused": _("Case {code}: you have no more time for your task."),
    "engine.case_suspended": _("Case {code} waits: its time limits stand still."),
    "engine.case_resumed": _("Case {code} goes on: its time limits run again."),
    "engine.suspension_over": _("Case {code}: the day to look at it again has come. It goes on."),
    "engine.supervised": _("Case {code} is under supervision: {told}"),
    "engine.supervision_answered": _("Case {code}: supervision was answered: {told}"),
    "engine.access_asked": _(
        "Case {code}: somebody asks to look at personal data. A second person is wanted ({grant})."
    ),
    "engine.access_emergency": _(
        "Case {code}: emergency, personal data was opened without a second person ({grant})."
    ),
    "engine.appeal_made": _("Case {code}: somebody appeals against its alert ({appeal})."),
    "engine.appeal_overdue": _(
        "Case {code}: an appeal should have been decided by now ({appeal})."
    ),
    "engine.claim_made": _("Somebody objects to a look at their own data ({claim})."),
    "engine.claim_overdue": _(
        "The objection {claim} to a look at personal data should have been answered by now."
    ),
    "engine.lookreview_made": _("Looks at personal data are to be reviewed ({lookreview})."),
    "engine.lookreview_overdue": _(
        "The review {lookreview} of looks at personal data should have been done by now."
    ),
    "engine.alert_lifted": _(
        "Case {code}: its alert was lifted on appeal. Undo what you have done because of it."
    ),
    "engine.macro": _("Case {code}: {told}"),
    "engine.delivery_failed": _("A message of case {code} could not be delivered."),
}


class TemplateUnfit(ValueError):
    """The template names a place that its messages do not fill, or is too long to send."""


def pinned(code: str, language: str = "zh-hans") -> str:
    """Return ``code`` with its newest version ("fishery.reminder@3"); unchanged without one."""
    if "@" in code:
        return code
    newest = (
        Template.objects.filter(code=code, language=language)
        .order_by("-version")
        .values_list("version", flat=True)
        .first()
    )
    return code if newest is None else f"{code}@{newest}"


def words_of(message: Message) -> str:
    """Return the words of ``message``: those written when it was queued, else its template's.

    Raises TemplateUnfit.
    """
    written = message.payload.get("text")
    if isinstance(written, str):
        return written
    language = str(message.payload.get("language", "zh-hans"))
    return text_of(message.template, message.payload, language)


def text_of(template: str, payload: Mapping[str, Any], language: str = "zh-hans") -> str:
    """Return the words of ``template`` ("code@version") with the places filled from ``payload``.

    Raises TemplateUnfit when a place stays empty or the version does not exist.
    """
    code, _at, version = template.partition("@")
    if not version:
        return fill(str(ENGINE_TEXTS.get(code) or _declared(code)), payload)
    row = Template.objects.filter(code=code, version=int(version), language=language).first()
    if row is None:
        message = f"template {template} does not exist in {language}"
        raise TemplateUnfit(message)
    return fill(row.text, payload)


def _declared(code: str) -> Any:
    """Return the text that a system declares under its label; the code itself without one."""
    system = system_named(code.partition(".")[0])
    return system.texts.get(code, code) if system else code


def fill(text: str, payload: Mapping[str, Any]) -> str:
    """Return ``text`` with every ``{place}`` replaced; raises TemplateUnfit naming empty ones."""
    missing = sorted(places(text) - payload.keys())
    if missing:
        message = f"nothing fills {', '.join(missing)}"
        raise TemplateUnfit(message)
    return PLACE.sub(lambda found: str(payload[found.group(1)]), text)


def places(text: str) -> set[str]:
    """Return the names in braces that ``text`` wants filled."""
    return set(PLACE.findall(text))
