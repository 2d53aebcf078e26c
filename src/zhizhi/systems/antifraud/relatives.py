"""Who is asked when somebody at risk cannot be reached: the guardians in force.

A guardian protects the ward's property as well (Civil Code art. 34 and 35).
"""

from __future__ import annotations

from datetime import datetime

from zhizhi.directory.models import Guardianship, Person
from zhizhi.systems.antifraud.models import Dissuasion


def of(row: Dissuasion, *, now: datetime) -> list[Person]:
    """Return the relatives with a number, found by the number of whoever is at risk."""
    index = row.person.phone_index
    if not index:
        return []
    bonds = Guardianship.everything.filter(
        ward__phone_index=index, state=Guardianship.State.CONFIRMED, since_at__lte=now,
        until_at__gt=now, guardian__key__destroyed_at=None,
    )  # fmt: skip
    rows = bonds.exclude(guardian__phone_index="").select_related("guardian").order_by("pk")
    return [bond.guardian for bond in rows]
