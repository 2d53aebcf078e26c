"""Who looked at my data: every look is on the page or still to be shown, and none by name."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from tests.district_world import World

from zhizhi.engine import claiming, rating, reporting
from zhizhi.engine.models import Claim, Report
from zhizhi.trust import access
from zhizhi.trust.access import LONGEST_HIDDEN, Look, Post
from zhizhi.trust.models import AccessRecord
from zhizhi.web.looking import TRACED
from zhizhi.web.tests.conftest import Browse

NOW = datetime(2026, 3, 1, 5, tzinfo=UTC)
ON_PAGE = re.compile(r'<li id="look-(\d+)"')


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


def look(subject: str, *, purpose: str = "handle-case", case: Any = None, **more: Any) -> Look:
    return Look("account:1", subject, ("telling",), purpose, case, **more)


def record(wanted: Look, *, refusal: str = "", at: datetime = NOW) -> AccessRecord:
    with transaction.atomic():
        return access.record(wanted, refusal=refusal, now=at)


def page(browser: Client, report: Report, query: str = "", *, at: datetime = NOW) -> str:
    with time_machine.travel(at, tick=False):
        return str(browser.get(f"/home/follow/{report.pk}/looks/{query}").content.decode())


def shown(browser: Client, report: Report) -> list[int]:
    """Return the numbers of all looks, page after page."""
    found, number = [], 1
    while True:
        text = page(browser, report, f"?page={number}")
        found += [int(pk) for pk in ON_PAGE.findall(text)]
        number += 1
        if f"?page={number}" not in text:
            return found


@pytest.mark.parametrize("seed", range(6))
def test_every_look_is_on_the_page_or_still_to_be_shown(
    seed: int, report: Report, resident: Client
) -> None:
    """Looks of all kinds, at the report, its person and others; none is lost, none is foreign."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    own, others = list(claiming.subjects_of(report)), ["person:999999", "report:999999"]
    for _number in range(chance.randrange(1, 130)):
        delay = chance.choice([0, 0, 0, 1, 90, 180]) * timedelta(days=1)
        wanted = look(chance.choice(own * 3 + others), purpose=chance.choice(["handle-case", ""]),
                      hidden_for=delay, post=Post(chance.choice(["", "operator"])))  # fmt: skip
        at = NOW - timedelta(days=chance.choice([0, 1, 2, 89, 90, 91, 180, 200]))
        record(wanted, refusal=chance.choice(["", "no-purpose"]), at=at)
    mine = set(AccessRecord.objects.filter(person__in=own).values_list("pk", flat=True))

    seen = shown(resident, report)

    late = set(access.delayed(*own, now=NOW).values_list("pk", flat=True))
    assert len(seen) == len(set(seen))
    assert set(seen) | late == mine
    assert not set(seen) & late
    assert f"<strong>{len(seen)} look" in page(resident, report)


def test_a_delayed_look_appears_when_its_time_has_come(report: Report, resident: Client) -> None:
    row = record(look(f"report:{report.pk}", hidden_for=LONGEST_HIDDEN))

    before = page(resident, report, at=NOW + LONGEST_HIDDEN - timedelta(seconds=1))
    after = page(resident, report, at=NOW + LONGEST_HIDDEN)

    assert f"look-{row.pk}" not in before
    assert "was allowed to stay secret" not in before
    assert f"look-{row.pk}" in after
    assert "was allowed to stay secret" in after


def test_without_the_code_there_is_nothing(report: Report, world: World) -> None:
    stranger = Client()
    address = f"/home/follow/{report.pk}/looks/"

    assert stranger.get(address).status_code == 404
    assert stranger.post(f"{address}{world.records['look'].pk}/object/").status_code == 404


def test_a_look_at_name_and_number_says_post_reason_and_fields_and_no_name(
    report: Report, resident: Client, browse: Browse, world: World
) -> None:
    browse("operator").post(f"/cases/{report.case_id}/reporter/", {"purpose": "ask-reporter"})

    text = page(resident, report)

    row = AccessRecord.objects.latest("pk")
    entry = text.partition(f'id="look-{row.pk}"')[2].partition("</li>")[0]
    assert f"{world.records['area'].name} · Operator on duty" in entry
    assert "To ask you about this case" in entry
    assert "Your name · Your number" in entry
    assert "Refused" not in entry
    for account in [*world.here.values(), *world.elsewhere.values()]:
        assert account.call_sign not in text
        assert f"account:{account.pk}" not in text


def test_a_refused_look_is_told_and_its_words_are_not_repeated(
    report: Report, resident: Client
) -> None:
    record(look(f"person:{report.person_id}", purpose="<b>Wei is a thief"), refusal="no-purpose")

    text = page(resident, report)

    assert "Refused: nothing was shown" in text
    assert "No reason was given" in text
    assert "thief" not in text


