"""The residents' pages: open to all, with the numbers in force, and in elder mode by choice."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from zhizhi.engine import settings_in_force
from zhizhi.web import elder

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 4, tzinfo=UTC)
PAGES = ("/home/", "/home/calls/", "/home/data/", "/home/display/")


@pytest.fixture
def resident() -> Client:
    return Client(headers={"accept-language": "en"})


@pytest.mark.parametrize("path", PAGES)
def test_a_resident_needs_no_account(path: str, resident: Client) -> None:
    assert resident.get(path).status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_elder_mode_can_be_entered_and_left_on_every_page(path: str, resident: Client) -> None:
    before = resident.get(path).content.decode()
    entered = resident.post("/home/size/", {"size": "1", "next": path}, follow=True)
    left = resident.post("/home/size/", {"size": "", "next": path}, follow=True)

    assert 'data-elder="' not in before
    assert "Elder mode" in before
    assert 'data-elder="1"' in entered.content.decode()
    assert "Usual pages" in entered.content.decode()
    assert 'data-elder="' not in left.content.decode()
    assert (entered.redirect_chain, left.redirect_chain) == ([(path, 302)], [(path, 302)])


@pytest.mark.parametrize("size", ["1", "2", "3"])
def test_a_size_is_kept_on_the_device_for_a_year(size: str, resident: Client) -> None:
    answer = resident.post("/home/size/", {"size": size})

    kept = answer.cookies[elder.COOKIE]
    assert (kept.value, kept["max-age"], kept["samesite"]) == (size, 31_536_000, "Lax")


@pytest.mark.parametrize("size", ["0", "4", "30", "x" * 5000])
def test_an_unknown_size_changes_nothing(size: str, resident: Client) -> None:
    resident.cookies[elder.COOKIE] = "2"

    answer = resident.post("/home/size/", {"size": size})

    assert elder.COOKIE not in answer.cookies
    assert 'data-elder="2"' in resident.get("/home/").content.decode()


def test_a_cookie_that_somebody_made_up_counts_as_none(resident: Client) -> None:
    resident.cookies[elder.COOKIE] = '3" onload="x'

    assert 'data-elder="' not in resident.get("/home/").content.decode()


def test_the_choice_leads_to_no_other_house(resident: Client) -> None:
    answer = resident.post("/home/size/", {"size": "1", "next": "https://elsewhere.example/"})

    assert answer["Location"] == "/"


def test_the_numbers_are_those_in_force_and_an_empty_one_is_left_out(resident: Client) -> None:
    settings_in_force.change("residents.district_number", "12-000", by="account:1", now=NOW)
    settings_in_force.change("residents.fire_number", "", by="account:1", now=NOW)

    told = resident.get("/home/calls/").context["numbers"]

    assert [row["number"] for row in told] == ["12-000", "12345", "110", "120"]


@pytest.mark.parametrize(("length", "fits"), [(19, True), (20, True), (21, False)])
def test_a_number_has_at_most_twenty_characters(length: int, *, fits: bool) -> None:
    try:
        settings_in_force.change("residents.police_number", "1" * length, by="a:1", now=NOW)
        is_taken = True
    except settings_in_force.SettingRefused:
        is_taken = False

    assert is_taken is fits


def test_elder_pages_say_less(resident: Client) -> None:
    usual = resident.get("/home/").content.decode()
    resident.cookies[elder.COOKIE] = "1"

    assert len(resident.get("/home/").content.decode()) < len(usual)


def test_staff_get_no_command_box_on_the_residents_pages(browse: object) -> None:
    page = browse("operator").get("/home/").content.decode()  # type: ignore[operator]

    assert "data-jump" not in page


def test_the_sign_in_page_leads_to_the_residents_pages(resident: Client) -> None:
    assert 'href="/home/"' in resident.get("/sign-in/").content.decode()


def test_a_text_setting_may_be_emptied_on_the_settings_page(browse: object) -> None:
    page = browse("administrator")  # type: ignore[operator]
    body = {"value": "", "reason": "no number yet", "seen": "0"}

    answer = page.post("/settings/residents.police_number/", body)

    assert answer.status_code == 302
    assert settings_in_force.value("residents.police_number") == ""
    assert "not set" in page.get("/settings/residents.police_number/").content.decode()
