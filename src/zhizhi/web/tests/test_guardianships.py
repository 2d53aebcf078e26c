"""Guardianships at the desk: proposed with the document in hand, confirmed by another office."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from tests.district_world import World

from zhizhi.directory import guarding, people
from zhizhi.directory.models import Guardianship, Person
from zhizhi.trust import access
from zhizhi.web.tests.conftest import Browse

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(world: World) -> Guardianship:
    found: Guardianship = world.records["guardianship"]
    return found


@pytest.fixture
def bound(world: World) -> Guardianship:
    found: Guardianship = world.records["bound"]
    return found


def wanted(**other: str) -> dict[str, str]:
    day = timezone.localtime() + timedelta(days=100)
    return {
        "ward_name": "Wei Bo", "guardian_name": "Wei An", "guardian_phone": "12000000021",
        "relation": "parent", "basis": "kinship", "until": f"{day:%Y-%m-%d}", **other,
    }  # fmt: skip


def newest() -> Guardianship:
    return Guardianship.everything.select_related("ward__key", "guardian__key").latest("pk")


def text_of(browser: Client, address: str) -> str:
    return str(browser.get(address).content.decode())


def test_from_the_desk_to_the_code_in_the_guardians_hand(world: World, browse: Browse) -> None:
    operator, leader = browse("operator"), browse("leader")
    assert operator.post("/guardians/propose/", wanted()).status_code == 302
    row = newest()
    address = f"/guardians/{row.pk}/"

    assert address in text_of(leader, "/guardians/")
    assert "I have seen it and confirm" not in text_of(operator, address)
    assert "has objected" not in text_of(leader, address)
    assert "You asked for it yourself" in text_of(operator, address)
    answer = leader.post(f"{address}confirm/")

    row.refresh_from_db(from_queryset=Guardianship.everything.all())
    assert row.confirmed_by == world.here["leader"]
    assert guarding.secret_of(row) in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    for browser in (operator, leader):
        assert guarding.secret_of(row) not in text_of(browser, address)


def test_whoever_proposed_and_gained_a_role_does_not_confirm(
    waiting: Guardianship, world: World, browse: Browse
) -> None:
    account = world.here["operator"]
    area = account.roles.get().area
    account.roles.create(role="leader", area=area)

    answer = browse("operator").post(f"/guardians/{waiting.pk}/confirm/")

    assert answer.status_code == 403
    assert guarding.secret_of(waiting) not in answer.content.decode()
    assert newest().state == "proposed"


def test_confirming_again_tells_no_code(bound: Guardianship, browse: Browse) -> None:
    answer = browse("leader").post(f"/guardians/{bound.pk}/confirm/", follow=True)

    assert "It does not wait any more" in answer.content.decode()
    assert guarding.secret_of(bound) not in answer.content.decode()


def test_names_are_shown_on_demand_and_both_see_it(bound: Guardianship, browse: Browse) -> None:
    leader = browse("leader")
    assert "Shen" not in text_of(leader, f"/guardians/{bound.pk}/")

    text = leader.post(f"/guardians/{bound.pk}/look/").content.decode()

    assert "Shen Yulan" in text
    assert "Shen Qiming · 12000000017" in text
    for who in (bound.ward, bound.guardian):
        [look] = access.shown(people.subject(who), now=timezone.now())
        assert look.purpose == "check-guardian"


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"guardian_phone": "13800000000"}, "Real people have no place"),
        ({"guardian_phone": "12"}, "A mobile number has 11 digits"),
        ({"until": "2020-01-01"}, "after today and within a year"),
        ({"until": "2099-01-01"}, "after today and within a year"),
        ({"relation": "neighbour"}, "valid choice"),
        ({"ward_name": ""}, "required"),
    ],
)
def test_what_cannot_be_proposed_says_why_and_seals_nobody(
    other: dict[str, str], said: str, browse: Browse
) -> None:
    before = Person.objects.count()

    answer = browse("operator").post("/guardians/propose/", wanted(**other))

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert Person.objects.count() == before


@pytest.mark.parametrize(("days", "is_taken"), [(0, False), (1, True), (365, True), (366, False)])
def test_the_last_day_lies_after_today_and_within_a_year(
    days: int, is_taken: bool, browse: Browse
) -> None:
    day = timezone.localtime() + timedelta(days=days)

    answer = browse("operator").post("/guardians/propose/", wanted(until=f"{day:%Y-%m-%d}"))

    assert answer.status_code == (302 if is_taken else 422)


def test_the_form_begins_with_a_year(browse: Browse) -> None:
    last = timezone.localtime() + timedelta(days=365)

    text = text_of(browse("operator"), "/guardians/propose/")

    assert f'value="{last:%Y-%m-%d}"' in text


def test_a_renewal_asks_for_no_names(bound: Guardianship, browse: Browse) -> None:
    operator, address = browse("operator"), f"/guardians/propose/?ward={bound.pk}"
    assert 'name="ward_name"' not in text_of(operator, address)
    assert 'name="guardian_name"' in text_of(operator, address)

    operator.post(f"{address}&guardian={bound.pk}", wanted())

    assert (newest().ward_id, newest().guardian_id) == (bound.ward_id, bound.guardian_id)
    again = operator.post(f"{address}&guardian={bound.pk}", wanted())
    assert "proposed already" in again.content.decode()


def test_nobody_of_another_town_is_bound_by_number(bound: Guardianship, browse: Browse) -> None:
    elsewhere = browse("operator", elsewhere=True)

    assert elsewhere.get(f"/guardians/propose/?ward={bound.pk}").status_code == 404
    assert f"/guardians/{bound.pk}/" not in text_of(elsewhere, "/guardians/")


def test_an_objection_of_the_ward_ends_it_at_once(bound: Guardianship, browse: Browse) -> None:
    operator, address = browse("operator"), f"/guardians/{bound.pk}/"
    assert operator.post(f"{address}end/", {"why": "renewed"}).status_code == 422

    answer = operator.post(f"{address}end/", {"why": "objected"}, follow=True)

    assert "The ward objected" in answer.content.decode()
    operator.post(f"/guardians/propose/?ward={bound.pk}&guardian={bound.pk}", wanted())
    anew = text_of(browse("leader"), f"/guardians/{newest().pk}/")
    assert "has objected to a guardianship before" in anew
    assert not re.search(r'name="why"', answer.content.decode())
    again = operator.post(f"{address}end/", {"why": "over"})
    assert again.status_code == 422
