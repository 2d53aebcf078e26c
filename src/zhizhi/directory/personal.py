"""What the directory holds about people: the vault, accounts, where units were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from zhizhi.directory import guarding, people
from zhizhi.directory.models import AccessGrant, Guardianship, Person
from zhizhi.trust import vault
from zhizhi.trust.grounds import Basis
from zhizhi.trust.holding import Fact, Holder, Keep, Label, Stored, Subject, Text, Whose

_CALLING = _("To call you back about what you reported")
_SERVING = _("To address a notice")
_WORK = _("To sign in and to answer for what is done")
_TWO = _("So that two people answer for an unusual look at somebody's data")
_REVIEW = _("So that nobody of the staff looks people up without need")
_GUARD = _("So that only the guardian agrees for somebody who cannot")
_REPLAY = _("To show which unit was nearest, also afterwards")


def _contact(title: Text, *, is_special: bool = False) -> Label:
    return Label(
        title, Whose.RESIDENT, _CALLING, Basis.CONSENT, Keep.REPORT, Stored.SEALED,
        is_special=is_special,
    )  # fmt: skip


def _reviewed(title: Text) -> Label:
    return Label(title, Whose.STAFF, _REVIEW, Basis.DUTY, Keep.REVIEW, Stored.SEALED)


def _granted(title: Text, form: Stored) -> Label:
    return Label(title, Whose.STAFF, _TWO, Basis.DUTY, Keep.REVIEW, form)


def _bound(title: Text) -> Label:
    return Label(title, Whose.RESIDENT, _GUARD, Basis.DUTY, Keep.REVIEW, Stored.TOKEN)


def _staff(title: Text, keep: Keep = Keep.ACCOUNT, form: Stored = Stored.PLAIN) -> Label:
    return Label(title, Whose.STAFF, _WORK, Basis.EMPLOYMENT, keep, form)


LABELS = {
    "directory.Person.name": _contact(_("Your name")),
    "directory.Person.phone": _contact(_("Your number")),
    "directory.Person.phone_index": Label(
        _("Keyed hash of your number"), Whose.RESIDENT, _CALLING, Basis.CONSENT, Keep.REPORT,
        Stored.DIGEST,
    ),
    "directory.Person.identity_number": Label(
        _("Identity number"), Whose.PARTY, _SERVING, Basis.DUTY, Keep.PARTY, Stored.SEALED,
        is_special=True,
    ),
    "directory.Account.username": _staff(_("Name to sign in with")),
    "directory.Account.password": _staff(_("Password"), form=Stored.DIGEST),
    "directory.Account.email": _staff(_("Mail address")),
    "directory.Account.call_sign": _staff(_("Call sign")),
    "directory.SavedView.name": _staff(_("Name of a saved view")),
    "directory.SavedView.address": _staff(_("Filter of a saved view")),
    "directory.Unit.lon": _staff(_("Longitude of a unit"), Keep.TRACK),
    "directory.Unit.lat": _staff(_("Latitude of a unit"), Keep.TRACK),
    "directory.Unit.service_note": _staff(_("Why a unit is out of service"), Keep.TRACK),
    "directory.Unit.changed_by": _staff(_("Who changed a unit"), form=Stored.TOKEN),
    "directory.UnitPosition.lon": Label(
        _("Longitude of a unit in the past"), Whose.STAFF, _REPLAY, Basis.DUTY, Keep.TRACK
    ),
    "directory.UnitPosition.lat": Label(
        _("Latitude of a unit in the past"), Whose.STAFF, _REPLAY, Basis.DUTY, Keep.TRACK
    ),
    "directory.AccessGrant.subject": Label(
        _("Whose data leave was asked for, by number"), Whose.RESIDENT, _TWO, Basis.DUTY,
        Keep.REVIEW, Stored.TOKEN,
    ),
    "directory.AccessGrant.reason": _granted(
        _("Why leave to look was asked for"), Stored.SEALED
    ),
    "directory.AccessGrant.answer": _granted(
        _("What was answered to who asked for leave to look"), Stored.SEALED
    ),
    "directory.Guardianship.ward": _bound(_("For whom somebody else agrees, by number")),
    "directory.Guardianship.guardian": _bound(_("Who agrees for somebody else, by number")),
    "directory.Guardianship.ended_by": Label(
        _("Who ended a guardianship"), Whose.STAFF, _GUARD, Basis.DUTY, Keep.REVIEW, Stored.TOKEN
    ),
    "directory.LookDay.judged": Label(
        _("How many people an account looked up on a day"), Whose.STAFF, _REVIEW, Basis.DUTY,
        Keep.REVIEW,
    ),
    "directory.LookReview.evidence": Label(
        _("Why looks of an account are reviewed"), Whose.STAFF, _REVIEW, Basis.DUTY, Keep.REVIEW
    ),
    "directory.LookReview.reason": _reviewed(_("What a review of looks found")),
    "directory.LookReview.answer": _reviewed(_("What an account said to a review of looks")),
    "directory.WallPass.created_by": _staff(_("Who made a wall pass"), form=Stored.TOKEN),
}  # fmt: skip
IMPERSONAL = {
    "directory.AccessGrant": ("fields", "purpose", "area_path"),
    "directory.Area": ("code", "name", "path", "boundary", "min_lon", "min_lat", "max_lon",
                       "max_lat", "lon", "lat"),
    "directory.Agency": ("code", "name"),
    "directory.Guardianship": ("area_path",),
    "directory.LookDay": ("role",),
    "directory.LookReview": ("area_path",),
    "directory.Team": ("code", "name"),
    "directory.Unit": ("code", "name", "kind", "capabilities", "speed_kmh"),
    "directory.WallPass": ("name", "use", "token_digest"),
}  # fmt: skip


def told(subject: Subject, now: datetime) -> Iterator[Fact]:
    """Tell a resident the own name and number, and put on record that they were read."""
    person = Person.objects.select_related("key").filter(pk=subject.person).first()
    if person is None:
        return
    yield from _asked_for(people.subject(person), now)
    yield from _bound_with(person)
    try:
        found = people.own_data(person, now=now)
    except vault.Erased:
        return
    ref = people.subject(person)
    for name, value in found.items():
        if value:
            yield Fact(f"directory.Person.{name}", ref, value)
    if person.phone_index:
        yield Fact("directory.Person.phone_index", ref, person.phone_index)


def _asked_for(person: str, now: datetime) -> Iterator[Fact]:
    """Tell which grants to look were asked for; of one to hide a look, once that is shown."""
    for grant in AccessGrant.everything.filter(subject=person).order_by("pk"):
        since = grant.ended_at
        is_told = not grant.hidden_for or (since is not None and since + grant.hidden_for <= now)
        if is_told:
            yield Fact("directory.AccessGrant.subject", f"grant:{grant.pk}", grant.subject)


def _bound_with(person: Person) -> Iterator[Fact]:
    """Tell in which guardianships somebody is ward or guardian; of the other one nothing."""
    for role in ("ward", "guardian"):
        for row in Guardianship.everything.filter(**{role: person}).order_by("pk"):
            yield Fact(
                f"directory.Guardianship.{role}", guarding.name_of(row), people.subject(person)
            )


def erase(subject: Subject, spared: frozenset[str], by: str, now: datetime) -> Sequence[str]:
    """Destroy the name and number of whoever reported."""
    person = Person.objects.select_related("key").filter(pk=subject.person).first()
    if person is None or people.subject(person) in spared:
        return ()
    erased = people.erase_person(person, by=by, now=now, leave=lambda _leaf: None)
    return (people.subject(person),) if erased else ()


HOLDER = Holder(LABELS, IMPERSONAL, told, erase=erase)
