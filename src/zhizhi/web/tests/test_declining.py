"""Not taking up a report: the operator chooses why, and whoever reported it reads that."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.district_world import AT, LAT, LON, World

from zhizhi.engine import reporting
from zhizhi.engine.models import Case, Report
from zhizhi.engine.reporting import NewReport
from zhizhi.web.tests.conftest import Browse

pytestmark = pytest.mark.django_db


@pytest.fixture
def report(world: World) -> Report:
    """Somebody told it, and no rule found it."""
    new = NewReport(
        external_id="d" * 32, kind="fishery.angling", telling="over the wall", lon=LON, lat=LAT,
        place_by="map", occurred_at=AT,
    )  # fmt: skip
    return reporting.file_report(new, now=AT).report


def page(browser: Client, one: Case) -> str:
    return str(browser.get(reverse("web:case", args=[one.pk])).content.decode())


def act(browser: Client, one: Case, **told: str) -> Any:
    return browser.post(reverse("web:dismiss", args=[one.pk]), told, follow=True)


def state(one: Case) -> str:
    return Case.everything.get(pk=one.pk).state


def test_an_operator_says_why_and_the_reporter_reads_it(report: Report, browse: Browse) -> None:
    desk, resident = browse("operator"), Client(headers={"accept-language": "en"})

    done = act(desk, report.case, why="declined-private", reason="两家的墙")
    told = {"number": report.number, "secret": reporting.secret_of(report)}
    read = resident.post("/home/follow/", told, follow=True).content.decode()

    shown = done.content.decode()
    assert state(report.case) == "dismissed"
    for words in ("Not taken up", "It is between the people concerned", "两家的墙"):
        assert words in shown
    assert "We do not take it up. It is between the people concerned" in read
    assert "Ended: It is between the people concerned" in read
    assert "两家的墙" not in read
    assert "nothing has to be done" not in read


@pytest.mark.parametrize("why", ["", "left", "declined"])
def test_without_a_reason_of_the_list_nothing_is_done(
    why: str, report: Report, browse: Browse
) -> None:
    refused = act(browse("operator"), report.case, why=why, reason="because")

    assert refused.status_code == 400
    assert "Choose why: whoever reported it is told." in refused.content.decode()
    assert state(report.case) == "open"


def test_the_page_offers_the_reasons_for_what_people_told_and_not_for_what_rules_found(
    report: Report, world: World, browse: Browse
) -> None:
    desk = browse("operator")

    mine, found = page(desk, report.case), page(desk, world.records["case"])

    assert mine.count('<option value="declined-') == 6
    assert "Report a false alarm" in mine
    assert "declined-" not in found
    assert "declined-" not in page(browse("leader"), report.case)