@pytest.mark.parametrize(
    ("case", "told"), [(0, "To deal with your report"), (1, "In another matter")]
)
def test_of_another_matter_nothing_is_told(
    case: int, told: str, report: Report, resident: Client
) -> None:
    class Other:
        id = report.case_id + case
        is_open = is_visible = True

    row = record(look(f"report:{report.pk}", case=Other()))

    entry = page(resident, report).partition(f'id="look-{row.pk}"')[2].partition("</li>")[0]

    assert told in entry


def test_an_objection_is_answered_on_the_same_page(
    report: Report, resident: Client, browse: Browse
) -> None:
    row = record(look(f"report:{report.pk}"))
    address = f"/home/follow/{report.pk}/looks/{row.pk}/object/"

    first = resident.post(address, {"reason": "why me"})
    again = resident.post(address, {"reason": "why me"})

    assert (first.status_code, again.status_code) == (302, 302)
    claim = Claim.everything.get(record=row)
    assert "You objected" in page(resident, report)
    told = {"verdict": "upheld", "answer": "It should not have been."}
    assert browse("auditor").post(f"/claims/{claim.pk}/answer/", told).status_code == 302
    text = page(resident, report)
    assert "Your objection is justified." in text
    assert "It should not have been." in text


def test_a_long_reason_comes_back_as_it_was_written(report: Report, resident: Client) -> None:
    row, reason = record(look(f"report:{report.pk}")), "x" * (claiming.LONGEST + 1)

    answer = resident.post(f"/home/follow/{report.pk}/looks/{row.pk}/object/", {"reason": reason})

    assert answer.status_code == 422
    assert reason in answer.content.decode()
    assert not Claim.everything.filter(record=row).exists()


def test_a_foreign_look_cannot_be_objected_to(report: Report, resident: Client) -> None:
    row = record(look("report:999999"))

    assert resident.post(f"/home/follow/{report.pk}/looks/{row.pk}/object/").status_code == 404


def test_when_everything_was_destroyed_the_looks_stay(report: Report, resident: Client) -> None:
    rating.forget(report, by="account:1", now=NOW)

    assert len(shown(resident, report)) == 1


# Which looks leave a record


@pytest.mark.parametrize(
    ("role", "address"),
    [
        ("operator", "/cases/{}/"),
        ("operator", "/cases/{}/detail"),
        ("operator", "/desk/?state=all&case={}"),
        ("unit_member", "/cases/{}/"),
        ("agency_officer", "/cases/{}/"),
    ],
)
def test_whoever_reads_the_words_of_a_resident_is_on_record(
    role: str, address: str, report: Report, browse: Browse
) -> None:
    before = AccessRecord.objects.count()

    answer = browse(role).get(address.format(report.case_id))

    assert "two men with rods" in answer.content.decode()
    row = AccessRecord.objects.latest("pk")
    assert AccessRecord.objects.count() == before + 1
    assert (row.person, row.fields, row.purpose) == (
        f"report:{report.pk}",
        ["telling"],
        "handle-case",
    )
    assert (row.case, row.is_allowed) == (report.case_id, True)
    assert row.post is not None
    assert row.post["role"] == role


def test_reading_on_is_one_look_and_coming_back_later_is_another(
    report: Report, browse: Browse
) -> None:
    desk, address = browse("operator"), f"/cases/{report.case_id}/"
    before = AccessRecord.objects.count()

    with time_machine.travel(NOW, tick=False) as clock:
        desk.get(address)
        clock.shift(TRACED)
        desk.get(address)
        assert AccessRecord.objects.count() == before + 1
        clock.shift(timedelta(seconds=1))
        desk.get(address)

    assert AccessRecord.objects.count() == before + 2


def test_what_was_destroyed_is_not_looked_at(report: Report, browse: Browse) -> None:
    rating.forget(report, by="account:1", now=NOW)
    before = AccessRecord.objects.count()

    browse("operator").get(f"/cases/{report.case_id}/")

    assert AccessRecord.objects.count() == before


def test_a_photo_of_the_resident_is_a_look_and_one_of_a_unit_is_not(
    report: Report, browse: Browse, world: World
) -> None:
    address = f"/cases/{report.case_id}/photos/{world.records['evidence'].pk}/"
    before = AccessRecord.objects.count()
    browse("operator").get(address)
    assert AccessRecord.objects.count() == before

    Report.everything.filter(pk=report.pk).update(evidence=[world.records["evidence"].pk])
    browse("operator").get(address)

    assert AccessRecord.objects.latest("pk").fields == ["telling", "photo"]


def test_a_case_file_that_is_taken_out_is_a_look(report: Report, browse: Browse) -> None:
    browse("operator").get(f"/cases/{report.case_id}/file.pdf")

    assert AccessRecord.objects.latest("pk").purpose == "case-file"
