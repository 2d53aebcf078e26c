"""The list of whoever is on duty against fraud, and what each button does."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from zhizhi.directory.models import Account, Area, RoleAssignment
from zhizhi.engine.models import Case, Task
from zhizhi.engine.tests.building import area, case
from zhizhi.systems.antifraud import asking_again, dissuading
from zhizhi.systems.antifraud.models import Dissuasion
from zhizhi.systems.antifraud.tests.risk import BY, PHONE, fresh, guardian, police, warned
from zhizhi.trust.models import AccessRecord

pytestmark = pytest.mark.django_db
LIST = "/antifraud/dissuasions/"
WARNING = {
    "phone": PHONE, "name": "Shen Yulan", "tier": "high", "warned_by": "bank",
    "rule": "new-payee@3", "typology": "investment", "amount": "50000", "pays_in": "20",
    "community": "990100000000001", "place": "Gate 3", "telling": "a new payee",
    "key": "0123456789abcdef" * 2,
}  # fmt: skip


@pytest.fixture(autouse=True)
def home(data: Path) -> None:
    area()


def browser(role: str = "operator", home: str = "990100000000000") -> Client:
    top = Area.objects.filter(code=home).first() or area(code=home)
    account = Account.objects.create(username=f"{role}-{home}", call_sign=role)
    RoleAssignment.objects.create(account=account, role=role, area=top)
    client = Client(headers={"accept-language": "en"})
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(client: Client) -> str:
    text = re.sub(r"<[^>]+>", " ", client.get(LIST).content.decode())
    return " ".join(html.unescape(text).split())


def community() -> None:
    top = Area.objects.get()
    area("community", "990100000000001", half=0.1, parent=top)


def press(client: Client, row: Dissuasion, what: str, **body: Any) -> Any:
    return client.post(f"{LIST}{row.pk}/{what}/", body)


def test_a_banks_warning_is_written_down_and_stands_in_the_list_without_a_name() -> None:
    community()
    client = browser()

    answer = client.post(f"{LIST}new/", WARNING)

    row = Dissuasion.everything.get()
    assert (answer.status_code, answer["Location"]) == (302, f"{LIST}#D-{row.pk}")
    assert (row.amount, row.rule, row.typology) == (50_000, "new-payee@3", "investment")
    assert row.pays_at is not None
    assert timedelta(minutes=19) < row.pays_at - timezone.now() <= timedelta(minutes=20)
    told = page(client)
    assert f"D-{row.pk} · High · To be called" in told
    assert "25000 yuan likely lost" in told
    assert PHONE not in told
    assert "Shen" not in told


def test_the_same_form_sent_twice_is_one_dissuasion() -> None:
    community()
    client = browser()

    for _ in range(2):
        client.post(f"{LIST}new/", WARNING)

    assert Dissuasion.everything.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phone", ""), ("phone", "12"), ("phone", "13800138000"), ("tier", "worst"),
        ("community", "990200000000001"), ("amount", "-1"), ("amount", "0"),
        ("amount", "10000000001"), ("amount", "1.5"), ("pays_in", "-1"), ("pays_in", "10081"),
        ("rule", "a b"), ("telling", ""), ("telling", "x" * 1001), ("key", "1"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_is_kept(field: str, value: str) -> None:
    community()

    answer = browser().post(f"{LIST}new/", {**WARNING, field: value})

    assert answer.status_code == 422
    assert (Dissuasion.everything.count(), Case.everything.count()) == (0, 0)
    if field == "phone" and value:
        assert value in answer.content.decode(), "what was typed stands there again"


@pytest.mark.parametrize(
    ("field", "value"), [("amount", ""), ("amount", "10000000000"), ("pays_in", "10080")]
)
def test_what_can_be_is_taken(field: str, value: str) -> None:
    community()

    assert browser().post(f"{LIST}new/", {**WARNING, field: value}).status_code == 302


def test_the_number_is_shown_for_one_purpose_and_the_look_is_on_record() -> None:
    row = warned(at=timezone.now())

    answer = press(browser(), row, "numbers")

    assert PHONE in answer.content.decode()
    record = AccessRecord.objects.get()
    assert (record.person, record.purpose, record.case) == (
        f"person:{row.person_id}", "dissuade", row.case_id,
    )  # fmt: skip
    assert (record.fields, record.is_allowed, record.ground) == (["name", "phone"], True, "duty")
    assert "no-store" in answer["Cache-Control"]


def test_relatives_are_looked_up_on_record_as_well() -> None:
    relative = guardian(at=timezone.now())
    row = warned(at=timezone.now())

    answer = press(browser(), row, "numbers", relatives="1")

    assert "12087654321" in answer.content.decode()
    assert [one.person for one in AccessRecord.objects.all()] == [f"person:{relative.pk}"]


def test_once_there_is_no_call_to_be_made_no_number_is_shown() -> None:
    row = dissuading.end(warned(at=timezone.now()), "not-scam", by=BY, now=timezone.now())

    answer = press(browser(), row, "numbers")

    assert answer.status_code == 403
    assert PHONE not in answer.content.decode()
    assert [one.is_allowed for one in AccessRecord.objects.all()] == [False]


def test_a_number_is_shown_again_while_somebody_is_to_be_asked_again() -> None:
    now = timezone.now()
    row = dissuading.end(warned(at=now), "stopped", by=BY, now=now)
    asking_again.due({"dissuasion": row.pk, "again": "day"}, now)
    client = browser()

    assert PHONE in press(client, row, "numbers").content.decode()
    press(client, row, "attempt", step="day", result="reached")

    assert press(client, row, "numbers").status_code == 403


def test_busy_then_a_visit_then_the_result() -> None:
    police()
    row = warned(at=timezone.now())
    client = browser()

    press(client, row, "attempt", step="call", result="busy")
    sent = page(client)
    press(client, row, "attempt", step="call", result="reached")
    press(client, row, "end", outcome="paid", amount="50000", lost="1000")

    assert "Somebody is sent there" in sent
    assert Task.everything.get().state == Task.State.CANCELLED
    ended = fresh(row)
    assert (ended.outcome, ended.amount, ended.lost) == ("paid", 50_000, 1000)
    told = page(client)
    assert "Nobody waits for a call." in told
    assert "A bank – 1 1 0 0 1000 49000 49000" in told


@pytest.mark.parametrize(
    ("outcome", "amount", "lost"),
    [("stopped", "5", "1"), ("paid", "5", "6"), ("paid", "x", "1"), ("won", "5", "0")],
)
def test_a_result_that_cannot_be_changes_nothing(outcome: str, amount: str, lost: str) -> None:
    row = warned(at=timezone.now())
    client = browser()

    press(client, row, "end", outcome=outcome, amount=amount, lost=lost)

    assert fresh(row).state == "calling"
    assert "Nothing was kept." in page(client)


def test_whoever_presses_too_late_is_told_and_changes_nothing() -> None:
    row = dissuading.end(warned(at=timezone.now()), "not-scam", by=BY, now=timezone.now())

    assert press(browser(), row, "attempt", step="call", result="busy").status_code == 409
    assert press(browser(home="990100000000000", role="leader"), row, "end").status_code == 403
    assert row.attempts.count() == 0


def test_late_calls_and_calls_that_come_too_late_are_counted() -> None:
    now = timezone.now()
    for number in range(5):
        warned(f"w{number}", now - timedelta(minutes=1), amount=10**6)
    warned("late", now - timedelta(minutes=6), amount=10**7)

    told = page(browser())

    assert "1 call is late." in told
    assert "With 4 officers 2 calls come too late: call for more." in told


def test_who_answers_for_another_town_sees_and_does_nothing() -> None:
    row = warned(at=timezone.now())
    client = browser(home="990200000000000")

    assert f"D-{row.pk}" not in page(client)
    for what in ("attempt", "end", "numbers", "phrase", "send"):
        assert press(client, row, what).status_code == 404
    assert AccessRecord.objects.count() == 0


def test_leaders_read_along_and_have_no_buttons() -> None:
    row = warned(at=timezone.now())
    client = browser("leader")

    assert f"D-{row.pk}" in page(client)
    assert f"{LIST}{row.pk}/" not in client.get(LIST).content.decode()
    assert press(client, row, "numbers").status_code == 403


def test_a_report_of_a_scam_becomes_a_dissuasion_once_somebody_can_be_called() -> None:
    found = case(system="antifraud", kind="scam-report", key="r")
    client, url = browser(), f"/antifraud/cases/{found.pk}/dissuade/"
    told = {"tier": "low", "warned_by": "resident"}

    asked = client.post(url)
    nobody = client.post(url, told)
    begun = client.post(url, {**told, "phone": PHONE})

    assert (asked.status_code, nobody.status_code, begun.status_code) == (200, 422, 302)
    assert "left no number" in nobody.content.decode()
    assert Dissuasion.everything.get().case == found


def test_the_list_asks_the_database_as_often_for_one_as_for_many(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    now = timezone.now()
    client = browser()
    for number in range(20):
        row = warned(f"w{number}", now, tier="low")
        dissuading.attempt(row, "call", "busy", by=BY, now=now)

    with django_assert_max_num_queries(26):
        client.get(LIST)
