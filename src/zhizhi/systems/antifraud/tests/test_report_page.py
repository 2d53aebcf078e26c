"""Reporting a scam after a check: what belongs to it, then a report like any other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.test import Client, override_settings
from django.utils import timezone

from zhizhi.directory.models import Account, Area, RoleAssignment
from zhizhi.engine import reading, settings_in_force
from zhizhi.engine.models import Case, Report
from zhizhi.engine.tests.building import LAT, LON, area
from zhizhi.kernel import identifiers
from zhizhi.systems.antifraud import listing
from zhizhi.systems.antifraud.apps import CHECKS
from zhizhi.systems.antifraud.listing import Stance
from zhizhi.systems.antifraud.models import Clue

pytestmark = pytest.mark.django_db
CHECK, REPORT = "/antifraud/check/", "/antifraud/report/"
NUMBER, SITE = "13800138000", "pay.example.com/a"
TEXT = f"稳赚不赔，高收益，导师带你 <b>{NUMBER}</b> http://{SITE}"
PUNYCODE = "http://www.bank.example@xn--80ak6aa92e.com:8443/login?x=1"
HERE = {"lon": str(LON), "lat": str(LAT), "accuracy": "20"}


@pytest.fixture(autouse=True)
def district(tmp_path: Path) -> Iterator[Area]:
    reading.forget()
    with override_settings(DATA=tmp_path):
        yield area()
    reading.forget()


def browser(address: str = "127.0.0.1") -> Client:
    return Client(headers={"accept-language": "en"}, REMOTE_ADDR=address)


def go(client: Client, text: str = TEXT, things: tuple[int, ...] = (0, 1), kind: str = "") -> Any:
    told = {"written": text, "kind": kind, "go": "1", "thing": [str(n) for n in things]}
    return client.post(REPORT, told)


def send(client: Client) -> Any:
    """Answer what every report asks, and send it."""
    for step, answer in {
        "where": HERE, "when": {"when": "now"}, "photo": {}, "contact": {"way": "anonymous"},
    }.items():  # fmt: skip
        client.post(f"/home/report/{step}/?answer", answer)
    return client.post("/home/report/send/")


def reported(client: Client, **told: Any) -> Report:
    go(client, **told)
    assert send(client).status_code == 302
    return Report.everything.latest("pk")


def rows() -> dict[str, int]:
    kept = [
        m for m in apps.get_models() if m._meta.label not in {"engine.Quota", "sessions.Session"}
    ]
    return {one._meta.label: one._default_manager.count() for one in kept}


def standing(written: str = NUMBER) -> listing.Standing:
    thing = identifiers.identified(written) or identifiers.link(written)
    assert thing
    return listing.standings([thing], timezone.now())[thing]


def test_a_resident_reports_what_was_checked_and_gets_a_receipt() -> None:
    client = browser()
    answer = client.post(CHECK, {"written": TEXT, "kind": ""}).content.decode()
    choice = client.post(REPORT, {"written": TEXT, "kind": ""}).content.decode()
    begun = go(client)
    sent = send(client)

    assert f'action="{REPORT}"' in answer
    assert "Report this" in answer
    assert choice.count('type="checkbox"') == choice.count(" checked") == 2
    assert "<b>" not in choice
    assert begun["Location"] == "/home/report/where/"
    assert sent["Location"] == "/home/report/sent/"
    assert "Receipt number" in client.get("/home/report/sent/").content.decode()
    case = Case.everything.get()
    assert (case.kind, case.system, case.state) == ("scam-report", "antifraud", "open")
    assert standing().reporters == standing(SITE).reporters == 1


def test_only_what_was_ticked_counts() -> None:
    reported(browser(), things=(0,))

    assert (standing().reporters, standing(SITE).reporters) == (1, 0)


@pytest.mark.parametrize(("people", "is_listed"), [(2, False), (3, True)])
def test_several_addresses_list_a_thing_together_and_many_browsers_of_one_do_not(
    people: int, *, is_listed: bool
) -> None:
    for number in range(people):
        reported(browser(f"10.0.0.{number}"))
        reported(browser("10.0.0.0"))

    assert standing().is_listed is is_listed


@pytest.mark.parametrize(("before", "status"), [(1, 302), (2, 302), (3, 429)])
def test_one_address_sends_so_many_reports_an_hour_and_no_clue_more(
    before: int, status: int
) -> None:
    settings_in_force.change("residents.reports_per_address", 3, by="account:1", now=timezone.now())
    for number in range(before):
        reported(browser(), text=f"1390013900{number}", things=(0,))

    client = browser()
    go(client, things=(0,))

    assert send(client).status_code == status
    assert Clue.objects.count() == before + (status == 302)


def test_the_same_resident_and_the_same_thing_are_the_same_report() -> None:
    client = browser()
    first = reported(client)

    again = go(client, text=f"once more: {SITE} and {NUMBER}")

    assert "You have reported this already" in again.content.decode()
    assert f"/home/follow/{first.pk}/" in again.content.decode()
    assert Report.everything.count() == 1


def test_sent_twice_it_is_one_report() -> None:
    client = browser()
    go(client)
    send(client)

    client.post("/home/report/send/")

    assert (Report.everything.count(), Clue.objects.count()) == (1, 2)


def test_what_the_district_verified_is_not_ticked_by_itself() -> None:
    thing = identifiers.identified(NUMBER)
    assert thing
    now = timezone.now()
    listing.decide(
        thing, Stance.ALLOW, reason="called back", name="A bank", seen=None, by="account:1",
        now=now, expires_at=now + timedelta(days=9),
    )  # fmt: skip

    page = browser().post(REPORT, {"written": TEXT, "kind": ""}).content.decode()

    assert "verified: A bank" in page
    assert page.count(" checked") == 1


@pytest.mark.parametrize(
    ("text", "kind", "status", "said"),
    [
        ("", "", 422, "Paste a message"),
        ("😀" * 50, "", 422, "There is no number, account, address or app in it"),
        ("see you at three", "", 422, "Add the number or address that it came from"),
        ("not a number", "phone", 422, "This cannot be read as what you chose."),
        ("a" * 1001, "", 413, "Report at most 1000 characters; these are 1001."),
        ("1" * 1_000_001, "", 413, "At most 1000000 bytes can be checked at once"),
    ],
)  # fmt: skip
def test_what_cannot_be_reported_is_said_and_nothing_is_half_written(
    text: str, kind: str, status: int, said: str
) -> None:
    before = rows()

    answer = go(browser(), text, kind=kind)

    assert (answer.status_code, rows()) == (status, before)
    assert said in answer.content.decode()
    assert len(answer.content) < 30_000


@pytest.mark.parametrize(("length", "status"), [(999, 200), (1000, 200), (1001, 413)])
def test_a_report_holds_a_thousand_characters(length: int, status: int) -> None:
    text = NUMBER + "，" + "甲" * (length - len(NUMBER) - 1)

    assert browser().post(REPORT, {"written": text, "kind": ""}).status_code == status


def test_nothing_ticked_is_no_report_unless_the_words_are_those_of_a_trick() -> None:
    refused = go(browser(), f"call {NUMBER}", ())
    begun = go(browser(), "稳赚不赔", ())

    assert refused.status_code == 422
    assert "Choose at least one thing" in refused.content.decode()
    assert begun.status_code == 302


def test_an_address_in_punycode_with_a_name_before_the_at_is_read_as_browsers_do() -> None:
    report = reported(browser(), text=PUNYCODE, things=(0,))

    assert standing("xn--80ak6aa92e.com/login").reporters == 1
    assert standing("www.bank.example").reporters == 0
    assert Clue.objects.get(report=report).kind == "url"


@pytest.mark.parametrize(("before", "status"), [(1, 200), (2, 429)])
def test_checks_and_reports_of_an_address_are_counted_together(before: int, status: int) -> None:
    settings_in_force.change(CHECKS, 2, by="account:1", now=timezone.now())
    for _n in range(before):
        browser().post(CHECK, {"written": NUMBER})

    assert browser().post(REPORT, {"written": NUMBER}).status_code == status


def test_a_long_text_is_checked_and_its_part_reported_on_a_page_of_its_own() -> None:
    page = browser().post(CHECK, {"written": f"{NUMBER} " + "甲" * 1000}).content.decode()

    assert f'href="{REPORT}"' in page
    assert f'action="{REPORT}"' not in page


def staff(role: str, district: Area) -> Client:
    account = Account.objects.create(username=role, call_sign=role)
    RoleAssignment.objects.create(account=account, role=role, area=district)
    client = browser()
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_an_operator_sees_by_place_what_was_read_and_confirms_it(district: Area) -> None:
    case = reported(browser()).case
    client = staff("operator", district)

    page = client.get(f"/cases/{case.pk}/").content.decode()
    chosen = list(Clue.objects.values_list("pk", flat=True))
    client.post(f"/antifraud/cases/{case.pk}/confirm/", {"clue": chosen})

    assert "False investments 4" in page
    assert "False investments: characters 1 to 4" in page
    assert page.count('name="clue"') == 2
    assert standing().is_confirmed
    assert standing().is_listed, "one reporter and one officer"
    assert "confirmed it" in browser().post(CHECK, {"written": NUMBER}).content.decode()


def test_a_false_alarm_takes_everything_back(district: Area) -> None:
    case = reported(browser()).case
    client = staff("operator", district)

    client.post(f"/cases/{case.pk}/dismiss/", {"reason": "a joke"})

    page = client.get(f"/cases/{case.pk}/").content.decode()
    assert "The case was dismissed: nothing of it counts." in page
    assert 'name="clue"' not in page
    assert standing().reporters == 0


def test_nothing_chosen_confirms_nothing(district: Area) -> None:
    case = reported(browser()).case

    answer = staff("operator", district).post(f"/antifraud/cases/{case.pk}/confirm/", {})

    assert answer.status_code == 400
    assert "Choose what you confirm." in answer.content.decode()
    assert not standing().is_confirmed


def test_who_confirms_second_is_told_and_changes_nothing(district: Area) -> None:
    case = reported(browser()).case
    client, told = staff("operator", district), {"clue": Clue.objects.values_list("pk", flat=True)}
    client.post(f"/antifraud/cases/{case.pk}/confirm/", told)

    answer = client.post(f"/antifraud/cases/{case.pk}/confirm/", told)

    assert answer.status_code == 409
    assert case.timeline.filter(verb="scam.confirm").count() == 1


def test_leaders_see_it_and_confirm_nothing(district: Area) -> None:
    case = reported(browser()).case
    client = staff("leader", district)

    page = client.get(f"/cases/{case.pk}/").content.decode()

    assert "What was read in the report" in page
    assert 'name="clue"' not in page
    answer = client.post(
        f"/antifraud/cases/{case.pk}/confirm/", {"clue": Clue.objects.values_list("pk", flat=True)}
    )
    assert answer.status_code == 403
