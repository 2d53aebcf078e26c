"""The residents' pages of the protected circle: a number, a code, relatives, and one tap out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from zhizhi.engine import settings_in_force
from zhizhi.engine.tests.building import area
from zhizhi.systems.antifraud import circling, joining
from zhizhi.systems.antifraud.models import CircleMember, CirclePerson
from zhizhi.systems.antifraud.tests.circle import code_for, number
from zhizhi.systems.antifraud.tests.risk import BY, PHONE, warned
from zhizhi.systems.antifraud.tests.test_dissuasion_page import browser, press
from zhizhi.trust.models import AccessRecord, SubjectKey

pytestmark = pytest.mark.django_db
PAGE = "/antifraud/circle/"
CHANGING = re.compile(  # from one page to the next, whoever asks
    r'name="csrfmiddlewaretoken" value="[^"]*"|<span data-printed>.*?</span>'
)


@pytest.fixture(autouse=True)
def home(data: Path) -> None:
    area()


def resident(address: str = "10.0.0.1") -> Client:
    return Client(headers={"accept-language": "en"}, REMOTE_ADDR=address)


def joined(phone: str = PHONE, address: str = "10.0.0.1") -> Client:
    client = resident(address)
    assert client.post(PAGE, {"phone": phone})["Location"] == f"{PAGE}code/"
    assert client.post(f"{PAGE}code/", {"code": code_for(phone)})["Location"] == PAGE
    return client


def invited(client: Client, n: int = 1) -> CircleMember:
    client.post(f"{PAGE}invite/", {"phone": number(n), "relation": "child"})
    return CircleMember.objects.latest("pk")


def confirmed(row: CircleMember, n: int = 1, **more: str) -> Client:
    client = resident("10.0.0.2")
    told = {"number": str(row), "code": code_for(number(n)), **more}
    assert client.post(f"{PAGE}confirm/", told).status_code == 302
    return client


def text_of(client: Client, rest: str = "") -> str:
    return client.get(PAGE + rest, follow=True).content.decode()


def main_of(text: str) -> str:
    return CHANGING.sub("", text).partition("<main")[2]


def test_a_resident_joins_invites_and_the_relative_confirms_and_leaves() -> None:
    client = joined()
    row = invited(client)
    assert "Invited, has not confirmed yet" in text_of(client)

    relative = confirmed(row)
    assert "You were invited as: Son or daughter" in text_of(relative)
    assert ">Confirmed</strong>" in text_of(client)

    relative.post(f"{PAGE}members/{row.pk}/end/")
    assert "Left by the relative" in text_of(client)
    assert "Send me a code" in text_of(relative), "nothing keeps the number, so it is gone"
    assert SubjectKey.objects.filter(destroyed_at=None).count() == 1


def test_no_page_tells_a_number_and_none_says_who_invited() -> None:
    client = joined()
    relative = confirmed(invited(client))

    for one in (client, relative):
        for rest in ("", "looks/", "confirm/"):
            told = text_of(one, rest)
            assert not [phone for phone in (PHONE, number(1)) if phone in told]


def test_a_known_and_an_unknown_number_are_answered_alike() -> None:
    row = invited(joined())
    told: set[tuple[object, ...]] = set()
    for phone in (PHONE, number(1), number(9)):
        client = resident(f"10.0.1.{len(told)}")
        asked = client.post(PAGE, {"phone": phone})
        page = main_of(text_of(client, "code/"))
        wrong = client.post(f"{PAGE}code/", {"code": "1"})
        told.add((asked.status_code, asked["Location"], page, wrong.status_code,
                  main_of(wrong.content.decode())))  # fmt: skip

    assert len(told) == 1
    assert row.state == "invited"


def test_wrong_ended_and_unknown_invitations_are_answered_alike() -> None:
    client = joined()
    waiting, ended = invited(client, 1), invited(client, 2)
    code = code_for(number(2))
    circling.end(ended, CircleMember.Ended.REMOVED, now=timezone.now())
    tries = [(str(waiting), "12345678"), (str(ended), code), ("R-99999", code), ("x", code)]

    answers = [resident().post(f"{PAGE}confirm/", {"number": a, "code": b}) for a, b in tries]

    assert {answer.status_code for answer in answers} == {422}
    said = "No invitation waits that has this number and this code."
    assert all(said in answer.content.decode() for answer in answers)


@pytest.mark.parametrize("phone", ["", "12", "13800138000", "x" * 40])
def test_what_is_no_number_is_refused_and_nothing_is_kept(phone: str) -> None:
    assert resident().post(PAGE, {"phone": phone}).status_code == 422
    assert CirclePerson.objects.count() == 0


@pytest.mark.parametrize(("wrong", "status"), [(2, 302), (3, 429), (4, 429)])
def test_wrong_codes_are_counted(wrong: int, status: int) -> None:
    settings_in_force.change("residents.tries_per_hour", 3, by=BY, now=timezone.now())
    client = resident()
    client.post(PAGE, {"phone": PHONE})
    for _ in range(wrong):
        client.post(f"{PAGE}code/", {"code": "1"})

    assert client.post(f"{PAGE}code/", {"code": code_for(PHONE)}).status_code == status


@pytest.mark.parametrize(("wrong", "status"), [(2, 302), (3, 429), (4, 429)])
def test_wrong_codes_of_invitations_are_counted(wrong: int, status: int) -> None:
    row = invited(joined())
    settings_in_force.change("residents.tries_per_hour", 3, by=BY, now=timezone.now())
    client = resident("10.0.0.3")
    for _ in range(wrong):
        client.post(f"{PAGE}confirm/", {"number": str(row), "code": "1"})

    right = {"number": str(row), "code": code_for(number(1))}
    assert client.post(f"{PAGE}confirm/", right).status_code == status


@pytest.mark.parametrize(
    ("setting", "last"), [("codes_per_number", "10.0.0.9"), ("codes_per_address", "10.0.0.1")]
)
def test_so_many_codes_are_sent_in_an_hour(setting: str, last: str) -> None:
    settings_in_force.change(f"antifraud.{setting}", 2, by=BY, now=timezone.now())
    phones = [PHONE] * 3 if setting == "codes_per_number" else [number(n) for n in range(3)]

    codes = [resident(last).post(PAGE, {"phone": phone}).status_code for phone in phones]

    assert codes == [302, 302, 429]


@pytest.mark.parametrize(("most", "status"), [(1, 302), (2, 302), (3, 422)])
def test_a_full_circle_takes_nobody_more(most: int, status: int) -> None:
    settings_in_force.change("antifraud.circle_most", 2, by=BY, now=timezone.now())
    client = joined()
    for n in range(most - 1):
        invited(client, n)

    answer = client.post(f"{PAGE}invite/", {"phone": number(9), "relation": "child"})

    assert answer.status_code == status
    assert ("is full" in text_of(client)) is (most >= 2)


def test_the_own_number_and_the_same_relative_twice_are_refused_with_the_reason() -> None:
    client = joined()
    invited(client)

    own = client.post(f"{PAGE}invite/", {"phone": PHONE, "relation": "child"})
    again = client.post(f"{PAGE}invite/", {"phone": number(1), "relation": "child"})
    other = client.post(f"{PAGE}invite/", {"phone": number(2), "relation": "king"})

    assert (own.status_code, again.status_code, other.status_code) == (422, 409, 422)
    assert "This is your own number." in own.content.decode()
    assert "in your circle already" in again.content.decode()


def test_whoever_was_invited_refuses_and_the_number_is_destroyed() -> None:
    row = invited(joined())

    confirmed(row, refuse="1")

    row.refresh_from_db()
    assert row.ended_why == "refused"
    assert SubjectKey.objects.filter(destroyed_at=None).count() == 1


def test_nobody_ends_what_is_others() -> None:
    row = invited(joined())
    stranger = joined(number(5), "10.0.0.5")

    assert stranger.post(f"{PAGE}members/{row.pk}/end/").status_code == 404
    assert resident().post(f"{PAGE}members/{row.pk}/end/").status_code == 404
    assert resident().post(f"{PAGE}leave/").status_code == 404
    assert resident().get(f"{PAGE}looks/").status_code == 404
    row.refresh_from_db()
    assert row.state == "invited"


def test_one_tap_leaves_and_destroys_everything() -> None:
    client = joined()
    row = invited(client)

    told = client.post(f"{PAGE}leave/", follow=True).content.decode()

    assert "Your number was destroyed" in told
    assert SubjectKey.objects.filter(destroyed_at=None).count() == 0
    row.refresh_from_db()
    assert row.ended_why == "gone"
    assert client.post(f"{PAGE}leave/").status_code == 404


def test_an_officer_is_shown_the_number_alone_and_both_see_the_look() -> None:
    client, now = joined(), timezone.now()
    relative = confirmed(invited(client))
    row = warned(at=now)
    officer = browser()
    press(officer, row, "attempt", step="call", result="busy")

    press(officer, row, "numbers")
    shown = press(officer, row, "numbers", relatives="1").content.decode()

    assert number(1) in shown
    record = AccessRecord.objects.latest("pk")
    assert (record.purpose, record.fields) == ("ask-relative", ["phone"])
    assert str(record.ground).startswith("consent:")
    assert "To warn somebody of a fraud under way" in text_of(client, "looks/")
    assert "To reach somebody at risk of a fraud through you" in text_of(relative, "looks/")
    assert "through you" not in text_of(client, "looks/")


def test_after_the_relative_has_left_the_officer_is_shown_nobody() -> None:
    client = joined()
    row = invited(client)
    relative = confirmed(row)
    at_risk = warned(at=timezone.now())
    officer = browser()
    press(officer, at_risk, "attempt", step="call", result="busy")
    relative.post(f"{PAGE}members/{row.pk}/end/")

    shown = press(officer, at_risk, "numbers", relatives="1").content.decode()

    assert "No relative is known." in shown
    assert joining.is_in(CirclePerson.objects.get(joined_at__isnull=False), now=timezone.now())
