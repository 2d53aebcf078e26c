"""Duplicates on the pages: side by side, joined and taken out by operators of the area."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.district_world import World

from zhizhi.engine import reporting
from zhizhi.engine.models import Case, CaseLink, Report
from zhizhi.trust.models import AccessRecord
from zhizhi.web.tests.conftest import Browse


@pytest.fixture
def report(world: World) -> Report:
    found: Report = world.records["report"]
    found.case = twin(found, 0, state="open")  # no rule found it
    Report.everything.filter(pk=found.pk).update(case=found.case)
    return found


def twin(report: Report, number: int = 1, **columns: Any) -> Case:
    """Another case at the same place."""
    like = report.case
    names = ("kind", "system", "severity", "area", "area_path", "lon", "lat", "opened_at")
    given = {name: getattr(like, name) for name in names} | columns
    return Case.everything.create(key=f"twin-{number}", changed_at=like.opened_at, **given)


def post(browser: Any, verb: str, one: Case, **body: Any) -> Any:
    return browser.post(reverse(f"web:{verb}", args=[one.pk]), body)


def html(browser: Any, name: str, one: Case) -> str:
    return str(browser.get(reverse(f"web:{name}", args=[one.pk])).content.decode())


def fresh(one: Case) -> Case:
    return Case.everything.get(pk=one.pk)


def test_candidates_stand_side_by_side_and_nobody_reads_words(
    report: Report, browse: Browse
) -> None:
    other = twin(report)
    looks = AccessRecord.objects.count()

    shown = html(browse("operator"), "duplicates", report.case)

    assert other.code in shown
    for part in ("Score", "Distance", "Apart", "Words alike", "Likely the same"):
        assert (part in shown) is (part != "Likely the same"), part
    assert reporting.words(report)["telling"] not in shown
    assert AccessRecord.objects.count() == looks


def test_a_case_without_neighbours_says_so(report: Report, browse: Browse) -> None:
    lonely = twin(report, lon=report.case.lon + 0.01)

    assert "No open case near by" in html(browse("operator"), "duplicates", lonely)


def test_joined_by_a_button_and_taken_out_by_another(report: Report, browse: Browse) -> None:
    root, operator = twin(report), browse("operator")

    answer = post(operator, "merge", report.case, into=root.pk, reason="same pier")

    assert answer.url == reverse("web:case", args=[root.pk])
    assert fresh(report.case).state == "merged"
    link = CaseLink.everything.get()
    score = link.score or {}
    assert (link.why, score["metres"], score["same_kind"]) == ("same pier", 0, True)
    assert report.case.code in html(operator, "case", root)
    rests = html(operator, "case", report.case)
    assert root.code in rests
    assert "Dispatch" not in rests
    assert "This case rests" in html(operator, "duplicates", report.case)
    post(operator, "unmerge", report.case)
    assert fresh(report.case).state == "open"
    assert root.code not in html(operator, "case", report.case).partition('<h2 id="history"')[0]


def test_both_reporters_read_the_state_of_the_case_that_stands(
    report: Report, browse: Browse
) -> None:
    root = twin(report, state="handling")
    post(browse("operator"), "merge", report.case, into=root.pk)
    resident = Client(headers={"accept-language": "en"})
    secret = reporting.secret_of(report)
    resident.post("/home/follow/", {"number": report.number, "secret": secret})

    shown = resident.get(f"/home/follow/{report.pk}/").content.decode()

    assert "Somebody is on the way or there already." in shown
    assert "Others reported the same" in shown


def test_nothing_of_another_area_is_joined(report: Report, browse: Browse, world: World) -> None:
    strange = twin(report, area_path="/elsewhere/")
    hidden = twin(report, 2, area_path="/elsewhere/")
    mine = twin(report, 3)
    CaseLink.everything.create(case=mine, to=hidden, root=hidden, made_by="x",
                               made_at=report.received_at)  # fmt: skip
    Case.everything.filter(pk=mine.pk).update(state="merged")
    operator = browse("operator")

    assert post(operator, "merge", report.case).url.endswith("/duplicates/")
    for into in (strange.pk, mine.pk, 0):
        assert post(operator, "merge", report.case, into=into).status_code == 404
    assert post(operator, "merge", strange, into=report.case.pk).status_code == 404
    assert post(operator, "unmerge", mine).status_code == 404

    assert fresh(report.case).state == "open"
    assert hidden.code not in html(operator, "case", mine)


def test_what_cannot_be_joined_is_a_conflict(report: Report, browse: Browse) -> None:
    root = twin(report, state="closed", closed_at=report.received_at)

    assert post(browse("operator"), "merge", report.case, into=root.pk).status_code == 409
    assert post(browse("operator"), "unmerge", report.case).status_code == 409


def test_a_case_that_somebody_works_on_takes_the_other_in(report: Report, browse: Browse) -> None:
    busy = twin(report, state="handling")

    shown = html(browse("operator"), "duplicates", busy)

    assert f"Join {report.case.code} with {busy.code}" in shown
    assert f"Join {busy.code} with {report.case.code}" not in shown
