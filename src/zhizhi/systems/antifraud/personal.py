"""What Golden Bell holds about people: keyed hashes, and who of the staff decided or called.

Whoever is at risk of a scam is a person of the vault (``directory``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from zhizhi.systems.antifraud import gathering
from zhizhi.trust.grounds import Basis
from zhizhi.trust.holding import Holder, Keep, Label, Stored, Subject, Text, Whose

_WARN = _("So that people are warned of scams")


def _hash(title: Text) -> Label:
    return Label(title, Whose.OBSERVED, _WARN, Basis.DUTY, Keep.CLUE, Stored.DIGEST)


def _staff(title: Text, form: Stored = Stored.TOKEN, *, keep: Keep = Keep.CLUE) -> Label:
    purpose = _("So that whoever acts answers for it")
    return Label(title, Whose.STAFF, purpose, Basis.DUTY, keep, form)


LABELS = {
    "antifraud.Clue.key": _hash(_("Number, account, address or app of a scam")),
    "antifraud.Clue.reporter": _hash(_("Who told of a scam")),
    "antifraud.Clue.confirmed_by": _staff(_("Who confirmed a clue")),
    "antifraud.ListEntry.key": _hash(_("Number, account, address or app that was decided about")),
    "antifraud.ListEntry.look": _hash(_("What an address looks like")),
    "antifraud.ListEntry.reason": _staff(_("Reason of a list entry"), Stored.PLAIN),
    "antifraud.ListEntry.made_by": _staff(_("Who decided about a list entry")),
    "antifraud.ListEntry.ended_by": _staff(_("Who ended a list entry")),
    "antifraud.Dissuasion.began_by": _staff(_("Who began a dissuasion"), keep=Keep.LOG),
    "antifraud.Dissuasion.ended_by": _staff(_("Who ended a dissuasion"), keep=Keep.LOG),
    "antifraud.DissuasionAttempt.by": _staff(
        _("Who tried to reach somebody at risk"), keep=Keep.LOG
    ),
    "antifraud.CallerPhrase.made_by": _staff(_("Who called with a phrase")),
    "antifraud.CallerPhrase.used_by": _hash(_("Browser that checked a caller")),
}
_CIRCLE = _("So that relatives help when somebody is at risk of a fraud")


def _circle(title: Text, form: Stored = Stored.TOKEN) -> Label:
    return Label(title, Whose.OBSERVED, _CIRCLE, Basis.CONSENT, Keep.CLUE, form)


LABELS |= {
    "antifraud.CirclePerson.person": _circle(_("Who is in protected circles, by number")),
    "antifraud.CirclePerson.number": _circle(_("Keyed hash of your number"), Stored.DIGEST),
    "antifraud.CircleMember.protected": _circle(_("Whose circle it is, by number")),
    "antifraud.CircleMember.relative": _circle(_("Who is in a circle, by number")),
    "antifraud.CircleMember.relation": _circle(_("What a relative in a circle is to somebody")),
}
IMPERSONAL = {
    "antifraud.ListEntry": ("name",),
    "antifraud.Dissuasion": ("rule", "typology"),
    "antifraud.CallerPhrase": ("digest",),
}


def erase(subject: Subject, spared: frozenset[str], by: str, now: datetime) -> Sequence[str]:
    """Delete the clues of a report together with its words."""
    return [] if str(subject) in spared else gathering.forget(subject.report)


HOLDER = Holder(LABELS, IMPERSONAL, erase=erase)
