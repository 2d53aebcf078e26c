"""Ward and guardian as people: sealed together, looked at on record, let go of in time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import override_settings

from zhizhi.directory import binding, guarding, people
from zhizhi.directory.binding import Proposal
from zhizhi.directory.guarding import Ended
from zhizhi.directory.identity import WrongWorld
from zhizhi.directory.models import Account, Guardianship, Person
from zhizhi.directory.people import PersonalData
from zhizhi.directory.tests.two_bound import YEAR, bind, someone, verbs
from zhizhi.directory.tests.two_people import A_TICK, AT, HERE
from zhizhi.trust import access, audit
from zhizhi.trust.access import AccessRefused, Post
from zhizhi.trust.allowances import Rate
from zhizhi.trust.states import StateConflict

DAY = timedelta(days=1)
WARD = PersonalData("Shen Yulan")
NEW = Proposal(WARD, PersonalData("Shen Qiming", "12087654321"), "child", "court", AT + YEAR)


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[None]:
    with override_settings(DATA=tmp_path):
        yield


def propose(proposal: Proposal, by: Account) -> Guardianship:
    return binding.propose(proposal, area_path=HERE, by=by, now=AT)


@pytest.mark.django_db(transaction=True)
def test_whoever_checks_sees_name_and_number_and_the_person_sees_who_looked(
    operator: Account,
) -> None:
    row = propose(NEW, operator)
    post = Post("leader", "area:/d/here/")

    told = people.open_to_check(row.guardian, actor="account:9", post=post, now=AT)

    assert told == {"name": "Shen Qiming", "phone": "12087654321"}
    [look] = access.shown(people.subject(row.guardian), now=AT)
    assert (look.actor, look.purpose, look.ground) == ("account:9", "check-guardian", "duty")
    assert (look.fields, look.is_allowed) == (["name", "phone"], True)
    assert look.post == {"role": "leader", "office": "area:/d/here/"}
    assert not access.shown(people.subject(row.ward), now=AT).exists()


@pytest.mark.django_db(transaction=True)
def test_nobody_checks_without_end(operator: Account) -> None:
    row, rate = propose(NEW, operator), Rate(most=2, within=DAY)
    for _time in range(2):
        people.open_to_check(row.ward, actor="account:9", post=Post(), now=AT, rate=rate)

    with pytest.raises(AccessRefused) as refused:
        people.open_to_check(row.ward, actor="account:9", post=Post(), now=AT, rate=rate)

    assert refused.value.code == "too-many"
    assert not access.shown(people.subject(row.ward), now=AT)[0].is_allowed


@pytest.mark.django_db
def test_another_ward_or_guardian_is_bound_to_whoever_is_known(operator: Account) -> None:
    first = propose(NEW, operator)

    second = propose(replace(NEW, guardian=PersonalData("Shen Qihua"), ward=first.ward), operator)
    third = propose(replace(NEW, guardian=first.guardian), operator)

    assert (second.ward, third.guardian) == (first.ward, first.guardian)
    assert Person.objects.count() == 4


@pytest.mark.django_db
def test_nothing_is_sealed_for_what_cannot_be_proposed(operator: Account) -> None:
    first = propose(NEW, operator)
    same = replace(NEW, ward=first.ward, guardian=first.guardian)

    with pytest.raises(StateConflict):
        propose(same, operator)
    with pytest.raises(ValueError, match="a year at most"):
        propose(replace(NEW, until=AT), operator)
    with pytest.raises(WrongWorld):
        propose(replace(NEW, guardian=PersonalData("Wei An", "13800000000")), operator)

    assert Person.objects.count() == 2
    assert verbs() == ["guardianship.propose"]
    assert list(audit.verify()) == []


@pytest.mark.django_db
@pytest.mark.parametrize(("after", "count"), [(-A_TICK, 0), (timedelta(0), 0), (A_TICK, 1)])
@pytest.mark.parametrize("is_ended", [True, False])
def test_what_is_over_for_long_is_forgotten_with_its_people(
    is_ended: bool, after: timedelta, count: int, operator: Account, leader: Account
) -> None:
    row = bind(someone("Shen Yulan"), someone("Shen Qiming"), operator, leader, until=AT + DAY)
    if is_ended:
        guarding.end(row, Ended.OVER, by="account:5", now=AT + DAY)

    assert binding.forget_old(AT + DAY + after, now=AT + YEAR) == count

    assert Guardianship.everything.count() == 1 - count
    assert Person.objects.filter(name=None).count() == 2 * count
    assert ("guardianship.forget" in verbs()) is bool(count)
    assert list(audit.verify()) == []


@pytest.mark.django_db
def test_whoever_is_bound_elsewhere_or_signs_in_stays(operator: Account, leader: Account) -> None:
    guardian, ward = someone("Shen Qiming"), someone("Shen Yulan")
    bind(ward, guardian, operator, leader, until=AT + DAY)
    bind(someone("Shen Guilan"), guardian, operator, leader)
    Account.objects.create(username="yulan", person=ward)

    assert binding.forget_old(AT + 2 * DAY, now=AT + 2 * DAY) == 1

    assert Person.objects.filter(name=None).count() == 0
    assert Guardianship.everything.get().is_in_force(AT + 2 * DAY)
