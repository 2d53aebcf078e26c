"""The seed's sentence: 金钟罩 warns of known scams; whoever is listed wrongly gets out again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from zhizhi.engine.tests.building import NOON, later
from zhizhi.kernel import identifiers
from zhizhi.kernel.identifiers import Identifier
from zhizhi.systems.antifraud import listing
from zhizhi.systems.antifraud.listing import Stance

pytestmark = pytest.mark.django_db
BY = "account:1"


def number(written: str) -> Identifier:
    found = identifiers.phone(written)
    assert found
    return found


def test_a_number_that_three_people_reported_is_listed_until_its_owner_is_heard() -> None:
    thing = number("138 0013 8000")
    for who in ("a", "b", "c"):
        listing.note(thing, reporter=who, by="resident", now=NOON)
    asked = number("+86 \uff11\uff13\uff18-0013-8000")
    listed = listing.standings([asked], NOON)[asked]

    listing.decide(
        thing, Stance.CLEAR, reason="a plumber's number, checked by calling back",
        expires_at=NOON + timedelta(days=365), seen=None, by=BY, now=later(hours=1),
    )  # fmt: skip

    assert (listed.is_listed, listed.reporters) == (True, 3)
    after = listing.standings([asked], later(hours=1))[asked]
    assert (after.is_listed, after.reporters, after.weight) == (False, 0, 0)
