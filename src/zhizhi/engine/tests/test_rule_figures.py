"""What a rule found, counted: by day, by what became of it, and how sure its precision is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from zhizhi.engine.models import Case, Feedback
from zhizhi.engine.rule_figures import RuleFigures, figures
from zhizhi.engine.tests.building import NOON, alert, case
from zhizhi.kernel.accuracy import wilson

CODE = "fishery.dwell"


def counted(*, paths: tuple[str, ...] = ("",), days: float = 0) -> RuleFigures:
    now = NOON + timedelta(days=days)
    return figures(CODE, paths=paths, confirmed_by=("violation", "dissuaded"), now=now)


def report(of: Case, outcome: str) -> None:
    Feedback.objects.create(case=of, at=NOON, by="unit:1", outcome=outcome)


@pytest.mark.django_db
def test_alerts_are_counted_by_what_became_of_them() -> None:
    seen = case(key="a")
    report(seen, "violation")
    report(seen, "dissuaded")
    alert(seen, "a1")
    alert(case(key="b", state="dismissed"), "b1")
    alert(case(key="c", state="closed"), "c1", cleared_at=NOON)
    left = case(key="d")
    report(left, "left")
    alert(left, "d1")
    alert(case(key="e"), "e1", lifted_at=NOON)

    told = counted()

    assert (told.alerts, told.cleared, told.confirmed, told.dismissed) == (5, 1, 1, 2)
    assert told.judged == 3


@pytest.mark.django_db
def test_a_case_that_was_reported_and_then_dismissed_is_a_false_alarm() -> None:
    wrong = case(state="dismissed")
    report(wrong, "dissuaded")
    alert(wrong)

    told = counted()

    assert (told.confirmed, told.dismissed) == (0, 1)


@pytest.mark.django_db
@pytest.mark.parametrize(("days", "count"), [(13, 1), (14, 0)])
def test_an_alert_counts_for_fourteen_days(days: int, count: int) -> None:
    alert(case())

    told = counted(days=days)

    assert told.alerts == count
    assert len(told.days) == 14
    assert sum(number for _day, number in told.days) == count


@pytest.mark.django_db
def test_only_the_areas_of_the_reader_count() -> None:
    alert(case(area_path="/990100000000000/"))

    assert counted(paths=("/990100000000000/",)).alerts == 1
    assert counted(paths=("/990200000000000/",)).alerts == 0
    assert counted(paths=()).alerts == 0


@pytest.mark.django_db
def test_the_delay_is_the_median_from_the_beginning_of_a_stay_to_its_alert() -> None:
    for number, minutes in enumerate((31, 33, 90)):
        of = case(key=str(number))
        alert(of, f"a{number}", started_at=NOON - timedelta(minutes=minutes))

    assert counted().delay == timedelta(minutes=33)


@pytest.mark.django_db
def test_without_alerts_there_is_no_delay() -> None:
    assert counted().delay is None


@pytest.mark.parametrize(("judged", "is_enough"), [(9, False), (10, True), (11, True)])
def test_a_percentage_needs_ten_judged_alerts(judged: int, is_enough: bool) -> None:
    told = RuleFigures((), judged, 0, dismissed=1, confirmed=judged - 1, delay=None)

    assert told.is_enough is is_enough


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    [(8, 10, 0.4901625, 0.9433178), (0, 10, 0.0, 0.2775328), (10, 10, 0.7224672, 1.0),
     (0, 0, 0.0, 1.0)],
)  # fmt: skip
def test_the_interval_is_wilsons(hits: int, count: int, low: float, high: float) -> None:
    assert wilson(hits, count) == pytest.approx((low, high), abs=1e-6)
