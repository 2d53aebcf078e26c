"""Ward and guardian as people: sealed when they are proposed, let go of when nothing binds them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models, transaction

from zhizhi.directory import guarding, people
from zhizhi.directory.accounts import actor
from zhizhi.directory.guarding import Bond
from zhizhi.directory.models import Account, Guardianship, Person
from zhizhi.directory.people import PersonalData
from zhizhi.trust.audit import Leaf
from zhizhi.trust.evidence import append_now

WORKER = "worker"
AT_ONCE = 100  # guardianships that one round forgets
Someone = Person | PersonalData  # known from another guardianship, or new to the house


@dataclass(frozen=True, slots=True, repr=False)
class Proposal:
    """What a member of staff writes down at the desk, with the document in hand."""

    ward: Someone
    guardian: Someone
    relation: str
    basis: str
    until: datetime


def propose(proposal: Proposal, *, area_path: str, by: Account, now: datetime) -> Guardianship:
    """Seal whoever is new and propose the guardianship, all or nothing.

    Raises what ``guarding.propose`` raises, IdentityInvalid and WrongWorld.
    """
    leaves: list[Leaf] = []
    with transaction.atomic():
        ward, guardian = (
            one if isinstance(one, Person)
            else people.add_person(one, by=actor(by), now=now, leave=leaves.append)
            for one in (proposal.ward, proposal.guardian)
        )  # fmt: skip
        bond = Bond(ward, guardian, proposal.relation, proposal.basis, proposal.until)
        row = guarding.propose(bond, area_path=area_path, by=by, now=now, leave=leaves.append)
        for leaf in leaves:
            append_now(leaf)
    return row


def forget_old(before: datetime, *, now: datetime, spared: Iterable[Any] = ()) -> int:
    """Delete guardianships that were over before a moment, and people whom nothing binds then.

    Whoever is proposed is known to the house for this alone. The numbers in ``spared`` stay.
    Returns how many were deleted.
    """
    over = models.Q(ended_at__lt=before) | models.Q(ended_at=None, until_at__lt=before)
    old = Guardianship.everything.filter(over).exclude(pk__in=spared)
    rows = list(old.order_by("pk")[:AT_ONCE])
    return sum(_forget(row, over, now) for row in rows)


@transaction.atomic
def _forget(row: Guardianship, over: models.Q, now: datetime) -> bool:
    name, leaves = guarding.name_of(row), list[Leaf]()
    if not Guardianship.everything.filter(over, pk=row.pk).delete()[0]:
        return False
    for number in (row.ward_id, row.guardian_id):
        either = models.Q(ward=number) | models.Q(guardian=number)
        is_bound = Guardianship.everything.filter(either).exists()
        if not is_bound and not Account.objects.filter(person=number).exists():
            person = Person.objects.select_related("key").get(pk=number)
            people.erase_person(person, by=WORKER, now=now, leave=leaves.append)
    for leaf in (*leaves, Leaf(WORKER, "guardianship.forget", name, now)):
        append_now(leaf)
    return True
