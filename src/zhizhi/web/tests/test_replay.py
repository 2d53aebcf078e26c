"""A past moment is shown as the desk showed it, by whatever had happened until then."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from zhizhi.engine import closing, past
from zhizhi.engine.models import Alert, Case, TimelineEntry
from zhizhi.engine.tests import building
from zhizhi.engine.tests.building import NOON, later
from zhizhi.trust.scoping import Grant, Scope
from zhizhi.web.replay import marks, moments
from zhizhi.web.tests.living import BY, EYES, Shift, live, then

pytestmark = pytest.mark.django_db


def story(seed: int, acts: int = 45) -> tuple[Shift, list[tuple[datetime, dict[str, Any]]]]:
    """What the desk showed after each act of a shift."""
    shift = Shift(seed)
    seen = [(shift.now, live(EYES, shift.now))]
    for _ in range(acts):
        shift.act()
        seen.append((shift.now, live(EYES, shift.now)))
    return shift, seen


@pytest.mark.parametrize("seed", range(6))
def test_each_moment_is_rebuilt_as_the_desk_showed_it(seed: int) -> None:
    shift, seen = story(seed)

    assert then(EYES, shift.now) == live(EYES, shift.now)
    for at, shown in seen:
        assert then(EYES, at) == shown, at


@pytest.mark.parametrize("seed", range(6))
def test_what_lines_tell_is_what_folding_all_of_them_gives(seed: int) -> None:
    shift, seen = story(seed)
    cases = list(Case.everything.all())

    for at, _shown in seen:
        folded = past.fold(cases, at)
        for case in cases:
            was = past.case_at(Case.everything.all(), case.pk, at)
            told = was and {"state": was.state, "severity": was.severity}
            assert told is None or told == folded[case.pk], (at, case.pk)
    assert {case.pk: {"state": case.state, "severity": case.severity} for case in cases} == (
        past.fold(cases, shift.now)
    )


def test_histories_from_before_lines_told_the_standing_are_folded() -> None:
    shift, seen = story(3, acts=25)
    lines = list(TimelineEntry.objects.order_by("pk"))

    bare = {line.pk: {k: v for k, v in line.data.items() if k != "stands"} for line in lines}
    without_guard(bare)

    for at, shown in seen:
        assert then(EYES, at) == shown, at
    assert shift.subjects


def without_guard(data: dict[int, Any]) -> None:
    from zhizhi.trust import append_only  # noqa: PLC0415 - only this test lifts the guard

    with append_only.lifted():
        for pk, told in data.items():
            TimelineEntry.objects.filter(pk=pk).update(data=told)


def test_between_two_acts_the_screen_stays_as_the_first_left_it() -> None:
    _shift, seen = story(1, acts=8)

    for (at, shown), (until, _next) in pairwise(seen):
        between = then(EYES, until - timedelta(microseconds=1))
        assert between["points"] == shown["points"]
        assert [row[:5] for row in between["rows"]] == [row[:5] for row in shown["rows"]], at


@pytest.mark.parametrize(("seconds", "stood"), [(-1, 0), (0, 1), (59, 1), (60, 0), (61, 0)])
def test_an_alert_stands_from_when_it_was_raised_until_its_end_was_known(
    seconds: int, stood: int
) -> None:
    shift = Shift(0)
    shift.now = later(seconds=60)
    shift.clear()
    known = Alert.everything.get()

    found = past.alerts_at(Alert.everything.all(), later(seconds=seconds))

    assert known.clearing_at == later(seconds=60)
    assert found.count() == stood


def test_a_case_that_was_closed_and_opened_again_was_not_there_in_between() -> None:
    Shift(0)
    case = Case.everything.get()
    closing.dismiss(case, reason="workers", by=BY, now=later(minutes=10))
    closing.reopen(case, by=BY, now=later(minutes=20))

    shown = [len(then(EYES, later(minutes=minute))["rows"]) for minute in (9, 10, 19, 20)]

    assert shown == [1, 0, 0, 1]


def test_an_ended_case_keeps_its_fork_and_an_open_one_has_none() -> None:
    Shift(0)
    case = Case.everything.get()
    assert case.fork is None

    closing.dismiss(case, reason="workers", by=BY, now=later(minutes=10))
    ended = Case.everything.get().fork
    closing.reopen(case, by=BY, now=later(minutes=20))

    assert ended is not None
    assert Case.everything.get().fork is None


def test_nobody_sees_more_of_the_past_than_of_the_present() -> None:
    _shift, seen = story(2, acts=10)
    elsewhere = Scope(2, (Grant("operator", "/990100000000001/"),))

    for at, _shown in seen:
        found = then(elsewhere, at)
        assert (found["rows"], found["units"], found["grids"]) == ([], [], {})
        assert marks.around(elsewhere, at)["next"] == []


def test_a_place_that_was_not_recorded_is_not_invented() -> None:
    district = building.area()
    building.unit("late", home=district, position_at=later(minutes=30))

    found = {
        minute: past.units_at(past.Unit.objects.all(), later(minutes=minute))[0].is_placed  # type: ignore[attr-defined]  # set by the rebuilding
        for minute in (29, 30, 31)
    }

    assert found == {29: False, 30: True, 31: True}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-03-01T20:00", NOON),
        ("2026-03-01T20:00:30", later(seconds=30)),
        ("2026-03-01T12:00:00Z", NOON),
        ("1999-01-01T00:00", later(hours=-1)),
        ("2999-01-01T00:00", later(hours=9)),
        ("yesterday", later(hours=9)),
        ("2026-02-30T00:00", later(hours=9)),
        ("0001-01-01T00:00:00+14:00", later(hours=9)),
        ("", later(hours=9)),
    ],
)
def test_an_address_asks_for_a_moment_between_the_first_and_the_last(
    written: str, expected: datetime
) -> None:
    history = moments.History(later(hours=-1), later(hours=9))

    assert history.moment(written) == expected


def test_a_moment_is_written_to_the_second_and_never_earlier_than_it_was() -> None:
    assert moments.write(NOON) == "2026-03-01T20:00:00"
    assert moments.write(later(microseconds=1)) == "2026-03-01T20:00:01"


def test_marks_tell_what_came_next_and_what_was_the_last_before() -> None:
    shift = Shift(0)
    shift.now = later(minutes=5)
    closing.dismiss(Case.everything.get(), reason="workers", by=BY, now=shift.now)

    found = marks.around(EYES, NOON)

    assert [(one["kind"], one["at"]) for one in found["next"]] == [("closing", shift.now)]
    assert found["before"] == []
    assert [one["kind"] for one in marks.around(EYES, shift.now)["before"]] == ["alert"]


def test_the_strip_has_a_column_where_alerts_were_raised() -> None:
    Shift(0)
    history = moments.History(later(hours=-1), later(hours=1))

    [bar] = marks.strip(EYES, history)

    assert (bar.x, bar.height) == (500.0, 28.0)
