"""Clues out of reports: one reporter counts once, officers confirm, mistakes are taken back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from zhizhi.engine import closing, erasing, merging, reporting, settings_in_force
from zhizhi.engine.models import Case, Report
from zhizhi.engine.reporting import NewReport
from zhizhi.engine.states import StateConflict
from zhizhi.engine.tests.building import LAT, LON, NOON, later
from zhizhi.kernel import identifiers
from zhizhi.kernel.identifiers import Identifier
from zhizhi.systems.antifraud import gathering, listing
from zhizhi.systems.antifraud.apps import CLUES, OFFICER_WEIGHT, SCAM
from zhizhi.systems.antifraud.listing import Stance, Standing
from zhizhi.systems.antifraud.models import Clue
from zhizhi.trust import audit
from zhizhi.trust.models import AuditEntry

pytestmark = pytest.mark.django_db

NUMBER, SITE = "13800138000", "pay.example.com/a"
TEXT = f"稳赚不赔，高收益，导师带你，请加 {NUMBER} 或 http://{SITE}"
BY = "account:1"


def thing(written: str) -> Identifier:
    found = identifiers.identified(written)
    assert found
    return found


def told(
    address: str, text: str = TEXT, *, chosen: tuple[str, ...] = (NUMBER, SITE), kind: str = "",
    at: datetime = NOON, name: str = "",
) -> Report:  # fmt: skip
    """A report from an internet address, in which these things were chosen."""
    facts = gathering.facts_of([thing(one) for one in chosen], kind=kind, address=address)
    key = name or f"{address}|{text}|{at}|{Report.everything.count()}"
    return filed(NewReport(
        external_id=key[:64], kind=SCAM, telling=text, lon=LON, lat=LAT, place_by="list",
        occurred_at=at, facts=facts,
    ), at)  # fmt: skip


def filed(new: NewReport, at: datetime = NOON) -> Report:
    return reporting.file_report(new, now=at).report


def standing(written: str = NUMBER, **after: float) -> Standing:
    return listing.standings([thing(written)], later(**after))[thing(written)]


def clues(report: Report) -> list[int]:
    return [clue.pk for clue in gathering.clues_of(report.case)]


def test_what_was_chosen_counts_once_for_whoever_reports() -> None:
    told("10.0.0.1", chosen=(NUMBER,))

    assert (standing().reporters, standing().weight, standing().is_listed) == (1, 1, False)
    assert standing(SITE).reporters == 0, "what was not chosen is not kept"


@pytest.mark.parametrize(("people", "is_listed"), [(1, False), (2, False), (3, True)])
def test_three_reporters_list_a_thing_and_two_do_not(people: int, *, is_listed: bool) -> None:
    for number in range(people):
        told(f"10.0.0.{number}")

    assert standing().is_listed is is_listed
    assert standing().reporters == people


def test_a_reporter_who_sends_a_hundred_reports_lists_nothing() -> None:
    settings_in_force.change(CLUES, 1000, by=BY, now=NOON)
    for number in range(100):
        told("10.0.0.1", f"call {NUMBER} about {number}", chosen=(NUMBER,))

    assert (standing().reporters, standing().weight, standing().is_listed) == (1, 1, False)


@pytest.mark.parametrize(("before", "counts"), [(1, True), (2, True), (3, False)])
def test_an_address_has_so_many_clues_an_hour_and_more_wait_for_an_officer(
    before: int, *, counts: bool
) -> None:
    settings_in_force.change(CLUES, 3, by=BY, now=NOON)
    for number in range(before):
        told("10.0.0.1", f"1390013900{number}", chosen=(f"1390013900{number}",))

    report = told("10.0.0.1", chosen=(NUMBER,))

    assert standing().reporters == counts
    assert Clue.objects.get(report=report).counts is counts
    assert report.case.state == Case.State.OPEN, "the report arrives all the same"


@pytest.mark.parametrize(
    ("other", "reporters"),
    [("2001:db8:0:1::9", 1), ("2001:db8:0:2::1", 2), ("10.0.0.1", 2), ("", 2)],
)
def test_the_addresses_of_one_home_are_one_reporter(other: str, reporters: int) -> None:
    told("2001:db8:0:1::1")
    told(other)

    assert standing().reporters == reporters


def test_an_address_of_the_older_kind_stays_itself_however_it_is_written() -> None:
    first, mapped, second = (
        gathering.reporter_of(one) for one in ("10.0.0.1", "::ffff:10.0.0.1", "10.0.0.2")
    )

    assert first == mapped != second


def test_the_same_report_again_is_one_case_and_one_clue() -> None:
    first = told("10.0.0.1", name="a" * 64)

    again = told("10.0.0.1", name="a" * 64)

    assert again == first
    assert Case.everything.count() == 1
    assert Clue.objects.count() == 2


def test_a_report_is_named_by_its_browser_and_its_things_in_any_order() -> None:
    one, two = thing(NUMBER), thing(SITE)

    name = gathering.name_of([one, two], browser="b", words=TEXT)

    assert name == gathering.name_of([two, one], browser="b", words=TEXT)
    assert name != gathering.name_of([one], browser="b", words=TEXT)
    assert name != gathering.name_of([one, two], browser="c", words=TEXT)
    assert gathering.name_of([], browser="b", words="x") != gathering.name_of(
        [], browser="b", words="y"
    )
    assert len(name) <= 64


@pytest.mark.parametrize(("weight", "is_listed"), [(1.4, False), (1.5, True), (1.6, True)])
def test_an_officer_weighs_what_is_set_on_top_of_the_reporter(
    weight: float, *, is_listed: bool
) -> None:
    settings_in_force.change(OFFICER_WEIGHT, weight, by=BY, now=NOON)
    report = told("10.0.0.1")

    gathering.confirm(report.case, clues(report), by=BY, now=NOON)

    assert standing().weight == pytest.approx(1 + weight)
    assert standing().is_listed is is_listed
    assert standing().is_confirmed


def test_an_officer_counts_once_however_many_reports_are_confirmed() -> None:
    for number in range(3):
        report = told("10.0.0.1", f"call {NUMBER} about {number}", chosen=(NUMBER,))
        gathering.confirm(report.case, clues(report), by=BY, now=NOON)

    assert standing().weight == pytest.approx(5)


def test_the_newest_word_of_a_reporter_and_of_an_officer_counts() -> None:
    for at in (NOON, later(days=60)):
        report = told("10.0.0.1", f"call {NUMBER} at {at}", chosen=(NUMBER,), at=at)
        gathering.confirm(report.case, clues(report), by=BY, now=at)

    assert standing(days=60).weight == pytest.approx(5)


def test_only_the_chosen_clues_are_confirmed_and_only_once() -> None:
    report = told("10.0.0.1")
    number = next(one.pk for one in Clue.objects.all() if one.kind == "phone")

    done = gathering.confirm(report.case, [number], by=BY, now=NOON)

    assert (done, standing().is_confirmed, standing(SITE).is_confirmed) == (1, True, False)
    with pytest.raises(StateConflict) as refused:
        gathering.confirm(report.case, [number], by="account:2", now=later(hours=1))
    assert refused.value.code == "confirmed-before"
    assert Clue.objects.get(pk=number).confirmed_by == BY


def test_a_clue_of_another_case_cannot_be_confirmed() -> None:
    report, other = told("10.0.0.1"), told("10.0.0.2", "13700137000", chosen=("13700137000",))

    with pytest.raises(StateConflict):
        gathering.confirm(report.case, clues(other), by=BY, now=NOON)

    assert not standing("13700137000").is_confirmed


def test_a_dismissed_case_takes_its_clues_back_and_opened_again_gives_them() -> None:
    report = told("10.0.0.1")
    gathering.confirm(report.case, clues(report), by=BY, now=NOON)

    closing.dismiss(report.case, reason="a joke", by=BY, now=later(hours=1))

    gone = standing(hours=1)
    assert (gone.reporters, gone.weight, gone.is_confirmed) == (0, 0, False)
    with pytest.raises(StateConflict) as refused:
        gathering.confirm(report.case, clues(report), by=BY, now=later(hours=1))
    assert refused.value.code == "not-open"
    closing.reopen(report.case, reason="it was none", by=BY, now=later(hours=2))
    assert standing(hours=2).is_confirmed


def test_a_case_that_was_joined_stands_and_falls_with_its_root() -> None:
    first, second = told("10.0.0.1", chosen=(SITE,)), told("10.0.0.2", chosen=(NUMBER,))
    second.case.refresh_from_db(from_queryset=Case.everything.all())
    merging.merge(second.case, first.case, by=BY, now=later(hours=1))

    gathering.confirm(first.case, clues(first), by=BY, now=later(hours=1))
    assert standing(hours=1).is_confirmed, "the clues of the joined case are shown and confirmed"

    first.case.refresh_from_db(from_queryset=Case.everything.all())
    closing.dismiss(first.case, reason="a joke", by=BY, now=later(hours=2))
    assert standing(hours=2).reporters == 0


def test_an_objection_that_is_upheld_lifts_what_was_said_and_what_was_confirmed() -> None:
    report, *_others = [told(address) for address in ("10.0.0.1", "10.0.0.2", "10.0.0.3")]
    gathering.confirm(report.case, clues(report), by=BY, now=NOON)
    assert standing().is_listed

    listing.decide(
        thing(NUMBER), Stance.CLEAR, reason="a plumber", expires_at=later(days=99), seen=None,
        by=BY, now=later(hours=1),
    )  # fmt: skip

    after = standing(hours=1)
    assert (after.reporters, after.weight, after.is_confirmed) == (0, 0, False)
    assert standing(SITE, hours=1).is_listed, "of the other thing nobody said anything"


def test_an_old_clue_that_is_confirmed_after_the_objection_counts_no_more() -> None:
    report = told("10.0.0.1")
    listing.decide(
        thing(NUMBER), Stance.CLEAR, reason="a plumber", expires_at=later(days=99), seen=None,
        by=BY, now=later(hours=1),
    )  # fmt: skip

    gathering.confirm(report.case, clues(report), by=BY, now=later(hours=2))

    assert not standing(hours=2).is_listed


def test_the_history_says_what_was_read_by_place_without_a_word() -> None:
    report = told("10.0.0.1")

    found = gathering.findings_of(report.case)

    assert found is not None
    assert (found["answer"], found["tricks"], found["clues"], found["counted"]) == (
        "scam", {"investment": 4}, 2, 2,
    )  # fmt: skip
    assert [0, 4, "investment"] in found["phrases"]
    clue = Clue.objects.get(kind="phone")
    assert TEXT[clue.start : clue.stop] == NUMBER
    assert "稳赚" not in str(found)


def test_neither_the_thing_nor_the_reporter_stands_in_the_chain_or_the_history() -> None:
    report = told("10.20.30.40")
    gathering.confirm(report.case, clues(report), by=BY, now=NOON)

    written = repr([
        *AuditEntry.objects.values_list("actor", "verb", "subject", "detail"),
        *report.case.timeline.values_list("verb", "data"), *Clue.objects.values_list(),
    ])  # fmt: skip
    assert NUMBER not in written
    assert "10.20.30.40" not in written
    assert "example" not in written
    assert {"clue.note", "scam.read", "scam.confirm"} <= set(
        AuditEntry.objects.values_list("verb", flat=True)
    )
    assert list(audit.verify()) == []


@pytest.mark.parametrize(("facts", "count"), [({}, 2), ({"things": [], "reporter": "a"}, 0)])
def test_a_report_by_another_door_waits_for_an_officer_with_all_that_stands_in_it(
    facts: dict[str, Any], count: int
) -> None:
    report = filed(NewReport(
        external_id="a" * 32, kind=SCAM, telling=TEXT, lon=LON, lat=LAT, place_by="map",
        occurred_at=NOON, facts=facts,
    ))  # fmt: skip

    assert len(clues(report)) == count
    assert standing().reporters == 0
    if count:
        gathering.confirm(report.case, clues(report), by=BY, now=NOON)
        assert standing().is_listed


def test_what_was_changed_after_the_choice_names_nothing_that_stands_there_no_more() -> None:
    report = told("10.0.0.1", "easy loan, see http://other.example", kind="phone")

    assert clues(report) == []


def test_other_reports_are_not_read() -> None:
    report = filed(NewReport(
        external_id="a" * 32, kind="antifraud.wrongly_listed", telling=TEXT, lon=LON, lat=LAT,
        place_by="map", occurred_at=NOON,
    ))  # fmt: skip

    assert gathering.findings_of(report.case) is None
    assert not Clue.objects.exists()


def test_erasing_the_report_deletes_its_clues_as_soon_as_nothing_holds_them() -> None:
    report = told("10.0.0.1")

    erasing.erase(report, by="resident", now=NOON)
    assert Clue.objects.count() == 2, "its case is open"

    closing.dismiss(report.case, reason="a joke", by=BY, now=NOON)
    receipt = erasing.erase(report, by="resident", now=later(days=1))
    assert not Clue.objects.exists()
    assert receipt is not None
    assert f"clues:{report.pk}" in str(receipt.destroyed)


def test_clues_are_deleted_when_they_are_too_old_to_warn() -> None:
    report = told("10.0.0.1")

    listing.forget_old(NOON + timedelta(days=364.9))
    assert clues(report)
    listing.forget_old(NOON + timedelta(days=365))
    assert clues(report) == []
