"""Not taking up what somebody reported: for one of a few reasons, which the reporter is told."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from zhizhi.engine import closing
from zhizhi.engine.models import Case
from zhizhi.engine.reasons import ReasonMissing
from zhizhi.engine.states import StateConflict


class Declined(models.TextChoices):
    """Why nothing is done about what somebody reported, in the words that the reporter is told."""

    ELSEWHERE = "declined-elsewhere", _("It is not in this district")
    NOT_OURS = "declined-not-ours", _("It is not for the district to deal with")
    KNOWN = "declined-known", _("It is dealt with already, or was")
    NOTHING = "declined-nothing", _("Nothing of it was found there")
    PRIVATE = "declined-private", _("It is between the people concerned: mediators or a court help")
    UNCLEAR = "declined-unclear", _("It does not say enough to be looked at")


def is_told(case: Case) -> bool:
    """Say whether ``case`` is there because people told it, and no rule found it."""
    return case.reports.exists() and not case.alerts.exists()


def decline(case: Case, why: str, *, note: str = "", by: str, now: datetime) -> Case:
    """End ``case`` without taking it up; everybody who reported it is told ``why``.

    The note is for the staff. Raises ReasonMissing when ``why`` is none of ``Declined``, and
    StateConflict ("not-told") when a rule found the case, which is then a false alarm or none.
    """
    if why not in Declined.values:
        raise ReasonMissing
    if not is_told(case):
        raise StateConflict(f"nobody told {case.code}", code="not-told", record=case)
    return closing.dismiss(case, reason=note.strip(), outcome=why, by=by, now=now)
