"""Enrolling somebody who may get lost: with an agreement in force, paused and ended at any time.

Whoever agrees, pauses or objects needs no reason. Matching asks the register of agreements with
every envelope (``matching.py``), so nothing here has to be undone for it to stop.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db import IntegrityError, models, transaction

from zhizhi.directory import guarding, people
from zhizhi.directory.accounts import person_name
from zhizhi.directory.models import Area, Guardianship, Person
from zhizhi.directory.people import PersonalData
from zhizhi.engine import timeline
from zhizhi.engine.states import StateConflict, move
from zhizhi.systems.guardian import parting_with, telling
from zhizhi.systems.guardian.models import AllowedArea, Companion, Enrolment, Tag
from zhizhi.trust import consenting
from zhizhi.trust.audit import Leaf
from zhizhi.trust.consenting import Agreement
from zhizhi.trust.grounds import BRING_HOME, TAGS
from zhizhi.trust.models import Consent

State, Assent = Enrolment.State, Enrolment.Assent
YEAR = timedelta(days=365)  # what a companion agrees to is renewed every year, as a guardianship
VERBS: dict[str, str] = {
    State.ACTIVE: "guardian.resume", State.PAUSED: "guardian.pause", State.ENDED: "guardian.end",
}  # fmt: skip
DESK, COMPANION_TEXT = "guardian-desk", "companion@1"


@dataclass(frozen=True, slots=True)
class Habit:
    """When and where somebody may be alone; nothing means always and everywhere."""

    hours: tuple[time, time] | None = None
    areas: Sequence[Area] = ()


def enrol(
    ward: Person, *, area_path: str, by: str, now: datetime, habit: Habit = Habit(),
    assent: str = Assent.SILENT,
) -> Enrolment:  # fmt: skip
    """Enrol somebody for whom an agreement to be found by tags is in force.

    Raises consenting.ConsentMissing, and StateConflict ("enrolled-already").
    """
    with timeline.writing():
        consenting.require(person_name(ward.pk), BRING_HOME, (TAGS,), now=now)
        try:
            with transaction.atomic():
                row = Enrolment.everything.create(
                    ward=ward, token=secrets.randbits(63), assent=assent, area_path=area_path,
                    made_at=now, made_by=by, changed_at=now,
                )  # fmt: skip
        except IntegrityError as error:
            message = f"{person_name(ward.pk)} is enrolled already"
            raise StateConflict(message, code="enrolled-already") from error
        _allow(row, habit)
        _leave(row, "guardian.enrol", by, now, assent=str(assent))
    return row


def enrol_ward(
    bond: Guardianship, *, by: str, now: datetime, habit: Habit, assent: str, is_beside: bool
) -> Enrolment:  # fmt: skip
    """Enrol the ward of a guardianship at the desk, with the guardian as a companion if wanted.

    Raises what ``enrol`` raises.
    """
    path = bond.area_path
    with timeline.writing():
        row = enrol(bond.ward, area_path=path, by=by, now=now, habit=habit, assent=assent)
        if is_beside:
            bring_companion(row, bond.guardian, by=by, now=now)
    return row


def allow(row: Enrolment, habit: Habit, *, by: str, now: datetime) -> None:
    """Change when and where the ward may be alone; raises StateConflict once it has ended."""
    with timeline.writing():
        _live(row)
        _allow(row, habit)
        _leave(row, "guardian.allow", by, now)


def pause(row: Enrolment, *, by: str, now: datetime, why: str = "") -> None:
    """Match nobody until it is resumed, and forget what was remembered of the last minutes."""
    _move(row, State.PAUSED, why, by, now)


def resume(row: Enrolment, *, by: str, now: datetime, why: str = "") -> None:
    """Match again; raises consenting.ConsentMissing when nobody agrees any more."""
    consenting.require(person_name(row.ward_id), BRING_HOME, (TAGS,), now=now)
    _move(row, State.ACTIVE, why, by, now)


def end(row: Enrolment, *, by: str, now: datetime, why: str = "") -> None:
    """End it for good: its tags are let go of, and it is deleted a while later."""
    with timeline.writing():
        _move(row, State.ENDED, why, by, now, ended_at=now)
        _own_tags(row).filter(unbound_at=None).update(unbound_at=now, unbound_by=by)


def object_for(row: Enrolment, *, by: str, now: datetime) -> None:
    """Let the ward's own word end it, with every guardianship and whatever was agreed to.

    Nobody agrees for the ward until two people have confirmed a guardianship anew.
    """
    with timeline.writing():
        guarding.object_for(row.ward, by=by, now=now, leave=timeline.leave)
        own = consenting.agreed(person_name(row.ward_id), BRING_HOME, (), now=now)
        if own is not None:
            consenting.withdraw(own, by=by, now=now, leave=timeline.leave)
        end(row, by=by, now=now, why="objected")


def delete(row: Enrolment, *, by: str, now: datetime, why: str = "") -> None:
    """Delete it and its tags at once, ended or not; raises StateConflict when somebody else did."""
    with timeline.writing():
        if row.state != State.ENDED:
            end(row, by=by, now=now, why=why)
        tags = _own_tags(row).exclude(unbound_at=None).delete()[0]
        sealed = parting_with.sealed_here(Enrolment.everything.filter(pk=row.pk))
        if not Enrolment.everything.filter(pk=row.pk).delete()[0]:
            message = f"{name_of(row)} was deleted already"
            raise StateConflict(message, code="deleted-already")
        parting_with.release(sealed, by=by, now=now)
        _leave(row, "guardian.delete", by, now, tags=tags, **_told(why))


def add_companion(row: Enrolment, person: Person, *, by: str, now: datetime) -> Companion:
    """Add somebody who has agreed in person to be known as a companion.

    Raises consenting.ConsentMissing, ValueError for the ward, and StateConflict.
    """
    if person.pk == row.ward_id:
        message = "nobody is the own companion"
        raise ValueError(message)
    with timeline.writing():
        _live(row)
        consenting.require(person_name(person.pk), BRING_HOME, (TAGS,), now=now)
        found, is_new = Companion.objects.get_or_create(
            enrolment=row, person=person, defaults={"since_at": now}
        )
        if not is_new:
            message = f"{person_name(person.pk)} is a companion already"
            raise StateConflict(message, code="companion-already", record=found)
        _leave(row, "guardian.companion", by, now, person=person_name(person.pk))
    return found


def remove_companion(companion: Companion, *, by: str, now: datetime) -> None:
    """Take a companion out; whoever walks with the ward then does not count any more."""
    row, who = companion.enrolment, person_name(companion.person_id)
    with timeline.writing():
        if not Companion.objects.filter(pk=companion.pk).delete()[0]:
            message = f"{who} was taken out already"
            raise StateConflict(message, code="companion-gone")
        if companion.is_sealed_here:
            _take_tags(companion.person_id, by, now)
            parting_with.release([companion.person_id], by=by, now=now)
        _leave(row, "guardian.companion_out", by, now, person=who)


def bring_companion(
    row: Enrolment, who: Person | PersonalData, *, by: str, now: datetime
) -> Companion:
    """Add whoever stands at the desk and agrees: a guardian, or somebody sealed for this alone.

    Raises what ``add_companion`` raises, IdentityInvalid and WrongWorld.
    """
    is_new = isinstance(who, PersonalData)
    with timeline.writing():
        person = _known_or_sealed(who, by, now) if isinstance(who, PersonalData) else who
        agree_as_companion(person, by=by, now=now)
        found = add_companion(row, person, by=by, now=now)
        if is_new:
            Companion.objects.filter(pk=found.pk).update(is_sealed_here=True)
    return found


def agree_as_companion(person: Person, *, by: str, now: datetime) -> Consent:
    """Write down that somebody agreed in person that the own tag may be known beside a ward."""
    agreement = Agreement(people.subject(person), BRING_HOME, (TAGS,), DESK, COMPANION_TEXT)
    return consenting.give(agreement, until=now + YEAR, by=by, now=now, leave=timeline.leave)


def name_of(row: Enrolment) -> str:
    """Return how logs name it: "enrolment:3"."""
    return f"enrolment:{row.pk}"


def _allow(row: Enrolment, habit: Habit) -> None:
    first, last = habit.hours or (None, None)
    Enrolment.everything.filter(pk=row.pk).update(hours_from=first, hours_to=last)
    row.hours_from, row.hours_to = first, last
    row.areas.all().delete()
    AllowedArea.objects.bulk_create(AllowedArea(enrolment=row, area=area) for area in habit.areas)


def _live(row: Enrolment) -> None:
    """Hold the row until the transaction ends; raises StateConflict once it has ended."""
    held = Enrolment.everything.select_for_update().filter(pk=row.pk).exclude(state=State.ENDED)
    if not held.exists():
        message = f"{name_of(row)} has ended"
        raise StateConflict(message, code="ended-already", record=row)


def _move(row: Enrolment, to: str, why: str, by: str, now: datetime, **also: Any) -> None:
    with timeline.writing():
        move(row, to, allowed=Enrolment.MOVES, changed_at=now, **also)
        _leave(row, VERBS[to], by, now, **_told(why))
        if to != State.ACTIVE:
            telling.tell(row, telling.STOPPED, now=now)


def _told(why: str) -> dict[str, str]:
    return {"why": why} if why else {}


def _take_tags(number: int, by: str, now: datetime) -> None:
    """Take the tags of somebody back who walks with nobody any more."""
    if not Companion.objects.filter(person=number).exists():
        live = Tag.objects.filter(holder=number, unbound_at=None)
        live.update(unbound_at=now, unbound_by=by)


def _known_or_sealed(who: PersonalData, by: str, now: datetime) -> Person:
    """Return who walks with another ward already and has this number; else seal somebody new."""
    index = people.index_of(who.phone)
    others = Companion.objects.filter(is_sealed_here=True, person__phone_index=index)
    known = others.select_related("person").order_by("pk").first()
    if known is not None:
        return known.person
    return people.add_person(who, by=by, now=now, leave=timeline.leave)


def _own_tags(row: Enrolment) -> models.QuerySet[Tag]:
    """Return the tags of ward and companions that no other enrolment needs."""
    people_of = [row.ward_id, *row.companions.values_list("person", flat=True)]
    return Tag.objects.filter(holder__in=people_of).exclude(holder__in=_needed_elsewhere(row))


def _needed_elsewhere(row: Enrolment) -> models.QuerySet[Person]:
    """Return who still carries tags for another enrolment that has not ended."""
    others = Enrolment.everything.exclude(pk=row.pk).exclude(state=State.ENDED)
    beside = Companion.objects.filter(enrolment__in=others)
    return Person.objects.filter(
        models.Q(pk__in=others.values("ward")) | models.Q(pk__in=beside.values("person"))
    )


def _leave(row: Enrolment, verb: str, by: str, now: datetime, **detail: Any) -> None:
    told = {"ward": person_name(row.ward_id), **detail}
    timeline.leave(Leaf(by, verb, name_of(row), now, row.area_path, told))
