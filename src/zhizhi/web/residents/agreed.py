"""What a resident has agreed to, in words for the resident."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhizhi.engine.models import Report
from zhizhi.engine.reporting import PAGE
from zhizhi.trust.grounds import BRING_HOME, CONTACT, PROTECT
from zhizhi.trust.models import Consent
from zhizhi.web.residents.lookers import FIELDS

PURPOSES: Mapping[str, str | Promise] = {
    CONTACT: gettext_lazy("To call you about this report"),
    BRING_HOME: gettext_lazy("To bring home somebody who was lost"),
    PROTECT: gettext_lazy("To protect people you know from fraud"),
}
RELATIONS: Mapping[str, str | Promise] = {
    "spouse": gettext_lazy("Your spouse"),
    "parent": gettext_lazy("Your parent"),
    "child": gettext_lazy("Your son or daughter"),
    "relative": gettext_lazy("Your close relative"),
    "guardian": gettext_lazy("Your guardian"),
}
STAFF = "account:"


@dataclass(frozen=True, slots=True)
class AgreementLine:
    """One agreement as the resident is told of it."""

    consent: Consent
    purpose: str
    data: Sequence[str]
    channel: str
    by: str
    is_live: bool

    @property
    def end(self) -> str:
        """How it ended before its time was over; empty while it counts and when it ran out."""
        return str(self.consent.get_ended_why_display())


def agreement_lines(
    report: Report, consents: Sequence[Consent], now: datetime
) -> list[AgreementLine]:
    """Return a line for each of ``consents``, which are those of the report and its person."""
    doors = {report.source.code: report.source.name, PAGE: _("This website")}
    return [
        AgreementLine(
            one,
            str(PURPOSES.get(one.purpose, one.purpose)),
            [str(FIELDS.get(name, _("Other data"))) for name in one.data],
            doors.get(one.channel, _("Another way")),
            _who(one),
            one.is_in_force(now),
        )
        for one in consents
    ]


def _who(consent: Consent) -> str:
    if consent.guardian:
        return str(RELATIONS.get(consent.relation, RELATIONS["guardian"]))
    is_staff = consent.given_by.startswith(STAFF)
    return _("You; a member of staff wrote it down") if is_staff else _("You yourself")
