"""What the fishery watch holds about people: who reviewed, and evidence for offences."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from django.utils.translation import gettext_lazy as _

from zhizhi.systems.fishery.models import Violation, ViolationReview
from zhizhi.trust.erasing import Hold
from zhizhi.trust.grounds import Basis
from zhizhi.trust.holding import Holder, Keep, Label, Stored, Subject, Text, Whose

OFFENCE = "offence"
_REVIEW = _("So that nobody reviews the own work")


def _staff(title: Text, keep: Keep = Keep.ACCOUNT, form: Stored = Stored.TOKEN) -> Label:
    return Label(title, Whose.STAFF, _REVIEW, Basis.DUTY, keep, form)


LABELS = {
    "fishery.Violation.handlers": _staff(_("Who handled a case")),
    "fishery.ViolationPhoto.masked_by": _staff(_("Who hid bystanders")),
    "fishery.ViolationReview.by": _staff(_("Who reviewed")),
    "fishery.ViolationReview.note": _staff(_("Note of a review"), Keep.CASE, Stored.PLAIN),
}
IMPERSONAL = {"fishery.Stay": ("zone",), "fishery.ViolationPhoto": ("regions",)}


def holds(subject: Subject) -> Iterator[Hold]:
    """Hold the pictures of a case in which an offence is under review or was established."""
    rows = Violation.everything.filter(case=subject.case)
    if rows.exclude(state__in=Violation.NONE).exists():
        for number in subject.evidence:
            yield Hold(f"evidence:{number}", OFFENCE)


def cases_held(cases: Collection[int]) -> list[int]:
    """Hold the whole case while an offence is under review, and for good once it is established."""
    rows = Violation.everything.filter(case__in=cases).exclude(state__in=Violation.NONE)
    return list(rows.values_list("case", flat=True))


def thin(cases: Collection[int]) -> None:
    """Blank what reviewers wrote about what was no offence."""
    ViolationReview.objects.filter(violation__case__in=cases).update(note="")


HOLDER = Holder(
    LABELS, IMPERSONAL, holds=holds, cases_held=cases_held, thin=thin,
    thinned=["fishery.ViolationReview.note"],
)  # fmt: skip
