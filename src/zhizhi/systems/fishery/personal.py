"""What the fishery watch holds about people: who reviewed, and evidence for offences."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from zhizhi.systems.fishery.models import Violation
from zhizhi.trust.erasing import Hold
from zhizhi.trust.grounds import Basis
from zhizhi.trust.holding import Holder, Keep, Label, Stored, Subject, Text, Whose

OFFENCE = "offence"
_REVIEW = _("So that nobody reviews the own work")


def _staff(title: Text, form: Stored = Stored.TOKEN) -> Label:
    return Label(title, Whose.STAFF, _REVIEW, Basis.DUTY, Keep.CASE, form)


LABELS = {
    "fishery.Violation.handlers": _staff(_("Who handled a case")),
    "fishery.ViolationPhoto.masked_by": _staff(_("Who hid bystanders")),
    "fishery.ViolationReview.by": _staff(_("Who reviewed")),
    "fishery.ViolationReview.note": _staff(_("Note of a review"), Stored.PLAIN),
}
IMPERSONAL = {"fishery.Stay": ("zone",), "fishery.ViolationPhoto": ("regions",)}


def holds(subject: Subject) -> Iterator[Hold]:
    """Hold the pictures of a case in which an offence is under review or was established."""
    rows = Violation.everything.filter(case=subject.case)
    if rows.exclude(state__in=Violation.NONE).exists():
        for number in subject.evidence:
            yield Hold(f"evidence:{number}", OFFENCE)


HOLDER = Holder(LABELS, IMPERSONAL, holds=holds)
