"""What I agreed to: shown to its owner, withdrawn by its owner, with effect at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from tests.district_world import AT, World

from zhizhi.engine import agreeing, reporting
from zhizhi.engine.models import Report
from zhizhi.trust import consenting
from zhizhi.trust.consenting import Agreement, Guardian
from zhizhi.trust.models import AccessRecord, Consent
from zhizhi.web.tests.conftest import Browse

NOW = datetime(2026, 3, 1, 5, tzinfo=UTC)
WANT = {"purpose": "ask-reporter"}


@pytest.fixture
def report(world: World) -> Report:
    found: Report = world.records["report"]
    return found


@pytest.fixture
def resident(report: Report) -> Client:
    browser = Client(headers={"accept-language": "en"})
    told = {"number": report.number, "secret": reporting.secret_of(report)}
    browser.post("/home/follow/", told)
    return browser


def at(report: Report, rest: str = "") -> str:
    return f"/home/follow/{report.pk}/agreed/{rest}"


def page(resident: Client, report: Report) -> str:
    return resident.get(at(report)).content.decode()


def given(report: Report) -> Consent:
    """The only agreement of whoever told ``report``."""
    [found] = agreeing.agreements_of(report)
    return found


def person(report: Report) -> str:
    return f"person:{report.person_id}"


def test_the_page_says_what_for_which_data_through_what_since_when_and_until_when(
    report: Report, resident: Client
) -> None:
    text = page(resident, report)

    for words in ("To call you about this report", "Your name · Your number", "This website",
                  "contact@2", "You yourself", "2026-03-01 12:00", "2036-02-27 12:00"):  # fmt: skip
        assert words in text, words
    assert "person:" not in text


def test_the_page_says_who_agreed_for_a_child(report: Report, resident: Client) -> None:
    by_parent = Agreement(person(report), "contact", ("phone",), "resident-page", "contact@2",
                          Guardian("person:99", "parent"))  # fmt: skip
    consenting.give(by_parent, until=AT + timedelta(days=9), by="account:3", now=AT)

    text = page(resident, report)

    assert "Your parent" in text
    assert "person:99" not in text


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize("rest", ["", "one"])
def test_a_resident_withdraws_after_a_page_that_says_what_ends(
    rest: str, report: Report, resident: Client
) -> None:
    [consent] = agreeing.agreements_of(report)
    address = at(report, f"{consent.pk}/end/" if rest else "end/")

    asked = resident.get(address).content.decode()
    assert "Your name and number are destroyed at once" in asked
    assert consenting.agreed(person(report), "contact", ("phone",), now=NOW)

    answer = resident.post(address, follow=True)

    text = answer.content.decode()
    assert "Withdrawn. From now on nobody can use it." in text
    assert "Agreement withdrawn: <time" in text
    assert at(report, "end/") not in text
    assert consenting.agreed(person(report), "contact", ("phone",), now=NOW) is None
    assert given(report).ended_by == "resident"


def test_withdrawing_again_says_only_that_it_has_ended(report: Report, resident: Client) -> None:
    resident.post(at(report, "end/"))

    again = resident.post(at(report, "end/"))

    assert (again.status_code, again.headers["Location"]) == (302, at(report))
    assert resident.get(at(report, "end/")).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_after_a_withdrawal_an_operator_opens_nothing(
    report: Report, resident: Client, browse: Browse
) -> None:
    operator = browse("operator")
    opened = operator.post(f"/cases/{report.case_id}/reporter/", WANT)
    assert "12012345678" in opened.content.decode()

    resident.post(at(report, "end/"))

    answer = operator.post(f"/cases/{report.case_id}/reporter/", WANT)
    assert answer.status_code == 403
    assert "12012345678" not in answer.content.decode()
    outcomes = AccessRecord.objects.filter(person=person(report)).order_by("-pk")
    assert list(outcomes.values_list("is_allowed", flat=True)[:2]) == [False, True]


@pytest.mark.django_db(transaction=True)
def test_where_nobody_agreed_the_page_says_so_and_leads_to_the_emergency(
    report: Report, browse: Browse
) -> None:
    [consent] = agreeing.agreements_of(report)
    consenting.withdraw(consent, by="resident", now=NOW)

    answer = browse("operator").post(f"/cases/{report.case_id}/reporter/", WANT)

    text = answer.content.decode()
    assert answer.status_code == 403
    assert "The resident does not agree to be called (any more)." in text
    assert f"/access/ask/{report.case_id}/" in text
    assert "No look without a reason" not in text


def test_an_expired_agreement_is_told_and_cannot_be_withdrawn(
    report: Report, resident: Client
) -> None:
    [consent] = agreeing.agreements_of(report)
    with time_machine.travel(consent.expires_at, tick=False):
        resident.post("/home/follow/", {"number": report.number,
                                        "secret": reporting.secret_of(report)})  # fmt: skip
        text = page(resident, report)
        answer = resident.post(at(report, f"{consent.pk}/end/"))

    assert "Its time is over." in text
    assert "Withdraw my agreement" not in text
    assert (answer.status_code, given(report).ended_at) == (302, None)


@time_machine.travel(NOW, tick=False)
def test_several_agreements_are_withdrawn_together(report: Report, resident: Client) -> None:
    more = Agreement(f"report:{report.pk}", "recording", ("telling",), "resident-page")
    consenting.give(more, until=NOW + timedelta(days=9), by="resident", now=NOW)
    assert at(report, "end/") in page(resident, report)

    resident.post(at(report, "end/"))

    assert {one.ended_why for one in agreeing.agreements_of(report)} == {"withdrawn"}


def test_whoever_has_not_shown_the_code_sees_and_ends_nothing(report: Report) -> None:
    [consent] = agreeing.agreements_of(report)
    stranger = Client()

    for rest in ("", "end/", f"{consent.pk}/end/"):
        assert stranger.get(at(report, rest)).status_code == 404
        assert stranger.post(at(report, rest)).status_code in {404, 405}
    assert given(report).ended_at is None


def test_nobody_ends_an_agreement_of_somebody_else(report: Report, resident: Client) -> None:
    other = consenting.give(
        Agreement("person:987", "contact", ("phone",), "resident-page"),
        until=NOW + timedelta(days=9), by="resident", now=NOW,
    )  # fmt: skip

    assert resident.post(at(report, f"{other.pk}/end/")).status_code == 404

    other.refresh_from_db()
    assert other.ended_at is None


def test_a_resident_without_an_agreement_is_told_so(report: Report, resident: Client) -> None:
    Report.everything.filter(pk=report.pk).update(person=None)

    assert "You have not agreed to anything" in page(resident, report)
