"""Following a report: with number and code alone, in plain words, and rated at the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from tests.district_world import World

from zhizhi.engine import closing, dispatching, reporting, settings_in_force
from zhizhi.engine.models import Case, Report, Task
from zhizhi.trust.models import AccessRecord
from zhizhi.web.tests.conftest import Browse

NOW = datetime(2026, 3, 1, 5, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def report(world: World) -> Report:
    found: Report = world.records["report"]
    return found


@pytest.fixture
def resident() -> Client:
    return Client(headers={"accept-language": "en"})


def open_it(browser: Client, report: Report) -> Any:
    told = {"number": report.number, "secret": reporting.secret_of(report)}
    return browser.post("/home/follow/", told)


def page(browser: Client, report: Report) -> str:
    return str(browser.get(f"/home/follow/{report.pk}/").content.decode())


def ended(report: Report) -> Report:
    closing.dismiss(report.case, reason="nobody", by="account:1", now=NOW)
    return report


def rate(browser: Client, report: Report, **told: str) -> Any:
    return browser.post(f"/home/follow/{report.pk}/rate/", told)


def fresh(report: Report) -> Report:
    return Report.everything.select_related("case").get(pk=report.pk)


def test_number_and_code_open_the_report(report: Report, resident: Client) -> None:
    answer = open_it(resident, report)

    assert answer["Location"] == f"/home/follow/{report.pk}/"
    shown = page(resident, report)
    assert report.number in shown
    assert "Somebody is fishing in the closed reach" in shown


def test_the_link_opens_it_too_and_the_code_leaves_the_address(
    report: Report, resident: Client
) -> None:
    answer = resident.get(f"/home/follow/{report.pk}/{reporting.secret_of(report)}/")

    assert answer["Location"] == f"/home/follow/{report.pk}/"


def test_without_the_code_there_is_nothing(report: Report, resident: Client) -> None:
    assert resident.get(f"/home/follow/{report.pk}/").status_code == 404
    assert rate(resident, report, rating="5").status_code == 404
    wrong = resident.post("/home/follow/", {"number": report.number, "secret": "00000000"})
    assert wrong.status_code == 404
    assert f'value="{report.number}"' in wrong.content.decode()
    assert resident.get(f"/home/follow/{report.pk}/").status_code == 404


def test_a_browser_finds_its_own_reports_again(report: Report, resident: Client) -> None:
    assert "Reports of this browser" not in resident.get("/home/follow/").content.decode()
    open_it(resident, report)

    assert report.number in resident.get("/home/follow/").content.decode()


@pytest.mark.parametrize("is_right", [True, False])
def test_after_so_many_wrong_codes_none_is_looked_at(
    report: Report, resident: Client, *, is_right: bool
) -> None:
    settings_in_force.change("residents.tries_per_hour", 3, by="account:1", now=NOW)
    secret = reporting.secret_of(report) if is_right else "00000000"
    with time_machine.travel(NOW, tick=False) as clock:
        tries = [
            resident.post("/home/follow/", {"number": report.number, "secret": "1"}).status_code
            for _number in range(3)
        ]
        locked = resident.post("/home/follow/", {"number": report.number, "secret": secret})
        clock.shift(timedelta(hours=1))
        later = resident.post("/home/follow/", {"number": report.number, "secret": secret})

    assert tries == [404, 404, 404]
    assert locked.status_code == 429
    assert later.status_code == (302 if is_right else 404)


def test_wrong_codes_for_one_report_count_from_wherever_they_come(
    report: Report, resident: Client
) -> None:
    settings_in_force.change("residents.tries_per_hour", 1, by="account:1", now=NOW)
    with time_machine.travel(NOW, tick=False):
        told = {"number": report.number, "secret": "1"}
        Client(REMOTE_ADDR="198.51.100.9").post("/home/follow/", told)

        assert open_it(resident, report).status_code == 429


def test_the_page_tells_what_was_done_and_never_by_whom(
    report: Report, resident: Client, world: World
) -> None:
    Task.everything.update(state="done", ended_at=NOW)
    Case.everything.update(state="open")
    boat = world.records["unit"]
    task = dispatching.dispatch(fresh(report).case, boat, by="account:1", now=NOW)
    dispatching.accept(task, by="account:2", now=NOW)
    dispatching.arrive(task, by="account:2", now=NOW)
    dispatching.finish(task, outcome="dissuaded", note="Li was there", by="account:2", now=NOW)
    open_it(resident, report)

    shown = page(resident, report)

    for told in ("Somebody was sent", "Somebody was there", "Dissuaded and left", "checks the"):
        assert told in shown
    for hidden in ("Li was there", "Boat", world.here["operator"].call_sign, "Wei"):
        assert hidden not in shown


def test_the_result_can_be_rated_once_with_five_faces(report: Report, resident: Client) -> None:
    open_it(resident, report)
    assert "How satisfied" not in page(resident, report)
    ended(report)
    asked = page(resident, report)

    answer = rate(resident, report, rating="4")

    assert asked.count('name="rating"') == 5
    assert answer.status_code == 302
    shown = page(resident, report)
    assert "Your opinion: Satisfied" in shown
    assert 'name="rating"' not in shown
    assert rate(resident, report, rating="1", remark="no").status_code == 302
    assert fresh(report).rating == 4


def test_an_unhappy_rating_needs_a_reason_and_opens_the_case_again(
    report: Report, resident: Client
) -> None:
    open_it(resident, report)
    ended(report)

    refused = rate(resident, report, rating="1", remark=" ")
    taken = rate(resident, report, rating="1", remark="they came back")

    assert refused.status_code == 422
    assert "Tell us what was not good" in refused.content.decode()
    assert 'value="1" checked' in refused.content.decode()
    assert taken.status_code == 302
    assert fresh(report).case.state == "open"
    assert "Opened again" in page(resident, report)


@pytest.mark.parametrize("stars", ["", "0", "6", "x"])
def test_only_the_five_faces_are_ratings(stars: str, report: Report, resident: Client) -> None:
    open_it(resident, report)
    ended(report)

    assert rate(resident, report, rating=stars).status_code == 422
    assert fresh(report).rating is None


# What the desk sees


def test_the_desk_sees_that_somebody_told_it_and_no_name(report: Report, browse: Browse) -> None:
    shown = browse("operator").get(f"/cases/{report.case_id}/").content.decode()

    assert "Reported by a resident; not verified" in shown
    assert "two men with rods" in shown
    assert "can be called back" in shown
    assert "Wei" not in shown
    assert "12012345678" not in shown


def test_name_and_number_are_shown_for_a_purpose_and_the_look_is_on_record(
    report: Report, browse: Browse
) -> None:
    address = f"/cases/{report.case_id}/reporter/"

    answer = browse("operator").post(address, {"purpose": "ask-reporter"})

    assert "12012345678" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    look = AccessRecord.objects.latest("pk")
    assert (look.purpose, look.case, look.is_allowed) == ("ask-reporter", report.case_id, True)


@pytest.mark.parametrize("purpose", ["", "curious"])
def test_without_a_purpose_nothing_is_shown_and_that_is_on_record(
    purpose: str, report: Report, browse: Browse
) -> None:
    address = f"/cases/{report.case_id}/reporter/"

    answer = browse("operator").post(address, {"purpose": purpose})

    assert answer.status_code == 403
    assert "12012345678" not in answer.content.decode()
    assert not AccessRecord.objects.latest("pk").is_allowed


def test_of_an_ended_case_nobody_is_looked_up(report: Report, browse: Browse) -> None:
    ended(report)
    address = f"/cases/{report.case_id}/reporter/"

    assert browse("operator").post(address, {"purpose": "ask-reporter"}).status_code == 403


def test_on_request_words_name_and_number_are_destroyed(report: Report, browse: Browse) -> None:
    desk = browse("operator")

    first = desk.post(f"/cases/{report.case_id}/forget-report/", follow=True).content.decode()
    again = desk.post(f"/cases/{report.case_id}/forget-report/", follow=True).content.decode()

    assert "are destroyed" in first
    assert "destroyed before" in again
    assert "two men with rods" not in first
    address = f"/cases/{report.case_id}/reporter/"
    assert desk.post(address, {"purpose": "ask-reporter"}).status_code == 403


def test_the_queue_says_what_a_case_without_a_zone_is(report: Report, browse: Browse) -> None:
    Case.everything.update(zone="", state="open")

    shown = browse("operator").get("/desk/").content.decode()

    assert "Report by a resident" in shown
