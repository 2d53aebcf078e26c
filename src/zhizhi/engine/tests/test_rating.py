"""The reporter's word on the result: once for each end, and an unhappy one opens the case again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import override_settings

from zhizhi.directory import people
from zhizhi.directory.people import PersonalData
from zhizhi.engine import closing, quotas, rating, reading, reporting, settings_in_force, unfinished
from zhizhi.engine.models import Case, Quota, Report, ReportDraft
from zhizhi.engine.reasons import ReasonMissing
from zhizhi.engine.reporting import NewReport
from zhizhi.engine.states import StateConflict
from zhizhi.engine.tests.building import LAT, LON, NOON, later
from zhizhi.trust import vault

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[Path]:
    reading.forget()
    with override_settings(DATA=tmp_path):
        yield tmp_path


def reported(*, contact: PersonalData | None = None) -> Report:
    new = NewReport(
        external_id="a" * 32, kind="fishery.angling", telling="two men", lon=LON, lat=LAT,
        place_by="map", occurred_at=NOON, contact=contact,
    )  # fmt: skip
    return reporting.file_report(new, now=NOON).report


def ended(**told: PersonalData) -> Report:
    """A report whose case was found to be nothing, an hour later."""
    report = reported(**told)
    closing.dismiss(report.case, reason="nobody there", by="account:1", now=later(hours=1))
    return again(report)


def again(report: Report) -> Report:
    return Report.everything.select_related("case", "key", "person__key").get(pk=report.pk)


@pytest.mark.parametrize(("stars", "opens"), [(1, True), (2, True), (3, False), (5, False)])
def test_an_unhappy_rating_opens_the_case_again(stars: int, *, opens: bool) -> None:
    report = ended()

    opened = rating.rate(report, stars, remark="they came back", now=later(hours=2))

    case = again(report).case
    verbs = list(case.timeline.values_list("verb", "actor"))[3:]
    assert opened is opens
    assert case.state == ("open" if opens else "dismissed")
    assert ("report.rate", "resident") in verbs
    assert (("case.reopen", "resident") in verbs) is opens
    assert again(report).rating == stars


def test_the_threshold_is_a_setting() -> None:
    settings_in_force.change("residents.unhappy_rating", 3, by="account:1", now=NOON)

    assert [rating.is_unhappy(stars) for stars in (2, 3, 4)] == [True, True, False]


@pytest.mark.parametrize("stars", [0, 6, -1])
def test_there_are_five_ratings(stars: int) -> None:
    with pytest.raises(ValueError, match="between 1 and 5"):
        rating.rate(ended(), stars, now=later(hours=2))


def test_whoever_is_unhappy_says_why_or_nothing_is_kept() -> None:
    report = ended()

    with pytest.raises(ReasonMissing):
        rating.rate(report, 2, remark="  ", now=later(hours=2))

    assert (again(report).rating, again(report).case.state) == (None, "dismissed")


def test_what_is_said_is_sealed() -> None:
    report = ended()
    rating.rate(report, 1, remark="they came back", now=later(hours=2))

    assert reporting.words(again(report))["remark"] == "they came back"
    assert "came back" not in str(list(again(report).case.timeline.values()))


def test_each_end_is_rated_once() -> None:
    report = ended()
    rating.rate(report, 4, now=later(hours=2))

    assert not rating.may_rate(again(report))
    with pytest.raises(StateConflict, match="rated already"):
        rating.rate(report, 1, remark="no", now=later(hours=3))
    assert again(report).rating == 4


def test_after_the_second_end_there_is_a_second_rating() -> None:
    report = ended()
    rating.rate(report, 1, remark="they came back", now=later(hours=2))
    assert not rating.may_rate(again(report))

    closing.dismiss(again(report).case, reason="gone", by="account:1", now=later(hours=3))

    assert rating.may_rate(again(report))
    rating.rate(again(report), 5, now=later(hours=4))
    assert again(report).rating == 5


def test_a_case_that_goes_on_cannot_be_rated() -> None:
    report = reported()

    assert not rating.may_rate(report)
    with pytest.raises(StateConflict):
        rating.rate(report, 5, now=NOON)


@pytest.mark.parametrize(("days", "gone"), [(364.9, False), (365, False), (365.1, True)])
def test_words_and_person_are_destroyed_a_year_after_the_end(days: float, *, gone: bool) -> None:
    report = ended(contact=PersonalData("Wei Xiaohe", "12012345678"))

    rating.sweep(later(hours=1) + timedelta(days=days))

    left = again(report)
    assert (left.forgotten_at is not None) is gone
    assert (reporting.words(left)["telling"] == "") is gone
    assert (people.find_by_phone("12012345678") is None) is gone
    assert Case.everything.filter(pk=left.case_id).exists()


def test_a_report_whose_case_goes_on_is_kept_however_old() -> None:
    report = reported()

    rating.sweep(NOON + timedelta(days=4000))

    assert reporting.words(again(report))["telling"] == "two men"


def test_a_forgotten_report_is_rated_by_nobody_and_forgotten_once() -> None:
    report = ended()

    assert rating.forget(report, by="account:1", now=later(hours=2))
    assert not rating.forget(report, by="account:1", now=later(hours=2))
    assert not rating.may_rate(again(report))
    with pytest.raises(vault.Erased):
        reporting.seal_word(again(report), "remark", "late")


def test_the_sweep_takes_expired_drafts_and_old_counts_as_well() -> None:
    unfinished.begin(within=timedelta(minutes=5), now=NOON)
    quotas.take("report", "198.51.100.7", most=3, now=NOON)

    assert rating.sweep(later(minutes=4)) == 0
    assert rating.sweep(later(hours=1)) == 2
    assert (ReportDraft.objects.count(), Quota.objects.count()) == (0, 0)
