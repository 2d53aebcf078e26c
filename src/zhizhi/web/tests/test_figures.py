"""The public figures: for everybody, month by month, with a mark where a number is withheld."""

from __future__ import annotations

import csv
from datetime import date
from io import StringIO

import pytest
from django.test import Client, override_settings

from zhizhi.engine import publishing
from zhizhi.engine.models import FigureRelease
from zhizhi.engine.publishing import ELSEWHERE
from zhizhi.engine.tests.building import NOON

pytestmark = pytest.mark.django_db
NUMBERS: list[list[int | None]] = [[None, None, 91], [80, None, 120], [0, 0, 0], [None, None, 211]]


@pytest.fixture
def resident() -> Client:
    return Client(headers={"accept-language": "en"})


def publish(month: date, numbers: list[list[int | None]] | None = None) -> None:
    release = FigureRelease(
        month=month, least=10, places=["=Upper town", "Lower town", ELSEWHERE],
        kinds=["illegal-fishing", "resident-report"], numbers=numbers or NUMBERS,
    )  # fmt: skip
    publishing.publish(release, now=NOON)


def test_before_the_first_month_the_page_says_when_it_comes(resident: Client) -> None:
    answer = resident.get("/home/figures/")

    assert answer.status_code == 200
    assert "No month has been published yet." in answer.content.decode()


def test_the_latest_month_is_shown_and_others_can_be_chosen(resident: Client) -> None:
    publish(date(2026, 2, 1))
    publish(date(2026, 3, 1))

    latest = resident.get("/home/figures/").content.decode()
    before = resident.get("/home/figures/?month=2026-02").content.decode()

    assert "March 2026</span></h1>" in latest
    assert "February 2026</span></h1>" in before
    assert latest.count('<option value="2026-0') == 2


def test_a_withheld_number_is_said_so(resident: Client) -> None:
    publish(date(2026, 3, 1))

    page = resident.get("/home/figures/").content.decode()

    assert page.count(">withheld<") == 5
    assert "fewer than 10 people" in page


def test_a_place_outside_of_the_towns_is_shown_when_something_happened_there(
    resident: Client,
) -> None:
    publish(date(2026, 2, 1))
    publish(date(2026, 3, 1), [NUMBERS[0], NUMBERS[1], [0, None, None], NUMBERS[3]])

    assert "Elsewhere" not in resident.get("/home/figures/?month=2026-02").content.decode()
    assert "Elsewhere" in resident.get("/home/figures/").content.decode()


def rows(answer_text: str) -> list[list[str]]:
    return list(csv.reader(StringIO(answer_text.removeprefix("\ufeff"))))


def test_a_month_can_be_taken_out_as_a_table(resident: Client) -> None:
    publish(date(2026, 3, 1))

    answer = resident.get("/home/figures/2026-03.csv")

    told = rows(answer.content.decode())
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert told[0] == ["Month", "Place", "Kind", "Cases"]
    assert told[1][1:] == ["'=Upper town", "Illegal fishing", ""]
    assert told[4][1:] == ["Lower town", "Illegal fishing", "80"]
    assert told[-1] == ["2026-03", "All places", "All kinds", "211"]


def test_a_demonstration_says_in_each_row_that_it_is_one(resident: Client) -> None:
    publish(date(2026, 3, 1))

    with override_settings(DEMO=True):
        told = rows(resident.get("/home/figures/2026-03.csv").content.decode())

    assert {row[4] for row in told[1:]} == {"Demonstration: every place and person is invented."}


@pytest.mark.parametrize("month", ["2026-04", "2026-13", "march", "2026-03-01"])
def test_a_month_that_was_never_published_is_not_found(month: str, resident: Client) -> None:
    publish(date(2026, 3, 1))

    assert resident.get(f"/home/figures/{month}.csv").status_code == 404
    assert resident.get("/home/figures/", {"month": month}).status_code == 404
