"""Letting go of companions whom the house knew for walking along alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import models

from zhizhi.directory import people
from zhizhi.directory.models import Account, Guardianship, Person
from zhizhi.engine import timeline
from zhizhi.systems.guardian.models import Companion, Enrolment


def sealed_here(rows: models.QuerySet[Enrolment]) -> list[int]:
    """Return the companions of ``rows`` who were sealed at the guardian's desk."""
    found = Companion.objects.filter(enrolment__in=rows, is_sealed_here=True)
    return list(found.order_by("person").values_list("person", flat=True).distinct())


def release(numbers: Iterable[int], *, by: str, now: datetime) -> int:
    """Destroy those of ``numbers`` whom nothing binds any more; returns how many."""
    bound = models.Exists(Companion.objects.filter(person=models.OuterRef("pk")))
    either = models.Q(ward=models.OuterRef("pk")) | models.Q(guardian=models.OuterRef("pk"))
    guards = models.Exists(Guardianship.everything.filter(either))
    works = models.Exists(Account.objects.filter(person=models.OuterRef("pk")))
    rows = Person.objects.filter(pk__in=list(numbers), key__destroyed_at=None)
    free = rows.exclude(bound).exclude(guards).exclude(works).select_related("key").order_by("pk")
    with timeline.writing():
        return sum(people.erase_person(one, by=by, now=now, leave=timeline.leave) for one in free)
