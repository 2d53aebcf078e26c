"""Who is asked when somebody at risk cannot be reached: guardians in force, then the own circle.

A guardian protects the ward's property as well (Civil Code art. 34 and 35). Relatives of the circle
have confirmed that they may be asked; their numbers rest on that agreement alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from zhizhi.directory.models import Guardianship, Person
from zhizhi.systems.antifraud import circling, joining
from zhizhi.systems.antifraud.models import Dissuasion

BY_LAW, BY_AGREEMENT = "dissuade", "ask-relative"  # purposes


@dataclass(frozen=True, slots=True)
class Relative:
    """Somebody who may be asked, for which purpose, and what may be read for it."""

    person: Person
    purpose: str
    fields: tuple[str, ...]


def of(row: Dissuasion, *, now: datetime) -> list[Relative]:
    """Return the relatives with a number, found by the number of whoever is at risk; each once."""
    index = row.person.phone_index
    if not index:
        return []
    found = [Relative(one, BY_LAW, ("name", "phone")) for one in _guardians(index, now)]
    seen = {one.person.phone_index for one in found}
    circle = [one for one in circling.relatives_of(index, now=now) if one.phone_index not in seen]
    return found + [Relative(one, BY_AGREEMENT, joining.DATA) for one in circle]


def _guardians(index: str, now: datetime) -> list[Person]:
    bonds = Guardianship.everything.filter(
        Guardianship.in_force_at(now), ward__phone_index=index, guardian__key__destroyed_at=None
    )
    rows = bonds.exclude(guardian__phone_index="").select_related("guardian").order_by("pk")
    return [bond.guardian for bond in rows]
