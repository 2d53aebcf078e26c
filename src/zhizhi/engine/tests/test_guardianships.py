"""Guardianships under way at the same moment: of two moves one wins, and no agreement is left."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import override_settings
from tests.district_world import AT, World, build

from zhizhi.directory import binding, guarding, people
from zhizhi.directory.binding import Proposal
from zhizhi.directory.guarding import Ended
from zhizhi.directory.models import Guardianship
from zhizhi.directory.people import PersonalData
from zhizhi.engine import parting, settings_in_force
from zhizhi.engine.states import StateConflict
from zhizhi.engine.tests.racing import losers, race, winners
from zhizhi.trust import audit, consenting
from zhizhi.trust.grounds import BRING_HOME
from zhizhi.trust.models import Consent

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)
ROUNDS = 4


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[None]:
    with override_settings(DATA=tmp_path):
        yield


@pytest.fixture
def world(db: None) -> World:
    return build()


def proposed(world: World, guardian: str = "Shen Qiming") -> Guardianship:
    by = world.here["operator"]
    wanted = Proposal(PersonalData("Shen Yulan"), PersonalData(guardian), "child", "court",
                      AT + 30 * DAY)  # fmt: skip
    [path] = by.roles.values_list("area__path", flat=True)
    return binding.propose(wanted, area_path=path, by=by, now=AT)


def bound(world: World) -> Guardianship:
    row = proposed(world)
    guarding.confirm(row, by=world.here["leader"], now=AT)
    return row


def fresh(row: Guardianship) -> Guardianship:
    return Guardianship.everything.get(pk=row.pk)


def agree(row: Guardianship) -> Consent:
    return guarding.agree(row, BRING_HOME, ("name",), text="bring-home@1", now=AT)


def test_of_two_who_confirm_at_once_one_does(world: World) -> None:
    for _round in range(ROUNDS):
        row = proposed(world)
        same = [fresh(row), fresh(row)]
        seconds = [world.here["leader"], world.here["legal_reviewer"]]

        results = race(
            *(lambda one=one, by=by: guarding.confirm(one, by=by, now=AT)
              for one, by in zip(same, seconds, strict=True))
        )  # fmt: skip

        assert len(winners(results)) == 1
        assert [type(one) for one in losers(results)] == [StateConflict]
        assert fresh(row).confirmed_by == seconds[results.index(None)]
        assert [leaf["subject"] for leaf in audit.leaves("guardianship.confirm")].count(
            guarding.name_of(row)
        ) == 1
    assert list(audit.verify()) == []


def test_confirmed_and_refused_at_once_is_one_of_both(world: World) -> None:
    for _round in range(ROUNDS):
        row = proposed(world)
        one, other = fresh(row), fresh(row)

        results = race(
            lambda: guarding.confirm(one, by=world.here["leader"], now=AT),  # noqa: B023 - run at once
            lambda: guarding.end(other, Ended.REFUSED, by="account:5", now=AT),  # noqa: B023 - run at once
        )

        # A refusal that comes second ends what was confirmed: taking away needs one person.
        assert fresh(row).state == "ended" or isinstance(results[1], StateConflict)
        assert not fresh(row).is_in_force(AT) or results[0] is None


def test_no_agreement_is_left_when_the_guardianship_ends_at_the_same_time(world: World) -> None:
    for _round in range(ROUNDS):
        row = bound(world)
        one, other = fresh(row), fresh(row)

        race(
            lambda: agree(one),  # noqa: B023 - run at once
            lambda: guarding.object_for(other.ward, by="account:5", now=AT),  # noqa: B023 - run at once
        )

        assert fresh(row).state == "ended"
        assert consenting.agreed(people.subject(row.ward), BRING_HOME, (), now=AT) is None
    assert list(consenting.verify()) == list(audit.verify()) == []


def test_nothing_waits_for_somebody_who_is_erased_at_the_same_time(world: World) -> None:
    for _round in range(ROUNDS):
        known = bound(world)
        guarding.end(known, Ended.OVER, by="account:5", now=AT)
        again = Proposal(known.ward, known.guardian, "child", "court", AT + 30 * DAY)
        by = world.here["operator"]

        race(
            lambda: binding.propose(again, area_path="", by=by, now=AT),  # noqa: B023 - run at once
            lambda: people.erase_person(known.ward, by="worker", now=AT),  # noqa: B023 - run at once
        )

        assert not Guardianship.everything.filter(ward=known.ward).exclude(state="ended").exists()
    assert list(audit.verify()) == []


def test_a_round_of_the_worker_forgets_what_was_over_for_years(world: World) -> None:
    row = bound(world)
    days = settings_in_force.value("engine.review_days")

    parting.forget_reviewed(row.until_at + days * DAY)
    assert fresh(row).ward_id == row.ward_id
    parting.forget_reviewed(row.until_at + (days + 1) * DAY)

    assert not Guardianship.everything.filter(pk=row.pk).exists()
