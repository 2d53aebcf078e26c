"""What the trust room holds about people: logs by ids, sealed pictures, access records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from zhizhi.trust import access, consenting, erasing, evidence
from zhizhi.trust.grounds import Basis
from zhizhi.trust.holding import Fact, Holder, Keep, Label, Stored, Subject, Whose
from zhizhi.trust.models import Evidence

_LOOKS = _("So that you can see who looked at your data and object")
_LIMIT = _("So that nobody guesses codes or looks people up by the hundred")
_PROOF = _("To deal with what was reported, and to prove it")
_AGREED = _("So that nothing is done with your data that you have not agreed to")
_ANSWERABLE = _("So that whoever acts answers for it")

LABELS = {
    "trust.AccessRecord.actor": Label(
        _("Who looked"), Whose.STAFF, _LOOKS, Basis.DUTY, Keep.LOG, Stored.TOKEN
    ),
    "trust.AccessRecord.person": Label(
        _("Whose data was looked at, by number"), Whose.RESIDENT, _LOOKS, Basis.DUTY, Keep.LOG,
        Stored.TOKEN,
    ),
    "trust.AccessRecord.fields": Label(
        _("What was looked at"), Whose.RESIDENT, _LOOKS, Basis.DUTY, Keep.LOG
    ),
    "trust.AccessRecord.purpose": Label(
        _("Why it was looked at"), Whose.RESIDENT, _LOOKS, Basis.DUTY, Keep.LOG
    ),
    "trust.AccessRecord.post": Label(
        _("Office and role of whoever looked"), Whose.STAFF, _LOOKS, Basis.DUTY, Keep.LOG
    ),
    "trust.Allowance.bucket": Label(
        _("Keyed hash of who looked people up, or of who or which address tried a code"),
        Whose.STAFF, _LIMIT, Basis.DUTY, Keep.HOUR, Stored.DIGEST,
    ),
    "trust.AuditEntry.actor": Label(
        _("Who did it"), Whose.STAFF, _ANSWERABLE, Basis.DUTY, Keep.LOG, Stored.TOKEN
    ),
    "trust.Evidence.original": Label(
        _("Your photo"), Whose.RESIDENT, _PROOF, Basis.DUTY, Keep.REPORT, Stored.SEALED
    ),
    "trust.Evidence.working_copy": Label(
        _("The copy of your photo that pages show"), Whose.RESIDENT, _PROOF, Basis.DUTY,
        Keep.REPORT, Stored.SEALED,
    ),
    "trust.Evidence.lon": Label(
        _("Longitude of the photo"), Whose.RESIDENT, _PROOF, Basis.DUTY, Keep.LOG
    ),
    "trust.Evidence.lat": Label(
        _("Latitude of the photo"), Whose.RESIDENT, _PROOF, Basis.DUTY, Keep.LOG
    ),
    "trust.Evidence.uploaded_by": Label(
        _("Who uploaded it"), Whose.STAFF, _ANSWERABLE, Basis.DUTY, Keep.LOG, Stored.TOKEN
    ),
    "trust.Erasure.subject": Label(
        _("Number of the report that was erased"), Whose.RESIDENT,
        _("So that you can prove that your data was destroyed"), Basis.DUTY, Keep.LOG, Stored.TOKEN,
    ),
    "trust.Erasure.by": Label(
        _("Who destroyed it"), Whose.STAFF, _ANSWERABLE, Basis.DUTY, Keep.LOG, Stored.TOKEN
    ),
    "trust.Consent.subject": Label(
        _("Whose agreement it is, by number"), Whose.RESIDENT, _AGREED, Basis.DUTY, Keep.LOG,
        Stored.TOKEN,
    ),
    "trust.Consent.purpose": Label(
        _("What you agreed to"), Whose.RESIDENT, _AGREED, Basis.DUTY, Keep.LOG
    ),
    "trust.Consent.data": Label(
        _("Which data you agreed to"), Whose.RESIDENT, _AGREED, Basis.DUTY, Keep.LOG
    ),
    "trust.Consent.guardian": Label(
        _("Who agreed for a child, by number"), Whose.RESIDENT, _AGREED, Basis.DUTY, Keep.LOG,
        Stored.TOKEN,
    ),
    "trust.Consent.given_by": Label(
        _("Who wrote an agreement down"), Whose.STAFF, _ANSWERABLE, Basis.DUTY, Keep.LOG,
        Stored.TOKEN,
    ),
    "trust.Consent.ended_by": Label(
        _("Who ended an agreement"), Whose.STAFF, _ANSWERABLE, Basis.DUTY, Keep.LOG, Stored.TOKEN
    ),
}  # fmt: skip
_CHAIN = ("previous", "digest")
IMPERSONAL = {
    "trust.ChainHead": ("name", "digest", "signature", "key_id"),
    "trust.AccessRecord": ("ground",),  # a code, or the number of a consent
    "trust.Consent": ("channel", "text", "relation"),
    "trust.AuditEntry": ("verb", "subject", "area_path", "detail", *_CHAIN),  # ids and verbs only
    "trust.TreeNode": ("digest",),
    "trust.TreeRoot": ("root", "signature", "key_id"),
    "trust.SubjectKey": ("wrapped", "key_id"),
    "trust.Evidence": ("kind", "media_type", "sha256", "sm3", "signature", "key_id", *_CHAIN),
    "trust.Erasure": ("destroyed", "held", "digest", "signature", "key_id"),
}


def told(subject: Subject, now: datetime) -> Iterator[Fact]:
    """Tell a resident's looks, pictures and receipts; of staff only the post."""
    persons = [str(subject)] + ([f"person:{subject.person}"] if subject.person else [])
    for row in access.shown(*persons, now=now):
        ref = f"look:{row.pk}"
        yield Fact("trust.AccessRecord.person", ref, row.person)
        yield Fact("trust.AccessRecord.fields", ref, row.fields)
        yield Fact(
            "trust.AccessRecord.purpose", ref, _known(row.purpose, is_allowed=row.is_allowed)
        )
    for consent in consenting.of(*persons):
        for name in ("subject", "purpose", "data", "guardian"):
            if value := getattr(consent, name):
                yield Fact(f"trust.Consent.{name}", f"consent:{consent.pk}", value)
    for photo in Evidence.objects.filter(pk__in=subject.evidence).select_related("subject_key"):
        yield from _photo(photo)
    for receipt in erasing.receipts_of(str(subject)):
        yield Fact("trust.Erasure.subject", f"erasure:{receipt.pk}", receipt.subject)


def _known(purpose: str, *, is_allowed: bool) -> str:
    """Return a purpose; that of a refused look may be anything and is not repeated."""
    return purpose if is_allowed else ""


def _photo(row: Evidence) -> Iterator[Fact]:
    ref = evidence.name_of(row)
    pictures: dict[str, Any] = {
        "original": evidence.original,
        "working_copy": evidence.working_copy,
    }
    for name, read in pictures.items():
        try:
            yield Fact(f"trust.Evidence.{name}", ref, read(row))
        except evidence.EvidenceDamaged:
            continue
    for name in ("lon", "lat"):
        if getattr(row, name) is not None:
            yield Fact(f"trust.Evidence.{name}", ref, getattr(row, name))


def erase(subject: Subject, spared: frozenset[str], by: str, now: datetime) -> Sequence[str]:
    """Destroy the pictures that nothing holds."""
    rows = Evidence.objects.filter(pk__in=subject.evidence).select_related("subject_key")
    going = [row for row in rows if evidence.name_of(row) not in spared]
    return [evidence.name_of(row) for row in going if evidence.erase(row, now=now)]


HOLDER = Holder(LABELS, IMPERSONAL, told, erase=erase)
