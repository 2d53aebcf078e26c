"""What the guardian holds about people: hashes of tags, and numbers that the vault knows."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from zhizhi.trust.grounds import Basis
from zhizhi.trust.holding import Holder, Keep, Label, Stored, Text, Whose

_HOME = _("So that somebody who is lost is brought home")
_ANSWERS = _("So that whoever acts answers for it")


def _ward(title: Text, form: Stored = Stored.TOKEN) -> Label:
    return Label(title, Whose.OBSERVED, _HOME, Basis.CONSENT, Keep.CLUE, form)


def _staff(title: Text) -> Label:
    return Label(title, Whose.STAFF, _ANSWERS, Basis.DUTY, Keep.CLUE, Stored.TOKEN)


LABELS = {
    "guardian.TagReader.changed_by": _staff(_("Who placed a reader")),
    "guardian.Enrolment.ward": _ward(_("Who is enrolled")),
    "guardian.Enrolment.token": _ward(_("Number by which streams know a ward")),
    "guardian.Enrolment.assent": _ward(_("What a ward said to it"), Stored.PLAIN),
    "guardian.Enrolment.hours_from": _ward(_("When a ward may be alone"), Stored.PLAIN),
    "guardian.Enrolment.hours_to": _ward(_("Until when a ward may be alone"), Stored.PLAIN),
    "guardian.Enrolment.missing_since": _ward(_("Since when a ward is missing"), Stored.PLAIN),
    "guardian.Enrolment.made_by": _staff(_("Who enrolled")),
    "guardian.AllowedArea.area": _ward(_("Where a ward may be alone"), Stored.PLAIN),
    "guardian.Companion.person": _ward(_("Who walks with a ward")),
    "guardian.Tag.token": _ward(_("What a tag says of itself"), Stored.DIGEST),
    "guardian.Tag.holder": _ward(_("Who carries a tag")),
    "guardian.Tag.bound_by": _staff(_("Who gave a tag")),
    "guardian.Tag.unbound_by": _staff(_("Who took a tag back")),
}
IMPERSONAL = {
    "guardian.TagReader": ("code", "name", "lon", "lat", "area_path"),
    "guardian.Enrolment": ("area_path",),
}
HOLDER = Holder(LABELS, IMPERSONAL)
