"""The overview, and what holds for every page of the fishery."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from zhizhi.engine.models import Alert, Case, Feedback
from zhizhi.systems.fishery.models import Stay, Violation
from zhizhi.systems.fishery.tests.river import (
    Desk,
    River,
    after,
    at,
    hand_over,
    violation,
)


def test_the_overview_shows_zones_stays_and_reminders(river: River, desk: Desk) -> None:
    river.observe(range(0, 36, 5))
    river.pass_time(37)

    page = desk("operator").get(at("overview")).content.decode()

    assert "白涛禁渔区" in page
    assert "03-01 – 06-30" in page
    assert "Telephone operator" in page
    assert "longer than 30 minutes" in page


@pytest.mark.parametrize(
    ("name", "status"),
    [("operator", 200), ("leader", 200), ("fishery", 200), ("auditor", 403), ("unit_member", 403)],
)
def test_the_overview_is_for_those_who_read_cases(desk: Desk, name: str, status: int) -> None:
    assert desk(name).get(at("overview")).status_code == status


def test_whoever_is_not_signed_in_is_asked_to(river: River, client: Client) -> None:
    answer = client.get(at("overview"))

    assert answer.headers["Location"].startswith(reverse("web:sign-in"))


@pytest.mark.parametrize("name", ["overview", "violations", "statistics", "words"])
def test_pages_speak_chinese(river: River, name: str, client: Client) -> None:
    client.force_login(
        river.people["administrator"], backend="django.contrib.auth.backends.ModelBackend"
    )

    page = client.get(at(name), headers={"accept-language": "zh-hans"}).content.decode()

    assert 'lang="zh-hans"' in page


@pytest.mark.parametrize(
    ("name", "address", "queries"),
    [("operator", "violations", 14), ("operator", "overview", 18), ("fishery", "agency", 16),
     ("leader", "statistics", 14)],
)  # fmt: skip
def test_no_list_asks_the_database_for_each_row(
    river: River,
    desk: Desk,
    django_assert_max_num_queries: Any,
    name: str,
    address: str,
    queries: int,
) -> None:
    tasks = hand_over(river)
    for number in range(20):
        another(tasks[0].case, number)
    browser = desk(name)

    with django_assert_max_num_queries(queries):
        shown = browser.get(at(address))

    assert shown.status_code == 200


def another(case: Case, number: int) -> None:
    """One more case with a stay, a record and a task of the fishery."""
    agency = case.agencies.get(part="lead").agency
    case.pk, case.key = None, str(number)
    case.save(force_insert=True)
    case.agencies.create(agency=agency, part="lead")
    case.tasks.create(kind="penalise", agency=agency, offered_at=after(0), offered_by="worker")
    report = Feedback.objects.create(case=case, at=after(0), by="unit:1", outcome="violation")
    alert = Alert.everything.first()
    assert alert is not None
    alert.pk, alert.case = f"{number:032x}", case
    alert.save(force_insert=True)
    stay = Stay.everything.create(
        alert=alert, case=case, zone="reach-1", seen_by="shore", started_at=after(0),
        found_at=after(31),
    )  # fmt: skip
    Violation.everything.create(
        case=case, stay=stay, feedback=report, recorded_at=after(0), changed_at=after(0)
    )


@pytest.mark.parametrize(("is_reported", "shown"), [(False, 1), (True, 0)])
def test_a_stay_that_a_unit_has_dealt_with_is_no_stay_of_now(
    river: River, desk: Desk, is_reported: bool, shown: int
) -> None:
    if is_reported:
        violation(river)
    else:
        river.observe(range(0, 36, 5))
        river.pass_time(37)

    page = desk("operator").get(at("overview")).content.decode()

    assert f"<dt>Stays now</dt><dd>{shown}</dd>" in page
